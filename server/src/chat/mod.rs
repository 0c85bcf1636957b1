//! The domain: who may say what to whom, and what follows. It knows no protocol and no driver.
//!
//! `Chat` is one value with many verbs; each file holds those about one noun. Whatever two people
//! could race for is decided by the store at the commit; what is decided here is who is speaking,
//! how fast, and with which words.

mod accounts;
mod deletion;
mod lanes;
mod limits;
mod members;
mod messages;
mod paging;
mod passwords;
mod people;
mod reading;
mod refused;
mod rooms;
mod sessions;
mod settings;
mod tokens;
mod writers;

use std::sync::Arc;

use protocol::{OpId, SessionId, Timestamp, UserId};
use uuid::Uuid;

use crate::files::Files;
use crate::presence::Presence;
use crate::quota::Quota;
use crate::store::Store;

use deletion::Deletion;
use lanes::Lanes;
use limits::Limits;
use messages::OpenRooms;
pub use messages::{named_by_event, reads_otherwise};
pub use paging::Cursor;
use passwords::Passwords;
pub use refused::Refused;
pub use rooms::room_as_seen;
use sessions::Ended;
pub use settings::{Secret, Settings};
use tokens::Tokens;
pub use writers::{Sink, Writers};

/// Whoever asks, as the access token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Principal {
    pub user: UserId,
    pub session: SessionId,
    /// When the access token ends.
    pub until: Timestamp,
}

/// Where a request comes from: for throttling, and for the list of devices.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub ip: std::net::IpAddr,
    pub agent: String,
}

impl Visitor {
    /// What one household, or one machine with a network of its own, comes from.
    pub fn network(&self) -> std::net::IpAddr {
        limits::network(self.ip)
    }
}

/// What the domain stands on.
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub presence: Arc<dyn Presence>,
    pub quota: Arc<dyn Quota>,
    pub files: Arc<dyn Files>,
    pub writers: Arc<Writers>,
    pub clock: SharedClock,
    pub secret: Secret,
    pub settings: Settings,
}

pub struct Chat {
    parts: Parts,
    tokens: Tokens,
    passwords: Passwords,
    limits: Limits,
    ended: Arc<Ended>,
    deletion: Arc<Deletion>,
    open_rooms: OpenRooms,
    lanes: Lanes,
}

impl Chat {
    pub fn new(parts: Parts) -> Self {
        Self {
            tokens: Tokens::new(&parts.secret),
            passwords: Passwords::default(),
            limits: Limits::new(&parts.settings, &parts.quota),
            ended: Arc::new(Ended::new(parts.clock.now())),
            deletion: Arc::new(Deletion::new(&parts)),
            open_rooms: OpenRooms::default(),
            lanes: Lanes::default(),
            parts,
        }
    }

    fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// An id for what the client did not name. It sorts by the time at which it was made.
    fn new_id(&self) -> Uuid {
        new_id(self.now())
    }

    fn new_op(&self) -> OpId {
        OpId(self.new_id())
    }
}

fn new_id(now: Timestamp) -> Uuid {
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    let nanos = u32::try_from(millis % 1000).unwrap_or(0) * 1_000_000;
    Uuid::new_v7(uuid::Timestamp::from_unix(
        uuid::NoContext,
        millis / 1000,
        nanos,
    ))
}

/// Lists are read a page at a time, whatever is asked for.
const MAX_PAGE: usize = 200;

fn page_size(asked: usize) -> usize {
    asked.clamp(1, MAX_PAGE)
}

/// The clock, handed in so that tests tell the time.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        std::time::SystemTime::now().into()
    }
}

pub type SharedClock = Arc<dyn Clock>;
