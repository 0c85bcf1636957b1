//! Who is on this node, and telling Redis so: at once when someone comes or goes, and all of them
//! from time to time, because what is not repeated runs out.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use protocol::UserId;
use redis::Script;
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

use super::link::Link;
use super::{Connection, RedisOptions};

/// People told of in one step; Redis does nothing else meanwhile.
const AT_ONCE: usize = 500;

pub(super) struct Roll {
    node: String,
    options: RedisOptions,
    link: Arc<Link>,
    people: Mutex<People>,
    stirred: Notify,
    tell: Script,
    sweep: Script,
}

#[derive(Debug, Default)]
struct People {
    /// The sockets of everyone who is here; nobody is kept without one.
    here: HashMap<UserId, HashSet<u64>>,
    /// Came or went since Redis was told.
    moved: HashSet<UserId>,
}

impl Roll {
    pub(super) fn new(node: &str, options: RedisOptions, link: Arc<Link>) -> Self {
        Self {
            node: node.to_owned(),
            options,
            link,
            people: Mutex::default(),
            stirred: Notify::new(),
            tell: Script::new(include_str!("roll.lua")),
            sweep: Script::new(include_str!("sweep.lua")),
        }
    }

    pub(super) fn has(&self, user: UserId) -> bool {
        self.people.lock().here.contains_key(&user)
    }

    pub(super) fn arrive(&self, Connection { id, user }: Connection) {
        let mut people = self.people.lock();
        let sockets = people.here.entry(user).or_default();
        let first = sockets.is_empty();
        sockets.insert(id);
        if first {
            people.moved.insert(user);
            self.stirred.notify_one();
        }
    }

    pub(super) fn depart(&self, Connection { id, user }: Connection) {
        let mut people = self.people.lock();
        if let Entry::Occupied(mut sockets) = people.here.entry(user) {
            sockets.get_mut().remove(&id);
            if sockets.get().is_empty() {
                sockets.remove();
                people.moved.insert(user);
                self.stirred.notify_one();
            }
        }
    }

    /// Runs for as long as the node does. While Redis is away nothing is tried; when it is back,
    /// it is told everything.
    pub(super) async fn keep(&self) {
        loop {
            self.link.becomes(true).await;
            tokio::select! {
                () = self.keep_telling() => {}
                () = self.link.becomes(false) => {}
            }
        }
    }

    async fn keep_telling(&self) {
        let mut beat = interval(self.options.beat());
        let mut sweep = interval(self.options.sweep());
        for ticks in [&mut beat, &mut sweep] {
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        loop {
            tokio::select! {
                () = self.stirred.notified() => self.tell_who_moved().await,
                _ = beat.tick() => self.tell_all().await,
                _ = sweep.tick() => {
                    self.sweep().await;
                    self.tell_who_moved().await;
                }
            }
        }
    }

    async fn tell_who_moved(&self) {
        let moved: Vec<UserId> = self.people.lock().moved.drain().collect();
        for some in moved.chunks(AT_ONCE) {
            let (here, gone): (Vec<UserId>, Vec<UserId>) =
                some.iter().partition(|user| self.has(**user));
            if !self.tell(&here, &gone).await {
                self.people.lock().moved.extend(some);
            }
        }
    }

    async fn tell_all(&self) {
        let here: Vec<UserId> = self.people.lock().here.keys().copied().collect();
        for some in here.chunks(AT_ONCE) {
            // Whoever left while the others were told must not be brought back.
            let still: Vec<UserId> = some
                .iter()
                .copied()
                .filter(|user| self.has(*user))
                .collect();
            self.tell(&still, &[]).await;
        }
    }

    /// The node ends: nobody is here any more.
    pub(super) async fn take_all_out(&self) {
        let mut gone: Vec<UserId> = self.people.lock().moved.drain().collect();
        gone.extend(self.people.lock().here.drain().map(|(user, _)| user));
        for some in gone.chunks(AT_ONCE) {
            self.tell(&[], some).await;
        }
    }

    async fn tell(&self, here: &[UserId], gone: &[UserId]) -> bool {
        if here.is_empty() && gone.is_empty() {
            return true;
        }
        let mut telling = self.tell.key(self.all());
        telling
            .arg(&self.options.prefix)
            .arg(self.options.channel())
            .arg(&self.node)
            .arg(u64::try_from(self.options.expiry.as_millis()).unwrap_or(u64::MAX))
            .arg(here.len());
        for user in here.iter().chain(gone) {
            telling.arg(user.to_string());
        }
        match self.link.run::<()>(&telling).await {
            Ok(()) => true,
            Err(why) => {
                tracing::debug!(why, "Redis could not be told who is here");
                false
            }
        }
    }

    /// Takes out the people of nodes that died.
    async fn sweep(&self) {
        let mut sweeping = self.sweep.key(self.all());
        sweeping
            .arg(&self.options.prefix)
            .arg(self.options.channel())
            .arg(AT_ONCE);
        loop {
            match self.link.run::<usize>(&sweeping).await {
                Ok(taken) if taken == AT_ONCE => {}
                Ok(_) => return,
                Err(why) => {
                    tracing::debug!(why, "who died could not be swept out");
                    return;
                }
            }
        }
    }

    /// Every entry of every node, by expiry.
    fn all(&self) -> String {
        format!("{}here", self.options.prefix)
    }
}
