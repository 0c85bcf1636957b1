//! Rooms on the screen and behind it: opened, loaded, loaded afresh.

use std::rc::Rc;

use app::client::{OpenRoom, RoomState, Seat, is_gone};
use leptos::prelude::*;
use protocol::wire::{Member, Message, Problem};
use protocol::{Rev, RoomId, UserId};
use wasm_bindgen_futures::spawn_local;

use super::clock;
use super::hear::named;
use super::pages::LARGEST_PAGE;
use super::rest::Span;
use super::tab::Tab;
use crate::errands::{Errand, Ticket};
use crate::frames;
use crate::pace::Backoff;

impl Tab {
    pub fn open(self: &Rc<Self>, room: RoomId) {
        let is_new = self.on_screen.replace(Some(room)) != Some(room);
        if self.client.open.get_untracked() != Some(room) {
            self.client.open.set(Some(room));
        }
        if is_new {
            // Those of the new room follow once it is known to be mine to look at.
            self.subscribe_signals(None);
        }
        let read = self
            .client
            .rooms
            .with_untracked(|rooms| rooms.get(room).map(|room| room.read));
        match self.opened(room) {
            Some(opened) => {
                if is_new && opened.with_untracked(|open| open.timeline.is_loaded()) {
                    opened.update(|open| {
                        open.typing.clear();
                        if let Some(read) = read {
                            open.read_on_entry = read;
                        }
                    });
                }
            }
            None => {
                let open = OpenRoom::new(room, read.unwrap_or_default());
                self.client.opened.update(|opened| {
                    opened.insert(room, ArcRwSignal::new(open));
                });
            }
        }
        self.load_if_needed(room);
    }

    pub fn close(&self) {
        self.on_screen.set(None);
        self.subscribe_signals(None);
        if self.client.open.get_untracked().is_some() {
            self.client.open.set(None);
        }
    }

    /// The window, unless there is one; and from then on, what happens.
    pub fn load_if_needed(self: &Rc<Self>, room: RoomId) {
        let is_well = self.opened(room).is_some_and(|opened| {
            opened.with_untracked(|open| open.timeline.is_loaded() && open.trouble().is_none())
        });
        if is_well {
            self.watch(room);
        } else {
            spawn_local(Rc::clone(self).load_latest(room));
        }
    }

    /// The log is too far ahead to be replayed: the window is loaded afresh, and the subscription
    /// with it, because what it would bring from here on has a hole in front.
    pub fn reset(self: &Rc<Self>, room: RoomId) {
        if self.subscribed.borrow_mut().rooms.remove(&room).is_some() {
            self.line.say(frames::unsubscribe_room(room));
        }
        spawn_local(Rc::clone(self).load_latest(room));
    }

    pub fn latest(self: &Rc<Self>, room: RoomId) {
        let is_detached = self
            .opened(room)
            .is_some_and(|opened| opened.with_untracked(|open| open.timeline.has_newer()));
        if is_detached {
            spawn_local(Rc::clone(self).load_latest(room));
        }
    }

    pub async fn load_latest(self: Rc<Self>, room: RoomId) {
        let Some((ticket, opened)) = self.begin_window(room) else {
            return;
        };
        let mut backoff = Backoff::default();
        let window = loop {
            match self.rest.window(room).await {
                Ok(window) => break window,
                Err(problem) => {
                    let may_pass = problem.is_passing();
                    if !self.errands.borrow().wanted(&ticket) {
                        return;
                    }
                    if is_gone(&problem) {
                        return self.room_is_gone(room);
                    }
                    fail_window(&opened, problem);
                    if !may_pass {
                        self.errands.borrow_mut().end(&ticket);
                        return;
                    }
                    clock::sleep(1_000 + backoff.next(clock::random())).await;
                }
            }
        };
        let mut messages = window.messages;
        let mut notes = window.notes;
        let mut more = window.more;
        if let Some(before) = self.entry_is_before(&opened, room, &messages)
            && let Ok(page) = self
                .rest
                .messages(room, Span::Before(before), LARGEST_PAGE)
                .await
        {
            more = page.next.is_some();
            self.meet(page.users);
            messages.splice(..0, page.items);
            notes.extend(page.notes);
        }
        if !self.errands.borrow_mut().end(&ticket) {
            return;
        }
        self.meet(
            window
                .members
                .iter()
                .map(|member| member.user.clone())
                .collect(),
        );
        self.note_here(&window.members);
        let mut names: Vec<UserId> = messages.iter().map(|message| message.author).collect();
        names.extend(notes.iter().flat_map(named));
        opened.update(|open| {
            open.timeline.load(messages, window.head, more, false);
            open.timeline.learn(notes);
            open.members = window.members.iter().map(Seat::from).collect();
            open.state = RoomState::Ready;
        });
        self.meet_by_id(names);
        self.watch(room);
        self.repair(room);
    }

    /// Who of them is here, as far as the server knows.
    pub fn note_here(&self, members: &[Member]) {
        self.client.online.update(|online| {
            for member in members {
                if let Some(is_online) = member.online {
                    online.insert(member.user.id, is_online);
                }
            }
        });
    }

    /// Whoever enters a room after a hundred messages enters where they stopped: the rev to read
    /// back from, where one page more reaches that far.
    fn entry_is_before(
        &self,
        opened: &ArcRwSignal<OpenRoom>,
        room: RoomId,
        messages: &[Message],
    ) -> Option<Rev> {
        let is_entry = opened.with_untracked(|open| !open.timeline.is_loaded());
        let unread = self
            .client
            .rooms
            .with_untracked(|rooms| rooms.get(room).map(|room| room.unread))?;
        let unread = usize::try_from(unread).ok()?;
        let reach = messages.len()..=messages.len() + LARGEST_PAGE;
        let first = messages.first()?;
        (is_entry && reach.contains(&unread)).then_some(first.rev)
    }

    pub fn begin_window(&self, room: RoomId) -> Option<(Ticket, ArcRwSignal<OpenRoom>)> {
        let opened = self.opened(room)?;
        let ticket = self.errands.borrow_mut().begin(room, Errand::Window)?;
        opened.update(|open| {
            open.state = if open.timeline.is_loaded() {
                RoomState::Ready
            } else {
                RoomState::Loading
            };
        });
        Some((ticket, opened))
    }
}

/// A window that is there stays there; only one that never came has failed.
fn fail_window(opened: &ArcRwSignal<OpenRoom>, problem: Problem) {
    opened.maybe_update(|open| {
        let is_missing = !open.timeline.is_loaded();
        if is_missing {
            open.state = RoomState::Failed(problem);
        }
        is_missing
    });
}
