//! The plain forms, for browsers without scripts: each does one thing and answers with where to
//! look next, or with the same page and what is wrong.

use axum::Extension;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Form, OriginalUri, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use protocol::OpId;
use protocol::wire::{Language, Login, NewMessage, Problem, Register, SignedIn, Theme, code};
use serde::Deserialize;
use uuid::Uuid;

use super::render::{Page, see_other};
use super::visit::Visit;
use crate::chat::Refused;
use crate::store::Span;
use crate::web::cookies::Kept;
use crate::web::visitor::Source;
use crate::web::{Web, api, cookies};

type Sent<T> = Result<Form<T>, FormRejection>;

#[derive(Deserialize)]
pub struct Entrance {
    username: String,
    password: String,
    #[serde(default, alias = "displayName")]
    display_name: Option<String>,
    /// Where to go afterwards.
    #[serde(default)]
    next: Option<String>,
    /// What a stranger wrote in a room: shown until they are in.
    #[serde(default)]
    body: Option<String>,
}

pub async fn login(
    State(web): State<Web>,
    Extension(visit): Extension<Visit>,
    OriginalUri(uri): OriginalUri,
    from: Source,
    form: Sent<Entrance>,
) -> Response {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return unreadable(&web, &visit, uri, &rejection).await,
    };
    let next = form.next.clone();
    let typed = (form.username.clone(), form.body);
    let login = Login {
        username: form.username,
        password: form.password,
    };
    let answer = web.chat.login(login, &from.visitor).await;
    enter(&web, &visit, uri, from.cookies, next, typed, answer).await
}

pub async fn register(
    State(web): State<Web>,
    Extension(visit): Extension<Visit>,
    OriginalUri(uri): OriginalUri,
    from: Source,
    form: Sent<Entrance>,
) -> Response {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return unreadable(&web, &visit, uri, &rejection).await,
    };
    let next = form.next.clone();
    let typed = (form.username.clone(), form.body);
    let register = Register {
        username: form.username,
        password: form.password,
        // A field that was left empty was not filled in.
        display_name: form.display_name.filter(|name| !name.trim().is_empty()),
    };
    let answer = web.chat.register(register, &from.visitor).await;
    enter(&web, &visit, uri, from.cookies, next, typed, answer).await
}

async fn enter(
    web: &Web,
    visit: &Visit,
    uri: Uri,
    kept: Kept,
    next: Option<String>,
    (name, body): (String, Option<String>),
    answer: Result<SignedIn, Refused>,
) -> Response {
    match answer {
        Ok(signed_in) => {
            let target = next
                .filter(|next| is_local(next))
                .unwrap_or_else(|| target_in_query(&uri));
            let mut response = see_other(&target);
            cookies::set_session(response.headers_mut(), &signed_in, kept);
            response
        }
        Err(refused) => {
            let mut page = Page::load(web, &as_stranger(visit), uri, None).await;
            page.refuse_for(&refused);
            page.boot.typed_name = Some(name);
            page.boot.typed_body = body;
            page.render(web).await
        }
    }
}

/// The forms of the entrance are a stranger's, whoever was signed in before.
fn as_stranger(visit: &Visit) -> Visit {
    Visit {
        who: None,
        trouble: None,
        ..visit.clone()
    }
}

pub async fn logout(State(web): State<Web>, from: Source, headers: HeaderMap) -> Response {
    let ended = api::end_session(&web, &from, &headers).await;
    let mut response = see_other("/");
    match ended {
        Ok(()) => {}
        // The cookies go all the same: on this device, the person is out.
        Err(refused) => tracing::warn!(%refused, "a session could not be ended at log-out"),
    }
    cookies::clear_session(response.headers_mut(), from.cookies);
    response
}

#[derive(Deserialize)]
pub struct Said {
    body: String,
    /// Made with the page, so that a form that is sent twice says it once.
    #[serde(default)]
    id: Option<OpId>,
}

