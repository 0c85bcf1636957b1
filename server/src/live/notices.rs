//! What nodes say to each other without keeping it: typing, read positions, presence, ended
//! sessions.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use parking_lot::Mutex;
use protocol::wire::{SideChange, Signal};
use protocol::{RoomId, UserId};
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::hub::Hub;
use crate::presence::Notice;
use crate::store::StoreResult;

/// Coming is told almost at once; going only after longer than a reload takes.
const ARRIVED: Duration = Duration::from_millis(100);
const DEPARTED: Duration = Duration::from_secs(4);

/// Before the store is asked again, where it did not answer.
const AGAIN: Duration = Duration::from_secs(1);
/// People told of in one go, and of how many of them the rooms are read at the same time.
const AT_ONCE: usize = 500;
const READS: usize = 8;

/// Who came and went, until it is told.
#[derive(Debug, Default)]
pub struct Moved {
    due: Mutex<HashMap<UserId, Instant>>,
    added: Notify,
}

impl Moved {
    fn note(&self, user: UserId, at: Instant) {
        self.due.lock().insert(user, at);
        self.added.notify_one();
    }

    /// What could not be told. What happened since is more recent than that.
    fn put_back(&self, users: Vec<UserId>, at: Instant) {
        let mut due = self.due.lock();
        for user in users {
            due.entry(user).or_insert(at);
        }
    }

    fn next(&self) -> Option<Instant> {
        self.due.lock().values().min().copied()
    }

    fn take(&self, now: Instant) -> Vec<UserId> {
        let mut due = self.due.lock();
        let ready = due.iter().filter(|(_, at)| **at <= now);
        let ready: Vec<UserId> = ready.map(|(user, _)| *user).take(AT_ONCE).collect();
        for user in &ready {
            due.remove(user);
        }
        ready
    }
}

impl Hub {
    /// Waits for nothing but the next notice: an ended session's sockets must not wait.
    pub(super) async fn follow_notices(self: Arc<Self>) {
        let mut notices = self.presence.listen();
        loop {
            match notices.recv().await {
                Ok(notice) => self.heed(notice),
                Err(RecvError::Lagged(missed)) => self.heed_loss(missed),
                Err(RecvError::Closed) => return,
            }
        }
    }

    pub(super) async fn keep_moves_told(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = sleep_until(self.moved.next()) => {}
                () = self.moved.added.notified() => continue,
            }
            let moved = self.moved.take(Instant::now());
            let untold = self.tell_presence(moved).await;
            self.moved.put_back(untold, Instant::now() + AGAIN);
        }
    }

    /// Any kind of notice may be among what was lost.
    pub(super) fn heed_loss(&self, missed: u64) {
        tracing::warn!(
            missed,
            "notices were lost; what they may have said is asked of the store"
        );
        self.doubt.heads_now();
        self.doubt.sessions_now();
        self.doubt.rooms_now();
        // As it was before, and told anew.
        self.presence_known.send_modify(|_| {});
    }

    pub(super) fn heed(&self, notice: Notice) {
        match notice {
            Notice::Room {
                room,
                signal: Signal::Read { user, rev },
            } => self.note_read(room, user, rev),
            Notice::Room { room, signal } => self.tell_signal(room, &signal),
            // A group of thousands is made with as many of these; most of its people are elsewhere.
            Notice::Side { user, room } if self.hears(user, room) => {
                self.dirty.mark_person(user, room);
            }
            Notice::Side { .. } => {}
            Notice::Ended { session } => self.end_connections(|who| who.session == session),
            Notice::Erased { user } => self.end_connections(|who| who.user == user),
            Notice::Presence { user, online } => {
                let wait = if online { ARRIVED } else { DEPARTED };
                self.moved.note(user, Instant::now() + wait);
            }
            Notice::Unheard => self.doubt.heads_now(),
            Notice::Untold => {
                self.doubt.heads_now();
                self.doubt.rooms_now();
                self.doubt.sessions_now();
            }
            Notice::Away => {
                self.doubt.sessions_now();
                self.presence_known
                    .send_if_modified(|known| std::mem::replace(known, false));
            }
            Notice::Back => {
                self.doubt.heads_now();
                self.doubt.rooms_now();
                self.doubt.sessions_now();
                self.presence_known.send_replace(true);
            }
        }
    }

    /// Whether somebody here hears of all their rooms, or of this one.
    fn hears(&self, user: UserId, room: RoomId) -> bool {
        self.people.lock().has(user) || self.feed(room).is_some_and(|feed| feed.has(user))
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

    /// Says of each of these whether they are here, to those who share a room with them. Answers
    /// those of whom it could not be told.
    pub(super) async fn tell_presence(&self, moved: Vec<UserId>) -> Vec<UserId> {
        if self.people.lock().is_empty() && !self.has_signal_watchers() {
            return Vec::new();
        }
        let online = self.presence.online(&moved).await;
        let told = futures::stream::iter(moved).map(|user| {
            let here = online.as_ref().map(|online| online.contains(&user));
            async move { (user, self.tell_presence_of(user, here).await) }
        });
        let told: Vec<(UserId, StoreResult<()>)> = told.buffer_unordered(READS).collect().await;
        let mut untold = Vec::new();
        for (user, told) in told {
            if let Err(error) = told {
                tracing::warn!(%error, user.id = %user, "who came and went could not be told yet");
                untold.push(user);
            }
        }
        untold
    }

    async fn tell_presence_of(&self, user: UserId, here: Option<bool>) -> StoreResult<()> {
        for mine in self.store.rooms_of(user).await? {
            self.tell_signal(mine.room.id, &Signal::Presence { user, online: here });
            if let Some(peer) = mine.peer {
                self.tell_side(peer.id, &SideChange::Presence { user, online: here });
            }
        }
        Ok(())
    }
}

pub(super) async fn sleep_until(next: Option<Instant>) {
    match next {
        Some(next) => tokio::time::sleep_until(next).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const fn person(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    #[test]
    fn who_could_not_be_told_of_is_told_of_later_unless_there_is_news_of_them() {
        let moved = Moved::default();
        let start = Instant::now();
        let (later, latest) = (start + AGAIN, start + DEPARTED);
        for number in [1, 2] {
            moved.note(person(number), start);
        }
        let untold = moved.take(start);
        assert_eq!((untold.len(), moved.next()), (2, None));
        // One of them went meanwhile.
        moved.note(person(2), latest);
        moved.put_back(untold, later);
        assert_eq!(moved.take(start), []);
        assert_eq!(moved.take(later), [person(1)]);
        assert_eq!(moved.take(latest), [person(2)]);
    }
}
