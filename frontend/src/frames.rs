//! What this client says over STOMP and how it reads what it hears: frames on one side, meaning
//! on the other, nothing in between that waits or remembers.

use protocol::state::{Pending, PendingChange};
use protocol::stomp::{Command, Frame, HeartBeat, Version};
use protocol::wire::{
    DeleteMessage, Delivery, EditMessage, Event, MarkRead, PostMessage, Problem, ReactToMessage,
    SideChange, Signal, Typing, code,
};
use protocol::{OpId, Rev, RoomId, RoomRef, UserId};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Milliseconds: this client speaks as often, and wants to hear as often.
const BEAT: (u32, u32) = (10_000, 10_000);

const SIDE: &str = "side";
const ERRORS: &str = "errors";
const ROOM: &str = "room-";
const SIGNALS: &str = "signals-";

pub fn connect(host: &str) -> Frame {
    Frame::new(Command::Connect)
        .with("accept-version", Version::V1_2.tag())
        .with("host", host)
        .with("heart-beat", format!("{},{}", BEAT.0, BEAT.1))
}

/// The receipt proves that the connection is this person's: in another tab someone else may have
/// logged in, and then nothing of this outbox may be sent.
pub fn subscribe_side(me: UserId) -> Frame {
    subscribe(SIDE, format!("/sub/chat/side/{me}")).with("receipt", SIDE)
}

pub fn subscribe_errors() -> Frame {
    subscribe(ERRORS, "/user/queue/errors".to_owned())
}

/// The receipt names the room, so that a refusal that ends the connection can be traced to it.
pub fn subscribe_room(room: RoomId, after: Rev) -> Frame {
    subscribe(&format!("{ROOM}{room}"), format!("/sub/chat/room/{room}"))
        .with("after", after.to_string())
        .with("receipt", format!("{ROOM}{room}"))
}

pub fn unsubscribe_room(room: RoomId) -> Frame {
    Frame::new(Command::Unsubscribe).with("id", format!("{ROOM}{room}"))
}

pub fn subscribe_signals(room: RoomId) -> Frame {
    subscribe(
        &format!("{SIGNALS}{room}"),
        format!("/sub/chat/room/{room}/signals"),
    )
}

pub fn unsubscribe_signals(room: RoomId) -> Frame {
    Frame::new(Command::Unsubscribe).with("id", format!("{SIGNALS}{room}"))
}

/// One entry of the outbox. The receipt is the operation's id.
pub fn operation(pending: &Pending) -> Frame {
    let id = Some(pending.op);
    let room_id = RoomRef::Id(pending.room);
    let frame = match &pending.change {
        PendingChange::Post { body, reply_to } => send(
            "/pub/chat/message",
            &PostMessage {
                id,
                room_id,
                body: body.clone(),
                reply_to: *reply_to,
            },
        ),
        PendingChange::Edit { message, body } => send(
            "/pub/chat/edit",
            &EditMessage {
                id,
                room_id,
                message_id: *message,
                body: body.clone(),
            },
        ),
        PendingChange::Delete { message } => send(
            "/pub/chat/delete",
            &DeleteMessage {
                id,
                room_id,
                message_id: *message,
            },
        ),
        PendingChange::React { message, emoji, on } => send(
            "/pub/chat/react",
            &ReactToMessage {
                id,
                room_id,
                message_id: *message,
                emoji: emoji.clone(),
                on: *on,
            },
        ),
    };
    frame.with("receipt", pending.op.to_string())
}

pub fn mark_read(room: RoomId, rev: Rev) -> Frame {
    send(
        "/pub/chat/read",
        &MarkRead {
            room_id: RoomRef::Id(room),
            rev,
        },
    )
}

pub fn typing(room: RoomId, on: bool) -> Frame {
    send(
        "/pub/chat/typing",
        &Typing {
            room_id: RoomRef::Id(room),
            on,
        },
    )
}

