//! What is said in a room, and the log of it.

use axum::extract::State;
use axum::http::StatusCode;
use protocol::wire::{
    ChangeMessage, Edit, Event, EventKind, History, Message, NewMessage, Page, code,
};
use protocol::{MessageId, OpId, Rev, RoomRef};
use serde::Deserialize;
use serde::de::IgnoredAny;
use utoipa::IntoParams;
use uuid::Uuid;

use super::Refusals;
use crate::chat::{Principal, Refused};
use crate::store::{Appended, Span};
use crate::web::Web;
use crate::web::extract::{Json, Limit, Path, Query};
use crate::web::identity::Who;
use crate::web::problem::{Failure, internal};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Where {
    /// The nearest messages posted before this rev, or before this message.
    #[param(value_type = Option<String>)]
    before: Option<Place>,
    /// The nearest messages posted after this rev, or after this message.
    #[param(value_type = Option<String>)]
    after: Option<Place>,
    /// Half before this rev or message, half from it on.
    #[param(value_type = Option<String>)]
    around: Option<Place>,
}

/// A place in a room's log, by number or by message.
#[derive(Clone, Copy)]
enum Place {
    Rev(Rev),
    Message(MessageId),
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let message = || text.parse().map(Self::Message);
        text.parse()
            .map(Self::Rev)
            .or_else(|_| message())
            .map_err(|_| serde::de::Error::custom("a rev or a message id was expected"))
    }
}

impl Where {
    async fn span(&self, web: &Web, who: Principal, room: RoomRef) -> Result<Span, Failure> {
        let (span, place): (fn(Rev) -> Span, Place) = match (self.before, self.after, self.around) {
            (None, None, None) => return Ok(Span::Latest),
            (Some(place), None, None) => (Span::Before, place),
            (None, Some(place), None) => (Span::After, place),
            (None, None, Some(place)) => (Span::Around, place),
            _ => {
                return Err(Failure::new(
                    code::BAD_REQUEST,
                    "Only one of `before`, `after` and `around` can be followed at a time.",
                ));
            }
        };
        Ok(span(match place {
            Place::Rev(rev) => rev,
            Place::Message(message) => web.chat.rev_of(who, room, message).await?,
        }))
    }
}

/// Messages as they are now, oldest first, with what happened between them
///
/// Without a position: the latest ones.
#[utoipa::path(
    get, path = "/rooms/{room}/messages", tag = "messages",
    params(("room" = String, Path, description = "A room's id, or `{userA}&{userB}`"), Where, Limit),
    responses((status = 200, body = History), Refusals)
)]
pub async fn list(
    State(web): State<Web>,
    Who(who): Who,
    Path(room): Path<RoomRef>,
    Query(position): Query<Where>,
    Query(limit): Query<Limit>,
) -> Result<axum::Json<History>, Failure> {
    let span = position.span(&web, who, room).await?;
    let page = web.chat.messages(who, room, span, limit.get()).await?;
    Ok(axum::Json(page))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Since {
    /// Events after this rev; 0, or left out: from the beginning.
    after: Option<Rev>,
}

/// The log of a room, oldest first, without holes
///
/// What was deleted or replaced by an edit is no longer readable in it.
#[utoipa::path(
    get, path = "/rooms/{room}/events", tag = "messages",
    params(("room" = String, Path, description = "A room's id, or `{userA}&{userB}`"), Since, Limit),
    responses((status = 200, body = Page<Event>), Refusals)
)]
pub async fn events(
    State(web): State<Web>,
    Who(who): Who,
    Path(room): Path<RoomRef>,
    Query(since): Query<Since>,
    Query(limit): Query<Limit>,
) -> Result<axum::Json<Page<Event>>, Failure> {
    let after = since.after.unwrap_or(Rev::ZERO);
    Ok(axum::Json(
        web.chat.events(who, room, after, limit.get()).await?,
    ))
}

/// A message, and what is not taken with one yet.
#[derive(Deserialize)]
pub struct Sent {
    #[serde(flatten)]
    message: NewMessage,
    attachments: Option<Vec<IgnoredAny>>,
}

