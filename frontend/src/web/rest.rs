//! The REST API over fetch. Whatever goes wrong comes out as a [`Problem`]; a session that ended
//! is renewed once on the way.

use std::rc::Rc;

use app::client::Client;
use futures::channel::mpsc::UnboundedSender;
use futures::future::{Either, select};
use gloo_net::http::{Method, RequestBuilder};
use leptos::prelude::GetUntracked;
use protocol::wire::{
    AddMember, ChangeMe, ChangeRoom, DeleteMe, Device, Event, History, Language, Member, NewRoom,
    Page, Problem, Room, RoomWindow, User, UserDetails, code,
};
use protocol::{MessageId, Rev, RoomId, SessionId, UserId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use web_sys::AbortController;

use super::clock;
use super::line::Mail;
use super::session::Session;
use crate::link;

/// After this a request is given up: the network is there and nothing comes through.
const PATIENCE: u64 = 15_000;

/// Items of a list that are asked for at once.
const PAGE: usize = 100;

/// Which part of a room's messages.
#[derive(Clone, Copy, Debug)]
pub enum Span {
    Before(Rev),
    After(Rev),
    Around(MessageId),
}

pub struct Rest {
    client: Client,
    session: Session,
    /// The link must hear of a session that ended.
    link: UnboundedSender<Mail>,
}

type Answer<T> = Result<T, Problem>;

impl Rest {
    pub fn new(client: Client, link: UnboundedSender<Mail>) -> Rc<Self> {
        Rc::new(Self {
            client,
            session: Session::default(),
            link,
        })
    }

    pub async fn me(&self) -> Answer<UserDetails> {
        self.get("/api/me").await
    }

    pub async fn rooms(&self) -> Answer<Page<Room>> {
        let mut rooms: Page<Room> = self.all("/api/rooms").await?;
        if rooms.items.len() >= PAGE {
            // What became active meanwhile has moved from a later page to the first.
            let first: Page<Room> = self.get("/api/rooms").await?;
            rooms.items.extend(first.items);
            rooms.users.extend(first.users);
        }
        Ok(rooms)
    }

    pub async fn window(&self, room: RoomId) -> Answer<RoomWindow> {
        self.get(&format!("/api/rooms/{room}/window")).await
    }

    pub async fn messages(&self, room: RoomId, span: Span, limit: usize) -> Answer<History> {
        let span = match span {
            Span::Before(rev) => format!("before={rev}"),
            Span::After(rev) => format!("after={rev}"),
            Span::Around(message) => format!("around={message}"),
        };
        self.get(&format!("/api/rooms/{room}/messages?{span}&limit={limit}"))
            .await
    }

    pub async fn events(&self, room: RoomId, after: Rev) -> Answer<Page<Event>> {
        self.get(&format!("/api/rooms/{room}/events?after={after}&limit=100"))
            .await
    }

    pub async fn members(&self, room: RoomId) -> Answer<Vec<Member>> {
        let path = format!("/api/rooms/{room}/members");
        Ok(self.all(&path).await?.items)
    }

    /// A whole list, page by page.
    async fn all<T: DeserializeOwned>(&self, list: &str) -> Answer<Page<T>> {
        let mut whole = Page::whole(Vec::new());
        let mut path = format!("{list}?limit={PAGE}");
        loop {
            let page: Page<T> = self.get(&path).await?;
            let came = page.items.len();
            whole.items.extend(page.items);
            whole.users.extend(page.users);
            match page.next {
                Some(next) if came > 0 => {
                    path = format!("{list}?limit={PAGE}&after={}", escape(&next));
                }
                _ => return Ok(whole),
            }
        }
    }

    pub async fn people(&self, ids: &[UserId]) -> Answer<Page<User>> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        self.get(&format!("/api/users?ids={}", ids.join(","))).await
    }

    pub async fn find_people(&self, query: &str) -> Answer<Page<User>> {
        self.get(&format!("/api/users?query={}", escape(query)))
            .await
    }

    pub async fn make_room(&self, room: &NewRoom) -> Answer<Room> {
        self.send(Method::POST, "/api/rooms", room).await
    }

    pub async fn rename_room(&self, room: RoomId, name: String) -> Answer<()> {
        let body = json(&ChangeRoom { name });
        self.exchange(Method::PATCH, &format!("/api/rooms/{room}"), body)
            .await
            .map(drop)
    }

    pub async fn add_member(&self, room: RoomId, user_id: UserId) -> Answer<()> {
        let body = json(&AddMember { user_id });
        self.exchange(Method::POST, &format!("/api/rooms/{room}/members"), body)
            .await
            .map(drop)
    }

    pub async fn remove_member(&self, room: RoomId, user: UserId) -> Answer<()> {
        let path = format!("/api/rooms/{room}/members/{user}");
        self.exchange(Method::DELETE, &path, None).await.map(drop)
    }

    pub async fn change_me(&self, change: &ChangeMe) -> Answer<User> {
        self.send(Method::PATCH, "/api/me", change).await
    }

    pub async fn devices(&self) -> Answer<Page<Device>> {
        self.all("/api/me/sessions").await
    }

    pub async fn end_device(&self, session: SessionId) -> Answer<()> {
        let path = format!("/api/me/sessions/{session}");
        self.exchange(Method::DELETE, &path, None).await.map(drop)
    }

    pub async fn delete_me(&self, password: String) -> Answer<()> {
        let body = json(&DeleteMe { password });
        self.exchange(Method::DELETE, "/api/me", body)
            .await
            .map(drop)
    }

    pub async fn log_out(&self) -> Answer<()> {
        self.exchange(Method::POST, "/api/auth/logout", None)
            .await
            .map(drop)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Answer<T> {
        let text = self.exchange(Method::GET, path, None).await?;
        self.read(&text)
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Answer<T> {
        let text = self.exchange(method, path, json(body)).await?;
        self.read(&text)
    }

    fn read<T: DeserializeOwned>(&self, text: &str) -> Answer<T> {
        protocol::json::read(text).map_err(|error| {
            web_sys::console::warn_1(&format!("an answer could not be read: {error}").into());
            Problem::new(code::INTERNAL, self.say(UNREADABLE))
        })
    }

    /// One request; once more after the session was renewed.
    async fn exchange(&self, method: Method, path: &str, body: Option<String>) -> Answer<String> {
        let asked = clock::now();
        let first = self.once(method.clone(), path, body.clone()).await;
        match first {
            Err(problem) if problem.code == code::UNAUTHENTICATED => {
                match self.session.renew(asked).await {
                    link::Session::Good => self.once(method, path, body).await,
                    link::Session::Ended => {
                        let ended = Mail::Input(link::Input::Session(link::Session::Ended));
                        let _ = self.link.unbounded_send(ended);
                        Err(problem)
                    }
                    link::Session::Unknown => Err(self.unreachable()),
                }
            }
            answer => answer,
        }
    }

    async fn once(&self, method: Method, path: &str, body: Option<String>) -> Answer<String> {
        let abort = AbortController::new().ok();
        let signal = abort.as_ref().map(AbortController::signal);
        let request = RequestBuilder::new(path)
            .method(method)
            .header("accept", "application/json")
            .abort_signal(signal.as_ref());
        let request = match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(body),
            None => request.build(),
        };
        let request = request.map_err(|_| self.unreachable())?;
        let exchange = Box::pin(async move {
            let answer = request.send().await.ok()?;
            let text = answer.text().await.ok()?;
            Some((answer.status(), text))
        });
        let answered = match select(exchange, clock::sleep(PATIENCE)).await {
            Either::Left((answered, _)) => answered,
            Either::Right(_) => {
                if let Some(abort) = abort {
                    abort.abort();
                }
                None
            }
        };
        let (status, text) = answered.ok_or_else(|| self.unreachable())?;
        if (200..300).contains(&status) {
            return Ok(text);
        }
        Err(self.problem(status, &text))
    }

    /// Not everything between here and the server speaks problem+json: a proxy in front of a
    /// server that is away answers in HTML.
    fn problem(&self, status: u16, text: &str) -> Problem {
        let said: Option<Problem> = protocol::json::read(text).ok();
        let mut problem = said.unwrap_or_else(|| match status {
            401 => Problem::new(code::UNAUTHENTICATED, self.say(UNREACHABLE)),
            413 => self.too_large(),
            429 => Problem::new(code::TOO_FAST, self.say(UNREACHABLE)),
            502..=504 => self.unreachable(),
            _ => Problem::new(code::INTERNAL, self.say(UNREADABLE)),
        });
        problem.status.get_or_insert(status);
        problem
    }

    pub fn too_large(&self) -> Problem {
        Problem::new(code::TOO_LARGE, self.say(TOO_LARGE))
    }

    /// The browser would not store it.
    pub fn not_kept(&self) -> Problem {
        Problem::new(code::NOT_KEPT, self.say(NOT_KEPT))
    }

    pub fn unreachable(&self) -> Problem {
        Problem::new(code::UNAVAILABLE, self.say(UNREACHABLE))
    }

    fn say(&self, words: Words) -> &'static str {
        match self.client.language.get_untracked() {
            Language::English => words.0,
            Language::Korean => words.1,
        }
    }
}

/// In English and in Korean.
type Words = (&'static str, &'static str);

const UNREACHABLE: Words = (
    "The server cannot be reached. Check the network and try again.",
    "서버에 연결할 수 없습니다. 네트워크를 확인하고 다시 시도해 주세요.",
);
const UNREADABLE: Words = (
    "The server answered something that this page does not understand. Reload the page.",
    "서버의 응답을 이해할 수 없습니다. 페이지를 새로고침해 주세요.",
);
const TOO_LARGE: Words = (
    "This is larger than the server takes. Shorten it and send it anew.",
    "서버가 받을 수 있는 크기를 넘었습니다. 줄여서 다시 보내 주세요.",
);
const NOT_KEPT: Words = (
    "This browser would not store it, so it was not sent. Make room, or allow this site to store \
     data, and try again.",
    "브라우저가 저장하지 못해 보내지 않았어요. 저장 공간을 비우거나 이 사이트의 데이터 저장을 \
     허용한 뒤 다시 해 주세요.",
);

fn json(body: &impl Serialize) -> Option<String> {
    serde_json::to_string(body).ok()
}

fn escape(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}
