//! A batch becomes lines of the log: read the room, plan, insert at `head + 1…`, apply.
//!
//! What was posted is acknowledged when it is inserted, and applied a moment later, before the next
//! batch of this room has its turn.
//!
//! The insert is the commit, and the unique index on (room, rev) is the only arbiter between nodes.
//! A writer plans on the room after event n and inserts from n + 1 on, in order. If another node
//! was first, its insert fails at the first line, and everything that the plan relied on (who is a
//! member, whose message it is, what it says) is decided anew: after the lines that came in between,
//! which are read and followed in memory (`follow`), or else from the documents. Whoever inserts
//! after lines that may not have been applied applies them before its own.
//!
//! When the answer to an insert is lost, the lines may be there or not, or come later. The writer
//! reads the room again; lines of its own are recognised by their `_id`, and the others are
//! planned anew. Should the lost insert arrive after all, it finds its revs or its ops taken.

use std::collections::HashSet;
use std::sync::Arc;

use futures::TryStreamExt;
use mongodb::bson::doc;
use mongodb::bson::oid::ObjectId;
use protocol::wire::Event;
use protocol::{Rev, RoomId};

use super::Core;
use super::documents::{Entry, Kind, Room, int};
use super::failure::is_duplicate;
use super::follow::View;
use super::plan::{Answer, Authority, plan};
use super::tries::Tries;
use super::turns::Turn;
use crate::store::{Append, Appended, Refusal, StoreError, StoreResult};

/// Why a writer gives up that is never the first.
const OTHERS: &str = "other nodes write to this room without pause";

type Answers = Vec<Result<Appended, Refusal>>;

/// The lines are durable.
struct Done {
    answers: Answers,
    /// What is to be applied yet, and to which room.
    rest: Option<(Room, Vec<Entry>)>,
}

impl Core {
    pub(super) async fn append(
        self: &Arc<Self>,
        room: RoomId,
        batch: &[Append],
        authority: Authority,
    ) -> StoreResult<Answers> {
        let mut turn = self.turns.take(room).await;
        let mut attempts = Attempts::begin();
        loop {
            let attempt = self.attempt(room, batch, authority, &mut turn, &mut attempts);
            let reason = match attempt.await {
                Ok(Some(done)) => {
                    if let Some((room, lines)) = done.rest {
                        self.project_later(turn, room, lines);
                    }
                    return Ok(done.answers);
                }
                Ok(None) => OTHERS.into(),
                Err(StoreError::Unavailable(reason)) => reason,
                Err(error) => return Err(error),
            };
            attempts.tries.again(&reason).await?;
        }
    }

    /// `None`: another node was first.
    async fn attempt(
        &self,
        id: RoomId,
        batch: &[Append],
        authority: Authority,
        turn: &mut Turn,
        attempts: &mut Attempts,
    ) -> StoreResult<Option<Done>> {
        let mut view = match turn.take() {
            Some(known) => match self.view_after(known, batch).await? {
                Some(view) => view,
                None => return Ok(None),
            },
            None => {
                let Some(room) = self.beginning_of(id, &attempts.tries).await? else {
                    let refusals = batch.iter().map(|_| Err(Refusal::NoSuchRoom));
                    return Ok(Some(Done {
                        answers: refusals.collect(),
                        rest: None,
                    }));
                };
                View::of(self.load(room, batch).await?)
            }
        };
        loop {
            let room = view.state.room.clone();
            let (lines, answers) = plan(view.state.clone(), batch, authority);
            let mut own = attempts.lines.clone();
            if lines.is_empty() {
                if self.is_behind(&room).await? {
                    return Ok(None);
                }
            } else {
                attempts.lines.extend(lines.iter().map(|line| line.id));
                match self.all.log.insert_many(&lines).await {
                    Err(error) if is_duplicate(&error) => {
                        if !self.follow(&mut view).await? {
                            return Ok(None);
                        }
                        attempts.tries.again(OTHERS).await?;
                        continue;
                    }
                    inserted => inserted?,
                };
            }
            let can_wait = !lines.is_empty() && can_wait(&lines);
            let mut rest = view.pending;
            rest.extend(lines);
            if let (true, Some(answers)) = (can_wait, known(&answers)) {
                let rest = Some((view.base, rest));
                return Ok(Some(Done { answers, rest }));
            }
            let mut now = view.base;
            if !rest.is_empty() {
                now = self.project(now, &rest).await?;
            }
            let answers = self.answer(&room, answers, &mut own).await?;
            **turn = Some(now);
            return Ok(Some(Done {
                answers,
                rest: None,
            }));
        }
    }

    /// The room from where this node left it. `None`: it is to be read anew.
    async fn view_after(&self, known: Room, batch: &[Append]) -> StoreResult<Option<View>> {
        let there = self.find_room(known.id()).await?;
        let Some(there) = there.filter(|there| {
            // Deleted; or this is a new primary that does not know yet how much is confirmed.
            there.key == known.key && there.applied >= known.applied
        }) else {
            return Ok(None);
        };
        // Only now, or who is a member could be as old as that primary was a moment ago.
        let is_there = there.applied == known.applied;
        let mut view = View::of(self.load(known, batch).await?);
        Ok((is_there || self.follow(&mut view).await?).then_some(view))
    }

    /// The turn is over when it is done. If it cannot be done, whoever comes next does it.
    fn project_later(self: &Arc<Self>, mut turn: Turn, room: Room, lines: Vec<Entry>) {
        let core = Arc::clone(self);
        self.connection.begin(async move {
            match core.project(room, &lines).await {
                Ok(room) => *turn = Some(room),
                Err(error) => tracing::debug!(%error, "events are left to be applied later"),
            }
        });
    }

    /// At first the room's document is believed: if it is behind the log, the insert tells.
    async fn beginning_of(&self, id: RoomId, tries: &Tries) -> StoreResult<Option<Room>> {
        if tries.is_first() {
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

/// Whether nobody can tell that the lines have not been applied yet. Readers apply them first; but
/// what is found by a person (which rooms, which messages) and what must be gone is done at once.
fn can_wait(lines: &[Entry]) -> bool {
    lines.iter().all(|line| match line.kind {
        Kind::Posted | Kind::Reacted | Kind::Unreacted => true,
        Kind::Created | Kind::Edited | Kind::Deleted => false,
        Kind::Joined | Kind::Left | Kind::Removed | Kind::Renamed => false,
        Kind::Unknown => false,
    })
}

/// The answers, if nothing has to be read for them.
fn known(answers: &[Answer]) -> Option<Answers> {
    let answers = answers.iter().map(|answer| match answer {
        Answer::Now(answer) => Some(answer.clone()),
        Answer::Line { .. } => None,
    });
    answers.collect()
}

/// A writer's attempts, and the lines that they may have left.
struct Attempts {
    tries: Tries,
    lines: HashSet<ObjectId>,
}

impl Attempts {
    fn begin() -> Self {
        Self {
            tries: Tries::begin(),
            lines: HashSet::new(),
        }
    }
}
