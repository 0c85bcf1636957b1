//! What the first page carries, so that the browser starts from exactly what the server drew.

use serde::{Deserialize, Deserializer, Serialize};

use crate::json::Fields;
use crate::wire::{Event, Member, Message, Problem, Room, User};
use crate::{OpId, Rev, RoomId, Timestamp, UserId};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    #[default]
    #[serde(rename = "en")]
    English,
    #[serde(rename = "ko")]
    Korean,
}

impl Language {
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Korean => "ko",
        }
    }

    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag.get(..2) {
            Some("en") => Some(Self::English),
            Some("ko") => Some(Self::Korean),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub fn tag(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag {
            "system" => Some(Self::System),
            "light" => Some(Self::Light),
            "dark" => Some(Self::Dark),
            _ => None,
        }
    }
}

/// Everything that a page needs before its first await.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Boot {
    /// `None` for a stranger.
    pub me: Option<User>,
    pub language: Language,
    pub theme: Theme,
    /// Minutes east of UTC, from the browser's cookie; 0 until it is known.
    pub utc_offset: i32,
    /// The server's clock when the page was made: what "today" means.
    pub now: Timestamp,
    pub rooms: Vec<Room>,
    /// The open room.
    pub room: Option<RoomWindow>,
    /// Everyone whom the above names.
    pub users: Vec<User>,
    /// People of my direct rooms and of the open room who are online.
    pub online: Vec<UserId>,
    /// What is wrong with the address or with the form that was sent.
    pub problem: Option<Problem>,
    /// The name that was typed into the form that was sent, to be kept in it.
    pub typed_name: Option<String>,
    /// The message in the form that was refused, to be shown as what it is: not sent.
    pub typed_body: Option<String>,
    /// What it was named: sent again under that name, it is said once.
    pub typed_id: Option<OpId>,
    /// Names what the page's form will say, so that a form that is sent twice says it once.
    pub form_id: Option<OpId>,
}

impl<'de> Deserialize<'de> for Boot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl Boot {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        Ok(Self {
            me: fields.take("me")?,
            language: fields.take("language")?,
            theme: fields.take("theme")?,
            utc_offset: fields.take("utcOffset")?,
            now: fields.take("now")?,
            rooms: fields.take("rooms")?,
            room: fields.take("room")?,
            users: fields.take("users")?,
            online: fields.take("online")?,
            problem: fields.take("problem")?,
            typed_name: fields.take("typedName")?,
            typed_body: fields.take("typedBody")?,
            typed_id: fields.take("typedId")?,
            form_id: fields.take("formId")?,
        })
    }
}

/// Messages of the open room, the last ones unless older ones were asked for, and who is in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoomWindow {
    pub room: RoomId,
    /// Oldest first, contiguous; up to `head`, unless there are newer ones.
    pub messages: Vec<Message>,
    /// What happened between them.
    pub notes: Vec<Event>,
    /// The state that `messages` shows: subscribe with `after: head`.
    pub head: Rev,
    /// Whether there is older history.
    pub more: bool,
    /// Whether there are newer messages than these.
    #[serde(default)]
    pub newer: bool,
    pub members: Vec<Member>,
}

impl<'de> Deserialize<'de> for RoomWindow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl RoomWindow {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        Ok(Self {
            room: fields.take("room")?,
            messages: fields.take("messages")?,
            notes: fields.take_or_default("notes")?,
            head: fields.take("head")?,
            more: fields.take("more")?,
            newer: fields.take_or_default("newer")?,
            members: fields.take("members")?,
        })
    }
}
