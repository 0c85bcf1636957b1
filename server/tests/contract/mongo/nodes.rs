//! Several nodes on one database, and the network between them and it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use mongodb::bson::doc;
use protocol::wire::RoomKind;
use protocol::{OpId, Rev, RoomId, SessionId, UserId};
use server::store::*;
use uuid::Uuid;

use super::raw::{Raw, bin};
use super::{Database, POOL, node};
use crate::model::Model;
use crate::proxy::Proxy;
use crate::store::{World, post};

/// The beginning of the command that writes to the log: its name and its collection, in BSON.
const INSERT_INTO_LOG: &[u8] = b"insert\0\x04\0\0\0log\0";

/// The same of the command that seats a member.
const UPDATE_MEMBERS: &[u8] = b"update\0\x08\0\0\0members\0";

/// The same of the question for a room's document.
const FIND_ROOM: &[u8] = b"find\0\x06\0\0\0rooms\0";

/// A node whose way to the database can be cut.
pub(super) async fn behind(database: &Database) -> (Proxy, World) {
    let proxy = Proxy::to(&database.server()).await;
    let uri = database.uri_at(Some(proxy.address));
    let store = MongoStore::open(&uri, POOL).await.unwrap();
    (proxy, World::exact((Arc::new(store), Box::new(()))))
}

