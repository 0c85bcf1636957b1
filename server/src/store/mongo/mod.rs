//! The store for many nodes: one MongoDB database that all of them write to. No transaction over
//! several documents is needed, so it asks of the server only what every kind of MongoDB does.
//!
//! **The log is the truth.** An event is one document of `log`, and its insert is the only commit
//! there is: at `head + 1`, under unique `(room, rev)` and unique `op` (an author and an id),
//! confirmed by a majority of the servers in their journals. Whatever two nodes could race for inside a room is
//! decided by it, because a writer plans on the room as it is after event n and can only insert
//! n + 1 (`append`). The other documents (`rooms`, `members`, `reactions`, and what an event
//! changes in the lines of messages) follow from the log. They may be behind, and whoever sees
//! that brings them up first (`current`, `project`).
//!
//! **What a crash leaves**, by where it happens:
//! - Before the insert: nothing. In the middle of a batch's insert: a beginning of the batch, since
//!   inserts are ordered; the rest was not acknowledged, and is sent again under its ops.
//! - After the insert, before all is applied: the next reader or writer of the room applies it, on
//!   any node. Whoever reads the room sees it applied, and nobody can write on top of it before.
//!   Posts and reactions are acknowledged at this point; what changes who or what is found, or
//!   what must be gone, is acknowledged only when it is applied.
//! - After all is applied, before the answer: the operation is sent again and answers `Repeated`.
//! - While a room is made: a document with `applied: 0`, which is no room yet. Whoever makes it next
//!   finishes it (`create`).
//! - While a room is deleted: the one update that hides it was made or not. What is left is removed
//!   by the next `tidy` on any node (`burial`).
//! - While an account is closed: it is `closing`; the domain of any node goes on with it.
//!
//! **What two nodes do to each other.** In one room: above. A node that was stopped for a minute
//! and goes on with an insert finds its rev taken; one that goes on with applying changes nothing
//! that is newer (`project`). Three rules span documents that no one insert decides: a room is
//! deleted, or an account is closed, while another node appends to it or for it; and two nodes make
//! one room. The last is decided by the unique id of the room's document. For the others, an append
//! that began before the deletion may come after it: it was acknowledged as having come before,
//! so it must go. Both are watched for a day after their end, and what comes late is removed
//! (`burial`, `closing`).
//!
//! **Reading.** Whatever follows from the log is read after the room's document, so that it is never
//! older than the head it is shown with.
//!
//! **Roll-backs.** Writers and readers read with the concern `majority`, so what they see stays,
//! and a head is never believed that a new primary may not have.

mod append;
mod burial;
mod closing;
mod collections;
mod connection;
mod create;
mod current;
mod documents;
mod events;
mod failure;
mod follow;
mod load;
mod log;
mod nodes;
mod open;
mod operations;
mod people;
mod plan;
mod project;
mod room_list;
mod rooms;
mod sessions;
mod steps;
mod tries;
mod turns;
mod upkeep;

use std::future::Future;
use std::sync::Arc;

use collections::Collections;
pub(crate) use connection::Connection;
pub(crate) use failure::is_duplicate;
pub use nodes::{JoinError, Ways};
pub use open::{MongoOpenError, MongoPool};
use turns::Turns;
use uuid::Uuid;

use super::{StoreError, StoreResult};

pub struct MongoStore {
    connection: Connection,
    core: Arc<Core>,
    cluster: Uuid,
    clock_offset: ClockOffset,
}

/// How far this node's clock is ahead of the server's, in milliseconds.
type ClockOffset = i64;

/// What a call needs. It outlives the caller, who may go away in the middle.
struct Core {
    connection: Connection,
    all: Collections,
    turns: Turns,
}

impl MongoStore {
    /// Which database this is, so that two clusters that share one by mistake can be told apart
    /// from one that does not.
    pub fn cluster(&self) -> Uuid {
        self.cluster
    }

    /// By how many milliseconds this node's clock was ahead of the server's when it was opened.
    pub fn clock_offset_ms(&self) -> i64 {
        self.clock_offset
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    async fn call<T, W, F>(&self, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(Arc<Core>) -> F,
        F: Future<Output = StoreResult<T>> + Send + 'static,
    {
        let answer = self.connection.call(work(Arc::clone(&self.core))).await;
        answer.map_err(|unanswered| StoreError::Unavailable(unanswered.to_string()))?
    }

    async fn chore<T, W, F>(&self, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(Arc<Core>) -> F,
        F: Future<Output = StoreResult<T>> + Send + 'static,
    {
        let answer = self.connection.chore(work(Arc::clone(&self.core))).await;
        answer.map_err(|unanswered| StoreError::Unavailable(unanswered.to_string()))?
    }
}
