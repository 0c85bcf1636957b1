//! What the pages load: from inside the binary under names that change with the content, or,
//! while developing, from the directory in which cargo-leptos builds.

pub mod embedded;
pub mod negotiate;

use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;
use tower_http::services::ServeDir;

use embedded::{Entries, File};
use negotiate::Coding;

/// Where the assets are.
pub enum AssetStore {
    Embedded {
        files: &'static [File],
        entries: Option<Entries>,
    },
    Disk {
        site: PathBuf,
    },
}

const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Kept, and asked for again each time: an unchanged file costs an empty 304.
const ASK_AGAIN: &str = "no-cache";

impl AssetStore {
    /// From `site` if it is given, else from inside the binary.
    pub fn new(site: Option<&Path>) -> Self {
        match site {
            Some(site) => Self::Disk {
                site: site.to_owned(),
            },
            None => Self::embedded(embedded::FILES, embedded::ENTRIES),
        }
    }

    pub fn embedded(files: &'static [File], entries: Option<Entries>) -> Self {
        Self::Embedded { files, entries }
    }

    /// Whether the pages will find what they load.
    pub fn is_complete(&self) -> bool {
        match self {
            Self::Embedded { entries, .. } => entries.is_some(),
            Self::Disk { site } => site.join("pkg/madang.wasm").is_file(),
        }
    }

    /// The names for the document.
    pub fn names(&self) -> app::Assets {
        match self {
            Self::Embedded {
                entries: Some(entries),
                ..
            } => app::Assets {
                script: entries.script.to_owned(),
                wasm: entries.wasm.to_owned(),
                style: entries.style.to_owned(),
                icon: entries.icon.to_owned(),
            },
            Self::Embedded { entries: None, .. } | Self::Disk { .. } => app::Assets {
                script: "/pkg/madang.js".to_owned(),
                wasm: "/pkg/madang.wasm".to_owned(),
                style: "/pkg/madang.css".to_owned(),
                icon: "/favicon.svg".to_owned(),
            },
        }
    }

    /// The asset at the request's path, if there is one and the method only reads.
    pub async fn find(&self, request: &Parts) -> Option<Response> {
        if !matches!(request.method, Method::GET | Method::HEAD) {
            return None;
        }
        let path = request.uri.path();
        match self {
            Self::Embedded { files, .. } => {
                let index = files.binary_search_by(|file| file.path.cmp(path)).ok()?;
                Some(serve(&files[index], &request.method, &request.headers))
            }
            Self::Disk { site } => from_disk(site, request).await,
        }
    }
}

fn serve(file: &File, method: &Method, headers: &HeaderMap) -> Response {
    let accept: Vec<&str> = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let mut kept = vec![Coding::Identity];
    kept.extend(file.brotli.map(|_| Coding::Brotli));
    kept.extend(file.gzip.map(|_| Coding::Gzip));
    let coding = negotiate::choose(&accept.join(","), &kept);
    let content = match coding {
        Coding::Brotli => file.brotli.unwrap_or(file.plain),
        Coding::Gzip => file.gzip.unwrap_or(file.plain),
        Coding::Identity => file.plain,
    };
    let tag = match coding.name() {
        Some(name) => format!("\"{}-{name}\"", file.hash),
        None => format!("\"{}\"", file.hash),
    };
    let unchanged = is_held(headers, &tag);
    // For HEAD the server drops the body and keeps its length.
    let body = if unchanged { &[][..] } else { content };
    let mut response = Response::new(Body::from(body));
    let answered = response.headers_mut();
    answered.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(if file.immutable { FOR_EVER } else { ASK_AGAIN }),
    );
    answered.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answered.insert(header::ETAG, tag);
    }
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    answered.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(media_type(file.path)),
    );
    answered.insert(header::CONTENT_LENGTH, content.len().into());
    if let Some(name) = coding.name() {
        answered.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    if *method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

/// `If-None-Match` compares weakly: `W/` makes no difference.
fn is_held(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|held| held == "*" || held.strip_prefix("W/").unwrap_or(held) == tag)
}

async fn from_disk(site: &Path, request: &Parts) -> Option<Response> {
    let mut asked = Request::new(Body::empty());
    *asked.method_mut() = request.method.clone();
    *asked.uri_mut() = request.uri.clone();
    *asked.headers_mut() = request.headers.clone();
    let directory = ServeDir::new(site).append_index_html_on_directories(false);
    let mut response = directory.oneshot(asked).await.ok()?.into_response();
    if response.status() == StatusCode::NOT_FOUND {
        return None;
    }
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static(ASK_AGAIN));
    Some(response)
}

/// By the name's ending. What is not known is not shown by a browser but saved.
fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("webp") => "image/webp",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("woff2") => "font/woff2",
        Some("webmanifest") => "application/manifest+json",
        Some("json") => "application/json",
        Some("mp3") => "audio/mpeg",
        Some("ogg") => "audio/ogg",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
