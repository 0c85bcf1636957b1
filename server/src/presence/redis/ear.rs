//! Hearing what the nodes say through Redis, and noticing when nothing can be heard.
//!
//! Publishing and subscribing loses what is said while a connection is down, and a connection can
//! be down without anybody noticing. So each node says twice a second that it is there. When its
//! own word does not come back, the node counts itself as away. When another's word stays away,
//! that node may have died before it could tell what it had appended.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, broadcast};
use tokio::time::{Instant, sleep, timeout};

use super::link::Link;
use super::{Notice, RedisOptions};

const PULSE: Duration = Duration::from_millis(500);
/// Without hearing anything for so long, the connection counts as dead. Together with what
/// follows it must stay below the 5 s in which an ended session's sockets close.
const SILENCE: Duration = Duration::from_secs(2);
/// Between two attempts to listen again.
const AGAIN: Duration = Duration::from_millis(200);
/// While away, and while another is missed, listeners are reminded so often to ask the store …
const REMIND: Duration = Duration::from_secs(2);
/// … and of one that is missed for long, only when it is for so much longer: most likely it has died.
const RARELY: u32 = 4;
/// A node that is missed for longer has died, and nothing more will come of it.
const GIVEN_UP: Duration = Duration::from_secs(10 * 60);

/// What goes over the channel. What the scripts announce has no sender, so that everybody hears it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    pub(super) from: String,
    /// Without one: the sender is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) notice: Option<Notice>,
    /// The sender ends, having said everything: it will not be missed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) leaves: bool,
}

impl Said {
    pub(super) fn leaving(node: &str) -> String {
        format!(r#"{{"from":"{node}","leaves":true}}"#)
    }
}

pub(super) struct Ear {
    node: String,
    channel: String,
    link: Arc<Link>,
    notices: broadcast::Sender<Notice>,
    listening: Notify,
    others: Mutex<Others>,
    why: Mutex<String>,
}

impl Ear {
    pub(super) fn new(
        node: &str,
        options: &RedisOptions,
        link: Arc<Link>,
        notices: broadcast::Sender<Notice>,
    ) -> Self {
        Self {
            node: node.to_owned(),
            channel: options.channel(),
            link,
            notices,
            listening: Notify::new(),
            others: Mutex::default(),
            why: Mutex::new(String::from("nothing is heard from it")),
        }
    }

    /// Why it was away last.
    pub(super) fn why(&self) -> String {
        self.why.lock().clone()
    }

    /// Runs for as long as the node does.
    pub(super) async fn listen(&self) {
        loop {
            let why = self.listen_once().await;
            if self.link.is_well() {
                tracing::warn!(
                    why,
                    "Redis is lost; until it is back nobody knows who is online, and ended sessions are asked of the store"
                );
            }
            *self.why.lock() = why;
            self.link.lost();
            sleep(AGAIN).await;
        }
    }

    /// Listens until nothing can be heard, and says why.
    async fn listen_once(&self) -> String {
        let mut subscribed = match timeout(SILENCE, self.link.client.get_async_pubsub()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return error.to_string(),
            Err(_) => return String::from("no connection in time"),
        };
        match timeout(SILENCE, subscribed.subscribe(&self.channel)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return error.to_string(),
            Err(_) => return String::from("no answer in time"),
        }
        self.listening.notify_one();
        let mut words = subscribed.on_message();
        let mut myself = Instant::now();
        loop {
            match timeout(SILENCE, words.next()).await {
                Ok(Some(word)) => {
                    if self.take(word.get_payload_bytes()) {
                        myself = Instant::now();
                    }
                }
                Ok(None) => return String::from("the connection was closed"),
                Err(_) => return String::from("nothing is heard from it"),
            }
            if myself.elapsed() > SILENCE {
                return String::from("it does not take what is said");
            }
        }
    }

    /// Answers whether it was this node's own word.
    fn take(&self, word: &[u8]) -> bool {
        let Said {
            from,
            notice,
            leaves,
        } = match serde_json::from_slice(word) {
            Ok(said) => said,
            Err(error) => {
                tracing::debug!(%error, "a word of another version is not understood");
                return false;
            }
        };
        if from == self.node {
            if !self.link.is_well() {
                tracing::info!(at = self.link.at(), "Redis hears and is heard");
            }
            self.link.hears();
            return true;
        }
        if !from.is_empty() {
            self.others.lock().hear(from, leaves, Instant::now());
        }
        if let Some(notice) = notice {
            // An error means that nobody listens.
            let _ = self.notices.send(notice);
        }
        false
    }

