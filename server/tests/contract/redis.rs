//! Presence and quota on a real Redis, and what is Redis' own: being away, and coming back.
//!
//! `MADANG_TEST_REDIS` is its address.

mod faults;

use std::sync::Arc;
use std::time::Duration;

use server::presence::{Presence, RedisOptions, RedisPresence};
use server::quota::Quota;
use uuid::Uuid;

use crate::quota::{take, three};
use crate::wrap::unreliable_presence;

crate::presence::suite!(presence, async || make(options()).await
    as Arc<dyn Presence>);
crate::presence::suite!(presence_that_fails, async || {
    unreliable_presence(make(options()).await)
});
crate::presence::nodes_suite!(nodes, || {
    let options = options();
    move || {
        let options = options.clone();
        async { make(options).await as Arc<dyn Presence> }
    }
});
crate::quota::suite!(quota, async || make(options()).await as Arc<dyn Quota>);

/// A prefix of its own for each test, and a death that is noticed in seconds.
fn options() -> RedisOptions {
    let url = std::env::var("MADANG_TEST_REDIS").unwrap_or_else(|_| {
        panic!("MADANG_TEST_REDIS is not set. Name a Redis in it, as redis://127.0.0.1:6379, or leave these tests out with --skip redis.")
    });
    RedisOptions {
        prefix: format!("madang-test-{}:", Uuid::new_v4().simple()),
        expiry: Duration::from_secs(2),
        ..RedisOptions::new(url)
    }
}

async fn make(options: RedisOptions) -> Arc<RedisPresence> {
    Arc::new(RedisPresence::start(options).await.unwrap())
}

#[tokio::test]
async fn what_is_taken_on_one_node_is_missing_on_the_other() {
    let options = options();
    let (one, two) = (make(options.clone()).await, make(options).await);
    let limit = three("a");
    take(&*one, limit, "mina").await.unwrap();
    take(&*two, limit, "mina").await.unwrap();
    take(&*one, limit, "mina").await.unwrap();
    take(&*two, limit, "mina").await.unwrap_err();
    two.give_back(limit, "mina").await;
    take(&*one, limit, "mina").await.unwrap();
}

#[tokio::test]
async fn what_nodes_let_pass_by_themselves_is_added_up() {
    let options = options();
    let (one, two) = (make(options.clone()).await, make(options).await);
    let limit = three("a");
    let passed = |mina, jun| vec![(String::from("mina"), mina), (String::from("jun"), jun)];
    let minutes = |ahead: Option<Vec<Duration>>| {
        let ahead = ahead.unwrap().into_iter();
        // A little of it is earned back while the test runs.
        ahead
            .map(|ahead| (ahead.as_secs_f64() / 60.0).ceil())
            .collect::<Vec<f64>>()
    };
    let first = one.share(limit, &passed(1, 0)).await;
    assert_eq!(minutes(first), [1.0, 0.0]);
    let second = two.share(limit, &passed(1, 1)).await;
    assert_eq!(minutes(second), [2.0, 1.0]);
    // Never further than what a burst takes.
    let third = one.share(limit, &passed(9, 0)).await;
    assert_eq!(minutes(third), [3.0, 1.0]);
}

#[tokio::test]
async fn houses_with_prefixes_of_their_own_do_not_hear_each_other() {
    let (one, two) = (make(options()).await, make(options()).await);
    let mut notices = one.listen();
    one.arrive(crate::presence::socket(1, 7));
    crate::presence::hear(&mut notices, &crate::presence::presence(7, true)).await;
    let asked = [crate::presence::person(7)];
    assert_eq!(two.online(&asked).await, Some(Vec::new()));
}
