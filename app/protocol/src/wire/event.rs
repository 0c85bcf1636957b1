//! The room's log: what happened, in order.

use serde::{Deserialize, Deserializer, Serialize};

use crate::json::Fields;
use crate::wire::RoomKind;
use crate::{MessageId, OpId, Rev, RoomId, Timestamp, UserId};

/// One entry of a room's log.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Event {
    pub room: RoomId,
    pub rev: Rev,
    pub at: Timestamp,
    pub by: UserId,
    pub op: OpId,
    /// How many messages the room had been posted up to and with this event. It never falls,
    /// not even when a message is deleted, so that unread is one subtraction.
    pub posted: u64,
    #[serde(flatten)]
    pub kind: EventKind,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl Event {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        Ok(Self {
            room: fields.take("room")?,
            rev: fields.take("rev")?,
            at: fields.take("at")?,
            by: fields.take("by")?,
            op: fields.take("op")?,
            posted: fields.take("posted")?,
            kind: EventKind::read(fields)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum EventKind {
    /// Always rev 1: the room begins.
    Created {
        kind: RoomKind,
        name: Option<String>,
        members: Vec<UserId>,
    },
    Posted {
        message: Message,
    },
    Edited {
        message: Edit,
    },
    Deleted {
        message: MessageRef,
    },
    Reacted {
        message: MessageRef,
        emoji: String,
        on: bool,
    },
    Joined {
        user: UserId,
    },
    Left {
        user: UserId,
    },
    Removed {
        user: UserId,
    },
    Renamed {
        name: String,
    },
    /// Of a kind that only newer versions know. It has its place in the log like any other, and
    /// says nothing: what else stood in it is not passed on by whoever does not understand it.
    Unknown,
}

impl<'de> Deserialize<'de> for EventKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl EventKind {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        let tag: String = fields.take("type")?;
        Ok(match tag.as_str() {
            "created" => Self::Created {
                kind: fields.take("kind")?,
                name: fields.take("name")?,
                members: fields.take("members")?,
            },
            "posted" => Self::Posted {
                message: fields.take("message")?,
            },
            "edited" => Self::Edited {
                message: fields.take("message")?,
            },
            "deleted" => Self::Deleted {
                message: fields.take("message")?,
            },
            "reacted" => Self::Reacted {
                message: fields.take("message")?,
                emoji: fields.take("emoji")?,
                on: fields.take("on")?,
            },
            "joined" => Self::Joined {
                user: fields.take("user")?,
            },
            "left" => Self::Left {
                user: fields.take("user")?,
            },
            "removed" => Self::Removed {
                user: fields.take("user")?,
            },
            "renamed" => Self::Renamed {
                name: fields.take("name")?,
            },
            _ => Self::Unknown,
        })
    }
}

/// A message as it stands now. In a `posted` event read from the log it is also the current
/// state: what an edit replaced or a deletion removed is no longer readable anywhere.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub id: MessageId,
    /// Where in the log it was posted; messages are ordered and paged by it.
    pub rev: Rev,
    pub author: UserId,
    pub at: Timestamp,
    /// Empty when `deleted`.
    pub body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    #[serde(default)]
    pub deleted: bool,
    #[serde(default)]
    pub reactions: Vec<Reaction>,
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl Message {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        Ok(Self {
            id: fields.take("id")?,
            rev: fields.take("rev")?,
            author: fields.take("author")?,
            at: fields.take("at")?,
            body: fields.take("body")?,
            reply_to: fields.take("replyTo")?,
            edited_at: fields.take("editedAt")?,
            deleted: fields.take_or_default("deleted")?,
            reactions: fields.take_or_default("reactions")?,
        })
    }
}

/// One emoji under a message, with who put it there, first comer first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reaction {
    pub emoji: String,
    pub users: Vec<UserId>,
}

impl<'de> Deserialize<'de> for Reaction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl Reaction {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        Ok(Self {
            emoji: fields.take("emoji")?,
            users: fields.take("users")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageRef {
    pub id: MessageId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    pub id: MessageId,
    pub body: String,
    pub edited_at: Timestamp,
}

impl<'de> Deserialize<'de> for Edit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl Edit {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        Ok(Self {
            id: fields.take("id")?,
            body: fields.take("body")?,
            edited_at: fields.take("editedAt")?,
        })
    }
}

/// What a room's subscription brings: an event, or the word that too much was missed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Delivery {
    Event(Box<Event>),
    /// `{"type":"reset"}`: reload the window; the log is too far ahead to be replayed here.
    Reset {
        #[serde(rename = "type")]
        tag: super::ResetTag,
    },
}

impl<'de> Deserialize<'de> for Delivery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl Delivery {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        if fields.says("type", "reset") {
            let tag = fields.take("type")?;
            return Ok(Self::Reset { tag });
        }
        Event::read(fields).map(|event| Self::Event(Box::new(event)))
    }
}

impl Event {
    /// Whether it is a note beside the messages: someone came or went, or the room has another name.
    pub fn is_note(&self) -> bool {
        matches!(
            self.kind,
            EventKind::Joined { .. }
                | EventKind::Left { .. }
                | EventKind::Removed { .. }
                | EventKind::Renamed { .. }
        )
    }

    /// The message that the event is about, if it is about one.
    pub fn message(&self) -> Option<MessageId> {
        match &self.kind {
            EventKind::Posted { message } => Some(message.id),
            EventKind::Edited { message } => Some(message.id),
            EventKind::Deleted { message } | EventKind::Reacted { message, .. } => Some(message.id),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_an_unknown_kind_keeps_its_place_and_says_nothing() {
        let json = r#"{"room":"00000000-0000-0000-0000-000000000001","rev":7,
            "at":"2026-11-26T00:00:00.000Z","by":"00000000-0000-0000-0000-000000000002",
            "op":"00000000-0000-0000-0000-000000000003","posted":4,
            "type":"pinned","message":{"id":8},"until":[1,2]}"#;
        let event = crate::json::read::<Event>(json).unwrap();
        assert_eq!((event.rev, event.posted), (Rev(7), 4));
        assert_eq!(event.kind, EventKind::Unknown);
        assert_eq!((event.is_note(), event.message()), (false, None));

        let told = serde_json::to_value(&event).unwrap();
        assert_eq!(told["type"], "unknown");
        assert!(told.get("until").is_none(), "{told}");
        let delivery = crate::json::read::<Delivery>(told.to_string()).unwrap();
        assert_eq!(delivery, Delivery::Event(Box::new(event)));
    }

    #[test]
    fn what_lacks_a_place_in_the_log_is_no_event_whatever_its_kind() {
        assert!(crate::json::read::<Event>(r#"{"type":"pinned","posted":4}"#).is_err());
    }
}
