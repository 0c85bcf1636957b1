//! What nodes say to each other without keeping it: typing, read positions, presence, ended
//! sessions.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use protocol::wire::{SideChange, Signal};
use protocol::{RoomId, UserId};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::hub::Hub;
use crate::presence::Notice;
use crate::store::StoreResult;

/// Coming is told almost at once; going only after longer than a reload takes.
const ARRIVED: Duration = Duration::from_millis(100);
const DEPARTED: Duration = Duration::from_secs(4);

impl Hub {
    pub(super) async fn follow_notices(self: Arc<Self>) {
        let mut notices = self.presence.listen();
        let mut due: HashMap<UserId, Instant> = HashMap::new();
        loop {
            let next = due.values().min().copied();
            tokio::select! {
                notice = notices.recv() => match notice {
                    Ok(Notice::Presence { user, online }) => {
                        let wait = if online { ARRIVED } else { DEPARTED };
                        due.insert(user, Instant::now() + wait);
                    }
                    Ok(notice) => self.heed(notice),
                    Err(RecvError::Lagged(missed)) => {
                        tracing::warn!(missed, "notices were lost; sessions are checked against the store");
                        self.doubt.sessions_now();
                    }
                    Err(RecvError::Closed) => return,
                },
                () = sleep_until(next) => {
                    let now = Instant::now();
                    let moved: Vec<UserId> =
                        due.extract_if(|_, at| *at <= now).map(|(user, _)| user).collect();
                    if let Err(error) = self.tell_presence(&moved).await {
                        tracing::warn!(%error, "who came and went could not be told");
                    }
                }
            }
        }
    }

    pub(super) fn heed(&self, notice: Notice) {
        match notice {
            Notice::Room { room, signal } => self.tell_signal(room, &signal),
            Notice::Side { user, room } => self.dirty.mark_person(user, room),
            Notice::Ended { session } => self.end_connections(|who| who.session == session),
            Notice::Erased { user } => self.end_connections(|who| who.user == user),
            Notice::Unheard => self.doubt.heads_now(),
            Notice::Untold => {
                self.doubt.heads_now();
                self.doubt.sessions_now();
            }
            Notice::Away => {
                self.doubt.sessions_now();
                self.presence_known
                    .send_if_modified(|known| std::mem::replace(known, false));
            }
            Notice::Back => {
                self.doubt.sessions_now();
                self.presence_known.send_replace(true);
            }
            Notice::Presence { .. } => {}
        }
    }

    pub(super) fn tell_signal(&self, room: RoomId, signal: &Signal) {
        let Some(feed) = self.feed(room) else {
            return;
        };
        if let Signal::Typing { user, on } = *signal {
            feed.note_typing(user, on);
        }
        if !feed.has_signal_watchers() {
            return;
        }
        match serde_json::to_string(signal) {
            Ok(json) => feed.signal(&self.next_message_id(), &json),
            Err(error) => tracing::error!(%error, "a signal could not be written as JSON"),
        }
    }

    /// Says of each of these whether they are here, to those who share a room with them.
    async fn tell_presence(&self, moved: &[UserId]) -> StoreResult<()> {
        if self.people.lock().is_empty() && !self.has_signal_watchers() {
            return Ok(());
        }
        let online = self.presence.online(moved).await;
        for user in moved.iter().copied() {
            let here = online.as_ref().map(|online| online.contains(&user));
            for mine in self.store.rooms_of(user).await? {
                self.tell_signal(mine.room.id, &Signal::Presence { user, online: here });
                if let Some(peer) = mine.peer {
                    self.tell_side(peer.id, &SideChange::Presence { user, online: here });
                }
            }
        }
        Ok(())
    }
}

async fn sleep_until(next: Option<Instant>) {
    match next {
        Some(next) => tokio::time::sleep_until(next).await,
        None => std::future::pending().await,
    }
}
