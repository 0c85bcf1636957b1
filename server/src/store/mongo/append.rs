//! A batch becomes lines of the log: read the room, plan, insert at `head + 1…`, apply.
//!
//! The insert is the commit, and the unique index on (room, rev) is the only arbiter between nodes.
//! A writer plans on the room after event n and inserts from n + 1 on, in order. If another node
//! was first, its insert fails at the first line, and everything that the plan relied on (who is a
//! member, whose message it is, what it says) is read and decided anew.
//!
//! When the answer to an insert is lost, the lines may be there or not, or come later. The writer
//! reads the room again; lines of its own are recognised by their `_id`, and the others are
//! planned anew. Should the lost insert arrive after all, it finds its revs or its ops taken.

use std::collections::HashSet;
use std::time::Duration;

use futures::TryStreamExt;
use mongodb::bson::doc;
use mongodb::bson::oid::ObjectId;
use protocol::wire::Event;
use protocol::{Rev, RoomId};
use tokio::time::Instant;

use super::Core;
use super::documents::{Entry, Room, int};
use super::failure::is_duplicate;
use super::plan::{Answer, Authority, plan};
use crate::store::{Append, Appended, Refusal, StoreError, StoreResult};

/// How long a writer tries before it says that it does not know.
const PATIENCE: Duration = Duration::from_secs(4);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_millis(64);

type Answers = Vec<Result<Appended, Refusal>>;

impl Core {
    pub(super) async fn append(
        &self,
        room: RoomId,
        batch: &[Append],
        authority: Authority,
    ) -> StoreResult<Answers> {
        let _turn = self.turns.take(room).await;
        let mut tries = Tries::begin();
        loop {
            let overtaken = || "other nodes write to this room without pause".to_owned();
            let reason = match self.attempt(room, batch, authority, &mut tries).await {
                Ok(Some(answers)) => return Ok(answers),
                Ok(None) => overtaken(),
                Err(StoreError::Unavailable(reason)) => reason,
                Err(error) => return Err(error),
            };
            tries.again(reason).await?;
        }
    }

    /// `None`: another node was first.
    async fn attempt(
        &self,
        id: RoomId,
        batch: &[Append],
        authority: Authority,
        tries: &mut Tries,
    ) -> StoreResult<Option<Answers>> {
        let Some(room) = self.beginning_of(id, tries).await? else {
            return Ok(Some(
                batch.iter().map(|_| Err(Refusal::NoSuchRoom)).collect(),
            ));
        };
        let state = self.load(room.clone(), batch).await?;
        let (lines, answers) = plan(state, batch, authority);
        let mut own = tries.lines.clone();
        if lines.is_empty() {
            if self.is_behind(&room).await? {
                return Ok(None);
            }
        } else {
            tries.lines.extend(lines.iter().map(|line| line.id));
            match self.all.log.insert_many(&lines).await {
                Err(error) if is_duplicate(&error) => return Ok(None),
                inserted => inserted?,
            };
            self.project(room.clone(), &lines).await?;
        }
        self.answer(&room, answers, &mut own).await.map(Some)
    }

    /// At first the room's document is believed: if it is behind the log, the insert tells.
    async fn beginning_of(&self, id: RoomId, tries: &Tries) -> StoreResult<Option<Room>> {
        if tries.number == 0 {
            match self.find_room(id).await? {
                Some(room) if room.applied == 0 => {}
                room => return Ok(room),
            }
        }
        self.current(id).await
    }

    /// The answers, with what was in the log before read as it is now. `own` are the lines that
    /// earlier attempts may have left there.
    async fn answer(
        &self,
        room: &Room,
        answers: Vec<Answer>,
        own: &mut HashSet<ObjectId>,
    ) -> StoreResult<Answers> {
        let mut complete = Vec::with_capacity(answers.len());
        for answer in answers {
            complete.push(match answer {
                Answer::Now(answer) => answer,
                Answer::Line { id, rev } => {
                    let event = self.event_at(room, rev).await?;
                    Ok(if own.remove(&id) {
                        Appended::Written(event)
                    } else {
                        Appended::Repeated(event)
                    })
                }
            });
        }
        Ok(complete)
    }

    pub(super) async fn event_at(&self, room: &Room, rev: Rev) -> StoreResult<Event> {
        let place = doc! { "room": room.key, "rev": int(rev.0) };
        let lines = self
            .all
            .log
            .find(place)
            .await?
            .try_collect::<Vec<Entry>>()
            .await?;
        let mut events = self.events_of(room, &lines).await?;
        // The room was deleted at this very moment.
        events.pop().ok_or_else(|| {
            StoreError::Unavailable(format!("event {rev} of room {} is gone", room.id()))
        })
    }
}

/// A writer's attempts: their number, their end, and the lines that they may have left.
struct Tries {
    until: Instant,
    number: u32,
    lines: HashSet<ObjectId>,
}

impl Tries {
    fn begin() -> Self {
        Self {
            until: Instant::now() + PATIENCE,
            number: 0,
            lines: HashSet::new(),
        }
    }

    /// At once for the first time; then after pauses that differ from node to node.
    async fn again(&mut self, reason: String) -> StoreResult<()> {
        if Instant::now() >= self.until {
            return Err(StoreError::Unavailable(reason));
        }
        let longest = Duration::from_millis(1 << self.number.min(10)).min(LONGEST_PAUSE);
        if self.number > 0 {
            let random = getrandom::u32().unwrap_or(u32::MAX / 2);
            tokio::time::sleep(longest.mul_f64(f64::from(random) / f64::from(u32::MAX))).await;
        }
        self.number += 1;
        Ok(())
    }
}
