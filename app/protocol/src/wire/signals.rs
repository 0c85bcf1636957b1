//! What is true for a moment: typing, reading, who is here, and changes of the room list.
//! None of it is in the log; all of it may be lost and is said again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::wire::{Room, User};
use crate::{Rev, RoomId, UserId};

/// That someone writes is believed this long after it was last said.
pub const TYPING_BELIEVED: Duration = Duration::from_secs(6);

/// On `/sub/chat/room/{room}/signals`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Signal {
    /// Someone writes, or stopped. Without news it ends by itself after [`TYPING_BELIEVED`].
    Typing { user: UserId, on: bool },
    /// Someone has read up to `rev`.
    Read { user: UserId, rev: Rev },
    /// Sent first: those of the members who are online, how far members have read, and who writes.
    Here {
        online: Vec<UserId>,
        read: Vec<(UserId, Rev)>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        typing: Vec<UserId>,
    },
    /// One member came or went; `None` when it is not known.
    Presence { user: UserId, online: Option<bool> },
}

/// On `/sub/chat/side/{me}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
