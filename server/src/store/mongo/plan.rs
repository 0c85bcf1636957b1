//! What a batch does to a room that is in a known state: the lines to be written and the answers.
//! Pure: whether it comes true is decided by the insert, which succeeds only if the room still is
//! in this state.

use std::collections::{HashMap, HashSet};

use mongodb::bson::oid::ObjectId;
use protocol::wire::{Event, EventKind, RoomKind};
use protocol::{MessageId, OpId, Rev, UserId};

use super::documents::{Entry, Kind, Op, Room, Standing, count, id};
use crate::store::{Append, Appended, Change, Refusal};

/// What is known of the room, as far as the batch can ask.
#[derive(Clone)]
pub(super) struct State {
    pub(super) room: Room,
    /// Whom the batch names; who is missing does not exist.
    pub(super) people: HashMap<UserId, Standing>,
    /// Who of them is in the room, and perhaps others.
    pub(super) members: HashSet<UserId>,
    /// The lines of any room that have one of the batch's ops, or a message of the same id.
    pub(super) seen: Vec<Entry>,
    /// The messages of this room that the batch names, and perhaps others.
    pub(super) messages: HashMap<MessageId, Target>,
    /// Who reacted with what to them.
    pub(super) reactions: HashSet<(MessageId, String, UserId)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    pub(super) author: UserId,
    /// `None`: deleted.
    pub(super) body: Option<String>,
}

/// In whose name a batch is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Authority {
    /// The authors', who must be members.
    Theirs,
    /// The store's own, for someone who is gone.
    Store,
}

/// What is to be answered, once the lines are durable.
pub(super) enum Answer {
    Now(Result<Appended, Refusal>),
    /// The line that is in the log at this rev, as it reads now.
    Line {
        id: ObjectId,
        rev: Rev,
    },
}

pub(super) struct Plan<'a> {
    pub(super) state: State,
    pub(super) lines: Vec<Entry>,
    authority: Authority,
    append: &'a Append,
}

/// The lines and the answers, and the room they begin from.
pub(super) fn plan(
    state: State,
    batch: &[Append],
    authority: Authority,
) -> (Vec<Entry>, Vec<Answer>) {
    let mut answers = Vec::with_capacity(batch.len());
    let Some(first) = batch.first() else {
        return (Vec::new(), answers);
    };
    let mut plan = Plan {
        state,
        lines: Vec::new(),
        authority,
        append: first,
    };
    for append in batch {
        plan.append = append;
        answers.push(
            plan.decide()
                .unwrap_or_else(|refusal| Answer::Now(Err(refusal))),
        );
    }
    (plan.lines, answers)
}

impl Plan<'_> {
    fn decide(&mut self) -> Result<Answer, Refusal> {
        if let Some(line) = self.seen_before()? {
            return Ok(Answer::Line {
                id: line.id,
                rev: Rev(count(line.rev)),
            });
        }
        self.permitted()?;
        self.carry_out().map(|done| Answer::Now(Ok(done)))
    }

    /// The line of this operation, if it is in the log. An op names one operation for ever, and a
    /// post's op is the message's id, which no other author may take.
    fn seen_before(&self) -> Result<Option<&Entry>, Refusal> {
        let Append { change, .. } = self.append;
        let op = Op::of(self.append);
        let lines = || self.state.seen.iter().chain(&self.lines);
        if matches!(change, Change::Post { .. }) {
            let mut messages = lines().filter(|line| line.message == Some(op.id));
            if messages.any(|line| line.op != op) {
                return Err(Refusal::IdTaken);
            }
        }
        match lines().find(|line| line.op == op) {
            Some(line) if line.room != self.state.room.key || !is_of(line, change) => {
                Err(Refusal::IdTaken)
            }
            mine => Ok(mine),
        }
    }

    fn permitted(&self) -> Result<(), Refusal> {
        let Append { by, change, .. } = self.append;
        if self.authority == Authority::Store {
            return Ok(());
        }
        let standing = self.state.people.get(by);
        if !self.state.members.contains(by) {
            // Whoever is being erased takes back what they said in rooms that they left, too.
            let takes_back = matches!(change, Change::Delete { .. });
            return match standing {
                Some(Standing::Closing) if takes_back => Ok(()),
                _ => Err(Refusal::NotMember),
            };
        }
        // While an account is being erased, it can only take away what it had said.
        let takes_away = matches!(
            change,
            Change::Delete { .. } | Change::Leave | Change::React { on: false, .. }
        );
        match standing {
            Some(Standing::Open) => Ok(()),
            _ if takes_away => Ok(()),
            _ => Err(Refusal::NoSuchUser),
        }
    }

    pub(super) fn by(&self) -> UserId {
        self.append.by
    }

    pub(super) fn change(&self) -> &Change {
        &self.append.change
    }

    pub(super) fn op(&self) -> OpId {
        self.append.op
    }

    pub(super) fn at(&self) -> protocol::Timestamp {
        self.append.at
    }

    pub(super) fn not_direct(&self) -> Result<(), Refusal> {
        match self.state.room.kind {
            RoomKind::Direct => Err(Refusal::DirectRoom),
            RoomKind::Group | RoomKind::Channel => Ok(()),
        }
    }

    pub(super) fn unchanged(&self) -> Appended {
        Appended::Unchanged {
            rev: self.state.room.head().rev,
        }
    }

    /// The next line, still without what its kind adds to it.
    pub(super) fn line(&self, kind: Kind) -> Entry {
        let room = &self.state.room;
        Entry {
            rev: room.applied.saturating_add(1),
            posted: room.posted + i64::from(kind == Kind::Posted),
            ..Entry::blank(room.key, kind, self.append)
        }
    }

    pub(super) fn write(&mut self, line: Entry, kind: EventKind) -> Appended {
        self.state.room.advance(&line);
        let head = self.state.room.head();
        let event = Event {
            room: self.state.room.id(),
            rev: head.rev,
            at: self.append.at,
            by: self.append.by,
            op: self.append.op,
            posted: head.posted,
            kind,
        };
        self.lines.push(line);
        Appended::Written(event)
    }
}

/// Whether the line came of this change. Texts are not compared: they may have been replaced since.
fn is_of(line: &Entry, change: &Change) -> bool {
    let of = |message: &MessageId| line.of.map(id) == Some(*message);
    let about = |user: &UserId| line.user.map(id) == Some(*user);
    match (line.kind, change) {
        (Kind::Posted, Change::Post { .. })
        | (Kind::Renamed, Change::Rename { .. })
        | (Kind::Left, Change::Leave) => true,
        (Kind::Edited, Change::Edit { message, .. })
        | (Kind::Deleted, Change::Delete { message }) => of(message),
        (
            Kind::Reacted,
            Change::React {
                message,
                emoji,
                on: true,
            },
        )
        | (
            Kind::Unreacted,
            Change::React {
                message,
                emoji,
                on: false,
            },
        ) => of(message) && line.emoji.as_ref() == Some(emoji),
        (Kind::Joined, Change::Join { user }) | (Kind::Removed, Change::Remove { user }) => {
            about(user)
        }
        _ => false,
    }
}