    /// What a node that is not heard appended and ended may not have been told to anybody.
    fn miss_others(&self) {
        if self.others.lock().miss(Instant::now()) {
            let _ = self.notices.send(Notice::Untold);
        }
    }

    /// Says that this node is there; at once when it begins to listen.
    pub(super) async fn beat(&self) {
        let mut word = redis::pipe();
        let from = &self.node;
        word.publish(&self.channel, format!(r#"{{"from":"{from}"}}"#))
            .ignore();
        loop {
            if let Err(why) = self.link.send(&word).await {
                tracing::debug!(why, "a word to Redis did not arrive");
                *self.why.lock() = why;
            }
            self.miss_others();
            let _ = timeout(PULSE, self.listening.notified()).await;
        }
    }

    /// Tells this node's listeners that they may miss something, and that they have.
    pub(super) async fn tell_when_away(&self) {
        loop {
            self.link.becomes(false).await;
            while !self.link.is_well() {
                let _ = self.notices.send(Notice::Away);
                let _ = timeout(REMIND, self.link.becomes(true)).await;
            }
            let _ = self.notices.send(Notice::Back);
        }
    }
}

/// When each of the other nodes was heard last.
#[derive(Debug, Default)]
struct Others {
    heard: HashMap<String, Instant>,
    reminded: Option<Instant>,
    /// One that was missed is heard again, and what it said since the last reminder was not.
    found: bool,
}

impl Others {
    fn hear(&mut self, node: String, leaves: bool, now: Instant) {
        let before = if leaves {
            self.heard.remove(&node)
        } else {
            self.heard.insert(node, now)
        };
        self.found |= before.is_some_and(|heard| now.duration_since(heard) > SILENCE);
    }

    /// Whether one of them is missed, and listeners must be told so now: at once, and ever more
    /// seldom for as long as it lasts, since a node that is only cut off goes on; and when it ends.
    fn miss(&mut self, now: Instant) -> bool {
        self.heard
            .retain(|_, heard| now.duration_since(*heard) <= GIVEN_UP);
        let found = std::mem::take(&mut self.found);
        let silences = self.heard.values().map(|heard| now.duration_since(*heard));
        let Some(silence) = silences.filter(|silence| *silence > SILENCE).min() else {
            self.reminded = None;
            return found;
        };
        let pause = REMIND.max(silence / RARELY);
        let due = self
            .reminded
            .is_none_or(|reminded| now.duration_since(reminded) >= pause);
        if due || found {
            self.reminded = Some(now);
        }
        due || found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds at which somebody is missed aloud, of so many; `hears` says at each of them what is
    /// heard.
    fn missed(seconds: u64, hears: impl Fn(u64, &mut Others, Instant)) -> Vec<u64> {
        let start = Instant::now();
        let mut others = Others::default();
        others.hear("two".into(), false, start);
        let told = (1..=seconds).filter(|second| {
            let now = start + Duration::from_secs(*second);
            hears(*second, &mut others, now);
            others.miss(now)
        });
        told.collect()
    }

    #[test]
    fn a_node_is_missed_for_as_long_as_it_stays_away() {
        let back_at_8 = |second, others: &mut Others, now| {
            if second >= 8 {
                others.hear("two".into(), false, now);
            }
        };
        assert_eq!(missed(20, back_at_8), [3, 5, 7, 8]);
    }

    #[test]
    fn a_node_that_said_that_it_leaves_is_not_missed() {
        let leaves = |second, others: &mut Others, now| {
            if second == 1 {
                others.hear("two".into(), true, now);
            }
        };
        assert!(missed(20, leaves).is_empty());
    }

    #[test]
    fn a_node_that_died_keeps_the_others_busy_for_seconds() {
        let told = missed(2 * GIVEN_UP.as_secs(), |_, _, _| {});
        assert_eq!(told[..5], [3, 5, 7, 10, 14]);
        assert!(told.len() < 25, "{told:?}");
        assert!(told.last().is_some_and(|last| *last <= GIVEN_UP.as_secs()));
    }

    #[test]
    fn of_two_that_are_missed_the_one_that_died_before_does_not_hide_the_other() {
        let told = missed(120, |second, others, now| {
            if second <= 100 {
                others.hear("three".into(), false, now);
            }
        });
        assert!(told.ends_with(&[103, 105, 107, 110, 114, 119]), "{told:?}");
    }

    #[test]
    fn a_word_of_farewell_is_understood_as_one() {
        let said: Said = serde_json::from_str(&Said::leaving("two")).unwrap();
        assert!(said.leaves && said.from == "two" && said.notice.is_none());
    }
}
