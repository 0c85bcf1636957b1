//! What every adapter of the port `Bus` must do, alone or with others.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::FutureExt;
use futures::future::select_all;
use protocol::wire::{Event, EventKind};
use protocol::{OpId, Rev, RoomId, Timestamp, UserId};
use server::bus::{Bus, BusItem, Work};
use uuid::Uuid;

/// What a bus does by itself.
macro_rules! suite {
    ($name:ident, $make:expr) => {
        mod $name {
            use super::*;
            crate::bus::tests! { $make;
                publishing_never_waits,
                a_node_does_not_hear_itself,
                publishing_after_the_end_is_harmless,
                a_worker_is_given_each_rooms_events_in_order,
                several_workers_share_the_work,
                each_group_is_given_everything,
                what_a_worker_left_undone_goes_to_another,
                what_is_done_is_not_given_again,
            }
        }
    };
}

/// What nodes owe each other; `make` makes another node beside those that are there.
macro_rules! nodes_suite {
    ($name:ident, $make:expr) => {
        mod $name {
            use super::*;
            crate::bus::node_tests! { $make;
                the_others_hear_what_one_publishes_in_order,
                nodes_hear_each_other_and_not_themselves,
                a_node_that_comes_later_hears_what_comes_after,
                what_is_published_before_the_end_arrives,
                the_work_of_a_node_that_ends_goes_on_elsewhere,
            }
        }
    };
}

macro_rules! tests {
    ($make:expr; $($test:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $test() {
            crate::bus::$test(($make)().await).await;
        })+
    };
}

macro_rules! node_tests {
    ($make:expr; $($test:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $test() {
            let make = ($make)();
            crate::bus::$test(&[make().await, make().await, make().await]).await;
        })+
    };
}

pub(crate) use {node_tests, nodes_suite, suite, tests};

type Node = Arc<dyn Bus>;

pub fn event(room: u128, rev: u64) -> Arc<Event> {
    let user = UserId(Uuid::from_u128(2));
    Arc::new(Event {
        room: RoomId(Uuid::from_u128(room)),
        rev: Rev(rev),
        at: Timestamp(0),
        by: user,
        op: OpId(Uuid::from_u128(u128::from(rev))),
        posted: 0,
        kind: EventKind::Left { user },
    })
}

/// The events of several rooms, one after the other by turns.
pub fn by_turns(rooms: u128, revs: u64) -> Vec<Arc<Event>> {
    (1..=revs)
        .flat_map(|rev| (1..=rooms).map(move |room| event(room, rev)))
        .collect()
}

/// The revs of each room, in the order in which they came; repeats are left out, as whoever
/// listens does.
#[derive(Debug, Default, PartialEq)]
pub struct Heard(BTreeMap<RoomId, Vec<u64>>);

impl Heard {
    pub fn add(&mut self, event: &Event) {
        let revs = self.0.entry(event.room).or_default();
        if !revs.contains(&event.rev.0) {
            revs.push(event.rev.0);
        }
    }

    pub fn of(events: &[Arc<Event>]) -> Self {
        let mut heard = Self::default();
        events.iter().for_each(|event| heard.add(event));
        heard
    }
}

pub async fn hear(bus: &dyn Bus) -> Arc<Event> {
    loop {
        if let BusItem::Event(event) = bus.next().await {
            return event;
        }
    }
}

pub async fn hear_all(bus: &dyn Bus, expected: &[Arc<Event>]) {
    let expected = Heard::of(expected);
    let mut heard = Heard::default();
    while heard != expected {
        let event = hear(bus).await;
        heard.add(&event);
        let (room, revs) = (event.room, &heard.0[&event.room]);
        assert!(expected.0[&room].starts_with(revs), "{room}: {revs:?}");
    }
}

/// The next that any of them is given, and who it was.
async fn any(workers: &mut [Box<dyn Work>]) -> (usize, Arc<Event>) {
    let nexts = workers.iter_mut().map(|worker| worker.next().boxed());
    let (event, who, _) = select_all(nexts).await;
    (who, event)
}

