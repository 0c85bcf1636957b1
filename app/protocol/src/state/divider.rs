//! Where "new messages" stands: frozen on entry (chat-ux §3.3 rule 8).
//!
//! It stays where it is while the room is open, so that reading does not chase it away. It never
//! appears for a message that was watched as it came.

use crate::wire::Message;
use crate::{MessageId, Rev, UserId};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Divider {
    before: Option<MessageId>,
    passed: bool,
    /// Who entered, having read up to where; until the divider is about something newer.
    entry: Option<(UserId, Rev)>,
}

impl Divider {
    /// On entering the room with this read position.
    pub fn enter(me: UserId, read: Rev, messages: &[Message]) -> Self {
        let before = first_new(me, read, messages);
        Self {
            before,
            passed: false,
            entry: before.map(|_| (me, read)),
        }
    }

    /// The message that it stands before.
    pub fn before(&self) -> Option<MessageId> {
        self.before
    }

    /// Older messages were joined in front of the window: what I had not read may begin there.
    pub fn older(&mut self, page: &[Message]) {
        if let Some((me, read)) = self.entry {
            self.before = first_new(me, read, page).or(self.before);
        }
    }

    /// A message of someone else came. `watching`: the window is visible, focused and at its end.
    pub fn arrived(&mut self, message: &Message, me: UserId, watching: bool) {
        if watching || message.author == me {
            return;
        }
        if self.before.is_none() || self.passed {
            self.before = Some(message.id);
            self.passed = false;
            self.entry = None;
        }
    }

    /// I sent something: what was new is read.
    pub fn sent(&mut self) {
        *self = Self::default();
    }

    /// The person has scrolled past it.
    pub fn passed(&mut self) {
        self.passed = self.before.is_some();
    }
}

fn first_new(me: UserId, read: Rev, messages: &[Message]) -> Option<MessageId> {
    messages
        .iter()
        .find(|message| message.rev > read && message.author != me && !message.deleted)
        .map(|message| message.id)
}

#[cfg(test)]
mod tests;
