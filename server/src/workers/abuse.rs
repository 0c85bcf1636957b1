//! Notices what looks like abuse: floods, and the same text over and over. It only observes, for
//! whoever runs the server; what is not to be sent at all is refused before it is in the log.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use protocol::wire::{Event, EventKind};
use protocol::{Rev, RoomId, Timestamp, UserId};

use super::Worker;

/// Looked back this far, in milliseconds.
const WINDOW: i64 = 10_000;
/// As many messages of one person in one room within the window are a flood.
const FLOOD: usize = 60;
/// As many messages with the same text are a repetition.
const SAME: usize = 6;
/// Shorter texts are said again and again by anybody: "네", "ok".
const WORTH_REPEATING: usize = 8;
/// The same is not said again of the same person for so long, in milliseconds.
const QUIET: i64 = 60_000;
/// Conversations that are remembered; the longest silent are forgotten first.
const MAX_REMEMBERED: usize = 20_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Flood,
    Repetition,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Flood => "flood",
            Self::Repetition => "repetition",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    kind: &'static str,
}

/// What one person has lately said in one room.
#[derive(Debug, Default)]
struct Lately {
    /// When, and a number that stands for the text.
    said: VecDeque<(Timestamp, u64)>,
    noticed: Option<Timestamp>,
}

#[derive(Debug, Default)]
pub struct AbuseObserver {
    lately: HashMap<(RoomId, UserId), Lately>,
    /// What is given again is not counted again.
    reached: HashMap<RoomId, Rev>,
    hasher: RandomState,
    noticed: Family<Labels, Counter>,
}

impl AbuseObserver {
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "abuse_observations",
            "Floods and repetitions noticed in rooms",
            self.noticed.clone(),
        );
    }

    /// What this event makes of its author's last words, if it is worth a remark.
    fn notice(&mut self, event: &Event) -> Option<Kind> {
        let EventKind::Posted { message } = &event.kind else {
            return None;
        };
        let text = self.hasher.hash_one(message.body.trim());
        let lately = self.lately.entry((event.room, event.by)).or_default();
        lately
            .said
            .retain(|(at, _)| event.at.millis() - at.millis() < WINDOW);
        lately.said.push_back((event.at, text));
        let same = lately.said.iter().filter(|(_, said)| *said == text).count();
        let kind = if lately.said.len() >= FLOOD {
            Kind::Flood
        } else if same >= SAME && message.body.chars().count() >= WORTH_REPEATING {
            Kind::Repetition
        } else {
            return None;
        };
        let is_news = lately
            .noticed
            .is_none_or(|before| event.at.millis() - before.millis() >= QUIET);
        is_news.then(|| {
            lately.noticed = Some(event.at);
            kind
        })
    }

    fn is_repeat(&mut self, event: &Event) -> bool {
        let reached = self.reached.entry(event.room).or_default();
        let is_repeat = event.rev <= *reached;
        *reached = (*reached).max(event.rev);
        is_repeat
    }

    /// Keeps the memory bounded, whatever comes.
    fn forget(&mut self, now: Timestamp) {
        if self.reached.len() > MAX_REMEMBERED {
            self.reached.clear();
        }
        if self.lately.len() > MAX_REMEMBERED {
            self.lately.retain(|_, lately| {
                let last = lately.said.back().map_or(0, |(at, _)| at.millis());
                now.millis() - last < WINDOW
            });
        }
        if self.lately.len() > MAX_REMEMBERED {
            self.lately.clear();
        }
    }
}

impl Worker for AbuseObserver {
    const NAME: &'static str = "abuse";

    fn heed(&mut self, event: &Event) {
        if self.is_repeat(event) {
            return;
        }
        if let Some(kind) = self.notice(event) {
            let labels = Labels { kind: kind.name() };
            self.noticed.get_or_create(&labels).inc();
            tracing::warn!(
                user.id = %event.by,
                room.id = %event.room,
                kind = kind.name(),
                "someone may be abusing a room"
            );
        }
        self.forget(event.at);
    }
}

#[cfg(test)]
mod tests {
    use protocol::wire::Message;
    use protocol::{MessageId, OpId};
    use uuid::Uuid;

    use super::*;

    fn post(rev: u64, author: u128, millis: i64, body: &str) -> Event {
        let by = UserId(Uuid::from_u128(author));
        let at = Timestamp(millis);
        let rev = Rev(rev);
        Event {
            room: RoomId(Uuid::from_u128(1)),
            rev,
            at,
            by,
            op: OpId(Uuid::from_u128(u128::from(rev.0))),
            posted: rev.0,
            kind: EventKind::Posted {
                message: Message {
                    id: MessageId(Uuid::from_u128(u128::from(rev.0))),
                    rev,
                    at,
                    author: by,
                    body: body.to_owned(),
                    reply_to: None,
                    edited_at: None,
                    deleted: false,
                    reactions: Vec::new(),
                },
            },
        }
    }

    /// How often something was noticed in these.
    fn noticed(events: impl IntoIterator<Item = Event>) -> Vec<(Kind, u64)> {
        let mut observer = AbuseObserver::default();
        for event in events {
            observer.heed(&event);
        }
        [Kind::Flood, Kind::Repetition]
            .into_iter()
            .map(|kind| {
                let labels = Labels { kind: kind.name() };
                (kind, observer.noticed.get_or_create(&labels).get())
            })
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    #[test]
    fn a_lively_conversation_is_no_abuse() {
        let talk = (1..500).map(|n| {
            let n = n as i64;
            post(
                n as u64,
                7 + (n as u128 % 3),
                n * 600,
                &format!("sentence number {n}"),
            )
        });
        assert_eq!(noticed(talk), []);
    }

    #[test]
    fn a_flood_is_noticed_once_in_a_while() {
        let flood = (1..=200).map(|n| post(n, 7, n as i64 * 50, &format!("sentence {n}")));
        assert_eq!(noticed(flood), [(Kind::Flood, 1)]);
    }

    #[test]
    fn the_same_text_again_and_again_is_noticed() {
        let same = (1..=6).map(|n| post(n, 7, n as i64 * 1_000, " buy my coins "));
        assert_eq!(noticed(same), [(Kind::Repetition, 1)]);
    }

    #[test]
    fn short_words_may_be_repeated() {
        let yes = (1..=30).map(|n| post(n, 7, n as i64 * 300, "네"));
        assert_eq!(noticed(yes), []);
    }

    #[test]
    fn what_is_given_again_is_not_counted_again() {
        let once: Vec<_> = (1..=5)
            .map(|n| post(n, 7, n as i64 * 1_000, "buy my coins"))
            .collect();
        let twice = once.iter().cloned().chain(once.iter().cloned());
        assert_eq!(noticed(twice), []);
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut observer = AbuseObserver::default();
        for n in 1..=(2 * MAX_REMEMBERED as u64) {
            observer.heed(&post(n, u128::from(n), n as i64, "hello, everybody"));
        }
        assert!(observer.lately.len() <= MAX_REMEMBERED);
    }
}
