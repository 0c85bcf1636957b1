//! Registering, logging in, and keeping signed in. The answer carries the tokens for programs
//! and sets the cookies for browsers.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use protocol::wire::{Login, Refresh, Register, SignedIn, code};

use super::Refusals;
use crate::chat::{Principal, Refused};
use crate::web::cookies::Kept;
use crate::web::extract::{Json, MaybeJson};
use crate::web::identity::{self, nobody};
use crate::web::problem::Failure;
use crate::web::visitor::Source;
use crate::web::{Web, cookies};

fn signed_in(answer: SignedIn, kept: Kept) -> Response {
    let mut response = axum::Json(&answer).into_response();
    cookies::set_session(response.headers_mut(), &answer, kept);
    response
}

/// Make an account and sign in
#[utoipa::path(
    post, path = "/auth/register", tag = "accounts", security(()),
    request_body = Register,
    responses((status = 200, body = SignedIn), Refusals)
)]
pub async fn register(
    State(web): State<Web>,
    from: Source,
    Json(form): Json<Register>,
) -> Result<Response, Failure> {
    let answer = web.chat.register(form, &from.visitor).await?;
    Ok(signed_in(answer, from.cookies))
}

/// Sign in
///
/// A wrong name and a wrong password are answered alike.
#[utoipa::path(
    post, path = "/auth/login", tag = "accounts", security(()),
    request_body = Login,
    responses((status = 200, body = SignedIn), Refusals)
)]
pub async fn login(
    State(web): State<Web>,
    from: Source,
    Json(form): Json<Login>,
) -> Result<Response, Failure> {
    let answer = web.chat.login(form, &from.visitor).await?;
    Ok(signed_in(answer, from.cookies))
}

/// Spend a refresh token for a new pair
///
/// The token is taken from the body, or from the browser's cookie when there is no body. It is
/// good once.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "accounts", security(()),
    request_body = Option<Refresh>,
    responses((status = 200, body = SignedIn), Refusals)
)]
pub async fn refresh(
    State(web): State<Web>,
    from: Source,
    headers: HeaderMap,
    MaybeJson(form): MaybeJson<Refresh>,
) -> Result<Response, Failure> {
    if let Some(token) = form.refresh_token {
        let answer = web.chat.refresh(&token, &from.visitor).await?;
        return Ok(signed_in(answer, from.cookies));
    }
    let token = cookies::get_session(&headers, cookies::REFRESH).ok_or_else(nobody)?;
    match web.chat.refresh(&token, &from.visitor).await {
        Ok(answer) => Ok(signed_in(answer, from.cookies)),
        Err(refused) if refused.code == code::UNAUTHENTICATED => {
            // The cookies are good for nothing any more.
            let mut response = Failure::from(refused).into_response();
            cookies::clear_session(response.headers_mut(), from.cookies);
            Ok(response)
        }
        Err(refused) => Err(refused.into()),
    }
}

/// End this session
///
/// Its tokens and its sockets end with it. Who is not signed in is signed out already.
#[utoipa::path(
    post, path = "/auth/logout", tag = "accounts",
    responses((status = 204), Refusals)
)]
pub async fn logout(
    State(web): State<Web>,
    from: Source,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    end_session(&web, &from, &headers).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    cookies::clear_session(response.headers_mut(), from.cookies);
    Ok(response)
}

/// Ends the session that the request belongs to, even when only its refresh token is still good:
/// a log-out that leaves that one behind would be none.
pub async fn end_session(web: &Web, from: &Source, headers: &HeaderMap) -> Result<(), Refused> {
    match session_to_end(web, from, headers).await {
        Ok(who) => web.chat.logout(who).await,
        Err(refused)
            if refused.code == code::UNAUTHENTICATED && identity::relies_on_cookies(headers) =>
        {
            Ok(())
        }
        Err(refused) => Err(refused),
    }
}

async fn session_to_end(
    web: &Web,
    from: &Source,
    headers: &HeaderMap,
) -> Result<Principal, Refused> {
    let refused = match identity::principal(headers, &web.chat) {
        Ok(who) => return Ok(who),
        Err(refused) => refused,
    };
    match cookies::get_session(headers, cookies::REFRESH) {
        Some(token) if identity::relies_on_cookies(headers) => {
            let answer = web.chat.refresh(&token, &from.visitor).await?;
            web.chat.authenticate(&answer.access_token)
        }
        _ => Err(refused),
    }
}
