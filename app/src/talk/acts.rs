//! What can be done in the open room, and what is being done: shared by its messages, its
//! composer and its keys.

use leptos::prelude::*;
use protocol::state::Divider;
use protocol::{MessageId, Rev, RoomId};

use super::draft::Drafting;
use super::rows::{Row, Rows};
use super::scroll::Scroller;
use crate::browser::{BrowserHandle, Intent};
use crate::client::{Client, OpenRoom};
use crate::common::dom;

/// The id of the composer's box on the page.
pub const COMPOSER: &str = "composer";

pub fn element_id(message: MessageId) -> String {
    format!("m-{message}")
}

#[derive(Clone, Copy)]
pub struct Acts {
    pub room: RoomId,
    pub browser: BrowserHandle,
    pub held: Memo<Option<ArcRwSignal<OpenRoom>>>,
    pub rows: Memo<Rows>,
    pub divider: RwSignal<Divider>,
    pub scroller: Scroller,
    pub draft: Drafting,
    pub replying: RwSignal<Option<MessageId>>,
    pub editing: RwSignal<Option<MessageId>>,
    pub deleting: RwSignal<Option<MessageId>>,
    pub picking: RwSignal<Option<MessageId>>,
    pub hovered: RwSignal<Option<MessageId>>,
    pub focused: RwSignal<Option<MessageId>>,
    /// A message to be shown as soon as it is there.
    pub target: RwSignal<Option<MessageId>>,
}

impl Acts {
    pub fn new(room: RoomId, client: Client, browser: BrowserHandle) -> Self {
        let held = Memo::new(move |_| client.opened.with(|opened| opened.get(&room).cloned()));
        let divider = RwSignal::new(Divider::default());
        let rows = super::room::rows_of(room, client, held, divider);
        let detached = held
            .get_untracked()
            .is_some_and(|open| open.with_untracked(|open| open.timeline.has_newer()));
        Self {
            room,
            browser,
            held,
            rows,
            divider,
            draft: Drafting::new(room, browser),
            scroller: Scroller::new(!detached),
            replying: RwSignal::new(None),
            editing: RwSignal::new(None),
            deleting: RwSignal::new(None),
            picking: RwSignal::new(None),
            hovered: RwSignal::new(None),
            focused: RwSignal::new(None),
            target: RwSignal::new(None),
        }
    }

    /// Whether the room is still on the screen: what was put off may come after it has gone.
    pub fn is_alive(&self) -> bool {
        self.target.try_get_untracked().is_some()
    }

    /// With the next frame, if the room is still there.
    pub fn next_frame(self, then: impl FnOnce() + 'static) {
        request_animation_frame(move || {
            if self.is_alive() {
                then();
            }
        });
    }

    /// Follows the open room.
    pub fn with_open<T>(&self, f: impl FnOnce(&OpenRoom) -> T) -> Option<T> {
        self.held.get().map(|open| open.with(f))
    }

    pub fn with_open_untracked<T>(&self, f: impl FnOnce(&OpenRoom) -> T) -> Option<T> {
        self.held.get_untracked().map(|open| open.with_untracked(f))
    }

    pub fn row(&self, id: MessageId) -> Option<std::sync::Arc<Row>> {
        self.rows.with_untracked(|rows| rows.get(id).cloned())
    }

    pub fn rev_of(&self, id: MessageId) -> Option<Rev> {
        self.row(id).and_then(|row| row.rev)
    }

    pub fn reply(&self, id: MessageId) {
        self.replying.set(Some(id));
        focus_composer();
    }

    pub fn edit(&self, id: MessageId) {
        // One that was left elsewhere is not lost to this one.
        if let Some(left) = self.edit_left() {
            self.jump(left);
        } else if self
            .row(id)
            .is_some_and(|row| row.mine && !row.deleted && row.rev.is_some())
        {
            self.editing.set(Some(id));
        }
    }

    /// The message of which an edit was left, if it is none of those held.
    pub fn edit_left(&self) -> Option<MessageId> {
        self.editing
            .get_untracked()
            .filter(|id| self.row(*id).is_none())
    }

    pub fn edit_my_last(&self) {
        let last = self.rows.with_untracked(|rows| {
            rows.messages()
                .rev()
                .find(|row| row.mine && !row.deleted && row.rev.is_some())
                .map(|row| row.id)
        });
        if let Some(id) = last {
            self.edit(id);
        }
    }

    pub fn ask_to_delete(&self, id: MessageId) {
        if self
            .row(id)
            .is_some_and(|row| row.mine && !row.deleted && row.rev.is_some())
        {
            self.deleting.set(Some(id));
        }
    }

    pub fn react(&self, id: MessageId, emoji: &str, on: bool) {
        let emoji = emoji.to_owned();
        self.browser.ask(Intent::React {
            room: self.room,
            message: id,
            emoji,
            on,
        });
    }

    /// Shows a message, loading what is around it if it is not here.
    pub fn jump(&self, id: MessageId) {
        if self.rows.with_untracked(|rows| rows.get(id).is_some()) {
            self.scroller.show(&element_id(id));
        } else {
            self.target.set(Some(id));
            self.browser.ask(Intent::Around(self.room, id));
        }
    }

    /// Whether there are newer messages than those held.
    pub fn is_detached(&self) -> bool {
        self.with_open_untracked(|open| open.timeline.has_newer())
            .unwrap_or(false)
    }

    pub fn to_latest(self) {
        if self.is_detached() {
            self.browser.ask(Intent::Latest(self.room));
        }
        self.scroller.to_end();
    }

    /// Esc, one step at a time: the topmost thing first, then to the composer.
    pub fn step_back(&self) {
        if let Some(id) = self.picking.get_untracked() {
            self.picking.set(None);
            self.focus_message(id);
        } else if self.editing.get_untracked().is_some() && self.edit_left().is_none() {
            self.editing.set(None);
            focus_composer();
        } else if self.replying.get_untracked().is_some() {
            self.replying.set(None);
            focus_composer();
        } else {
            focus_composer();
        }
    }

    pub fn focus_message(&self, id: MessageId) {
        if let Some(element) = dom::by_id(&element_id(id)) {
            dom::focus_quietly(&element);
        }
    }
}

pub fn focus_composer() {
    if let Some(composer) = dom::by_id(COMPOSER) {
        dom::focus_quietly(&composer);
    }
}
