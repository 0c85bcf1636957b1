//! A chat with a store of its own in a temporary directory, a clock that the test moves, and an
//! ear for everything that is announced.

use std::future::poll_fn;
use std::net::IpAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use protocol::wire::{Event, Login, NewMessage, NewRoom, Register, RoomKind, SignedIn, User};
use protocol::{MessageId, OpId, Rev, RoomId, RoomRef, Timestamp, UserId};
use server::bus::LocalBus;
use server::chat::{
    Chat, Clock, Parts, Principal, Refused, Secret, Settings, Sink, Visitor, Writers,
};
use server::files::{Digest, Files, FilesError, Incoming};
use server::live::Hub;
use server::presence::{Connection, Notice, Presence};
use server::quota::LocalQuota;
use server::store::SqliteStore;
use server::store::{Appended, Store};
use tempfile::TempDir;
use tokio::sync::broadcast;
use uuid::Uuid;

pub const PASSWORD: &str = "a courtyard for all";

pub struct House {
    pub chat: Chat,
    pub store: Arc<dyn Store>,
    pub clock: Arc<StoppedClock>,
    pub presence: Arc<Ear>,
    pub told: Arc<Told>,
    pub writers: Arc<Writers>,
    pub dir: TempDir,
}

/// Someone who is signed in.
pub struct Guest {
    pub who: Principal,
    pub user: User,
    pub access_token: String,
    pub refresh_token: String,
}

impl Guest {
    pub fn id(&self) -> UserId {
        self.user.id
    }
}

pub async fn house() -> House {
    house_with(Settings::default()).await
}

pub async fn house_with(settings: Settings) -> House {
    let clock = Arc::new(StoppedClock(AtomicI64::new(1_795_000_000_000)));
    build(tempfile::tempdir().unwrap(), clock, settings)
}

fn open(dir: &Path) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(dir).unwrap())
}

fn build(dir: TempDir, clock: Arc<StoppedClock>, settings: Settings) -> House {
    let store = open(dir.path());
    let presence = Arc::new(Ear::default());
    let bus = Arc::new(LocalBus::default());
    let told = Arc::new(Told {
        events: Mutex::default(),
        hub: Hub::new(Arc::clone(&store), bus, presence.clone()),
    });
    let writers = Writers::new(Arc::clone(&store), told.clone());
    let chat = Chat::new(Parts {
        store: Arc::clone(&store),
        presence: presence.clone(),
        quota: Arc::new(LocalQuota::default()),
        files: Arc::new(NoFiles),
        writers: Arc::clone(&writers),
        clock: clock.clone(),
        secret: Secret([3; 32]),
        settings,
    });
    House {
        chat,
        store,
        clock,
        presence,
        told,
        writers,
        dir,
    }
}

impl House {
    /// The same data under a new process.
    pub async fn restart(self) -> Self {
        let Self {
            chat,
            store,
            clock,
            presence,
            told,
            writers,
            dir,
        } = self;
        store.close().await.unwrap();
        drop((chat, store, presence, told, writers));
        build(dir, clock, Settings::default())
    }

    pub async fn guest(&self, name: &str) -> Guest {
        let form = register(name, PASSWORD);
        self.let_in(self.chat.register(form, &visitor()).await.unwrap())
    }

    pub fn let_in(&self, signed_in: SignedIn) -> Guest {
        let who = self.chat.authenticate(&signed_in.access_token).unwrap();
        let SignedIn {
            user,
            access_token,
            refresh_token,
            ..
        } = signed_in;
        Guest {
            who,
            user,
            access_token,
            refresh_token,
        }
    }

    pub async fn login(&self, name: &str, password: &str) -> Result<Guest, Refused> {
        let form = Login {
            username: name.into(),
            password: password.into(),
        };
        Ok(self.let_in(self.chat.login(form, &visitor()).await?))
    }

    /// A group of these, made by the first.
    pub async fn group(&self, guests: &[&Guest]) -> RoomRef {
        let room = NewRoom {
            id: None,
            kind: RoomKind::Group,
            name: Some("마당".into()),
            members: guests.iter().map(|guest| guest.id()).collect(),
        };
        RoomRef::Id(self.chat.create_room(guests[0].who, room).await.unwrap().id)
    }

    pub async fn say(&self, guest: &Guest, room: RoomRef, body: &str) -> MessageId {
        let message = message(body);
        self.chat
            .post(guest.who, room, message.clone())
            .await
            .unwrap();
        message.id.into()
    }

