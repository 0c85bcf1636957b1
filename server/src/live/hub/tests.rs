//! Two nodes on one store, with a bus between them that does what networks do.

use std::collections::VecDeque;

use async_trait::async_trait;
use axum::extract::ws::Utf8Bytes;
use futures::future::join_all;
use protocol::stomp::Version;
use protocol::wire::{COUNTED_READERS, RoomKind, Signal};
use protocol::{OpId, SessionId, Timestamp};
use tempfile::TempDir;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::*;
use crate::bus::{Tally, Work};
use crate::chat::Writers;
use crate::live::{Address, Listener, Scope, Watch, Watching};
use crate::presence::{LocalPresence, Notice};
use crate::store::{Append, Appended, Change, RoomDraft, SessionDraft, SqliteStore, UserDraft};

/// One end of a wire between two nodes. By the seed it loses, doubles and holds back what is
/// published; what is held back comes later than what follows it.
struct ShakyBus {
    is_well: bool,
    other: mpsc::Sender<BusItem>,
    heard: tokio::sync::Mutex<mpsc::Receiver<BusItem>>,
    fate: Mutex<Fate>,
}

struct Fate {
    seed: u64,
    held: VecDeque<Arc<Event>>,
}

impl Fate {
    /// A number below a hundred (xorshift).
    fn next(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed % 100
    }
}

fn wire(seed: u64, is_well: bool) -> [Arc<ShakyBus>; 2] {
    let (to_one, at_one) = mpsc::channel(1000);
    let (to_two, at_two) = mpsc::channel(1000);
    [(to_two, at_one, seed), (to_one, at_two, seed * 31)].map(|(other, heard, seed)| {
        Arc::new(ShakyBus {
            is_well,
            other,
            heard: tokio::sync::Mutex::new(heard),
            fate: Mutex::new(Fate {
                seed,
                held: VecDeque::new(),
            }),
        })
    })
}

#[async_trait]
impl Bus for ShakyBus {
    fn publish(&self, events: &[Arc<Event>]) {
        if !self.is_well {
            return;
        }
        let mut fate = self.fate.lock();
        for event in events {
            let copies = match fate.next() {
                0..10 => 0,
                10..20 => 2,
                20..30 => {
                    fate.held.push_back(Arc::clone(event));
                    0
                }
                _ => 1,
            };
            for _ in 0..copies {
                let _ = self.other.try_send(BusItem::Event(Arc::clone(event)));
            }
            if fate.held.len() > 5
                && let Some(late) = fate.held.pop_front()
            {
                let _ = self.other.try_send(BusItem::Event(late));
            }
        }
    }

    async fn next(&self) -> BusItem {
        match self.heard.lock().await.recv().await {
            Some(item) => item,
            None => std::future::pending().await,
        }
    }

    async fn work(&self, _: &str) -> Result<Box<dyn Work>, String> {
        Err(String::from("nobody works in this test"))
    }

    fn is_well(&self) -> bool {
        self.is_well
    }

    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    fn tally(&self) -> Tally {
        Tally::default()
    }

