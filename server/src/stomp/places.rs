//! Who may hold how many sockets at a time, so that nobody keeps everybody else out.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use protocol::UserId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::chat::Visitor;

/// One in so many sockets may be a stranger's …
const STRANGERS: usize = 4;
/// … and of those, one in so many a stranger's from the same network.
const NEIGHBOURS: usize = 4;

pub struct Places {
    strangers: Arc<Semaphore>,
    networks: Arc<Shares<IpAddr>>,
    people: Arc<Shares<UserId>>,
}

/// A socket's place, which is free again when this is dropped.
pub enum Place {
    /// Of those who have not said who they are.
    Stranger {
        _among_all: OwnedSemaphorePermit,
        /// None where the address says nothing about who it is.
        _among_neighbours: Option<Share<IpAddr>>,
    },
    Person(Share<UserId>),
}

impl Place {
    pub fn is_of(&self, user: UserId) -> bool {
        matches!(self, Self::Person(share) if share.key == user)
    }
}

impl Places {
    pub fn new(connections: usize, of_each_person: usize) -> Self {
        let strangers = (connections / STRANGERS).max(1);
        Self {
            strangers: Arc::new(Semaphore::new(strangers)),
            networks: Shares::new(strangers / NEIGHBOURS),
            people: Shares::new(of_each_person),
        }
    }

    pub fn stranger(&self, from: &Visitor) -> Option<Place> {
        // This machine's own address is that of a proxy which nobody has named, and so everyone's.
        let share = if from.ip.to_canonical().is_loopback() {
            None
        } else {
            Some(self.networks.take(from.network())?)
        };
        Some(Place::Stranger {
            _among_all: Arc::clone(&self.strangers).try_acquire_owned().ok()?,
            _among_neighbours: share,
        })
    }

    pub fn person(&self, user: UserId) -> Option<Place> {
        self.people.take(user).map(Place::Person)
    }
}

/// How many each has, of as many as each may have.
struct Shares<K> {
    most: usize,
    held: Mutex<HashMap<K, usize>>,
}

/// One of them.
pub struct Share<K: Copy + Eq + Hash> {
    key: K,
    of: Arc<Shares<K>>,
}

impl<K: Copy + Eq + Hash> Shares<K> {
    fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            // With none at all, whoever asks would stand in the map for ever.
            most: most.max(1),
            held: Mutex::default(),
        })
    }

    fn take(self: &Arc<Self>, key: K) -> Option<Share<K>> {
        let mut held = self.held.lock();
        let count = held.entry(key).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Share {
            key,
            of: Arc::clone(self),
        })
    }
}

impl<K: Copy + Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        let mut held = self.of.held.lock();
        if let Some(count) = held.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn from(ip: &str) -> Visitor {
        Visitor {
            ip: ip.parse().unwrap(),
            agent: String::new(),
        }
    }

    #[test]
    fn strangers_of_one_network_leave_room_for_those_of_others() {
        let places = Places::new(4 * 8, 1);
        let mut kept = Vec::new();
        for [one, other] in [
            ["203.0.113.7", "203.0.113.7"],
            ["::ffff:203.0.113.8", "203.0.113.8"],
            ["2001:db8:1:2::1", "2001:db8:1:2:ffff::1"],
            ["2001:db8:1:3::1", "2001:db8:1:3::2"],
        ] {
            kept.push(places.stranger(&from(one)).unwrap());
            kept.push(places.stranger(&from(other)).unwrap());
            assert!(places.stranger(&from(one)).is_none(), "{one}");
        }
        // Together they have what all strangers may have.
        let another = from("203.0.113.9");
        assert!(places.stranger(&another).is_none());
        kept.pop();
        assert!(places.stranger(&another).is_some());
        kept.clear();
        assert!(places.networks.held.lock().is_empty());
    }

    #[test]
    fn this_machine_is_no_network() {
        let places = Places::new(4 * 8, 1);
        for ip in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            let kept: Vec<Place> = std::iter::from_fn(|| places.stranger(&from(ip))).collect();
            assert_eq!(kept.len(), 8, "{ip}");
        }
    }

    #[test]
    fn a_person_has_as_many_as_each_may_have() {
        let places = Places::new(100, 2);
        let (mina, jun) = (UserId(Uuid::now_v7()), UserId(Uuid::now_v7()));
        let first = places.person(mina).unwrap();
        assert!(first.is_of(mina) && !first.is_of(jun));
        let second = places.person(mina);
        assert!(second.is_some() && places.person(mina).is_none());
        assert!(places.person(jun).is_some());
        drop(first);
        assert!(places.person(mina).is_some());
        drop(second);
        assert!(places.people.held.lock().is_empty());
    }
}
