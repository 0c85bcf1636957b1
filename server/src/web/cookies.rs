//! The cookies: who is signed in (for the server alone), and how the pages should look (which
//! the pages may write themselves).

use axum::http::{HeaderMap, HeaderValue, header};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use protocol::wire::SignedIn;
use time::Duration;

pub const ACCESS: &str = "madang_access";
pub const REFRESH: &str = "madang_refresh";
/// `en` or `ko`.
pub const LANGUAGE: &str = "madang_language";
/// `system`, `light` or `dark`.
pub const THEME: &str = "madang_theme";
/// Minutes east of UTC.
pub const UTC_OFFSET: &str = "madang_utc_offset";

const PREFERENCE_DAYS: i64 = 365;

pub fn get(headers: &HeaderMap, name: &str) -> Option<String> {
    let jar = CookieJar::from_headers(headers);
    jar.get(name)
        .map(|cookie| cookie.value().to_owned())
        .filter(|value| !value.is_empty())
}

/// How this visitor's browser is to keep them.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// Only sent back over https.
    pub https: bool,
    pub session_lifetime: std::time::Duration,
}

/// Signs the browser in. What ends a session before its cookie, the server knows.
pub fn set_session(headers: &mut HeaderMap, signed_in: &SignedIn, kept: Kept) {
    let access = Duration::seconds(i64::try_from(signed_in.expires_in).unwrap_or(0));
    let refresh = Duration::try_from(kept.session_lifetime).unwrap_or(Duration::MAX);
    add(
        headers,
        session(ACCESS, &signed_in.access_token, access, kept.https),
    );
    add(
        headers,
        session(REFRESH, &signed_in.refresh_token, refresh, kept.https),
    );
}

/// Signs the browser out.
pub fn clear_session(headers: &mut HeaderMap, kept: Kept) {
    add(headers, session(ACCESS, "", Duration::ZERO, kept.https));
    add(headers, session(REFRESH, "", Duration::ZERO, kept.https));
}

/// Whether someone has signed in or out in this answer already.
pub fn has_session(headers: &HeaderMap) -> bool {
    let names_it = |value: &HeaderValue| value.as_bytes().starts_with(b"madang_refresh=");
    headers.get_all(header::SET_COOKIE).iter().any(names_it)
}

/// Remembers a choice of the person's.
pub fn set_preference(headers: &mut HeaderMap, name: &'static str, value: &str, kept: Kept) {
    let cookie = Cookie::build((name, value.to_owned()))
        .path("/")
        .same_site(SameSite::Lax)
        .secure(kept.https)
        .max_age(Duration::days(PREFERENCE_DAYS))
        .build();
    add(headers, cookie);
}

fn session(name: &'static str, value: &str, age: Duration, https: bool) -> Cookie<'static> {
    Cookie::build((name, value.to_owned()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(https)
        .max_age(age)
        .build()
}

fn add(headers: &mut HeaderMap, cookie: Cookie<'static>) {
    // A value that cannot stand in a header is none of ours; without it nobody is signed in.
    if let Ok(value) = HeaderValue::from_str(&cookie.encoded().to_string()) {
        headers.append(header::SET_COOKIE, value);
    }
}
