//! Limits on attempts to get in.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use protocol::{Timestamp, UserId};

use super::{network, too_many};
use crate::chat::{Refused, Settings};
use crate::quota::{Limit, Quota, Rate};

/// Guesses at passwords. The tight limit is on a name *and* an address, so that whoever guesses
/// at a name does not lock its owner out; the wide ones stop guessing from many addresses, and at
/// many names. Guesses from many addresses at one name do not shut out those from which its owner
/// came before.
pub(in crate::chat) struct Logins {
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

/// What was taken for one attempt; all of it is given back when the password was not looked at.
pub(in crate::chat) struct Attempt(Vec<(Limit, String)>);

/// What is counted of every attempt.
const ANY: &str = "login-any";

impl Attempt {
    /// To be given back when the password was right: it was no guess.
    pub(in crate::chat) fn guess(mut self) -> Self {
        self.0.retain(|(limit, _)| limit.name != ANY);
        self
    }
}

/// Names whose networks are remembered, and how many of each.
const MAX_KNOWN: usize = 50_000;
const KNOWN_EACH: usize = 8;

impl Logins {
    pub(super) fn new(settings: &Settings, quota: &Arc<dyn Quota>) -> Self {
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
                name: ANY,
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
    pub(in crate::chat) async fn take(
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
    pub(in crate::chat) async fn prove(
        &self,
        who: UserId,
        now: Timestamp,
    ) -> Result<Attempt, Refused> {
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

    pub(in crate::chat) async fn give_back(&self, attempt: Attempt) {
        for (limit, key) in attempt.0 {
            self.quota.give_back(limit, &key).await;
        }
    }

    /// Somebody is signed in under this name. Each node remembers by itself, since it is told again
    /// with every refresh.
    pub(in crate::chat) fn came_in(&self, name: String, from: IpAddr) {
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

    fn logins(burst: u32) -> Logins {
        let settings = Settings {
            login_burst: burst,
            ..Settings::default()
        };
        let quota: Arc<dyn Quota> = Arc::new(LocalQuota::default());
        Logins::new(&settings, &quota)
    }

    #[tokio::test]
    async fn guessing_at_a_name_does_not_lock_its_owner_out_elsewhere() {
        let logins = logins(3);
        let (thief, owner) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for _ in 0..3 {
            logins.take("mina", thief, START).await.unwrap();
        }
        assert!(logins.take("mina", thief, START).await.is_err());
        logins.take("mina", owner, START).await.unwrap();
    }

    #[tokio::test]
    async fn guessing_at_one_name_from_many_addresses_is_stopped() {
        let logins = logins(3);
        let mut taken = 0;
        for n in 0..200 {
            let from = IpAddr::from([10, 0, 0, n]);
            taken += u32::from(logins.take("mina", from, START).await.is_ok());
        }
        assert_eq!(taken, 30);
    }

    #[tokio::test]
    async fn guessing_from_many_addresses_does_not_shut_out_where_the_owner_came_from() {
        let logins = logins(3);
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
        let logins = logins(1);
        for person in 0..200u128 {
            let user = UserId(uuid::Uuid::from_u128(person));
            logins.prove(user, START).await.unwrap();
            assert!(logins.prove(user, START).await.is_err());
        }
    }

    #[tokio::test]
    async fn only_the_work_of_a_right_password_is_kept() {
        let logins = logins(3);
        let from = IpAddr::from([10, 0, 0, 1]);
        let mut attempt = logins.take("mina", from, START).await.unwrap();
        attempt.0.reverse();
        let given_back = attempt.guess().0;
        let names = given_back.iter().map(|(limit, _)| limit.name);
        let names = names.collect::<Vec<_>>();
        assert_eq!(names, ["login-name", "login-address", "login-here"]);
    }

    #[tokio::test]
    async fn right_passwords_are_counted_lightly_and_so_are_no_guesses() {
        let logins = logins(3);
        let from = IpAddr::from([10, 0, 0, 1]);
        for _ in 0..300 {
            let attempt = logins.take("mina", from, START).await.unwrap();
            logins.give_back(attempt.guess()).await;
        }
        assert!(logins.take("mina", from, START).await.is_err());
    }

    #[tokio::test]
    async fn what_was_not_looked_at_costs_nothing() {
        let logins = logins(3);
        let from = IpAddr::from([10, 0, 0, 1]);
        for _ in 0..1000 {
            let attempt = logins.take("mina", from, START).await.unwrap();
            logins.give_back(attempt).await;
        }
    }

    #[test]
    fn the_networks_of_a_name_are_remembered_within_bounds() {
        let logins = logins(Settings::default().login_burst);
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
}
