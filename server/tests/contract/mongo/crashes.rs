//! What a node leaves that dies in the middle, made by hand, and what another node makes of it.

use mongodb::bson::{DateTime, doc};
use protocol::wire::{Event, EventKind, RoomKind};
use protocol::{Rev, RoomId, UserId};
use server::store::*;

use super::raw::{Raw, about, bin, posted};
use super::{Database, node};
use crate::store::{World, delete, edit, post, react};

/// Everything that can be read of a room.
#[derive(Debug, PartialEq)]
struct Reading {
    log: Vec<Event>,
    messages: Messages,
    heads: Vec<(RoomId, Head)>,
    record: Option<RoomRecord>,
    members: Vec<MemberRecord>,
    mine: Vec<(Vec<MyRoom>, Option<MyRoom>, bool)>,
}

impl Reading {
    async fn of(world: &World, room: RoomId, people: &[UserId]) -> Self {
        let store = &world.store;
        let mut mine = Vec::new();
        for user in people {
            mine.push((
                store.rooms_of(*user).await.unwrap(),
                store.my_room(room, *user).await.unwrap(),
                store.is_member(room, *user).await.unwrap(),
            ));
        }
        Self {
            log: world.log(room).await,
            messages: store.messages(room, Span::Latest, 99).await.unwrap(),
            heads: store.heads(&[room]).await.unwrap(),
            record: store.room(room).await.unwrap(),
            members: store.members(room, None, 99).await.unwrap(),
            mine,
        }
    }
}

#[tokio::test]
async fn whoever_reads_first_finishes_what_another_node_wrote() {
    let database = Database::new();
    let world = node(&database).await;
    let raw = Raw::of(&database).await;
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[]).await;
    let first = world.post(room, mina, "the old secret").await;
    let second = world.post(room, mina, "another secret").await;
    world.change(room, mina, react(&second, "👍", true)).await;

    let op = world.op();
    raw.line(room, mina, op, posted(mina, op, "posted")).await;
    let head = world.store.heads(&[room]).await.unwrap();
    assert_eq!((head[0].1.rev, head[0].1.posted), (Rev(5), 3));
    assert_eq!(world.unread(room, mina).await, 0);

    let mut line = about("edited", &first);
    line.insert("body", "the new text");
    line.insert("edited_at", DateTime::from_millis(1_795_000_900_000));
    raw.line(room, mina, world.op(), line).await;
    assert_eq!(world.message(room, first.id).await.body, "the new text");
    assert!(!raw.everything().await.contains("the old secret"));

    let mut line = about("reacted", &first);
    line.insert("emoji", "🎉");
    raw.line(room, mina, world.op(), line).await;
    assert_eq!(world.all_messages(room).await[0].reactions[0].emoji, "🎉");

    raw.line(room, mina, world.op(), about("deleted", &second))
        .await;
    assert!(
        !serde_json::to_string(&world.log(room).await)
            .unwrap()
            .contains("secret")
    );
    assert!(!raw.everything().await.contains("secret"));
    let gone = world.message(room, second.id).await;
    assert!(gone.deleted && gone.reactions.is_empty());

    raw.line(
        room,
        mina,
        world.op(),
        doc! { "kind": "joined", "user": bin(juno.0) },
    )
    .await;
    assert!(world.store.is_member(room, juno).await.unwrap());
    assert_eq!(world.store.rooms_of(juno).await.unwrap().len(), 1);

    raw.line(
        room,
        mina,
        world.op(),
        doc! { "kind": "renamed", "name": "Garden" },
    )
    .await;
    let record = world.store.room(room).await.unwrap().unwrap();
    assert_eq!(
        (record.name.as_deref(), record.members),
        (Some("Garden"), 2)
    );

    raw.line(
        room,
        juno,
        world.op(),
        doc! { "kind": "left", "user": bin(juno.0) },
    )
    .await;
    let members = world.store.members(room, None, 9).await.unwrap();
    assert_eq!(members.len(), 1);
    assert!(world.store.rooms_of(juno).await.unwrap().is_empty());
}

