//! One room on this node: who listens, and how far they have been told.
//!
//! A feed never trusts what comes in. The next rev is delivered, a repeat is dropped, a gap is
//! reported and filled from the store by whoever owns the feed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::ws::Utf8Bytes;
use parking_lot::Mutex;
use protocol::wire::{Event, EventKind, TYPING_BELIEVED};
use protocol::{MessageId, Rev, RoomId, UserId};

use super::address::Address;
use super::outbound::Connection;

/// Recent events kept for those who subscribe or resume just now.
const RECENT_EVENTS: usize = 64;
const RECENT_BYTES: usize = 128 << 10;

/// An event with its JSON, which is written once for everybody.
#[derive(Clone, Debug)]
pub struct Encoded {
    pub event: Arc<Event>,
    pub json: Arc<str>,
}

impl Encoded {
    pub fn new(event: Arc<Event>) -> Self {
        let json = serde_json::to_string(&*event).unwrap_or_else(|error| {
            // All keys are strings and no value can refuse, so this is not reached.
            tracing::error!(%error, room.id = %event.room, "an event could not be written as JSON");
            String::from(r#"{"type":"reset"}"#)
        });
        Self {
            event,
            json: json.into(),
        }
    }

    pub fn frame(&self, address: &Address) -> Utf8Bytes {
        let id = format!("{}-{}", self.event.room, self.event.rev);
        address.frame(&id, &self.json)
    }
}

/// What a subscription wants of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    Everything,
    /// `/user/queue/messages`.
    Posts,
    /// Typing, read positions, presence; never events.
    Signals,
}

impl Wants {
    fn includes(self, event: &Event) -> bool {
        match self {
            Self::Everything => true,
            Self::Posts => matches!(event.kind, EventKind::Posted { .. }),
            Self::Signals => false,
        }
    }
}

/// One subscription in a room.
#[derive(Clone, Debug)]
pub struct Watcher {
    pub connection: Arc<Connection>,
    /// The client's name for it: one connection may have several.
    pub subscription: Arc<str>,
    /// Up to here it has been told.
    pub position: Rev,
    /// Whoever was found to be no member before that may be one since.
    began: Instant,
}

impl Watcher {
    pub fn new(connection: &Arc<Connection>, subscription: &Arc<str>, position: Rev) -> Self {
        Self {
            connection: Arc::clone(connection),
            subscription: Arc::clone(subscription),
            position,
            began: Instant::now(),
        }
    }
}

#[derive(Debug)]
struct Group {
    address: Arc<Address>,
    wants: Wants,
    watchers: Vec<Watcher>,
}

#[derive(Debug)]
pub struct Feed {
    pub room: RoomId,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Delivered up to here, without a hole.
    last: Rev,
    /// The highest rev that was heard of: beyond `last` while there is a gap.
    heard: Rev,
    repairing: bool,
    recent: VecDeque<Encoded>,
    recent_bytes: usize,
    groups: Vec<Group>,
    /// People on this node whose room list shows the room.
    listeners: Vec<UserId>,
    /// Who writes, and when that was last said.
    typing: Vec<(UserId, Instant)>,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Delivered,
    Repeat,
    /// Events before it are missing. The caller that is told so must repair.
    Gap,
    /// The same, and somebody is repairing already.
    Repairing,
}

/// How an attempt to go live ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Attached {
    Live,
    /// The feed is further than the watcher: read on from the store.
    Behind,
    /// The watcher's person was removed in the meantime.
    Removed,
}

impl Feed {
    pub fn new(room: RoomId, last: Rev) -> Self {
        Self {
            room,
            state: Mutex::new(State {
                last,
                heard: last,
                repairing: false,
                recent: VecDeque::new(),
                recent_bytes: 0,
                groups: Vec::new(),
                listeners: Vec::new(),
                typing: Vec::new(),
            }),
        }
    }

    pub fn last(&self) -> Rev {
        self.state.lock().last
    }

    pub fn take(&self, encoded: &Encoded) -> Taken {
        let mut state = self.state.lock();
        let rev = encoded.event.rev;
        if rev <= state.last {
            return Taken::Repeat;
        }
        state.heard = state.heard.max(rev);
        if rev != state.last.next() {
            return state.begin_repair();
        }
        state.deliver(encoded);
        Taken::Delivered
    }

    /// The room's head is at least here, by the word of the store.
    pub fn hear(&self, head: Rev) -> Taken {
        let mut state = self.state.lock();
        if head <= state.last {
            return Taken::Repeat;
        }
        state.heard = state.heard.max(head);
        state.begin_repair()
    }

    /// The highest rev that was heard of: to be asked before the store is read for a repair.
    pub fn heard(&self) -> Rev {
        self.state.lock().heard
    }

