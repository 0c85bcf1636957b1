//! What the pages ask for, and who does it.

use std::rc::Rc;

use app::browser::{Browser, Intent};
use async_trait::async_trait;
use leptos::prelude::*;
use protocol::state::{Draft, PendingChange};
use protocol::wire::{ChangeMe, Device, NewRoom, Problem, Room, User};
use protocol::{OpId, RoomId, SessionId, UserId};
use uuid::Uuid;
use wasm_bindgen_futures::spawn_local;

use super::pages::End;
use super::tab::Tab;
use crate::link::Input;

/// The trait is spoken to through `&self`; the parts hand the tab on to what they spawn.
pub struct Desk(pub Rc<Tab>);

#[async_trait(?Send)]
impl Browser for Desk {
    fn ask(&self, intent: Intent) {
        let tab = &self.0;
        match intent {
            Intent::Open(room) => tab.open(room),
            Intent::Close => tab.close(),
            Intent::Older(room) => spawn_local(Rc::clone(tab).load_more(room, End::Older)),
            Intent::Newer(room) => spawn_local(Rc::clone(tab).load_more(room, End::Newer)),
            Intent::Around(room, message) => {
                spawn_local(Rc::clone(tab).load_around(room, message));
            }
            Intent::Latest(room) => tab.latest(room),
            Intent::Delete { .. } | Intent::React { .. } => {
                tab.put_in_quietly(intent);
            }
            Intent::Retry(op) => tab.retry(op),
            Intent::Discard(op) => tab.discard(op),
            Intent::Seen { room, rev } => tab.seen(room, rev),
            Intent::Typing { room, on } => tab.types(room, on),
            Intent::KeepDraft { room, draft } => tab.keep_draft(room, draft),
            Intent::Reconnect => tab.line.tell(Input::Wake),
        }
    }

    async fn put_in(&self, room: RoomId, change: PendingChange) -> Result<OpId, Problem> {
        self.0.put_in(room, change).await
    }

    async fn draft(&self, room: RoomId) -> Option<Draft> {
        self.0.draft(room).await
    }

    async fn copy(&self, text: String) -> bool {
        super::page::copy(&text).await.is_some()
    }

    async fn find_people(&self, query: String) -> Result<Vec<User>, Problem> {
        let page = self.0.rest.find_people(&query).await?;
        self.0.meet(page.items.clone());
        Ok(page.items)
    }

    async fn make_room(&self, room: NewRoom) -> Result<Room, Problem> {
        let room = self.0.rest.make_room(&room).await?;
        self.0.meet_by_id(room.peer.into_iter().collect());
        self.0.client.rooms.update(|rooms| rooms.put(room.clone()));
        Ok(room)
    }

    async fn rename_room(&self, room: RoomId, name: String) -> Result<(), Problem> {
        self.0.rest.rename_room(room, name).await
    }

    async fn members(&self, room: RoomId) -> Result<(), Problem> {
        let Some(opened) = self.0.opened(room) else {
            return Ok(());
        };
        let since = opened.with_untracked(|open| open.timeline.position());
        let members = self.0.rest.members(room).await?;
        opened.update(|open| open.learn_members(&members, since));
        self.0.note_here(&members);
        self.0
            .meet(members.into_iter().map(|member| member.user).collect());
        Ok(())
    }

    fn new_room(&self) -> RoomId {
        RoomId(Uuid::now_v7())
    }

    async fn add_member(&self, room: RoomId, user: UserId) -> Result<(), Problem> {
        self.0.rest.add_member(room, user).await
    }

    async fn remove_member(&self, room: RoomId, user: UserId) -> Result<(), Problem> {
        self.0.rest.remove_member(room, user).await?;
        if user == self.0.me {
            self.0.room_is_gone(room);
        }
        Ok(())
    }

    async fn change_me(&self, change: ChangeMe) -> Result<User, Problem> {
        let user = self.0.rest.change_me(&change).await?;
        self.0.meet(vec![user.clone()]);
        self.0.client.me.set(Some(user.clone()));
        Ok(user)
    }

    async fn devices(&self) -> Result<Vec<Device>, Problem> {
        Ok(self.0.rest.devices().await?.items)
    }

    async fn end_device(&self, session: SessionId) -> Result<(), Problem> {
        self.0.rest.end_device(session).await
    }

    async fn delete_me(&self, password: String) -> Result<(), Problem> {
        self.0.rest.delete_me(password).await?;
        self.0.forget().await;
        Ok(())
    }

    async fn log_out(&self) -> Result<(), Problem> {
        self.0.log_out().await
    }
}
