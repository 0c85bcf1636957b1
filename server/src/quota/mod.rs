//! How often something may be tried, counted over all nodes: attempts to log in, new accounts.
//! Whoever spreads guesses over the nodes must not get more of them.

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
}