    /// After a repair: whether more is missing by now (then the repair goes on). `ended` is what
    /// had been heard of before the store was read to its end.
    pub fn repaired(&self, ended: Option<Rev>) -> bool {
        let mut state = self.state.lock();
        if ended == Some(state.heard) {
            // The store has nothing more: what was heard of beyond it is not there. What was heard
            // of since may have been written since.
            state.heard = state.last;
        }
        state.repairing = state.heard > state.last;
        state.repairing
    }

    /// The store did not answer; the head poller will come back to it.
    pub fn repair_failed(&self) {
        self.state.lock().repairing = false;
    }

    /// Goes live, if the watcher is where the feed is or can be brought there from what is kept.
    /// `since` is the head before it was checked that this person may read: a removal after that
    /// counts. Posts alone promise no seam with the past; they are told as far as they are kept,
    /// and attaching them again changes nothing. Signals have no past.
    pub fn attach(
        &self,
        address: &Arc<Address>,
        wants: Wants,
        mut watcher: Watcher,
        since: Rev,
    ) -> Attached {
        let mut state = self.state.lock();
        if wants == Wants::Posts && state.has(address, &watcher) {
            return Attached::Live;
        }
        if wants != Wants::Signals && watcher.position < state.last {
            let first = state
                .recent
                .front()
                .map_or(Rev(u64::MAX), |oldest| oldest.event.rev);
            if wants != Wants::Posts && watcher.position.next() < first {
                return Attached::Behind;
            }
            for encoded in &state.recent {
                let rev = encoded.event.rev;
                if rev <= watcher.position {
                    continue;
                }
                if rev > since && takes_away(&encoded.event, watcher.connection.who.user) {
                    return Attached::Removed;
                }
                if wants.includes(&encoded.event) {
                    watcher.connection.outbound.push(encoded.frame(address));
                }
                watcher.position = rev;
            }
        }
        state.add(address, wants, watcher);
        Attached::Live
    }

    pub fn detach(&self, connection: u64, subscription: &str) {
        self.state.lock().retain(|watcher| {
            watcher.connection.id != connection || *watcher.subscription != *subscription
        });
    }

    /// They are no member, by what the store was asked at that moment. Answers whether all of them
    /// is gone: what they began to watch since has to be asked after anew.
    pub fn detach_user(&self, user: UserId, asked: Instant) -> bool {
        let mut state = self.state.lock();
        state.retain(|watcher| watcher.connection.who.user != user || watcher.began >= asked);
        let stays = state
            .watchers()
            .any(|watcher| watcher.connection.who.user == user);
        if !stays {
            state.forget_person(user);
        }
        !stays
    }

    pub fn listen(&self, user: UserId) {
        let mut state = self.state.lock();
        if !state.listeners.contains(&user) {
            state.listeners.push(user);
        }
    }

    pub fn unlisten(&self, user: UserId) {
        self.state
            .lock()
            .listeners
            .retain(|listener| *listener != user);
    }

    /// Everyone who hears anything of the room here.
    pub fn audience(&self) -> Vec<UserId> {
        let state = self.state.lock();
        let mut users: Vec<UserId> = state
            .watchers()
            .map(|watcher| watcher.connection.who.user)
            .collect();
        users.extend(&state.listeners);
        users.sort_unstable();
        users.dedup();
        users
    }

    /// Whether this person is one of them.
    pub fn has(&self, user: UserId) -> bool {
        let state = self.state.lock();
        state
            .watchers()
            .any(|watcher| watcher.connection.who.user == user)
            || state.listeners.contains(&user)
    }

    pub fn listeners(&self) -> Vec<UserId> {
        self.state.lock().listeners.clone()
    }

    pub fn is_idle(&self) -> bool {
        let state = self.state.lock();
        state.groups.is_empty() && state.listeners.is_empty()
    }

    pub fn has_signal_watchers(&self) -> bool {
        self.state
            .lock()
            .groups
            .iter()
            .any(|group| group.wants == Wants::Signals)
    }

    /// Someone writes, or stopped: for those who come to look while they do.
    pub fn note_typing(&self, user: UserId, on: bool) {
        let mut state = self.state.lock();
        state.typing.retain(|(known, _)| *known != user);
        if on {
            state.typing.push((user, Instant::now()));
        }
    }

    pub fn typing(&self) -> Vec<UserId> {
        let mut state = self.state.lock();
        state
            .typing
            .retain(|(_, since)| since.elapsed() < TYPING_BELIEVED);
        state.typing.iter().map(|(user, _)| *user).collect()
    }

