//! What the collections hold, one type for each, and the way between them and what the port speaks.
//!
//! Ids are UUIDs (binary subtype 4), revs and counts are 64-bit integers, times are BSON dates. A field
//! that is missing is not `null`: the sparse indexes rely on it.

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Uuid};
use protocol::wire::{Message, Reaction, RoomKind, User};
use protocol::{Rev, RoomId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::store::{Account, Head, ReadMark, RoomRecord};

pub(super) fn bin(id: &[u8; 16]) -> Uuid {
    Uuid::from_bytes(*id)
}

pub(super) fn id<T: From<uuid::Uuid>>(bin: Uuid) -> T {
    T::from(uuid::Uuid::from_bytes(bin.bytes()))
}

/// BSON's integers are signed. A number beyond them is a client's invention and compares like the
/// largest.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What was stored by [`int`] is never negative.
pub(super) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// How many documents to ask for; to the server 0 means all of them, so nobody may ask for 0.
pub(super) fn limited(limit: usize) -> i64 {
    i64::from(i32::try_from(limit).unwrap_or(i32::MAX))
}

pub(super) fn date(time: Timestamp) -> DateTime {
    DateTime::from_millis(time.millis())
}

pub(super) fn time(date: DateTime) -> Timestamp {
    Timestamp(date.timestamp_millis())
}

/// A line of a room's log, the truth. The line of a message is also the message as it is now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Made by the writer, so that it recognises its own lines after an answer was lost.
    #[serde(rename = "_id")]
    pub(super) id: ObjectId,
    /// The room's key, not its id: see [`Room`].
    pub(super) room: Uuid,
    pub(super) rev: i64,
    pub(super) at: DateTime,
    pub(super) by: Uuid,
    pub(super) op: Uuid,
    pub(super) posted: i64,
    pub(super) kind: Kind,
    /// Of a post: the message's id, which is its op.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<Uuid>,
    /// Of a post, as long as it has a body: its author. What an erased account must take back is
    /// found by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) author: Option<Uuid>,
    /// Of a post: what it says now; missing once it was deleted. Of an edit: the new text, until
    /// it has been moved to the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply_to: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) edited_at: Option<DateTime>,
    /// Of a post: the rev of the last event that changed it in place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) changed: Option<i64>,
    /// The message that an edit, a deletion or a reaction is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) of: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) emoji: Option<String>,
    /// Who joined, left or was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<Uuid>,
    /// The new name, or the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// How the room began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) room_kind: Option<RoomKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) members: Option<Vec<Uuid>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Created,
    Posted,
    Edited,
    Deleted,
    Reacted,
    Unreacted,
    Joined,
    Left,
    Removed,
    Renamed,
}

impl Entry {
    /// The message as it is now, if this is one; without its reactions.
    pub(super) fn as_message(&self) -> Option<Message> {
        let message = self.message?;
        Some(Message {
            id: id(message),
            rev: Rev(count(self.rev)),
            author: id(self.by),
            at: time(self.at),
            deleted: self.body.is_none(),
            body: self.body.clone().unwrap_or_default(),
            reply_to: self.reply_to.map(id),
            edited_at: self.edited_at.map(time),
            reactions: Vec::new(),
        })
    }
}

/// A room as it is after its first `applied` events.
///
/// Its key is its own, made anew with every room: a room that is made under the id of a deleted one
/// shares nothing with it, and what a slow writer still adds to the old log is not in the new one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Room {
    #[serde(rename = "_id")]
    pub(super) key: Uuid,
    /// The id that the world knows; the key, once the room is deleted.
    pub(super) room: Uuid,
    pub(super) kind: RoomKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// 0: somebody began to make it, and rev 1 may not be there yet.
    pub(super) applied: i64,
    pub(super) posted: i64,
    pub(super) members: i64,
    pub(super) created_at: DateTime,
    pub(super) active_at: DateTime,
    /// The time of the last event.
    pub(super) head_at: DateTime,
    /// The last message that was posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last: Option<Uuid>,
    /// How it is to begin, until it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) beginning: Option<Beginning>,
    /// Deleted: until when late writes are looked for. At first [`NOT_YET`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gone: Option<DateTime>,
}

/// The time has not been set: the one who began has no clock to set it by.
pub(super) const NOT_YET: DateTime = DateTime::from_millis(0);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Beginning {
    pub(super) by: Uuid,
    pub(super) op: Uuid,
    pub(super) members: Vec<Uuid>,
}

impl Room {
    pub(super) fn id(&self) -> RoomId {
        id(self.room)
    }

    pub(super) fn head(&self) -> Head {
        Head {
            rev: Rev(count(self.applied)),
            posted: count(self.posted),
        }
    }

