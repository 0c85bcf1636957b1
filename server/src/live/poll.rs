//! Asking the store for what nobody told: events that were lost on their way, sessions that ended
//! unheard. Heads rarely while all is well and often while it is not; sessions always so often that
//! none that has ended keeps its sockets for 5 s.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use protocol::{Rev, RoomId, SessionId};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::feed::Taken;
use super::hub::Hub;
use crate::presence::Notice;
use crate::store::{Head, StoreResult};

/// How soon it is noticed that something is not well.
const TICK: Duration = Duration::from_millis(500);
/// Then heads are compared at once and at every so-many-th tick …
const HEADS_WHEN_ILL: u32 = 4;
/// … and while all is well, at every so-many-th.
const HEADS_WHEN_WELL: u32 = 24;
/// Heads are compared no sooner than that after the last time, however many nodes ask for it.
const HEADS_REST: Duration = Duration::from_secs(1);
/// How often sessions are checked, in case a node could not say that one ended. It is one look by
/// id for each session that is connected here.
const SESSIONS: Duration = Duration::from_millis(3_500);
/// Before sessions are checked again, whatever the reason.
const AGAIN: Duration = Duration::from_millis(500);
/// Asked of the store in one go.
pub(super) const AT_ONCE: usize = 500;

/// Whether this node has reason to think that the store knows more than was told.
#[derive(Debug, Default)]
pub struct Doubt {
    heads: AtomicBool,
    heads_now: Notify,
    sessions_now: Notify,
    rooms_now: Notify,
}

impl Doubt {
    /// Events may be missing; it is time enough at the next tick.
    pub fn heads(&self) {
        self.heads.store(true, Ordering::Release);
    }

    /// Events may be missing that other nodes know.
    pub fn heads_now(&self) {
        self.heads();
        self.heads_now.notify_one();
    }

    #[cfg(test)]
    pub fn has_heads(&self) -> bool {
        self.heads.load(Ordering::Acquire)
    }

    /// Sessions may have ended unheard.
    pub fn sessions_now(&self) {
        self.sessions_now.notify_one();
    }

    /// Somebody may have come into a room without a word of it.
    pub fn rooms_now(&self) {
        self.rooms_now.notify_one();
    }
}

/// When heads are compared without a reason, and when not even with one.
#[derive(Debug, Default)]
struct Turns {
    tick: u32,
    /// For how many ticks it has not been sure that this node is told everything.
    ill: u32,
    compared: Option<Instant>,
}

impl Turns {
    /// Whether a tick is one at which heads are compared.
    fn next(&mut self, is_told: bool) -> bool {
        let due = if is_told {
            self.tick.is_multiple_of(HEADS_WHEN_WELL)
        } else {
            self.ill.is_multiple_of(HEADS_WHEN_ILL)
        };
        self.tick = self.tick.wrapping_add(1);
        self.ill = if is_told { 0 } else { self.ill.wrapping_add(1) };
        due
    }

