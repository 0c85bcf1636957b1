//! Passwords as argon2id, away from the async threads and never more than two at a time, so that
//! a rush of log-ins takes neither the memory nor the processors from those who talk.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use parking_lot::Mutex;
use protocol::wire::code;
use protocol::{UserId, rules};
use tokio::sync::Semaphore;

use super::Refused;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// How the hashes of today begin; one that begins otherwise is made anew at the next log-in.
const PREFIX: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// Hashed by nobody: what a password is compared with when there is no such account, so that the
/// answer takes as long as for one that exists.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bWFkYW5nLW5vYm9keS1zYWx0$\
                      AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// Each takes 19 MiB and most of a processor for some 20 ms.
const AT_ONCE: usize = 2;
/// How many may wait for their turn: some seconds' worth.
const MAX_WAITING: usize = 512;

pub(super) struct Passwords {
    turns: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
    checked: AtomicU64,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Mutex::default(),
            checked: AtomicU64::new(0),
        }
    }
}

/// For whom a password is looked at: a network, until it is known who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asker {
    Network(IpAddr),
    Person(UserId),
}

/// Those who wait or are served.
#[derive(Default)]
struct Waiting {
    all: usize,
    by: HashMap<Asker, usize>,
}

/// What a password was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Wrong,
    Right,
    /// Right, and its hash is of an older kind.
    RightButOld,
}

impl Passwords {
    pub(super) async fn hash(&self, password: String, asker: Asker) -> Result<String, Refused> {
        self.in_turn(asker, move || make(&password))
            .await?
            .map_err(|error| {
                tracing::error!(%error, "a password could not be hashed");
                internal()
            })
    }

    /// Compares with the account's hash, or with nobody's for as long.
    pub(super) async fn check(
        &self,
        password: String,
        hash: Option<String>,
        asker: Asker,
    ) -> Result<Verdict, Refused> {
        let verdict = self
            .in_turn(asker, move || compare(&password, hash.as_deref()))
            .await?;
        self.checked.fetch_add(1, Ordering::Relaxed);
        Ok(verdict)
    }

    /// How many passwords were compared so far.
    pub(super) fn checked(&self) -> u64 {
        self.checked.load(Ordering::Relaxed)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        asker: Asker,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let _place = Place::take(&self.waiting, asker)?;
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(|_| internal())?;
        // The turn ends with the work, not with the request, which may be gone by then.
        let work = move || {
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "a password task ended early");
            internal()
        })
    }
}

/// One of those who wait or are served.
struct Place<'a> {
    waiting: &'a Mutex<Waiting>,
    asker: Asker,
}

impl<'a> Place<'a> {
    /// Nobody holds more places than are left to all others: a school may log in at the same
    /// moment, and whoever comes then from elsewhere finds a place all the same.
    fn take(waiting: &'a Mutex<Waiting>, asker: Asker) -> Result<Self, Refused> {
        let mut held = waiting.lock();
        let own = held.by.get(&asker).copied().unwrap_or(0);
        if own >= MAX_WAITING - held.all {
            return Err(Refused::new(
                code::BUSY,
                "Too many people are logging in at the moment. Try again in a few seconds.",
            )
            .after(5));
        }
        held.all += 1;
        held.by.insert(asker, own + 1);
        Ok(Self { waiting, asker })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut held = self.waiting.lock();
        held.all -= 1;
        if let Some(own) = held.by.get_mut(&self.asker) {
            *own -= 1;
            if *own == 0 {
                held.by.remove(&self.asker);
            }
        }
    }
}

fn internal() -> Refused {
    Refused::new(
        code::INTERNAL,
        "The server could not look at the password. Try again.",
    )
}

