//! What the domain answers when it will not.

use protocol::OpId;
use protocol::rules::TextError;
use protocol::wire::{Problem, code};

use crate::store::{Refusal, StoreError};

/// Narrow inside, one shape at the edge: it becomes problem+json over HTTP and an entry of
/// `/user/queue/errors` over STOMP.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refused {
    /// One of [`protocol::wire::code`].
    pub code: &'static str,
    pub detail: String,
    pub field: Option<&'static str>,
    pub retry_after: Option<u64>,
}

impl Refused {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            field: None,
            retry_after: None,
        }
    }

    pub fn in_field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    pub fn after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub fn problem(&self, id: Option<OpId>) -> Problem {
        Problem {
            id,
            field: self.field.map(str::to_owned),
            retry_after: self.retry_after,
            ..Problem::new(self.code, self.detail.clone())
        }
    }
}

impl From<TextError> for Refused {
    fn from(error: TextError) -> Self {
        Self::new(error.code(), error.to_string()).in_field(error.field().name())
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Self::new(
            code::UNAVAILABLE,
            "The server cannot reach its store. Nothing is lost; try again in a moment.",
        )
        .after(2)
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            // Whether a room exists is not a stranger's to know.
            Refusal::NoSuchRoom | Refusal::NotMember => code::ROOM_NOT_FOUND,
            Refusal::NoSuchMessage => code::MESSAGE_NOT_FOUND,
            Refusal::NotAuthor => code::NOT_AUTHOR,
            Refusal::MessageDeleted => code::MESSAGE_DELETED,
            Refusal::IdTaken => code::ID_TAKEN,
            Refusal::NameTaken => code::NAME_TAKEN,
            Refusal::DirectRoom => code::FORBIDDEN,
            Refusal::NoSuchUser => code::USER_NOT_FOUND,
            Refusal::TooManyReactions | Refusal::RoomFull => code::TOO_LARGE,
        };
        let detail = match refusal {
            Refusal::NoSuchRoom | Refusal::NotMember => {
                "There is no such room, or you are not in it."
            }
            Refusal::NoSuchMessage => "There is no such message in this room.",
            Refusal::NotAuthor => "Only the author can change or delete a message.",
            Refusal::MessageDeleted => "The message was deleted.",
            Refusal::IdTaken => "This id already names something else. Use a new one.",
            Refusal::NameTaken => "This name is taken. Choose another.",
            Refusal::DirectRoom => "That is not possible in a direct conversation.",
            Refusal::NoSuchUser => "There is no such person.",
            Refusal::TooManyReactions => "A message can carry at most 50 different reactions.",
            Refusal::RoomFull => "The room is full.",
        };
        Self::new(code, detail)
    }
}
