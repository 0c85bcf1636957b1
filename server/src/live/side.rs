//! Room lists in step. A room that changed is marked; a moment later everyone on this node who
//! shows it is told how it stands, however many changes there were.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use parking_lot::Mutex;
use protocol::wire::SideChange;
use protocol::{RoomId, UserId};
use tokio::sync::Notify;

use super::hub::Hub;
use crate::chat::room_as_seen;
use crate::store::StoreResult;

/// How long changes are collected: short enough to feel immediate.
const COLLECT: Duration = Duration::from_millis(60);

/// Before the store is asked again, where it did not answer.
const AGAIN: Duration = Duration::from_secs(1);
/// Room lists brought up to date at the same time.
const READS: usize = 8;

#[derive(Debug, Default)]
pub struct Dirty {
    marks: Mutex<Marks>,
    marked: Notify,
}

#[derive(Debug, Default)]
struct Marks {
    /// For everyone who shows them.
    rooms: HashSet<RoomId>,
    /// For one person only.
    people: HashSet<(UserId, RoomId)>,
}

impl Dirty {
    pub fn mark_room(&self, room: RoomId) {
        self.marks.lock().rooms.insert(room);
        self.marked.notify_one();
    }

    pub fn mark_person(&self, user: UserId, room: RoomId) {
        self.marks.lock().people.insert((user, room));
        self.marked.notify_one();
    }

    fn take(&self) -> Marks {
        std::mem::take(&mut *self.marks.lock())
    }
}

impl Hub {
    pub(super) async fn keep_sides(self: Arc<Self>) {
        loop {
            self.dirty.marked.notified().await;
            tokio::time::sleep(COLLECT).await;
            if !self.tell_marked().await {
                tokio::time::sleep(AGAIN).await;
            }
        }
    }

    /// Whether all could be told.
    pub(super) async fn tell_marked(&self) -> bool {
        let Marks { rooms, mut people } = self.dirty.take();
        for room in rooms {
            if let Some(feed) = self.feed(room) {
                people.extend(feed.listeners().into_iter().map(|user| (user, room)));
            }
        }
        let told = futures::stream::iter(people)
            .map(|(user, room)| async move { (user, room, self.tell_room(user, room).await) });
        let told: Vec<_> = told.buffer_unordered(READS).collect().await;
        let mut all = true;
        for (user, room, told) in told {
            if let Err(error) = told {
                tracing::warn!(%error, room.id = %room, user.id = %user, "a room list could not be brought up to date yet");
                self.dirty.mark_person(user, room);
                all = false;
            }
        }
        all
    }

    async fn tell_room(&self, user: UserId, room: RoomId) -> StoreResult<()> {
        let asked = Instant::now();
        let change = match self.store.my_room(room, user).await? {
            Some(mine) => {
                let lacks = self.people.lock().lacks(user, room);
                if lacks {
                    // The word of it came by another way than the event that brought them in.
                    let found = std::iter::once((room, mine.room.head.rev));
                    self.bring_in_as_found(user, found).await?;
                }
                if !self.people.lock().has_side(user) {
                    return Ok(());
                }
                let mut named = vec![user];
                named.extend(mine.peer.as_ref().map(|peer| peer.id));
                named.extend(mine.last_message.as_ref().map(|message| message.author));
                let users = self.store.users(&named).await?;
                let me = users.iter().find(|known| known.id == user);
                let own_name = me.map(|me| me.display_name.clone()).unwrap_or_default();
                SideChange::Room {
                    room: Box::new(room_as_seen(mine, &own_name)),
                    users,
                }
            }
            // A direct room in which nothing was said yet is not shown to the other one.
            None if self.store.is_member(room, user).await? => return Ok(()),
            None if self.put_out(user, room, asked) => SideChange::Gone { room },
            None => return Ok(()),
        };
        self.tell_side(user, &change);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use uuid::Uuid;

    use super::*;
    use crate::bus::LocalBus;
    use crate::presence::{LocalPresence, Notice};
    use crate::store::SqliteStore;

    #[tokio::test]
    async fn a_room_of_people_who_are_not_here_makes_no_work() {
        let dir = TempDir::new().unwrap();
        let store = Arc::new(SqliteStore::open(dir.path()).unwrap());
        let bus = Arc::new(LocalBus::default());
        let hub = Hub::new(store, bus, Arc::new(LocalPresence::new()));
        let room = RoomId(Uuid::from_u128(1));
        for number in 0..10 {
            let user = UserId(Uuid::from_u128(number));
            hub.heed(Notice::Side { user, room });
        }
        assert!(hub.dirty.take().people.is_empty());
    }
}
