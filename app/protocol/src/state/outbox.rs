//! What I have said and the server has not yet confirmed.
//!
//! Each room is a queue of its own: the next is sent when the one before it is confirmed or
//! refused for good, which keeps my words in the order in which I said them.

use serde::{Deserialize, Deserializer, Serialize};

use crate::json::{Fields, unknown};
use crate::wire::Problem;
use crate::{MessageId, OpId, RoomId, Timestamp};

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    pub op: OpId,
    pub room: RoomId,
    pub at: Timestamp,
    pub change: PendingChange,
    pub state: PendingState,
}

impl<'de> Deserialize<'de> for Pending {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl Pending {
    /// Why it was refused for good.
    pub fn problem(&self) -> Option<&Problem> {
        match &self.state {
            PendingState::Failed { problem } => Some(problem),
            PendingState::Queued | PendingState::Sending => None,
        }
    }

    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        Ok(Self {
            op: fields.take("op")?,
            room: fields.take("room")?,
            at: fields.take("at")?,
            change: fields.take("change")?,
            state: fields.take("state")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum PendingChange {
    #[serde(rename_all = "camelCase")]
    Post {
        body: String,
        reply_to: Option<MessageId>,
    },
    Edit {
        message: MessageId,
        body: String,
    },
    Delete {
        message: MessageId,
    },
    React {
        message: MessageId,
        emoji: String,
        on: bool,
    },
}

impl<'de> Deserialize<'de> for PendingChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl PendingChange {
    /// What the person wrote.
    pub fn body(&self) -> Option<&str> {
        match self {
            Self::Post { body, .. } | Self::Edit { body, .. } => Some(body),
            Self::Delete { .. } | Self::React { .. } => None,
        }
    }

    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        let tag: String = fields.take("type")?;
        Ok(match tag.as_str() {
            "post" => Self::Post {
                body: fields.take("body")?,
                reply_to: fields.take("replyTo")?,
            },
            "edit" => Self::Edit {
                message: fields.take("message")?,
                body: fields.take("body")?,
            },
            "delete" => Self::Delete {
                message: fields.take("message")?,
            },
            "react" => Self::React {
                message: fields.take("message")?,
                emoji: fields.take("emoji")?,
                on: fields.take("on")?,
            },
            other => return unknown("type", other),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum PendingState {
    Queued,
    /// On its way on this connection; queued again when the connection ends.
    Sending,
    /// Refused for good; waits for a person.
    Failed {
        problem: Problem,
    },
}

impl<'de> Deserialize<'de> for PendingState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl PendingState {
    /// As the JSON calls it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Failed { .. } => "failed",
        }
    }

    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        let tag: String = fields.take("state")?;
        Ok(match tag.as_str() {
            "queued" => Self::Queued,
            "sending" => Self::Sending,
            "failed" => Self::Failed {
                problem: fields.take("problem")?,
            },
            other => return unknown("state", other),
        })
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outbox {
    pending: Vec<Pending>,
}

impl Outbox {
    /// As it was left: what was on its way is queued again.
    pub fn restore(pending: Vec<Pending>) -> Self {
        let mut outbox = Self::default();
        for pending in pending {
            outbox.add(pending);
        }
        outbox.disconnected();
        outbox
    }

    /// Adds it at the end. One that is here already is not added again: an id is one operation.
    pub fn add(&mut self, pending: Pending) {
        if self.get(pending.op).is_none() {
            self.pending.push(pending);
        }
    }

    /// What may be sent now: of each room the first, unless one is on its way; marks it Sending.
    #[expect(
        clippy::should_implement_trait,
        reason = "an outbox is not an iterator: what comes next depends on the answers"
    )]
    pub fn next(&mut self) -> Vec<Pending> {
        let mut taken: Vec<RoomId> = self
            .pending
            .iter()
            .filter(|pending| pending.state == PendingState::Sending)
            .map(|pending| pending.room)
            .collect();
        let mut due = Vec::new();
        for pending in &mut self.pending {
            if pending.state == PendingState::Queued && !taken.contains(&pending.room) {
                pending.state = PendingState::Sending;
                taken.push(pending.room);
                due.push(pending.clone());
            }
        }
        due
    }

    /// The server has it, by receipt or by event; whatever was thought of it before.
    pub fn confirmed(&mut self, op: OpId) -> Option<Pending> {
        self.remove(op)
    }

    /// `problem.is_passing()`: back to Queued; else Failed. A failed one does not hold up those
    /// behind it.
    pub fn refused(&mut self, op: OpId, problem: Problem) {
        if let Some(pending) = self.get_mut(op) {
            pending.state = if problem.is_passing() {
                PendingState::Queued
            } else {
                PendingState::Failed { problem }
            };
        }
    }

    /// Nothing is known of what was on its way; sending it again under the same id is safe.
    pub fn disconnected(&mut self) {
        for pending in &mut self.pending {
            if pending.state == PendingState::Sending {
                pending.state = PendingState::Queued;
            }
        }
    }

    /// The longest of what is on its way: if something was too much for the server, this was.
    pub fn longest_on_its_way(&self) -> Option<OpId> {
        self.pending
            .iter()
            .filter(|pending| pending.state == PendingState::Sending)
            .max_by_key(|pending| pending.change.body().map_or(0, str::len))
            .map(|pending| pending.op)
    }

    /// A person wants a failed one sent again, from its old place in the queue.
    pub fn retry(&mut self, op: OpId) {
        if let Some(pending) = self.get_mut(op)
            && matches!(pending.state, PendingState::Failed { .. })
        {
            pending.state = PendingState::Queued;
        }
    }

    pub fn discard(&mut self, op: OpId) -> Option<Pending> {
        self.remove(op)
    }

    pub fn get(&self, op: OpId) -> Option<&Pending> {
        self.pending.iter().find(|pending| pending.op == op)
    }

    pub fn of_room(&self, room: RoomId) -> impl Iterator<Item = &Pending> {
        self.pending
            .iter()
            .filter(move |pending| pending.room == room)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Pending> {
        self.pending.iter()
    }

    /// Not failed, not confirmed.
    pub fn waiting(&self) -> usize {
        self.pending
            .iter()
            .filter(|pending| !matches!(pending.state, PendingState::Failed { .. }))
            .count()
    }

    fn get_mut(&mut self, op: OpId) -> Option<&mut Pending> {
        self.pending.iter_mut().find(|pending| pending.op == op)
    }

    fn remove(&mut self, op: OpId) -> Option<Pending> {
        let at = self.pending.iter().position(|pending| pending.op == op)?;
        Some(self.pending.remove(at))
    }
}

#[cfg(test)]
mod tests;
