//! What a node finds when it comes to the database.

use mongodb::IndexModel;
use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;
use server::store::*;

use super::nodes::behind;
use super::{Database, POOL};
use crate::proxy::Proxy;

fn ways(bus: &str, presence: Option<&str>) -> Ways {
    Ways {
        bus: bus.into(),
        presence: presence.map(Into::into),
    }
}

async fn refusal(uri: &str) -> String {
    MongoStore::open(uri, POOL).await.err().unwrap().to_string()
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let database = Database::new();
    database.open().await.close().await.unwrap();
    let meta = database.raw().await.collection::<Document>("madang");
    let newer = doc! { "$set": { "version": 999_i64 } };
    meta.update_one(doc! { "_id": "schema" }, newer)
        .await
        .unwrap();
    let sentence = refusal(&database.uri()).await;
    assert!(
        sentence.contains("newer Madang") && sentence.contains("999"),
        "{sentence}"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let sentence = refusal("mongodb://somebody:secret@127.0.0.1:1/madang").await;
    assert!(
        sentence.contains("127.0.0.1:1 does not answer")
            && sentence.contains("MADANG_MONGODB_URI")
            && !sentence.contains("secret"),
        "{sentence}"
    );
}

#[tokio::test]
async fn an_address_that_is_none_is_refused() {
    let sentence = refusal("localhost").await;
    assert!(
        sentence.contains("mongodb://user:password@host"),
        "{sentence}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn indexes_may_take_longer_to_make_than_any_call_may() {
    let (slow, database) = (Database::new(), Database::new());
    let proxy = Proxy::to(&slow.server()).await;
    proxy.hold(b"createIndexes");
    let uri = slow.uri_at(Some(proxy.address));
    let opening = tokio::spawn(async move { MongoStore::open(&uri, POOL).await.map(drop) });
    proxy.holds().await;
    // A call that begins only now has been given up when it answers.
    let (other, world) = behind(&database).await;
    other.hold(b"update\0\x07\0\0\0madang\0");
    assert!(world.store.ready().await.is_err());
    proxy.release();
    opening.await.unwrap().unwrap();
}

#[tokio::test]
async fn nodes_of_one_database_know_that_they_are_one_cluster() {
    let database = Database::new();
    let (first, second) = tokio::join!(database.open(), database.open());
    assert_eq!(first.cluster(), second.cluster());
    let other = Database::new();
    assert_ne!(first.cluster(), other.open().await.cluster());
}

#[tokio::test]
async fn a_node_that_does_not_see_whose_the_database_is_founds_no_cluster_of_its_own() {
    let database = Database::new();
    let meta = database.raw().await.collection::<Document>("madang");
    // The cluster's document is in the way of a second one, and cannot be read.
    let one = IndexOptions::builder().unique(true).build();
    let one = IndexModel::builder()
        .keys(doc! { "version": 1 })
        .options(one);
    meta.create_index(one.build()).await.unwrap();
    let hidden = doc! { "_id": "hidden", "version": null };
    meta.insert_one(hidden).await.unwrap();
    let sentence = refusal(&database.uri()).await;
    assert!(sentence.contains("not confirmed yet which"), "{sentence}");
}

#[tokio::test]
async fn all_nodes_sign_with_the_secret_of_the_first() {
    let database = Database::new();
    let (one, two) = (database.open().await, database.open().await);
    let (first, second) = tokio::join!(one.secret([1; 32]), two.secret([2; 32]));
    let secret = first.unwrap();
    assert_eq!(secret, second.unwrap());
    assert!([[1; 32], [2; 32]].contains(&secret));
    assert_eq!(database.open().await.secret([3; 32]).await.unwrap(), secret);
}

#[tokio::test]
async fn a_node_with_another_bus_or_another_redis_does_not_join() {
    let database = Database::new();
    let (one, two) = (database.open().await, database.open().await);
    let bus = || ways("events of this Kafka", Some("this Redis"));
    one.join("10.0.0.1:3000".into(), bus()).await.unwrap();
    two.join("10.0.0.2:3000".into(), bus()).await.unwrap();
    // One of an older version does not say which Redis it uses.
    let older = ways("events of this Kafka", None);
    two.admits(older).await.unwrap();
    let elsewhere = ways("events of this Kafka", Some("that Redis"));
    let refused = two.admits(elsewhere).await.unwrap_err().to_string();
    assert!(
        refused.contains("this Redis") && refused.contains("that Redis"),
        "{refused}"
    );
    let other = ways("events of that Kafka", Some("this Redis"));
    two.admits(bus()).await.unwrap();
    assert!(two.admits(other.clone()).await.is_err());
    let refused = two.join("10.0.0.3:3000".into(), other).await.unwrap_err();
    let sentence = refused.to_string();
    assert!(
        sentence.contains("in use by another cluster") && sentence.contains("10.0.0."),
        "{sentence}"
    );
    // Who was refused is in nobody's way.
    let nodes = database.raw().await.collection::<Document>("nodes");
    assert_eq!(nodes.count_documents(doc! {}).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_clusters_that_come_at_once_not_both_join() {
    for _ in 0..8 {
        let database = Database::new();
        let (one, two) = (database.open().await, database.open().await);
        let (first, second) = tokio::join!(
            one.join("10.0.0.1:3000".into(), ways("this Kafka", None)),
            two.join("10.0.0.2:3000".into(), ways("that Kafka", None))
        );
        assert!(first.is_err() || second.is_err());
    }
}
