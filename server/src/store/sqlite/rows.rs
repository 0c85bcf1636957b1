//! From rows to what the port speaks, and the few questions that several files ask.

use std::ops::RangeInclusive;

use protocol::wire::{Edit, Event, EventKind, Message, MessageRef, Reaction, RoomKind, User};
use protocol::{MessageId, OpId, Rev, RoomId, Timestamp, UserId};
use rusqlite::{Connection, Error, OptionalExtension, Row, params, params_from_iter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::{NOTES, StoreError, StoreResult};

pub(super) fn uuid(row: &Row<'_>, column: usize) -> Result<Uuid, Error> {
    row.get(column).map(Uuid::from_bytes)
}

pub(super) fn maybe_uuid(row: &Row<'_>, column: usize) -> Result<Option<Uuid>, Error> {
    row.get::<_, Option<[u8; 16]>>(column)
        .map(|bytes| bytes.map(Uuid::from_bytes))
}

pub(super) fn count(row: &Row<'_>, column: usize) -> Result<u64, Error> {
    let number = row.get::<_, i64>(column)?;
    u64::try_from(number).map_err(|_| Error::IntegralValueOutOfRange(column, number))
}

pub(super) fn rev(row: &Row<'_>, column: usize) -> Result<Rev, Error> {
    count(row, column).map(Rev)
}

pub(super) fn time(row: &Row<'_>, column: usize) -> Result<Timestamp, Error> {
    row.get(column).map(Timestamp)
}

/// SQLite's integers are signed. A number beyond them is a client's invention and compares like
/// the largest.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(super) fn kind_name(kind: RoomKind) -> &'static str {
    match kind {
        RoomKind::Direct => "direct",
        RoomKind::Group => "group",
        RoomKind::Channel => "channel",
    }
}

pub(super) fn kind_named(name: &str) -> StoreResult<RoomKind> {
    match name {
        "direct" => Ok(RoomKind::Direct),
        "group" => Ok(RoomKind::Group),
        "channel" => Ok(RoomKind::Channel),
        _ => Err(StoreError::Corrupt(format!("a room of the kind `{name}`"))),
    }
}

/// The number under which the room's rows are kept, if the room is there.
pub(super) fn room_key(c: &Connection, room: RoomId) -> StoreResult<Option<i64>> {
    let mut query = c.prepare_cached("SELECT key FROM room WHERE id = ?1")?;
    Ok(query
        .query_row([room.as_bytes()], |row| row.get(0))
        .optional()?)
}

pub(super) const USER_COLUMNS: &str = "id, username, display_name, state <> 'open'";

pub(super) fn user(row: &Row<'_>) -> Result<User, Error> {
    Ok(User {
        id: UserId(uuid(row, 0)?),
        username: row.get(1)?,
        display_name: row.get(2)?,
        deleted: row.get(3)?,
    })
}

pub(super) fn user_by_id(c: &Connection, id: UserId) -> StoreResult<Option<User>> {
    let sql = format!("SELECT {USER_COLUMNS} FROM user WHERE id = ?1");
    Ok(c.prepare_cached(&sql)?
        .query_row([id.as_bytes()], user)
        .optional()?)
}

/// How a room began, in its first event's `detail`.
#[derive(Serialize, Deserialize)]
pub(super) struct Beginning {
    pub(super) kind: RoomKind,
    pub(super) name: Option<String>,
    pub(super) members: Vec<UserId>,
}

const MESSAGE_COLUMNS: &str = "m.rev, m.id, m.author, m.at, m.body, m.reply_to, m.edited_at";

/// A message without its reactions; its columns begin at `first`.
fn message_row(row: &Row<'_>, first: usize) -> Result<Message, Error> {
    let body = row.get::<_, Option<String>>(first + 4)?;
    Ok(Message {
        rev: rev(row, first)?,
        id: MessageId(uuid(row, first + 1)?),
        author: UserId(uuid(row, first + 2)?),
        at: time(row, first + 3)?,
        deleted: body.is_none(),
        body: body.unwrap_or_default(),
        reply_to: maybe_uuid(row, first + 5)?.map(MessageId),
        edited_at: row.get::<_, Option<i64>>(first + 6)?.map(Timestamp),
        reactions: Vec::new(),
    })
}

/// Which messages of a room, and in which direction from there.
pub(super) enum Run {
    Before(Rev),
    From(Rev),
}

/// The nearest messages, oldest first.
pub(super) fn messages(
    c: &Connection,
    room: i64,
    run: &Run,
    limit: usize,
) -> StoreResult<Vec<Message>> {
    let (edge, side) = match run {
        Run::Before(rev) => (*rev, "m.rev < ?2 ORDER BY m.rev DESC"),
        Run::From(rev) => (*rev, "m.rev >= ?2 ORDER BY m.rev"),
    };
    let sql =
        format!("SELECT {MESSAGE_COLUMNS} FROM message m WHERE m.room = ?1 AND {side} LIMIT ?3");
    let mut query = c.prepare_cached(&sql)?;
    let rows = query.query_map(params![room, int(edge.0), limited(limit)], |row| {
        message_row(row, 0)
    })?;
    let mut messages = rows.collect::<Result<Vec<_>, _>>()?;
    if matches!(run, Run::Before(_)) {
        messages.reverse();
    }
    for message in &mut messages {
        message.reactions = reactions(c, room, message.rev)?;
    }
    Ok(messages)
}

