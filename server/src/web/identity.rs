//! Who asks: the one place that turns a request's headers into a [`Principal`], for the API, the
//! pages and the socket's upgrade alike.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use protocol::wire::code;

use super::problem::Failure;
use super::{Web, cookies};
use crate::chat::{Chat, Principal, Refused};

/// By the bearer token if there is one, else by the cookie. A bad bearer token is not made good
/// by a cookie.
pub fn principal(headers: &HeaderMap, chat: &Chat) -> Result<Principal, Refused> {
    if headers.contains_key(header::AUTHORIZATION) {
        return match bearer(headers) {
            Some(token) => chat.authenticate(token),
            None => Err(Refused::new(
                code::UNAUTHENTICATED,
                "The Authorization header must read `Bearer <access token>`.",
            )),
        };
    }
    match cookies::get_session(headers, cookies::ACCESS) {
        Some(token) => chat.authenticate(&token),
        None => Err(nobody()),
    }
}

/// The token of `Authorization: Bearer …`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Whether the request carries what a browser would send by itself: then it must be asked where
/// it comes from. A program that sends a bearer token chose to.
pub fn relies_on_cookies(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::AUTHORIZATION)
}

pub fn nobody() -> Refused {
    Refused::new(
        code::UNAUTHENTICATED,
        "Nobody is signed in. Log in, or refresh the access token.",
    )
}

/// What handlers of the API ask for.
pub struct Who(pub Principal);

impl FromRequestParts<Web> for Who {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Failure> {
        Ok(Self(principal(&parts.headers, &web.chat)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        bearer(&headers).map(str::to_owned)
    }

    #[test]
    fn only_a_bearer_token_is_a_bearer_token() {
        assert_eq!(token("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(token("bearer  abc ").as_deref(), Some("abc"));
        for value in ["Bearer", "Bearer ", "Basic abc", "abc", ""] {
            assert_eq!(token(value), None, "{value}");
        }
    }
}
