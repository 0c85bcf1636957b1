//! A client as a person's browser would be: it talks, listens, notices when its connection is
//! dead, comes back, resumes from its last rev, and sends again what was not answered.

mod hearing;
mod line;
mod outbox;
mod saying;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use protocol::{Rev, RoomId};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::account::Account;
use super::harness::{Phase, World};
use super::history::{What, Who};
use crate::stomp::{self, Greeting, NotConnected};
use outbox::{Outbox, Pending};
use saying::Mind;

/// A connection that is not made within this time is tried again.
const CONNECT: Duration = Duration::from_millis(2_500);
/// Pauses between attempts, with jitter, as a browser's would be.
const BACKOFF: std::ops::Range<u64> = 30..200;

/// What the harness tells a client.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// You are in the room now.
    Enter(RoomId),
    /// You are about to be taken out.
    Leave(RoomId),
    /// Send something again that was answered already.
    Repeat,
}

/// What the harness knows of a client.
#[derive(Clone)]
pub struct Handle {
    pub who: Who,
    pub orders: mpsc::Sender<Order>,
    unanswered: Arc<AtomicUsize>,
}

impl Handle {
    pub fn unanswered(&self) -> usize {
        self.unanswered.load(Ordering::Relaxed)
    }
}

/// How a talker behaves.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Operations a second.
    pub rate: f64,
    /// Unanswered operations at a time.
    pub outstanding: usize,
}

/// A room as this client holds it.
#[derive(Default)]
struct Place {
    member: bool,
    position: Rev,
    /// The current subscription, and whether the server has confirmed it.
    sub: Option<u32>,
    live: bool,
    mind: Mind,
}

pub struct Talker {
    world: World,
    account: Account,
    /// Where it connects: its own proxy.
    through: std::net::SocketAddr,
    manner: Manner,
    dice: SmallRng,
    places: BTreeMap<RoomId, Place>,
    outbox: Outbox,
    answered: Option<Pending>,
    orders: mpsc::Receiver<Order>,
    phase: watch::Receiver<Phase>,
    unanswered: Arc<AtomicUsize>,
    conn: u32,
    subs: u32,
}

impl Talker {
    pub fn new(
        world: World,
        account: Account,
        through: std::net::SocketAddr,
        manner: Manner,
        rooms: &[RoomId],
    ) -> (Self, Handle) {
        let (sender, orders) = mpsc::channel(64);
        let unanswered = Arc::new(AtomicUsize::new(0));
        let who = account.who;
        let places = rooms.iter().map(|room| {
            let place = Place {
                member: true,
                ..Place::default()
            };
            (*room, place)
        });
        let talker = Self {
            dice: SmallRng::seed_from_u64(world.seed ^ (u64::from(who) + 1).rotate_left(32)),
            phase: world.phase.clone(),
            world,
            account,
            through,
            manner,
            places: places.collect(),
            outbox: Outbox::new(manner.outstanding),
            answered: None,
            orders,
            unanswered: Arc::clone(&unanswered),
            conn: 0,
            subs: 0,
        };
        (
            talker,
            Handle {
                who,
                orders: sender,
                unanswered,
            },
        )
    }

    /// Until the run is over.
    pub async fn run(mut self) {
        while *self.phase.borrow() != Phase::Over {
            self.connect_once().await;
            let pause = Duration::from_millis(self.dice.random_range(BACKOFF));
            tokio::select! {
                () = sleep(pause) => {}
                _ = self.phase.wait_for(|phase| *phase == Phase::Over) => {}
            }
        }
    }

    async fn connect_once(&mut self) {
        let token = match self.account.fresh_token(self.world.api).await {
            Ok(token) => token.to_owned(),
            Err(_) => return,
        };
        self.conn += 1;
        let conn = self.conn;
        let greeting = Greeting::madang(self.through, &token);
        match timeout(CONNECT, stomp::connect(&greeting)).await {
            Ok(Ok((sender, receiver))) => {
                self.note(What::Opened { conn });
                let code = self.converse(sender, receiver).await;
                self.note(What::Closed { conn, code });
            }
            Ok(Err(NotConnected::Refused { message, code })) => {
                self.note(What::Errored { conn, message });
                if code == Some(4401) {
                    // A failure here shows again at the next attempt.
                    let _ = self.account.sign_in(self.world.api).await;
                }
            }
            // Down, frozen or cut: the next attempt will tell.
            Ok(Err(NotConnected::Failed(_))) | Err(_) => {}
        }
    }

    fn note(&self, what: What) {
        self.world.history.note(self.account.who, what);
    }

    fn count(&self) {
        self.unanswered.store(self.outbox.len(), Ordering::Relaxed);
    }
}
