//! Rooms, members and lists.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use crate::json::Fields;
use crate::wire::{Event, Message, User};
use crate::{Rev, RoomId, Timestamp, UserId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum RoomKind {
    /// Two people (or one with themselves); its id follows from theirs.
    Direct,
    /// Closed: only a member adds a member.
    Group,
    /// Like a group, for a topic; the place of guilds' rooms.
    Channel,
}

/// A room as one member sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Room {
    pub id: RoomId,
    pub kind: RoomKind,
    /// What to show: a group's own name, or the other person's in a direct room.
    pub name: String,
    /// The other person of a direct room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<UserId>,
    pub head: Rev,
    /// My read position.
    pub read: Rev,
    /// Messages posted by then; `unread = posted - read_posted`.
    pub posted: u64,
    pub read_posted: u64,
    pub unread: u64,
    pub members: u64,
    /// Whether I made it: then I may remove others, and delete it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mine: bool,
    /// When the last message was posted (or the room was made, while it has none).
    pub active_at: Timestamp,
    pub last_message: Option<Message>,
}

impl<'de> Deserialize<'de> for Room {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl Room {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        Ok(Self {
            id: fields.take("id")?,
            kind: fields.take("kind")?,
            name: fields.take("name")?,
            peer: fields.take("peer")?,
            head: fields.take("head")?,
            read: fields.take("read")?,
            posted: fields.take("posted")?,
            read_posted: fields.take("readPosted")?,
            unread: fields.take("unread")?,
            members: fields.take("members")?,
            mine: fields.take_or_default("mine")?,
            active_at: fields.take("activeAt")?,
            last_message: fields.take("lastMessage")?,
        })
    }
}

/// `POST /api/rooms`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewRoom {
    /// Made by the client, so that a repeated request makes one room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RoomId>,
    pub kind: RoomKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default)]
    pub members: Vec<UserId>,
}

/// `PATCH /api/rooms/{room}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeRoom {
    pub name: String,
}

/// `POST /api/rooms/{room}/members`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AddMember {
    pub user_id: UserId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Member {
    #[serde(flatten)]
    pub user: User,
    /// Up to where this member has read.
    pub read: Rev,
    pub online: Option<bool>,
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl Member {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        Ok(Self {
            read: fields.take("read")?,
            online: fields.take("online")?,
            user: fields.rest()?,
        })
    }
}

/// A list. `next` is what to send as the cursor of the following page; absent at the end.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    pub items: Vec<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The people whom the items name, so that a client can show them at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<User>,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Page<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl<T: DeserializeOwned> Page<T> {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        Ok(Self {
            items: fields.take("items")?,
            next: fields.take("next")?,
            users: fields.take_or_default("users")?,
        })
    }
}

/// A page of a room's history: messages, and what happened between them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct History {
    pub items: Vec<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The people whom the items and the notes name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<User>,
    /// Who came and went, and what the room was called, from the first message on (from the room's
    /// beginning, where there is no older one) to the next message after the last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Event>,
}

impl<'de> Deserialize<'de> for History {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl History {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        Ok(Self {
            items: fields.take("items")?,
            next: fields.take("next")?,
            users: fields.take_or_default("users")?,
            notes: fields.take_or_default("notes")?,
        })
    }
}

impl<T> Page<T> {
    pub fn whole(items: Vec<T>) -> Self {
        Self {
            items,
            next: None,
            users: Vec::new(),
        }
    }
}
