//! What every adapter of the port `Presence` must do, alone or with others.

use std::sync::Arc;

use protocol::wire::Signal;
use protocol::{RoomId, UserId};
use server::presence::{Connection, Notice, Presence};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;
use uuid::Uuid;

/// What one node does by itself.
macro_rules! suite {
    ($name:ident, $make:expr) => {
        mod $name {
            use super::*;
            crate::presence::tests! { $make;
                several_connections_are_one_presence,
                a_connection_counts_once,
                an_unknown_departure_is_nothing,
                only_those_who_are_here_are_online,
                everyone_hears_what_is_announced,
                an_announcement_needs_no_listener,
            }
        }
    };
}

/// What nodes owe each other; `make` makes another node beside those that are there.
macro_rules! nodes_suite {
    ($name:ident, $make:expr) => {
        mod $name {
            use super::*;
            crate::presence::node_tests! { $make;
                who_is_on_one_node_is_online_on_all,
                only_the_last_socket_of_all_nodes_is_the_end,
                the_others_hear_what_one_announces_in_order,
                a_node_that_ends_takes_its_people_along,
                the_people_of_a_node_that_died_go_offline,
                who_is_on_another_node_as_well_stays_when_one_dies,
                the_death_of_a_node_is_noticed,
            }
        }
    };
}

macro_rules! tests {
    ($make:expr; $($test:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $test() {
            crate::presence::$test(($make)().await).await;
        })+
    };
}

macro_rules! node_tests {
    ($make:expr; $($test:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $test() {
            let make = ($make)();
            crate::presence::$test(make().await, make().await).await;
        })+
    };
}

pub(crate) use {node_tests, nodes_suite, suite, tests};

type Node = Arc<dyn Presence>;

/// Waits for it among whatever else is said.
pub async fn hear(notices: &mut Receiver<Notice>, expected: &Notice) {
    while notices.recv().await.as_ref() != Ok(expected) {}
}

