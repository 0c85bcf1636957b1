//! The lines of the log.

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, DateTime, Uuid, doc};
use protocol::Rev;
use protocol::wire::{Message, RoomKind};
use serde::{Deserialize, Serialize};

use super::{bin, count, date, id, time};
use crate::store::Append;

/// A line of a room's log, the truth. The line of a message is also the message as it is now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::store::mongo) struct Entry {
    /// Made by the writer, so that it recognises its own lines after an answer was lost.
    #[serde(rename = "_id")]
    pub(in crate::store::mongo) id: ObjectId,
    /// The room's key, not its id: see [`Room`].
    pub(in crate::store::mongo) room: Uuid,
    pub(in crate::store::mongo) rev: i64,
    pub(in crate::store::mongo) at: DateTime,
    pub(in crate::store::mongo) by: Uuid,
    pub(in crate::store::mongo) op: Op,
    pub(in crate::store::mongo) posted: i64,
    pub(in crate::store::mongo) kind: Kind,
    /// Of a post: the message's id, which is its op.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) message: Option<Uuid>,
    /// Of a post, as long as it has a body: its author. What an erased account must take back is
    /// found by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) author: Option<Uuid>,
    /// Of a post: what it says now; missing once it was deleted. Of an edit: the new text, until
    /// it has been moved to the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) reply_to: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) edited_at: Option<DateTime>,
    /// Of a post: the rev of the last event that changed it in place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) changed: Option<i64>,
    /// The message that an edit, a deletion or a reaction is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) of: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) emoji: Option<String>,
    /// Who joined, left or was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) user: Option<Uuid>,
    /// The new name, or the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) name: Option<String>,
    /// How the room began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) room_kind: Option<RoomKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) members: Option<Vec<Uuid>>,
}

/// One operation of one author. It is one value, so that one index makes it unique and one query
/// finds many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(in crate::store::mongo) struct Op {
    pub(in crate::store::mongo) id: Uuid,
    pub(in crate::store::mongo) by: Uuid,
}

impl Op {
    pub(in crate::store::mongo) fn of(append: &Append) -> Self {
        Self {
            id: bin(append.op.as_bytes()),
            by: bin(append.by.as_bytes()),
        }
    }
}

impl From<Op> for Bson {
    fn from(op: Op) -> Self {
        doc! { "id": op.id, "by": op.by }.into()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::store::mongo) enum Kind {
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
    /// Written by a newer version on another node; never by this one.
    #[serde(other)]
    Unknown,
}

impl Entry {
    /// The first line of a log, without what its kind adds to it.
    pub(in crate::store::mongo) fn blank(room: Uuid, kind: Kind, append: &Append) -> Self {
        Self {
            id: ObjectId::new(),
            room,
            rev: 1,
            at: date(append.at),
            by: bin(append.by.as_bytes()),
            op: Op::of(append),
            posted: 0,
            kind,
            message: None,
            author: None,
            body: None,
            reply_to: None,
            edited_at: None,
            changed: None,
            of: None,
            emoji: None,
            user: None,
            name: None,
            room_kind: None,
            members: None,
        }
    }

    /// The message as it is now, if this is one; without its reactions.
    pub(in crate::store::mongo) fn as_message(&self) -> Option<Message> {
        let message = self.message.filter(|_| self.kind == Kind::Posted)?;
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
