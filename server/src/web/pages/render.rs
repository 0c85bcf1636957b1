//! From what a page shows to the document.

use std::any::Any;
use std::sync::Arc;

use app::address::Address;
use axum::body::Body;
use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use leptos::config::LeptosOptions;
use leptos::nonce::Nonce;
use leptos::prelude::provide_context;
use protocol::wire::{Boot, Problem, code};
use protocol::{OpId, RoomRef};

use super::boot;
use super::visit::Visit;
use crate::chat::Refused;
use crate::store::Span;
use crate::web::Web;
use crate::web::headers::page_policy;
use crate::web::problem::{Failure, status_of};

pub struct Page {
    pub boot: Boot,
    uri: Uri,
    status: StatusCode,
    retry_after: Option<u64>,
}

impl Page {
    pub async fn load(web: &Web, visit: &Visit, uri: Uri, room: Option<(RoomRef, Span)>) -> Self {
        let (boot, refused) = boot::load(web, visit, room).await;
        let mut page = Self {
            boot,
            uri,
            status: StatusCode::OK,
            retry_after: None,
        };
        if let Some(refused) = refused {
            page.refuse_for(&refused);
        }
        page
    }

    /// Whether it is certain that nobody is signed in.
    pub fn is_a_strangers(&self) -> bool {
        self.boot.me.is_none() && self.boot.problem.is_none()
    }

    pub fn refuse_for(&mut self, refused: &Refused) {
        self.refuse(status_of(refused.code), refused.problem(None));
    }

    /// The page says what is wrong.
    pub fn refuse(&mut self, status: StatusCode, problem: Problem) {
        self.status = status;
        self.retry_after = problem.retry_after;
        self.boot.problem = Some(Problem {
            status: Some(status.as_u16()),
            ..problem
        });
    }

    /// The page gives back what was written and not sent.
    pub fn unsent(mut self, id: OpId, body: String) -> Self {
        self.boot.typed_id = Some(id);
        self.boot.typed_body = Some(body);
        self
    }

    pub async fn render(self, web: &Web) -> Response {
        let nonce = Nonce::new();
        let policy = page_policy(&nonce, web.settings.reload_port);
        let boot = Arc::new(self.boot);
        let reload = web.settings.reload_port.map(|port| {
            LeptosOptions::builder()
                .output_name("madang")
                .reload_port(u32::from(port))
                .build()
        });
        let provide = {
            let nonce = nonce.clone();
            let asked = self
                .uri
                .path_and_query()
                .map_or("/", PathAndQuery::as_str)
                .to_owned();
            move || {
                provide_context(Address::asked(&asked));
                provide_context(nonce.clone());
                provide_context(Arc::clone(&boot));
                if let Some(options) = &reload {
                    provide_context(options.clone());
                }
            }
        };
        let assets = web.assets.names();
        let render = leptos_axum::render_app_async_with_context(provide, move || {
            app::shell::shell(assets.clone())
        });
        let mut asked = Request::new(Body::empty());
        *asked.uri_mut() = self.uri;
        let mut response = render(asked).await;
        if response.status() == StatusCode::OK {
            *response.status_mut() = self.status;
        }
        let headers = response.headers_mut();
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        // The same address looks different to each person and in each language.
        headers.insert(
            header::VARY,
            HeaderValue::from_static("Accept-Language, Cookie"),
        );
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// After a form: look there.
pub fn see_other(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(path) => (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response(),
        Err(_) => Failure::new(code::BAD_REQUEST, "That is no address.").into_response(),
    }
}

/// When rendering itself is what failed, the page cannot be rendered.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    let page = "<!DOCTYPE html><meta charset=utf-8><title>Madang</title>\
                <p>Something went wrong on the server. Nothing that was sent is lost; \
                <a href=\"/\">try again</a>.";
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (StatusCode::INTERNAL_SERVER_ERROR, kind, page).into_response()
}
