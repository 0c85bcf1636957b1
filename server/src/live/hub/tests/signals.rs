//! Who writes and who has read, and to whom that is told.

use protocol::wire::{COUNTED_READERS, Signal};

use super::shaky::wire;
use super::*;

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