    /// Whether heads may be compared now; then they are.
    fn begin(&mut self, now: Instant) -> bool {
        let rested = self
            .compared
            .is_none_or(|compared| now.duration_since(compared) >= HEADS_REST);
        if rested {
            self.compared = Some(now);
        }
        rested
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
                () = self.doubt.heads_now.notified() => {}
            }
            let is_due = self.doubt.heads.load(Ordering::Acquire);
            if is_due && turns.begin(Instant::now()) {
                self.doubt.heads.store(false, Ordering::Release);
                self.compare_heads().await;
            }
        }
    }

    /// Beside the heads, so that many rooms do not hold up the sessions.
    pub(super) async fn keep_sessions_checked(self: Arc<Self>) {
        let mut turns = interval(SESSIONS);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = turns.tick() => {}
                () = self.doubt.sessions_now.notified() => {}
            }
            while let Err(error) = self.check_sessions().await {
                tracing::warn!(%error, "sessions could not be checked against the store");
                sleep(AGAIN).await;
            }
            // However many nodes ask for it.
            sleep(AGAIN).await;
        }
    }

    /// Whether the others' news comes: over the bus, or, where one of them could not hand its news
    /// to the bus or died before it did, as the word of that.
    pub(super) fn is_told(&self) -> bool {
        self.bus.is_well() && *self.presence_known.borrow()
    }

    fn doubt_by_turns(&self, turns: &mut Turns) {
        if turns.next(self.is_told()) {
            self.doubt.heads();
            if !self.bus.is_well() {
                // The other nodes' bus may be well, and yet they hear nothing of this one.
                self.presence.announce(Notice::Unheard);
            }
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
            let found: HashSet<RoomId> = heads.iter().map(|(room, _)| *room).collect();
            for room in some.iter().filter(|room| !found.contains(room)) {
                self.doubt_room(*room);
            }
            self.hear_heads(heads);
        }
    }

    pub(super) fn hear_heads(&self, heads: Vec<(RoomId, Head)>) {
        for (room, head) in heads {
            if let Some(feed) = self.feed(room)
                && feed.hear(head.rev) == Taken::Gap
            {
                self.spawn_repair(&feed);
            }
        }
    }

    /// The store has no such room. Where it had one before, everyone is asked after, and goes out
    /// if it is so; a direct room may only wait for its first message.
    fn doubt_room(&self, room: RoomId) {
        let Some(feed) = self.feed(room).filter(|feed| feed.last() > Rev::ZERO) else {
            return;
        };
        for user in feed.audience() {
            self.dirty.mark_person(user, room);
        }
    }

    pub(super) async fn keep_rooms_compared(self: Arc<Self>) {
        loop {
            self.doubt.rooms_now.notified().await;
            while let Err(error) = self.compare_rooms().await {
                tracing::warn!(%error, "people's rooms could not be compared with the store");
                sleep(AGAIN).await;
            }
            // However many nodes give reason to.
            sleep(HEADS_REST).await;
        }
    }

    /// Whoever came into a room unheard is told of it.
    async fn compare_rooms(&self) -> StoreResult<()> {
        let users = self.people.lock().users();
        for user in users {
            let rooms = self.store.rooms_of(user).await?;
            let people = self.people.lock();
            for mine in rooms {
                if people.lacks(user, mine.room.id) {
                    self.dirty.mark_person(user, mine.room.id);
                }
            }
        }
        Ok(())
    }

    async fn check_sessions(&self) -> StoreResult<()> {
        let mut sessions: Vec<SessionId> = self
            .principals()
            .into_iter()
            .map(|who| who.session)
            .collect();
        sessions.sort_unstable();
        sessions.dedup();
        for some in sessions.chunks(AT_ONCE) {
            let ended = self.store.ended_among(some).await?;
            self.end_connections(|who| ended.contains(&who.session));
            // Whoever found it out says so, because a session is more than its sockets.
            for session in ended {
                self.presence.announce(Notice::Ended { session });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_compared_at_once_and_often_while_something_is_away_and_rarely_while_not() {
        let mut turns = Turns::default();
        let mut due = |is_told: bool, ticks: u32| -> Vec<u32> {
            (0..ticks).filter(|_| turns.next(is_told)).collect()
        };
        assert_eq!(due(true, 48), [0, 24]);
        assert_eq!(due(false, 12), [0, 4, 8]);
        assert_eq!(due(true, 24).len(), 1);
        assert_eq!(due(false, 1), [0]);
    }

    #[test]
    fn many_ill_nodes_do_not_make_heads_be_compared_more_often() {
        let start = Instant::now();
        let mut turns = Turns::default();
        // Twenty nodes say every two seconds that they are ill: a word every 100 ms.
        let words = (0..60).map(|word| start + Duration::from_millis(100 * word));
        assert_eq!(words.filter(|now| turns.begin(*now)).count(), 6);
    }
}
