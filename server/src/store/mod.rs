//! The store is the truth: rooms' logs, people, sessions. Everything else is a hint.
//!
//! The port speaks meaning, not rows: one call appends a batch, one call reads a room list.
//! Every rule that two clients could race for (membership, authorship, one id one operation, one
//! rev one event) is decided inside the store, at the commit.

mod mongo;
mod sqlite;
mod types;

use std::time::Duration;

use async_trait::async_trait;
use protocol::wire::{Device, Event, User};
use protocol::{MessageId, Rev, RoomId, SessionId, Timestamp, UserId};

pub(crate) use mongo::{Connection, is_duplicate};
pub use mongo::{JoinError, MongoOpenError, MongoPool, MongoStore, Ways};
pub use sqlite::{Found, OpenError, SqliteStore};
pub use types::*;

/// What an adapter may answer instead of a result. Nothing was promised, except in
/// `Refused`, where it is certain that nothing was done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Whether it was done is not known; the same call may be repeated.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// The store is there and cannot take more: a full disk, a read-only directory.
    #[error("the store cannot write: {0}")]
    CannotWrite(String),
    /// What was read is not what was written.
    #[error("the store holds something unreadable: {0}")]
    Corrupt(String),
}

pub type StoreResult<T> = Result<T, StoreError>;

/// The whole store, as the domain holds it.
pub trait Store: Log + Rooms + People + Sessions + Upkeep {}
impl<T: Log + Rooms + People + Sessions + Upkeep> Store for T {}

/// The rooms' logs.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Appends to one room, in the order given, at `head + 1…`; one answer for each, in order.
    /// When it returns `Ok`, all that was written is durable; one that is refused leaves the rest
    /// of the batch alone. An operation whose `(by, op)` was seen before, in any room, answers as
    /// it did the first time if it is the same operation, even after its author has left.
    /// An account that is being erased can only take away: delete, unreact, leave.
    async fn append(
        &self,
        room: RoomId,
        batch: Vec<Append>,
    ) -> StoreResult<Vec<Result<Appended, Refusal>>>;

    /// The log after `after`, oldest first, at most `limit`, with contiguous revs.
    async fn events(&self, room: RoomId, after: Rev, limit: usize) -> StoreResult<Vec<Event>>;

    /// Current messages, oldest first, deleted ones included as such.
    async fn messages(&self, room: RoomId, span: Span, limit: usize) -> StoreResult<Messages>;

    async fn message(
        &self,
        room: RoomId,
        message: MessageId,
    ) -> StoreResult<Option<protocol::wire::Message>>;

    /// Where the logs end now; rooms that are gone are missing from the answer.
    async fn heads(&self, rooms: &[RoomId]) -> StoreResult<Vec<(RoomId, Head)>>;
}

#[async_trait]
pub trait Rooms: Send + Sync + 'static {
    /// Makes a room with its `created` event as rev 1. Repeated with the same id by the same
    /// person it answers the first room; a direct room answers both of its people so. All
    /// members must exist.
    async fn create_room(&self, room: RoomDraft) -> StoreResult<Result<Appended, Refusal>>;

    async fn room(&self, room: RoomId) -> StoreResult<Option<RoomRecord>>;

    /// Removes the room and all that is in it; no path reads any of it afterwards.
    async fn delete_room(&self, room: RoomId) -> StoreResult<()>;

    /// My rooms, latest activity first. Direct rooms in which nothing was said are only with
    /// the one who opened them.
    async fn rooms_of(&self, user: UserId) -> StoreResult<Vec<MyRoom>>;

    /// The same for one room; `None` when it is not in that list.
    async fn my_room(&self, room: RoomId, user: UserId) -> StoreResult<Option<MyRoom>>;

    async fn is_member(&self, room: RoomId, user: UserId) -> StoreResult<bool>;

    /// Of these people, those who are in at least so many rooms, direct ones included.
    async fn in_many_rooms(&self, users: &[UserId], many: usize) -> StoreResult<Vec<UserId>>;

    /// Members in the order in which they came, after the one named (from the first, if that one
    /// has left).
    async fn members(
        &self,
        room: RoomId,
        after: Option<UserId>,
        limit: usize,
    ) -> StoreResult<Vec<MemberRecord>>;

    /// Moves my read position forward, never back, never beyond the head.
    async fn mark_read(
        &self,
        room: RoomId,
        user: UserId,
        rev: Rev,
    ) -> StoreResult<Result<Marked, Refusal>>;
}

