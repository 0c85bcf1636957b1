//! What goes into the store and comes out of it.

use std::ops::RangeInclusive;
use std::time::Duration;

use protocol::wire::{Event, Message, RoomKind, User};
use protocol::{MessageId, OpId, Rev, RoomId, SessionId, Timestamp, UserId};

/// One operation to be appended.
#[derive(Clone, Debug, PartialEq)]
pub struct Append {
    pub by: UserId,
    pub op: OpId,
    pub at: Timestamp,
    pub change: Change,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The message's id is the op.
    Post {
        body: String,
        reply_to: Option<MessageId>,
    },
    /// Only by the author.
    Edit {
        message: MessageId,
        body: String,
    },
    /// Only by the author. The body, the reactions and the reply are gone with it.
    Delete {
        message: MessageId,
    },
    React {
        message: MessageId,
        emoji: String,
        on: bool,
    },
    /// `by` brings in `user`; `by` must be a member. The new member has read everything so far.
    Join {
        user: UserId,
    },
    Leave,
    Remove {
        user: UserId,
    },
    Rename {
        name: String,
    },
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Appended {
    /// It is in the log now, as this event.
    Written(Event),
    /// It was in the log before; the event as it reads now.
    Repeated(Event),
    /// Nothing to change: the reaction was there, the text or the name was the same, the message
    /// was deleted already, the person was a member. `rev` is the head at that time.
    Unchanged { rev: Rev },
}

impl Appended {
    pub fn rev(&self) -> Rev {
        match self {
            Self::Written(event) | Self::Repeated(event) => event.rev,
            Self::Unchanged { rev } => *rev,
        }
    }
}

/// Why the store will not do it. Certain: nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such room")]
    NoSuchRoom,
    #[error("not a member of the room")]
    NotMember,
    #[error("there is no such message in the room")]
    NoSuchMessage,
    #[error("the message is someone else's")]
    NotAuthor,
    #[error("the message was deleted")]
    MessageDeleted,
    #[error("the id already names something else")]
    IdTaken,
    #[error("the name is taken")]
    NameTaken,
    /// Direct rooms cannot be renamed, joined, left or emptied.
    #[error("not possible in a direct room")]
    DirectRoom,
    #[error("there is no such person")]
    NoSuchUser,
    #[error("the message has too many different reactions")]
    TooManyReactions,
    #[error("the room is full")]
    RoomFull,
}

/// Different emoji under one message.
pub const MAX_REACTIONS: usize = 50;
/// Members of one room.
pub const MAX_MEMBERS: usize = 5_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    pub rev: Rev,
    pub posted: u64,
}

/// Which part of a room's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    Latest,
    /// Posted before this rev, the nearest ones.
    Before(Rev),
    /// Posted after this rev, the nearest ones.
    After(Rev),
    /// Half before, half from this rev on.
    Around(Rev),
}

/// A run of messages, taken at one moment together with the head.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Messages {
    /// Oldest first.
    pub items: Vec<Message>,
    pub head: Head,
    /// Whether there are older ones before `items`.
    pub older: bool,
    /// Whether there are newer ones after `items`.
    pub newer: bool,
    /// What happened beside them in [`Messages::reach`]: who came and went, the room's names.
    /// Oldest first; of many the last.
    pub notes: Vec<Event>,
}

/// Notes that a run of messages holds at most, and how far back from its end they are looked for:
/// a room may have any number of events without a message between them.
pub const NOTES: usize = 100;
const NOTES_REACH: u64 = 5_000;

impl Messages {
    /// The revs between which the run tells what happened: from its first message, or from the
    /// room's beginning, to the next message after it, or to the head. Runs that follow each other
    /// leave nothing out and say nothing twice.
    pub fn reach(&self, span: Span) -> RangeInclusive<Rev> {
        let first = match span {
            Span::After(rev) => Rev(rev.0.saturating_add(1)),
            _ if self.older => self.items.first().map_or(self.head.rev, |first| first.rev),
            _ => Rev(1),
        };
        let last = match span {
            _ if !self.newer => self.head.rev,
            Span::Before(edge) => edge.previous(),
            _ => self.items.last().map_or(Rev::ZERO, |last| last.rev),
        };
        first.max(Rev(last.0.saturating_sub(NOTES_REACH)))..=last
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct RoomDraft {
    pub id: RoomId,
    pub kind: RoomKind,
    pub name: Option<String>,
    pub by: UserId,
    pub op: OpId,
    pub at: Timestamp,
    /// With `by`; for a direct room exactly its two people (or one, alone with themselves).
    pub members: Vec<UserId>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RoomRecord {
    pub id: RoomId,
    pub kind: RoomKind,
    pub name: Option<String>,
    pub head: Head,
    pub members: u64,
    pub created_at: Timestamp,
}

/// A room from one member's side.
#[derive(Clone, Debug, PartialEq)]
pub struct MyRoom {
    pub room: RoomRecord,
    /// The other person of a direct room.
    pub peer: Option<User>,
    /// Whether this member made it.
    pub mine: bool,
    pub read: ReadMark,
    pub active_at: Timestamp,
    pub last_message: Option<Message>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MemberRecord {
    pub user: User,
    pub read: Rev,
}

/// How far someone has read: the rev, and how many messages had been posted by then. One's own
/// post moves it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadMark {
    pub rev: Rev,
    pub posted: u64,
}

/// A read position as it stands now, in a room of so many members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    pub mark: ReadMark,
    pub members: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct UserDraft {
    pub id: UserId,
    pub username: String,
    /// The username folded for comparison: unique.
    pub folded: String,
    pub display_name: String,
    /// The display name folded, for finding people.
    pub folded_display_name: String,
    pub password_hash: String,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    pub user: User,
    pub password_hash: String,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserChange {
    /// The name and its folded form.
    pub display_name: Option<(String, String)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PasswordChange {
    pub user: UserId,
    /// The hash that the current password was compared with.
    pub verified: String,
    pub next: String,
    /// The session of whoever changes it.
    pub keep: SessionId,
    /// What is changed together with it, or not at all.
    pub beside: UserChange,
}

/// SHA-256 of an opaque token; the token itself is never stored.
pub type TokenHash = [u8; 32];

#[derive(Clone, Debug, PartialEq)]
pub struct SessionDraft {
    pub id: SessionId,
    pub user: UserId,
    /// The hash that the password was compared with.
    pub verified: String,
    pub agent: String,
    pub token: TokenHash,
    pub at: Timestamp,
    /// However often it is refreshed, it ends here.
    pub ends_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SessionRecord {
    pub id: SessionId,
    pub user: UserId,
    pub ends_at: Timestamp,
}

/// A refresh token is spent and another put in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotation {
    pub spent: TokenHash,
    pub next: TokenHash,
    pub at: Timestamp,
    /// Unused for longer than this, a session has ended.
    pub idle: Duration,
    /// How long the token that was just spent is still taken for a parallel tab's.
    pub grace: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Rotated {
    /// `next` is in force.
    Fresh(SessionRecord),
    /// Spent a moment ago by a parallel tab: the session goes on, `next` is *also* in force.
    Parallel(SessionRecord),
    /// Spent long ago: someone else has it. The session is ended.
    Reused(SessionRecord),
    /// Never was, or has ended.
    Unknown,
}
