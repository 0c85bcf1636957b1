//! Counting over all nodes.

use std::time::Duration;

use async_trait::async_trait;
use protocol::Timestamp;
use redis::Script;

use super::RedisPresence;
use crate::quota::{Limit, Quota, Wait};

pub(super) struct Scripts {
    take: Script,
    give_back: Script,
    share: Script,
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            take: Script::new(include_str!("take.lua")),
            give_back: Script::new(include_str!("give_back.lua")),
            share: Script::new(include_str!("share.lua")),
        }
    }
}

impl RedisPresence {
    fn counter(&self, limit: Limit, key: &str) -> String {
        format!("{}quota:{}:{key}", self.options.prefix, limit.name)
    }
}

#[async_trait]
impl Quota for RedisPresence {
    async fn take(&self, limit: Limit, key: &str, now: Timestamp) -> Result<(), Wait> {
        if self.link.is_well() {
            let mut taking = self.counting.take.key(self.counter(limit, key));
            taking.arg(limit.rate.burst()).arg(limit.rate.interval());
            match self.link.run::<u64>(&taking).await {
                Ok(0) => return Ok(()),
                Ok(wait) => return Err(Wait(Duration::from_micros(wait))),
                Err(why) => tracing::debug!(why, "Redis could not count, so this node does"),
            }
        }
        self.alone.take(limit, key, now).await
    }

    async fn give_back(&self, limit: Limit, key: &str) {
        if self.link.is_well() {
            let mut giving = self.counting.give_back.key(self.counter(limit, key));
            giving.arg(limit.rate.interval());
            match self.link.run::<()>(&giving).await {
                Ok(()) => return,
                Err(why) => tracing::debug!(why, "Redis could not count, so this node does"),
            }
        }
        self.alone.give_back(limit, key).await;
    }

    async fn share(&self, limit: Limit, passed: &[(String, u32)]) -> Option<Vec<Duration>> {
        if !self.link.is_well() {
            return None;
        }
        let mut sharing = self.counting.share.prepare_invoke();
        sharing.arg(limit.rate.burst()).arg(limit.rate.interval());
        for (key, count) in passed {
            sharing.key(self.counter(limit, key)).arg(*count);
        }
        match self.link.run::<Vec<u64>>(&sharing).await {
            Ok(ahead) => Some(ahead.into_iter().map(Duration::from_micros).collect()),
            Err(why) => {
                tracing::debug!(why, "Redis could not count, so this node does");
                None
            }
        }
    }
}