/// Post a message
///
/// Durable when answered. Sending the same `id` again answers the first result, with 200.
#[utoipa::path(
    post, path = "/rooms/{room}/messages", tag = "messages",
    params(("room" = String, Path, description = "A room's id, or `{userA}&{userB}`")),
    request_body = NewMessage,
    responses((status = 201, body = Message), (status = 200, body = Message), Refusals)
)]
pub async fn post(
    State(web): State<Web>,
    Who(who): Who,
    Path(room): Path<RoomRef>,
    Json(sent): Json<Sent>,
) -> Result<(StatusCode, axum::Json<Message>), Failure> {
    let Sent {
        message,
        attachments,
    } = sent;
    let id = message.id;
    if attachments.is_some_and(|attachments| !attachments.is_empty()) {
        return Err(Failure::from(Refused::no_attachments()).of(id));
    }
    let appended = web
        .chat
        .post(who, room, message)
        .await
        .map_err(|refused| Failure::from(refused).of(id))?;
    let (status, event) = match appended {
        Appended::Written(event) => (StatusCode::CREATED, event),
        Appended::Repeated(event) => (StatusCode::OK, event),
        // A post always changes something.
        Appended::Unchanged { .. } => return Err(internal().of(id)),
    };
    match event.kind {
        EventKind::Posted { message } => Ok((status, axum::Json(message))),
        // The id names an operation of another kind.
        _ => Err(Failure::new(
            code::ID_TAKEN,
            "This id already names something else. Use a new one.",
        )
        .of(id)),
    }
}

/// Change what I said
#[utoipa::path(
    patch, path = "/rooms/{room}/messages/{message}", tag = "messages",
    params(
        ("room" = String, Path, description = "A room's id, or `{userA}&{userB}`"),
        ("message" = MessageId, Path)
    ),
    request_body = ChangeMessage,
    responses((status = 200, body = Edit), (status = 204, description = "It read so already"), Refusals)
)]
pub async fn edit(
    State(web): State<Web>,
    Who(who): Who,
    Path((room, message)): Path<(RoomRef, MessageId)>,
    Json(change): Json<ChangeMessage>,
) -> Result<Result<axum::Json<Edit>, StatusCode>, Failure> {
    let op = change.id.unwrap_or_else(new_operation);
    let appended = web
        .chat
        .edit(who, room, op, message, change.body)
        .await
        .map_err(|refused| Failure::from(refused).of(op))?;
    match appended {
        Appended::Written(Event {
            kind: EventKind::Edited { message },
            ..
        })
        | Appended::Repeated(Event {
            kind: EventKind::Edited { message },
            ..
        }) => Ok(Ok(axum::Json(message))),
        _ => Ok(Err(StatusCode::NO_CONTENT)),
    }
}

/// Delete what I said
#[utoipa::path(
    delete, path = "/rooms/{room}/messages/{message}", tag = "messages",
    params(
        ("room" = String, Path, description = "A room's id, or `{userA}&{userB}`"),
        ("message" = MessageId, Path)
    ),
    responses((status = 204), Refusals)
)]
pub async fn delete(
    State(web): State<Web>,
    Who(who): Who,
    Path((room, message)): Path<(RoomRef, MessageId)>,
) -> Result<StatusCode, Failure> {
    web.chat.delete(who, room, new_operation(), message).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Put my reaction under a message; twice is once
#[utoipa::path(
    put, path = "/rooms/{room}/messages/{message}/reactions/{emoji}", tag = "messages",
    params(
        ("room" = String, Path, description = "A room's id, or `{userA}&{userB}`"),
        ("message" = MessageId, Path),
        ("emoji" = String, Path)
    ),
    responses((status = 204), Refusals)
)]
pub async fn react(
    State(web): State<Web>,
    Who(who): Who,
    Path((room, message, emoji)): Path<(RoomRef, MessageId, String)>,
) -> Result<StatusCode, Failure> {
    web.chat
        .react(who, room, new_operation(), message, emoji, true)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take my reaction back
#[utoipa::path(
    delete, path = "/rooms/{room}/messages/{message}/reactions/{emoji}", tag = "messages",
    params(
        ("room" = String, Path, description = "A room's id, or `{userA}&{userB}`"),
        ("message" = MessageId, Path),
        ("emoji" = String, Path)
    ),
    responses((status = 204), Refusals)
)]
pub async fn take_back(
    State(web): State<Web>,
    Who(who): Who,
    Path((room, message, emoji)): Path<(RoomRef, MessageId, String)>,
) -> Result<StatusCode, Failure> {
    web.chat
        .react(who, room, new_operation(), message, emoji, false)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// For operations that are safe to repeat under any id.
fn new_operation() -> OpId {
    OpId(Uuid::now_v7())
}
