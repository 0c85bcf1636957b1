//! What happened in a run, as everybody who took part wrote it down: the only thing that the
//! verification looks at.

use std::time::Duration;

use protocol::wire::{Event, EventKind, Message};
use protocol::{MessageId, OpId, Rev, RoomId, UserId};
use serde::{Deserialize, Serialize};

/// Who wrote a record: a client by its number, or the harness.
pub type Who = u32;
pub const HARNESS: Who = u32::MAX;

/// One line of the history file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Microseconds since the run began, by the one clock of the process.
    pub at: u64,
    pub who: Who,
    #[serde(flatten)]
    pub what: What,
}

/// What a client is in the run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Talks and listens all the time: must hold everything soon after every fault.
    Talker,
    /// Comes and goes for a probe of its own.
    Visitor,
    /// Is in no room, and must hear nothing.
    Stranger,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "camelCase")]
pub enum What {
    /// This client is that account.
    Is {
        user: UserId,
        role: Role,
    },

    // What a client asked for, and what it was told.
    /// An operation left for the server; once more for every attempt.
    Sent {
        op: OpId,
        room: RoomId,
        ask: Ask,
    },
    Acked {
        op: OpId,
    },
    /// `passing`: the client will try again.
    Refused {
        op: OpId,
        code: String,
        passing: bool,
    },
    ReadAcked {
        room: RoomId,
        rev: Rev,
    },

    // Connections and subscriptions; `conn` and `sub` are numbers of the client's own.
    Opened {
        conn: u32,
    },
    /// Without a code the connection broke.
    Closed {
        conn: u32,
        code: Option<u16>,
    },
    /// The protocol error that the server ended the connection with.
    Errored {
        conn: u32,
        message: String,
    },
    Subscribed {
        conn: u32,
        sub: u32,
        room: RoomId,
        after: Rev,
    },
    Delivered {
        conn: u32,
        sub: u32,
        entry: Entry,
    },
    Reset {
        conn: u32,
        sub: u32,
    },
    /// After a reset the client has read the log up to here.
    Loaded {
        room: RoomId,
        to: Rev,
    },

    // What the harness did.
    /// In this time the server (`None`), or one client, could not be expected to do its part.
    Disturbed {
        fault: String,
        client: Option<Who>,
        from: u64,
        to: u64,
    },
    /// A server that the nodes share was killed, to come back after this time. What is promised
    /// to clients holds all the while.
    Away {
        backend: String,
        millis: u64,
    },
    /// Somebody is about to be brought into a room, or taken out of it …
    MembershipAsked {
        room: RoomId,
        user: UserId,
        member: bool,
    },
    /// … and the server has said that it is done.
    MembershipDone {
        room: RoomId,
        user: UserId,
        member: bool,
    },
    /// The session of a client's connection has ended, by the server's word.
    Revoked {
        client: Who,
        conn: u32,
    },
    Memory {
        rss: u64,
    },
    /// A client that did not read while this much was posted.
    SlowReader {
        from: u64,
        bytes: u64,
        closed: bool,
        code: Option<u16>,
    },
    /// SIGTERM at `from`; the process has ended now.
    Terminated {
        from: u64,
        code: Option<i32>,
    },
    /// A stranger was told something on this destination.
    Overheard {
        destination: String,
    },
    /// The talking is over, and everybody had time to hear the end of it.
    Settled,

    // What the store holds at the end, read over REST after a last kill.
    Log {
        entry: Entry,
    },
    State {
        room: RoomId,
        message: Standing,
    },
    /// A client's own view of one of its rooms.
    Mine {
        room: RoomId,
        head: Rev,
        read: Rev,
        unread: u64,
    },
    /// Something that was deleted, and could be read on this path.
    Readable {
        path: String,
    },
}

/// What an operation asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "camelCase")]
pub enum Ask {
    Post {
        body: Digest,
    },
    Edit {
        message: MessageId,
        body: Digest,
    },
    Delete {
        message: MessageId,
    },
    React {
        message: MessageId,
        emoji: String,
        on: bool,
    },
}

/// Stands for a text, so that histories stay small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(u64);

impl Digest {
    /// FNV-1a: the same in every run, so that a history can be verified again later.
    pub fn of(text: &str) -> Self {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in text.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Self(hash)
    }
}

/// One event of a room's log, as somebody saw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub room: RoomId,
    pub rev: Rev,
    pub op: OpId,
    pub by: UserId,
    pub posted: u64,
    #[serde(flatten)]
    pub change: Change,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "camelCase")]
pub enum Change {
    Created {
        members: Vec<UserId>,
    },
    Posted {
        message: MessageId,
        body: Digest,
        deleted: bool,
    },
    Edited {
        message: MessageId,
        body: Digest,
    },
    Deleted {
        message: MessageId,
    },
    Reacted {
        message: MessageId,
        emoji: String,
        on: bool,
    },
    Joined {
        user: UserId,
    },
    /// Left by oneself, or removed.
    Gone {
        user: UserId,
    },
    Renamed,
    Unknown,
}

impl From<&Event> for Entry {
    fn from(event: &Event) -> Self {
        let change = match &event.kind {
            EventKind::Created { members, .. } => Change::Created {
                members: members.clone(),
            },
            EventKind::Posted { message } => Change::Posted {
                message: message.id,
                body: Digest::of(&message.body),
                deleted: message.deleted,
            },
            EventKind::Edited { message } => Change::Edited {
                message: message.id,
                body: Digest::of(&message.body),
            },
            EventKind::Deleted { message } => Change::Deleted {
                message: message.id,
            },
            EventKind::Reacted { message, emoji, on } => Change::Reacted {
                message: message.id,
                emoji: emoji.clone(),
                on: *on,
            },
            EventKind::Joined { user } => Change::Joined { user: *user },
            EventKind::Left { user } | EventKind::Removed { user } => Change::Gone { user: *user },
            EventKind::Renamed { .. } => Change::Renamed,
            EventKind::Unknown => Change::Unknown,
        };
        Self {
            room: event.room,
            rev: event.rev,
            op: event.op,
            by: event.by,
            posted: event.posted,
            change,
        }
    }
}

/// A message as it stands in the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    pub id: MessageId,
    pub rev: Rev,
    pub author: UserId,
    pub body: Digest,
    pub deleted: bool,
    /// Sorted by emoji, then by person.
    pub reactions: Vec<(String, UserId)>,
}

impl From<&Message> for Standing {
    fn from(message: &Message) -> Self {
        let mut reactions: Vec<(String, UserId)> = message
            .reactions
            .iter()
            .flat_map(|reaction| {
                reaction
                    .users
                    .iter()
                    .map(|user| (reaction.emoji.clone(), *user))
            })
            .collect();
        reactions.sort();
        Self {
            id: message.id,
            rev: message.rev,
            author: message.author,
            body: Digest::of(&message.body),
            deleted: message.deleted,
            reactions,
        }
    }
}

pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
