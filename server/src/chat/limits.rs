//! How fast anyone may do anything: the generic cell rate algorithm, which needs one number for
//! each key, with the time handed in.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};

use parking_lot::Mutex;
use protocol::wire::code;
use protocol::{Timestamp, UserId};

use super::{Refused, Settings};

/// So many at once, and one more after each interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    burst: i64,
    /// In microseconds.
    interval: i64,
}

impl Rate {
    pub(super) fn per_second(burst: u32, each_second: u32) -> Self {
        Self {
            burst: i64::from(burst.max(1)),
            interval: 1_000_000 / i64::from(each_second.max(1)),
        }
    }

    pub(super) fn per_minute(burst: u32, each_minute: u32) -> Self {
        Self {
            burst: i64::from(burst.max(1)),
            interval: 60_000_000 / i64::from(each_minute.max(1)),
        }
    }

    /// One step. `used_until` is when all that was taken so far will have been earned back, in
    /// microseconds; the answer is the new one, or how long to wait.
    fn take(self, used_until: i64, now: i64) -> Result<i64, i64> {
        // The upper bound matters only when the clock was set back: nobody waits longer for it.
        let used_until = used_until.clamp(now, now + self.burst * self.interval);
        let wait = used_until - now - (self.burst - 1) * self.interval;
        if wait > 0 {
            Err(wait)
        } else {
            Ok(used_until + self.interval)
        }
    }
}

/// How many keys one limiter remembers.
const MAX_KEYS: usize = 50_000;

/// One kind of limit, for many keys.
pub(super) struct Limiter<K> {
    rate: Rate,
    /// What there is too much of, for the message.
    what: &'static str,
    used_until: Mutex<HashMap<K, i64>>,
}

impl<K: Hash + Eq> Limiter<K> {
    fn new(what: &'static str, rate: Rate) -> Self {
        Self {
            rate,
            what,
            used_until: Mutex::default(),
        }
    }

    pub(super) fn take(&self, key: K, now: Timestamp) -> Result<(), Refused> {
        let now = micros(now);
        let mut used_until = self.used_until.lock();
        if used_until.len() >= MAX_KEYS && !used_until.contains_key(&key) {
            forget(&mut used_until, now);
        }
        let used = used_until.entry(key).or_insert(now);
        match self.rate.take(*used, now) {
            Ok(later) => {
                *used = later;
                Ok(())
            }
            Err(wait) => {
                let seconds = u64::try_from(wait).unwrap_or(0).div_ceil(1_000_000);
                let what = self.what;
                Err(Refused::new(
                    code::TOO_FAST,
                    format!("Too many {what}. Try again in {seconds} s."),
                )
                .after(seconds))
            }
        }
    }

    /// Gives back what was taken: it was not what the limit is against.
    pub(super) fn give_back<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if let Some(used) = self.used_until.lock().get_mut(key) {
            *used -= self.rate.interval;
        }
    }
}

/// Makes room: first those who have earned everything back, and if those are too few, the half
/// that has taken least. Clearing half at a time keeps the average cost of an entry constant.
fn forget<K: Hash + Eq>(used_until: &mut HashMap<K, i64>, now: i64) {
    used_until.retain(|_, used| *used > now);
    if used_until.len() > MAX_KEYS / 2 {
        let mut all: Vec<i64> = used_until.values().copied().collect();
        let middle = all.len() / 2;
        let (_, median, _) = all.select_nth_unstable(middle);
        let median = *median;
        used_until.retain(|_, used| *used > median);
    }
}

fn micros(time: Timestamp) -> i64 {
    time.millis().clamp(0, i64::MAX / 4000) * 1000
}

/// Whoever has one IPv6 address has the whole network of it.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// All limits of the domain.
pub(super) struct Limits {
    registrations: Limiter<IpAddr>,
    refreshes: Limiter<IpAddr>,
    pub(super) logins: Logins,
    pub(super) messages: Limiter<UserId>,
    pub(super) typing: Limiter<UserId>,
    pub(super) reads: Limiter<UserId>,
    pub(super) searches: Limiter<UserId>,
}

impl Limits {
    pub(super) fn new(settings: &Settings) -> Self {
        let messages = Rate::per_second(settings.message_burst, settings.messages_per_second);
        Self {
            registrations: Limiter::new(
                "registrations from your network",
                Rate::per_minute(
                    settings.registration_burst,
                    settings.registrations_per_minute,
                ),
            ),
            refreshes: Limiter::new("refreshes from your network", Rate::per_second(1000, 20)),
            logins: Logins::new(settings),
            messages: Limiter::new("messages at once", messages),
            typing: Limiter::new(
                "typing notices",
                Rate::per_second(settings.typing_burst, settings.typing_per_second),
            ),
            // Reading follows others' messages, so it comes faster than one's own.
            reads: Limiter::new("read positions at once", Rate::per_second(2000, 500)),
            searches: Limiter::new(
                "searches",
                Rate::per_second(settings.search_burst, settings.searches_per_second),
            ),
        }
    }

    pub(super) fn registration(&self, from: IpAddr, now: Timestamp) -> Result<(), Refused> {
        self.registrations.take(network(from), now)
    }

    pub(super) fn refresh(&self, from: IpAddr, now: Timestamp) -> Result<(), Refused> {
        self.refreshes.take(network(from), now)
    }
}

/// Guesses at passwords. The tight limit is on a name *and* an address, so that whoever guesses
/// at a name does not lock its owner out; the wide ones stop guessing from many addresses, and at
/// many names.
pub(super) struct Logins {
    here: Limiter<(String, IpAddr)>,
    name: Limiter<String>,
    address: Limiter<IpAddr>,
}

