//! One at a time in one room on this node. Two of its own writers would only take the rev from each
//! other; the writers of other nodes are met at the unique index.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use protocol::RoomId;
use tokio::sync::OwnedMutexGuard;

type Turn = tokio::sync::Mutex<()>;

/// Rooms in which nobody writes are forgotten when there are more of them than this.
const REMEMBERED: usize = 1_024;

#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<RoomId, Weak<Turn>>>);

impl Turns {
    /// Waits in line. Nobody may hold two turns.
    pub(super) async fn take(&self, room: RoomId) -> OwnedMutexGuard<()> {
        let turn = self.of(room);
        turn.lock_owned().await
    }

    fn of(&self, room: RoomId) -> Arc<Turn> {
        let mut turns = self.0.lock();
        if let Some(turn) = turns.get(&room).and_then(Weak::upgrade) {
            return turn;
        }
        if turns.len() >= REMEMBERED {
            turns.retain(|_, turn| turn.strong_count() > 0);
        }
        let turn = Arc::new(Turn::default());
        turns.insert(room, Arc::downgrade(&turn));
        turn
    }
}
