//! What is being written in a room and has not been sent: the composer's text, what it answers,
//! and a message that is being edited.

use serde::{Deserialize, Deserializer, Serialize};

use crate::MessageId;
use crate::json::Fields;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// Not simply `text`: drafts were once kept as their text alone, and one that happens to be
    /// JSON must not be taken for this.
    #[serde(rename = "draftText")]
    pub text: String,
    pub reply_to: Option<MessageId>,
    /// The message, and the text in its box.
    pub editing: Option<(MessageId, String)>,
}

impl<'de> Deserialize<'de> for Draft {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::take)
    }
}

impl Draft {
    fn take(mut fields: Fields) -> serde_json::Result<Self> {
        Ok(Self {
            text: fields.take("draftText")?,
            reply_to: fields.take("replyTo")?,
            editing: fields.take("editing")?,
        })
    }

    /// As it was kept: by this version, or by one that kept only the text.
    pub fn read(kept: String) -> Self {
        crate::json::read(&kept).unwrap_or(Self {
            text: kept,
            ..Self::default()
        })
    }

    /// Takes up what was kept; where something is being written already, it stays.
    pub fn take_up(&mut self, kept: Self) {
        if self.text.is_empty() {
            self.text = kept.text;
        }
        self.reply_to = self.reply_to.or(kept.reply_to);
        if self.editing.is_none() {
            self.editing = kept.editing;
        }
    }

    /// Takes out what was sent; `false` where something else stands there by now.
    pub fn sent(&mut self, text: &str) -> bool {
        let is_that = self.text == text;
        if is_that {
            self.text.clear();
            self.reply_to = None;
        }
        is_that
    }

    /// There is nothing to keep.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn it_survives_being_written_down() {
        let id = |n| MessageId(Uuid::from_u128(n));
        let drafts = [
            Draft::default(),
            Draft {
                text: "Half a \"thought\"".to_owned(),
                reply_to: Some(id(1)),
                editing: Some((id(2), "한 글".to_owned())),
            },
        ];
        for draft in drafts {
            let kept = serde_json::to_string(&draft).unwrap();
            assert_eq!(Draft::read(kept), draft);
        }
    }

    #[test]
    fn what_was_kept_does_not_overwrite_what_is_being_written() {
        let id = |n| MessageId(Uuid::from_u128(n));
        let draft = |text: &str, n| Draft {
            text: text.to_owned(),
            reply_to: Some(id(n)),
            editing: Some((id(n), text.to_owned())),
        };
        let mut empty = Draft::default();
        empty.take_up(draft("kept", 1));
        assert_eq!(empty, draft("kept", 1));
        let mut busy = draft("typed", 2);
        busy.take_up(draft("kept", 1));
        assert_eq!(busy, draft("typed", 2));
    }

    #[test]
    fn only_what_was_sent_is_taken_out() {
        let mut draft = Draft {
            text: "Sent ".to_owned(),
            reply_to: Some(MessageId(Uuid::nil())),
            editing: Some((MessageId(Uuid::nil()), "an edit".to_owned())),
        };
        let before = draft.clone();
        assert!(!draft.sent("Sent"));
        assert_eq!(draft, before);
        assert!(draft.sent("Sent "));
        assert_eq!((draft.text.as_str(), draft.reply_to), ("", None));
        assert_eq!(draft.editing, before.editing);
    }

    #[test]
    fn what_was_kept_as_text_alone_is_still_that_text() {
        for text in [
            "Half a thou",
            "{",
            "42",
            "null",
            "{\"text\": \"for a bot\"}",
            "\"quoted\"",
        ] {
            let draft = Draft::read(text.to_owned());
            assert_eq!(draft.text, text);
            assert_eq!((draft.reply_to, draft.editing), (None, None));
        }
    }
}
