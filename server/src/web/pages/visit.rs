//! Who looks at a page, and how they want it. A browser without scripts cannot refresh its
//! access token by itself, so the page does it on the way in.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use protocol::wire::{Language, SignedIn, Theme, code};

use crate::chat::{Principal, Refused};
use crate::web::visitor::Source;
use crate::web::{Web, cookies, identity};

#[derive(Clone, Debug, Default)]
pub struct Visit {
    pub who: Option<Principal>,
    /// Why it is not known who this is: not that nobody is signed in, but that it cannot be
    /// found out now.
    pub trouble: Option<Refused>,
    pub language: Language,
    pub theme: Theme,
    pub utc_offset: i32,
}

/// The easternmost time zone, in minutes.
const FURTHEST_OFFSET: i32 = 14 * 60;

pub async fn begin(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let from = Source::of(&parts, &web.settings);
    let preference = |name| cookies::get(&parts.headers, name);
    let mut visit = Visit {
        language: preference(cookies::LANGUAGE)
            .and_then(|tag| Language::from_tag(&tag))
            .unwrap_or_else(|| preferred_language(&parts.headers)),
        theme: preference(cookies::THEME)
            .and_then(|tag| Theme::from_tag(&tag))
            .unwrap_or_default(),
        utc_offset: preference(cookies::UTC_OFFSET)
            .and_then(|minutes| minutes.parse().ok())
            .filter(|minutes: &i32| minutes.abs() <= FURTHEST_OFFSET)
            .unwrap_or_default(),
        ..Visit::default()
    };
    let rotated = recognise(&web, &from, &parts.headers, &mut visit).await;
    parts.extensions.insert(visit);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    // Who signed in or out on this page has had the last word.
    if !cookies::has_session(response.headers()) {
        match rotated {
            Rotated::Not => {}
            Rotated::To(signed_in) => {
                cookies::set_session(response.headers_mut(), &signed_in, from.cookies);
            }
            Rotated::Ended => cookies::clear_session(response.headers_mut(), from.cookies),
        }
    }
    response
}

enum Rotated {
    Not,
    To(Box<SignedIn>),
    Ended,
}

async fn recognise(web: &Web, from: &Source, headers: &HeaderMap, visit: &mut Visit) -> Rotated {
    if let Ok(who) = identity::principal(headers, &web.chat) {
        visit.who = Some(who);
        return Rotated::Not;
    }
    let Some(token) = cookies::get_session(headers, cookies::REFRESH) else {
        return Rotated::Not;
    };
    let signed_in = match web.chat.refresh(&token, &from.visitor).await {
        Ok(signed_in) => signed_in,
        Err(refused) if refused.code == code::UNAUTHENTICATED => return Rotated::Ended,
        Err(refused) => {
            visit.trouble = Some(refused);
            return Rotated::Not;
        }
    };
    match web.chat.authenticate(&signed_in.access_token) {
        Ok(who) => visit.who = Some(who),
        Err(refused) => visit.trouble = Some(refused),
    }
    Rotated::To(Box::new(signed_in))
}

/// The first of the browser's languages, by weight, that there is.
fn preferred_language(headers: &HeaderMap) -> Language {
    let accept = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    let mut best = (Language::default(), 0.0);
    for entry in accept.split(',') {
        let mut parts = entry.split(';').map(str::trim);
        let language = parts
            .next()
            .and_then(|tag| Language::from_tag(&tag.to_ascii_lowercase()));
        let weight = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0));
        if let Some(language) = language
            && weight > best.1
        {
            best = (language, weight);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(accept: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, accept.parse().unwrap());
        preferred_language(&headers)
    }

    #[test]
    fn the_browsers_first_language_that_there_is_is_spoken() {
        assert_eq!(language("ko-KR,ko;q=0.9,en;q=0.8"), Language::Korean);
        assert_eq!(
            language("de-DE,de;q=0.9,ko;q=0.2,en;q=0.1"),
            Language::Korean
        );
        assert_eq!(language("en;q=0.5, KO;q=0.7"), Language::Korean);
        assert_eq!(language("fr"), Language::English);
        assert_eq!(language(""), Language::English);
        assert_eq!(language("ko;q=0"), Language::English);
        assert_eq!(language("k,é"), Language::English);
    }
}