    /// What the next event of the log makes of the room.
    pub(super) fn advance(&mut self, entry: &Entry) {
        self.applied = entry.rev;
        self.posted = entry.posted;
        self.head_at = entry.at;
        match entry.kind {
            Kind::Created => {
                let members = entry.members.as_ref().map_or(0, Vec::len);
                self.members = limited(members);
                self.beginning = None;
            }
            Kind::Posted => {
                self.active_at = entry.at;
                self.last = entry.message;
            }
            Kind::Joined => self.members += 1,
            Kind::Left | Kind::Removed => self.members -= 1,
            Kind::Renamed => self.name.clone_from(&entry.name),
            Kind::Edited | Kind::Deleted | Kind::Reacted | Kind::Unreacted => {}
        }
    }

    pub(super) fn record(&self) -> RoomRecord {
        RoomRecord {
            id: self.id(),
            kind: self.kind,
            name: self.name.clone(),
            head: self.head(),
            members: count(self.members),
            created_at: time(self.created_at),
        }
    }
}

/// One person in one room. Whoever left keeps the document, marked as such, so that an old event
/// that is applied once more cannot bring them back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Member {
    #[serde(rename = "_id")]
    pub(super) id: MemberId,
    pub(super) here: bool,
    /// The order in which they came: see [`seat`].
    pub(super) seat: i64,
    /// Whether they asked for this direct room.
    pub(super) opened: bool,
    pub(super) read_rev: i64,
    pub(super) read_posted: i64,
    /// The rev of the event that last changed `here`.
    pub(super) changed: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MemberId {
    pub(super) room: Uuid,
    pub(super) user: Uuid,
}

impl Member {
    pub(super) fn read(&self) -> ReadMark {
        ReadMark {
            rev: Rev(count(self.read_rev)),
            posted: count(self.read_posted),
        }
    }
}

/// Ordered by the event that brought them in, then by their place in it. A room has fewer than
/// 2¹³ members.
pub(super) fn seat(rev: i64, place: usize) -> i64 {
    rev.saturating_mul(1 << 13).saturating_add(limited(place))
}

/// One person's one emoji under one message. Taken back, it stays as such, like a member who left.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ReactionDoc {
    #[serde(rename = "_id")]
    pub(super) id: ReactionId,
    pub(super) on: bool,
    /// When it came: first comers are shown first.
    pub(super) since: i64,
    pub(super) changed: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReactionId {
    pub(super) room: Uuid,
    pub(super) message: Uuid,
    pub(super) emoji: String,
    pub(super) user: Uuid,
}

/// One message's reactions as they are shown; they come in the order of `since`.
pub(super) fn gather<'a>(reactions: impl Iterator<Item = &'a ReactionDoc>) -> Vec<Reaction> {
    let mut gathered = Vec::<Reaction>::new();
    for ReactionDoc { id: of, .. } in reactions {
        match gathered.iter_mut().find(|it| it.emoji == of.emoji) {
            Some(reaction) => reaction.users.push(id(of.user)),
            None => gathered.push(Reaction {
                emoji: of.emoji.clone(),
                users: vec![id(of.user)],
            }),
        }
    }
    gathered
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Person {
    #[serde(rename = "_id")]
    pub(super) id: Uuid,
    /// Unique; missing once the account is closed: the name is free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) folded: Option<String>,
    pub(super) username: String,
    pub(super) display_name: String,
    pub(super) folded_display_name: String,
    pub(super) password_hash: String,
    pub(super) created_at: DateTime,
    pub(super) state: Standing,
    /// Closed: until when late writes are looked for. At first [`NOT_YET`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) watched: Option<DateTime>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Standing {
    Open,
    Closing,
    Closed,
}

impl Person {
    pub(super) fn user(&self) -> User {
        User {
            id: id(self.id),
            username: self.username.clone(),
            display_name: self.display_name.clone(),
            deleted: self.state != Standing::Open,
        }
    }

    pub(super) fn account(&self) -> Account {
        Account {
            user: self.user(),
            password_hash: self.password_hash.clone(),
            created_at: time(self.created_at),
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Session {
    #[serde(rename = "_id")]
    pub(super) id: Uuid,
    pub(super) user: Uuid,
    pub(super) agent: String,
    pub(super) created_at: DateTime,
    pub(super) used_at: DateTime,
    pub(super) ends_at: DateTime,
}

/// A refresh token, by its hash. It is good while its session is there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Token {
    #[serde(rename = "_id")]
    pub(super) hash: mongodb::bson::Binary,
    pub(super) session: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) spent_at: Option<DateTime>,
    /// With its session at the latest.
    pub(super) ends_at: DateTime,
}
