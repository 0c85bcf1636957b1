//! What is true for a moment: typing, reading, who is here, and changes of the room list.
//! None of it is in the log; all of it may be lost and is said again.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::json::{Fields, unknown};
use crate::wire::{Room, User};
use crate::{Rev, RoomId, UserId};

/// That someone writes is believed this long after it was last said.
pub const TYPING_BELIEVED: Duration = Duration::from_secs(6);

/// In a room of more members than this nobody is told how far the others have read.
pub const COUNTED_READERS: usize = 100;

/// It is told of so many members of a room whether they are here, and of no more.
pub const COUNTED_HERE: usize = 500;

/// On `/sub/chat/room/{room}/signals`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Signal {
    /// Someone writes, or stopped. Without news it ends by itself after [`TYPING_BELIEVED`].
    Typing { user: UserId, on: bool },
    /// Someone has read up to `rev`.
    Read { user: UserId, rev: Rev },
    /// The same of several people, since a room is told of it at most once a second.
    ReadBy { read: Vec<(UserId, Rev)> },
    /// Sent first: those of the members who are online, how far members have read, and who writes.
    Here {
        online: Vec<UserId>,
        read: Vec<(UserId, Rev)>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        typing: Vec<UserId>,
    },
    /// One member came or went; `None` when it is not known.
    Presence { user: UserId, online: Option<bool> },
    /// A member goes by another name now.
    Named { user: User },
}

impl<'de> Deserialize<'de> for Signal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl Signal {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        let tag: String = fields.take("type")?;
        Ok(match tag.as_str() {
            "typing" => Self::Typing {
                user: fields.take("user")?,
                on: fields.take("on")?,
            },
            "read" => Self::Read {
                user: fields.take("user")?,
                rev: fields.take("rev")?,
            },
            "readBy" => Self::ReadBy {
                read: fields.take("read")?,
            },
            "here" => Self::Here {
                online: fields.take("online")?,
                read: fields.take("read")?,
                typing: fields.take_or_default("typing")?,
            },
            "presence" => Self::Presence {
                user: fields.take("user")?,
                online: fields.take("online")?,
            },
            "named" => Self::Named {
                user: fields.take("user")?,
            },
            other => return unknown("type", other),
        })
    }
}

/// On `/sub/chat/side/{me}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum SideChange {
    /// A room of mine as it is now: new, or with a new last message, count, name or position.
    Room {
        room: Box<Room>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        users: Vec<User>,
    },
    /// A room that is no longer mine.
    Gone { room: RoomId },
    /// Someone I share a direct room with came or went; `None` when it is not known.
    Presence { user: UserId, online: Option<bool> },
    /// Sent first: which of them are online now.
    Here { online: Vec<UserId> },
}

impl<'de> Deserialize<'de> for SideChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl SideChange {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        let tag: String = fields.take("type")?;
        Ok(match tag.as_str() {
            "room" => Self::Room {
                room: Box::new(fields.take("room")?),
                users: fields.take_or_default("users")?,
            },
            "gone" => Self::Gone {
                room: fields.take("room")?,
            },
            "presence" => Self::Presence {
                user: fields.take("user")?,
                online: fields.take("online")?,
            },
            "here" => Self::Here {
                online: fields.take("online")?,
            },
            other => return unknown("type", other),
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn signals_are_read_back_as_they_were_written() {
        let (mina, jun) = (UserId(Uuid::from_u128(7)), UserId(Uuid::from_u128(8)));
        let signals = [
            Signal::Typing {
                user: mina,
                on: true,
            },
            Signal::Read {
                user: mina,
                rev: Rev(3),
            },
            Signal::ReadBy {
                read: vec![(mina, Rev(3)), (jun, Rev(5))],
            },
            Signal::Here {
                online: vec![jun],
                read: vec![(mina, Rev(3))],
                typing: Vec::new(),
            },
            Signal::Presence {
                user: jun,
                online: None,
            },
            Signal::Named {
                user: User {
                    id: mina,
                    username: "mina".into(),
                    display_name: "미나".into(),
                    deleted: false,
                },
            },
        ];
        for signal in signals {
            let json = serde_json::to_string(&signal).unwrap();
            assert_eq!(serde_json::from_str::<Signal>(&json).unwrap(), signal);
        }
    }
}
