//! Places where operations wait in line, so that one person's sends keep their order even where
//! something must be looked up before they can go on.

use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::{Mutex, MutexGuard};

/// A fixed number of fair locks: whoever came first goes first. Two keys may share a lane, which
/// costs a moment and never a wrong answer; nobody may hold two.
pub(super) struct Lanes([Mutex<()>; 64]);

impl Default for Lanes {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl Lanes {
    pub(super) async fn enter(&self, key: impl Hash) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % 64).unwrap_or(0);
        self.0[lane].lock().await
    }
}