impl Logins {
    fn new(settings: &Settings) -> Self {
        let (burst, each) = (settings.login_burst, settings.logins_per_minute);
        let wide = |by: u32| Rate::per_minute(burst.saturating_mul(by), each.saturating_mul(10));
        let what = "attempts to log in";
        Self {
            here: Limiter::new(what, Rate::per_minute(burst, each)),
            name: Limiter::new(what, wide(10)),
            // Until its password is looked at every attempt counts, and a whole school may log
            // in at the same moment.
            address: Limiter::new(what, wide(100)),
        }
    }

    /// Taken before the password is looked at, so that guesses made at once count as well.
    pub(super) fn take(&self, name: &str, from: IpAddr, now: Timestamp) -> Result<(), Refused> {
        let from = network(from);
        self.here.take((name.to_owned(), from), now)?;
        self.name.take(name.to_owned(), now)?;
        self.address.take(from, now)
    }

    /// The password was right: it was no guess.
    pub(super) fn give_back(&self, name: &str, from: IpAddr) {
        let from = network(from);
        self.here.give_back(&(name.to_owned(), from));
        self.name.give_back(name);
        self.address.give_back(&from);
    }
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
        let limiter = Limiter::new("things", Rate::per_second(3, 10));
        for _ in 0..3 {
            limiter.take("a", START).unwrap();
        }
        let refused = limiter.take("a", START).unwrap_err();
        assert_eq!(
            (refused.code, refused.retry_after),
            (code::TOO_FAST, Some(1))
        );
        assert!(limiter.take("a", after(99)).is_err());
        limiter.take("a", after(100)).unwrap();
        assert!(limiter.take("a", after(100)).is_err());
    }

    #[test]
    fn one_key_does_not_use_up_another() {
        let limiter = Limiter::new("things", Rate::per_second(1, 1));
        limiter.take("a", START).unwrap();
        limiter.take("b", START).unwrap();
        assert!(limiter.take("a", START).is_err());
    }

    #[test]
    fn being_refused_costs_nothing() {
        let limiter = Limiter::new("things", Rate::per_second(1, 1));
        limiter.take("a", START).unwrap();
        for _ in 0..100 {
            assert!(limiter.take("a", after(500)).is_err());
        }
        limiter.take("a", after(1000)).unwrap();
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let limiter = Limiter::new("things", Rate::per_minute(2, 1));
        for _ in 0..50 {
            limiter.take("a", START).unwrap();
            limiter.give_back("a");
        }
        limiter.take("a", START).unwrap();
        limiter.take("a", START).unwrap();
        assert!(limiter.take("a", START).is_err());
    }

    #[test]
    fn a_clock_set_back_does_not_lock_anyone_out() {
        let limiter = Limiter::new("things", Rate::per_second(2, 1));
        limiter.take("a", after(3_600_000)).unwrap();
        limiter.take("a", after(3_600_000)).unwrap();
        assert!(limiter.take("a", START).is_err());
        limiter.take("a", after(1_000)).unwrap_err();
        limiter.take("a", after(3_602_000)).unwrap();
    }

    #[test]
    fn a_flood_of_keys_does_not_grow_the_memory() {
        let limiter = Limiter::new("things", Rate::per_second(1, 1));
        for key in 0..(MAX_KEYS * 3) {
            limiter.take(key, START).unwrap();
        }
        assert!(limiter.used_until.lock().len() <= MAX_KEYS);
    }

    #[test]
    fn a_flood_of_keys_does_not_free_the_one_that_took_most() {
        let limiter = Limiter::new("things", Rate::per_second(5, 1));
        for _ in 0..5 {
            limiter.take(usize::MAX, START).unwrap();
        }
        for key in 0..(MAX_KEYS * 2) {
            limiter.take(key, START).unwrap();
        }
        assert!(limiter.take(usize::MAX, START).is_err());
    }

    #[test]
    fn guessing_at_a_name_does_not_lock_its_owner_out_elsewhere() {
        let settings = Settings {
            login_burst: 3,
            ..Settings::default()
        };
        let logins = Logins::new(&settings);
        let (thief, owner) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for _ in 0..3 {
            logins.take("mina", thief, START).unwrap();
        }
        assert!(logins.take("mina", thief, START).is_err());
        logins.take("mina", owner, START).unwrap();
    }

    #[test]
    fn guessing_at_one_name_from_many_addresses_is_stopped() {
        let settings = Settings {
            login_burst: 3,
            ..Settings::default()
        };
        let logins = Logins::new(&settings);
        let taken = (0..200)
            .filter(|n| {
                logins
                    .take("mina", IpAddr::from([10, 0, 0, *n]), START)
                    .is_ok()
            })
            .count();
        assert_eq!(taken, 30);
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_count_as_one() {
        let first: IpAddr = "2001:db8:1:2::1".parse().unwrap();
        let second: IpAddr = "2001:db8:1:2:ffff::9".parse().unwrap();
        assert_eq!(network(first), network(second));
        assert_eq!(
            network("::ffff:10.0.0.1".parse().unwrap()),
            IpAddr::from([10, 0, 0, 1])
        );
    }

    #[test]
    fn a_hundred_people_may_each_send_a_hundred_messages_at_once() {
        let limits = Limits::new(&Settings::default());
        for person in 0..100u128 {
            let user = UserId(uuid::Uuid::from_u128(person));
            for _ in 0..100 {
                limits.messages.take(user, START).unwrap();
            }
        }
    }
}
