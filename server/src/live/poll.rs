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

/// How soon it is noticed that something is not well.
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

/// When the store is asked without a reason.
#[derive(Debug, Default)]
struct Turns {
    tick: u32,
    /// For how many ticks it has not been sure that this node is told everything.
    ill: u32,
}

/// What is due at a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Due {
    heads: bool,
    sessions: bool,
}

impl Turns {
    fn next(&mut self, is_told: bool) -> Due {
        let due = Due {
            heads: if is_told {
                self.tick.is_multiple_of(HEADS_WHEN_WELL)
            } else {
                self.ill.is_multiple_of(HEADS_WHEN_ILL)
            },
            sessions: self.tick.is_multiple_of(SESSIONS_WHEN_WELL),
        };
        self.tick = self.tick.wrapping_add(1);
        self.ill = if is_told { 0 } else { self.ill.wrapping_add(1) };
        due
    }
}

impl Hub {
    pub(super) async fn poll(self: Arc<Self>) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut turns = Turns::default();
        loop {
            tokio::select! {
                _ = ticks.tick() => self.doubt_by_turns(&mut turns),
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

    /// Whether the others' news comes: over the bus, or, where one of them could not hand its news
    /// to the bus or died before it did, as the word of that.
    pub(super) fn is_told(&self) -> bool {
        self.bus.is_well() && *self.presence_known.borrow()
    }

    fn doubt_by_turns(&self, turns: &mut Turns) {
        let due = turns.next(self.is_told());
        if due.heads {
            self.doubt.heads();
            if !self.bus.is_well() {
                // The other nodes' bus may be well, and yet they hear nothing of this one.
                self.presence.announce(Notice::Unheard);
            }
        }
        if due.sessions {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_compared_at_once_and_often_while_something_is_away_and_rarely_while_not() {
        let mut turns = Turns::default();
        let mut due = |is_told: bool, ticks: u32| -> Vec<u32> {
            (0..ticks).filter(|_| turns.next(is_told).heads).collect()
        };
        assert_eq!(due(true, 48), [0, 24]);
        assert_eq!(due(false, 12), [0, 4, 8]);
        assert_eq!(due(true, 24).len(), 1);
        assert_eq!(due(false, 1), [0]);
    }
}
