//! One at a time in one room on this node. Two of its own writers would only take the rev from each
//! other; the writers of other nodes are met at the unique index. Whoever has the turn finds the
//! room as the one before left it, unless something went wrong.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use protocol::RoomId;
use tokio::sync::OwnedMutexGuard;

use super::documents::Room;

/// What the room was after the last write of this node, with all of its log applied.
pub(super) type Turn = OwnedMutexGuard<Option<Room>>;

/// Rooms in which nobody writes are forgotten when there are more of them than this.
const REMEMBERED: usize = 4_096;

#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<RoomId, Arc<tokio::sync::Mutex<Option<Room>>>>>);

impl Turns {
    /// Waits in line. Nobody may hold two turns.
    pub(super) async fn take(&self, room: RoomId) -> Turn {
        self.of(room).lock_owned().await
    }

    fn of(&self, room: RoomId) -> Arc<tokio::sync::Mutex<Option<Room>>> {
        let mut turns = self.0.lock();
        if turns.len() >= REMEMBERED && !turns.contains_key(&room) {
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(turns.entry(room).or_default())
    }
}
