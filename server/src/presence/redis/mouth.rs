//! Saying things to the other nodes, in order, without anybody waiting for it.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Notice;
use super::ear::Said;
use super::link::Link;

/// Notices that wait to be said. Each is small.
const WAITING: usize = 10_000;
/// Said in one go.
const AT_ONCE: usize = 256;

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

    /// Runs for as long as the node does.
    pub(super) async fn speak(&self) {
        loop {
            self.added.notified().await;
            while !self.say_some().await {
                // What is said about this moment is worth nothing later.
                self.waiting.lock().retain(must_be_heard);
                self.link.becomes(false).await;
                self.link.becomes(true).await;
            }
        }
    }

    /// Without trying again: the node ends.
    pub(super) async fn say_the_rest(&self) {
        self.say_some().await;
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
