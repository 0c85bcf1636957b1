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
        }
    }

    /// Whether sending the same again, later, can succeed.
    pub fn is_passing(&self) -> bool {
        matches!(
            self.code.as_str(),
            code::UNAVAILABLE | code::BUSY | code::TOO_FAST
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
    pub const INTERNAL: &str = "internal";
    /// The browser would not store it, so that it was not sent. No server says this.
    pub const NOT_KEPT: &str = "not_kept";
}
