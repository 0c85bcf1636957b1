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
/// While away, listeners are reminded so often to ask the store.
const REMIND: Duration = Duration::from_secs(2);

/// What goes over the channel. What the scripts announce has no sender, so that everybody hears it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    pub(super) from: String,
    /// Without one: the sender is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) notice: Option<Notice>,
}

pub(super) struct Ear {
    node: String,
    channel: String,
    link: Arc<Link>,
    notices: broadcast::Sender<Notice>,
    listening: Notify,
    /// When each of the other nodes was heard last.
    others: Mutex<HashMap<String, Instant>>,
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
        let Said { from, notice } = match serde_json::from_slice(word) {
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
            self.others.lock().insert(from, Instant::now());
        }
        if let Some(notice) = notice {
            // An error means that nobody listens.
            let _ = self.notices.send(notice);
        }
        false
    }

    /// What a node appended just before it died may not have been told to anybody.
    fn miss_others(&self) {
        let mut others = self.others.lock();
        let before = others.len();
        others.retain(|_, heard| heard.elapsed() <= SILENCE);
        if others.len() < before {
            let _ = self.notices.send(Notice::Unheard);
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
