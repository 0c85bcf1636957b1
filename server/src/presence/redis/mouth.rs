//! Saying things to the other nodes, in order, without anybody waiting for it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::Notice;
use super::ear::Said;
use super::link::Link;

/// Notices that wait to be said. Each is small.
const WAITING: usize = 10_000;
/// Said in one go.
const AT_ONCE: usize = 256;
/// Between two attempts.
const AGAIN: Duration = Duration::from_millis(200);

pub(super) struct Mouth {
    node: String,
    channel: String,
    link: Arc<Link>,
    waiting: Mutex<VecDeque<Notice>>,
    added: Notify,
}

impl Mouth {
    pub(super) fn new(node: &str, channel: String, link: Arc<Link>) -> Self {
        Self {
            node: node.to_owned(),
            channel,
            link,
            waiting: Mutex::default(),
            added: Notify::new(),
        }
    }

    pub(super) fn say(&self, notice: Notice) {
        let mut waiting = self.waiting.lock();
        // These say nothing more the second time, and an ill node says them again and again.
        let is_plain = matches!(notice, Notice::Unheard | Notice::Untold);
        if is_plain && waiting.contains(&notice) {
            return;
        }
        if waiting.len() >= WAITING {
            if !must_be_heard(&notice) {
                return;
            }
            waiting.retain(must_be_heard);
            if waiting.len() >= WAITING {
                waiting.pop_front();
            }
        }
        waiting.push_back(notice);
        drop(waiting);
        self.added.notify_one();
    }

    /// Runs for as long as the node does. Whether the ear hears does not matter here: a moment that
    /// was too long for one word may be too short for the ear to miss anything.
    pub(super) async fn speak(&self) {
        loop {
            self.added.notified().await;
            while !self.say_some().await {
                self.waiting.lock().retain(keeps);
                sleep(AGAIN).await;
            }
        }
    }

    /// Without trying again: the node ends, and that is the last that it says.
    pub(super) async fn say_the_rest(&self) {
        if self.say_some().await {
            let mut word = redis::pipe();
            word.publish(&self.channel, Said::leaving(&self.node))
                .ignore();
            if let Err(why) = self.link.send(&word).await {
                tracing::debug!(why, "the end of this node did not reach Redis");
            }
        }
    }

    /// Until nothing waits, or Redis does not take it.
    async fn say_some(&self) -> bool {
        loop {
            let some: Vec<Notice> = {
                let waiting = self.waiting.lock();
                waiting.iter().take(AT_ONCE).cloned().collect()
            };
            if some.is_empty() {
                return true;
            }
            let mut words = redis::pipe();
            for notice in &some {
                let said = Said {
                    from: self.node.clone(),
                    notice: Some(notice.clone()),
                    leaves: false,
                };
                match serde_json::to_string(&said) {
                    Ok(json) => words.publish(&self.channel, json).ignore(),
                    Err(error) => {
                        tracing::error!(%error, "a notice could not be written as JSON");
                        continue;
                    }
                };
            }
            if let Err(why) = self.link.send(&words).await {
                tracing::debug!(why, "notices did not reach Redis");
                return false;
            }
            // Only whoever speaks takes anything away, unless there was too much of it.
            let mut waiting = self.waiting.lock();
            for notice in &some {
                if waiting.front() == Some(notice) {
                    waiting.pop_front();
                }
            }
        }
    }
}

/// What other nodes must learn even when it is late. They also find it in the store.
fn must_be_heard(notice: &Notice) -> bool {
    matches!(notice, Notice::Ended { .. } | Notice::Erased { .. })
}

/// What is said about this moment is worth nothing later.
fn keeps(notice: &Notice) -> bool {
    !matches!(notice, Notice::Room { .. } | Notice::Presence { .. })
}

#[cfg(test)]
mod tests {
    use protocol::wire::Signal;
    use protocol::{RoomId, SessionId, UserId};
    use uuid::Uuid;

    use super::*;
    use crate::presence::RedisOptions;

    fn mouth() -> Mouth {
        let options = RedisOptions::new("redis://127.0.0.1:1");
        let link = Arc::new(Link::new(&options).unwrap());
        Mouth::new("here", options.channel(), link)
    }

    fn typing() -> Notice {
        Notice::Room {
            room: RoomId(Uuid::from_u128(1)),
            signal: Signal::Typing {
                user: UserId(Uuid::from_u128(7)),
                on: true,
            },
        }
    }

    fn ended(number: u128) -> Notice {
        Notice::Ended {
            session: SessionId(Uuid::from_u128(number)),
        }
    }

    #[tokio::test]
    async fn what_must_be_heard_is_the_last_to_be_given_up() {
        let mouth = mouth();
        for number in 0..WAITING as u128 {
            mouth.say(if number % 2 == 0 {
                typing()
            } else {
                ended(number)
            });
        }
        mouth.say(typing());
        assert_eq!(mouth.waiting.lock().len(), WAITING);
        mouth.say(ended(0));
        let waiting = mouth.waiting.lock();
        assert_eq!(waiting.len(), WAITING / 2 + 1);
        assert!(waiting.iter().all(must_be_heard));
    }

    #[tokio::test]
    async fn an_ill_node_does_not_fill_what_waits_with_the_word_of_it() {
        let mouth = mouth();
        for _ in 0..3 {
            mouth.say(Notice::Unheard);
            mouth.say(Notice::Untold);
        }
        assert_eq!(mouth.waiting.lock().len(), 2);
    }

    #[test]
    fn only_what_is_about_this_moment_is_given_up_when_it_could_not_be_said_at_once() {
        let side = Notice::Side {
            user: UserId(Uuid::from_u128(7)),
            room: RoomId(Uuid::from_u128(1)),
        };
        let mut waiting = vec![typing(), side.clone(), ended(1), Notice::Unheard];
        waiting.retain(keeps);
        assert_eq!(waiting, [side, ended(1), Notice::Unheard]);
    }
}
