//! What the domain answers when it will not.

use protocol::OpId;
use protocol::rules::TextError;
use protocol::wire::{Broken, Problem, code, rule};

use crate::store::{MAX_MEMBERS, MAX_REACTIONS, Refusal, StoreError};

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
    /// Boxed, because every result of the domain makes room for a refusal.
    pub broken: Option<Box<Broken>>,
}

impl Refused {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            field: None,
            retry_after: None,
            broken: None,
        }
    }

    pub fn no_attachments() -> Self {
        Self::new(
            code::BAD_REQUEST,
            "Files cannot be sent yet. Send the text without `attachments`.",
        )
        .in_field("attachments")
        .breaking(Broken::new(rule::NO_ATTACHMENTS))
    }

    pub fn in_field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    pub fn after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Names the rule that was broken, for whoever says it in another language.
    pub fn breaking(mut self, broken: Broken) -> Self {
        self.broken = Some(Box::new(broken));
        self
    }

    pub fn problem(&self, id: Option<OpId>) -> Problem {
        let problem = Problem {
            id,
            field: self.field.map(str::to_owned),
            retry_after: self.retry_after,
            ..Problem::new(self.code, self.detail.clone())
        };
        match self.broken.as_deref() {
            Some(broken) => problem.breaking(*broken),
            None => problem,
        }
    }
}

impl From<TextError> for Refused {
    fn from(error: TextError) -> Self {
        Self::new(error.code(), error.to_string())
            .in_field(error.field().name())
            .breaking(error.broken())
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        let (code, detail) = match error {
            StoreError::CannotWrite(_) => (
                code::CANNOT_WRITE,
                "The server cannot store anything now: its disk is full or read-only. Nothing is \
                 lost; try again in a moment, or tell whoever runs it.",
            ),
            StoreError::Unavailable(_) | StoreError::Corrupt(_) => (
                code::UNAVAILABLE,
                "The server cannot reach its store. Nothing is lost; try again in a moment.",
            ),
        };
        Self::new(code, detail).after(2)
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
            Refusal::TooManyReactions => {
                return Self::new(
                    code,
                    format!("A message can carry at most {MAX_REACTIONS} different reactions."),
                )
                .breaking(Broken::limited(
                    rule::TOO_MANY_REACTIONS,
                    MAX_REACTIONS,
                    None,
                ));
            }
            Refusal::RoomFull => {
                return Self::new(
                    code,
                    format!("A room has at most {MAX_MEMBERS} members, and this one is full."),
                )
                .breaking(Broken::limited(rule::ROOM_FULL, MAX_MEMBERS, None));
            }
        };
        let refused = Self::new(code, detail);
        match refusal {
            Refusal::DirectRoom => refused.breaking(Broken::new(rule::DIRECT_ROOM)),
            _ => refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_apart_from_a_store_that_is_away() {
        let full = Refused::from(StoreError::CannotWrite("the disk is full".to_owned()));
        assert_eq!(full.code, code::CANNOT_WRITE);
        assert!(full.detail.contains("full or read-only"));
        assert!(full.problem(None).is_passing());
        let away = Refused::from(StoreError::Unavailable("no answer".to_owned()));
        assert_eq!(away.code, code::UNAVAILABLE);
    }

    #[test]
    fn a_refusal_carries_the_numbers_of_its_rule() {
        let problem = Refused::from(Refusal::RoomFull).problem(None);
        assert_eq!(problem.rule.as_deref(), Some(rule::ROOM_FULL));
        assert_eq!(problem.limit, Some(5_000));
    }
}
