//! Madang's REST API, as far as the bench uses it.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use protocol::wire::{
    AddMember, DeleteMe, Device, Event, Login, Member, Message, NewMessage, NewRoom, Page, Problem,
    Refresh, Register, Room, SignedIn, User,
};
use protocol::{Rev, RoomId, SessionId, UserId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};

use crate::http::{Request, Response};

const PATIENCE: Duration = Duration::from_secs(10);
/// Items of one page of a list.
const PAGE: usize = 200;

/// Why a request brought nothing.
#[derive(Debug)]
pub enum Failure {
    /// No answer: whether it was done is not known.
    Unknown(String),
    /// An answer, and not the one that was hoped for.
    Refused { status: u16, problem: Box<Problem> },
}

impl Failure {
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Unknown(_) => None,
            Self::Refused { status, .. } => Some(*status),
        }
    }

    /// Whether asking again, later, can succeed.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unknown(_) => true,
            Self::Refused { status, problem } => {
                problem.is_passing() || matches!(status, 429 | 502 | 503)
            }
        }
    }

    fn pause(&self) -> Duration {
        let asked = match self {
            Self::Refused { problem, .. } => problem.retry_after.map(Duration::from_secs),
            Self::Unknown(_) => None,
        };
        asked.unwrap_or(Duration::from_millis(100))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(what) => write!(f, "no answer: {what}"),
            Self::Refused { status, problem } => {
                write!(f, "{status} {}: {}", problem.code, problem.detail)
            }
        }
    }
}

impl std::error::Error for Failure {}

pub type Answer<T> = Result<T, Failure>;

#[derive(Clone, Copy, Debug)]
pub struct Api {
    pub address: SocketAddr,
}

impl Api {
    pub async fn register(self, username: &str, password: &str) -> Answer<(SignedIn, String)> {
        let body = Register {
            username: username.to_owned(),
            password: password.to_owned(),
            display_name: None,
        };
        let response = self
            .send("POST", "/api/auth/register", None, Some(&body))
            .await?;
        Ok((parse(&response)?, response.cookies()))
    }

    pub async fn login(self, username: &str, password: &str) -> Answer<SignedIn> {
        let body = Login {
            username: username.to_owned(),
            password: password.to_owned(),
        };
        self.call("POST", "/api/auth/login", None, Some(&body))
            .await
    }

    pub async fn refresh(self, token: &str) -> Answer<SignedIn> {
        let body = Refresh {
            refresh_token: Some(token.to_owned()),
        };
        self.call("POST", "/api/auth/refresh", None, Some(&body))
            .await
    }

    pub async fn sessions(self, token: &str) -> Answer<Vec<Device>> {
        let page: Page<Device> = self.read("/api/me/sessions", token).await?;
        Ok(page.items)
    }

    pub async fn end_session(self, token: &str, session: SessionId) -> Answer<()> {
        let path = format!("/api/me/sessions/{session}");
        self.send::<()>("DELETE", &path, Some(token), None)
            .await
            .map(drop)
    }

    pub async fn delete_me(self, token: &str, password: &str) -> Answer<()> {
        let body = DeleteMe {
            password: password.to_owned(),
        };
        self.send("DELETE", "/api/me", Some(token), Some(&body))
            .await
            .map(drop)
    }

    pub async fn people(self, token: &str, query: &str) -> Answer<Vec<User>> {
        let page: Page<User> = self
            .read(&format!("/api/users?query={query}"), token)
            .await?;
        Ok(page.items)
    }

    pub async fn rooms(self, token: &str) -> Answer<Vec<Room>> {
        let page: Page<Room> = self.read("/api/rooms", token).await?;
        Ok(page.items)
    }

    pub async fn make_room(self, token: &str, room: &NewRoom) -> Answer<Room> {
        self.call("POST", "/api/rooms", Some(token), Some(room))
            .await
    }

    pub async fn delete_room(self, token: &str, room: RoomId) -> Answer<()> {
        let path = format!("/api/rooms/{room}");
        self.send::<()>("DELETE", &path, Some(token), None)
            .await
            .map(drop)
    }

    pub async fn members(self, token: &str, room: RoomId) -> Answer<Vec<Member>> {
        let page: Page<Member> = self
            .read(&format!("/api/rooms/{room}/members"), token)
            .await?;
        Ok(page.items)
    }

