//! What is to be gone is gone, whatever dies in the middle and whatever comes late.

use std::time::Duration;

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, doc};
use protocol::{MessageId, Rev};
use server::store::*;

use super::raw::{Raw, bin, posted};
use super::{Database, node};
use crate::store::sessions::IDLE;
use crate::store::{delete, edit, post, react};

#[tokio::test]
async fn a_deletion_that_was_interrupted_is_finished_by_another_node() {
    let database = Database::new();
    let world = node(&database).await;
    let raw = Raw::of(&database).await;
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.direct(mina, juno).await;
    let batch = (0..2_500)
        .map(|n| world.does(mina, post(&n.to_string())))
        .collect::<Vec<_>>();
    let first = batch[0].clone();
    world.store.append(room, batch).await.unwrap();
    let message = world.message(room, MessageId::from(first.op)).await;
    world.change(room, juno, react(&message, "👍", true)).await;
    // When this is acknowledged, all before it is at rest.
    world.change(room, mina, edit(&message, "edited")).await;
    // The first step, and nothing after it.
    let key = raw.room(room).await.get("_id").cloned();
    let hidden = doc! { "$set": { "room": key, "gone": DateTime::from_millis(0) } };
    raw.change_room(room, hidden).await;

    let other = node(&database).await;
    assert!(other.log(room).await.is_empty());
    assert!(other.store.rooms_of(mina).await.unwrap().is_empty());
    assert!(other.store.messages_by(mina, 9).await.unwrap().is_empty());
    assert_eq!(other.direct(juno, mina).await, room);
    // An operation of then is a new one now.
    assert_eq!(other.event(other.append(room, first).await).rev, Rev(2));

    let now = world.now();
    other.store.tidy(now, IDLE).await.unwrap();
    assert_eq!(raw.count("log").await, 2);
    assert_eq!(
        (raw.count("members").await, raw.count("reactions").await),
        (2, 0)
    );
    assert_eq!(raw.count("rooms").await, 2);
    other
        .store
        .tidy(now.plus(Duration::from_secs(90_000)), IDLE)
        .await
        .unwrap();
    assert_eq!(raw.count("rooms").await, 1);
    assert_eq!(other.log(room).await.len(), 2);
}

#[tokio::test]
async fn what_comes_late_into_a_deleted_room_is_removed() {
    let database = Database::new();
    let world = node(&database).await;
    let raw = Raw::of(&database).await;
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let key = raw.room(room).await.get("_id").cloned();
    world.store.delete_room(room).await.unwrap();
    let op = world.op();
    let mut late = posted(mina, op, "late secret");
    late.extend(doc! {
        "_id": ObjectId::new(), "room": key, "rev": 2_i64, "posted": 1_i64, "changed": 2_i64,
        "at": DateTime::from_millis(0), "by": bin(mina.0),
        "op": { "id": bin(op.0), "by": bin(mina.0) },
    });
    raw.all("log").insert_one(late.clone()).await.unwrap();
    assert!(world.store.messages_by(mina, 1).await.unwrap().is_empty());
    raw.all("log").insert_one(late.clone()).await.unwrap();
    world.store.tidy(world.now(), IDLE).await.unwrap();
    assert!(!raw.everything().await.contains("late secret"));

    // Its op is in nobody's way.
    raw.all("log").insert_one(late).await.unwrap();
    let other = world.group(mina, &[]).await;
    let append = Append {
        op,
        ..world.does(mina, post("anew"))
    };
    assert_eq!(world.event(world.append(other, append).await).rev, Rev(2));
}

#[tokio::test]
async fn what_comes_late_from_an_erased_account_is_erased_too() {
    let database = Database::new();
    let world = node(&database).await;
    let raw = Raw::of(&database).await;
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.direct(mina, juno).await;
    world.store.close_account(mina).await.unwrap();
    world.store.finish_closing(mina).await.unwrap();
    assert!(world.store.closing_accounts().await.unwrap().is_empty());
    let op = world.op();
    raw.line(room, mina, op, posted(mina, op, "late secret"))
        .await;

    let now = world.now();
    world.store.tidy(now, IDLE).await.unwrap();
    assert_eq!(world.store.closing_accounts().await.unwrap(), [mina]);
    let found = world.store.messages_by(mina, 9).await.unwrap();
    assert_eq!(found, [(room, MessageId::from(op))]);
    let message = world.message(room, op.into()).await;
    world.change(room, mina, delete(&message)).await;
    world.store.finish_closing(mina).await.unwrap();
    assert!(!raw.everything().await.contains("late secret"));
    for later in [now, now.plus(Duration::from_secs(90_000))] {
        world.store.tidy(later, IDLE).await.unwrap();
        assert!(world.store.closing_accounts().await.unwrap().is_empty());
    }
    let watched = doc! { "watched": { "$exists": true } };
    assert_eq!(raw.all("users").count_documents(watched).await.unwrap(), 0);
}

#[tokio::test]
async fn what_was_erased_is_not_in_the_database_any_more() {
    let database = Database::new();
    let world = node(&database).await;
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let other = world.group(mina, &[]).await;
    let message = world.post(room, mina, "first-secret").await;
    world
        .change(room, mina, edit(&message, "second-secret"))
        .await;
    world
        .change(room, mina, edit(&message, "third-secret"))
        .await;
    world.change(room, mina, delete(&message)).await;
    world.post(other, mina, "fourth-secret").await;
    let kept = world.post(room, mina, "kept-in-sight").await;
    world.store.delete_room(other).await.unwrap();
    world.store.close_account(mina).await.unwrap();

    let everything = Raw::of(&database).await.everything().await;
    assert!(everything.contains(&kept.body));
    for gone in ["secret", "hash of mina"] {
        assert!(!everything.contains(gone), "{gone} is still there");
    }
}