fn hasher() -> Result<Argon2<'static>, argon2::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn make(password: &str) -> Result<String, String> {
    let hasher = hasher().map_err(|error| error.to_string())?;
    match hasher.hash_password(rules::composed(password).as_bytes()) {
        Ok(hash) => Ok(hash.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

fn compare(password: &str, hash: Option<&str>) -> Verdict {
    let kept = hash.unwrap_or(NOBODY);
    let right = PasswordHash::new(kept).is_ok_and(|parsed| {
        // The parameters are the kept hash's own.
        Argon2::default()
            .verify_password(rules::composed(password).as_bytes(), &parsed)
            .is_ok()
    });
    match hash {
        Some(kept) if right && kept.starts_with(PREFIX) => Verdict::Right,
        Some(_) if right => Verdict::RightButOld,
        _ => Verdict::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(n: u8) -> Asker {
        Asker::Network(IpAddr::from([10, 0, 0, n]))
    }

    #[tokio::test]
    async fn the_right_password_is_right_and_any_other_is_wrong() {
        let passwords = Passwords::default();
        let hash = passwords.hash("마당의 열쇠".into(), from(1)).await.unwrap();
        assert!(hash.starts_with(PREFIX));
        let right = passwords
            .check("마당의 열쇠".into(), Some(hash.clone()), from(1))
            .await
            .unwrap();
        let wrong = passwords
            .check("마당의 열쇠 ".into(), Some(hash), from(1))
            .await
            .unwrap();
        assert_eq!((right, wrong), (Verdict::Right, Verdict::Wrong));
    }

    #[tokio::test]
    async fn it_does_not_matter_how_a_keyboard_composes_its_syllables() {
        let passwords = Passwords::default();
        let (composed, in_parts) = (
            "\u{b9c8}\u{b2f9}",
            "\u{1106}\u{1161}\u{1103}\u{1161}\u{11bc}",
        );
        let hash = passwords.hash(in_parts.into(), from(1)).await.unwrap();
        let verdict = passwords
            .check(composed.into(), Some(hash), from(1))
            .await
            .unwrap();
        assert_eq!(verdict, Verdict::Right);
    }

    #[test]
    fn the_same_password_is_never_kept_the_same_way_twice() {
        assert_ne!(
            make("correct horse").unwrap(),
            make("correct horse").unwrap()
        );
    }

    #[test]
    fn nobodys_hash_costs_what_a_real_one_costs() {
        let parsed = PasswordHash::new(NOBODY).unwrap();
        let real = make("anything").unwrap();
        let real = PasswordHash::new(&real).unwrap();
        assert_eq!(parsed.params.to_string(), real.params.to_string());
        assert_eq!(parsed.hash.unwrap().len(), real.hash.unwrap().len());
        assert!(NOBODY.starts_with(PREFIX));
    }

    #[tokio::test]
    async fn without_an_account_a_password_is_compared_all_the_same_and_is_wrong() {
        let passwords = Passwords::default();
        assert_eq!(
            passwords
                .check("whatever".into(), None, from(1))
                .await
                .unwrap(),
            Verdict::Wrong
        );
        assert_eq!(passwords.checked(), 1);
    }

    #[test]
    fn an_older_hash_is_right_and_said_to_be_old() {
        let old = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(8192, 1, 1, None).unwrap(),
        );
        let hash = old.hash_password(b"correct horse").unwrap().to_string();
        assert_eq!(compare("correct horse", Some(&hash)), Verdict::RightButOld);
        assert_eq!(compare("wrong horse", Some(&hash)), Verdict::Wrong);
    }

    #[test]
    fn an_unreadable_hash_is_a_wrong_password_and_no_panic() {
        assert_eq!(compare("anything", Some("")), Verdict::Wrong);
        assert_eq!(
            compare("anything", Some("$argon2id$v=19$m=1,t=0")),
            Verdict::Wrong
        );
    }

    #[test]
    fn a_rush_is_answered_instead_of_queued_without_end() {
        let waiting = Mutex::default();
        let mut places = Vec::new();
        for n in 0..=u8::MAX {
            places.extend((0..10).map_while(|_| Place::take(&waiting, from(n)).ok()));
        }
        assert_eq!(places.len(), MAX_WAITING);
        let refused = Place::take(&waiting, from(1)).err().unwrap();
        assert_eq!((refused.code, refused.retry_after), (code::BUSY, Some(5)));
        drop(places);
        let held = waiting.lock();
        assert!(held.all == 0 && held.by.is_empty());
    }

    #[test]
    fn a_network_in_a_rush_leaves_places_for_all_others() {
        let waiting = Mutex::default();
        let rush = |n| {
            let taken = (0..MAX_WAITING).map_while(|_| Place::take(&waiting, from(n)).ok());
            taken.collect::<Vec<_>>()
        };
        let first = rush(1);
        assert_eq!(first.len(), MAX_WAITING / 2);
        let second = rush(2);
        assert!(second.len() >= MAX_WAITING / 4);
        assert!(Place::take(&waiting, from(3)).is_ok());
        assert!(Place::take(&waiting, from(1)).is_err());
    }
}
