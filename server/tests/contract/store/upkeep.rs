//! What the operator's side relies on.

use std::time::Duration;

use server::store::*;

use super::World;
use super::sessions::{IDLE, open};

pub async fn a_store_is_ready_until_it_is_closed(world: &World) {
    let mina = world.person("mina").await;
    world.store.ready().await.unwrap();
    world.store.close().await.unwrap();
    let closed = |answer| matches!(answer, Err(StoreError::Unavailable(_)));
    assert!(closed(world.store.ready().await));
    assert!(closed(world.store.account(mina).await.map(drop)));
    assert!(closed(world.store.close_account(mina).await));
    world.store.close().await.unwrap();
}

pub async fn what_has_run_out_is_forgotten(world: &World) {
    let mina = world.person("mina").await;
    let session = open(world, mina, 1).await;
    let lifetime = session.ends_at.since(session.at);
    world.store.tidy(session.ends_at, lifetime).await.unwrap();
    assert_eq!(world.store.session(session.id).await.unwrap(), None);
    let session = open(world, mina, 2).await;
    let unused = session.at.plus(IDLE);
    world.store.tidy(unused, IDLE).await.unwrap();
    assert!(world.store.session(session.id).await.unwrap().is_some());
    let unused = unused.plus(Duration::from_millis(1));
    world.store.tidy(unused, IDLE).await.unwrap();
    assert_eq!(world.store.session(session.id).await.unwrap(), None);
    assert!(world.store.sessions_of(mina).await.unwrap().is_empty());
}
