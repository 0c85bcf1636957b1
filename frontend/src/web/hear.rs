//! What comes over the socket, brought into what is shown. A burst is applied as one change, so
//! that a page that returns after hours is drawn once and not a hundred times.

use std::rc::Rc;

use app::client::{OpenRoom, RoomState};
use leptos::prelude::*;
use protocol::state::Applied;
use protocol::wire::{COUNTED_HERE, Event, EventKind, Problem, SideChange, Signal};
use protocol::{OpId, RoomId, UserId};
use wasm_bindgen_futures::spawn_local;

use super::clock;
use super::tab::Tab;
use crate::frames::{Heard, Receipt};
use crate::typing;

impl Tab {
    pub fn heard(self: &Rc<Self>, batch: Vec<Heard>) {
        let mut events: Vec<(RoomId, Vec<Event>)> = Vec::new();
        for heard in batch {
            match heard {
                Heard::Event(event) => {
                    match events.iter_mut().find(|(room, _)| *room == event.room) {
                        Some((_, events)) => events.push(*event),
                        None => events.push((event.room, vec![*event])),
                    }
                    continue;
                }
                // What else may be mixed in between does not depend on the events' order.
                Heard::Receipt(Receipt::Operation(op)) => self.receipted(op),
                Heard::Receipt(Receipt::Side) => {
                    self.line.prove();
                    self.pump();
                    // Not earlier: what changed between the answer and the subscription would be
                    // in neither.
                    spawn_local(Rc::clone(self).catch_up());
                }
                Heard::Receipt(Receipt::Room(room)) => {
                    if let Some(answered) = self.subscribed.borrow_mut().rooms.get_mut(&room) {
                        *answered = true;
                    }
                }
                Heard::LoggedIn { .. } | Heard::Other => {}
                Heard::Reset(room) => {
                    events.retain(|(of, _)| *of != room);
                    self.reset(room);
                }
                Heard::Signal(room, signal) => self.signal(room, signal),
                Heard::Side(change) => self.side(change),
                Heard::Refused(problem) => match problem.id {
                    Some(op) => self.refused(op, problem),
                    // Read marks, typing and subscriptions have no id, and nobody waits for them.
                    None => log(&problem),
                },
                Heard::Failed { problem, receipt } => self.failed(problem, receipt),
                Heard::Unreadable { subscription, why } => {
                    let text = format!("{subscription} brought something unreadable: {why}");
                    web_sys::console::warn_1(&text.into());
                }
            }
        }
        for (room, events) in events {
            self.events(room, &events);
        }
    }

    /// Events of one room, from the socket or from a repair.
    pub fn events(self: &Rc<Self>, room: RoomId, events: &[Event]) {
        let me = self.me;
        self.client.rooms.update(|rooms| {
            for event in events {
                rooms.apply(me, event);
            }
        });
        let opened = self.opened(room);
        let mut has_gap = false;
        if let Some(opened) = &opened {
            opened.maybe_update(|open| {
                // A window that is on its way will have them.
                if !open.timeline.is_loaded() {
                    return false;
                }
                for event in events {
                    match open.timeline.apply(event) {
                        Applied::Repeat => continue,
                        Applied::Gap { .. } => has_gap = true,
                        Applied::Changed(_) => {}
                    }
                    open.note(event);
                }
                open.let_go();
                true
            });
        }
        let mine: Vec<OpId> = events
            .iter()
            .filter(|event| event.by == me)
            .map(|event| event.op)
            .collect();
        if !mine.is_empty() {
            self.confirmed(&mine);
        }
        self.meet_by_id(events.iter().flat_map(named).collect());
        if has_gap {
            self.repair(room);
        }
        let am_out = |event: &Event| match event.kind {
            EventKind::Left { user } | EventKind::Removed { user } => user == me,
            _ => false,
        };
        // Only what happened last counts: who was removed may have been brought back.
        let last = events.iter().rev().find(|event| {
            am_out(event) || matches!(event.kind, EventKind::Joined { user } if user == me)
        });
        if last.is_some_and(am_out) {
            self.room_is_gone(room);
        }
    }

