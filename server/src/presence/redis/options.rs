//! How Redis is reached and used, and why it cannot be.

use std::fmt;
use std::time::Duration;

#[derive(Clone)]
pub struct RedisOptions {
    /// `redis://` or, with TLS, `rediss://`.
    pub url: String,
    /// Before every key and channel, so that several houses may share one Redis.
    pub prefix: String,
    /// A node that was not heard of for so long is dead, and its people are gone.
    pub expiry: Duration,
}

impl RedisOptions {
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            prefix: String::from("madang:"),
            expiry: Duration::from_secs(35),
        }
    }

    /// Three beats may be missed before a node counts as dead.
    pub(super) fn beat(&self) -> Duration {
        self.expiry * 2 / 7
    }

    pub(super) fn sweep(&self) -> Duration {
        self.expiry * 2 / 35
    }

    /// The key of what this Redis is called by the nodes that share it.
    pub(super) fn name(&self) -> String {
        format!("{}name", self.prefix)
    }

    pub(super) fn channel(&self) -> String {
        format!("{}notices", self.prefix)
    }
}

impl fmt::Debug for RedisOptions {
    /// Without the address: there may be a password in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("prefix", &self.prefix)
            .field("expiry", &self.expiry)
            .finish_non_exhaustive()
    }
}

/// Each says what to do.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RedisError {
    #[error(
        "the address of Redis cannot be used: {0}. Write it as redis://host:6379, or rediss:// for TLS."
    )]
    Address(String),
    #[error(
        "Redis does not answer at {at}: {why}. See that it runs, that this machine reaches it, and that user and password are right."
    )]
    Unreachable { at: String, why: String },
    #[error(
        "the Redis at {at} is a node of a Redis Cluster, over which what is asked in one step would be spread. Name a Redis that stands alone."
    )]
    Cluster { at: String },
}
