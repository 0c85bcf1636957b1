//! How fast anyone may do anything, over all nodes. Attempts to get in are counted one by one where
//! all nodes see it; what people do all the time is decided by the node that they are on, and the
//! nodes tell each other a few times a second, so that no message waits for it.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use protocol::wire::code;
use protocol::{Timestamp, UserId};

use super::{Chat, Clock, Refused, Settings};
use crate::quota::{Limit, Quota, Rate, Used, Wait};

/// How often nodes tell each other what they let pass.
const SHARE: Duration = Duration::from_millis(250);
/// People told of in one step; Redis does nothing else meanwhile.
const AT_ONCE: usize = 500;

/// One kind of limit on what people do all the time. This node decides at once by what it knows;
/// what it let pass is shared with the other nodes a moment later.
pub(super) struct Pace {
    limit: Limit,
    /// What there is too much of, for the message.
    what: &'static str,
    state: Mutex<Passed>,
}

#[derive(Default)]
struct Passed {
    used: Used<UserId>,
    /// What the other nodes do not know yet.
    unshared: HashMap<UserId, u32>,
}

impl Pace {
    fn new(name: &'static str, what: &'static str, rate: Rate) -> Self {
        Self {
            limit: Limit { name, rate },
            what,
            state: Mutex::default(),
        }
    }

    pub(super) fn take(&self, who: UserId, now: Timestamp) -> Result<(), Refused> {
        self.take_many(who, 1, now)
    }

    /// So many at once, or none of them.
    pub(super) fn take_many(&self, who: UserId, count: u32, now: Timestamp) -> Result<(), Refused> {
        if count == 0 {
            return Ok(());
        }
        let mut state = self.state.lock();
        let taken = state.used.take(self.limit.rate, who, count, now);
        taken.map_err(|wait| too_many(self.what, wait))?;
        *state.unshared.entry(who).or_default() += count;
        Ok(())
    }

    async fn share(&self, quota: &dyn Quota, clock: &dyn Clock) {
        let passed = std::mem::take(&mut self.state.lock().unshared);
        let passed: Vec<(UserId, u32)> = passed.into_iter().collect();
        for some in passed.chunks(AT_ONCE) {
            let named: Vec<(String, u32)> = some
                .iter()
                .map(|(who, count)| (who.to_string(), *count))
                .collect();
            let Some(ahead) = quota.share(self.limit, &named).await else {
                return;
            };
            let now = clock.now();
            let mut state = self.state.lock();
            for ((who, _), ahead) in some.iter().zip(ahead) {
                let more = state.unshared.get(who).copied().unwrap_or(0);
                state.used.raise(self.limit.rate, *who, ahead, more, now);
            }
        }
    }
}

fn too_many(what: &str, Wait(wait): Wait) -> Refused {
    let seconds = wait.as_millis().div_ceil(1000);
    let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
    Refused::new(
        code::TOO_FAST,
        format!("Too many {what}. Try again in {seconds} s."),
    )
    .after(seconds)
}

/// Whoever has one IPv6 address has the whole network of it.
pub(super) fn network(ip: IpAddr) -> IpAddr {
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
    quota: Arc<dyn Quota>,
    registrations: Limit,
    refreshes: Limit,
    pub(super) logins: Logins,
    pub(super) messages: Pace,
    pub(super) typing: Pace,
    pub(super) reads: Pace,
    pub(super) searches: Pace,
    pub(super) rooms: Pace,
    /// People whom someone brings into rooms, unasked.
    pub(super) guests: Pace,
}

impl Limits {
    pub(super) fn new(settings: &Settings, quota: &Arc<dyn Quota>) -> Self {
        let messages = Rate::per_second(settings.message_burst, settings.messages_per_second);
        Self {
            quota: Arc::clone(quota),
            registrations: Limit {
                name: "registration",
                rate: Rate::per_minute(
                    settings.registration_burst,
                    settings.registrations_per_minute,
                ),
            },
            refreshes: Limit {
                name: "refresh",
                rate: Rate::per_second(1000, 20),
            },
            logins: Logins::new(settings, quota),
            messages: Pace::new("messages", "messages at once", messages),
            typing: Pace::new(
                "typing",
                "typing notices",
                Rate::per_second(settings.typing_burst, settings.typing_per_second),
            ),
            // Reading follows others' messages, so it comes faster than one's own.
            reads: Pace::new(
                "reads",
                "read positions at once",
                Rate::per_second(2000, 500),
            ),
            searches: Pace::new(
                "searches",
                "searches",
                Rate::per_second(settings.search_burst, settings.searches_per_second),
            ),
            rooms: Pace::new(
                "rooms",
                "new rooms",
                Rate::per_minute(settings.room_burst, settings.rooms_per_minute),
            ),
            guests: Pace::new(
                "guests",
                "people brought into rooms",
                Rate::per_minute(settings.guest_burst, settings.guests_per_minute),
            ),
        }
    }

