//! History in both directions: the next page of it, and the window around one message.

use std::rc::Rc;

use app::client::{OpenRoom, RoomState};
use leptos::prelude::*;
use protocol::state::Timeline;
use protocol::wire::{Language, Message, Problem, code};
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

/// An end of the window of messages that is held.
#[derive(Clone, Copy)]
pub enum End {
    Older,
    Newer,
}

impl End {
    /// The outermost message, if there is more beyond it and nothing else is on its way.
    fn edge(self, open: &OpenRoom) -> Option<Rev> {
        let timeline = &open.timeline;
        let (has_more, edge) = match self {
            Self::Older => (timeline.has_older(), timeline.messages().first()?),
            Self::Newer => (timeline.has_newer(), timeline.messages().last()?),
        };
        (has_more && open.state == RoomState::Ready).then_some(edge.rev)
    }

    fn errand(self) -> Errand {
        match self {
            Self::Older => Errand::Older,
            Self::Newer => Errand::Newer,
        }
    }

    fn loading(self) -> RoomState {
        match self {
            Self::Older => RoomState::LoadingOlder,
            Self::Newer => RoomState::LoadingNewer,
        }
    }

    fn beyond(self, edge: Rev) -> Span {
        match self {
            Self::Older => Span::Before(edge),
            Self::Newer => Span::After(edge),
        }
    }

    /// Adds the page, and lets go of the other end where too much is held.
    fn put(self, timeline: &mut Timeline, edge: Rev, page: Vec<Message>, head: Rev, more: bool) {
        match self {
            Self::Older => {
                if timeline.prepend(edge, page, head, more) {
                    timeline.trim_back(HELD);
                }
            }
            Self::Newer => {
                if timeline.append(edge, page, head, more) {
                    timeline.trim_front(HELD);
                }
            }
        }
    }
}

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
            open.timeline.learn(page.notes);
            open.state = RoomState::Ready;
        });
        self.watch(room);
        self.repair(room);
    }

    /// The next page beyond one end of the window.
    pub async fn load_more(self: Rc<Self>, room: RoomId, end: End) {
        let Some(opened) = self.opened(room) else {
            return;
        };
        let Some(edge) = opened.with_untracked(|open| end.edge(open)) else {
            return;
        };
        let Some(ticket) = self.errands.borrow_mut().begin(room, end.errand()) else {
            return;
        };
        opened.update(|open| open.state = end.loading());
        let head = opened.with_untracked(|open| open.timeline.position());
        let answer = self.rest.messages(room, end.beyond(edge), PAGE).await;
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
                let more = page.next.is_some();
                end.put(&mut open.timeline, edge, page.items, head, more);
                open.timeline.learn(page.notes);
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
