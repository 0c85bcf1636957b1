//! A small history to tell in a test: a clean one, into which a test then plants what it wants to
//! see caught.

use std::time::Duration;

use protocol::{MessageId, OpId, Rev, RoomId, UserId};
use uuid::Uuid;

use super::{Kind, Limits, verify};
use crate::check::history::{
    Ask, Change, Digest, Entry, HARNESS, Record, Role, Standing, What, Who,
};

pub const SECOND: u64 = 1_000_000;

pub fn user(who: Who) -> UserId {
    UserId(Uuid::from_u128(1000 + u128::from(who)))
}

pub fn room() -> RoomId {
    RoomId(Uuid::from_u128(1))
}

pub fn op(n: u128) -> OpId {
    OpId(Uuid::from_u128(n))
}

pub fn limits() -> Limits {
    Limits {
        heal: Duration::from_secs(3),
        revoke: Duration::from_secs(5),
        memory: 100 << 20,
    }
}

/// Writes a history line by line; the clock goes on by a millisecond with each.
pub struct Story {
    pub records: Vec<Record>,
    pub now: u64,
    pub log: Vec<Entry>,
}

impl Story {
    /// Two talkers and a stranger; one room with the two talkers in it, and both listen.
    pub fn begin() -> Self {
        let mut story = Self {
            records: Vec::new(),
            now: 0,
            log: Vec::new(),
        };
        for who in 0..3 {
            let role = if who == 2 {
                Role::Stranger
            } else {
                Role::Talker
            };
            story.note(
                who,
                What::Is {
                    user: user(who),
                    role,
                },
            );
        }
        let members = vec![user(0), user(1)];
        story.append(op(900), 0, Change::Created { members });
        for who in 0..2 {
            story.note(who, What::Opened { conn: 1 });
            story.subscribe(who, 1, 1, Rev::ZERO);
            story.deliver(who, 1, 1, Rev(1));
        }
        story
    }

    pub fn note(&mut self, who: Who, what: What) {
        self.now += 1_000;
        self.records.push(Record {
            at: self.now,
            who,
            what,
        });
    }

    pub fn pass(&mut self, micros: u64) {
        self.now += micros;
    }

    /// Into the store, seen by nobody yet.
    pub fn append(&mut self, op: OpId, by: Who, change: Change) -> Rev {
        let rev = Rev(self.log.len() as u64 + 1);
        let before = self.log.last().map_or(0, |entry| entry.posted);
        let posted = before + u64::from(matches!(change, Change::Posted { .. }));
        self.log.push(Entry {
            room: room(),
            rev,
            op,
            by: user(by),
            posted,
            change,
        });
        rev
    }

    pub fn subscribe(&mut self, who: Who, conn: u32, sub: u32, after: Rev) {
        self.note(
            who,
            What::Subscribed {
                conn,
                sub,
                room: room(),
                after,
            },
        );
    }

    pub fn deliver(&mut self, who: Who, conn: u32, sub: u32, rev: Rev) {
        let entry = self.log[usize::try_from(rev.0).unwrap() - 1].clone();
        self.note(who, What::Delivered { conn, sub, entry });
    }

    pub fn send(&mut self, who: Who, n: u128) {
        let ask = Ask::Post {
            body: Digest::of(&n.to_string()),
        };
        self.ask(who, n, ask);
    }

    pub fn ask(&mut self, who: Who, n: u128, ask: Ask) {
        let (op, room) = (op(n), room());
        self.note(who, What::Sent { op, room, ask });
    }

    pub fn ack(&mut self, who: Who, n: u128) {
        self.note(who, What::Acked { op: op(n) });
    }

    pub fn store(&mut self, who: Who, n: u128) -> Rev {
        let change = Change::Posted {
            message: MessageId::from(op(n)),
            body: Digest::of(&n.to_string()),
            deleted: false,
        };
        self.append(op(n), who, change)
    }

    /// Sent, stored, acknowledged and delivered to both talkers.
    pub fn post(&mut self, who: Who, n: u128) -> Rev {
        self.send(who, n);
        let rev = self.store(who, n);
        self.ack(who, n);
        for listener in 0..2 {
            self.deliver(listener, 1, 1, rev);
        }
        rev
    }

    /// Everybody has had time; the store is read.
    pub fn end(mut self) -> Vec<Record> {
        self.pass(4 * SECOND);
        self.note(HARNESS, What::Settled);
        for entry in self.log.clone() {
            if let Change::Posted { message, .. } = entry.change {
                let standing = standing(&entry, message);
                self.note(
                    HARNESS,
                    What::State {
                        room: room(),
                        message: standing,
                    },
                );
            }
            self.note(HARNESS, What::Log { entry });
        }
        self.records
    }
}

pub fn standing(entry: &Entry, message: MessageId) -> Standing {
    Standing {
        id: message,
        rev: entry.rev,
        author: entry.by,
        body: Digest::of(&message.uuid().as_u128().to_string()),
        deleted: false,
        reactions: Vec::new(),
    }
}

/// The kinds of what is found, each once.
pub fn found(records: &[Record]) -> Vec<(u8, Kind)> {
    let mut kinds: Vec<(u8, Kind)> = verify(records, &limits())
        .iter()
        .map(|violation| (violation.promise, violation.kind))
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}
