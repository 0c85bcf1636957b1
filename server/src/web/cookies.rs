//! The cookies: who is signed in (for the server alone), and how the pages should look (which
//! the pages may write themselves).

use axum::http::{HeaderMap, HeaderValue, header};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use protocol::wire::SignedIn;
use time::Duration;

/// Before the names of those that sign people in, where they come over https: a browser takes such
/// a cookie from this host alone and over https alone, so that no other host of the same domain can
/// sign anybody in as somebody else.
pub const HOST: &str = "__Host-";
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
    value(&CookieJar::from_headers(headers), name)
}

/// [`ACCESS`] or [`REFRESH`]. Without the prefix they count only where there is none with it: that
/// is over http, and in browsers that were signed in before there was a prefix.
pub fn get_session(headers: &HeaderMap, name: &str) -> Option<String> {
    let jar = CookieJar::from_headers(headers);
    let is_guarded = |name| jar.get(&named(name, true)).is_some();
    value(
        &jar,
        &named(name, [ACCESS, REFRESH].into_iter().any(is_guarded)),
    )
}

fn value(jar: &CookieJar, name: &str) -> Option<String> {
    jar.get(name)
        .map(|cookie| cookie.value().to_owned())
        .filter(|value| !value.is_empty())
}

fn named(name: &str, https: bool) -> String {
    format!("{}{name}", if https { HOST } else { "" })
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
    for (name, value, age) in [
        (ACCESS, &signed_in.access_token, access),
        (REFRESH, &signed_in.refresh_token, refresh),
    ] {
        add(headers, session(named(name, kept.https), value, age, kept));
    }
}

/// Signs the browser out. Names without the prefix go too: they would count again.
pub fn clear_session(headers: &mut HeaderMap, kept: Kept) {
    let mut names = vec![named(ACCESS, false), named(REFRESH, false)];
    if kept.https {
        names.extend([named(ACCESS, true), named(REFRESH, true)]);
    }
    for name in names {
        add(headers, session(name, "", Duration::ZERO, kept));
    }
}

/// Whether someone has signed in or out in this answer already.
pub fn has_session(headers: &HeaderMap) -> bool {
    let names_it = |value: &HeaderValue| {
        let cookie = value
            .to_str()
            .ok()
            .and_then(|text| Cookie::parse(text).ok());
        cookie.is_some_and(|cookie| cookie.name().trim_start_matches(HOST) == REFRESH)
    };
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

fn session(name: String, value: &str, age: Duration, kept: Kept) -> Cookie<'static> {
    Cookie::build((name, value.to_owned()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(kept.https)
        .max_age(age)
        .build()
}

fn add(headers: &mut HeaderMap, cookie: Cookie<'static>) {
    // A value that cannot stand in a header is none of ours; without it nobody is signed in.
    if let Ok(value) = HeaderValue::from_str(&cookie.encoded().to_string()) {
        headers.append(header::SET_COOKIE, value);
    }
}