    pub async fn add_member(self, token: &str, room: RoomId, user: UserId) -> Answer<()> {
        let path = format!("/api/rooms/{room}/members");
        let body = AddMember { user_id: user };
        self.send("POST", &path, Some(token), Some(&body))
            .await
            .map(drop)
    }

    pub async fn remove_member(self, token: &str, room: RoomId, user: UserId) -> Answer<()> {
        let path = format!("/api/rooms/{room}/members/{user}");
        self.send::<()>("DELETE", &path, Some(token), None)
            .await
            .map(drop)
    }

    pub async fn post(self, token: &str, room: RoomId, message: &NewMessage) -> Answer<()> {
        let path = format!("/api/rooms/{room}/messages");
        self.send("POST", &path, Some(token), Some(message))
            .await
            .map(drop)
    }

    /// The log after `after`, to its end.
    pub async fn events(self, token: &str, room: RoomId, after: Rev) -> Answer<Vec<Event>> {
        let mut events: Vec<Event> = Vec::new();
        let mut after = after;
        loop {
            let path = format!("/api/rooms/{room}/events?after={after}&limit={PAGE}");
            let page: Page<Event> = self.read(&path, token).await?;
            let Some(last) = page.items.last() else {
                return Ok(events);
            };
            after = last.rev;
            events.extend(page.items);
        }
    }

    /// All messages as they stand now, oldest first.
    pub async fn messages(self, token: &str, room: RoomId) -> Answer<Vec<Message>> {
        let mut messages: Vec<Message> = Vec::new();
        let mut before: Option<Rev> = None;
        loop {
            let cursor = before.map_or(String::new(), |rev| format!("&before={rev}"));
            let path = format!("/api/rooms/{room}/messages?limit={PAGE}{cursor}");
            let page: Page<Message> = self.read(&path, token).await?;
            let Some(first) = page.items.first() else {
                return Ok(messages);
            };
            // A server that ignores the cursor would keep us here for ever.
            if before.is_some_and(|before| first.rev >= before) {
                return Err(Failure::Unknown(format!(
                    "{path} answers messages that are not before"
                )));
            }
            before = Some(first.rev);
            messages.splice(0..0, page.items);
        }
    }

    pub async fn read<T: DeserializeOwned>(self, path: &str, token: &str) -> Answer<T> {
        self.call::<(), T>("GET", path, Some(token), None).await
    }

    async fn call<B: Serialize, T: DeserializeOwned>(
        self,
        method: &'static str,
        path: &str,
        token: Option<&str>,
        body: Option<&B>,
    ) -> Answer<T> {
        parse(&self.send(method, path, token, body).await?)
    }

    pub async fn send<B: Serialize>(
        self,
        method: &'static str,
        path: &str,
        token: Option<&str>,
        body: Option<&B>,
    ) -> Answer<Response> {
        let mut request = Request::new(method, path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(body) = body {
            let json =
                serde_json::to_vec(body).map_err(|error| Failure::Unknown(error.to_string()))?;
            request = request.json(json);
        }
        let response = match timeout(PATIENCE, request.once(self.address)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(Failure::Unknown(format!("{error:#}"))),
            Err(_) => return Err(Failure::Unknown(format!("{method} {path}: {PATIENCE:?}"))),
        };
        if response.is_success() {
            return Ok(response);
        }
        let problem = serde_json::from_slice(&response.body).unwrap_or_else(|_| {
            Problem::new("", String::from_utf8_lossy(&response.body).into_owned())
        });
        Err(Failure::Refused {
            status: response.status,
            problem: Box::new(problem),
        })
    }
}

/// Asks until there is an answer that will not change, at most for `within`. For requests that
/// may be repeated.
pub async fn insist<T, F: Future<Output = Answer<T>>>(
    within: Duration,
    mut ask: impl FnMut() -> F,
) -> Answer<T> {
    let end = tokio::time::Instant::now() + within;
    loop {
        match ask().await {
            Err(failure) if failure.is_passing() => {
                let pause = failure.pause();
                if tokio::time::Instant::now() + pause >= end {
                    return Err(failure);
                }
                sleep(pause).await;
            }
            settled => return settled,
        }
    }
}

fn parse<T: DeserializeOwned>(response: &Response) -> Answer<T> {
    serde_json::from_slice(&response.body).map_err(|error| {
        let body = String::from_utf8_lossy(&response.body);
        let start: String = body.chars().take(200).collect();
        Failure::Unknown(format!("an answer that cannot be read ({error}): {start}"))
    })
}