    async fn close(&self) {}
}

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
        self.hub.connect(who, Arc::new(Outbound::default()))
    }

    /// Someone who looks at the room from its beginning.
    async fn watch(&self, house: &House) -> Arc<Connection> {
        let connection = self.connect(house.who());
        let watch = self.after(house, &connection, Rev::ZERO).await;
        assert_eq!(self.hub.watch(watch).await.unwrap(), Watching::Live);
        connection
    }

    /// What they ask for who have the room's history up to there.
    async fn after(&self, house: &House, connection: &Arc<Connection>, rev: Rev) -> Watch {
        let address = Address::new(Version::V1_2, "sub-0", "/sub/chat/room/1");
        Watch {
            connection: Arc::clone(connection),
            subscription: "sub-0".into(),
            address: Arc::new(address),
            room: house.room,
            after: Some(rev),
            since: self.hub.head(house.room).await.unwrap(),
        }
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

async fn all_arrive_in_order(bus: [Arc<ShakyBus>; 2]) {
    let house = house().await;
    let nodes = bus.map(|bus| Node::new(&house.store, bus));
    let readers = join_all(nodes.iter().map(|node| node.watch(&house))).await;
    for round in 0..20 {
        // Both nodes write at the same time.
        let posts = (0..10).map(|n| nodes[n % 2].post(&house, round * 10 + n));
        join_all(posts).await;
    }
    let expected: Vec<u64> = (1..=201).collect();
    for reader in readers {
        assert_eq!(told(&reader, 201).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn all_arrives_once_and_in_order_over_a_bus_that_loses_doubles_and_reorders() {
    for seed in 1..=5 {
        all_arrive_in_order(wire(seed, true)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn all_arrives_once_and_in_order_while_the_bus_is_dead() {
    all_arrive_in_order(wire(1, false)).await;
}

#[tokio::test]
async fn an_event_of_an_unknown_kind_from_a_newer_node_is_told_in_its_place() {
    let house = house().await;
    let bus = wire(7, true);
    let newer = Arc::clone(&bus[0]);
    let [_, other] = bus.map(|bus| Node::new(&house.store, bus));
    let reader = other.watch(&house).await;
    assert_eq!(told(&reader, 1).await, [1]);
    for (rev, kind) in [(2, "pinned"), (3, "renamed")] {
        let event = serde_json::json!({
            "room": house.room, "rev": rev, "at": Timestamp(0), "by": house.mina,
            "op": Uuid::from_u128(rev), "posted": 0, "type": kind, "name": "뜰",
        });
        let event = Arc::new(serde_json::from_value(event).unwrap());
        newer.other.try_send(BusItem::Event(event)).unwrap();
    }
    assert_eq!(told(&reader, 3).await, [2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_node_whose_bus_is_not_well_makes_the_others_look_into_the_store() {
    let house = house().await;
    let [well, _] = wire(1, true);
    let node = Node::new(&house.store, well);
    let mut notices = node.presence.listen();
    let [ill, _] = wire(1, false);
    let hub = Hub::new(
        Arc::clone(&house.store),
        ill,
        Arc::clone(&node.presence) as Arc<_>,
    );
    hub.start();
    assert_eq!(notices.recv().await, Ok(Notice::Unheard));
}

#[tokio::test]
async fn without_presence_a_node_does_not_believe_that_it_is_told_everything() {
    let house = house().await;
    let [bus, _] = wire(1, true);
    let node = Node::new(&house.store, bus);
    assert!(node.hub.is_told());
    node.hub.heed(Notice::Away);
    assert!(!node.hub.is_told());
    node.hub.heed(Notice::Back);
    assert!(node.hub.is_told());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ended_unheard_is_found_out() {
    let house = house().await;
    let [bus, _] = wire(1, true);
    let node = Node::new(&house.store, bus);
    let connection = node.connect(house.who());
    let mut notices = node.presence.listen();
    let session = house.session;
    let ended = house.store.end_session(house.mina, session).await;
    assert!(ended.unwrap());
    assert_eq!(connection.outbound.ending().await, End::SignedOut);
    // Its tokens must not be taken any more either.
    assert_eq!(notices.recv().await, Ok(Notice::Ended { session }));
}

#[tokio::test]
async fn what_lost_notices_may_have_said_is_told_anew() {
    let house = house().await;
    let [bus, _] = wire(1, true);
    let node = Node::new(&house.store, bus);
    let mut known = node.hub.presence_known.subscribe();
    node.hub.heed_loss(3);
    assert!(known.has_changed().unwrap());
    assert!(*known.borrow_and_update());
}

#[tokio::test]
async fn who_came_or_went_stays_to_be_told_while_the_store_does_not_answer() {
    let house = house().await;
    let [bus, _] = wire(1, true);
    let node = Node::new(&house.store, bus);
    node.list_rooms(&house).await;
    assert_eq!(node.hub.tell_presence(vec![house.mina]).await, []);
    house.store.close().await.unwrap();
    let untold = node.hub.tell_presence(vec![house.mina]).await;
    assert_eq!(untold, [house.mina]);
}

#[tokio::test]
async fn what_was_said_while_this_node_was_away_is_read_when_it_is_back() {
    let house = house().await;
    let [well, _] = wire(1, true);
    let hub = Hub::new(
        Arc::clone(&house.store),
        well,
        Arc::new(LocalPresence::new()),
    );
    hub.heed(Notice::Back);
    assert!(hub.doubt.has_heads());
}

#[tokio::test(start_paused = true)]
async fn a_new_room_is_shown_on_another_node_while_the_bus_is_dead() {
    let house = house().await;
    let presence = Arc::new(LocalPresence::new());
    let [here, there] =
        wire(1, false).map(|bus| Node::beside(&house.store, bus, Arc::clone(&presence)));
    let connection = there.list_rooms(&house).await;

    let room = RoomId(Uuid::from_u128(2));
    let draft = RoomDraft {
        id: room,
        kind: RoomKind::Group,
        name: Some("뒤뜰".into()),
        by: house.mina,
        op: OpId(Uuid::from_u128(10)),
        at: Timestamp(1),
        members: vec![house.mina],
    };
    let created = house.store.create_room(draft).await.unwrap().unwrap();
    let Appended::Written(event) = created else {
        panic!("it was there before: {created:?}");
    };
    here.hub.appended(&[Arc::new(event)]);
    shows(&connection, "뒤뜰").await;
}

/// Waits until the connection is told this.
async fn shows(connection: &Connection, words: &str) {
    let mut frames = Vec::new();
    while !frames.iter().any(|frame: &Utf8Bytes| frame.contains(words)) {
        connection.outbound.ready().await;
        connection.outbound.take(usize::MAX, &mut frames);
    }
}

#[tokio::test(start_paused = true)]
async fn a_room_that_was_made_while_this_node_was_away_is_shown_when_it_is_back() {
    let house = house().await;
    let [bus, _] = wire(1, true);
    let node = Node::new(&house.store, bus);
    let connection = node.list_rooms(&house).await;
    let draft = RoomDraft {
        id: RoomId(Uuid::from_u128(2)),
        kind: RoomKind::Group,
        name: Some("뒤뜰".into()),
        by: house.mina,
        op: OpId(Uuid::from_u128(10)),
        at: Timestamp(1),
        members: vec![house.mina],
    };
    house.store.create_room(draft).await.unwrap().unwrap();
    node.hub.heed(Notice::Back);
    shows(&connection, "뒤뜰").await;
}

#[tokio::test(start_paused = true)]
async fn a_room_that_was_removed_unheard_is_forgotten() {
    let house = house().await;
    let [bus, _] = wire(1, true);
    let node = Node::new(&house.store, bus);
    let watcher = node.watch(&house).await;
    let connection = node.list_rooms(&house).await;
    house.store.delete_room(house.room).await.unwrap();
    node.hub.heed(Notice::Unheard);
    shows(&connection, r#""gone""#).await;
    assert_eq!(node.hub.census().rooms, 0);
    assert_eq!(watcher.outbound.ended(), None);
}

#[tokio::test(start_paused = true)]
async fn read_positions_of_a_moment_are_told_together() {
    let house = house().await;
    let [bus, _] = wire(1, true);
    let node = Node::new(&house.store, bus);
    let connection = node.watch_signals(&house).await;
    connection.outbound.take(usize::MAX, &mut Vec::new());
    for number in 1..=50 {
        let signal = Signal::Read {
            user: UserId(Uuid::from_u128(number)),
            rev: Rev(1),
        };
        let room = house.room;
        node.hub.heed(Notice::Room { room, signal });
    }
    connection.outbound.ready().await;
    let mut frames = Vec::new();
    connection.outbound.take(usize::MAX, &mut frames);
    assert_eq!(frames.len(), 1);
    assert!(frames[0].contains(r#""readBy""#), "{}", frames[0]);
}

#[tokio::test]
async fn in_a_large_room_nobody_hears_how_far_the_others_have_read() {
    let house = house().await;
    let [bus, _] = wire(1, true);
    let node = Node::new(&house.store, bus);
    let mut members = vec![house.mina];
    for number in 0..COUNTED_READERS as u128 {
        let id = UserId(Uuid::from_u128(1000 + number));
        house.store.create_user(user(id)).await.unwrap().unwrap();
        members.push(id);
    }
    for (number, count, positions) in [(2, 100, 100), (3, 101, 0)] {
        let room = RoomId(Uuid::from_u128(number));
        let draft = RoomDraft {
            id: room,
            kind: RoomKind::Group,
            name: Some("마당".into()),
            by: house.mina,
            op: OpId(Uuid::from_u128(100 + number)),
            at: Timestamp(0),
            members: members[..count].to_vec(),
        };
        house.store.create_room(draft).await.unwrap().unwrap();
        let standing = node.hub.standing(room).await.unwrap();
        let signals = standing.signals(Vec::new());
        let [Signal::Here { read, .. }] = signals.as_slice() else {
            panic!("{signals:?}");
        };
        assert_eq!(read.len(), positions);
    }
}

/// What reaches a reader of the room who was away while so many long messages came.
async fn replayed(messages: usize) -> Vec<Utf8Bytes> {
    let house = house().await;
    let [bus, _] = wire(1, true);
    let node = Node::new(&house.store, bus);
    for _ in 0..messages {
        let body = "x".repeat(512 << 10);
        house
            .change(Change::Post {
                body,
                reply_to: None,
            })
            .await;
    }
    let connection = node.connect(house.who());
    let watch = node.after(&house, &connection, Rev(1)).await;
    let watching = node.hub.watch(watch);
    let mut frames = Vec::new();
    tokio::pin!(watching);
    loop {
        tokio::select! {
            watching = &mut watching => {
                assert_eq!(watching.unwrap(), Watching::Live);
                break;
            }
            // Slower than the store.
            () = tokio::time::sleep(std::time::Duration::from_millis(50)) => {
                connection.outbound.take(1, &mut frames);
            }
        }
    }
    while !connection.outbound.is_empty() {
        connection.outbound.take(32, &mut frames);
    }
    assert_eq!(connection.outbound.ended(), None);
    frames
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_waited_for_while_history_is_told() {
    let frames = replayed(14).await;
    assert_eq!(
        frames.iter().map(rev).collect::<Vec<_>>(),
        (2..=15).collect::<Vec<_>>()
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_missed_too_many_bytes_is_told_once_to_start_afresh() {
    let frames = replayed(40).await;
    let resets = frames.iter().filter(|frame| frame.contains(r#""reset""#));
    assert_eq!((resets.count(), frames.len()), (1, 16));
    assert!(frames[15].contains(r#""reset""#));
}

#[tokio::test]
async fn whoever_was_removed_since_the_check_is_not_told_who_writes() {
    let house = house().await;
    let [bus, _] = wire(1, true);
    let node = Node::new(&house.store, bus);
    let since = node.hub.head(house.room).await.unwrap();
    house.change(Change::Leave).await;
    let connection = node.connect(house.who());
    let watching = node.signals(&house, &connection, since).await;
    assert_eq!(watching, Watching::Removed);
    assert!(connection.outbound.is_empty());
}
