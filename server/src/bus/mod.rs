//! How nodes tell each other what was appended, and how work that follows from it is shared out.
//!
//! A hint: it may lose, repeat and reorder, because whoever receives knows the last rev that it
//! has and repairs the rest from the store.

mod kafka;
mod local;
mod metrics;

use std::sync::Arc;

use async_trait::async_trait;
use protocol::wire::Event;

pub use kafka::{KafkaBus, KafkaError, KafkaOptions};
pub use local::LocalBus;
pub use metrics::{BusMetrics, Tally};

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

    /// Joins those who share the work named `group`: every event, this node's own included, goes
    /// to one of them, those of one room in order.
    async fn work(&self, group: &str) -> Result<Box<dyn Work>, String>;

    /// Whether what is published arrives, as far as is known without asking anybody. While it
    /// does not, the store is asked more often.
    fn is_well(&self) -> bool;

    /// Whether it works now; the error says why not.
    async fn ready(&self) -> Result<(), String>;

    /// What it has counted since it began.
    fn tally(&self) -> Tally;

    /// Sends what is queued and ends.
    async fn close(&self);
}

/// One worker's place in a group. When it is dropped, or its node dies, what it was given and had
/// not done goes to the others: every event is worked on at least once, for as long as the bus
/// keeps it. Whoever must have all of them compares with the store.
#[async_trait]
pub trait Work: Send {
    /// The next event for this worker. Cancel-safe.
    async fn next(&mut self) -> Arc<Event>;

    /// What `next` gave is done, and need not be given to anybody again.
    fn done(&mut self, event: &Event);
}