#[tokio::test]
async fn whoever_writes_next_goes_by_what_another_node_wrote() {
    let database = Database::new();
    let world = node(&database).await;
    let raw = Raw::of(&database).await;
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[juno]).await;
    let message = world.post(room, juno, "hello").await;

    let removed = doc! { "kind": "removed", "user": bin(juno.0) };
    raw.line(room, mina, world.op(), removed).await;
    assert_eq!(
        world.refused(room, juno, post("still here")).await,
        Refusal::NotMember
    );

    let again = world.does(juno, delete(&message));
    let joined = doc! { "kind": "joined", "user": bin(juno.0) };
    raw.line(room, mina, world.op(), joined).await;
    raw.line(room, juno, again.op, about("deleted", &message))
        .await;
    assert_eq!(
        world.refused(room, juno, edit(&message, "back")).await,
        Refusal::MessageDeleted
    );
    // The operation that was never answered is answered when it comes again.
    let answer = world.append(room, again).await;
    assert!(
        matches!(answer, Ok(Appended::Repeated(Event { rev: Rev(5), .. }))),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_line_of_an_unknown_kind_has_its_place_and_changes_nothing() {
    let database = Database::new();
    let world = node(&database).await;
    let raw = Raw::of(&database).await;
    let (mina, juno) = (world.person("mina").await, world.person("juno").await);
    let room = world.group(mina, &[juno]).await;
    let first = world.post(room, mina, "one").await;
    let before = world.log(room).await;
    let op = world.op();
    raw.line(room, mina, op, about("pinned", &first)).await;
    let other = world.op();
    raw.line(room, mina, other, posted(mina, other, "polled"))
        .await;
    // The line is not a post, though it has the parts of one.
    let polled = doc! { "op.id": bin(other.0) };
    let kind = doc! { "$set": { "kind": "polled" } };
    raw.all("log").update_one(polled, kind).await.unwrap();

    let second = world.post(room, juno, "two").await;
    assert_eq!(second.rev, Rev(5));
    let log = world.log(room).await;
    assert_eq!(log[..2], before);
    for (line, rev) in log[2..4].iter().zip(3..) {
        assert_eq!((line.rev, &line.kind), (Rev(rev), &EventKind::Unknown));
    }
    assert_eq!(log[3].posted, 2);
    assert_eq!(world.all_messages(room).await, [first, second]);
    assert_eq!(world.unread(room, mina).await, 2);
    let again = Append {
        op,
        ..world.does(mina, post("under the same id"))
    };
    assert_eq!(world.append(room, again).await, Err(Refusal::IdTaken));
}

#[tokio::test]
async fn all_that_follows_from_the_log_can_be_made_from_it_again() {
    let database = Database::new();
    let world = node(&database).await;
    let raw = Raw::of(&database).await;
    let mut people = Vec::new();
    for name in ["mina", "juno", "hana"] {
        people.push(world.person(name).await);
    }
    let [mina, juno, hana] = people[..] else {
        panic!()
    };
    let room = world.group(mina, &[juno]).await;
    let first = world.post(room, mina, "one").await;
    world.change(room, juno, react(&first, "👍", true)).await;
    world.change(room, juno, react(&first, "🎉", true)).await;
    world.change(room, juno, react(&first, "👍", false)).await;
    world.change(room, mina, Change::Join { user: hana }).await;
    let second = world.post(room, hana, "two").await;
    world.change(room, hana, edit(&second, "three")).await;
    world.change(room, mina, react(&second, "👍", true)).await;
    world.change(room, mina, delete(&first)).await;
    world
        .change(room, mina, Change::Remove { user: juno })
        .await;
    world
        .change(
            room,
            mina,
            Change::Rename {
                name: "Garden".into(),
            },
        )
        .await;
    let before = Reading::of(&world, room, &people).await;

    let key = raw.room(room).await.get("_id").cloned();
    let members = doc! { "_id.room": key };
    raw.all("members").delete_many(members).await.unwrap();
    raw.all("reactions").delete_many(doc! {}).await.unwrap();
    let bare = doc! {
        "$set": { "applied": 1_i64, "posted": 0_i64, "members": 2_i64, "name": "Courtyard" },
        "$unset": { "last": "" },
    };
    raw.change_room(room, bare).await;
    for (place, user) in [mina, juno].into_iter().enumerate() {
        let seat = (1 << 13) + i64::try_from(place).unwrap();
        let member = doc! {
            "_id": { "room": raw.room(room).await.get("_id"), "user": bin(user.0) },
            "here": true, "seat": seat, "opened": true, "changed": 1_i64,
            "read_rev": 1_i64, "read_posted": 0_i64,
        };
        raw.all("members").insert_one(member).await.unwrap();
    }

    let other = node(&database).await;
    assert_eq!(other.store.heads(&[room]).await.unwrap()[0].1.rev, Rev(12));
    assert_eq!(Reading::of(&other, room, &people).await, before);
}

#[tokio::test]
async fn of_many_rooms_those_that_are_behind_are_found() {
    let database = Database::new();
    let world = node(&database).await;
    let raw = Raw::of(&database).await;
    let mina = world.person("mina").await;
    let mut rooms = Vec::new();
    for _ in 0..120 {
        rooms.push(world.group(mina, &[]).await);
    }
    for room in rooms.iter().step_by(50) {
        let op = world.op();
        raw.line(*room, mina, op, posted(mina, op, "unapplied"))
            .await;
    }
    let heads = world.store.heads(&rooms).await.unwrap();
    let ahead = heads.iter().filter(|(_, head)| head.rev == Rev(2));
    let ahead = ahead.map(|(room, _)| *room).collect::<Vec<_>>();
    assert_eq!(ahead, [rooms[0], rooms[50], rooms[100]]);
    assert_eq!(heads.len(), rooms.len());
}

#[tokio::test]
async fn events_that_are_applied_once_more_change_nothing() {
    let database = Database::new();
    let world = node(&database).await;
    let raw = Raw::of(&database).await;
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[juno]).await;
    let message = world.post(room, mina, "one").await;
    world.change(room, mina, edit(&message, "two")).await;
    world.change(room, mina, react(&message, "👍", true)).await;
    world.change(room, juno, Change::Leave).await;
    world.change(room, mina, react(&message, "👍", false)).await;
    world.change(room, mina, Change::Join { user: juno }).await;
    world.change(room, mina, edit(&message, "three")).await;
    let before = Reading::of(&world, room, &[mina, juno]).await;

    // Whoever looks now applies everything once more.
    let then = doc! { "applied": 1_i64, "posted": 0_i64, "members": 2_i64 };
    raw.change_room(room, doc! { "$set": then }).await;
    assert_eq!(Reading::of(&world, room, &[mina, juno]).await, before);
}

