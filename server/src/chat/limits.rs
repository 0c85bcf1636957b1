//! How fast anyone may do anything. What people do all the time is counted by the node that they
//! are on; attempts to get in are counted over all nodes.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;
use protocol::wire::code;
use protocol::{Timestamp, UserId};

use super::{Refused, Settings};
use crate::quota::{Limit, Quota, Rate, Used, Wait};

/// One kind of limit on this node, for many keys.
pub(super) struct Limiter<K> {
    rate: Rate,
    /// What there is too much of, for the message.
    what: &'static str,
    used: Mutex<Used<K>>,
}

impl<K: Hash + Eq> Limiter<K> {
    fn new(what: &'static str, rate: Rate) -> Self {
        Self {
            rate,
            what,
            used: Mutex::default(),
        }
    }

    pub(super) fn take(&self, key: K, now: Timestamp) -> Result<(), Refused> {
        let taken = self.used.lock().take(self.rate, key, now);
        taken.map_err(|wait| too_many(self.what, wait))
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
    quota: Arc<dyn Quota>,
    registrations: Limit,
    refreshes: Limit,
    pub(super) logins: Logins,
    pub(super) messages: Limiter<UserId>,
    pub(super) typing: Limiter<UserId>,
    pub(super) reads: Limiter<UserId>,
    pub(super) searches: Limiter<UserId>,
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

    pub(super) async fn registration(&self, from: IpAddr, now: Timestamp) -> Result<(), Refused> {
        let from = network(from).to_string();
        let taken = self.quota.take(self.registrations, &from, now).await;
        taken.map_err(|wait| too_many("registrations from your network", wait))
    }

    pub(super) async fn refresh(&self, from: IpAddr, now: Timestamp) -> Result<(), Refused> {
        let from = network(from).to_string();
        let taken = self.quota.take(self.refreshes, &from, now).await;
        taken.map_err(|wait| too_many("refreshes from your network", wait))
    }
}

/// Guesses at passwords. The tight limit is on a name *and* an address, so that whoever guesses
/// at a name does not lock its owner out; the wide ones stop guessing from many addresses, and at
/// many names.
pub(super) struct Logins {
    quota: Arc<dyn Quota>,
    here: Limit,
    name: Limit,
    address: Limit,
}

impl Logins {
    fn new(settings: &Settings, quota: &Arc<dyn Quota>) -> Self {
        let (burst, each) = (settings.login_burst, settings.logins_per_minute);
        let wide = |by: u32| Rate::per_minute(burst.saturating_mul(by), each.saturating_mul(10));
        Self {
            quota: Arc::clone(quota),
            here: Limit {
                name: "login-here",
                rate: Rate::per_minute(burst, each),
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
        }
    }

    /// Taken before the password is looked at, so that guesses made at once count as well.
    pub(super) async fn take(
        &self,
        name: &str,
        from: IpAddr,
        now: Timestamp,
    ) -> Result<(), Refused> {
        for (limit, key) in self.keys(name, from) {
            let taken = self.quota.take(limit, &key, now).await;
            taken.map_err(|wait| too_many("attempts to log in", wait))?;
        }
        Ok(())
    }

    /// The password was right: it was no guess.
    pub(super) async fn give_back(&self, name: &str, from: IpAddr) {
        for (limit, key) in self.keys(name, from) {
            self.quota.give_back(limit, &key).await;
        }
    }

    fn keys(&self, name: &str, from: IpAddr) -> [(Limit, String); 3] {
        let from = network(from);
        [
            (self.here, format!("{from} {name}")),
            (self.name, name.to_owned()),
            (self.address, from.to_string()),
        ]
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
