//! What may be appended to a room's log is decided here, inside the transaction that appends it,
//! so that of two requests that exclude each other only one can succeed.

use protocol::wire::{Event, EventKind};
use protocol::{OpId, RoomId, UserId};
use rusqlite::Connection;

use super::open_log::OpenLog;
use super::operations::Author;
use super::rows;
use crate::store::{Append, Appended, Change, Refusal, StoreError, StoreResult};

/// Why an operation ends early: the rules say no, or the store failed.
pub(super) enum Stop {
    Refused(Refusal),
    Failed(StoreError),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// A refusal is an answer; a failure undoes the whole request.
pub(super) fn answer<T>(outcome: Result<T, Stop>) -> StoreResult<Result<T, Refusal>> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(Stop::Refused(refusal)) => Ok(Err(refusal)),
        Err(Stop::Failed(error)) => Err(error),
    }
}

pub(super) fn append(
    c: &Connection,
    room: RoomId,
    batch: Vec<Append>,
) -> StoreResult<Vec<Result<Appended, Refusal>>> {
    let Some(mut log) = OpenLog::of(c, room)? else {
        return Ok(batch.iter().map(|_| Err(Refusal::NoSuchRoom)).collect());
    };
    let mut answers = Vec::with_capacity(batch.len());
    for append in batch {
        answers.push(answer(apply(&mut log, append))?);
    }
    log.save()?;
    Ok(answers)
}

fn apply(log: &mut OpenLog<'_>, append: Append) -> Result<Appended, Stop> {
    let Append { by, op, at, change } = append;
    if let Some(first) = seen_before(log, by, op, &change)? {
        return Ok(Appended::Repeated(first));
    }
    let Some(standing) = log.standing(by)? else {
        // Whoever is being erased takes back what they said in rooms that they left, too.
        if matches!(change, Change::Delete { .. }) && is_closing(log, by)? {
            return Author { by, op, at }.carry_out(log, change);
        }
        return Err(Refusal::NotMember.into());
    };
    // While an account is being erased, it can only take away what it had said.
    if !standing.open && !takes_away(&change) {
        return Err(Refusal::NoSuchUser.into());
    }
    Author { by, op, at }.carry_out(log, change)
}

fn is_closing(log: &OpenLog<'_>, user: UserId) -> Result<bool, Stop> {
    let mut query = log
        .c
        .prepare_cached("SELECT 1 FROM user WHERE id = ?1 AND state = 'closing'")?;
    Ok(query.exists([user.as_bytes()])?)
}

fn takes_away(change: &Change) -> bool {
    matches!(
        change,
        Change::Delete { .. } | Change::Leave | Change::React { on: false, .. }
    )
}

/// The event of this operation, if it is in the log. An op names one operation for ever, and a
/// post's op is the message's id, which no other author may take.
fn seen_before(
    log: &OpenLog<'_>,
    by: UserId,
    op: OpId,
    change: &Change,
) -> Result<Option<Event>, Stop> {
    let mut query = log
        .c
        .prepare_cached("SELECT by, kind = 'posted', room, rev FROM event WHERE op = ?1")?;
    let mut rows = query.query([op.as_bytes()])?;
    let mut mine = None;
    while let Some(row) = rows.next()? {
        let posted = row.get::<_, bool>(1)?;
        if rows::uuid(row, 0)? == by.uuid() {
            mine = Some((row.get::<_, i64>(2)?, rows::rev(row, 3)?));
        } else if posted && matches!(change, Change::Post { .. }) {
            return Err(Refusal::IdTaken.into());
        }
    }
    let Some((room, rev)) = mine else {
        return Ok(None);
    };
    if room != log.key {
        return Err(Refusal::IdTaken.into());
    }
    match rows::event_at(log.c, room, log.id, rev)? {
        Some(event) if is_of(&event, change) => Ok(Some(event)),
        _ => Err(Refusal::IdTaken.into()),
    }
}

/// Whether the event came of this change. Texts are not compared: they may have been replaced
/// since.
fn is_of(event: &Event, change: &Change) -> bool {
    match (&event.kind, change) {
        (EventKind::Posted { .. }, Change::Post { .. })
        | (EventKind::Renamed { .. }, Change::Rename { .. })
        | (EventKind::Left { .. }, Change::Leave) => true,
        (EventKind::Edited { message: of }, Change::Edit { message, .. }) => of.id == *message,
        (EventKind::Deleted { message: of }, Change::Delete { message }) => of.id == *message,
        (
            EventKind::Reacted {
                message: of,
                emoji: with,
                on: was,
            },
            Change::React { message, emoji, on },
        ) => of.id == *message && with == emoji && was == on,
        (EventKind::Joined { user: who }, Change::Join { user })
        | (EventKind::Removed { user: who }, Change::Remove { user }) => who == user,
        _ => false,
    }
}