async fn work_all(workers: &mut [Box<dyn Work>], expected: &[Arc<Event>]) {
    let expected = Heard::of(expected);
    let mut done = Heard::default();
    while done != expected {
        let (who, event) = any(workers).await;
        done.add(&event);
        let (room, revs) = (event.room, &done.0[&event.room]);
        assert!(expected.0[&room].starts_with(revs), "{room}: {revs:?}");
        workers[who].done(&event);
    }
}

pub async fn publishing_never_waits(bus: Node) {
    bus.ready().await.unwrap();
    let many = vec![event(1, 1); 10_000];
    for _ in 0..10 {
        bus.publish(&many);
    }
}

pub async fn a_node_does_not_hear_itself(bus: Node) {
    bus.publish(&[event(1, 1)]);
    let mut next = std::pin::pin!(bus.next());
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(next.as_mut().poll(&mut context), Poll::Pending));
}

pub async fn publishing_after_the_end_is_harmless(bus: Node) {
    bus.close().await;
    bus.publish(&[event(1, 1)]);
    bus.close().await;
}

pub async fn a_worker_is_given_each_rooms_events_in_order(bus: Node) {
    let mut worker = [bus.work("index").await.unwrap()];
    let events = by_turns(5, 20);
    bus.publish(&events);
    work_all(&mut worker, &events).await;
}

pub async fn several_workers_share_the_work(bus: Node) {
    let mut workers = [
        bus.work("index").await.unwrap(),
        bus.work("index").await.unwrap(),
    ];
    let events = by_turns(5, 20);
    bus.publish(&events);
    work_all(&mut workers, &events).await;
}

pub async fn each_group_is_given_everything(bus: Node) {
    let mut index = [bus.work("index").await.unwrap()];
    let mut push = [bus.work("push").await.unwrap()];
    let events = by_turns(2, 5);
    bus.publish(&events);
    work_all(&mut index, &events).await;
    work_all(&mut push, &events).await;
}

pub async fn what_a_worker_left_undone_goes_to_another(bus: Node) {
    let mut first = bus.work("index").await.unwrap();
    let events = by_turns(1, 3);
    bus.publish(&events);
    let given = first.next().await;
    assert_eq!(given, events[0]);
    let mut second = [bus.work("index").await.unwrap()];
    drop(first);
    work_all(&mut second, &events).await;
}

pub async fn what_is_done_is_not_given_again(bus: Node) {
    let mut first = bus.work("index").await.unwrap();
    let events = by_turns(1, 3);
    bus.publish(&events);
    for event in &events[..2] {
        assert_eq!(first.next().await, *event);
        first.done(event);
    }
    let mut second = bus.work("index").await.unwrap();
    drop(first);
    assert_eq!(second.next().await, events[2]);
}

pub async fn the_others_hear_what_one_publishes_in_order([one, others @ ..]: &[Node; 3]) {
    let events = by_turns(20, 50);
    one.publish(&events);
    for other in others {
        hear_all(&**other, &events).await;
    }
}

pub async fn nodes_hear_each_other_and_not_themselves([one, two, _]: &[Node; 3]) {
    one.publish(&[event(1, 1)]);
    assert_eq!(hear(&**two).await, event(1, 1));
    two.publish(&[event(1, 2)]);
    assert_eq!(hear(&**one).await, event(1, 2));
    one.publish(&[event(1, 3)]);
    assert_eq!(hear(&**two).await, event(1, 3));
}

pub async fn a_node_that_comes_later_hears_what_comes_after([one, two, _]: &[Node; 3]) {
    one.publish(&[event(1, 1)]);
    assert_eq!(hear(&**two).await, event(1, 1));
    one.publish(&[event(1, 2)]);
    assert_eq!(hear(&**two).await, event(1, 2));
}

pub async fn what_is_published_before_the_end_arrives([one, two, _]: &[Node; 3]) {
    let events = by_turns(3, 100);
    one.publish(&events);
    one.close().await;
    hear_all(&**two, &events).await;
}

pub async fn the_work_of_a_node_that_ends_goes_on_elsewhere([one, two, _]: &[Node; 3]) {
    let mut first = one.work("index").await.unwrap();
    let events = by_turns(4, 10);
    one.publish(&events);
    first.next().await;
    let mut second = [two.work("index").await.unwrap()];
    drop(first);
    work_all(&mut second, &events).await;
}
