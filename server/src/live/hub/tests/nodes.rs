//! What nodes hear of each other, and what they find out when they do not.

use std::time::Instant;

use futures::future::join_all;

use super::shaky::wire;
use super::*;

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

#[tokio::test]
async fn what_is_said_while_a_reader_of_all_rooms_is_brought_in_is_told() {
    let house = house().await;
    let [bus, _] = wire(1, true);
    // Without what it does beside its connections, which would find it out later.
    let hub = Hub::new(
        Arc::clone(&house.store),
        bus,
        Arc::new(LocalPresence::new()),
    );
    let connection = hub.connect(house.who(), hub.outbound());
    let address = Address::new(Version::V1_2, "q", "/user/queue/messages");
    let listener = Listener {
        connection: Arc::clone(&connection),
        subscription: "q".into(),
        address: Arc::new(address),
    };
    hub.listen(Scope::Messages, listener).await.unwrap();
    assert!(hub.put_out(house.mina, house.room, Instant::now()));

    let found = hub.head(house.room).await.unwrap();
    house
        .change(Change::Post {
            body: "하나".into(),
            reply_to: None,
        })
        .await;
    let found = std::iter::once((house.room, found));
    hub.bring_in_as_found(house.mina, found).await.unwrap();
    assert_eq!(told(&connection, 2).await, [2]);
}

#[tokio::test]
async fn whoever_only_watches_a_room_that_was_removed_is_let_go() {
    let house = house().await;
    let [bus, _] = wire(1, true);
    let hub = Hub::new(
        Arc::clone(&house.store),
        bus,
        Arc::new(LocalPresence::new()),
    );
    let connection = hub.connect(house.who(), hub.outbound());
    hub.watch(after(&hub, &house, &connection, Rev(1)).await)
        .await
        .unwrap();
    house.store.delete_room(house.room).await.unwrap();
    hub.heed(Notice::Side {
        user: house.mina,
        room: house.room,
    });
    hub.tell_marked().await;
    assert_eq!(hub.census().rooms, 0);
}

#[tokio::test]
async fn whoever_came_back_while_the_store_was_asked_is_not_put_out() {
    let house = house().await;
    let [bus, _] = wire(1, true);
    let node = Node::new(&house.store, bus);
    let asked = Instant::now();
    let watcher = node.watch(&house).await;
    assert!(!node.hub.put_out(house.mina, house.room, asked));
    assert_eq!(node.hub.census().rooms, 1);
    assert!(node.hub.put_out(house.mina, house.room, Instant::now()));
    assert_eq!(node.hub.census().rooms, 0);
    assert_eq!(watcher.outbound.ended(), None);
}
