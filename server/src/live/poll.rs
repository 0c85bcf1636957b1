//! Asking the store for what nobody told: events that were lost on their way, sessions that ended
//! unheard. Rarely while all is well, often while it is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use protocol::{RoomId, SessionId};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

use super::feed::Taken;
use super::hub::Hub;
use crate::presence::Notice;

/// How soon it is noticed that the bus is not well.
const TICK: Duration = Duration::from_millis(500);
/// Then heads are compared at once and at every so-many-th tick …
const HEADS_WHEN_ILL: u32 = 4;
/// … and while all is well, at every so-many-th.
const HEADS_WHEN_WELL: u32 = 24;
/// And sessions are checked at every so-many-th, in case a node could not say that one ended.
const SESSIONS_WHEN_WELL: u32 = 60;
/// Asked of the store in one go.
const AT_ONCE: usize = 500;

/// Whether this node has reason to think that the store knows more than was told.
#[derive(Debug, Default)]
pub struct Doubt {
    heads: AtomicBool,
    sessions: AtomicBool,
    now: Notify,
}

impl Doubt {
    /// Events may be missing; it is time enough at the next tick.
    pub fn heads(&self) {
        self.heads.store(true, Ordering::Release);
    }

    /// Events may be missing that other nodes know.
    pub fn heads_now(&self) {
        self.heads();
        self.now.notify_one();
    }

    /// Sessions may have ended unheard.
    pub fn sessions_now(&self) {
        self.sessions.store(true, Ordering::Release);
        self.now.notify_one();
    }
}

impl Hub {
    pub(super) async fn poll(self: Arc<Self>) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut tick = 0u32;
        // For how many ticks the bus has not been well.
        let mut ill = 0u32;
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    self.doubt_by_turns(tick, ill);
                    ill = if self.bus.is_well() { 0 } else { ill.wrapping_add(1) };
                    tick = tick.wrapping_add(1);
                }
                () = self.doubt.now.notified() => {}
            }
            if self.doubt.heads.swap(false, Ordering::AcqRel) {
                self.compare_heads().await;
            }
            if self.doubt.sessions.swap(false, Ordering::AcqRel) {
                self.check_sessions().await;
            }
        }
    }

    fn doubt_by_turns(&self, tick: u32, ill: u32) {
        if self.bus.is_well() {
            if tick.is_multiple_of(HEADS_WHEN_WELL) {
                self.doubt.heads();
            }
        } else if ill.is_multiple_of(HEADS_WHEN_ILL) {
            self.doubt.heads();
            // The other nodes' bus may be well, and yet they hear nothing of this one.
            self.presence.announce(Notice::Unheard);
        }
        if tick.is_multiple_of(SESSIONS_WHEN_WELL) {
            self.doubt.sessions.store(true, Ordering::Release);
        }
    }

    pub(super) async fn compare_heads(&self) {
        let rooms: Vec<RoomId> = self.rooms();
        for some in rooms.chunks(AT_ONCE) {
            let heads = match self.store.heads(some).await {
                Ok(heads) => heads,
                Err(error) => {
                    tracing::warn!(%error, "the heads of the rooms could not be compared with the store");
                    self.doubt.heads();
                    return;
                }
            };
            for (room, head) in heads {
                let Some(feed) = self.feed(room) else {
                    continue;
                };
                if feed.hear(head.rev) == Taken::Gap {
                    self.spawn_repair(&feed);
                }
            }
        }
    }

    async fn check_sessions(&self) {
        let mut sessions: Vec<SessionId> = self
            .principals()
            .into_iter()
            .map(|who| who.session)
            .collect();
        sessions.sort_unstable();
        sessions.dedup();
        for some in sessions.chunks(AT_ONCE) {
            match self.store.ended_among(some).await {
                Ok(ended) if ended.is_empty() => {}
                Ok(ended) => self.end_connections(|who| ended.contains(&who.session)),
                Err(error) => {
                    tracing::warn!(%error, "sessions could not be checked against the store");
                    return;
                }
            }
        }
    }
}
