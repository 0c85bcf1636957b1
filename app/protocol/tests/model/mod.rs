//! A room's log as the server keeps it, in the plainest way: what the reducers are measured by.

use proptest::sample::Index;
use protocol::wire::{Edit, Event, EventKind, Message, MessageRef, Reaction};
use protocol::{MessageId, OpId, Rev, RoomId, Timestamp, UserId};
use uuid::Uuid;

pub const ROOM: RoomId = RoomId(Uuid::from_u128(7));

#[derive(Clone, Debug)]
pub enum Write {
    Post(u8),
    Edit(Index, u8),
    Delete(Index),
    React(Index, u8, bool),
    Join,
    /// Of a kind that only newer versions know.
    Unknown,
}

pub fn user(n: u8) -> UserId {
    UserId(Uuid::from_u128(n.into()))
}

fn op(n: u64) -> OpId {
    OpId(Uuid::from_u128(n.into()))
}

fn id(n: u64) -> MessageId {
    MessageId(op(n).0)
}

/// Events as they were sent when they happened: event n at n - 1.
#[derive(Default)]
pub struct Log(Vec<Event>);

impl Log {
    pub fn head(&self) -> Rev {
        Rev(self.0.len() as u64)
    }

    pub fn ago(&self, events: u64) -> Rev {
        Rev(self.head().0.saturating_sub(events))
    }

    pub fn live(&self) -> &[Event] {
        &self.0
    }

    pub fn write(&mut self, write: Write) {
        let rev = self.head().next();
        let at = Timestamp(rev.0 as i64);
        let alive: Vec<MessageId> = self
            .messages_at(self.head())
            .iter()
            .filter(|message| !message.deleted)
            .map(|message| message.id)
            .collect();
        let chosen = |which: Index| *which.get(&alive);
        let (by, kind) = match write {
            Write::Edit(which, text) if !alive.is_empty() => {
                let message = Edit {
                    id: chosen(which),
                    body: format!("edit {text}"),
                    edited_at: at,
                };
                (user(1), EventKind::Edited { message })
            }
            Write::Delete(which) if !alive.is_empty() => {
                let message = MessageRef { id: chosen(which) };
                (user(1), EventKind::Deleted { message })
            }
            Write::React(which, by, on) if !alive.is_empty() => {
                let message = MessageRef { id: chosen(which) };
                let emoji = "👍".to_owned();
                (user(by), EventKind::Reacted { message, emoji, on })
            }
            Write::Join => (user(1), EventKind::Joined { user: user(9) }),
            Write::Unknown => (user(1), EventKind::Unknown),
            Write::Post(by) => (user(by), self.posted(rev, user(by))),
            // There is nothing to change yet.
            Write::Edit(..) | Write::Delete(_) | Write::React(..) => {
                (user(1), self.posted(rev, user(1)))
            }
        };
        let before = self.0.last().map_or(0, |last| last.posted);
        self.0.push(Event {
            room: ROOM,
            rev,
            at,
            by,
            op: op(rev.0),
            posted: before + u64::from(matches!(kind, EventKind::Posted { .. })),
            kind,
        });
    }

    fn posted(&self, rev: Rev, author: UserId) -> EventKind {
        let message = Message {
            id: id(rev.0),
            rev,
            author,
            at: Timestamp(rev.0 as i64),
            body: format!("message {rev}"),
            reply_to: None,
            edited_at: None,
            deleted: false,
            reactions: Vec::new(),
        };
        EventKind::Posted { message }
    }

    /// The messages as they stood at `head`: a direct replay.
    pub fn messages_at(&self, head: Rev) -> Vec<Message> {
        let mut messages: Vec<Message> = Vec::new();
        for event in self.0.iter().take(head.0 as usize) {
            if let EventKind::Posted { message } = &event.kind {
                messages.push(message.clone());
            }
            let Some(message) = messages
                .iter_mut()
                .find(|message| Some(message.id) == event.message())
            else {
                continue;
            };
            match &event.kind {
                EventKind::Edited { message: edit } => {
                    message.body = edit.body.clone();
                    message.edited_at = Some(edit.edited_at);
                }
                EventKind::Deleted { .. } => {
                    message.body = String::new();
                    message.reactions = Vec::new();
                    message.deleted = true;
                }
                EventKind::Reacted { emoji, on, .. } => {
                    let mut users = message
                        .reactions
                        .pop()
                        .map_or_else(Vec::new, |reaction| reaction.users);
                    if !on {
                        users.retain(|user| *user != event.by);
                    } else if !users.contains(&event.by) {
                        users.push(event.by);
                    }
                    if !users.is_empty() {
                        let emoji = emoji.clone();
                        message.reactions.push(Reaction { emoji, users });
                    }
                }
                _ => {}
            }
        }
        messages
    }

    /// The log as the store gives it now: what was edited away or deleted is not in it any more.
    pub fn stored_after(&self, after: Rev) -> Vec<Event> {
        let current = self.messages_at(self.head());
        let now = |id: MessageId| current.iter().find(|message| message.id == id);
        let mut events = self.0[after.0 as usize..].to_vec();
        for event in &mut events {
            match &mut event.kind {
                EventKind::Posted { message } => {
                    message.clone_from(now(message.id).unwrap());
                }
                EventKind::Edited { message } => {
                    message.body.clone_from(&now(message.id).unwrap().body);
                }
                _ => {}
            }
        }
        events
    }
}
