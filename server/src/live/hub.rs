//! The feeds of this node: what was appended comes in here, from the writers and from the bus, and
//! goes out to the sockets. What is missing in between is read from the store.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, RwLock};
use protocol::wire::{Event, EventKind};
use protocol::{Rev, RoomId, UserId};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::feed::{Encoded, Feed, Taken};
use super::notices::Moved;
use super::outbound::{Connection, End, Outbound};
use super::people::People;
use super::poll::Doubt;
use super::reads::Reads;
use super::side::Dirty;
use crate::bus::{Bus, BusItem};
use crate::chat::{Principal, Sink};
use crate::presence::{self, Notice, Presence};
use crate::store::Store;

/// Events read at a time when a hole is filled or history is replayed.
pub(super) const PAGE: usize = 256;

pub struct Hub {
    pub(super) store: Arc<dyn Store>,
    pub(super) presence: Arc<dyn Presence>,
    pub(super) bus: Arc<dyn Bus>,
    feeds: RwLock<HashMap<RoomId, Arc<Feed>>>,
    pub(super) people: Mutex<People>,
    connections: Mutex<HashMap<u64, Arc<Connection>>>,
    /// What the sockets share of the memory for what waits to be written to them.
    waiting: Arc<AtomicUsize>,
    next_connection: AtomicU64,
    next_signal: AtomicU64,
    pub(super) dirty: Dirty,
    pub(super) doubt: Doubt,
    pub(super) moved: Moved,
    pub(super) reads: Reads,
    /// Whether it is known who is online; sent also when it is known again.
    pub(super) presence_known: watch::Sender<bool>,
    tasks: TaskTracker,
    stop: CancellationToken,
    myself: Weak<Hub>,
}

/// Rooms and people alive on this node, for the metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    pub connections: usize,
    pub rooms: usize,
}

impl Hub {
    pub fn new(store: Arc<dyn Store>, bus: Arc<dyn Bus>, presence: Arc<dyn Presence>) -> Arc<Self> {
        Arc::new_cyclic(|myself| Self {
            store,
            presence,
            bus,
            feeds: RwLock::default(),
            people: Mutex::default(),
            connections: Mutex::default(),
            waiting: Arc::default(),
            next_connection: AtomicU64::new(1),
            next_signal: AtomicU64::new(1),
            dirty: Dirty::default(),
            doubt: Doubt::default(),
            moved: Moved::default(),
            reads: Reads::default(),
            presence_known: watch::Sender::new(true),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            myself: Weak::clone(myself),
        })
    }

    /// Starts what runs beside the connections. They end with [`Self::stop`].
    pub fn start(self: &Arc<Self>) {
        for task in [
            boxed(Arc::clone(self).follow_bus()),
            boxed(Arc::clone(self).poll()),
            boxed(Arc::clone(self).keep_rooms_compared()),
            boxed(Arc::clone(self).keep_sides()),
            boxed(Arc::clone(self).keep_sessions_checked()),
            boxed(Arc::clone(self).follow_notices()),
            boxed(Arc::clone(self).keep_moves_told()),
            boxed(Arc::clone(self).keep_reads_told()),
            boxed(Arc::clone(self).keep_presence_told()),
        ] {
            let stop = self.stop.clone();
            self.tasks.spawn(async move {
                let _ = stop.run_until_cancelled(task).await;
            });
        }
    }

    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// For a socket that has been opened.
    pub fn outbound(&self) -> Arc<Outbound> {
        Arc::new(Outbound::sharing(&self.waiting))
    }

    /// A socket has signed in.
    pub fn connect(&self, who: Principal, outbound: Arc<Outbound>) -> Arc<Connection> {
        let id = self.next_connection.fetch_add(1, Ordering::Relaxed);
        let connection = Arc::new(Connection { id, who, outbound });
        self.connections.lock().insert(id, Arc::clone(&connection));
        self.presence
            .arrive(presence::Connection { id, user: who.user });
        connection
    }

    /// A socket has gone. Its subscriptions were given up one by one before.
    pub fn disconnect(&self, connection: &Connection) {
        self.connections.lock().remove(&connection.id);
        self.presence.depart(presence::Connection {
            id: connection.id,
            user: connection.who.user,
        });
    }

    pub fn census(&self) -> Census {
        Census {
            connections: self.connections.lock().len(),
            rooms: self.feeds.read().len(),
        }
    }

    pub(super) fn end_connections(&self, ends: impl Fn(&Principal) -> bool) {
        for connection in self.connections.lock().values() {
            if ends(&connection.who) {
                connection.outbound.end(End::SignedOut);
            }
        }
    }

    pub(super) fn principals(&self) -> Vec<Principal> {
        self.connections
            .lock()
            .values()
            .map(|connection| connection.who)
            .collect()
    }

