//! People of this node who want to hear about all their rooms: a room list on the screen, or a
//! program that reads `/user/queue/messages`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::ws::Utf8Bytes;
use protocol::wire::SideChange;
use protocol::{Rev, RoomId, UserId};

use super::address::Address;
use super::feed::{Wants, Watcher};
use super::hub::Hub;
use super::outbound::Connection;
use crate::store::{MyRoom, StoreResult};

/// One subscription to all of a person's rooms.
#[derive(Clone, Debug)]
pub struct Listener {
    pub connection: Arc<Connection>,
    pub subscription: Arc<str>,
    pub address: Arc<Address>,
}

/// What a listener wants of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `/sub/chat/side/{me}`
    Side,
    /// `/user/queue/messages`
    Messages,
}

#[derive(Debug, Default)]
pub struct People {
    known: HashMap<UserId, Person>,
}

#[derive(Debug, Default)]
struct Person {
    sides: Vec<Listener>,
    queues: Vec<Listener>,
    rooms: HashSet<RoomId>,
}

impl People {
    pub fn take_out(&mut self, user: UserId, room: RoomId) {
        if let Some(person) = self.known.get_mut(&user) {
            person.rooms.remove(&room);
        }
    }

    pub fn has_side(&self, user: UserId) -> bool {
        self.known
            .get(&user)
            .is_some_and(|person| !person.sides.is_empty())
    }

    pub fn has(&self, user: UserId) -> bool {
        self.known.contains_key(&user)
    }

    /// Someone is here who has not been brought into this room.
    pub fn lacks(&self, user: UserId, room: RoomId) -> bool {
        self.known
            .get(&user)
            .is_some_and(|person| !person.rooms.contains(&room))
    }

    /// Those who show a room list.
    pub fn with_sides(&self) -> Vec<UserId> {
        let shown = self.known.iter().filter(|(_, one)| !one.sides.is_empty());
        shown.map(|(user, _)| *user).collect()
    }

    pub fn users(&self) -> Vec<UserId> {
        self.known.keys().copied().collect()
    }

    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

impl Hub {
    /// From now on this subscription hears of all the person's rooms, those to come included.
    pub async fn listen(&self, scope: Scope, listener: Listener) -> StoreResult<()> {
        let user = listener.connection.who.user;
        // First the listener, then the rooms: a room that comes in between is brought in by its
        // event, and one that is found twice is brought in once.
        {
            let mut people = self.people.lock();
            let person = people.known.entry(user).or_default();
            match scope {
                Scope::Side => person.sides.push(listener.clone()),
                Scope::Messages => person.queues.push(listener.clone()),
            }
        }
        let rooms = self.store.rooms_of(user).await?;
        let found = rooms.iter().map(|mine| (mine.room.id, mine.room.head.rev));
        self.bring_in_as_found(user, found).await?;
        if scope == Scope::Side {
            self.tell_who_is_here(&listener, &rooms).await;
        }
        Ok(())
    }

    /// The opposite of [`Self::listen`].
    pub fn unlisten(&self, connection: &Connection, subscription: &str) {
        let user = connection.who.user;
        let other = |listener: &Listener| {
            listener.connection.id != connection.id || *listener.subscription != *subscription
        };
        let (rooms, silent) = {
            let mut people = self.people.lock();
            let Some(person) = people.known.get_mut(&user) else {
                return;
            };
            person.sides.retain(other);
            person.queues.retain(other);
            let rooms: Vec<RoomId> = person.rooms.iter().copied().collect();
            let silent = person.sides.is_empty();
            if silent && person.queues.is_empty() {
                people.known.remove(&user);
            }
            (rooms, silent)
        };
        for room in rooms {
            if let Some(feed) = self.feed(room) {
                feed.detach(connection.id, subscription);
                if silent {
                    feed.unlisten(user);
                }
                if feed.is_idle() {
                    self.sweep(room);
                }
            }
        }
    }

    /// The room becomes one of theirs, as far as this node is concerned. Answers whether its feed
    /// was made for it, which then may lack what came a moment ago.
    pub(super) fn bring_in(&self, user: UserId, room: RoomId, last: Rev) -> bool {
        let mut people = self.people.lock();
        let Some(person) = people.known.get_mut(&user) else {
            return false;
        };
        person.rooms.insert(room);
        let ((), fresh) = self.with_feed(room, last, |feed| {
            if !person.sides.is_empty() {
                feed.listen(user);
            }
            for queue in &person.queues {
                if queue.connection.outbound.ended().is_some() {
                    continue;
                }
                let position = last.min(feed.last());
                let watcher = Watcher::new(&queue.connection, &queue.subscription, position);
                feed.attach(&queue.address, Wants::Posts, watcher, last);
            }
        });
        fresh
    }

    /// The same for rooms with their heads, by what the store said a moment ago. Where a room went
    /// on meanwhile, its feed may have let them go before they came in.
    pub(super) async fn bring_in_as_found(
        &self,
        user: UserId,
        rooms: impl Iterator<Item = (RoomId, Rev)> + Send,
    ) -> StoreResult<()> {
        let mut fresh = Vec::new();
        for (room, head) in rooms {
            if self.bring_in(user, room, head) {
                fresh.push(room);
            }
            let moved = self.feed(room).is_some_and(|feed| feed.last() != head);
            let asked = Instant::now();
            if moved && !self.store.is_member(room, user).await? {
                self.put_out(user, room, asked);
            }
        }
        self.catch_up(&fresh).await
    }

    /// The room is not theirs, by what the store was asked at that moment. `false`: it may be again,
    /// and is asked after once more.
    pub(super) fn put_out(&self, user: UserId, room: RoomId, asked: Instant) -> bool {
        if let Some(feed) = self.feed(room) {
            if !feed.detach_user(user, asked) {
                self.dirty.mark_person(user, room);
                return false;
            }
            self.sweep(room);
        }
        self.people.lock().take_out(user, room);
        true
    }

    /// Says something to all of a person's room lists on this node.
    pub(super) fn tell_side(&self, user: UserId, change: &SideChange) {
        let json = match serde_json::to_string(change) {
            Ok(json) => json,
            Err(error) => {
                tracing::error!(%error, "a change of a room list could not be written as JSON");
                return;
            }
        };
        let people = self.people.lock();
        let Some(person) = people.known.get(&user) else {
            return;
        };
        let id = self.next_message_id();
        for side in &person.sides {
            side.connection
                .outbound
                .push(side.address.frame(&id, &json));
        }
    }

    async fn tell_who_is_here(&self, listener: &Listener, rooms: &[MyRoom]) {
        for change in self.peers_standing(rooms).await {
            if let Some(frame) = self.side_frame(listener, &change) {
                listener.connection.outbound.push(frame);
            }
        }
    }

    fn side_frame(&self, listener: &Listener, change: &SideChange) -> Option<Utf8Bytes> {
        let json = serde_json::to_string(change).ok()?;
        Some(listener.address.frame(&self.next_message_id(), &json))
    }
}
