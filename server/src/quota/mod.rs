//! How often something may be done, counted over all nodes: attempts to log in, new accounts,
//! messages. Whoever spreads them over the nodes must not get more of them.

mod gcra;
mod local;

use std::time::Duration;

use async_trait::async_trait;
use protocol::Timestamp;

pub use gcra::Rate;
pub(crate) use gcra::Used;
pub use local::LocalQuota;

/// One kind of limit; its name keeps its keys apart from those of others.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    pub name: &'static str,
    pub rate: Rate,
}

/// Too many: so long until the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Duration);

#[async_trait]
pub trait Quota: Send + Sync + 'static {
    /// Takes one. Where the count cannot be shared at the moment, this node counts by itself:
    /// there is always a limit.
    async fn take(&self, limit: Limit, key: &str, now: Timestamp) -> Result<(), Wait>;

    /// Gives back one that was taken: it was not what the limit is against.
    async fn give_back(&self, limit: Limit, key: &str);

    /// Adds what this node has let pass by itself, so many for each key, to what the others have.
    /// Answers for each key how long it takes until all of that is earned back; `None` where there
    /// are no others, or none that can be asked.
    async fn share(&self, limit: Limit, passed: &[(String, u32)]) -> Option<Vec<Duration>>;
}
