//! What every adapter of the port `Presence` must do.

use std::sync::Arc;

use protocol::wire::Signal;
use protocol::{RoomId, UserId};
use server::presence::{Connection, Notice, Presence};
use tokio::sync::broadcast::error::TryRecvError;
use uuid::Uuid;

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

macro_rules! tests {
    ($make:expr; $($test:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $test() {
            crate::presence::$test(($make)()).await;
        })+
    };
}

pub(crate) use {suite, tests};

fn person(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

fn socket(id: u64, user: u128) -> Connection {
    Connection {
        id,
        user: person(user),
    }
}

fn presence(user: u128, online: bool) -> Notice {
    Notice::Presence {
        user: person(user),
        online,
    }
}

pub async fn several_connections_are_one_presence(here: Arc<dyn Presence>) {
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

pub async fn a_connection_counts_once(here: Arc<dyn Presence>) {
    here.arrive(socket(1, 7));
    here.arrive(socket(1, 7));
    let mut notices = here.listen();
    here.depart(socket(1, 7));
    assert_eq!(notices.recv().await, Ok(presence(7, false)));
}

pub async fn an_unknown_departure_is_nothing(here: Arc<dyn Presence>) {
    here.arrive(socket(1, 7));
    let mut notices = here.listen();
    here.depart(socket(2, 7));
    here.depart(socket(1, 8));
    assert_eq!(notices.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(here.online(&[person(7)]).await, Some(vec![person(7)]));
}

pub async fn only_those_who_are_here_are_online(here: Arc<dyn Presence>) {
    here.arrive(socket(1, 7));
    here.arrive(socket(2, 9));
    let online = here.online(&[person(9), person(8), person(7)]).await;
    assert_eq!(online, Some(vec![person(9), person(7)]));
    here.ready().await.unwrap();
}

pub async fn everyone_hears_what_is_announced(here: Arc<dyn Presence>) {
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

pub async fn an_announcement_needs_no_listener(here: Arc<dyn Presence>) {
    here.announce(presence(7, true));
    let mut late = here.listen();
    assert_eq!(late.try_recv(), Err(TryRecvError::Empty));
}
