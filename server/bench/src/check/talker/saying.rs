//! What a client decides to do next, and how it is put into a frame. Pure, apart from the dice.

use std::collections::{HashSet, VecDeque};

use protocol::stomp::{Command, Frame};
use protocol::wire::{DeleteMessage, EditMessage, MarkRead, PostMessage, ReactToMessage};
use protocol::{MessageId, OpId, Rev, RoomId};
use rand::rngs::SmallRng;
use rand::{RngExt, seq::IndexedRandom};
use serde::Serialize;

use crate::check::history::{Ask, Change, Digest, Entry};

const EMOJI: [&str; 4] = ["👍", "❤️", "😂", "🎉"];
const WORDS: [&str; 8] = [
    "마당",
    "courtyard",
    "안녕하세요",
    "rain",
    "오늘",
    "tea",
    "👩‍👩‍👧",
    "좋아요",
];
/// Messages that a client keeps in mind, of its own and of all.
const MEMORY: usize = 30;

#[derive(Clone, Debug, PartialEq)]
pub enum Saying {
    Post {
        body: String,
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

/// What a client remembers of a room, to have something to say about it.
#[derive(Debug, Default)]
pub struct Mind {
    mine: VecDeque<MessageId>,
    heard: VecDeque<MessageId>,
    reacted: HashSet<(MessageId, &'static str)>,
    said: u64,
}

impl Mind {
    pub fn hear(&mut self, entry: &Entry) {
        match &entry.change {
            Change::Posted {
                message,
                deleted: false,
                ..
            } => remember(&mut self.heard, *message),
            Change::Deleted { message } => {
                self.heard.retain(|heard| heard != message);
                self.mine.retain(|mine| mine != message);
            }
            _ => {}
        }
    }

    /// A message of mine is acknowledged: from now on it may be edited and deleted.
    pub fn acked(&mut self, op: OpId) {
        remember(&mut self.mine, op.into());
    }

    pub fn decide(&mut self, name: &str, dice: &mut SmallRng) -> Saying {
        self.said += 1;
        let words: Vec<&str> = (0..dice.random_range(1..6))
            .filter_map(|_| WORDS.choose(dice).copied())
            .collect();
        let body = format!("{name} #{} {}", self.said, words.join(" "));
        let index = dice.random_range(0..self.mine.len().max(1));
        match (dice.random_range(0..100), self.mine.get(index).copied()) {
            (0..14, Some(message)) => Saying::Edit { message, body },
            (14..20, Some(message)) => {
                // Nothing more is said about what is about to go.
                self.mine.remove(index);
                Saying::Delete { message }
            }
            (20..34, _) => self.react(dice).unwrap_or(Saying::Post { body }),
            _ => Saying::Post { body },
        }
    }

    /// Each reaction is given once and taken back at most once, so that each leaves an event.
    fn react(&mut self, dice: &mut SmallRng) -> Option<Saying> {
        let heard: Vec<MessageId> = self.heard.iter().copied().collect();
        let message = *heard.choose(dice)?;
        let emoji = *EMOJI.choose(dice)?;
        let on = self.reacted.insert((message, emoji));
        if !on {
            self.reacted.remove(&(message, emoji));
            self.heard.retain(|known| *known != message);
        }
        Some(Saying::React {
            message,
            emoji: emoji.to_owned(),
            on,
        })
    }
}

fn remember(messages: &mut VecDeque<MessageId>, message: MessageId) {
    if !messages.contains(&message) {
        messages.push_back(message);
    }
    if messages.len() > MEMORY {
        messages.pop_front();
    }
}

impl Saying {
    pub fn ask(&self) -> Ask {
        match self {
            Self::Post { body } => Ask::Post {
                body: Digest::of(body),
            },
            Self::Edit { message, body } => Ask::Edit {
                message: *message,
                body: Digest::of(body),
            },
            Self::Delete { message } => Ask::Delete { message: *message },
            Self::React { message, emoji, on } => Ask::React {
                message: *message,
                emoji: emoji.clone(),
                on: *on,
            },
        }
    }

    pub fn frame(&self, op: OpId, room: RoomId) -> Frame {
        let (id, room_id) = (Some(op), room.into());
        let (destination, body) = match self.clone() {
            Self::Post { body } => (
                "message",
                json(&PostMessage {
                    id,
                    room_id,
                    body,
                    reply_to: None,
                }),
            ),
            Self::Edit { message, body } => (
                "edit",
                json(&EditMessage {
                    id,
                    room_id,
                    message_id: message,
                    body,
                }),
            ),
            Self::Delete { message } => (
                "delete",
                json(&DeleteMessage {
                    id,
                    room_id,
                    message_id: message,
                }),
            ),
            Self::React { message, emoji, on } => (
                "react",
                json(&ReactToMessage {
                    id,
                    room_id,
                    message_id: message,
                    emoji,
                    on,
                }),
            ),
        };
        send(destination, body).with("receipt", format!("op:{op}"))
    }
}

pub fn read_frame(room: RoomId, rev: Rev) -> Frame {
    let body = json(&MarkRead {
        room_id: room.into(),
        rev,
    });
    send("read", body).with("receipt", format!("read:{room}:{rev}"))
}

fn send(name: &str, body: Vec<u8>) -> Frame {
    Frame::new(Command::Send)
        .with("destination", format!("/pub/chat/{name}"))
        .with("content-type", "application/json")
        .with_body(body)
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain structs of strings and numbers always become JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use uuid::Uuid;

    #[test]
    fn the_same_seed_says_the_same() {
        let say = || {
            let (mut mind, mut dice) = (Mind::default(), SmallRng::seed_from_u64(7));
            (0..50)
                .map(|n| {
                    mind.acked(OpId(Uuid::from_u128(n)));
                    mind.decide("c1", &mut dice)
                })
                .collect::<Vec<_>>()
        };
        let said = say();
        assert_eq!(said, say());
        assert!(
            said.iter()
                .any(|saying| matches!(saying, Saying::Edit { .. }))
        );
        assert!(
            said.iter()
                .any(|saying| matches!(saying, Saying::Delete { .. }))
        );
    }

    #[test]
    fn no_message_is_touched_after_its_deletion_was_asked_for() {
        let (mut mind, mut dice) = (Mind::default(), SmallRng::seed_from_u64(3));
        let mut gone = HashSet::new();
        for n in 0..400 {
            mind.acked(OpId(Uuid::from_u128(n)));
            match mind.decide("c1", &mut dice) {
                Saying::Delete { message } => assert!(gone.insert(message)),
                Saying::Edit { message, .. } => assert!(!gone.contains(&message)),
                _ => {}
            }
        }
        assert!(!gone.is_empty());
    }
}
