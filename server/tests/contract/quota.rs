//! What every adapter of the port `Quota` must do, alone or with others.

use std::sync::Arc;
use std::time::Duration;

use protocol::Timestamp;
use server::quota::{Limit, Quota, Rate, Wait};

macro_rules! suite {
    ($name:ident, $make:expr) => {
        mod $name {
            use super::*;
            crate::quota::tests! { $make;
                so_many_are_taken_at_once_and_no_more,
                one_key_does_not_use_up_another,
                one_limit_does_not_use_up_another,
                being_refused_costs_nothing,
                what_is_given_back_can_be_taken_again,
                giving_back_what_was_never_taken_gains_nothing,
            }
        }
    };
}

macro_rules! tests {
    ($make:expr; $($test:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $test() {
            crate::quota::$test(($make)().await).await;
        })+
    };
}

pub(crate) use {suite, tests};

const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

/// So slow that nothing is earned back while a test runs.
pub fn three(name: &'static str) -> Limit {
    let rate = Rate::per_minute(3, 1);
    Limit { name, rate }
}

pub async fn take(quota: &dyn Quota, limit: Limit, key: &str) -> Result<(), Wait> {
    quota.take(limit, key, NOW).await
}

pub async fn so_many_are_taken_at_once_and_no_more(quota: Arc<dyn Quota>) {
    let limit = three("a");
    for _ in 0..3 {
        take(&*quota, limit, "mina").await.unwrap();
    }
    let Wait(wait) = take(&*quota, limit, "mina").await.unwrap_err();
    assert!(
        wait > Duration::ZERO && wait <= Duration::from_secs(60),
        "{wait:?}"
    );
}

pub async fn one_key_does_not_use_up_another(quota: Arc<dyn Quota>) {
    let limit = three("a");
    for key in ["mina", "jun"] {
        for _ in 0..3 {
            take(&*quota, limit, key).await.unwrap();
        }
    }
}

pub async fn one_limit_does_not_use_up_another(quota: Arc<dyn Quota>) {
    for limit in [three("a"), three("b")] {
        for _ in 0..3 {
            take(&*quota, limit, "mina").await.unwrap();
        }
    }
}

pub async fn being_refused_costs_nothing(quota: Arc<dyn Quota>) {
    let limit = three("a");
    for _ in 0..3 {
        take(&*quota, limit, "mina").await.unwrap();
    }
    for _ in 0..20 {
        take(&*quota, limit, "mina").await.unwrap_err();
    }
    quota.give_back(limit, "mina").await;
    take(&*quota, limit, "mina").await.unwrap();
}

pub async fn what_is_given_back_can_be_taken_again(quota: Arc<dyn Quota>) {
    let limit = three("a");
    for _ in 0..20 {
        take(&*quota, limit, "mina").await.unwrap();
        quota.give_back(limit, "mina").await;
    }
}

pub async fn giving_back_what_was_never_taken_gains_nothing(quota: Arc<dyn Quota>) {
    let limit = three("a");
    for _ in 0..5 {
        quota.give_back(limit, "mina").await;
    }
    for _ in 0..3 {
        take(&*quota, limit, "mina").await.unwrap();
    }
    take(&*quota, limit, "mina").await.unwrap_err();
}
