//! Rooms and who is in them.

use mongodb::bson::{Bson, DateTime, Uuid, doc};
use protocol::wire::RoomKind;
use protocol::{Rev, RoomId};
use serde::{Deserialize, Serialize};

use super::{Entry, Kind, count, id, limited, time};
use crate::store::{Head, ReadMark, RoomRecord};

/// A room as it is after its first `applied` events.
///
/// Its key is its own, made anew with every room: a room that is made under the id of a deleted one
/// shares nothing with it, and what a slow writer still adds to the old log is not in the new one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::store::mongo) struct Room {
    #[serde(rename = "_id")]
    pub(in crate::store::mongo) key: Uuid,
    /// The id that the world knows; the key, once the room is deleted.
    pub(in crate::store::mongo) room: Uuid,
    pub(in crate::store::mongo) kind: RoomKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) name: Option<String>,
    /// 0: somebody began to make it, and rev 1 may not be there yet.
    pub(in crate::store::mongo) applied: i64,
    pub(in crate::store::mongo) posted: i64,
    pub(in crate::store::mongo) members: i64,
    pub(in crate::store::mongo) created_at: DateTime,
    pub(in crate::store::mongo) active_at: DateTime,
    /// The time of the last event.
    pub(in crate::store::mongo) head_at: DateTime,
    /// The last message that was posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) last: Option<Uuid>,
    /// How it is to begin, until it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) beginning: Option<Beginning>,
    /// Deleted: until when late writes are looked for. At first [`NOT_YET`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) gone: Option<DateTime>,
}

/// The time has not been set: the one who began has no clock to set it by.
pub(in crate::store::mongo) const NOT_YET: DateTime = DateTime::from_millis(0);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::store::mongo) struct Beginning {
    pub(in crate::store::mongo) by: Uuid,
    pub(in crate::store::mongo) op: Uuid,
    pub(in crate::store::mongo) members: Vec<Uuid>,
}

impl Room {
    pub(in crate::store::mongo) fn id(&self) -> RoomId {
        id(self.room)
    }

    pub(in crate::store::mongo) fn head(&self) -> Head {
        Head {
            rev: Rev(count(self.applied)),
            posted: count(self.posted),
        }
    }

    /// What the next event of the log makes of the room.
    pub(in crate::store::mongo) fn advance(&mut self, entry: &Entry) {
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
            Kind::Edited | Kind::Deleted | Kind::Reacted | Kind::Unreacted | Kind::Unknown => {}
        }
    }

    pub(in crate::store::mongo) fn record(&self) -> RoomRecord {
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
pub(in crate::store::mongo) struct Member {
    #[serde(rename = "_id")]
    pub(in crate::store::mongo) id: MemberId,
    pub(in crate::store::mongo) here: bool,
    /// The order in which they came: see [`seat`].
    pub(in crate::store::mongo) seat: i64,
    /// Whether they asked for this direct room.
    pub(in crate::store::mongo) opened: bool,
    pub(in crate::store::mongo) read_rev: i64,
    pub(in crate::store::mongo) read_posted: i64,
    /// The rev of the event that last changed `here`.
    pub(in crate::store::mongo) changed: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store::mongo) struct MemberId {
    pub(in crate::store::mongo) room: Uuid,
    pub(in crate::store::mongo) user: Uuid,
}

impl From<MemberId> for Bson {
    fn from(member: MemberId) -> Self {
        doc! { "room": member.room, "user": member.user }.into()
    }
}

impl Member {
    pub(in crate::store::mongo) fn read(&self) -> ReadMark {
        ReadMark {
            rev: Rev(count(self.read_rev)),
            posted: count(self.read_posted),
        }
    }
}

/// Ordered by the event that brought them in, then by their place in it. A room has fewer than
/// 2¹³ members.
pub(in crate::store::mongo) fn seat(rev: i64, place: usize) -> i64 {
    rev.saturating_mul(1 << 13).saturating_add(limited(place))
}
