//! One shape for everything that is refused: `application/problem+json` over HTTP, the same
//! fields on `/user/queue/errors`.

use serde::{Deserialize, Deserializer, Serialize};

use crate::OpId;
use crate::json::Fields;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{detail}")]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Stable; programs decide by it. See [`code`].
    pub code: String,
    /// For people: what happened, and what to do.
    pub detail: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The operation that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<OpId>,
    /// The field of the request that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Seconds after which it may be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Which rule was broken, where the code stands for several. See [`rule`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The number in that rule: the most that it allows, or the least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// What was given instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<u32>,
}

/// A rule that was broken, with its numbers: what is said about it in any language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// One of [`rule`].
    pub rule: &'static str,
    pub limit: Option<u32>,
    pub given: Option<u32>,
}

impl Broken {
    pub fn new(rule: &'static str) -> Self {
        Self {
            rule,
            limit: None,
            given: None,
        }
    }

    pub fn limited(rule: &'static str, limit: usize, given: Option<usize>) -> Self {
        let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            rule,
            limit: Some(number(limit)),
            given: given.map(number),
        }
    }
}

impl<'de> Deserialize<'de> for Problem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl Problem {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        Ok(Self {
            code: fields.take("code")?,
            detail: fields.take("detail")?,
            status: fields.take("status")?,
            title: fields.take("title")?,
            id: fields.take("id")?,
            field: fields.take("field")?,
            retry_after: fields.take("retryAfter")?,
            rule: fields.take("rule")?,
            limit: fields.take("limit")?,
            given: fields.take("given")?,
        })
    }
}

impl Problem {
    pub fn new(code: &str, detail: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            detail: detail.into(),
            status: None,
            title: None,
            id: None,
            field: None,
            retry_after: None,
            rule: None,
            limit: None,
            given: None,
        }
    }

    pub fn breaking(self, broken: Broken) -> Self {
        Self {
            rule: Some(broken.rule.to_owned()),
            limit: broken.limit,
            given: broken.given,
            ..self
        }
    }

    /// Whether sending the same again, later, can succeed.
    pub fn is_passing(&self) -> bool {
        matches!(
            self.code.as_str(),
            code::UNAVAILABLE | code::CANNOT_WRITE | code::BUSY | code::TOO_FAST
        )
    }
}

/// The stable codes.
pub mod code {
    /// Not JSON, not the right fields, or not the right types.
    pub const BAD_REQUEST: &str = "bad_request";
    /// Nobody is signed in, or the token ended.
    pub const UNAUTHENTICATED: &str = "unauthenticated";
    /// Wrong name or wrong password; which one is not said.
    pub const WRONG_LOGIN: &str = "wrong_login";
    /// Signed in, and still not allowed.
    pub const FORBIDDEN: &str = "forbidden";
    /// The request came from another site.
    pub const WRONG_ORIGIN: &str = "wrong_origin";
    /// There is none, or it is not for you to know.
    pub const NOT_FOUND: &str = "not_found";
    pub const ROOM_NOT_FOUND: &str = "room_not_found";
    pub const MESSAGE_NOT_FOUND: &str = "message_not_found";
    pub const USER_NOT_FOUND: &str = "user_not_found";
    pub const MESSAGE_DELETED: &str = "message_deleted";
    pub const NOT_AUTHOR: &str = "not_author";
    pub const EMPTY: &str = "empty";
    pub const TOO_LONG: &str = "too_long";
    pub const TOO_LARGE: &str = "too_large";
    pub const BAD_TEXT: &str = "bad_text";
    pub const BAD_NAME: &str = "bad_name";
    pub const BAD_PASSWORD: &str = "bad_password";
    pub const BAD_EMOJI: &str = "bad_emoji";
    pub const NAME_TAKEN: &str = "name_taken";
    /// The id already names something else.
    pub const ID_TAKEN: &str = "id_taken";
    pub const METHOD_NOT_ALLOWED: &str = "method_not_allowed";
    pub const TOO_FAST: &str = "too_fast";
    /// The server has too much in hand; nothing was stored.
    pub const BUSY: &str = "busy";
    /// The store does not answer; nothing is known to be stored. The same id may be sent again.
    pub const UNAVAILABLE: &str = "unavailable";
    /// The store is there and takes nothing: a full disk, a read-only directory. The same id may
    /// be sent again.
    pub const CANNOT_WRITE: &str = "cannot_write";
    pub const INTERNAL: &str = "internal";
    /// The browser would not store it, so that it was not sent. No server says this.
    pub const NOT_KEPT: &str = "not_kept";
}

/// The rules that one code stands for.
pub mod rule {
    pub const EMPTY: &str = "empty";
    pub const TOO_SHORT: &str = "too_short";
    pub const TOO_LONG: &str = "too_long";
    pub const TOO_MANY_BYTES: &str = "too_many_bytes";
    pub const BAD_CHARACTER: &str = "bad_character";
    pub const NO_LETTER: &str = "no_letter";
    pub const MIXED_DIRECTIONS: &str = "mixed_directions";
    pub const MIXED_SCRIPTS: &str = "mixed_scripts";
    pub const TOO_MANY_MARKS: &str = "too_many_marks";
    pub const ONE_EMOJI: &str = "one_emoji";
    pub const ROOM_FULL: &str = "room_full";
    pub const TOO_MANY_ROOMS: &str = "too_many_rooms";
    pub const TOO_MANY_REACTIONS: &str = "too_many_reactions";
    pub const DIRECT_ROOM: &str = "direct_room";
    pub const ONLY_ITS_MAKER: &str = "only_its_maker";
    pub const REGISTRATION_CLOSED: &str = "registration_closed";
    pub const NO_ATTACHMENTS: &str = "no_attachments";
}
