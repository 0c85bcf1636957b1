//! A store inside another: what goes around each call is one function.

mod calls;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use server::store::{Store, StoreError, StoreResult};

pub struct Wrapped<W> {
    inner: Arc<dyn Store>,
    around: W,
}

impl<W: Around> Wrapped<W> {
    pub fn new(inner: Arc<dyn Store>, around: W) -> Self {
        Self { inner, around }
    }
}

pub trait Around: Send + Sync + 'static {
    fn around<T, C, F>(&self, call: C) -> impl Future<Output = StoreResult<T>> + Send
    where
        T: Send,
        C: Fn() -> F + Send + Sync,
        F: Future<Output = StoreResult<T>> + Send;
}

/// Fails before the call, fails after it (so that nobody knows), makes it twice, or late.
pub struct Faults {
    state: AtomicU64,
}

impl Faults {
    pub fn seeded(seed: u64) -> Self {
        Self {
            state: AtomicU64::new(seed),
        }
    }

    /// `SplitMix64`: the same seed, the same faults.
    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self
            .state
            .fetch_add(STEP, Ordering::Relaxed)
            .wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn injected() -> StoreError {
    StoreError::Unavailable("a fault was injected".into())
}

impl Around for Faults {
    async fn around<T, C, F>(&self, call: C) -> StoreResult<T>
    where
        T: Send,
        C: Fn() -> F + Send + Sync,
        F: Future<Output = StoreResult<T>> + Send,
    {
        match self.next() % 8 {
            0 => Err(injected()),
            1 => {
                call().await?;
                Err(injected())
            }
            2 => {
                call().await?;
                call().await
            }
            3 => {
                for _ in 0..self.next() % 64 {
                    tokio::task::yield_now().await;
                }
                call().await
            }
            _ => call().await,
        }
    }
}

/// Repeats a call whose outcome is unknown until it is known.
pub struct Repeats;

impl Around for Repeats {
    async fn around<T, C, F>(&self, call: C) -> StoreResult<T>
    where
        T: Send,
        C: Fn() -> F + Send + Sync,
        F: Future<Output = StoreResult<T>> + Send,
    {
        const ENOUGH: usize = 100;
        for _ in 0..ENOUGH {
            match call().await {
                Err(StoreError::Unavailable(_)) => {}
                known => return known,
            }
        }
        call().await
    }
}