    pub async fn log(&self, guest: &Guest, room: RoomRef) -> Vec<Event> {
        self.chat
            .events(guest.who, room, Rev::ZERO, 200)
            .await
            .unwrap()
            .items
    }

    /// Waits until nothing that was begun goes on.
    pub async fn settle(&self) {
        self.writers.finish().await;
        // This waits its turn behind what is being written.
        self.store.ready().await.unwrap();
    }

    /// What was announced since it was asked last.
    pub fn heard(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.presence.heard.lock())
    }
}

pub fn register(name: &str, password: &str) -> Register {
    Register {
        username: name.into(),
        password: password.into(),
        display_name: None,
    }
}

pub fn visitor() -> Visitor {
    from_address([192, 0, 2, 1])
}

pub fn from_address(ip: [u8; 4]) -> Visitor {
    Visitor {
        ip: IpAddr::from(ip),
        agent: "a test".into(),
    }
}

/// What it comes to, unless it has to wait so many times before: then it is left there.
pub async fn up_to<T>(waits: usize, mut work: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    let mut left = waits;
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

pub fn direct(a: &Guest, b: &Guest) -> RoomRef {
    RoomRef::Direct(a.id(), b.id())
}

pub fn nowhere() -> RoomRef {
    RoomRef::Id(RoomId(Uuid::new_v4()))
}

pub fn op() -> OpId {
    OpId(Uuid::new_v4())
}

pub fn message(body: &str) -> NewMessage {
    NewMessage {
        id: op(),
        body: body.into(),
        reply_to: None,
    }
}

pub fn event(appended: Appended) -> Event {
    match appended {
        Appended::Written(event) | Appended::Repeated(event) => event,
        Appended::Unchanged { rev } => panic!("nothing was changed at {rev}"),
    }
}

/// It moves when it is told to.
pub struct StoppedClock(AtomicI64);

impl StoppedClock {
    pub fn pass(&self, time: Duration) {
        self.0
            .fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Keeps what the writers tell the hub.
pub struct Told {
    pub events: Mutex<Vec<Arc<Event>>>,
    hub: Arc<Hub>,
}

impl Sink for Told {
    fn appended(&self, events: &[Arc<Event>]) {
        self.events.lock().extend_from_slice(events);
        self.hub.appended(events);
    }

    fn may_have_appended(&self) {}
}

/// Keeps what is announced; whoever is in `online` is.
pub struct Ear {
    pub heard: Mutex<Vec<Notice>>,
    pub online: Mutex<Option<Vec<UserId>>>,
    speaker: broadcast::Sender<Notice>,
}

impl Default for Ear {
    fn default() -> Self {
        let speaker = broadcast::Sender::new(64);
        Self {
            heard: Mutex::default(),
            online: Mutex::new(Some(Vec::new())),
            speaker,
        }
    }
}

#[async_trait]
impl Presence for Ear {
    fn arrive(&self, _: Connection) {}

    fn depart(&self, _: Connection) {}

    async fn online(&self, users: &[UserId]) -> Option<Vec<UserId>> {
        let online = self.online.lock();
        let online = online.as_ref()?;
        Some(
            users
                .iter()
                .copied()
                .filter(|user| online.contains(user))
                .collect(),
        )
    }

    fn announce(&self, notice: Notice) {
        self.heard.lock().push(notice.clone());
        let _ = self.speaker.send(notice);
    }

    fn listen(&self) -> broadcast::Receiver<Notice> {
        self.speaker.subscribe()
    }

    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    async fn close(&self) {}
}

struct NoFiles;

fn no_files<T>() -> Result<T, FilesError> {
    Err(FilesError::Unavailable(
        "there are no files in this test".into(),
    ))
}

#[async_trait]
impl Files for NoFiles {
    async fn begin(&self, _: u64) -> Result<Box<dyn Incoming>, FilesError> {
        no_files()
    }

    async fn read(&self, _: Digest, _: u64, _: usize) -> Result<Option<Bytes>, FilesError> {
        no_files()
    }

    async fn size(&self, _: Digest) -> Result<Option<u64>, FilesError> {
        no_files()
    }

    async fn tidy(&self) -> Result<(), FilesError> {
        Ok(())
    }

    async fn remove(&self, _: Digest) -> Result<(), FilesError> {
        no_files()
    }
}