/// What one of the racers does; `number` makes it differ from the others.
fn change(number: u128, messages: &[protocol::MessageId], people: &[UserId]) -> Change {
    let message = messages[usize::try_from(number).unwrap() % messages.len()];
    match number % 9 {
        0 | 1 => post("another"),
        2 => Change::Edit {
            message,
            body: format!("text {number}"),
        },
        3 | 4 => Change::React {
            message,
            emoji: format!("e{}", number % 3),
            on: number % 4 < 2,
        },
        5 => Change::Join { user: people[2] },
        6 => Change::Remove { user: people[2] },
        7 => Change::Rename {
            name: format!("name {}", number % 2),
        },
        _ => Change::Delete { message },
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_race_one_room_leave_one_log() {
    let database = Database::new();
    let nodes = join_all([node(&database), node(&database), node(&database)]).await;
    let world = &nodes[0];
    let mut people = Vec::new();
    for name in ["mina", "juno", "hana"] {
        people.push(world.person(name).await);
    }
    let draft = world.room_draft(RoomKind::Group, people[0], &people[1..]);
    let room = draft.id;
    let created = world.event(world.store.create_room(draft).await.unwrap());
    let mut messages = Vec::new();
    let mut appends = HashMap::new();
    for person in people.iter().cycle().take(8) {
        let first = world.does(*person, post("first"));
        messages.push(
            world
                .event(world.append(room, first.clone()).await)
                .op
                .into(),
        );
        appends.insert(first.op, first);
    }

    let racers = nodes.iter().zip(0_u128..).map(|(node, racer)| {
        let (people, messages) = (&people, &messages);
        async move {
            let mut answers = Vec::new();
            for step in 0..60_u128 {
                let number = step * 3 + racer;
                let append = Append {
                    by: people[usize::try_from(number / 3 % 3).unwrap()],
                    op: OpId(Uuid::from_u128(number + (1 << 100))),
                    at: node.now(),
                    change: change(number * 7 / 3, messages, people),
                };
                answers.push((append.clone(), node.append(room, append).await));
            }
            answers
        }
    });
    let answers = join_all(racers)
        .await
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();

    let log = world.log(room).await;
    assert!(log.iter().map(|event| event.rev.0).eq(1..=log.len() as u64));
    for (append, answer) in &answers {
        let place = log.iter().find(|event| event.op == append.op);
        match answer {
            Ok(Appended::Written(event)) => assert_eq!(place.unwrap().rev, event.rev),
            other => assert_eq!(place, None, "{append:?} {other:?}"),
        }
    }
    // Done again in the order of the log, everything is permitted and comes to the same.
    appends.extend(answers.into_iter().map(|(append, _)| (append.op, append)));
    let mut model = Model::beginning(created, "Courtyard", &people);
    for event in &log[1..] {
        let answer = model.append(&appends[&event.op]);
        assert!(
            matches!(&answer, Ok(Appended::Written(again)) if again.rev == event.rev),
            "{event:?} {answer:?}"
        );
    }
    for node in &nodes {
        assert_eq!(node.log(room).await, model.reading());
        assert_eq!(node.all_messages(room).await, model.messages());
        let members = node.store.members(room, None, 9).await.unwrap();
        let members = members.iter().map(|member| (member.user.id, member.read));
        let expected = model.members.iter().map(|(user, read)| (*user, read.rev));
        assert!(members.eq(expected));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_direct_room_that_both_open_at_once_on_two_nodes_is_one() {
    let database = Database::new();
    let (here, there) = tokio::join!(node(&database), node(&database));
    for number in 0..8 {
        let mina = here.person(&format!("mina{number}")).await;
        let juno = here.person(&format!("juno{number}")).await;
        let mine = here.room_draft(RoomKind::Direct, mina, &[juno]);
        let hers = RoomDraft {
            by: juno,
            op: here.op(),
            ..mine.clone()
        };
        let room = mine.id;
        let (first, second) =
            tokio::join!(here.store.create_room(mine), there.store.create_room(hers));
        let made = [first.unwrap().unwrap(), second.unwrap().unwrap()];
        let written = made
            .iter()
            .filter(|made| matches!(made, Appended::Written(_)));
        assert_eq!(written.count(), 1, "{made:?}");
        assert_eq!(here.log(room).await.len(), 1);
        for (world, user) in [(&here, juno), (&there, mina)] {
            assert!(world.store.my_room(room, user).await.unwrap().is_some());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_and_a_token_are_taken_once_by_two_nodes() {
    let database = Database::new();
    let (here, there) = tokio::join!(node(&database), node(&database));
    let mina = here.person("mina").await;
    for number in 0..8_u8 {
        let name = format!("juno{number}");
        let (hers, theirs) = (here.user_draft(&name), here.user_draft(&name));
        let taken = tokio::join!(
            here.store.create_user(hers),
            there.store.create_user(theirs)
        );
        let mut taken = [taken.0.unwrap(), taken.1.unwrap()];
        taken.sort_by_key(Result::is_err);
        assert_eq!(taken, [Ok(()), Err(Refusal::NameTaken)]);

        let at = here.now();
        let session = SessionDraft {
            id: SessionId(here.uuid()),
            user: mina,
            verified: "hash of mina".into(),
            agent: "device".into(),
            token: [number; 32],
            at,
            ends_at: at.plus(Duration::from_secs(9_999)),
        };
        assert!(here.store.open_session(session).await.unwrap());
        let spend = |next: u8| Rotation {
            spent: [number; 32],
            next: [next; 32],
            at,
            idle: Duration::from_secs(999),
            grace: Duration::from_secs(20),
        };
        let spent = tokio::join!(
            here.store.rotate(spend(100 + number)),
            there.store.rotate(spend(200 + number))
        );
        let spent = [spent.0.unwrap(), spent.1.unwrap()];
        let fresh = spent
            .iter()
            .filter(|spent| matches!(spent, Rotated::Fresh(_)));
        let parallel = spent
            .iter()
            .filter(|spent| matches!(spent, Rotated::Parallel(_)));
        assert_eq!((fresh.count(), parallel.count()), (1, 1), "{spent:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_a_member_is_read_after_the_room_is_known_to_be_up_to_date() {
    let database = Database::new();
    let (proxy, world) = behind(&database).await;
    let raw = Raw::of(&database).await;
    let (room, mina) = group(&world).await;
    let juno = world.person("juno").await;
    world.change(room, mina, Change::Join { user: juno }).await;
    world
        .change(room, mina, Change::Remove { user: juno })
        .await;
    // As a new primary answers that does not know yet how much of what it has is confirmed.
    let seats = raw.all("members");
    let hers = doc! { "_id.user": bin(juno.0) };
    let here = |here: bool| doc! { "$set": { "here": here } };
    seats.update_one(hers.clone(), here(true)).await.unwrap();
    proxy.hold(FIND_ROOM);
    let posts = world.append(room, world.does(juno, post("still here")));
    let confirms = async {
        proxy.holds().await;
        // What was asked together with the room has its answer when this has.
        world.store.ready().await.unwrap();
        seats.update_one(hers, here(false)).await.unwrap();
        proxy.release();
    };
    let (posted, ()) = tokio::join!(posts, confirms);
    assert_eq!(posted, Err(Refusal::NotMember));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_dies_without_a_word_keeps_nobody_from_the_room() {
    let database = Database::new();
    let (proxy, world) = behind(&database).await;
    let (room, mina) = group(&world).await;
    proxy.hold(INSERT_INTO_LOG);
    let first = world.does(mina, post("first"));
    let answer = world.store.append(room, vec![first.clone()]).await;
    assert!(
        matches!(answer, Err(StoreError::Unavailable(_))),
        "{answer:?}"
    );
    world.post(room, mina, "second").await;
    let again = world.event(world.append(room, first).await);
    assert_eq!(again.rev, Rev(3));
    // What arrives after all finds that it is too late.
    proxy.release();
    world.store.close().await.unwrap();
    assert_eq!(node(&database).await.log(room).await.len(), 3);
}

async fn group(world: &World) -> (RoomId, UserId) {
    let mina = world.person("mina").await;
    (world.group(mina, &[]).await, mina)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_lost_is_found_in_the_log() {
    let database = Database::new();
    let (proxy, world) = behind(&database).await;
    let (room, mina) = group(&world).await;
    proxy.lose_answer_to(INSERT_INTO_LOG);
    let batch = ["one", "two"]
        .map(|body| world.does(mina, post(body)))
        .to_vec();
    let answers = world.store.append(room, batch).await.unwrap();
    assert!(proxy.has_lost());
    let log = world.log(room).await;
    assert_eq!(log.len(), 3);
    // They were written by this very call, and the caller is told so.
    let events = log[1..].iter().cloned();
    let expected = events
        .map(|event| Ok(Appended::Written(event)))
        .collect::<Vec<_>>();
    assert_eq!(answers, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_follows_from_an_event_is_written_again_when_its_confirmation_is_lost() {
    let database = Database::new();
    let (proxy, world) = behind(&database).await;
    let other = node(&database).await;
    let (room, mina) = group(&world).await;
    let juno = world.person("juno").await;
    proxy.lose_answer_to(UPDATE_MEMBERS);
    let joined = world.change(room, mina, Change::Join { user: juno }).await;
    assert!(proxy.has_lost());
    assert_eq!(joined.rev, Rev(2));
    assert!(other.store.is_member(room, juno).await.unwrap());
    world.post(room, juno, "hello").await;
    assert_eq!(other.log(room).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_applies_again_what_is_not_known_to_be_applied() {
    let database = Database::new();
    let (proxy, world) = behind(&database).await;
    let raw = Raw::of(&database).await;
    let (room, mina) = group(&world).await;
    let juno = world.person("juno").await;
    let joined = doc! { "kind": "joined", "user": bin(juno.0) };
    raw.line(room, mina, world.op(), joined).await;
    proxy.lose_answer_to(UPDATE_MEMBERS);
    assert_eq!(world.log(room).await.len(), 2);
    assert!(proxy.has_lost());
    assert_eq!(world.store.room(room).await.unwrap().unwrap().members, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_with_other_nodes_in_between_is_told_apart() {
    let database = Database::new();
    let (proxy, world) = behind(&database).await;
    let other = node(&database).await;
    let (room, mina) = group(&world).await;
    for _ in 0..5 {
        proxy.lose_answer_to(INSERT_INTO_LOG);
        let batch = (0..3)
            .map(|_| world.does(mina, post("here")))
            .collect::<Vec<_>>();
        let elsewhere = (0..3)
            .map(|_| world.does(mina, post("there")))
            .collect::<Vec<_>>();
        let (here, there) = tokio::join!(
            world.store.append(room, batch),
            other.store.append(room, elsewhere)
        );
        for answer in here.unwrap().into_iter().chain(there.unwrap()) {
            assert!(matches!(answer, Ok(Appended::Written(_))), "{answer:?}");
        }
        assert!(proxy.has_lost());
    }
    let log = other.log(room).await;
    assert!(log.iter().map(|event| event.rev.0).eq(1..=31));
    assert_eq!(world.log(room).await, log);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_cut_off_says_so_and_goes_on_when_it_is_not() {
    let database = Database::new();
    let (proxy, world) = behind(&database).await;
    let other = node(&database).await;
    let (room, mina) = group(&world).await;
    proxy.cut();
    let lost = world.does(mina, post("later"));
    let answer = world.store.append(room, vec![lost.clone()]).await;
    assert!(
        matches!(answer, Err(StoreError::Unavailable(_))),
        "{answer:?}"
    );
    assert!(matches!(
        world.store.ready().await,
        Err(StoreError::Unavailable(_))
    ));
    other.post(room, mina, "meanwhile").await;
    proxy.mend();
    let event = world.event(world.append(room, lost).await);
    assert_eq!(event.rev, Rev(3));
    world.store.ready().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_stalled_server_is_done_even_if_nobody_waits_any_more() {
    let database = Database::new();
    let (proxy, world) = behind(&database).await;
    let other = node(&database).await;
    let (room, mina) = group(&world).await;
    proxy.stall();
    let append = world.does(mina, post("patient"));
    tokio::select! {
        biased;
        _ = world.store.append(room, vec![append.clone()]) => panic!("nothing passes"),
        () = std::future::ready(()) => {}
    }
    proxy.mend();
    // Closing waits for what is under way.
    world.store.close().await.unwrap();
    let again = other.append(room, append).await.unwrap();
    assert!(matches!(again, Appended::Repeated(event) if event.rev == Rev(2)));
    assert_eq!(other.log(room).await.len(), 2);
}