    /// Says something that is not in the log to those who asked for it.
    pub fn signal(&self, id: &str, json: &str) {
        let state = self.state.lock();
        for group in state
            .groups
            .iter()
            .filter(|group| group.wants == Wants::Signals)
        {
            let frame = group.address.frame(id, json);
            for watcher in &group.watchers {
                watcher.connection.outbound.push(frame.clone());
            }
        }
    }
}

impl State {
    fn begin_repair(&mut self) -> Taken {
        if self.repairing {
            return Taken::Repairing;
        }
        self.repairing = true;
        Taken::Gap
    }

    fn deliver(&mut self, encoded: &Encoded) {
        let event = &encoded.event;
        // Whoever goes away does not hear what follows, nor this.
        match &event.kind {
            EventKind::Left { user } | EventKind::Removed { user } => self.let_go(*user, event.rev),
            // What was replaced or deleted must not be told again to those who come back.
            EventKind::Edited { .. } | EventKind::Deleted { .. } => self.forget(event.message()),
            // It may have replaced or deleted anything.
            EventKind::Unknown => {
                self.recent.clear();
                self.recent_bytes = 0;
            }
            _ => {}
        }
        let posted = matches!(event.kind, EventKind::Posted { .. });
        if posted {
            self.typing.retain(|(user, _)| *user != event.by);
        }
        for group in &mut self.groups {
            if !group.wants.includes(event) {
                continue;
            }
            let mut frame = None;
            for watcher in &mut group.watchers {
                if watcher.position >= event.rev {
                    continue;
                }
                watcher.position = event.rev;
                let outbound = &watcher.connection.outbound;
                // No frame is written for those only who are about to go.
                if frame.is_none() && outbound.ended().is_some() {
                    continue;
                }
                let frame = frame.get_or_insert_with(|| encoded.frame(&group.address));
                outbound.push(frame.clone());
            }
        }
        self.last = event.rev;
        self.keep(encoded.clone());
    }

    fn keep(&mut self, encoded: Encoded) {
        self.recent_bytes += encoded.json.len();
        self.recent.push_back(encoded);
        while self.recent.len() > RECENT_EVENTS || self.recent_bytes > RECENT_BYTES {
            match self.recent.pop_front() {
                Some(oldest) => self.recent_bytes -= oldest.json.len(),
                None => break,
            }
        }
    }

    /// Drops what is kept up to the last event that carries the message's text. What remains is
    /// still without a hole; whoever needs more reads it from the store.
    fn forget(&mut self, message: Option<MessageId>) {
        let carries = |encoded: &Encoded| {
            matches!(
                encoded.event.kind,
                EventKind::Posted { .. } | EventKind::Edited { .. }
            ) && encoded.event.message() == message
        };
        if let Some(last) = self.recent.iter().rposition(carries) {
            for dropped in self.recent.drain(..=last) {
                self.recent_bytes -= dropped.json.len();
            }
        }
    }

    fn has(&self, address: &Address, watcher: &Watcher) -> bool {
        let mut groups = self.groups.iter();
        let group = groups.find(|group| group.wants == Wants::Posts && *group.address == *address);
        group.is_some_and(|group| {
            let mut watchers = group.watchers.iter();
            watchers.any(|known| known.connection.id == watcher.connection.id)
        })
    }

    fn add(&mut self, address: &Arc<Address>, wants: Wants, watcher: Watcher) {
        let known = self
            .groups
            .iter_mut()
            .find(|group| group.wants == wants && group.address == *address);
        match known {
            Some(group) => group.watchers.push(watcher),
            None => self.groups.push(Group {
                address: Arc::clone(address),
                wants,
                watchers: vec![watcher],
            }),
        }
    }

    /// Their membership ended with this rev. Whoever has been told of what came after it has come
    /// back meanwhile, and is only ahead of this feed.
    fn let_go(&mut self, user: UserId, rev: Rev) {
        self.retain(|watcher| watcher.connection.who.user != user || watcher.position >= rev);
        self.forget_person(user);
    }

    fn watchers(&self) -> impl Iterator<Item = &Watcher> {
        self.groups.iter().flat_map(|group| &group.watchers)
    }

    fn forget_person(&mut self, user: UserId) {
        self.listeners.retain(|listener| *listener != user);
        self.typing.retain(|(typing, _)| *typing != user);
    }

    fn retain(&mut self, keep: impl Fn(&Watcher) -> bool) {
        for group in &mut self.groups {
            group.watchers.retain(&keep);
        }
        self.groups.retain(|group| !group.watchers.is_empty());
    }
}

/// Whether the event ends this person's membership.
pub fn takes_away(event: &Event, user: UserId) -> bool {
    match &event.kind {
        EventKind::Left { user: gone } | EventKind::Removed { user: gone } => *gone == user,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