/// Where a message was posted, by its id. The index is named, because the planner does not know
/// how long a room's log is and would read all of it.
pub(super) fn message_rev(c: &Connection, room: i64, id: MessageId) -> StoreResult<Option<Rev>> {
    let mut query = c.prepare_cached(
        "SELECT rev FROM event INDEXED BY event_op
         WHERE op = ?2 AND room = ?1 AND kind = 'posted'",
    )?;
    Ok(query
        .query_row(params![room, id.as_bytes()], |row| rev(row, 0))
        .optional()?)
}

pub(super) fn message_at(c: &Connection, room: i64, at: Rev) -> StoreResult<Option<Message>> {
    let found = messages(c, room, &Run::From(at), 1)?.pop();
    Ok(found.filter(|message| message.rev == at))
}

pub(super) fn reactions(c: &Connection, room: i64, message: Rev) -> StoreResult<Vec<Reaction>> {
    let mut query = c.prepare_cached(
        "SELECT emoji, user FROM reaction WHERE room = ?1 AND message = ?2 ORDER BY rev",
    )?;
    let mut rows = query.query(params![room, int(message.0)])?;
    let mut reactions = Vec::<Reaction>::new();
    while let Some(row) = rows.next()? {
        let emoji = row.get_ref(0)?.as_str().map_err(Error::from)?;
        let user = UserId(uuid(row, 1)?);
        match reactions
            .iter_mut()
            .find(|reaction| reaction.emoji == emoji)
        {
            Some(reaction) => reaction.users.push(user),
            None => reactions.push(Reaction {
                emoji: emoji.to_owned(),
                users: vec![user],
            }),
        }
    }
    Ok(reactions)
}

/// The log after `after`, each event as it reads now.
pub(super) fn events(
    c: &Connection,
    room: i64,
    id: RoomId,
    after: Rev,
    limit: usize,
) -> StoreResult<Vec<Event>> {
    let which = "e.rev > ?2 ORDER BY e.rev LIMIT ?3";
    some_events(c, room, id, which, &[int(after.0), limited(limit)])
}

/// Who came and went, and the room's names; of many the last.
pub(super) fn notes(
    c: &Connection,
    room: i64,
    id: RoomId,
    within: &RangeInclusive<Rev>,
) -> StoreResult<Vec<Event>> {
    let which = "e.rev BETWEEN ?2 AND ?3
         AND e.kind IN ('joined', 'left', 'removed', 'renamed') ORDER BY e.rev DESC LIMIT ?4";
    let (first, last) = (int(within.start().0), int(within.end().0));
    let mut notes = some_events(c, room, id, which, &[first, last, limited(NOTES)])?;
    notes.reverse();
    Ok(notes)
}

/// Events of the room by a condition, whose numbers begin at `?2`.
fn some_events(
    c: &Connection,
    room: i64,
    id: RoomId,
    which: &str,
    numbers: &[i64],
) -> StoreResult<Vec<Event>> {
    let sql = format!(
        "SELECT {MESSAGE_COLUMNS}, e.rev, e.at, e.by, e.op, e.posted, e.kind, e.user, e.detail
         FROM event e LEFT JOIN message m ON m.room = e.room AND m.rev = e.message
         WHERE e.room = ?1 AND {which}"
    );
    let mut query = c.prepare_cached(&sql)?;
    let mut rows = query.query(params_from_iter(std::iter::once(&room).chain(numbers)))?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(Event {
            room: id,
            rev: rev(row, 7)?,
            at: time(row, 8)?,
            by: UserId(uuid(row, 9)?),
            op: OpId(uuid(row, 10)?),
            posted: count(row, 11)?,
            kind: event_kind(c, room, row)?,
        });
    }
    Ok(events)
}

pub(super) fn event_at(
    c: &Connection,
    room: i64,
    id: RoomId,
    at: Rev,
) -> StoreResult<Option<Event>> {
    let found = events(c, room, id, at.previous(), 1)?.pop();
    Ok(found.filter(|event| event.rev == at))
}

fn event_kind(c: &Connection, room: i64, row: &Row<'_>) -> StoreResult<EventKind> {
    let kind = row.get_ref(12)?.as_str().map_err(Error::from)?;
    let reference = || uuid(row, 1).map(|id| MessageRef { id: MessageId(id) });
    let user = || uuid(row, 13).map(UserId);
    let detail = || row.get::<_, String>(14);
    Ok(match kind {
        "posted" => {
            let mut message = message_row(row, 0)?;
            message.reactions = reactions(c, room, message.rev)?;
            EventKind::Posted { message }
        }
        "edited" => {
            let message = message_row(row, 0)?;
            // A deleted message has forgotten when it was edited.
            let edited_at = message.edited_at.map_or_else(|| time(row, 8), Ok)?;
            EventKind::Edited {
                message: Edit {
                    id: message.id,
                    body: message.body,
                    edited_at,
                },
            }
        }
        "deleted" => EventKind::Deleted {
            message: reference()?,
        },
        "reacted" => EventKind::Reacted {
            message: reference()?,
            emoji: detail()?,
            on: true,
        },
        "unreacted" => EventKind::Reacted {
            message: reference()?,
            emoji: detail()?,
            on: false,
        },
        "joined" => EventKind::Joined { user: user()? },
        "left" => EventKind::Left { user: user()? },
        "removed" => EventKind::Removed { user: user()? },
        "renamed" => EventKind::Renamed { name: detail()? },
        "created" => {
            let beginning = serde_json::from_str::<Beginning>(&detail()?)
                .map_err(|error| StoreError::Corrupt(format!("how a room began: {error}")))?;
            let Beginning {
                kind,
                name,
                members,
            } = beginning;
            EventKind::Created {
                kind,
                name,
                members,
            }
        }
        _ => EventKind::Unknown,
    })
}
