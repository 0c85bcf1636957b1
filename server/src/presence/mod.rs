//! Who is here, across all nodes, and what is said without being kept: typing, reading, ended
//! sessions. All of it may be lost for a moment; none of it is history.

mod local;
mod redis;

use async_trait::async_trait;
use protocol::wire::Signal;
use protocol::{RoomId, SessionId, UserId};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

pub use self::redis::{RedisError, RedisOptions, RedisPresence};
pub use local::LocalPresence;

/// One socket of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Connection {
    pub id: u64,
    pub user: UserId,
}

/// What every node hears, its own words included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Notice {
    /// The first socket came, or the last one has been gone for longer than a reload takes.
    Presence { user: UserId, online: bool },
    /// To whoever looks at the room: typing, read positions.
    Room { room: RoomId, signal: Signal },
    /// To one person, wherever connected: their room list must be read again for this room.
    Side { user: UserId, room: RoomId },
    /// The session's sockets must close.
    Ended { session: SessionId },
    /// All of the person's sockets must close.
    Erased { user: UserId },
    /// A node's bus is not well: what it appended may be only in the store.
    Unheard,
    /// A node is not heard, or does not know whether it ended a session: what it appended and ended
    /// may be only in the store. Said again and again for as long as that lasts.
    Untold,
    /// This node does not hear the others; said again and again for as long as that lasts. What
    /// must not be missed is asked of the store.
    Away,
    /// This node hears the others again. What they said meanwhile is lost.
    Back,
}

#[async_trait]
pub trait Presence: Send + Sync + 'static {
    fn arrive(&self, connection: Connection);

    fn depart(&self, connection: Connection);

    /// Of these, who is online. `None`: not known at the moment.
    async fn online(&self, users: &[UserId]) -> Option<Vec<UserId>>;

    /// Says it to all nodes, this one included. Never waits; may be lost.
    fn announce(&self, notice: Notice);

    /// Hears everything announced from now on. A listener that lags loses the oldest.
    fn listen(&self) -> broadcast::Receiver<Notice>;

    async fn ready(&self) -> Result<(), String>;

    /// Says what is still to be said, takes this node's people out, and ends.
    async fn close(&self);
}
