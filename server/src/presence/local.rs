//! Presence of a server that runs alone: what is true is in this process, and dies with it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use parking_lot::Mutex;
use protocol::UserId;
use tokio::sync::broadcast;

use super::{Connection, Notice, Presence};

/// Notices that a slow listener may be behind before it loses the oldest.
const NOTICES: usize = 4_096;

pub struct LocalPresence {
    /// The sockets of everyone who is here; nobody is kept without one.
    here: Mutex<HashMap<UserId, HashSet<u64>>>,
    notices: broadcast::Sender<Notice>,
}

impl LocalPresence {
    pub fn new() -> Self {
        Self {
            here: Mutex::default(),
            notices: broadcast::Sender::new(NOTICES),
        }
    }
}

impl Default for LocalPresence {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Presence for LocalPresence {
    fn arrive(&self, connection: Connection) {
        let user = connection.user;
        // Announced under the lock, so that nobody hears "left" after "came" the wrong way round.
        let mut here = self.here.lock();
        let sockets = here.entry(user).or_default();
        let first = sockets.is_empty();
        sockets.insert(connection.id);
        if first {
            self.announce(Notice::Presence { user, online: true });
        }
    }

    fn depart(&self, connection: Connection) {
        let user = connection.user;
        let mut here = self.here.lock();
        if let Entry::Occupied(mut sockets) = here.entry(user) {
            sockets.get_mut().remove(&connection.id);
            if sockets.get().is_empty() {
                sockets.remove();
                self.announce(Notice::Presence {
                    user,
                    online: false,
                });
            }
        }
    }

    async fn online(&self, users: &[UserId]) -> Option<Vec<UserId>> {
        let here = self.here.lock();
        Some(
            users
                .iter()
                .copied()
                .filter(|user| here.contains_key(user))
                .collect(),
        )
    }

    fn announce(&self, notice: Notice) {
        // An error means that nobody listens.
        let _ = self.notices.send(notice);
    }

    fn listen(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }
    async fn close(&self) {}
}
