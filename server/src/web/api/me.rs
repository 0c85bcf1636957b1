//! What is one's own: the account and the devices it is signed in on.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use protocol::SessionId;
use protocol::wire::{ChangeMe, DeleteMe, Device, Page, User, UserDetails};

use super::Refusals;
use crate::web::cookies::Kept;
use crate::web::extract::{Json, Onward, Path, Query};
use crate::web::identity::Who;
use crate::web::problem::Failure;
use crate::web::visitor::Source;
use crate::web::{Web, cookies};

/// My account
#[utoipa::path(
    get, path = "/me", tag = "accounts",
    responses((status = 200, body = UserDetails), Refusals)
)]
pub async fn read(
    State(web): State<Web>,
    Who(who): Who,
) -> Result<axum::Json<UserDetails>, Failure> {
    Ok(axum::Json(web.chat.me(who).await?))
}

/// Change my display name or my password
///
/// A new password needs the current one and ends all other sessions.
#[utoipa::path(
    patch, path = "/me", tag = "accounts",
    request_body = ChangeMe,
    responses((status = 200, body = User), Refusals)
)]
pub async fn change(
    State(web): State<Web>,
    Who(who): Who,
    Json(change): Json<ChangeMe>,
) -> Result<axum::Json<User>, Failure> {
    Ok(axum::Json(web.chat.change_me(who, change).await?))
}

/// Delete my account and everything I wrote
#[utoipa::path(
    delete, path = "/me", tag = "accounts",
    request_body = DeleteMe,
    responses((status = 204), Refusals)
)]
pub async fn delete(
    State(web): State<Web>,
    Who(who): Who,
    from: Source,
    Json(form): Json<DeleteMe>,
) -> Result<Response, Failure> {
    web.chat.delete_me(who, form).await?;
    Ok(signed_out(from.cookies))
}

/// The devices that are signed in
#[utoipa::path(
    get, path = "/me/sessions", tag = "accounts",
    params(Onward),
    responses((status = 200, body = Page<Device>), Refusals)
)]
pub async fn sessions(
    State(web): State<Web>,
    Who(who): Who,
    Query(onward): Query<Onward>,
) -> Result<axum::Json<Page<Device>>, Failure> {
    let page = web.chat.sessions(who, onward.after, onward.limit()).await?;
    Ok(axum::Json(page))
}

/// Sign a device out
#[utoipa::path(
    delete, path = "/me/sessions/{id}", tag = "accounts",
    params(("id" = SessionId, Path)),
    responses((status = 204), Refusals)
)]
pub async fn end_session(
    State(web): State<Web>,
    Who(who): Who,
    from: Source,
    Path(session): Path<SessionId>,
) -> Result<Response, Failure> {
    web.chat.end_session(who, session).await?;
    if session == who.session {
        return Ok(signed_out(from.cookies));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn signed_out(kept: Kept) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    cookies::clear_session(response.headers_mut(), kept);
    response
}