#[tokio::test]
async fn a_room_that_was_half_made_is_no_room_until_somebody_makes_it() {
    let database = Database::new();
    let world = node(&database).await;
    let raw = Raw::of(&database).await;
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let draft = world.room_draft(RoomKind::Direct, mina, &[juno]);
    let room = draft.id;
    world.event(world.store.create_room(draft).await.unwrap());
    // Back to where the id was taken and the first event not written.
    let created = raw
        .all("log")
        .find_one_and_delete(doc! { "rev": 1 })
        .await
        .unwrap()
        .unwrap();
    raw.all("members").delete_many(doc! {}).await.unwrap();
    let unbegun = doc! {
        "applied": 0_i64,
        "members": 0_i64,
        "beginning": {
            "by": created.get("by"),
            "op": created.get_document("op").unwrap().get("id"),
            "members": created.get("members"),
        },
    };
    raw.change_room(room, doc! { "$set": unbegun }).await;

    assert_eq!(world.store.room(room).await.unwrap(), None);
    assert!(world.store.heads(&[room]).await.unwrap().is_empty());
    assert!(world.log(room).await.is_empty());
    assert_eq!(
        world.refused(room, mina, post("hello")).await,
        Refusal::NoSuchRoom
    );

    let hers = world.room_draft(RoomKind::Direct, juno, &[mina]);
    let made = world.store.create_room(hers).await.unwrap().unwrap();
    assert!(matches!(made, Appended::Repeated(event) if event.by == mina && event.rev == Rev(1)));
    world.post(room, juno, "hello").await;
    assert_eq!(world.unread(room, mina).await, 1);
}
