//! Whether a reader is behind, by this machine's own clock alone: a record says when it was sent by
//! the clock of another, which may differ by as much as a node may be late.

use std::collections::HashMap;
use std::time::Duration;

/// What is known of the ends of the partitions, and since when.
#[derive(Debug)]
pub(super) struct Lag {
    max: Duration,
    ends: HashMap<i32, Ends>,
    /// When `latest` was taken.
    taken: Option<Duration>,
}

/// Where a partition ended lately, and where it ended at least `max` before that.
#[derive(Clone, Copy, Debug)]
struct Ends {
    before: i64,
    latest: i64,
}

impl Lag {
    pub(super) fn new(max: Duration) -> Self {
        Self {
            max,
            ends: HashMap::new(),
            taken: None,
        }
    }

    /// At this time of a clock that only goes forward the partitions ended there.
    pub(super) fn note(&mut self, now: Duration, ends: impl Iterator<Item = (i32, i64)>) {
        let is_due = self
            .taken
            .is_none_or(|taken| now.saturating_sub(taken) >= self.max);
        if is_due {
            self.taken = Some(now);
        }
        for (partition, end) in ends {
            let known = self.ends.entry(partition).or_insert(Ends {
                before: 0,
                latest: 0,
            });
            if is_due {
                known.before = known.latest;
                known.latest = end;
            }
            // A topic that was made again begins anew.
            known.before = known.before.min(end);
            known.latest = known.latest.min(end);
        }
    }

    /// Whether the record was there already when `max` was not yet over.
    pub(super) fn is_late(&self, partition: i32, offset: i64) -> bool {
        self.ends
            .get(&partition)
            .is_some_and(|ends| offset < ends.before)
    }

    /// The reader stands at the end.
    pub(super) fn forget(&mut self) {
        self.ends.clear();
        self.taken = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lag: &mut Lag, seconds: u64, end: i64) {
        lag.note(Duration::from_secs(seconds), [(0, end)].into_iter());
    }

    fn lag() -> Lag {
        Lag::new(Duration::from_secs(15))
    }

    #[test]
    fn what_was_there_for_longer_than_allowed_is_late() {
        let mut lag = lag();
        at(&mut lag, 100, 10);
        at(&mut lag, 114, 20);
        assert!(!lag.is_late(0, 9));
        at(&mut lag, 115, 20);
        assert!(lag.is_late(0, 9));
        assert!(!lag.is_late(0, 10));
        assert!(!lag.is_late(1, 9));
    }

    #[test]
    fn after_a_jump_to_the_end_nothing_is_late_until_the_time_is_over_again() {
        let mut lag = lag();
        at(&mut lag, 100, 10);
        at(&mut lag, 115, 20);
        lag.forget();
        at(&mut lag, 116, 20);
        at(&mut lag, 130, 30);
        assert!(!lag.is_late(0, 19));
    }

    #[test]
    fn a_topic_that_was_made_again_is_not_late() {
        let mut lag = lag();
        at(&mut lag, 100, 1_000);
        at(&mut lag, 114, 3);
        at(&mut lag, 115, 5);
        assert!(lag.is_late(0, 2));
        assert!(!lag.is_late(0, 3));
    }
}