    fn signal(self: &Rc<Self>, room: RoomId, signal: Signal) {
        let Some(opened) = self.opened(room) else {
            return;
        };
        match signal {
            Signal::Named { user } => self.meet(vec![user]),
            Signal::Typing { user, .. } if user == self.me => {}
            Signal::Typing { user, on: true } => note_typing(opened, &[user]),
            Signal::Typing { user, on: false } => {
                opened.update(|open| typing::ended(&mut open.typing, user));
            }
            Signal::Read { user, rev } => {
                opened.maybe_update(|open| open.has_read(user, rev));
            }
            Signal::ReadBy { read } => {
                opened.maybe_update(|open| {
                    read.iter()
                        .fold(false, |any, (user, rev)| open.has_read(*user, *rev) || any)
                });
            }
            Signal::Here {
                online,
                read,
                typing,
            } => {
                let members: Vec<UserId> = opened
                    .with_untracked(|open| open.members.iter().map(|seat| seat.user).collect());
                let count = self
                    .client
                    .rooms
                    .with_untracked(|rooms| rooms.get(room).map_or(0, |room| room.members));
                self.client.online.update(|known| {
                    for user in members {
                        if count > COUNTED_HERE as u64 {
                            // Not named may mean not told of.
                            known.remove(&user);
                        } else {
                            known.insert(user, false);
                        }
                    }
                    known.extend(online.iter().map(|user| (*user, true)));
                });
                opened.update(|open| {
                    for (user, rev) in read {
                        open.has_read(user, rev);
                    }
                });
                note_typing(opened, &typing);
            }
            Signal::Presence { user, online } => self.presence(user, online),
        }
    }

    fn side(self: &Rc<Self>, change: SideChange) {
        match change {
            SideChange::Room { room, users } => {
                self.meet(users);
                let id = room.id;
                self.client.rooms.update(|rooms| rooms.put(*room));
                // It may have been looked for before it was there.
                let has_failed = self
                    .opened(id)
                    .is_some_and(|opened| opened.with_untracked(|open| open.trouble().is_some()));
                if has_failed && self.on_screen.get() == Some(id) {
                    self.load_if_needed(id);
                }
            }
            SideChange::Gone { room } => self.room_is_gone(room),
            SideChange::Presence { user, online } => self.presence(user, online),
            SideChange::Here { online } => {
                let peers: Vec<UserId> = self
                    .client
                    .rooms
                    .with_untracked(|rooms| rooms.iter().filter_map(|room| room.peer).collect());
                self.client.online.update(|known| {
                    for peer in peers {
                        known.insert(peer, false);
                    }
                    known.extend(online.into_iter().map(|user| (user, true)));
                });
            }
        }
    }

    fn presence(&self, user: UserId, online: Option<bool>) {
        self.client.online.update(|known| {
            match online {
                Some(online) => known.insert(user, online),
                None => known.remove(&user),
            };
        });
    }

    /// The connection ends with it. What caused it must not be said again on the next one, or
    /// that would end the same way.
    fn failed(self: &Rc<Self>, problem: Problem, receipt: Option<Receipt>) {
        log(&problem);
        match receipt {
            Some(Receipt::Operation(op)) => self.refused(op, problem),
            Some(Receipt::Room(room)) => {
                self.watching.borrow_mut().forget(room);
                if let Some(opened) = self.opened(room) {
                    opened.update(|open| open.state = RoomState::Failed(problem));
                }
            }
            Some(Receipt::Side) | None => {}
        }
    }

    pub fn opened(&self, room: RoomId) -> Option<ArcRwSignal<OpenRoom>> {
        self.client
            .opened
            .with_untracked(|opened| opened.get(&room).cloned())
    }
}

fn log(problem: &Problem) {
    let text = format!("refused: {} ({})", problem.detail, problem.code);
    web_sys::console::warn_1(&text.into());
}

/// Whom an event names beside messages' older reactions.
pub fn named(event: &Event) -> Vec<UserId> {
    let mut named = vec![event.by];
    match &event.kind {
        EventKind::Joined { user } | EventKind::Left { user } | EventKind::Removed { user } => {
            named.push(*user);
        }
        EventKind::Created { members, .. } => named.extend(members),
        _ => {}
    }
    named
}

/// These write; believed until nothing was heard of it for a while.
fn note_typing(opened: ArcRwSignal<OpenRoom>, users: &[UserId]) {
    if users.is_empty() {
        return;
    }
    opened.update(|open| {
        for user in users {
            typing::note(&mut open.typing, *user, clock::timestamp());
        }
    });
    let ends = clock::now() + typing::BELIEVED;
    spawn_local(async move {
        clock::until(ends).await;
        opened.maybe_update(|open| typing::expire(&mut open.typing, clock::timestamp()));
    });
}