pub fn person(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

pub fn socket(id: u64, user: u128) -> Connection {
    Connection {
        id,
        user: person(user),
    }
}

pub fn presence(user: u128, online: bool) -> Notice {
    Notice::Presence {
        user: person(user),
        online,
    }
}

pub async fn several_connections_are_one_presence(here: Node) {
    let mut notices = here.listen();
    here.arrive(socket(1, 7));
    assert_eq!(notices.recv().await, Ok(presence(7, true)));
    here.arrive(socket(2, 7));
    here.depart(socket(1, 7));
    assert_eq!(here.online(&[person(7)]).await, Some(vec![person(7)]));
    assert_eq!(notices.try_recv(), Err(TryRecvError::Empty));
    here.depart(socket(2, 7));
    assert_eq!(notices.recv().await, Ok(presence(7, false)));
    assert_eq!(here.online(&[person(7)]).await, Some(Vec::new()));
}

pub async fn a_connection_counts_once(here: Node) {
    let mut notices = here.listen();
    here.arrive(socket(1, 7));
    here.arrive(socket(1, 7));
    assert_eq!(notices.recv().await, Ok(presence(7, true)));
    here.depart(socket(1, 7));
    assert_eq!(notices.recv().await, Ok(presence(7, false)));
}

pub async fn an_unknown_departure_is_nothing(here: Node) {
    let mut notices = here.listen();
    here.arrive(socket(1, 7));
    assert_eq!(notices.recv().await, Ok(presence(7, true)));
    here.depart(socket(2, 7));
    here.depart(socket(1, 8));
    assert_eq!(notices.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(here.online(&[person(7)]).await, Some(vec![person(7)]));
}

pub async fn only_those_who_are_here_are_online(here: Node) {
    here.arrive(socket(1, 7));
    here.arrive(socket(2, 9));
    let online = here.online(&[person(9), person(8), person(7)]).await;
    assert_eq!(online, Some(vec![person(9), person(7)]));
    here.ready().await.unwrap();
}

pub async fn everyone_hears_what_is_announced(here: Node) {
    let mut first = here.listen();
    let mut second = here.listen();
    let room = RoomId(Uuid::from_u128(1));
    let typing = Signal::Typing {
        user: person(7),
        on: true,
    };
    let said = [
        Notice::Room {
            room,
            signal: typing,
        },
        Notice::Side {
            user: person(7),
            room,
        },
        Notice::Erased { user: person(7) },
    ];
    for notice in &said {
        here.announce(notice.clone());
    }
    for notice in said {
        assert_eq!(first.recv().await.as_ref(), Ok(&notice));
        assert_eq!(second.recv().await, Ok(notice));
    }
}

pub async fn an_announcement_needs_no_listener(here: Node) {
    here.announce(presence(7, true));
    let mut late = here.listen();
    assert_eq!(late.try_recv(), Err(TryRecvError::Empty));
}

pub async fn who_is_on_one_node_is_online_on_all(one: Node, two: Node) {
    let mut notices = two.listen();
    one.arrive(socket(1, 7));
    hear(&mut notices, &presence(7, true)).await;
    let asked = [person(7), person(8)];
    assert_eq!(two.online(&asked).await, Some(vec![person(7)]));
    one.depart(socket(1, 7));
    hear(&mut notices, &presence(7, false)).await;
    assert_eq!(two.online(&asked).await, Some(Vec::new()));
}

pub async fn only_the_last_socket_of_all_nodes_is_the_end(one: Node, two: Node) {
    let mut notices = two.listen();
    one.arrive(socket(1, 7));
    hear(&mut notices, &presence(7, true)).await;
    two.arrive(socket(1, 7));
    two.arrive(socket(2, 8));
    hear(&mut notices, &presence(8, true)).await;
    one.depart(socket(1, 7));
    one.arrive(socket(2, 9));
    // Said in order, so if 7 had gone it would have been heard before.
    assert_eq!(notices.recv().await, Ok(presence(9, true)));
    assert_eq!(one.online(&[person(7)]).await, Some(vec![person(7)]));
    two.depart(socket(1, 7));
    hear(&mut notices, &presence(7, false)).await;
}

pub async fn the_others_hear_what_one_announces_in_order(one: Node, two: Node) {
    let mut notices = two.listen();
    let said = (0..1000).map(|n| Notice::Erased { user: person(n) });
    for notice in said.clone() {
        one.announce(notice);
    }
    for notice in said {
        assert_eq!(notices.recv().await, Ok(notice));
    }
}

pub async fn a_node_that_ends_takes_its_people_along(one: Node, two: Node) {
    let mut notices = two.listen();
    one.arrive(socket(1, 7));
    hear(&mut notices, &presence(7, true)).await;
    one.announce(Notice::Erased { user: person(9) });
    one.close().await;
    hear(&mut notices, &Notice::Erased { user: person(9) }).await;
    hear(&mut notices, &presence(7, false)).await;
}

pub async fn the_people_of_a_node_that_died_go_offline(one: Node, two: Node) {
    let mut notices = two.listen();
    one.arrive(socket(1, 7));
    hear(&mut notices, &presence(7, true)).await;
    drop(one);
    hear(&mut notices, &presence(7, false)).await;
    assert_eq!(two.online(&[person(7)]).await, Some(Vec::new()));
}

pub async fn who_is_on_another_node_as_well_stays_when_one_dies(one: Node, two: Node) {
    let mut notices = two.listen();
    one.arrive(socket(1, 7));
    one.arrive(socket(2, 8));
    two.arrive(socket(1, 7));
    hear(&mut notices, &presence(8, true)).await;
    drop(one);
    loop {
        let notice = notices.recv().await.unwrap();
        assert_ne!(notice, presence(7, false));
        if notice == presence(8, false) {
            break;
        }
    }
    assert_eq!(two.online(&[person(7)]).await, Some(vec![person(7)]));
}

pub async fn the_death_of_a_node_is_noticed(one: Node, two: Node) {
    let mut notices = two.listen();
    let word = Notice::Erased { user: person(9) };
    one.announce(word.clone());
    hear(&mut notices, &word).await;
    drop(one);
    hear(&mut notices, &Notice::Untold).await;
}