    pub fn next_message_id(&self) -> String {
        format!("m-{}", self.next_signal.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn feed(&self, room: RoomId) -> Option<Arc<Feed>> {
        self.feeds.read().get(&room).map(Arc::clone)
    }

    /// Does something with the room's feed, which is made when there is none. The feed cannot be
    /// swept away meanwhile. Answers also whether it was made.
    pub(super) fn with_feed<T>(
        &self,
        room: RoomId,
        last: Rev,
        act: impl FnOnce(&Feed) -> T,
    ) -> (T, bool) {
        if let Some(feed) = self.feeds.read().get(&room) {
            return (act(feed), false);
        }
        let mut feeds = self.feeds.write();
        let fresh = !feeds.contains_key(&room);
        let feed = feeds
            .entry(room)
            .or_insert_with(|| Arc::new(Feed::new(room, last)));
        (act(feed), fresh)
    }

    pub(super) fn rooms(&self) -> Vec<RoomId> {
        self.feeds.read().keys().copied().collect()
    }

    pub(super) fn has_signal_watchers(&self) -> bool {
        self.feeds
            .read()
            .values()
            .any(|feed| feed.has_signal_watchers())
    }

    /// Forgets the feed if nobody listens any more.
    pub(super) fn sweep(&self, room: RoomId) {
        let mut feeds = self.feeds.write();
        if feeds.get(&room).is_some_and(|feed| feed.is_idle()) {
            feeds.remove(&room);
        }
    }

    /// An event that is in the store by now, from wherever the word came.
    fn take(&self, event: &Arc<Event>) {
        let feed = match self.feed(event.room) {
            Some(feed) if feed.last().next() == event.rev => {
                self.admit(event);
                feed
            }
            Some(feed) => feed,
            None => {
                self.admit(event);
                match self.feed(event.room) {
                    Some(feed) => feed,
                    // Nobody on this node cares.
                    None => return,
                }
            }
        };
        match feed.take(&Encoded::new(Arc::clone(event))) {
            Taken::Delivered => self.delivered(event),
            Taken::Gap => self.spawn_repair(&feed),
            Taken::Repeat | Taken::Repairing => {}
        }
    }

    /// People who come into a room with this event, and are connected here, hear it.
    fn admit(&self, event: &Event) {
        for user in newcomers(event) {
            if self.bring_in(*user, event.room, event.rev.previous()) {
                // What follows this event may have come before it, when nobody cared.
                self.spawn_catch_up(event.room);
            }
        }
    }

    fn delivered(&self, event: &Event) {
        match &event.kind {
            EventKind::Left { user } | EventKind::Removed { user } => {
                self.people.lock().take_out(*user, event.room);
                self.dirty.mark_person(*user, event.room);
                self.dirty.mark_room(event.room);
            }
            // A reaction does not show in a room list.
            EventKind::Reacted { .. } => {}
            _ => self.dirty.mark_room(event.room),
        }
    }

    pub(super) fn spawn_repair(&self, feed: &Arc<Feed>) {
        let Some(myself) = self.myself.upgrade() else {
            return;
        };
        let feed = Arc::clone(feed);
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let _ = stop.run_until_cancelled(myself.repair(&feed)).await;
        });
    }

    fn spawn_catch_up(&self, room: RoomId) {
        let Some(myself) = self.myself.upgrade() else {
            return;
        };
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let caught_up = stop.run_until_cancelled(myself.catch_up(&[room])).await;
            if matches!(caught_up, Some(Err(_))) {
                myself.doubt.heads();
            }
        });
    }

    /// Fills the hole from the store. Only one runs for a feed.
    async fn repair(&self, feed: &Arc<Feed>) {
        loop {
            let heard = feed.heard();
            let events = match self.store.events(feed.room, feed.last(), PAGE).await {
                Ok(events) => events,
                Err(error) => {
                    tracing::warn!(%error, room.id = %feed.room, "a room's feed could not be repaired yet");
                    feed.repair_failed();
                    self.doubt.heads();
                    return;
                }
            };
            let ended = (events.len() < PAGE).then_some(heard);
            for event in events {
                let event = Arc::new(event);
                if feed.last().next() == event.rev {
                    self.admit(&event);
                }
                if feed.take(&Encoded::new(Arc::clone(&event))) == Taken::Delivered {
                    self.delivered(&event);
                }
            }
            if !feed.repaired(ended) {
                return;
            }
        }
    }

    async fn follow_bus(self: Arc<Self>) {
        loop {
            match self.bus.next().await {
                BusItem::Event(event) => self.take(&event),
                BusItem::Gap => {
                    self.doubt.rooms_now();
                    self.compare_heads().await;
                }
            }
        }
    }
}

impl Sink for Hub {
    fn appended(&self, events: &[Arc<Event>]) {
        for event in events {
            self.take(event);
            // Nobody else says so. It reaches a room list also where the bus is away.
            for user in newcomers(event) {
                let room = event.room;
                self.presence.announce(Notice::Side { user: *user, room });
            }
        }
        self.bus.publish(events);
    }

    fn may_have_appended(&self) {
        self.doubt.heads();
    }
}

/// Who comes into the room with this event.
fn newcomers(event: &Event) -> &[UserId] {
    match &event.kind {
        EventKind::Created { members, .. } => members,
        EventKind::Joined { user } => std::slice::from_ref(user),
        _ => &[],
    }
}

type Task = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

fn boxed(task: impl Future<Output = ()> + Send + 'static) -> Task {
    Box::pin(task)
}

#[cfg(test)]
mod tests;