    async fn share(&self, clock: &dyn Clock) {
        for pace in [
            &self.messages,
            &self.typing,
            &self.reads,
            &self.searches,
            &self.rooms,
            &self.guests,
        ] {
            pace.share(&*self.quota, clock).await;
        }
    }

    pub(super) async fn registration(&self, from: IpAddr, now: Timestamp) -> Result<(), Refused> {
        let from = network(from).to_string();
        let taken = self.quota.take(self.registrations, &from, now).await;
        taken.map_err(|wait| too_many("registrations from your network", wait))
    }

    /// It came to nothing, by no fault of whoever registers.
    pub(super) async fn no_registration(&self, from: IpAddr) {
        let from = network(from).to_string();
        self.quota.give_back(self.registrations, &from).await;
    }

    pub(super) async fn refresh(&self, from: IpAddr, now: Timestamp) -> Result<(), Refused> {
        let from = network(from).to_string();
        let taken = self.quota.take(self.refreshes, &from, now).await;
        taken.map_err(|wait| too_many("refreshes from your network", wait))
    }
}

impl Chat {
    /// Tells the other nodes what was let pass here, for as long as the server runs.
    pub async fn share_limits(&self) {
        let mut ticks = tokio::time::interval(SHARE);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.limits.share(&*self.parts.clock).await;
        }
    }
}

/// Guesses at passwords. The tight limit is on a name *and* an address, so that whoever guesses
/// at a name does not lock its owner out; the wide ones stop guessing from many addresses, and at
/// many names. Guesses from many addresses at one name do not shut out those from which its owner
/// came before.
pub(super) struct Logins {
    quota: Arc<dyn Quota>,
    here: Limit,
    name: Limit,
    address: Limit,
    /// Right or wrong: comparing a password is work.
    any: Limit,
    /// Whoever is signed in and says the password once more.
    proof: Limit,
    known: Mutex<HashMap<String, VecDeque<IpAddr>>>,
}

/// What was taken for one attempt.
pub(super) struct Attempt(Vec<(Limit, String)>);

impl Attempt {
    /// To be given back when the password was right: it was no guess.
    pub(super) fn guess(self) -> Self {
        Self(self.0.into_iter().skip(1).collect())
    }

    /// To be given back when the password was not looked at.
    pub(super) fn all(self) -> Self {
        self
    }
}

/// Names whose networks are remembered, and how many of each.
const MAX_KNOWN: usize = 50_000;
const KNOWN_EACH: usize = 8;

impl Logins {
    fn new(settings: &Settings, quota: &Arc<dyn Quota>) -> Self {
        let (burst, each) = (settings.login_burst, settings.logins_per_minute);
        let wide = |by: u32| Rate::per_minute(burst.saturating_mul(by), each.saturating_mul(10));
        let tight = Rate::per_minute(burst, each);
        Self {
            quota: Arc::clone(quota),
            here: Limit {
                name: "login-here",
                rate: tight,
            },
            name: Limit {
                name: "login-name",
                rate: wide(10),
            },
            // Until its password is looked at every attempt counts, and a whole school may log
            // in at the same moment.
            address: Limit {
                name: "login-address",
                rate: wide(100),
            },
            any: Limit {
                name: "login-any",
                rate: Rate::per_second(burst.saturating_mul(100), 20),
            },
            proof: Limit {
                name: "login-proof",
                rate: tight,
            },
            known: Mutex::default(),
        }
    }

    /// Taken before the password is looked at, so that guesses made at once count as well.
    pub(super) async fn take(
        &self,
        name: &str,
        from: IpAddr,
        now: Timestamp,
    ) -> Result<Attempt, Refused> {
        let from = network(from);
        let mut keys = vec![
            (self.any, from.to_string()),
            (self.here, format!("{from} {name}")),
            (self.address, from.to_string()),
        ];
        let known = self
            .known
            .lock()
            .get(name)
            .is_some_and(|all| all.contains(&from));
        if !known {
            keys.push((self.name, name.to_owned()));
        }
        self.take_all(keys, now).await
    }

