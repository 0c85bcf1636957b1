//! One at a time in one room on this node. Two of its own writers would only take the rev from each
//! other; the writers of other nodes are met at the unique index. Whoever has the turn finds the
//! room as the one before left it, unless something went wrong.
//!
//! A connection that dies without a word keeps its call, and the call its turn, until TCP gives up,
//! a quarter of an hour later. So a turn lasts only as long as somebody may wait for its call; then
//! the others go on as if it were a writer of another node.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use parking_lot::Mutex;
use protocol::RoomId;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout_at};

use super::connection::PATIENCE;
use super::documents::Room;

/// What the room was after the last write of this node, with all of its log applied.
pub(super) type Turn = OwnedMutexGuard<Option<Room>>;

/// Rooms in which nobody writes are forgotten when there are more of them than this.
const REMEMBERED: usize = 4_096;

#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<RoomId, Line>>);

/// Those who wait for their turn in one room.
#[derive(Clone)]
struct Line {
    turn: Arc<tokio::sync::Mutex<Option<Room>>>,
    /// When the last turn began.
    taken: Instant,
}

impl Line {
    fn new() -> Self {
        Self {
            turn: Arc::default(),
            taken: Instant::now(),
        }
    }

    fn is_over(&self) -> bool {
        self.taken + PATIENCE <= Instant::now()
    }
}

impl Turns {
    /// Waits in line. Nobody may hold two turns.
    pub(super) async fn take(&self, room: RoomId) -> Turn {
        loop {
            let line = match self.begin(room) {
                Ok(turn) => return turn,
                Err(line) => line,
            };
            if let Some(turn) = self.wait(room, line).await {
                return turn;
            }
        }
    }

    /// The turn, or the line to wait in.
    fn begin(&self, room: RoomId) -> Result<Turn, Line> {
        let mut lines = self.0.lock();
        if lines.len() >= REMEMBERED && !lines.contains_key(&room) {
            lines.retain(|_, line| Arc::strong_count(&line.turn) > 1);
        }
        let line = lines.entry(room).or_insert_with(Line::new);
        if line.is_over() && line.turn.try_lock().is_err() {
            *line = Line::new();
        }
        let Ok(turn) = Arc::clone(&line.turn).try_lock_owned() else {
            return Err(line.clone());
        };
        line.taken = Instant::now();
        Ok(turn)
    }

    /// `None`: whoever has the turn does not come back from it, or somebody found so before.
    async fn wait(&self, room: RoomId, mut line: Line) -> Option<Turn> {
        let mut mine = pin!(Arc::clone(&line.turn).lock_owned());
        loop {
            let turn = timeout_at(line.taken + PATIENCE, &mut mine).await;
            let mut lines = self.0.lock();
            let now = lines.get_mut(&room);
            let now = now.filter(|now| Arc::ptr_eq(&now.turn, &line.turn));
            match (turn, now) {
                (Ok(turn), now) => {
                    if let Some(now) = now {
                        now.taken = Instant::now();
                    }
                    return Some(turn);
                }
                // It has gone on to others meanwhile.
                (Err(_), Some(now)) if !now.is_over() => line = now.clone(),
                (Err(_), _) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_does_not_end_is_passed_over_when_nobody_waits_for_it_any_more() {
        let (turns, room) = (Turns::default(), RoomId(uuid::Uuid::from_u128(1)));
        let began = Instant::now();
        let stuck = turns.take(room).await;
        let second = turns.take(room).await;
        assert_eq!(began.elapsed(), PATIENCE);
        // Those who come after it wait for it, not for the first.
        let (third, ()) = tokio::join!(turns.take(room), async {
            tokio::time::sleep(PATIENCE / 2).await;
            drop(second);
        });
        assert_eq!(began.elapsed(), PATIENCE + PATIENCE / 2);
        drop((stuck, third));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_behind_others_keeps_waiting_while_turns_end() {
        let (turns, room) = (Turns::default(), RoomId(uuid::Uuid::from_u128(1)));
        let first = turns.take(room).await;
        let hold = async |turn: Turn| {
            tokio::time::sleep(PATIENCE * 4 / 5).await;
            drop(turn);
        };
        let ((), (), ()) = tokio::join!(
            hold(first),
            async { hold(turns.take(room).await).await },
            async {
                let began = Instant::now();
                drop(turns.take(room).await);
                assert_eq!(began.elapsed(), PATIENCE * 8 / 5);
            }
        );
    }
}
