//! How far people have read, told to a room at most once a second: where everybody reads
//! everything, each position told to each of them at once would be the square of their number.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use protocol::wire::Signal;
use protocol::{Rev, RoomId, UserId};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::hub::Hub;
use super::notices::sleep_until;

/// Between two words of it to the same room.
const REST: Duration = Duration::from_secs(1);

/// Positions until they are told.
#[derive(Debug, Default)]
pub struct Reads {
    rooms: Mutex<HashMap<RoomId, Gathered>>,
    added: Notify,
}

#[derive(Debug)]
struct Gathered {
    /// When the room may be told again.
    due: Instant,
    positions: BTreeMap<UserId, Rev>,
}

impl Reads {
    fn note(&self, room: RoomId, user: UserId, rev: Rev, now: Instant) {
        let mut rooms = self.rooms.lock();
        let gathered = rooms.entry(room).or_insert_with(|| {
            self.added.notify_one();
            Gathered {
                due: now,
                positions: BTreeMap::new(),
            }
        });
        let position = gathered.positions.entry(user).or_insert(rev);
        *position = rev.max(*position);
    }

    fn next(&self) -> Option<Instant> {
        self.rooms
            .lock()
            .values()
            .map(|gathered| gathered.due)
            .min()
    }

    /// What may be told now. A room of which there is nothing more to tell is forgotten.
    fn take(&self, now: Instant) -> Vec<(RoomId, Signal)> {
        let mut ready = Vec::new();
        self.rooms.lock().retain(|room, gathered| {
            if gathered.due > now {
                return true;
            }
            gathered.due = now + REST;
            let positions = std::mem::take(&mut gathered.positions);
            let read: Vec<(UserId, Rev)> = positions.into_iter().collect();
            let signal = match *read.as_slice() {
                [] => return false,
                [(user, rev)] => Signal::Read { user, rev },
                _ => Signal::ReadBy { read },
            };
            ready.push((*room, signal));
            true
        });
        ready
    }
}

impl Hub {
    pub(super) fn note_read(&self, room: RoomId, user: UserId, rev: Rev) {
        if self
            .feed(room)
            .is_some_and(|feed| feed.has_signal_watchers())
        {
            self.reads.note(room, user, rev, Instant::now());
        }
    }

    pub(super) async fn keep_reads_told(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = sleep_until(self.reads.next()) => {}
                () = self.reads.added.notified() => {}
            }
            for (room, signal) in self.reads.take(Instant::now()) {
                self.tell_signal(room, &signal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ROOM: RoomId = RoomId(Uuid::from_u128(1));
    const MINA: UserId = UserId(Uuid::from_u128(7));
    const JUN: UserId = UserId(Uuid::from_u128(8));

    #[test]
    fn the_first_position_is_told_at_once_and_what_follows_together_a_second_later() {
        let reads = Reads::default();
        let start = Instant::now();
        let read = |user, rev| Signal::Read {
            user,
            rev: Rev(rev),
        };
        reads.note(ROOM, MINA, Rev(1), start);
        assert_eq!(reads.take(start), [(ROOM, read(MINA, 1))]);

        // A position that came late does not take the others back.
        for (user, rev) in [(MINA, 2), (JUN, 3), (MINA, 4), (MINA, 3)] {
            reads.note(ROOM, user, Rev(rev), start);
        }
        assert_eq!(reads.take(start), []);
        let together = Signal::ReadBy {
            read: vec![(MINA, Rev(4)), (JUN, Rev(3))],
        };
        assert_eq!(reads.take(start + REST), [(ROOM, together)]);

        reads.note(ROOM, JUN, Rev(5), start + REST);
        assert_eq!(reads.next(), Some(start + 2 * REST));
        assert_eq!(reads.take(start + 2 * REST), [(ROOM, read(JUN, 5))]);
    }

    #[test]
    fn a_room_that_is_quiet_again_takes_no_memory() {
        let reads = Reads::default();
        let start = Instant::now();
        reads.note(ROOM, MINA, Rev(1), start);
        reads.take(start);
        assert_eq!(reads.take(start + REST), []);
        assert_eq!(reads.next(), None);
    }
}