    /// The same for somebody who is signed in, wherever that is.
    pub(super) async fn prove(&self, who: UserId, now: Timestamp) -> Result<Attempt, Refused> {
        self.take_all(vec![(self.proof, who.to_string())], now)
            .await
    }

    async fn take_all(
        &self,
        keys: Vec<(Limit, String)>,
        now: Timestamp,
    ) -> Result<Attempt, Refused> {
        for (limit, key) in &keys {
            let taken = self.quota.take(*limit, key, now).await;
            taken.map_err(|wait| too_many("attempts to log in", wait))?;
        }
        Ok(Attempt(keys))
    }

    pub(super) async fn give_back(&self, attempt: Attempt) {
        for (limit, key) in attempt.0 {
            self.quota.give_back(limit, &key).await;
        }
    }

    /// Somebody is signed in under this name. Each node remembers by itself, since it is told again
    /// with every refresh.
    pub(super) fn came_in(&self, name: String, from: IpAddr) {
        let mut known = self.known.lock();
        if known.len() >= MAX_KNOWN && !known.contains_key(&name) {
            known.clear();
        }
        let (networks, from) = (known.entry(name).or_default(), network(from));
        networks.retain(|network| *network != from);
        networks.push_front(from);
        networks.truncate(KNOWN_EACH);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quota::LocalQuota;

    const START: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn local() -> Arc<dyn Quota> {
        Arc::new(LocalQuota::default())
    }

    #[tokio::test]
    async fn guessing_at_a_name_does_not_lock_its_owner_out_elsewhere() {
        let settings = Settings {
            login_burst: 3,
            ..Settings::default()
        };
        let logins = Logins::new(&settings, &local());
        let (thief, owner) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for _ in 0..3 {
            logins.take("mina", thief, START).await.unwrap();
        }
        assert!(logins.take("mina", thief, START).await.is_err());
        logins.take("mina", owner, START).await.unwrap();
    }

    #[tokio::test]
    async fn guessing_at_one_name_from_many_addresses_is_stopped() {
        let settings = Settings {
            login_burst: 3,
            ..Settings::default()
        };
        let logins = Logins::new(&settings, &local());
        let mut taken = 0;
        for n in 0..200 {
            let from = IpAddr::from([10, 0, 0, n]);
            taken += u32::from(logins.take("mina", from, START).await.is_ok());
        }
        assert_eq!(taken, 30);
    }

    #[tokio::test]
    async fn guessing_from_many_addresses_does_not_shut_out_where_the_owner_came_from() {
        let settings = Settings {
            login_burst: 3,
            ..Settings::default()
        };
        let logins = Logins::new(&settings, &local());
        let (home, elsewhere) = (IpAddr::from([10, 0, 1, 1]), IpAddr::from([10, 0, 1, 2]));
        logins.came_in("mina".into(), home);
        for n in 0..200 {
            let from = IpAddr::from([10, 0, 0, n]);
            let _ = logins.take("mina", from, START).await;
        }
        assert!(logins.take("mina", elsewhere, START).await.is_err());
        for _ in 0..3 {
            logins.take("mina", home, START).await.unwrap();
        }
        // There, too, nobody guesses without end.
        assert!(logins.take("mina", home, START).await.is_err());
    }

    #[tokio::test]
    async fn a_password_that_is_proved_is_counted_by_person_alone() {
        let settings = Settings {
            login_burst: 1,
            ..Settings::default()
        };
        let logins = Logins::new(&settings, &local());
        for person in 0..200u128 {
            let user = UserId(uuid::Uuid::from_u128(person));
            logins.prove(user, START).await.unwrap();
            assert!(logins.prove(user, START).await.is_err());
        }
    }

    #[tokio::test]
    async fn right_passwords_are_counted_lightly_and_so_are_no_guesses() {
        let settings = Settings {
            login_burst: 3,
            ..Settings::default()
        };
        let logins = Logins::new(&settings, &local());
        let from = IpAddr::from([10, 0, 0, 1]);
        for _ in 0..300 {
            let attempt = logins.take("mina", from, START).await.unwrap();
            logins.give_back(attempt.guess()).await;
        }
        assert!(logins.take("mina", from, START).await.is_err());
    }

    #[tokio::test]
    async fn what_was_not_looked_at_costs_nothing() {
        let settings = Settings {
            login_burst: 3,
            ..Settings::default()
        };
        let logins = Logins::new(&settings, &local());
        let from = IpAddr::from([10, 0, 0, 1]);
        for _ in 0..1000 {
            let attempt = logins.take("mina", from, START).await.unwrap();
            logins.give_back(attempt.all()).await;
        }
    }

    #[test]
    fn the_networks_of_a_name_are_remembered_within_bounds() {
        let logins = Logins::new(&Settings::default(), &local());
        for name in 0..=MAX_KNOWN {
            logins.came_in(name.to_string(), IpAddr::from([10, 0, 0, 1]));
        }
        for n in 0..=u8::MAX {
            logins.came_in("mina".into(), IpAddr::from([10, 0, 0, n]));
        }
        let known = logins.known.lock();
        assert!(known.len() <= MAX_KNOWN);
        assert_eq!(known["mina"].len(), KNOWN_EACH);
    }

    #[test]
    fn a_whole_room_is_brought_in_at_once_and_then_no_more_for_a_while() {
        let settings = Settings {
            guest_burst: 10,
            guests_per_minute: 1,
            ..Settings::default()
        };
        let limits = Limits::new(&settings, &local());
        let mina = UserId(uuid::Uuid::nil());
        limits.guests.take_many(mina, 8, START).unwrap();
        let refused = limits.guests.take_many(mina, 3, START).unwrap_err();
        assert_eq!(refused.retry_after, Some(60));
        limits.guests.take_many(mina, 2, START).unwrap();
        limits.guests.take_many(mina, 0, START).unwrap();
        // More than there can ever be at once costs all that there is.
        let much_later = Timestamp::from_millis(START.millis() + 3_600_000);
        limits.guests.take_many(mina, 50, much_later).unwrap();
        assert!(limits.guests.take(mina, much_later).is_err());
    }

    /// Where two nodes meet.
    #[derive(Default)]
    struct Together(Mutex<HashMap<String, u32>>);

    #[async_trait::async_trait]
    impl Quota for Together {
        async fn take(&self, _: Limit, _: &str, _: Timestamp) -> Result<(), Wait> {
            Ok(())
        }

        async fn give_back(&self, _: Limit, _: &str) {}

        async fn share(&self, limit: Limit, passed: &[(String, u32)]) -> Option<Vec<Duration>> {
            let mut all = self.0.lock();
            let ahead = passed.iter().map(|(key, count)| {
                let sum = all.entry(format!("{} {key}", limit.name)).or_default();
                *sum += count;
                let interval = u64::try_from(limit.rate.interval()).unwrap();
                Duration::from_micros(interval * u64::from(*sum))
            });
            Some(ahead.collect())
        }
    }

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            START
        }
    }

    #[tokio::test]
    async fn what_one_node_lets_pass_is_missing_on_the_other_a_moment_later() {
        let settings = Settings {
            message_burst: 10,
            messages_per_second: 1,
            ..Settings::default()
        };
        let quota: Arc<dyn Quota> = Arc::new(Together::default());
        let [one, two] = [(); 2].map(|()| Limits::new(&settings, &quota));
        let (mina, jun) = (UserId(uuid::Uuid::nil()), UserId(uuid::Uuid::max()));
        for _ in 0..6 {
            one.messages.take(mina, START).unwrap();
        }
        one.share(&Still).await;
        two.messages.take(mina, START).unwrap();
        two.share(&Still).await;
        for _ in 0..3 {
            two.messages.take(mina, START).unwrap();
        }
        assert!(two.messages.take(mina, START).is_err());
        for _ in 0..10 {
            two.messages.take(jun, START).unwrap();
        }
        // Nothing new passed on the first node, so it learns when something does.
        one.messages.take(mina, START).unwrap();
        two.share(&Still).await;
        one.share(&Still).await;
        assert!(one.messages.take(mina, START).is_err());
    }

    #[tokio::test]
    async fn a_node_alone_decides_by_what_it_knows() {
        let settings = Settings {
            message_burst: 2,
            messages_per_second: 1,
            ..Settings::default()
        };
        let limits = Limits::new(&settings, &local());
        let mina = UserId(uuid::Uuid::nil());
        for _ in 0..2 {
            limits.messages.take(mina, START).unwrap();
            limits.share(&Still).await;
        }
        assert!(limits.messages.take(mina, START).is_err());
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
        let limits = Limits::new(&Settings::default(), &local());
        for person in 0..100u128 {
            let user = UserId(uuid::Uuid::from_u128(person));
            for _ in 0..100 {
                limits.messages.take(user, START).unwrap();
            }
        }
    }
}
