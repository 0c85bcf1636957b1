//! The rooms' logs, as they are read.

use async_trait::async_trait;
use protocol::wire::{Event, Message};
use protocol::{MessageId, Rev, RoomId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteStore;
use super::append::append;
use super::rows::{self, Run, int};
use crate::store::{Append, Appended, Change, Head, Log, Messages, Refusal, Span, StoreResult};

#[async_trait]
impl Log for SqliteStore {
    async fn append(
        &self,
        room: RoomId,
        batch: Vec<Append>,
    ) -> StoreResult<Vec<Result<Appended, Refusal>>> {
        let bytes = batch.iter().map(size).sum();
        let erases = batch
            .iter()
            .any(|append| matches!(append.change, Change::Edit { .. } | Change::Delete { .. }));
        self.writer
            .write(bytes, erases, move |c| append(c, room, batch))
            .await
    }

    async fn events(&self, room: RoomId, after: Rev, limit: usize) -> StoreResult<Vec<Event>> {
        self.read(move |c| match rows::room_key(c, room)? {
            Some(key) => rows::events(c, key, room, after, limit),
            None => Ok(Vec::new()),
        })
        .await
    }

    async fn messages(&self, room: RoomId, span: Span, limit: usize) -> StoreResult<Messages> {
        self.read(move |c| messages(c, room, span, limit)).await
    }

    async fn message(&self, room: RoomId, message: MessageId) -> StoreResult<Option<Message>> {
        self.read(move |c| {
            let Some(key) = rows::room_key(c, room)? else {
                return Ok(None);
            };
            match rows::message_rev(c, key, message)? {
                Some(rev) => rows::message_at(c, key, rev),
                None => Ok(None),
            }
        })
        .await
    }

    async fn heads(&self, rooms: &[RoomId]) -> StoreResult<Vec<(RoomId, Head)>> {
        let rooms = rooms.to_vec();
        self.read(move |c| {
            let mut heads = Vec::with_capacity(rooms.len());
            for room in rooms {
                heads.extend(head(c, room)?.map(|(_, head)| (room, head)));
            }
            Ok(heads)
        })
        .await
    }
}

/// Roughly what an operation occupies while it waits.
fn size(append: &Append) -> usize {
    let text = match &append.change {
        Change::Post { body, .. } | Change::Edit { body, .. } => body.len(),
        Change::React { emoji, .. } => emoji.len(),
        Change::Rename { name } => name.len(),
        Change::Delete { .. } | Change::Join { .. } | Change::Leave | Change::Remove { .. } => 0,
    };
    text + size_of::<Append>()
}

fn head(c: &Connection, room: RoomId) -> StoreResult<Option<(i64, Head)>> {
    let mut query = c.prepare_cached("SELECT key, head, posted FROM room WHERE id = ?1")?;
    let found = |row: &Row<'_>| {
        Ok((
            row.get(0)?,
            Head {
                rev: rows::rev(row, 1)?,
                posted: rows::count(row, 2)?,
            },
        ))
    };
    Ok(query.query_row([room.as_bytes()], found).optional()?)
}

fn messages(c: &Connection, room: RoomId, span: Span, limit: usize) -> StoreResult<Messages> {
    let Some((key, head)) = head(c, room)? else {
        return Ok(Messages {
            items: Vec::new(),
            head: Head::default(),
            older: false,
            newer: false,
            notes: Vec::new(),
        });
    };
    // Where the span's edge is: with nothing found, all others are older or newer than that.
    let (edge, items) = match span {
        Span::Latest => {
            let edge = head.rev.next();
            (edge, rows::messages(c, key, &Run::Before(edge), limit)?)
        }
        Span::Before(edge) => (edge, rows::messages(c, key, &Run::Before(edge), limit)?),
        Span::After(rev) => {
            let edge = Rev(rev.0.saturating_add(1));
            (edge, rows::messages(c, key, &Run::From(edge), limit)?)
        }
        Span::Around(edge) => {
            let before = limit / 2;
            let mut items = rows::messages(c, key, &Run::Before(edge), before)?;
            items.extend(rows::messages(c, key, &Run::From(edge), limit - before)?);
            (edge, items)
        }
    };
    let first = items.first().map_or(edge, |message| message.rev);
    let after_last = items.last().map_or(edge, |message| message.rev.next());
    let older = any(
        c,
        key,
        "SELECT EXISTS (SELECT 1 FROM message WHERE room = ?1 AND rev < ?2)",
        first,
    )?;
    let newer = any(
        c,
        key,
        "SELECT EXISTS (SELECT 1 FROM message WHERE room = ?1 AND rev >= ?2)",
        after_last,
    )?;
    let mut messages = Messages {
        items,
        head,
        older,
        newer,
        notes: Vec::new(),
    };
    messages.notes = rows::notes(c, key, room, &messages.reach(span))?;
    Ok(messages)
}

fn any(c: &Connection, room: i64, question: &str, rev: Rev) -> StoreResult<bool> {
    Ok(c.prepare_cached(question)?
        .query_row(params![room, int(rev.0)], |row| row.get(0))?)
}
