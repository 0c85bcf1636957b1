//! What may be said, by whom, and changed, by whom.

use protocol::wire::{EventKind, NewMessage, code};
use protocol::{Rev, RoomRef};
use server::store::{Appended, Span};

use crate::house::{direct, event, house, message, nowhere, op};

#[tokio::test]
async fn the_first_message_makes_the_direct_room() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    house.say(&mina, direct(&jun, &mina), "안녕").await;
    let rooms = house.chat.rooms(jun.who).await.unwrap();
    assert_eq!(rooms.items.len(), 1);
    let room = &rooms.items[0];
    assert_eq!(
        (room.name.as_str(), room.peer, room.unread),
        ("mina", Some(mina.id()), 1)
    );
    assert_eq!(room.last_message.as_ref().unwrap().body, "안녕");
    assert!(rooms.users.iter().any(|user| user.id == mina.id()));
    let revs: Vec<u64> = house
        .told
        .events
        .lock()
        .iter()
        .map(|event| event.rev.0)
        .collect();
    assert_eq!(revs, [1, 2]);
}

#[tokio::test]
async fn first_messages_sent_at_once_by_both_meet_in_one_room() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let (one, other) = tokio::join!(
        house
            .chat
            .post(mina.who, direct(&mina, &jun), message("하나")),
        house.chat.post(jun.who, direct(&jun, &mina), message("둘")),
    );
    assert_eq!(event(one.unwrap()).room, event(other.unwrap()).room);
    assert_eq!(house.log(&mina, direct(&mina, &jun)).await.len(), 3);
}

#[tokio::test]
async fn first_messages_sent_at_once_by_one_person_keep_their_order() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let room = direct(&mina, &jun);
    let bodies: Vec<String> = (0..50).map(|n| n.to_string()).collect();
    let posts = bodies
        .iter()
        .map(|body| house.chat.post(mina.who, room, message(body)));
    for posted in futures::future::join_all(posts).await {
        posted.unwrap();
    }
    let found = house
        .chat
        .messages(jun.who, room, Span::Latest, 100)
        .await
        .unwrap();
    let said: Vec<String> = found.items.into_iter().map(|item| item.body).collect();
    assert_eq!(said, bodies);
}

#[tokio::test]
async fn nobody_can_speak_in_the_direct_room_of_two_others() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let eve = house.guest("eve").await;
    let room = direct(&mina, &jun);
    let before = house
        .chat
        .post(eve.who, room, message("?"))
        .await
        .unwrap_err();
    house.say(&mina, room, "안녕").await;
    let after = house
        .chat
        .post(eve.who, room, message("?"))
        .await
        .unwrap_err();
    assert_eq!((before.code, &before), (code::ROOM_NOT_FOUND, &after));
}

#[tokio::test]
async fn a_direct_room_with_nobody_cannot_begin() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let nobody = protocol::UserId(op().0);
    let room = RoomRef::Direct(mina.id(), nobody);
    let refused = house
        .chat
        .post(mina.who, room, message("?"))
        .await
        .unwrap_err();
    assert_eq!(refused.code, code::USER_NOT_FOUND);
    assert!(house.chat.may_read(mina.who, room).await.is_err());
}

#[tokio::test]
async fn one_may_write_to_oneself() {
    let house = house().await;
    let mina = house.guest("mina").await;
    house.say(&mina, direct(&mina, &mina), "memo").await;
    let room = house
        .chat
        .room(mina.who, direct(&mina, &mina))
        .await
        .unwrap();
    assert_eq!(
        (room.members, room.unread, room.name.as_str()),
        (1, 0, "mina")
    );
}

#[tokio::test]
async fn a_repeated_send_answers_the_first_message_and_makes_no_second() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let room = house.group(&[&mina, &jun]).await;
    let hello = message("안녕");
    let first = event(
        house
            .chat
            .post(mina.who, room, hello.clone())
            .await
            .unwrap(),
    );
    let again = house
        .chat
        .post(mina.who, room, hello.clone())
        .await
        .unwrap();
    assert_eq!(again, Appended::Repeated(first.clone()));
    assert_eq!(house.log(&jun, room).await.len(), 2);

    let other = NewMessage {
        body: "다른 말".into(),
        ..hello
    };
    let again = house.chat.post(mina.who, room, other).await.unwrap();
    assert_eq!(again, Appended::Repeated(first));
    assert_eq!(house.log(&jun, room).await.len(), 2);
}

#[tokio::test]
async fn repeated_edits_deletions_and_reactions_are_done_once() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let room = house.group(&[&mina]).await;
    let said = house.say(&mina, room, "안녕").await;
    let (edit, react, delete) = (op(), op(), op());
    for _ in 0..3 {
        house
            .chat
            .edit(mina.who, room, edit, said, "안녕!".into())
            .await
            .unwrap();
    }
    for _ in 0..3 {
        house
            .chat
            .react(mina.who, room, react, said, "👍".into(), true)
            .await
            .unwrap();
    }
    let twice = house
        .chat
        .react(mina.who, room, op(), said, "👍".into(), true)
        .await
        .unwrap();
    assert!(matches!(twice, Appended::Unchanged { .. }));
    for _ in 0..3 {
        house
            .chat
            .delete(mina.who, room, delete, said)
            .await
            .unwrap();
    }
    assert_eq!(house.log(&mina, room).await.len(), 5);
}

