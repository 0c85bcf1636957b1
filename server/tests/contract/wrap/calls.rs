//! Every method of the store, passed through.

use std::time::Duration;

use async_trait::async_trait;
use protocol::wire::{Device, Event, Message, User};
use protocol::{MessageId, Rev, RoomId, SessionId, Timestamp, UserId};
use server::store::*;

use super::{Around, Wrapped};

#[async_trait]
impl<W: Around> Log for Wrapped<dyn Store, W> {
    async fn append(
        &self,
        room: RoomId,
        batch: Vec<Append>,
    ) -> StoreResult<Vec<Result<Appended, Refusal>>> {
        self.around
            .around(|| self.inner.append(room, batch.clone()))
            .await
    }

    async fn events(&self, room: RoomId, after: Rev, limit: usize) -> StoreResult<Vec<Event>> {
        self.around
            .around(|| self.inner.events(room, after, limit))
            .await
    }

    async fn messages(&self, room: RoomId, span: Span, limit: usize) -> StoreResult<Messages> {
        self.around
            .around(|| self.inner.messages(room, span, limit))
            .await
    }

    async fn message(&self, room: RoomId, message: MessageId) -> StoreResult<Option<Message>> {
        self.around
            .around(|| self.inner.message(room, message))
            .await
    }

    async fn heads(&self, rooms: &[RoomId]) -> StoreResult<Vec<(RoomId, Head)>> {
        self.around.around(|| self.inner.heads(rooms)).await
    }
}

#[async_trait]
impl<W: Around> Rooms for Wrapped<dyn Store, W> {
    async fn create_room(&self, room: RoomDraft) -> StoreResult<Result<Appended, Refusal>> {
        self.around
            .around(|| self.inner.create_room(room.clone()))
            .await
    }

    async fn room(&self, room: RoomId) -> StoreResult<Option<RoomRecord>> {
        self.around.around(|| self.inner.room(room)).await
    }

    async fn delete_room(&self, room: RoomId) -> StoreResult<()> {
        self.around.around(|| self.inner.delete_room(room)).await
    }

    async fn rooms_of(&self, user: UserId) -> StoreResult<Vec<MyRoom>> {
        self.around.around(|| self.inner.rooms_of(user)).await
    }

    async fn my_room(&self, room: RoomId, user: UserId) -> StoreResult<Option<MyRoom>> {
        self.around.around(|| self.inner.my_room(room, user)).await
    }

    async fn is_member(&self, room: RoomId, user: UserId) -> StoreResult<bool> {
        self.around
            .around(|| self.inner.is_member(room, user))
            .await
    }

    async fn in_many_rooms(&self, users: &[UserId], many: usize) -> StoreResult<Vec<UserId>> {
        self.around
            .around(|| self.inner.in_many_rooms(users, many))
            .await
    }

    async fn members(
        &self,
        room: RoomId,
        after: Option<UserId>,
        limit: usize,
    ) -> StoreResult<Vec<MemberRecord>> {
        self.around
            .around(|| self.inner.members(room, after, limit))
            .await
    }

    async fn mark_read(
        &self,
        room: RoomId,
        user: UserId,
        rev: Rev,
    ) -> StoreResult<Result<Marked, Refusal>> {
        self.around
            .around(|| self.inner.mark_read(room, user, rev))
            .await
    }
}

#[async_trait]
impl<W: Around> People for Wrapped<dyn Store, W> {
    async fn create_user(&self, user: UserDraft) -> StoreResult<Result<(), Refusal>> {
        self.around
            .around(|| self.inner.create_user(user.clone()))
            .await
    }

    async fn users(&self, ids: &[UserId]) -> StoreResult<Vec<User>> {
        self.around.around(|| self.inner.users(ids)).await
    }

    async fn account(&self, user: UserId) -> StoreResult<Option<Account>> {
        self.around.around(|| self.inner.account(user)).await
    }

    async fn account_by_name(&self, folded: &str) -> StoreResult<Option<Account>> {
        self.around
            .around(|| self.inner.account_by_name(folded))
            .await
    }

    async fn find_users(&self, folded: &str, limit: usize) -> StoreResult<Vec<User>> {
        self.around
            .around(|| self.inner.find_users(folded, limit))
            .await
    }

    async fn change_user(&self, user: UserId, change: UserChange) -> StoreResult<()> {
        self.around
            .around(|| self.inner.change_user(user, change.clone()))
            .await
    }

    async fn renew_hash(&self, user: UserId, verified: &str, next: &str) -> StoreResult<()> {
        self.around
            .around(|| self.inner.renew_hash(user, verified, next))
            .await
    }

    async fn close_account(&self, user: UserId) -> StoreResult<()> {
        self.around.around(|| self.inner.close_account(user)).await
    }

    async fn closing_accounts(&self) -> StoreResult<Vec<UserId>> {
        self.around.around(|| self.inner.closing_accounts()).await
    }

    async fn messages_by(
        &self,
        author: UserId,
        limit: usize,
    ) -> StoreResult<Vec<(RoomId, MessageId)>> {
        self.around
            .around(|| self.inner.messages_by(author, limit))
            .await
    }

    async fn finish_closing(&self, user: UserId) -> StoreResult<()> {
        self.around.around(|| self.inner.finish_closing(user)).await
    }
}

#[async_trait]
impl<W: Around> Sessions for Wrapped<dyn Store, W> {
    async fn open_session(&self, session: SessionDraft) -> StoreResult<bool> {
        self.around
            .around(|| self.inner.open_session(session.clone()))
            .await
    }

    async fn change_password(&self, change: PasswordChange) -> StoreResult<Option<Vec<SessionId>>> {
        self.around
            .around(|| self.inner.change_password(change.clone()))
            .await
    }

    async fn rotate(&self, rotation: Rotation) -> StoreResult<Rotated> {
        self.around
            .around(|| self.inner.rotate(rotation.clone()))
            .await
    }

    async fn session(&self, session: SessionId) -> StoreResult<Option<SessionRecord>> {
        self.around.around(|| self.inner.session(session)).await
    }

    async fn ended_among(&self, sessions: &[SessionId]) -> StoreResult<Vec<SessionId>> {
        self.around
            .around(|| self.inner.ended_among(sessions))
            .await
    }

    async fn sessions_of(&self, user: UserId) -> StoreResult<Vec<Device>> {
        self.around.around(|| self.inner.sessions_of(user)).await
    }

    async fn end_session(&self, user: UserId, session: SessionId) -> StoreResult<bool> {
        self.around
            .around(|| self.inner.end_session(user, session))
            .await
    }
}

#[async_trait]
impl<W: Around> Upkeep for Wrapped<dyn Store, W> {
    async fn ready(&self) -> StoreResult<()> {
        self.around.around(|| self.inner.ready()).await
    }

    async fn tidy(&self, now: Timestamp, idle: Duration) -> StoreResult<()> {
        self.around.around(|| self.inner.tidy(now, idle)).await
    }

    async fn close(&self) -> StoreResult<()> {
        self.around.around(|| self.inner.close()).await
    }
}
