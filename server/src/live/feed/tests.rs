//! A feed against events that come late, twice, early, and while people come and go.

use protocol::stomp::Version;
use protocol::wire::{Edit, Message};
use protocol::{OpId, SessionId, Timestamp};
use uuid::Uuid;

use super::*;
use crate::chat::Principal;
use crate::live::outbound::Outbound;

const ROOM: RoomId = RoomId(Uuid::from_u128(1));

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

fn connection(id: u64, who: UserId) -> Arc<Connection> {
    let session = SessionId(Uuid::from_u128(u128::from(id)));
    let who = Principal {
        user: who,
        session,
        until: Timestamp(0),
    };
    Arc::new(Connection {
        id,
        who,
        outbound: Arc::new(Outbound::default()),
    })
}

fn address(subscription: &str) -> Arc<Address> {
    Arc::new(Address::new(
        Version::V1_2,
        subscription,
        "/sub/chat/room/1",
    ))
}

fn event(rev: u64, kind: EventKind) -> Encoded {
    Encoded::new(Arc::new(Event {
        room: ROOM,
        rev: Rev(rev),
        at: Timestamp(0),
        by: user(1),
        op: OpId(Uuid::from_u128(u128::from(rev))),
        posted: rev,
        kind,
    }))
}

fn message_id(rev: u64) -> MessageId {
    MessageId(Uuid::from_u128(u128::from(rev)))
}

fn post(rev: u64) -> Encoded {
    event(
        rev,
        EventKind::Posted {
            message: Message {
                id: message_id(rev),
                rev: Rev(rev),
                author: user(1),
                at: Timestamp(0),
                body: format!("message {rev}"),
                reply_to: None,
                edited_at: None,
                deleted: false,
                reactions: Vec::new(),
            },
        },
    )
}

/// The revs that a connection was sent.
fn told(connection: &Connection) -> Vec<u64> {
    let mut frames = Vec::new();
    connection.outbound.take(usize::MAX, &mut frames);
    let rev = |frame: &Utf8Bytes| {
        let id = frame.as_str().split_once("message-id:").unwrap().1;
        id.lines()
            .next()
            .unwrap()
            .rsplit_once('-')
            .unwrap()
            .1
            .parse()
            .unwrap()
    };
    frames.iter().map(rev).collect()
}

fn watch(feed: &Feed, connection: &Arc<Connection>, position: u64, since: u64) -> Attached {
    let watcher = Watcher::new(connection, &"sub-0".into(), Rev(position));
    feed.attach(&address("sub-0"), Wants::Everything, watcher, Rev(since))
}

#[test]
fn the_next_event_is_delivered_and_a_repeat_is_not() {
    let feed = Feed::new(ROOM, Rev(0));
    let reader = connection(1, user(2));
    assert_eq!(watch(&feed, &reader, 0, 0), Attached::Live);
    assert_eq!(feed.take(&post(1)), Taken::Delivered);
    assert_eq!(feed.take(&post(1)), Taken::Repeat);
    assert_eq!(feed.take(&post(2)), Taken::Delivered);
    assert_eq!(told(&reader), [1, 2]);
}

#[test]
fn after_a_gap_nothing_is_delivered_before_the_missing() {
    let feed = Feed::new(ROOM, Rev(0));
    let reader = connection(1, user(2));
    watch(&feed, &reader, 0, 0);
    assert_eq!(feed.take(&post(3)), Taken::Gap);
    assert_eq!(feed.take(&post(4)), Taken::Repairing);
    assert_eq!(told(&reader), [0u64; 0]);
    for rev in 1..=2 {
        assert_eq!(feed.take(&post(rev)), Taken::Delivered);
    }
    assert!(
        feed.repaired(None),
        "3 and 4 were heard of and are still missing"
    );
    for rev in 3..=4 {
        assert_eq!(feed.take(&post(rev)), Taken::Delivered);
    }
    assert!(!feed.repaired(Some(feed.heard())));
    assert_eq!(told(&reader), [1, 2, 3, 4]);
}

#[test]
fn what_is_heard_of_while_the_store_is_read_for_a_repair_is_not_forgotten() {
    let feed = Feed::new(ROOM, Rev(0));
    let reader = connection(1, user(2));
    watch(&feed, &reader, 0, 0);
    assert_eq!(feed.take(&post(2)), Taken::Gap);
    let heard = feed.heard();
    // The store was read up to 2, and 3 was written a moment later.
    assert_eq!(feed.take(&post(3)), Taken::Repairing);
    for rev in 1..=2 {
        assert_eq!(feed.take(&post(rev)), Taken::Delivered);
    }
    assert!(feed.repaired(Some(heard)), "3 is still missing");
    assert_eq!(feed.take(&post(3)), Taken::Delivered);
    assert!(!feed.repaired(Some(feed.heard())));
    assert_eq!(told(&reader), [1, 2, 3]);
}

#[test]
fn what_was_heard_of_and_is_not_in_the_store_is_not_waited_for() {
    let feed = Feed::new(ROOM, Rev(0));
    let reader = connection(1, user(2));
    watch(&feed, &reader, 0, 0);
    assert_eq!(feed.take(&post(3)), Taken::Gap);
    let heard = feed.heard();
    feed.take(&post(1));
    assert!(!feed.repaired(Some(heard)));
}

#[test]
fn whoever_comes_late_is_brought_up_from_what_is_kept() {
    let feed = Feed::new(ROOM, Rev(0));
    for rev in 1..=5 {
        feed.take(&post(rev));
    }
    let reader = connection(1, user(2));
    assert_eq!(watch(&feed, &reader, 2, 5), Attached::Live);
    feed.take(&post(6));
    assert_eq!(told(&reader), [3, 4, 5, 6]);
}