#[tokio::test]
async fn only_the_author_edits_and_deletes_and_every_member_reacts() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let room = house.group(&[&mina, &jun]).await;
    let said = house.say(&mina, room, "안녕").await;
    let edit = house
        .chat
        .edit(jun.who, room, op(), said, "나빠".into())
        .await
        .unwrap_err();
    let delete = house
        .chat
        .delete(jun.who, room, op(), said)
        .await
        .unwrap_err();
    assert_eq!([edit.code, delete.code], [code::NOT_AUTHOR; 2]);
    house
        .chat
        .react(jun.who, room, op(), said, "❤️".into(), true)
        .await
        .unwrap();
    house
        .chat
        .react(jun.who, room, op(), said, "❤️".into(), false)
        .await
        .unwrap();
    let page = house
        .chat
        .messages(mina.who, room, Span::Latest, 10)
        .await
        .unwrap();
    assert!(page.items[0].reactions.is_empty());
}

#[tokio::test]
async fn what_an_edit_replaced_or_a_deletion_removed_is_not_readable_anywhere() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let room = house.group(&[&mina]).await;
    let edited = house.say(&mina, room, "secret one").await;
    let deleted = house.say(&mina, room, "secret two").await;
    house
        .chat
        .edit(mina.who, room, op(), edited, "harmless".into())
        .await
        .unwrap();
    house
        .chat
        .delete(mina.who, room, op(), deleted)
        .await
        .unwrap();

    let events = house.log(&mina, room).await;
    let page = house
        .chat
        .messages(mina.who, room, Span::Latest, 10)
        .await
        .unwrap();
    let window = house.chat.window(mina.who, room).await.unwrap();
    let rooms = house.chat.rooms(mina.who).await.unwrap();
    let all = format!("{events:?} {page:?} {window:?} {rooms:?}");
    assert!(all.contains("harmless") && !all.contains("secret"));

    let refused = house
        .chat
        .edit(mina.who, room, op(), deleted, "back".into())
        .await
        .unwrap_err();
    assert_eq!(refused.code, code::MESSAGE_DELETED);
}

#[tokio::test]
async fn a_reply_is_to_a_message_of_the_same_room() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let (room, other) = (house.group(&[&mina]).await, house.group(&[&mina]).await);
    let said = house.say(&mina, other, "저쪽").await;
    let reply = NewMessage {
        reply_to: Some(said),
        ..message("이쪽")
    };
    let refused = house
        .chat
        .post(mina.who, room, reply.clone())
        .await
        .unwrap_err();
    assert_eq!(refused.code, code::MESSAGE_NOT_FOUND);
    let posted = event(house.chat.post(mina.who, other, reply).await.unwrap());
    let EventKind::Posted { message } = posted.kind else {
        panic!("{posted:?}")
    };
    assert_eq!(message.reply_to, Some(said));
}

#[tokio::test]
async fn texts_that_break_the_rules_are_refused_before_anything_is_written() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let room = house.group(&[&mina]).await;
    let said = house.say(&mina, room, "안녕").await;
    let long = "가".repeat(10_001);
    for (body, expected) in [
        ("", code::EMPTY),
        (" \n ", code::EMPTY),
        ("a\0b", code::BAD_TEXT),
        (&long, code::TOO_LONG),
    ] {
        let refused = house
            .chat
            .post(mina.who, room, message(body))
            .await
            .unwrap_err();
        assert_eq!((refused.code, refused.field), (expected, Some("body")));
        let refused = house
            .chat
            .edit(mina.who, room, op(), said, body.into())
            .await
            .unwrap_err();
        assert_eq!(refused.code, expected);
    }
    let refused = house
        .chat
        .react(mina.who, room, op(), said, "yes".into(), true)
        .await
        .unwrap_err();
    assert_eq!(refused.code, code::BAD_EMOJI);
    house.say(&mina, room, &"가".repeat(10_000)).await;
    assert_eq!(house.log(&mina, room).await.len(), 3);
}

#[tokio::test]
async fn history_is_read_page_by_page_in_either_direction() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let room = house.group(&[&mina]).await;
    for n in 1..=25 {
        house.say(&mina, room, &n.to_string()).await;
    }
    let mut back = Vec::new();
    let mut span = Span::Latest;
    loop {
        let page = house.chat.messages(mina.who, room, span, 10).await.unwrap();
        back.splice(0..0, page.items.iter().map(|message| message.rev.0));
        let Some(next) = page.next else { break };
        span = Span::Before(next.parse().unwrap());
    }
    assert_eq!(back, (2..=26).collect::<Vec<u64>>());

    let mut forth = Vec::new();
    let mut after = Rev::ZERO;
    loop {
        let page = house.chat.events(mina.who, room, after, 10).await.unwrap();
        forth.extend(page.items.iter().map(|event| event.rev.0));
        let Some(next) = page.next else { break };
        after = next.parse().unwrap();
    }
    assert_eq!(forth, (1..=26).collect::<Vec<u64>>());
    let all = house
        .chat
        .events(mina.who, room, Rev::ZERO, usize::MAX)
        .await
        .unwrap();
    assert_eq!(all.items.len(), 26);
}

#[tokio::test]
async fn messages_of_a_room_that_is_nowhere_cannot_be_changed() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let room = house.group(&[&mina]).await;
    let said = house.say(&mina, room, "안녕").await;
    let refused = house
        .chat
        .delete(mina.who, nowhere(), op(), said)
        .await
        .unwrap_err();
    assert_eq!(refused.code, code::ROOM_NOT_FOUND);
    let missing = op().into();
    let refused = house
        .chat
        .delete(mina.who, room, op(), missing)
        .await
        .unwrap_err();
    assert_eq!(refused.code, code::MESSAGE_NOT_FOUND);
}
