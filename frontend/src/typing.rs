//! Typing, said and heard. It is only a hint: said rarely, believed briefly.

use protocol::wire::TYPING_BELIEVED;
use protocol::{RoomId, Timestamp, UserId};

const SAY_EVERY: u64 = 3_000;
/// Without news it ends by itself.
pub const BELIEVED: u64 = TYPING_BELIEVED.as_millis() as u64;

/// What is to be said, and what was last said, about my own typing.
#[derive(Debug, Default)]
pub struct TypingPace {
    wish: Option<Wish>,
    last: Option<Said>,
}

#[derive(Debug)]
struct Wish {
    room: RoomId,
    on: bool,
    at: u64,
}

#[derive(Debug)]
struct Said {
    room: RoomId,
    at: u64,
    has_ended: bool,
}

impl TypingPace {
    pub fn wish(&mut self, room: RoomId, on: bool, now: u64) {
        self.wish = Some(Wish { room, on, at: now });
    }

    /// What to say now that something can be said; nothing that was true too long ago.
    pub fn take(&mut self, now: u64) -> Option<(RoomId, bool)> {
        let Wish { room, on, at } = self.wish.take()?;
        (now < at + BELIEVED && self.says(room, on, now)).then_some((room, on))
    }

    /// Whether to say it now. Writing is said no more often than every three seconds, also by one
    /// who stops and starts in between.
    fn says(&mut self, room: RoomId, on: bool, now: u64) -> bool {
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

/// Someone writes.
pub fn note(typing: &mut Vec<(UserId, Timestamp)>, user: UserId, now: Timestamp) {
    match typing.iter_mut().find(|(known, _)| *known == user) {
        Some(entry) => entry.1 = now,
        None => typing.push((user, now)),
    }
}

/// Someone stopped writing.
pub fn ended(typing: &mut Vec<(UserId, Timestamp)>, user: UserId) {
    typing.retain(|(known, _)| *known != user);
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
    fn what_was_written_while_the_connection_came_up_is_said_once_it_is_there() {
        let mut pace = TypingPace::default();
        pace.wish(ROOM, true, 0);
        assert_eq!(pace.take(BELIEVED - 1), Some((ROOM, true)));
        assert_eq!(pace.take(BELIEVED - 1), None);
    }

    #[test]
    fn what_is_no_longer_true_is_not_said() {
        let mut pace = TypingPace::default();
        pace.wish(ROOM, true, 0);
        pace.wish(ROOM, false, 1);
        assert_eq!(pace.take(2), None);
        pace.wish(ROOM, true, 3);
        assert_eq!(pace.take(3 + BELIEVED), None);
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
        note(&mut typing, ANN, Timestamp(0));
        note(&mut typing, ANN, Timestamp(4_000));
        assert!(!expire(&mut typing, Timestamp(9_999)));
        assert!(expire(&mut typing, Timestamp(10_000)));
        assert!(typing.is_empty());
    }

    #[test]
    fn who_stops_is_forgotten_at_once() {
        let mut typing = vec![(ANN, Timestamp(0))];
        ended(&mut typing, ANN);
        assert!(typing.is_empty());
    }
}
