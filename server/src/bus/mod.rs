//! How nodes tell each other what was appended. A hint: it may lose, repeat and reorder, because
//! whoever receives knows the last rev that it has and repairs the rest from the store.

mod local;

use std::sync::Arc;

use async_trait::async_trait;
use protocol::wire::Event;

pub use local::LocalBus;

/// What comes from the other nodes.
#[derive(Clone, Debug)]
pub enum BusItem {
    Event(Arc<Event>),
    /// Something may have been lost: compare all heads with the store.
    Gap,
}

#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Takes events on their way to other nodes. Never waits and never fails: what cannot be
    /// queued is dropped, and the head poller finds it.
    fn publish(&self, events: &[Arc<Event>]);

    /// The next from other nodes; pending for ever where there are none. Cancel-safe.
    async fn next(&self) -> BusItem;

    /// Whether it works now; the error says why not.
    async fn ready(&self) -> Result<(), String>;

    /// Sends what is queued and ends.
    async fn close(&self);
}
