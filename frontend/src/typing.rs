//! Typing, said and heard. It is only a hint: said rarely, believed briefly.

use protocol::{RoomId, Timestamp, UserId};

const SAY_EVERY: u64 = 3_000;
/// Without news it ends by itself.
pub const BELIEVED: u64 = 6_000;

/// What was last said about my own typing.
#[derive(Debug, Default)]
pub struct TypingPace {
    last: Option<Said>,
}

#[derive(Debug)]
struct Said {
    room: RoomId,
    at: u64,
    has_ended: bool,
}

impl TypingPace {
    /// Whether to say it now. Writing is said no more often than every three seconds, also by one
    /// who stops and starts in between.
    pub fn says(&mut self, room: RoomId, on: bool, now: u64) -> bool {
        let said = self.last.as_mut().filter(|said| said.room == room);
        match (on, said) {
            (true, Some(said)) if now < said.at + SAY_EVERY => false,
            (true, _) => {
                self.last = Some(Said {
                    room,
                    at: now,
                    has_ended: false,
                });
                true
            }
            (false, Some(said)) => !std::mem::replace(&mut said.has_ended, true),
            (false, None) => false,
        }
    }
}

/// Notes that someone writes, or stopped.
pub fn note(typing: &mut Vec<(UserId, Timestamp)>, user: UserId, on: bool, now: Timestamp) {
    match typing.iter_mut().find(|(known, _)| *known == user) {
        Some(entry) if on => entry.1 = now,
        None if on => typing.push((user, now)),
        _ => typing.retain(|(known, _)| *known != user),
    }
}

/// Forgets those from whom nothing came for too long; whether there were any.
pub fn expire(typing: &mut Vec<(UserId, Timestamp)>, now: Timestamp) -> bool {
    let before = typing.len();
    typing.retain(|(_, since)| now.since(*since).as_millis() < u128::from(BELIEVED));
    typing.len() != before
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const ROOM: RoomId = RoomId(Uuid::from_u128(1));
    const OTHER_ROOM: RoomId = RoomId(Uuid::from_u128(2));
    const ANN: UserId = UserId(Uuid::from_u128(3));

    #[test]
    fn a_fast_writer_says_so_every_three_seconds() {
        let mut pace = TypingPace::default();
        let said: Vec<_> = [0, 500, 2_999, 3_000, 4_000]
            .map(|now| pace.says(ROOM, true, now))
            .into();
        assert_eq!(said, [true, false, false, true, false]);
    }

    #[test]
    fn stopping_is_said_once_and_only_after_writing() {
        let mut pace = TypingPace::default();
        assert!(!pace.says(ROOM, false, 0));
        assert!(pace.says(ROOM, true, 1));
        assert!(pace.says(ROOM, false, 2));
        assert!(!pace.says(ROOM, false, 3));
    }

    #[test]
    fn many_short_messages_do_not_say_it_more_often() {
        let mut pace = TypingPace::default();
        assert!(pace.says(ROOM, true, 0));
        assert!(pace.says(ROOM, false, 100));
        assert!(!pace.says(ROOM, true, 200));
        assert!(!pace.says(ROOM, false, 300));
        assert!(pace.says(ROOM, true, 3_000));
    }

    #[test]
    fn another_room_is_told_at_once() {
        let mut pace = TypingPace::default();
        assert!(pace.says(ROOM, true, 0));
        assert!(pace.says(OTHER_ROOM, true, 1));
    }

    #[test]
    fn without_news_typing_ends_after_six_seconds() {
        let mut typing = Vec::new();
        note(&mut typing, ANN, true, Timestamp(0));
        note(&mut typing, ANN, true, Timestamp(4_000));
        assert!(!expire(&mut typing, Timestamp(9_999)));
        assert!(expire(&mut typing, Timestamp(10_000)));
        assert!(typing.is_empty());
    }

    #[test]
    fn who_stops_is_forgotten_at_once() {
        let mut typing = vec![(ANN, Timestamp(0))];
        note(&mut typing, ANN, false, Timestamp(1));
        assert!(typing.is_empty());
    }
}
