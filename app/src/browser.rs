//! What the pages ask of the browser's half (crate `frontend`): the socket, the outbox in
//! `IndexedDB`, the REST API. On the server there is none, and nothing asks.

use std::rc::Rc;

use async_trait::async_trait;
use leptos::prelude::*;
use protocol::state::{Draft, PendingChange};
use protocol::wire::{ChangeMe, Device, NewRoom, Problem, Room, User};
use protocol::{MessageId, OpId, Rev, RoomId, SessionId, UserId};

/// Fire and forget: what comes of it is seen in [`crate::client::Client`].
#[derive(Clone, Debug, PartialEq)]
pub enum Intent {
    /// The room is on the screen now: load it if needed, subscribe, keep it in step.
    Open(RoomId),
    /// No room is on the screen.
    Close,
    /// More history in front of / behind what is held.
    Older(RoomId),
    Newer(RoomId),
    /// Load the window around a message (a jump to a reply).
    Around(RoomId, MessageId),
    /// Load the window at the head.
    Latest(RoomId),
    Delete {
        room: RoomId,
        message: MessageId,
    },
    React {
        room: RoomId,
        message: MessageId,
        emoji: String,
        on: bool,
    },
    Retry(OpId),
    Discard(OpId),
    /// Everything up to `rev` has been seen.
    Seen {
        room: RoomId,
        rev: Rev,
    },
    Typing {
        room: RoomId,
        on: bool,
    },
    /// What is being written, kept over a reload; an empty one is forgotten.
    KeepDraft {
        room: RoomId,
        draft: Draft,
    },
    /// Try to connect now.
    Reconnect,
}

#[async_trait(?Send)]
pub trait Browser {
    fn ask(&self, intent: Intent);

    /// Puts what was written into the outbox. `Ok` when it survives a reload: only then may the
    /// box be cleared.
    async fn put_in(&self, room: RoomId, change: PendingChange) -> Result<OpId, Problem>;

    async fn draft(&self, room: RoomId) -> Option<Draft>;

    /// Into the clipboard; `false` where the browser does not let us.
    async fn copy(&self, text: String) -> bool;

    async fn find_people(&self, query: String) -> Result<Vec<User>, Problem>;
    /// The id of a room to be made: asked for again under it, no second one is made.
    fn new_room(&self) -> RoomId;
    async fn make_room(&self, room: NewRoom) -> Result<Room, Problem>;
    async fn rename_room(&self, room: RoomId, name: String) -> Result<(), Problem>;
    /// All members of an open room, where there are more than came with it.
    async fn members(&self, room: RoomId) -> Result<(), Problem>;
    async fn add_member(&self, room: RoomId, user: UserId) -> Result<(), Problem>;
    /// Myself: leave.
    async fn remove_member(&self, room: RoomId, user: UserId) -> Result<(), Problem>;

    async fn change_me(&self, change: ChangeMe) -> Result<User, Problem>;
    async fn devices(&self) -> Result<Vec<Device>, Problem>;
    async fn end_device(&self, session: SessionId) -> Result<(), Problem>;
    /// Deletes the account; then everything kept in this browser.
    async fn delete_me(&self, password: String) -> Result<(), Problem>;
    /// Ends the session; then forgets everything kept in this browser.
    async fn log_out(&self) -> Result<(), Problem>;
}

/// How components reach it: `use_browser().with(|b| b.ask(…))`. Lives in the one thread of the
/// page.
#[derive(Clone, Copy)]
pub struct BrowserHandle(StoredValue<Option<Rc<dyn Browser>>, LocalStorage>);

impl BrowserHandle {
    pub fn new(browser: Rc<dyn Browser>) -> Self {
        Self(StoredValue::new_local(Some(browser)))
    }

    /// On the server.
    pub fn none() -> Self {
        Self(StoredValue::new_local(None))
    }

    pub fn ask(self, intent: Intent) {
        if let Some(browser) = self.get() {
            browser.ask(intent);
        }
    }

    pub fn get(self) -> Option<Rc<dyn Browser>> {
        self.0.try_get_value().flatten()
    }
}
