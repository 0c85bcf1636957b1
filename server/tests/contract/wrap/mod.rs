//! A port inside another: what goes around each call is one function.

mod bus;
mod calls;
mod files;
mod presence;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use server::bus::Bus;
use server::files::{Files, FilesError};
use server::presence::Presence;
use server::store::{Store, StoreError};

pub struct Wrapped<P: ?Sized, W> {
    inner: Arc<P>,
    around: Arc<W>,
}

impl<P: ?Sized, W: Around> Wrapped<P, W> {
    pub fn new(inner: Arc<P>, around: W) -> Self {
        Self {
            inner,
            around: Arc::new(around),
        }
    }
}

pub trait Around: Send + Sync + 'static {
    fn around<T, E, C, F>(&self, call: C) -> impl Future<Output = Result<T, E>> + Send
    where
        T: Send,
        E: Unknown,
        C: Fn() -> F + Send + Sync,
        F: Future<Output = Result<T, E>> + Send;
}

/// A port's error that leaves open whether the call was carried out.
pub trait Unknown: Send {
    fn injected() -> Self;

    fn is_unknown(&self) -> bool;
}

const INJECTED: &str = "a fault was injected";

impl Unknown for StoreError {
    fn injected() -> Self {
        Self::Unavailable(INJECTED.into())
    }

    fn is_unknown(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl Unknown for FilesError {
    fn injected() -> Self {
        Self::Unavailable(INJECTED.into())
    }

    fn is_unknown(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// Why a bus is not ready, or has no work to give, is only for people to read.
impl Unknown for String {
    fn injected() -> Self {
        INJECTED.into()
    }

    fn is_unknown(&self) -> bool {
        true
    }
}

/// Where a port has no errors, what it answers is then not known.
#[derive(Debug)]
pub struct NotKnown;

impl Unknown for NotKnown {
    fn injected() -> Self {
        Self
    }

    fn is_unknown(&self) -> bool {
        true
    }
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

impl Around for Faults {
    async fn around<T, E, C, F>(&self, call: C) -> Result<T, E>
    where
        T: Send,
        E: Unknown,
        C: Fn() -> F + Send + Sync,
        F: Future<Output = Result<T, E>> + Send,
    {
        match self.next() % 8 {
            0 => Err(E::injected()),
            1 => {
                call().await?;
                Err(E::injected())
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
    async fn around<T, E, C, F>(&self, call: C) -> Result<T, E>
    where
        T: Send,
        E: Unknown,
        C: Fn() -> F + Send + Sync,
        F: Future<Output = Result<T, E>> + Send,
    {
        const ENOUGH: usize = 100;
        for _ in 0..ENOUGH {
            match call().await {
                Err(error) if error.is_unknown() => {}
                known => return known,
            }
        }
        call().await
    }
}

/// A port behind calls that fail, and a caller who repeats them, as every port allows.
macro_rules! unreliable {
    ($name:ident, $port:ident) => {
        pub fn $name(inner: Arc<dyn $port>) -> Arc<dyn $port> {
            let failing: Arc<dyn $port> = Arc::new(Wrapped::new(inner, Faults::seeded(SEED)));
            Arc::new(Wrapped::new(failing, Repeats))
        }
    };
}

const SEED: u64 = 0x6d61_6461_6e67;

unreliable!(unreliable_store, Store);
unreliable!(unreliable_files, Files);
unreliable!(unreliable_presence, Presence);
unreliable!(unreliable_bus, Bus);
