//! The quota of a server that runs alone, and of a node that cannot ask the others.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use protocol::Timestamp;

use super::{Limit, Quota, Used, Wait};

#[derive(Debug, Default)]
pub struct LocalQuota(Mutex<HashMap<&'static str, Used<String>>>);

#[async_trait]
impl Quota for LocalQuota {
    async fn take(&self, limit: Limit, key: &str, now: Timestamp) -> Result<(), Wait> {
        let mut all = self.0.lock();
        let used = all.entry(limit.name).or_default();
        used.take(limit.rate, key.to_owned(), 1, now)
    }

    async fn give_back(&self, limit: Limit, key: &str) {
        if let Some(used) = self.0.lock().get_mut(limit.name) {
            used.give_back(limit.rate, key);
        }
    }

    async fn share(&self, _: Limit, _: &[(String, u32)]) -> Option<Vec<Duration>> {
        None
    }
}
