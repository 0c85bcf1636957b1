//! Subscriptions to rooms, read marks and typing: what the socket is told about what is on the
//! screen.

use std::rc::Rc;

use app::client::RoomState;
use leptos::prelude::*;
use protocol::wire::{Language, Problem, User, code};
use protocol::{Rev, RoomId, UserId};
use wasm_bindgen_futures::spawn_local;

use super::clock;
use super::tab::Tab;
use crate::frames;

impl Tab {
    /// Keeps the room in step from what is held of it.
    pub fn watch(&self, room: RoomId) {
        let let_go = self.watching.borrow_mut().visit(room);
        if let Some(let_go) = let_go
            && self.subscribed.borrow_mut().rooms.remove(&let_go).is_some()
        {
            self.line.say(frames::unsubscribe_room(let_go));
        }
        self.subscribe(room);
    }

    pub fn subscribe(&self, room: RoomId) {
        let position = self.opened(room).and_then(|opened| {
            opened
                .with_untracked(|open| open.timeline.is_loaded().then(|| open.timeline.position()))
        });
        let Some(position) = position else { return };
        let is_news = !self.subscribed.borrow().rooms.contains_key(&room);
        if is_news && self.line.say(frames::subscribe_room(room, position)) {
            self.subscribed.borrow_mut().rooms.insert(room, false);
        }
        if self.on_screen.get() == Some(room) {
            self.subscribe_signals(Some(room));
        }
    }

    /// Typing, reading and who is here matter for the room that is looked at.
    pub fn subscribe_signals(&self, room: Option<RoomId>) {
        let before = self.subscribed.borrow().signals;
        if before == room || !self.line.is_up() {
            return;
        }
        if let Some(before) = before {
            self.line.say(frames::unsubscribe_signals(before));
        }
        if let Some(room) = room {
            self.line.say(frames::subscribe_signals(room));
        }
        self.subscribed.borrow_mut().signals = room;
    }

    /// No longer mine, or no longer there.
    pub fn room_is_gone(&self, room: RoomId) {
        self.watching.borrow_mut().forget(room);
        self.errands.borrow_mut().forget(room);
        self.client.rooms.update(|rooms| rooms.gone(room));
        // Nothing comes through it any more, but the subscription's name is taken until it is
        // given back. One that was refused never had it.
        if self.subscribed.borrow_mut().rooms.remove(&room) == Some(true) {
            self.line.say(frames::unsubscribe_room(room));
        }
        if self.subscribed.borrow().signals == Some(room) {
            self.subscribe_signals(None);
        }
        let Some(opened) = self.opened(room) else {
            return;
        };
        if self.on_screen.get() == Some(room) {
            let detail = match self.client.language.get_untracked() {
                Language::English => "This room is no longer there, or you are no longer in it.",
                Language::Korean => "사라졌거나 더 이상 참여하고 있지 않은 방입니다.",
            };
            let problem = Problem::new(code::ROOM_NOT_FOUND, detail);
            opened.update(|open| {
                // What was read in it is no longer mine to read.
                open.timeline = protocol::state::Timeline::new(room);
                open.members.clear();
                open.typing.clear();
                open.state = RoomState::Failed(problem);
            });
        } else {
            self.client.opened.update(|opened| {
                opened.remove(&room);
            });
        }
    }

    /// Everything up to `rev` was on the screen.
    pub fn seen(self: &Rc<Self>, room: RoomId, rev: Rev) {
        let listed = self.client.rooms.with_untracked(|rooms| {
            rooms
                .get(room)
                .map(|room| (room.read, room.head, room.posted))
        });
        let Some((read, head, posted)) = listed else {
            return;
        };
        let rev = rev.min(head);
        let is_news = self.marks.borrow_mut().seen(room, rev, read, clock::now());
        if !is_news {
            return;
        }
        // The count can be told at once where the window reaches from here to the end.
        let after = self.opened(room).and_then(|opened| {
            opened.with_untracked(|open| {
                let is_in_step = open.timeline.position() >= head;
                is_in_step
                    .then(|| open.timeline.posted_after(rev))
                    .flatten()
            })
        });
        if let Some(after) = after {
            let posted = posted.saturating_sub(after);
            self.client
                .rooms
                .update(|rooms| rooms.read(room, rev, posted));
        }
        let tab = Rc::clone(self);
        spawn_local(async move {
            let due = tab.marks.borrow().deadline();
            if let Some(due) = due {
                clock::until(due).await;
                tab.flush_marks();
            }
        });
    }

    pub fn flush_marks(&self) {
        if self.line.is_up() {
            let due = self.marks.borrow_mut().take_due(clock::now());
            self.say_marks(due);
        }
    }

    /// The page is about to be hidden; timers may not come round again.
    pub fn flush_all_marks(&self) {
        if self.line.is_up() {
            let all = self.marks.borrow_mut().take_all(clock::now());
            self.say_marks(all);
        }
    }

    fn say_marks(&self, marks: Vec<(RoomId, Rev)>) {
        for (room, rev) in marks {
            self.line.say(frames::mark_read(room, rev));
        }
    }

    pub fn types(&self, room: RoomId, on: bool) {
        self.typing.borrow_mut().wish(room, on, clock::now());
        self.say_typing();
    }

    /// Now, or when there is a connection to say it on.
    pub fn say_typing(&self) {
        if self.line.is_up()
            && let Some((room, on)) = self.typing.borrow_mut().take(clock::now())
        {
            self.line.say(frames::typing(room, on));
        }
    }

    /// People whose names have come along with something.
    pub fn meet(&self, users: Vec<User>) {
        self.client.people.maybe_update(|people| {
            let mut is_news = false;
            for user in users {
                if people.get(&user.id) != Some(&user) {
                    people.insert(user.id, user);
                    is_news = true;
                }
            }
            is_news
        });
    }

    /// Fetches the names of those who are not known yet.
    pub fn meet_by_id(self: &Rc<Self>, ids: Vec<UserId>) {
        let mut missing = self.client.people.with_untracked(|people| {
            let mut missing = ids;
            missing.retain(|id| !people.contains_key(id));
            missing
        });
        {
            let mut unknown = self.unknown.borrow_mut();
            missing.retain(|id| unknown.insert(*id));
        }
        if missing.is_empty() {
            return;
        }
        let tab = Rc::clone(self);
        spawn_local(async move {
            for ids in missing.chunks(100) {
                match tab.rest.people(ids).await {
                    Ok(page) => tab.meet(page.users.into_iter().chain(page.items).collect()),
                    // Asked for again when they are next named.
                    Err(_) => {
                        let mut unknown = tab.unknown.borrow_mut();
                        for id in ids {
                            unknown.remove(id);
                        }
                    }
                }
            }
        });
    }
}
