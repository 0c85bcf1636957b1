//! History in both directions: the next page of it, and the window around one message.

use std::rc::Rc;

use app::client::RoomState;
use leptos::prelude::*;
use protocol::wire::{Language, Problem, code};
use protocol::{MessageId, Rev, RoomId};

use super::clock;
use super::rest::Span;
use super::tab::Tab;
use crate::errands::Errand;

/// What one request asks for.
const PAGE: usize = 50;
/// The most that the server gives at once.
pub const LARGEST_PAGE: usize = 100;
/// More messages are not held at once: paging on drops the other end.
const HELD: usize = 400;
/// The pages ask again as soon as they may; a server in trouble should not hear it.
const AFTER_FAILURE: u64 = 2_000;

impl Tab {
    /// The window around a message: a jump to what a reply answers.
    pub async fn load_around(self: Rc<Self>, room: RoomId, message: MessageId) {
        let is_held = self.opened(room).is_none_or(|opened| {
            opened.with_untracked(|open| open.timeline.get(message).is_some())
        });
        if is_held {
            return;
        }
        let Some((ticket, opened)) = self.begin_window(room) else {
            return;
        };
        // No event up to here can be missing from a page that is read later.
        let head = self.known_head(room);
        let found = self.rest.messages(room, Span::Around(message), PAGE).await;
        if !self.errands.borrow_mut().end(&ticket) {
            return;
        }
        let page = match found {
            Ok(page) => page,
            Err(problem) if problem.code == code::MESSAGE_NOT_FOUND => {
                return self.client.tell(self.message_not_found());
            }
            Err(problem) => return self.client.tell(problem),
        };
        self.meet(page.users);
        let first = page.items.first().map_or(Rev::ZERO, |first| first.rev);
        let last = page.items.last().map_or(Rev::ZERO, |last| last.rev);
        opened.update(|open| {
            // Rev 1 is the room's beginning; the first message is never before 2.
            let older = first > Rev(2);
            let newer = page.next.is_some();
            open.timeline.load(page.items, head.max(last), older, newer);
            open.state = RoomState::Ready;
        });
        self.watch(room);
        self.repair(room);
    }

    pub async fn load_older(self: Rc<Self>, room: RoomId) {
        let Some(opened) = self.opened(room) else {
            return;
        };
        let first = opened.with_untracked(|open| {
            let first = open.timeline.messages().first()?;
            (open.timeline.has_older() && open.state == RoomState::Ready).then_some(first.rev)
        });
        let Some(first) = first else { return };
        let Some(ticket) = self.errands.borrow_mut().begin(room, Errand::Older) else {
            return;
        };
        opened.update(|open| open.state = RoomState::LoadingOlder);
        let head = opened.with_untracked(|open| open.timeline.position());
        let answer = self.rest.messages(room, Span::Before(first), PAGE).await;
        if answer.is_err() {
            clock::sleep(AFTER_FAILURE).await;
        }
        if !self.errands.borrow_mut().end(&ticket) {
            return;
        }
        let page = answer.ok();
        let users = page.as_ref().map(|page| page.users.clone());
        opened.update(|open| {
            open.state = RoomState::Ready;
            if let Some(page) = page {
                let older = page.next.is_some();
                if open.timeline.prepend(first, page.items, head, older) {
                    open.timeline.trim_back(HELD);
                }
            }
        });
        self.meet(users.unwrap_or_default());
    }

    pub async fn load_newer(self: Rc<Self>, room: RoomId) {
        let Some(opened) = self.opened(room) else {
            return;
        };
        let last = opened.with_untracked(|open| {
            let last = open.timeline.messages().last()?;
            (open.timeline.has_newer() && open.state == RoomState::Ready).then_some(last.rev)
        });
        let Some(last) = last else { return };
        let Some(ticket) = self.errands.borrow_mut().begin(room, Errand::Newer) else {
            return;
        };
        opened.update(|open| open.state = RoomState::LoadingNewer);
        let head = opened.with_untracked(|open| open.timeline.position());
        let answer = self.rest.messages(room, Span::After(last), PAGE).await;
        if answer.is_err() {
            clock::sleep(AFTER_FAILURE).await;
        }
        if !self.errands.borrow_mut().end(&ticket) {
            return;
        }
        let page = answer.ok();
        let users = page.as_ref().map(|page| page.users.clone());
        opened.update(|open| {
            open.state = RoomState::Ready;
            if let Some(page) = page {
                let newer = page.next.is_some();
                if open.timeline.append(last, page.items, head, newer) {
                    open.timeline.trim_front(HELD);
                }
            }
        });
        self.meet(users.unwrap_or_default());
    }

    /// Up to here the room is known to reach, by the list or by the window.
    fn known_head(&self, room: RoomId) -> Rev {
        let listed = self
            .client
            .rooms
            .with_untracked(|rooms| rooms.get(room).map_or(Rev::ZERO, |room| room.head));
        let held = self.opened(room).map_or(Rev::ZERO, |opened| {
            opened.with_untracked(|open| open.timeline.position())
        });
        listed.max(held)
    }

    fn message_not_found(&self) -> Problem {
        let detail = match self.client.language.get_untracked() {
            Language::English => "This message is too far back, or no longer there.",
            Language::Korean => "너무 오래되었거나 더 이상 없는 메시지입니다.",
        };
        Problem::new(code::MESSAGE_NOT_FOUND, detail)
    }
}
