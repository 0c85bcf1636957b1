//! What is the own of `GridFS`: chunks, what is left of what was not finished, two nodes with one content.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc};
use server::files::{Files, GridFiles};
use server::store::{MongoStore, Upkeep};

use super::Database;
use crate::files::put;

pub async fn fresh() -> (GridFiles, (MongoStore, Database)) {
    let database = Database::new();
    let store = database.open().await;
    (GridFiles::open(&store).await.unwrap(), (store, database))
}

async fn count(database: &Database, collection: &str) -> u64 {
    let raw = database.raw().await;
    raw.collection::<Document>(collection)
        .count_documents(doc! {})
        .await
        .unwrap()
}

async fn counts(database: &Database) -> [u64; 3] {
    [
        count(database, "fs.files").await,
        count(database, "fs.chunks").await,
        count(database, "fs.notes").await,
    ]
}

#[tokio::test]
async fn a_dropped_file_leaves_nothing_behind() {
    let (files, (store, database)) = fresh().await;
    let mut incoming = files.begin(1 << 20).await.unwrap();
    incoming.write(Bytes::from(vec![7; 600_000])).await.unwrap();
    assert_eq!(counts(&database).await, [0, 2, 1]);
    drop(incoming);
    // Closing waits for what is under way.
    store.close().await.unwrap();
    assert_eq!(counts(&database).await, [0, 0, 0]);
}

#[tokio::test]
async fn the_same_content_from_two_nodes_is_kept_once() {
    let (files, (store, database)) = fresh().await;
    let other = database.open().await;
    let others = GridFiles::open(&other).await.unwrap();
    let content = vec![7; 600_000];
    let chunks = [content.as_slice()];
    let (first, second) = tokio::join!(put(&files, &chunks), put(&others, &chunks));
    let ((digest, size), second) = (first.unwrap(), second.unwrap());
    assert_eq!((digest, size), second);
    store.close().await.unwrap();
    assert_eq!(counts(&database).await, [1, 3, 0]);
    let whole = others.read(digest, 0, usize::MAX).await.unwrap().unwrap();
    assert_eq!(whole, content);
    let part = others.read(digest, 261_119, 3).await.unwrap().unwrap();
    assert_eq!(part, content[..3]);
}

#[tokio::test]
async fn what_a_crash_left_is_removed_once_it_is_old() {
    let (files, (_store, database)) = fresh().await;
    put(&files, &[b"kept"]).await.unwrap();
    let raw = database.raw().await;
    let days_ago = SystemTime::now() - Duration::from_secs(2 * 86_400);
    let seconds = days_ago
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let old = ObjectId::from_parts(u32::try_from(seconds).unwrap(), [1; 5], [1; 3]);
    for file in [old, ObjectId::new()] {
        let note = doc! { "_id": file, "leaving": false };
        raw.collection("fs.notes").insert_one(note).await.unwrap();
        let chunk = doc! { "files_id": file, "n": 0 };
        raw.collection("fs.chunks").insert_one(chunk).await.unwrap();
    }
    files.tidy().await.unwrap();
    // The younger one may still be on its way.
    assert_eq!(counts(&database).await, [1, 2, 1]);
}

#[tokio::test]
async fn a_removal_that_was_interrupted_is_finished_later() {
    let (files, (_store, database)) = fresh().await;
    let (digest, _) = put(&files, &[b"unwanted"]).await.unwrap();
    let raw = database.raw().await;
    let file = raw
        .collection::<Document>("fs.files")
        .find_one(doc! {})
        .await
        .unwrap()
        .unwrap();
    let note = doc! { "_id": file.get_object_id("_id").unwrap(), "leaving": true };
    raw.collection("fs.notes").insert_one(note).await.unwrap();
    files.tidy().await.unwrap();
    assert_eq!(files.read(digest, 0, 9).await.unwrap(), None);
    assert_eq!(counts(&database).await, [0, 0, 0]);
}

#[tokio::test]
async fn content_that_comes_again_while_it_is_removed_stays() {
    let (files, (_store, database)) = fresh().await;
    let (digest, _) = put(&files, &[b"wanted after all"]).await.unwrap();
    let raw = database.raw().await;
    let kept = raw.collection::<Document>("fs.files");
    let old = kept.find_one(doc! {}).await.unwrap().unwrap();
    let note = doc! { "_id": old.get_object_id("_id").unwrap(), "leaving": true };
    raw.collection("fs.notes").insert_one(note).await.unwrap();
    put(&files, &[b"wanted after all"]).await.unwrap();
    files.tidy().await.unwrap();
    let whole = files.read(digest, 0, 99).await.unwrap().unwrap();
    assert_eq!(whole, b"wanted after all"[..]);
    assert_eq!(counts(&database).await, [1, 1, 0]);
}

#[tokio::test]
async fn content_that_was_altered_is_not_handed_out() {
    let (files, (_store, database)) = fresh().await;
    let (digest, _) = put(&files, &[b"genuine"]).await.unwrap();
    let chunks = database.raw().await.collection::<Document>("fs.chunks");
    let forged = mongodb::bson::Binary {
        subtype: mongodb::bson::spec::BinarySubtype::Generic,
        bytes: b"forged!".to_vec(),
    };
    let forgery = doc! { "$set": { "data": forged } };
    chunks.update_one(doc! {}, forgery).await.unwrap();
    let read = files.read(digest, 0, 99).await;
    assert!(matches!(read, Err(server::files::FilesError::Corrupt(_))));
}
