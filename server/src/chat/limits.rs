//! How fast anyone may do anything, over all nodes. Attempts to get in are counted one by one where
//! all nodes see it; what people do all the time is decided by the node that they are on, and the
//! nodes tell each other a few times a second, so that no message waits for it.

mod logins;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use protocol::wire::code;
use protocol::{Timestamp, UserId};

use self::logins::Logins;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quota::LocalQuota;

    const START: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn local() -> Arc<dyn Quota> {
        Arc::new(LocalQuota::default())
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