#[async_trait]
pub trait People: Send + Sync + 'static {
    async fn create_user(&self, user: UserDraft) -> StoreResult<Result<(), Refusal>>;

    /// Those that exist, deleted ones as such, in no order.
    async fn users(&self, ids: &[UserId]) -> StoreResult<Vec<User>>;

    async fn account(&self, user: UserId) -> StoreResult<Option<Account>>;

    /// By the folded form of the name.
    async fn account_by_name(&self, folded: &str) -> StoreResult<Option<Account>>;

    /// People whose folded username or display name contains the folded text; best matches
    /// (prefixes) first, then by name.
    async fn find_users(&self, folded: &str, limit: usize) -> StoreResult<Vec<User>>;

    async fn change_user(&self, user: UserId, change: UserChange) -> StoreResult<()>;

    /// Keeps the same password by another hash, in place of the one that was verified. Does nothing
    /// where that one is not there any more.
    async fn renew_hash(&self, user: UserId, verified: &str, next: &str) -> StoreResult<()>;

    /// The first step of a deletion, durable by itself: no more log-in, no sessions, names gone.
    async fn close_account(&self, user: UserId) -> StoreResult<()>;

    /// The accounts whose deletion has begun and not ended; a restarted server goes on with them.
    async fn closing_accounts(&self) -> StoreResult<Vec<UserId>>;

    /// Messages of this author that still have a body, any room, at most `limit`.
    async fn messages_by(
        &self,
        author: UserId,
        limit: usize,
    ) -> StoreResult<Vec<(RoomId, MessageId)>>;

    /// The last step, done once after `close_account`: its reactions are taken back and its groups
    /// left, by events of their own. Nothing of the account is left but an anonymous author,
    /// whose direct rooms stay with the other person.
    async fn finish_closing(&self, user: UserId) -> StoreResult<()>;
}

#[async_trait]
pub trait Sessions: Send + Sync + 'static {
    /// `false`, and none is opened, where the account or the hash that was verified is not there
    /// any more: the log-in came too late.
    async fn open_session(&self, session: SessionDraft) -> StoreResult<bool>;

    /// Another password in place of the one that was verified. With it, and not after it, all
    /// sessions that were opened by an earlier password have ended, but the one to keep; answers
    /// those that were there. `None`, and nothing changes, where the verified one is not there any
    /// more.
    async fn change_password(&self, change: PasswordChange) -> StoreResult<Option<Vec<SessionId>>>;

    /// Spends a refresh token, atomically.
    async fn rotate(&self, rotation: Rotation) -> StoreResult<Rotated>;

    async fn session(&self, session: SessionId) -> StoreResult<Option<SessionRecord>>;

    /// Of these sessions, those that are not there any more.
    async fn ended_among(&self, sessions: &[SessionId]) -> StoreResult<Vec<SessionId>>;

    async fn sessions_of(&self, user: UserId) -> StoreResult<Vec<Device>>;

    /// Ends one session, if it is this user's. `false`: there was none.
    async fn end_session(&self, user: UserId, session: SessionId) -> StoreResult<bool>;
}

/// What the operator's side asks.
#[async_trait]
pub trait Upkeep: Send + Sync + 'static {
    /// Whether it can read and write now; the error says why not.
    async fn ready(&self) -> StoreResult<()>;

    /// Forgets what has run out by `now`: sessions past their end or unused for longer than
    /// `idle`, and what a crash left of deleted rooms.
    async fn tidy(&self, now: Timestamp, idle: Duration) -> StoreResult<()>;

    /// Writes back and closes. Calls after this are refused.
    async fn close(&self) -> StoreResult<()>;
}
