//! Something is tried again when others got in its way, for a while.

use std::time::Duration;

use tokio::time::Instant;

use crate::store::{StoreError, StoreResult};

/// How long it is tried before somebody says that they do not know.
const PATIENCE: Duration = Duration::from_secs(4);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_millis(64);

pub(crate) struct Tries {
    until: Instant,
    number: u32,
}

impl Tries {
    pub(crate) fn begin() -> Self {
        Self {
            until: Instant::now() + PATIENCE,
            number: 0,
        }
    }

    pub(super) fn is_first(&self) -> bool {
        self.number == 0
    }

    /// At once for the first time; then after pauses that differ from node to node.
    pub(crate) async fn again(&mut self, reason: &str) -> StoreResult<()> {
        if Instant::now() >= self.until {
            return Err(StoreError::Unavailable(reason.into()));
        }
        let longest = Duration::from_millis(1 << self.number.min(10)).min(LONGEST_PAUSE);
        if self.number > 0 {
            let random = getrandom::u32().unwrap_or(u32::MAX / 2);
            tokio::time::sleep(longest.mul_f64(f64::from(random) / f64::from(u32::MAX))).await;
        }
        self.number += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn trying_ends_with_the_reason_and_is_not_without_pause() {
        let began = Instant::now();
        let mut tries = Tries::begin();
        let mut number = 0;
        let reason = loop {
            match tries.again("others are faster").await {
                Ok(()) => number += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(reason, StoreError::Unavailable(why) if why == "others are faster"));
        assert!(began.elapsed() >= PATIENCE);
        assert!(number < 1_000, "{number} tries");
    }
}
