//! Up to where this person has read, on its way to the server: only ever forward, said at most a
//! few times a second, and said again when it may have been lost.

use std::collections::HashMap;

use protocol::{Rev, RoomId};

/// Scrolling through a page of history should be one word, not twenty.
const GATHER: u64 = 300;
/// What was said on a connection so shortly before its end may not have arrived.
const MAY_BE_LOST: u64 = 60_000;

#[derive(Debug, Default)]
pub struct ReadMarks {
    rooms: HashMap<RoomId, Mark>,
}

#[derive(Debug)]
struct Mark {
    rev: Rev,
    /// When to say it; `None` when it was said.
    due: Option<u64>,
    said: u64,
}

impl ReadMarks {
    /// Whether it is news. `known`: the position that the server knows of.
    pub fn seen(&mut self, room: RoomId, rev: Rev, known: Rev, now: u64) -> bool {
        let mark = self.rooms.entry(room).or_insert(Mark {
            rev: known,
            due: None,
            said: 0,
        });
        if rev <= mark.rev {
            return false;
        }
        mark.rev = rev;
        mark.due.get_or_insert(now + GATHER);
        true
    }

    pub fn deadline(&self) -> Option<u64> {
        self.rooms.values().filter_map(|mark| mark.due).min()
    }

    /// What is to be said now; it is taken for said.
    pub fn take_due(&mut self, now: u64) -> Vec<(RoomId, Rev)> {
        self.take(now, |due| due <= now)
    }

    /// Everything unsaid, because the page is about to be hidden.
    pub fn take_all(&mut self, now: u64) -> Vec<(RoomId, Rev)> {
        self.take(now, |_| true)
    }

    /// The connection was lost: what was said last is said again on the next one.
    pub fn lost(&mut self, now: u64) {
        for mark in self.rooms.values_mut() {
            if mark.said + MAY_BE_LOST >= now && mark.said > 0 {
                mark.due.get_or_insert(now);
            }
        }
    }

    fn take(&mut self, now: u64, when: impl Fn(u64) -> bool) -> Vec<(RoomId, Rev)> {
        let mut taken = Vec::new();
        for (room, mark) in &mut self.rooms {
            if mark.due.is_some_and(&when) {
                mark.due = None;
                mark.said = now;
                taken.push((*room, mark.rev));
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const ROOM: RoomId = RoomId(Uuid::from_u128(1));

    #[test]
    fn what_is_seen_in_quick_succession_is_said_once() {
        let mut marks = ReadMarks::default();
        assert!(marks.seen(ROOM, Rev(3), Rev(0), 0));
        assert!(marks.seen(ROOM, Rev(5), Rev(0), 100));
        assert_eq!(marks.take_due(299), []);
        assert_eq!(marks.take_due(300), [(ROOM, Rev(5))]);
        assert_eq!(marks.take_due(900), []);
    }

    #[test]
    fn reading_never_goes_back() {
        let mut marks = ReadMarks::default();
        assert!(!marks.seen(ROOM, Rev(3), Rev(4), 0));
        assert!(marks.seen(ROOM, Rev(9), Rev(4), 0));
        assert!(!marks.seen(ROOM, Rev(7), Rev(4), 0));
        assert_eq!(marks.take_all(1), [(ROOM, Rev(9))]);
    }

    #[test]
    fn what_was_said_just_before_the_connection_was_lost_is_said_again() {
        let mut marks = ReadMarks::default();
        marks.seen(ROOM, Rev(9), Rev(4), 0);
        marks.take_all(100);
        marks.lost(200_000);
        assert_eq!(marks.deadline(), None);
        marks.lost(1_000);
        assert_eq!(marks.take_due(1_000), [(ROOM, Rev(9))]);
    }

    #[test]
    fn what_could_not_be_said_waits_for_the_next_connection() {
        let mut marks = ReadMarks::default();
        marks.seen(ROOM, Rev(9), Rev(4), 0);
        marks.lost(5_000);
        assert_eq!(marks.take_due(5_000), [(ROOM, Rev(9))]);
    }
}
