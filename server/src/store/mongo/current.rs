//! A room as it is now, whoever left it half written.
//!
//! A room's document says how many events it has applied. If the log has the next one, somebody
//! wrote it and has not applied it yet, or never will, because its node was killed: then whoever
//! looks applies it first. One look at rev `applied + 1` tells, since the log has no holes; and if
//! it is not there at the end of a reading, then nothing was written during the reading, and all
//! that was read is of one moment.

use std::collections::HashSet;

use futures::TryStreamExt;
use futures::future::join_all;
use mongodb::bson::{Document, Uuid, doc};
use protocol::RoomId;
use serde::Deserialize;

use super::Core;
use super::documents::{Entry, Room, bin};
use crate::store::{StoreError, StoreResult};

/// Events applied in one step by whoever finds that they were not.
pub(super) const STEP: i64 = 500;
/// So few rooms are looked at together, each by itself: one step in an index, which the server
/// need not plan …
const FEW: usize = 16;
/// … and of more, so many are asked for in one question.
const AT_ONCE: usize = 100;
/// In a room that never rests a reading is not of one moment. After so many tries it is taken
/// all the same: it lacks nothing that was acknowledged when it began.
pub(super) const TRIES: usize = 4;

/// A reading that is repeated until it is of one moment:
/// `while let Some(room) = look.next().await? { answer = read what there is of this room }`.
pub(super) struct Look<'a> {
    core: &'a Core,
    id: RoomId,
    /// The room that the last reading began from.
    seen: Option<Room>,
    tries: usize,
}

impl Look<'_> {
    /// The room to read. `None`: what was read holds; if nothing was, there is no such room.
    pub(super) async fn next(&mut self) -> StoreResult<Option<Room>> {
        if let Some(seen) = self.seen.take() {
            self.tries += 1;
            if self.tries >= TRIES || !self.core.is_behind(&seen).await? {
                return Ok(None);
            }
            self.core.catch_up(seen).await?;
        }
        self.seen = match self.core.find_room(self.id).await? {
            // Nobody has seen its first event yet, if it has one.
            Some(room) if room.applied == 0 => self.core.current(self.id).await?,
            room => room,
        };
        Ok(self.seen.clone())
    }
}

impl Core {
    /// The document, which may be behind the log.
    pub(super) async fn find_room(&self, room: RoomId) -> StoreResult<Option<Room>> {
        let found = self
            .all
            .rooms
            .find_one(doc! { "room": bin(room.as_bytes()) });
        Ok(found.await?)
    }

    /// Begins a reading of the room.
    pub(super) fn look(&self, id: RoomId) -> Look<'_> {
        Look {
            core: self,
            id,
            seen: None,
            tries: 0,
        }
    }

    /// The room with all of its log applied. `None`: there is no such room.
    pub(super) async fn current(&self, id: RoomId) -> StoreResult<Option<Room>> {
        match self.find_room(id).await? {
            Some(room) => {
                let room = self.catch_up(room).await?;
                Ok((room.applied > 0).then_some(room))
            }
            None => Ok(None),
        }
    }

    pub(super) async fn is_behind(&self, room: &Room) -> StoreResult<bool> {
        Ok(self.all.log.find_one(next(room)).await?.is_some())
    }

    /// Which of the rooms have events that were not applied.
    pub(super) async fn behind(&self, rooms: &[Room]) -> StoreResult<HashSet<Uuid>> {
        let mut behind = HashSet::new();
        if rooms.len() <= FEW {
            let looks = rooms.iter().map(|room| self.is_behind(room));
            for (room, is_behind) in rooms.iter().zip(join_all(looks).await) {
                if is_behind? {
                    behind.insert(room.key);
                }
            }
            return Ok(behind);
        }
        // All that is asked for is in the index.
        let log = self.all.log.clone_with_type::<There>();
        for rooms in rooms.chunks(AT_ONCE) {
            let next = rooms.iter().map(next).collect::<Vec<_>>();
            let there = log.find(doc! { "$or": next });
            let there = there.projection(doc! { "_id": 0, "room": 1 }).await?;
            let there = there.try_collect::<Vec<_>>().await?;
            behind.extend(there.into_iter().map(|there| there.room));
        }
        Ok(behind)
    }

    /// Applies what the log has beyond the document.
    pub(super) async fn catch_up(&self, mut room: Room) -> StoreResult<Room> {
        loop {
            let entries = self.beyond(&room).await?;
            if entries.is_empty() {
                return Ok(room);
            }
            tracing::debug!(
                room.id = %room.id(),
                room.applied = room.applied,
                events = entries.len(),
                "applying events that their writer has not applied"
            );
            room = self.project(room, &entries).await?;
        }
    }

    /// The next lines of the log after the room as it is given.
    pub(super) async fn beyond(&self, room: &Room) -> StoreResult<Vec<Entry>> {
        let beyond = doc! { "room": room.key, "rev": { "$gt": room.applied } };
        let found = self
            .all
            .log
            .find(beyond)
            .sort(doc! { "rev": 1 })
            .limit(STEP);
        let entries = found.await?.try_collect::<Vec<_>>().await?;
        dense(room, &entries)?;
        Ok(entries)
    }
}

/// The first line that the room's document has not applied, if there is one.
fn next(room: &Room) -> Document {
    doc! { "room": room.key, "rev": room.applied.saturating_add(1) }
}

/// Of a line of the log, whose it is.
#[derive(Deserialize)]
struct There {
    room: Uuid,
}

fn dense(room: &Room, entries: &[Entry]) -> StoreResult<()> {
    let expected = room.applied.saturating_add(1)..;
    match expected.zip(entries).find(|(rev, entry)| *rev != entry.rev) {
        None => Ok(()),
        Some((rev, _)) => Err(StoreError::Corrupt(format!(
            "the log of room {} has no event {rev}, but later ones; restore the database from a \
             backup",
            room.id()
        ))),
    }
}
