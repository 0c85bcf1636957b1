//! The order of my rooms and what is unread in them.

use super::*;
use crate::state::sample::*;

fn ids(list: &RoomList) -> Vec<u128> {
    list.iter().map(|room| room.id.0.as_u128()).collect()
}

fn list() -> RoomList {
    RoomList::new(vec![room(100, 5, 3), room(200, 9, 9)])
}

#[test]
fn rooms_are_ordered_by_their_last_activity_and_then_by_id() {
    let list = RoomList::new(vec![room(3, 5, 5), room(1, 5, 5), room(2, 9, 9)]);
    assert_eq!(ids(&list), [2, 1, 3]);
}

#[test]
fn a_message_moves_its_room_to_the_top_and_counts_as_unread() {
    let mut list = list();
    list.apply(ME, &posted(10));
    assert_eq!(ids(&list), [100, 200]);
    let room = list.get(ROOM).unwrap();
    assert_eq!((room.head, room.unread), (Rev(10), 7));
    assert_eq!(room.last_message, Some(message(10)));
    assert_eq!(list.unread(), 7);
}

#[test]
fn an_edit_changes_the_preview_and_not_the_order() {
    let mut list = list();
    list.apply(ME, &edited(6, 5, "new"));
    assert_eq!(ids(&list), [200, 100]);
    let body = |list: &RoomList| list.get(ROOM).unwrap().last_message.clone().unwrap().body;
    assert_eq!(body(&list), "new");
    list.apply(ME, &edited(7, 4, "not the last"));
    assert_eq!(body(&list), "new");
    list.apply(ME, &deleted(8, 5));
    assert_eq!(body(&list), "");
}

#[test]
fn my_own_message_is_read_and_so_is_what_came_before_it() {
    let mut list = list();
    list.apply(ME, &posted_by_me(6));
    assert_eq!(list.get(ROOM).unwrap().unread, 0);
    assert_eq!(list.get(ROOM).unwrap().read, Rev(6));
}

#[test]
fn reading_moves_forward_only() {
    let mut list = list();
    list.read(ROOM, Rev(5), 5);
    assert_eq!(list.unread(), 0);
    list.read(ROOM, Rev(2), 2);
    assert_eq!(list.get(ROOM).unwrap().read, Rev(5));
    assert_eq!(list.unread(), 0);
}

#[test]
fn reading_to_the_head_leaves_nothing_unread_whatever_was_counted() {
    let mut list = list();
    list.read(ROOM, Rev(5), 0);
    assert_eq!(list.unread(), 0);
}

#[test]
fn an_older_word_never_undoes_a_newer_one() {
    let mut list = list();
    list.apply(ME, &posted(6));
    list.read(ROOM, Rev(6), 6);
    list.put(room(100, 5, 4));
    let known = list.get(ROOM).unwrap();
    assert_eq!((known.head, known.read, known.unread), (Rev(6), Rev(6), 0));
    list.apply(ME, &posted(5));
    assert_eq!(list.get(ROOM).unwrap().head, Rev(6));
    // Read on another device: the room is an older word, the reading a newer one.
    list.apply(ME, &posted(9));
    list.put(room(100, 8, 7));
    let known = list.get(ROOM).unwrap();
    assert_eq!((known.head, known.read, known.unread), (Rev(9), Rev(7), 2));
}

#[test]
fn a_newer_word_brings_everything_but_an_older_reading() {
    let mut list = list();
    list.read(ROOM, Rev(5), 5);
    list.put(Room {
        name: "renamed".to_owned(),
        ..room(100, 7, 3)
    });
    let known = list.get(ROOM).unwrap();
    assert_eq!(known.name, "renamed");
    assert_eq!((known.read, known.unread), (Rev(5), 2));
}

#[test]
fn members_come_and_go_and_my_own_going_takes_the_room_away() {
    let mut list = list();
    list.apply(ME, &event(6, OTHER, EventKind::Joined { user: OTHER }));
    assert_eq!(list.get(ROOM).unwrap().members, 3);
    list.apply(ME, &event(7, OTHER, EventKind::Left { user: OTHER }));
    assert_eq!(list.get(ROOM).unwrap().members, 2);
    list.apply(ME, &event(8, OTHER, EventKind::Removed { user: ME }));
    assert!(list.get(ROOM).is_none());
    list.put(room(100, 9, 9));
    list.gone(ROOM);
    assert_eq!(ids(&list), [200]);
}

#[test]
fn a_direct_room_keeps_the_name_of_the_other_person() {
    let name = "new".to_owned();
    let renamed = event(6, OTHER, EventKind::Renamed { name });
    let mut list = list();
    list.apply(ME, &renamed);
    assert_eq!(list.get(ROOM).unwrap().name, "new");
    let mut list = RoomList::new(vec![Room {
        kind: RoomKind::Direct,
        ..room(100, 5, 5)
    }]);
    list.apply(ME, &renamed);
    assert_eq!(list.get(ROOM).unwrap().name, "room");
}

#[test]
fn an_event_of_an_unknown_room_changes_nothing() {
    let mut list = RoomList::new(vec![room(200, 9, 9)]);
    list.apply(ME, &posted(10));
    list.read(ROOM, Rev(10), 10);
    assert_eq!(ids(&list), [200]);
}
