//! The pages: rendered whole on the server, readable and usable without a script.

mod boot;
mod forms;
mod render;
mod visit;

use axum::extract::rejection::PathRejection;
use axum::extract::{OriginalUri, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router, middleware};
use protocol::wire::{Problem, code};
use protocol::{Rev, RoomRef};
use serde::Deserialize;
use tower_http::catch_panic::CatchPanicLayer;

use super::{Web, guard};
use crate::store::Span;
use render::{Page, see_other};
use visit::Visit;

pub fn router(web: &Web) -> Router<Web> {
    Router::new()
        .route("/", get(home))
        .route("/rooms/{room}", get(room).post(forms::post_message))
        .route("/login", get(entrance).post(forms::login))
        .route("/register", get(entrance).post(forms::register))
        .route("/logout", get(go_home).post(forms::logout))
        .route("/settings", get(settings).post(forms::choose_look))
        .fallback(other)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(web.clone(), visit::begin))
        .layer(middleware::from_fn_with_state(web.clone(), guard::origin))
        .layer(middleware::from_fn_with_state(web.clone(), guard::timeout))
        .layer(CatchPanicLayer::custom(render::panicked))
}

async fn home(
    State(web): State<Web>,
    Extension(visit): Extension<Visit>,
    OriginalUri(uri): OriginalUri,
) -> Response {
    Page::load(&web, &visit, uri, None).await.render(&web).await
}

async fn room(
    State(web): State<Web>,
    Extension(visit): Extension<Visit>,
    OriginalUri(uri): OriginalUri,
    room: Result<Path<String>, PathRejection>,
) -> Response {
    let Some((room, named)) = room_in(room) else {
        return unknown(&web, &visit, uri).await;
    };
    let page = Page::load(&web, &visit, uri.clone(), Some((named, span_in(&uri)))).await;
    if page.is_a_strangers() {
        return to_login(&uri);
    }
    // One address a room, so that links to it are equal. Only a direct room in which nothing was
    // said yet goes by its people, because nothing else says who they are.
    let id = named.id();
    if room != id.to_string() && page.boot.rooms.iter().any(|room| room.id == id) {
        return see_other(&format!("/rooms/{id}"));
    }
    page.render(&web).await
}

#[derive(Deserialize)]
struct Earlier {
    before: Rev,
}

/// Which messages of the room the address asks for; what cannot be understood asks for the latest.
fn span_in(uri: &Uri) -> Span {
    Query::<Earlier>::try_from_uri(uri).map_or(Span::Latest, |Query(Earlier { before })| {
        Span::Before(before)
    })
}

/// The room that the address names, as it is spelt there. What is no name of a room is no address
/// of a page.
fn room_in(path: Result<Path<String>, PathRejection>) -> Option<(String, RoomRef)> {
    let Path(room) = path.ok()?;
    let named = room.parse().ok()?;
    Some((room, named))
}

/// `/login` and `/register`, for those who are not in yet.
async fn entrance(
    State(web): State<Web>,
    Extension(visit): Extension<Visit>,
    OriginalUri(uri): OriginalUri,
) -> Response {
    let page = Page::load(&web, &visit, uri.clone(), None).await;
    if page.boot.me.is_some() {
        return see_other(&forms::target_in_query(&uri));
    }
    page.render(&web).await
}

async fn settings(
    State(web): State<Web>,
    Extension(visit): Extension<Visit>,
    OriginalUri(uri): OriginalUri,
) -> Response {
    let page = Page::load(&web, &visit, uri.clone(), None).await;
    if page.is_a_strangers() {
        return to_login(&uri);
    }
    page.render(&web).await
}

async fn go_home() -> Response {
    see_other("/")
}

/// Every address that is no page: a file of the site, or a page that says so.
async fn other(State(web): State<Web>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if let Some(asset) = web.assets.find(&parts).await {
        return asset;
    }
    let visit = parts.extensions.get::<Visit>().cloned().unwrap_or_default();
    if !wants_html(&parts.headers) || parts.uri.path().starts_with("/assets/") {
        return (StatusCode::NOT_FOUND, "There is nothing at this address.\n").into_response();
    }
    unknown(&web, &visit, parts.uri).await
}

/// Whether a person looks for a page: a missing picture or script needs no rendered answer.
fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_none_or(|accept| accept.contains("text/html") || accept.contains("*/*"))
}

async fn unknown(web: &Web, visit: &Visit, uri: Uri) -> Response {
    let mut page = Page::load(web, visit, uri, None).await;
    page.refuse(
        StatusCode::NOT_FOUND,
        Problem::new(code::NOT_FOUND, "There is no such page."),
    );
    page.render(web).await
}

async fn wrong_method() -> Response {
    (
        StatusCode::METHOD_NOT_ALLOWED,
        "This page does not take that method.\n",
    )
        .into_response()
}

fn to_login(uri: &Uri) -> Response {
    see_other(&forms::login_with_target(uri.path()))
}