#[test]
fn whoever_is_further_back_than_what_is_kept_reads_the_store_first() {
    let feed = Feed::new(ROOM, Rev(0));
    for rev in 1..=200 {
        feed.take(&post(rev));
    }
    let reader = connection(1, user(2));
    assert_eq!(watch(&feed, &reader, 2, 200), Attached::Behind);
    assert_eq!(told(&reader), [0u64; 0]);
}

#[test]
fn a_watcher_ahead_of_the_feed_hears_nothing_twice() {
    let feed = Feed::new(ROOM, Rev(3));
    let reader = connection(1, user(2));
    assert_eq!(watch(&feed, &reader, 5, 5), Attached::Live);
    for rev in 4..=6 {
        feed.take(&post(rev));
    }
    assert_eq!(told(&reader), [6]);
}

#[test]
fn whoever_is_removed_hears_neither_that_nor_what_follows() {
    let feed = Feed::new(ROOM, Rev(0));
    let (gone, stays) = (connection(1, user(2)), connection(2, user(3)));
    watch(&feed, &gone, 0, 0);
    watch(&feed, &stays, 0, 0);
    feed.take(&post(1));
    feed.take(&event(2, EventKind::Removed { user: user(2) }));
    feed.take(&post(3));
    assert_eq!(told(&gone), [1]);
    assert_eq!(told(&stays), [1, 2, 3]);
}

#[test]
fn a_removal_between_the_check_and_going_live_counts() {
    let feed = Feed::new(ROOM, Rev(1));
    feed.take(&event(2, EventKind::Removed { user: user(2) }));
    feed.take(&post(3));
    let gone = connection(1, user(2));
    assert_eq!(watch(&feed, &gone, 1, 1), Attached::Removed);
    assert_eq!(told(&gone), [0u64; 0]);
    // The same removal, long before the check: the person is back, and may read.
    assert_eq!(watch(&feed, &gone, 1, 3), Attached::Live);
    assert_eq!(told(&gone), [2, 3]);
}

#[test]
fn what_was_deleted_is_not_told_again_from_memory() {
    let feed = Feed::new(ROOM, Rev(0));
    feed.take(&post(1));
    feed.take(&post(2));
    let edit = Edit {
        id: message_id(1),
        body: "better".to_owned(),
        edited_at: Timestamp(0),
    };
    feed.take(&event(3, EventKind::Edited { message: edit }));
    let reader = connection(1, user(2));
    assert_eq!(watch(&feed, &reader, 0, 3), Attached::Behind);
    assert_eq!(watch(&feed, &reader, 1, 3), Attached::Live);
    assert_eq!(told(&reader), [2, 3]);
}

#[test]
fn subscribers_of_the_same_name_share_one_frame() {
    let feed = Feed::new(ROOM, Rev(0));
    let (one, other) = (connection(1, user(2)), connection(2, user(3)));
    watch(&feed, &one, 0, 0);
    watch(&feed, &other, 0, 0);
    feed.take(&post(1));
    let frame = |connection: &Connection| {
        let mut frames = Vec::new();
        connection.outbound.take(1, &mut frames);
        frames[0].as_str().as_ptr()
    };
    assert_eq!(frame(&one), frame(&other));
}

#[test]
fn a_feed_without_listeners_is_idle() {
    let feed = Feed::new(ROOM, Rev(0));
    let reader = connection(1, user(2));
    watch(&feed, &reader, 0, 0);
    feed.listen(user(2));
    assert!(!feed.is_idle());
    feed.detach(1, "sub-0");
    feed.unlisten(user(2));
    assert!(feed.is_idle());
}

#[test]
fn posts_are_told_once_however_often_their_reader_is_brought_in() {
    let feed = Feed::new(ROOM, Rev(0));
    feed.take(&post(1));
    let reader = connection(1, user(2));
    for _ in 0..2 {
        let watcher = Watcher::new(&reader, &"q".into(), Rev(0));
        let attached = feed.attach(&address("q"), Wants::Posts, watcher, Rev(1));
        assert_eq!(attached, Attached::Live);
    }
    feed.take(&event(2, EventKind::Joined { user: user(3) }));
    feed.take(&post(3));
    assert_eq!(told(&reader), [1, 3]);
}

#[test]
fn what_came_before_an_event_of_an_unknown_kind_is_not_told_from_memory() {
    let feed = Feed::new(ROOM, Rev(0));
    let reader = connection(1, user(2));
    watch(&feed, &reader, 0, 0);
    for rev in 1..=2 {
        feed.take(&post(rev));
    }
    feed.take(&event(3, EventKind::Unknown));
    feed.take(&post(4));
    assert_eq!(told(&reader), [1, 2, 3, 4]);
    let late = connection(2, user(3));
    assert_eq!(watch(&feed, &late, 1, 4), Attached::Behind);
    assert_eq!(watch(&feed, &late, 2, 4), Attached::Live);
    assert_eq!(told(&late), [3, 4]);
}

#[test]
fn whoever_has_come_back_is_not_let_go_by_late_word_of_their_removal() {
    let feed = Feed::new(ROOM, Rev(0));
    feed.take(&post(1));
    // The others know by now that they were removed with 2 and came back with 3; so does the store.
    let (before, since) = (connection(1, user(2)), connection(2, user(2)));
    watch(&feed, &before, 1, 1);
    watch(&feed, &since, 3, 3);
    feed.take(&event(2, EventKind::Removed { user: user(2) }));
    feed.take(&event(3, EventKind::Joined { user: user(2) }));
    feed.take(&post(4));
    assert_eq!(told(&before), [0u64; 0]);
    assert_eq!(told(&since), [4]);
}