fn subscribe(id: &str, destination: String) -> Frame {
    Frame::new(Command::Subscribe)
        .with("id", id)
        .with("destination", destination)
}

fn send(destination: &str, body: &impl Serialize) -> Frame {
    // These are structs of strings, numbers and ids: JSON can always say them.
    let body = serde_json::to_vec(body).unwrap_or_default();
    Frame::new(Command::Send)
        .with("destination", destination)
        .with("content-type", "application/json")
        .with_body(body)
}

/// What a frame of the server means.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    LoggedIn {
        beat: HeartBeat,
        /// Whom the server took us for.
        user: Option<UserId>,
    },
    Receipt(Receipt),
    Event(Box<Event>),
    /// Too much was missed to be replayed: reload the window.
    Reset(RoomId),
    Signal(RoomId, Signal),
    Side(SideChange),
    Refused(Problem),
    /// An ERROR frame; the connection ends.
    Failed {
        problem: Problem,
        receipt: Option<Receipt>,
    },
    /// A body that this version does not understand.
    Unreadable {
        subscription: String,
        why: String,
    },
    /// Nothing that was asked for.
    Other,
}

/// To which of our frames an answer belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    Side,
    Room(RoomId),
    Operation(OpId),
}

impl Receipt {
    fn read(id: &str) -> Option<Self> {
        if id == SIDE {
            return Some(Self::Side);
        }
        match id.strip_prefix(ROOM) {
            Some(room) => room.parse().ok().map(Self::Room),
            None => id.parse().ok().map(Self::Operation),
        }
    }
}

pub fn read(frame: &Frame) -> Heard {
    match frame.command {
        Command::Connected => {
            let server = frame
                .header("heart-beat")
                .and_then(HeartBeat::parse)
                .unwrap_or_default();
            // Seen from this side: the server is the other one.
            Heard::LoggedIn {
                beat: HeartBeat::negotiate(server, BEAT),
                user: frame.header("user-name").and_then(|name| name.parse().ok()),
            }
        }
        Command::Receipt => frame
            .header("receipt-id")
            .and_then(Receipt::read)
            .map_or(Heard::Other, Heard::Receipt),
        Command::Message => read_message(frame),
        Command::Error => Heard::Failed {
            problem: error_problem(frame),
            receipt: frame.header("receipt-id").and_then(Receipt::read),
        },
        _ => Heard::Other,
    }
}

fn read_message(frame: &Frame) -> Heard {
    let Some(subscription) = frame.header("subscription") else {
        return Heard::Other;
    };
    let heard = if subscription == SIDE {
        parse(frame).map(Heard::Side)
    } else if subscription == ERRORS {
        parse(frame).map(Heard::Refused)
    } else if let Some(room) = room_of(subscription, ROOM) {
        parse(frame).map(|delivery| match delivery {
            Delivery::Event(event) => Heard::Event(event),
            Delivery::Reset { .. } => Heard::Reset(room),
        })
    } else if let Some(room) = room_of(subscription, SIGNALS) {
        parse(frame).map(|signal| Heard::Signal(room, signal))
    } else {
        return Heard::Other;
    };
    heard.unwrap_or_else(|error| Heard::Unreadable {
        subscription: subscription.to_owned(),
        why: error.to_string(),
    })
}

fn parse<T: DeserializeOwned>(frame: &Frame) -> serde_json::Result<T> {
    protocol::json::read(&frame.body)
}

fn room_of(subscription: &str, prefix: &str) -> Option<RoomId> {
    subscription.strip_prefix(prefix)?.parse().ok()
}

/// An ERROR frame's body is a problem where the server says more than one line.
fn error_problem(frame: &Frame) -> Problem {
    parse(frame).unwrap_or_else(|_| {
        let body = String::from_utf8_lossy(&frame.body);
        let said = frame.header("message").unwrap_or_default();
        let detail = if body.trim().is_empty() { said } else { &body };
        Problem::new(code::BAD_REQUEST, detail)
    })
}

#[cfg(test)]
mod tests;