pub async fn post_message(
    State(web): State<Web>,
    Extension(visit): Extension<Visit>,
    OriginalUri(uri): OriginalUri,
    room: Result<Path<String>, PathRejection>,
    form: Sent<Said>,
) -> Response {
    let Some((_, room)) = super::room_in(room) else {
        return super::unknown(&web, &visit, uri).await;
    };
    let Form(said) = match form {
        Ok(form) => form,
        Err(rejection) => return unreadable(&web, &visit, uri, &rejection).await,
    };
    let id = said.id.unwrap_or_else(|| OpId(Uuid::now_v7()));
    let Some(who) = visit.who else {
        if visit.trouble.is_none() {
            return let_in(&web, &visit, uri, said.body).await;
        }
        let page = Page::load(&web, &visit, uri, None).await;
        return page.unsent(id, said.body).render(&web).await;
    };
    // Browsers send every line break as CR LF.
    let body = said.body.replace("\r\n", "\n");
    match web
        .chat
        .post(
            who,
            room,
            NewMessage {
                id,
                body,
                reply_to: None,
            },
        )
        .await
    {
        Ok(_) => see_other(&format!("/rooms/{}", room.id())),
        // Signed out elsewhere since the page was drawn.
        Err(refused) if refused.code == code::UNAUTHENTICATED => {
            let_in(&web, &visit, uri, said.body).await
        }
        Err(refused) => {
            let mut page = Page::load(&web, &visit, uri, Some((room, Span::Latest))).await;
            page.refuse_for(&refused);
            page.unsent(id, said.body).render(&web).await
        }
    }
}

/// Nobody is signed in any more: what was written is given back, with the way in beneath it.
async fn let_in(web: &Web, visit: &Visit, uri: Uri, body: String) -> Response {
    let mut page = Page::load(web, &as_stranger(visit), uri, None).await;
    let problem = Problem::new(
        code::UNAUTHENTICATED,
        "You are logged out. Log in, and then send it again.",
    );
    page.refuse(StatusCode::UNAUTHORIZED, problem);
    page.boot.typed_body = Some(body);
    page.render(web).await
}

#[derive(Deserialize)]
pub struct Look {
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    theme: Option<String>,
    #[serde(default)]
    next: Option<String>,
}

/// The form names one of them or both; it is a stranger's as well as a member's.
pub async fn choose_look(
    State(web): State<Web>,
    Extension(visit): Extension<Visit>,
    OriginalUri(uri): OriginalUri,
    from: Source,
    form: Sent<Look>,
) -> Response {
    let Form(look) = match form {
        Ok(form) => form,
        Err(rejection) => return unreadable(&web, &visit, uri, &rejection).await,
    };
    let target = look
        .next
        .filter(|next| is_local(next))
        .unwrap_or_else(|| "/settings".to_owned());
    let mut response = see_other(&target);
    let headers = response.headers_mut();
    if let Some(language) = look.language.as_deref().and_then(Language::from_tag) {
        cookies::set_preference(headers, cookies::LANGUAGE, language.tag(), from.cookies);
    }
    if let Some(theme) = look.theme.as_deref().and_then(Theme::from_tag) {
        cookies::set_preference(headers, cookies::THEME, theme.tag(), from.cookies);
    }
    response
}

async fn unreadable(web: &Web, visit: &Visit, uri: Uri, rejection: &FormRejection) -> Response {
    let mut page = Page::load(web, visit, uri, None).await;
    let problem = if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(code::TOO_LARGE, "That is larger than the server takes.")
    } else {
        Problem::new(code::BAD_REQUEST, rejection.body_text())
    };
    page.refuse(rejection.status(), problem);
    page.render(web).await
}

/// An address on this site, and nothing that a browser could read as another's.
fn is_local(target: &str) -> bool {
    let mut chars = target.chars();
    chars.next() == Some('/')
        && !matches!(chars.next(), Some('/' | '\\'))
        && target
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[derive(Deserialize)]
struct Next {
    next: Option<String>,
}

/// Where the `next` of an address leads, if it leads anywhere here.
pub fn target_in_query(uri: &Uri) -> String {
    Query::<Next>::try_from_uri(uri)
        .ok()
        .and_then(|Query(Next { next })| next)
        .filter(|next| is_local(next))
        .unwrap_or_else(|| "/".to_owned())
}

/// The way in, and from there on to what was asked for.
pub fn login_with_target(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let mut target = String::from("/login?next=");
    for byte in path.bytes() {
        if plain(byte) {
            target.push(char::from(byte));
        } else {
            target.push_str(&format!("%{byte:02X}"));
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_in_leads_on_to_what_was_asked_for() {
        let uri: Uri = login_with_target("/rooms/a&b").parse().unwrap();
        assert_eq!(target_in_query(&uri), "/rooms/a&b");
        let uri: Uri = "/login?next=https%3A%2F%2Fevil.example".parse().unwrap();
        assert_eq!(target_in_query(&uri), "/");
    }

    #[test]
    fn a_form_leads_nowhere_but_here() {
        assert!(is_local("/") && is_local("/rooms/1?a=b"));
        for target in [
            "",
            "rooms",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie: a=b",
            "/\t/evil.example",
            "/방",
            "javascript:alert(1)",
        ] {
            assert!(!is_local(target), "{target}");
        }
    }
}
