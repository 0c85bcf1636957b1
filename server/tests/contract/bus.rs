//! What every adapter of the port `Bus` must do, alone or with others.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use protocol::wire::{Event, EventKind};
use protocol::{OpId, Rev, RoomId, Timestamp, UserId};
use server::bus::Bus;
use uuid::Uuid;

macro_rules! suite {
    ($name:ident, $make:expr) => {
        mod $name {
            use super::*;
            crate::bus::tests! { $make;
                publishing_never_waits,
                a_node_does_not_hear_itself,
                publishing_after_the_end_is_harmless,
            }
        }
    };
}

macro_rules! tests {
    ($make:expr; $($test:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $test() {
            crate::bus::$test(($make)()).await;
        })+
    };
}

pub(crate) use {suite, tests};

fn event() -> Arc<Event> {
    Arc::new(Event {
        room: RoomId(Uuid::from_u128(1)),
        rev: Rev(1),
        at: Timestamp(0),
        by: UserId(Uuid::from_u128(2)),
        op: OpId(Uuid::from_u128(3)),
        posted: 0,
        kind: EventKind::Left {
            user: UserId(Uuid::from_u128(2)),
        },
    })
}

pub async fn publishing_never_waits(bus: Arc<dyn Bus>) {
    let many = vec![event(); 10_000];
    for _ in 0..10 {
        bus.publish(&many);
    }
    bus.ready().await.unwrap();
}

pub async fn a_node_does_not_hear_itself(bus: Arc<dyn Bus>) {
    bus.publish(&[event()]);
    let mut next = std::pin::pin!(bus.next());
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(next.as_mut().poll(&mut context), Poll::Pending));
}

pub async fn publishing_after_the_end_is_harmless(bus: Arc<dyn Bus>) {
    bus.close().await;
    bus.publish(&[event()]);
    bus.close().await;
}
