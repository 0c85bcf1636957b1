//! Nobody may guess, flood or search without end.

use std::time::Duration;

use protocol::SessionId;
use protocol::wire::{ChangeMe, NewRoom, RoomKind, code};
use server::chat::Settings;
use uuid::Uuid;

use crate::house::{PASSWORD, from_address, house_with, message, register};

fn tight() -> Settings {
    Settings {
        login_burst: 3,
        logins_per_minute: 1,
        registration_burst: 2,
        registrations_per_minute: 1,
        message_burst: 4,
        messages_per_second: 1,
        typing_burst: 2,
        typing_per_second: 1,
        search_burst: 2,
        searches_per_second: 1,
        room_burst: 2,
        rooms_per_minute: 1,
        guest_burst: 3,
        guests_per_minute: 1,
        ..Settings::default()
    }
}

#[tokio::test]
async fn guessing_at_a_password_is_stopped_even_when_the_next_guess_is_right() {
    let house = house_with(tight()).await;
    house.guest("mina").await;
    for _ in 0..3 {
        let refused = house.login("mina", "not her password").await.err().unwrap();
        assert_eq!(refused.code, code::WRONG_LOGIN);
    }
    let before = house.chat.password_checks();
    let refused = house.login("mina", PASSWORD).await.err().unwrap();
    assert_eq!(
        (refused.code, refused.retry_after),
        (code::TOO_FAST, Some(60))
    );
    assert_eq!(house.chat.password_checks(), before);
    house.clock.pass(Duration::from_secs(60));
    assert!(house.login("mina", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn whoever_knows_the_password_may_log_in_as_often_as_they_like() {
    let house = house_with(tight()).await;
    house.guest("mina").await;
    for _ in 0..12 {
        house.login("mina", PASSWORD).await.unwrap();
    }
}

#[tokio::test]
async fn an_unknown_name_is_throttled_like_a_known_one() {
    let house = house_with(tight()).await;
    for _ in 0..3 {
        let refused = house.login("nobody", PASSWORD).await.err().unwrap();
        assert_eq!(refused.code, code::WRONG_LOGIN);
    }
    assert_eq!(
        house.login("nobody", PASSWORD).await.err().unwrap().code,
        code::TOO_FAST
    );
}

#[tokio::test]
async fn accounts_are_not_made_without_end_from_one_address() {
    let house = house_with(tight()).await;
    let here = from_address([192, 0, 2, 7]);
    for name in ["one1", "two2"] {
        house
            .chat
            .register(register(name, PASSWORD), &here)
            .await
            .unwrap();
    }
    let refused = house
        .chat
        .register(register("three3", PASSWORD), &here)
        .await
        .err()
        .unwrap();
    assert_eq!(refused.code, code::TOO_FAST);
    let elsewhere = from_address([192, 0, 2, 8]);
    assert!(
        house
            .chat
            .register(register("three3", PASSWORD), &elsewhere)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_flood_of_messages_is_refused_and_says_when_to_go_on() {
    let house = house_with(tight()).await;
    let mina = house.guest("mina").await;
    let room = house.group(&[&mina]).await;
    for _ in 0..3 {
        house.say(&mina, room, "안녕").await;
    }
    let refused = house
        .chat
        .post(mina.who, room, message("안녕"))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code, refused.retry_after),
        (code::TOO_FAST, Some(1))
    );
    assert!(refused.problem(None).is_passing());
    house.clock.pass(Duration::from_secs(1));
    house.say(&mina, room, "안녕").await;
    assert_eq!(house.log(&mina, room).await.len(), 5);
}

#[tokio::test]
async fn typing_and_searching_have_limits_of_their_own() {
    let house = house_with(tight()).await;
    let mina = house.guest("mina").await;
    let room = house.group(&[&mina]).await;
    for _ in 0..2 {
        house.chat.typing(mina.who, room, true).await.unwrap();
        house.chat.find_people(mina.who, "m", 5).await.unwrap();
    }
    let typing = house.chat.typing(mina.who, room, true).await.unwrap_err();
    let search = house.chat.find_people(mina.who, "m", 5).await.unwrap_err();
    assert_eq!([typing.code, search.code], [code::TOO_FAST; 2]);
    house.say(&mina, room, "안녕").await;
}

#[tokio::test]
async fn a_hundred_messages_at_once_are_all_taken_by_default() {
    let house = house_with(Settings::default()).await;
    let mina = house.guest("mina").await;
    let room = house.group(&[&mina]).await;
    let bodies: Vec<String> = (0..150).map(|n| n.to_string()).collect();
    let posts = bodies
        .iter()
        .map(|body| house.chat.post(mina.who, room, message(body)));
    for posted in futures::future::join_all(posts).await {
        posted.unwrap();
    }
    let found = house
        .chat
        .messages(mina.who, room, server::store::Span::Latest, 200)
        .await;
    let said: Vec<String> = found
        .unwrap()
        .items
        .into_iter()
        .map(|item| item.body)
        .collect();
    assert_eq!(said, bodies);
}

#[tokio::test]
async fn ending_sessions_that_are_none_has_a_limit_because_all_nodes_hear_of_it() {
    let house = house_with(tight()).await;
    let mina = house.guest("mina").await;
    let end = async || {
        let session = SessionId(Uuid::new_v4());
        let refused = house.chat.end_session(mina.who, session).await;
        refused.unwrap_err().code
    };
    for _ in 0..4 {
        assert_eq!(end().await, code::NOT_FOUND);
    }
    assert_eq!(end().await, code::TOO_FAST);
}

#[tokio::test]
async fn groups_are_not_made_without_end() {
    let house = house_with(tight()).await;
    let mina = house.guest("mina").await;
    let make = async || {
        let room = NewRoom {
            id: None,
            kind: RoomKind::Group,
            name: Some("마당".into()),
            members: Vec::new(),
        };
        house.chat.create_room(mina.who, room).await
    };
    make().await.unwrap();
    make().await.unwrap();
    let refused = make().await.unwrap_err();
    assert_eq!(
        (refused.code, refused.retry_after),
        (code::TOO_FAST, Some(60))
    );
    house.clock.pass(Duration::from_secs(60));
    make().await.unwrap();
}

#[tokio::test]
async fn whoever_brings_people_into_rooms_is_charged_for_each() {
    let house = house_with(Settings {
        registration_burst: 9,
        message_burst: 99,
        ..tight()
    })
    .await;
    let mina = house.guest("mina").await;
    let (jun, ara) = (house.guest("jun").await, house.guest("ara").await);
    let room = house.group(&[&mina, &jun]).await;
    let bring = async || {
        let added = house.chat.add_member(mina.who, room, ara.id()).await;
        added.map_err(|refused| refused.code)
    };
    let send_away = async || {
        let gone = house.chat.remove_member(mina.who, room, ara.id()).await;
        gone.unwrap();
    };
    bring().await.unwrap();
    send_away().await;
    bring().await.unwrap();
    send_away().await;
    assert_eq!(bring().await, Err(code::TOO_FAST));
    house.clock.pass(Duration::from_secs(60));
    bring().await.unwrap();
}

#[tokio::test]
async fn whoever_guesses_at_the_current_password_shuts_out_nobody_else() {
    let house = house_with(Settings {
        message_burst: 999,
        ..tight()
    })
    .await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let change = |current: &str| ChangeMe {
        password: Some("another courtyard".into()),
        current_password: Some(current.into()),
        display_name: None,
    };
    for expected in [
        code::WRONG_LOGIN,
        code::WRONG_LOGIN,
        code::WRONG_LOGIN,
        code::TOO_FAST,
    ] {
        let refused = house.chat.change_me(mina.who, change("a guess")).await;
        assert_eq!(refused.unwrap_err().code, expected);
    }
    let changed = house.chat.change_me(jun.who, change(PASSWORD)).await;
    changed.unwrap();
    // And logging in is counted apart.
    house.login("mina", PASSWORD).await.unwrap();
}
