//! How long to wait before trying again. Many clients lose one server at the same moment; the
//! whole delay is random, so that they do not come back at the same moment too.

const FIRST: u64 = 500;
/// Short outages are over within this, so that whoever waits for one is back soon after it.
const SOON: u64 = 3_000;
const LONGEST: u64 = 30_000;

/// Exponential up to a few seconds, then in proportion to how long it has lasted: a quarter of
/// the outage at most is added to it. All of each wait is chance. Milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Backoff {
    failures: u32,
    waited: u64,
}

impl Backoff {
    /// `random` is from 0 up to, but not including, 1.
    pub fn next(&mut self, random: f64) -> u64 {
        let ceiling = FIRST
            .saturating_mul(1_u64 << self.failures.min(16))
            .min(SOON)
            .max(self.waited / 4)
            .min(LONGEST);
        let wait = scale(ceiling, random);
        self.failures = self.failures.saturating_add(1);
        self.waited = self.waited.saturating_add(wait);
        wait
    }

    /// It went well, for now: half of the past is forgiven.
    pub fn ease(&mut self) {
        self.failures /= 2;
        self.waited /= 2;
    }

    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

/// The ceiling is small enough to be exact as a float, and the product is never negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a number of milliseconds below 30,000"
)]
fn scale(ceiling: u64, random: f64) -> u64 {
    (ceiling as f64 * random.clamp(0.0, 1.0)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_outage_is_answered_within_seconds() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..5).map(|_| backoff.next(1.0)).collect();
        assert_eq!(waits, [500, 1_000, 2_000, 3_000, 3_000]);
    }

    #[test]
    fn a_long_outage_is_asked_about_less_and_less_down_to_twice_a_minute() {
        let mut backoff = Backoff::default();
        let mut lasted = 0;
        for _ in 0..40 {
            let wait = backoff.next(1.0);
            assert!(wait <= 3_000.max(lasted / 4));
            lasted += wait;
        }
        assert_eq!(backoff.next(1.0), 30_000);
    }

    #[test]
    fn the_whole_delay_is_random() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.next(0.0), 0);
        assert_eq!(backoff.next(0.5), 500);
    }

    #[test]
    fn success_starts_over() {
        let mut backoff = Backoff::default();
        backoff.next(0.1);
        backoff.next(0.1);
        backoff.reset();
        assert_eq!(backoff.next(1.0), 500);
    }

    #[test]
    fn a_short_success_forgives_half() {
        let mut backoff = Backoff {
            failures: 4,
            waited: 0,
        };
        backoff.ease();
        assert_eq!(backoff.next(1.0), 2_000);
    }

    #[test]
    fn a_week_of_failures_does_not_overflow() {
        let mut backoff = Backoff {
            failures: u32::MAX,
            waited: u64::MAX,
        };
        assert_eq!(backoff.next(1.0), 30_000);
    }
}
