//! Two nodes on one store, with a bus between them that does what networks do.

mod nodes;
mod replay;
mod shaky;
mod signals;

use axum::extract::ws::Utf8Bytes;
use protocol::stomp::Version;
use protocol::wire::RoomKind;
use protocol::{OpId, SessionId, Timestamp};
use tempfile::TempDir;
use uuid::Uuid;

use shaky::ShakyBus;

use super::*;
use crate::chat::Writers;
use crate::live::{Address, Listener, Scope, Watch, Watching};
use crate::presence::LocalPresence;
use crate::store::{Append, Appended, Change, RoomDraft, SessionDraft, SqliteStore, UserDraft};

struct Node {
    hub: Arc<Hub>,
    writers: Arc<Writers>,
    presence: Arc<LocalPresence>,
}

impl Node {
    fn new(store: &Arc<dyn Store>, bus: Arc<ShakyBus>) -> Self {
        Self::beside(store, bus, Arc::new(LocalPresence::new()))
    }

    /// Nodes with the same presence hear each other's notices.
    fn beside(store: &Arc<dyn Store>, bus: Arc<ShakyBus>, presence: Arc<LocalPresence>) -> Self {
        let hub = Hub::new(Arc::clone(store), bus, Arc::clone(&presence) as Arc<_>);
        hub.start();
        Self {
            writers: Writers::new(Arc::clone(store), Arc::clone(&hub) as Arc<_>),
            hub,
            presence,
        }
    }

    fn connect(&self, who: Principal) -> Arc<Connection> {
        self.hub.connect(who, self.hub.outbound())
    }

    /// Someone who looks at the room from its beginning.
    async fn watch(&self, house: &House) -> Arc<Connection> {
        let connection = self.connect(house.who());
        let watch = after(&self.hub, house, &connection, Rev::ZERO).await;
        assert_eq!(self.hub.watch(watch).await.unwrap(), Watching::Live);
        connection
    }

    /// Someone who looks at who is in the room.
    async fn watch_signals(&self, house: &House) -> Arc<Connection> {
        let connection = self.connect(house.who());
        let since = self.hub.head(house.room).await.unwrap();
        let watching = self.signals(house, &connection, since).await;
        assert_eq!(watching, Watching::Live);
        connection
    }

    async fn signals(&self, house: &House, connection: &Arc<Connection>, since: Rev) -> Watching {
        let address = Address::new(Version::V1_2, "s", "/sub/chat/room/1/signals");
        let watching = self.hub.watch_signals(Watch {
            connection: Arc::clone(connection),
            subscription: "s".into(),
            address: Arc::new(address),
            room: house.room,
            after: None,
            since,
        });
        watching.await.unwrap()
    }

    /// Someone who looks at their list of rooms.
    async fn list_rooms(&self, house: &House) -> Arc<Connection> {
        let connection = self.connect(house.who());
        let address = Address::new(Version::V1_2, "side", "/sub/chat/side/me");
        let listener = Listener {
            connection: Arc::clone(&connection),
            subscription: "side".into(),
            address: Arc::new(address),
        };
        self.hub.listen(Scope::Side, listener).await.unwrap();
        connection
    }

    async fn post(&self, house: &House, number: usize) {
        let append = Append {
            by: house.mina,
            op: OpId(Uuid::new_v4()),
            at: Timestamp(0),
            change: Change::Post {
                body: number.to_string(),
                reply_to: None,
            },
        };
        let posted = self.writers.append(house.room, append).await;
        assert!(matches!(posted, Ok(Appended::Written(_))));
    }
}

/// What they ask for who have the room's history up to there.
async fn after(hub: &Hub, house: &House, connection: &Arc<Connection>, rev: Rev) -> Watch {
    let address = Address::new(Version::V1_2, "sub-0", "/sub/chat/room/1");
    Watch {
        connection: Arc::clone(connection),
        subscription: "sub-0".into(),
        address: Arc::new(address),
        room: house.room,
        after: Some(rev),
        since: hub.head(house.room).await.unwrap(),
    }
}

struct House {
    store: Arc<dyn Store>,
    mina: UserId,
    session: SessionId,
    room: RoomId,
    _dir: TempDir,
}

impl House {
    /// Changes the room without a word to any node.
    async fn change(&self, change: Change) {
        let append = Append {
            by: self.mina,
            op: OpId(Uuid::new_v4()),
            at: Timestamp(0),
            change,
        };
        let appended = self.store.append(self.room, vec![append]).await.unwrap();
        assert!(matches!(appended[0], Ok(Appended::Written(_))));
    }

    fn who(&self) -> Principal {
        Principal {
            user: self.mina,
            session: self.session,
            until: Timestamp(i64::MAX),
        }
    }
}

fn user(id: UserId) -> UserDraft {
    let name = id.to_string();
    UserDraft {
        id,
        username: name.clone(),
        folded: name.clone(),
        display_name: name.clone(),
        folded_display_name: name,
        password_hash: String::new(),
        at: Timestamp(0),
    }
}

async fn house() -> House {
    let dir = TempDir::new().unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(dir.path()).unwrap());
    let (mina, at) = (UserId(Uuid::from_u128(7)), Timestamp(0));
    store.create_user(user(mina)).await.unwrap().unwrap();
    let session = SessionId(Uuid::from_u128(8));
    let draft = SessionDraft {
        id: session,
        user: mina,
        verified: String::new(),
        agent: String::new(),
        token: [0; 32],
        at,
        ends_at: Timestamp(i64::MAX),
    };
    assert!(store.open_session(draft).await.unwrap());
    let room = RoomId(Uuid::from_u128(1));
    let draft = RoomDraft {
        id: room,
        kind: RoomKind::Group,
        name: Some("마당".into()),
        by: mina,
        op: OpId(Uuid::from_u128(9)),
        at,
        members: vec![mina],
    };
    store.create_room(draft).await.unwrap().unwrap();
    House {
        store,
        mina,
        session,
        room,
        _dir: dir,
    }
}

/// The revs that reach the connection, up to the last one expected.
async fn told(connection: &Connection, last: u64) -> Vec<u64> {
    let mut revs = Vec::new();
    while revs.last() != Some(&last) {
        connection.outbound.ready().await;
        assert_eq!(connection.outbound.ended(), None);
        let mut frames = Vec::new();
        connection.outbound.take(usize::MAX, &mut frames);
        revs.extend(frames.iter().map(rev));
    }
    revs
}

fn rev(frame: &Utf8Bytes) -> u64 {
    let id = frame.as_str().split_once("message-id:").unwrap().1;
    let id = id.lines().next().unwrap();
    id.rsplit_once('-').unwrap().1.parse().unwrap()
}

/// Waits until the connection is told this.
async fn shows(connection: &Connection, words: &str) {
    let mut frames = Vec::new();
    while !frames.iter().any(|frame: &Utf8Bytes| frame.contains(words)) {
        connection.outbound.ready().await;
        connection.outbound.take(usize::MAX, &mut frames);
    }
}
