//! The generic cell rate algorithm, which needs one number for each key, with the time handed in.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use protocol::Timestamp;

use super::Wait;

/// So many at once, and one more after each interval.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    burst: i64,
    /// In microseconds.
    interval: i64,
}

impl Rate {
    pub fn per_second(burst: u32, each_second: u32) -> Self {
        Self {
            burst: i64::from(burst.max(1)),
            interval: 1_000_000 / i64::from(each_second.max(1)),
        }
    }

    pub fn per_minute(burst: u32, each_minute: u32) -> Self {
        Self {
            burst: i64::from(burst.max(1)),
            interval: 60_000_000 / i64::from(each_minute.max(1)),
        }
    }

    pub(crate) fn burst(self) -> i64 {
        self.burst
    }

    /// In microseconds.
    pub(crate) fn interval(self) -> i64 {
        self.interval
    }

    /// One step, or several that are taken together. `used_until` is when all that was taken so far
    /// will have been earned back, in microseconds; the answer is the new one, or how long to wait.
    fn take(self, used_until: i64, count: u32, now: i64) -> Result<i64, i64> {
        let count = i64::from(count).min(self.burst);
        // The upper bound matters only when the clock was set back: nobody waits longer for it.
        let used_until = used_until.clamp(now, now + self.burst * self.interval);
        let wait = used_until - now - (self.burst - count) * self.interval;
        if wait > 0 {
            Err(wait)
        } else {
            Ok(used_until + count * self.interval)
        }
    }
}

/// How many keys of one kind are remembered.
const MAX_KEYS: usize = 50_000;

/// What was taken, by key.
#[derive(Debug)]
pub(crate) struct Used<K>(HashMap<K, i64>);

impl<K> Default for Used<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq> Used<K> {
    pub(crate) fn take(
        &mut self,
        rate: Rate,
        key: K,
        count: u32,
        now: Timestamp,
    ) -> Result<(), Wait> {
        let now = micros(now);
        if self.0.len() >= MAX_KEYS && !self.0.contains_key(&key) {
            self.forget(now);
        }
        let used = self.0.entry(key).or_insert(now);
        match rate.take(*used, count, now) {
            Ok(later) => {
                *used = later;
                Ok(())
            }
            Err(wait) => {
                let wait = u64::try_from(wait).unwrap_or(0);
                Err(Wait(Duration::from_micros(wait)))
            }
        }
    }

    /// By the word of others, all that was taken takes so long to be earned back, and `more` that they
    /// do not know of is on top of it.
    pub(crate) fn raise(&mut self, rate: Rate, key: K, ahead: Duration, more: u32, now: Timestamp) {
        let ahead = i64::try_from(ahead.as_micros()).unwrap_or(i64::MAX / 4);
        let until = micros(now)
            .saturating_add(ahead)
            .saturating_add(i64::from(more) * rate.interval);
        let used = self.0.entry(key).or_insert(until);
        *used = until.max(*used);
    }

    pub(crate) fn give_back<Q>(&mut self, rate: Rate, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if let Some(used) = self.0.get_mut(key) {
            *used -= rate.interval;
        }
    }

    /// Makes room: first those who have earned everything back, and if those are too few, the half
    /// that has taken least. Clearing half at a time keeps the average cost of an entry constant.
    fn forget(&mut self, now: i64) {
        self.0.retain(|_, used| *used > now);
        if self.0.len() > MAX_KEYS / 2 {
            let mut all: Vec<i64> = self.0.values().copied().collect();
            let middle = all.len() / 2;
            let (_, median, _) = all.select_nth_unstable(middle);
            let median = *median;
            self.0.retain(|_, used| *used > median);
        }
    }
}

fn micros(time: Timestamp) -> i64 {
    time.millis().clamp(0, i64::MAX / 4000) * 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn after(millis: i64) -> Timestamp {
        Timestamp::from_millis(START.millis() + millis)
    }

    #[test]
    fn a_burst_passes_at_once_and_the_next_one_waits_its_interval() {
        let rate = Rate::per_second(3, 10);
        let mut used = Used::default();
        for _ in 0..3 {
            used.take(rate, "a", 1, START).unwrap();
        }
        let wait = Wait(Duration::from_millis(100));
        assert_eq!(used.take(rate, "a", 1, START), Err(wait));
        assert!(used.take(rate, "a", 1, after(99)).is_err());
        used.take(rate, "a", 1, after(100)).unwrap();
        assert!(used.take(rate, "a", 1, after(100)).is_err());
    }

    #[test]
    fn one_key_does_not_use_up_another() {
        let rate = Rate::per_second(1, 1);
        let mut used = Used::default();
        used.take(rate, "a", 1, START).unwrap();
        used.take(rate, "b", 1, START).unwrap();
        assert!(used.take(rate, "a", 1, START).is_err());
    }

    #[test]
    fn being_refused_costs_nothing() {
        let rate = Rate::per_second(1, 1);
        let mut used = Used::default();
        used.take(rate, "a", 1, START).unwrap();
        for _ in 0..100 {
            assert!(used.take(rate, "a", 1, after(500)).is_err());
        }
        used.take(rate, "a", 1, after(1000)).unwrap();
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let rate = Rate::per_minute(2, 1);
        let mut used = Used::default();
        for _ in 0..50 {
            used.take(rate, "a", 1, START).unwrap();
            used.give_back(rate, "a");
        }
        used.take(rate, "a", 1, START).unwrap();
        used.take(rate, "a", 1, START).unwrap();
        assert!(used.take(rate, "a", 1, START).is_err());
    }

    #[test]
    fn a_clock_set_back_does_not_lock_anyone_out() {
        let rate = Rate::per_second(2, 1);
        let mut used = Used::default();
        used.take(rate, "a", 1, after(3_600_000)).unwrap();
        used.take(rate, "a", 1, after(3_600_000)).unwrap();
        assert!(used.take(rate, "a", 1, START).is_err());
        used.take(rate, "a", 1, after(1_000)).unwrap_err();
        used.take(rate, "a", 1, after(3_602_000)).unwrap();
    }

    #[test]
    fn a_flood_of_keys_does_not_grow_the_memory() {
        let rate = Rate::per_second(1, 1);
        let mut used = Used::default();
        for key in 0..(MAX_KEYS * 3) {
            used.take(rate, key, 1, START).unwrap();
        }
        assert!(used.0.len() <= MAX_KEYS);
    }

    #[test]
    fn a_flood_of_keys_does_not_free_the_one_that_took_most() {
        let rate = Rate::per_second(5, 1);
        let mut used = Used::default();
        for _ in 0..5 {
            used.take(rate, usize::MAX, 1, START).unwrap();
        }
        for key in 0..(MAX_KEYS * 2) {
            used.take(rate, key, 1, START).unwrap();
        }
        assert!(used.take(rate, usize::MAX, 1, START).is_err());
    }
}
