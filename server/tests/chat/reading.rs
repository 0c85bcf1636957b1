//! Reading moves forward only, and the unread count is a subtraction.

use protocol::wire::{COUNTED_READERS, Signal, code};
use protocol::{Rev, Timestamp, UserId};
use server::presence::Notice;
use server::store::UserDraft;
use uuid::Uuid;

use crate::house::{direct, house};

#[tokio::test]
async fn reading_to_the_head_leaves_nothing_unread_and_is_told_to_the_room() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let room = house.group(&[&mina, &jun]).await;
    for body in ["하나", "둘", "셋"] {
        house.say(&mina, room, body).await;
    }
    assert_eq!(house.chat.room(jun.who, room).await.unwrap().unread, 3);
    assert_eq!(house.chat.room(mina.who, room).await.unwrap().unread, 0);
    house.heard();
    let mark = house.chat.mark_read(jun.who, room, Rev(4)).await.unwrap();
    assert_eq!((mark.rev, mark.posted), (Rev(4), 3));
    assert_eq!(house.chat.room(jun.who, room).await.unwrap().unread, 0);
    let signal = Signal::Read {
        user: jun.id(),
        rev: Rev(4),
    };
    let expected = [
        Notice::Room {
            room: room.id(),
            signal,
        },
        Notice::Side {
            user: jun.id(),
            room: room.id(),
        },
    ];
    assert_eq!(house.heard(), expected);
}

#[tokio::test]
async fn in_a_large_room_nobody_is_told_how_far_the_others_have_read() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let room = house.group(&[&mina, &jun]).await;
    let told = async |rev| {
        house.say(&mina, room, "안녕").await;
        house.heard();
        house.chat.mark_read(jun.who, room, rev).await.unwrap();
        let heard = house.heard();
        let is_signal = |notice: &Notice| matches!(notice, Notice::Room { .. });
        heard.iter().any(is_signal)
    };
    for number in 2..COUNTED_READERS {
        let name = format!("guest{number}");
        let id = UserId(Uuid::new_v4());
        let guest = UserDraft {
            id,
            username: name.clone(),
            folded: name.clone(),
            display_name: name.clone(),
            folded_display_name: name,
            password_hash: String::new(),
            at: Timestamp(0),
        };
        house.store.create_user(guest).await.unwrap().unwrap();
        house.chat.add_member(mina.who, room, id).await.unwrap();
    }
    let full = Rev(COUNTED_READERS as u64);
    assert!(told(full).await);
    let bora = house.guest("bora").await;
    house
        .chat
        .add_member(mina.who, room, bora.id())
        .await
        .unwrap();
    assert!(!told(Rev(full.0 + 2)).await);
}

#[tokio::test]
async fn a_read_position_never_goes_back_and_never_beyond_the_head() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let room = house.group(&[&mina, &jun]).await;
    for body in ["하나", "둘", "셋"] {
        house.say(&mina, room, body).await;
    }
    house.chat.mark_read(jun.who, room, Rev(3)).await.unwrap();
    house.heard();
    assert_eq!(
        house
            .chat
            .mark_read(jun.who, room, Rev(2))
            .await
            .unwrap()
            .rev,
        Rev(3)
    );
    assert_eq!(house.heard(), []);
    assert_eq!(
        house
            .chat
            .mark_read(jun.who, room, Rev(u64::MAX))
            .await
            .unwrap()
            .rev,
        Rev(4)
    );
}

#[tokio::test]
async fn entering_tells_where_one_stands() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let room = direct(&mina, &jun);
    let before = house.chat.enter(jun.who, room).await.unwrap();
    assert_eq!(
        (before.room_id, before.head, before.unread),
        (room.id(), Rev::ZERO, 0)
    );
    house.say(&mina, room, "안녕").await;
    let after = house.chat.enter(jun.who, room).await.unwrap();
    assert_eq!((after.head, after.unread), (Rev(2), 1));
}

#[tokio::test]
async fn typing_is_heard_in_the_room_and_not_written_down() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let room = house.group(&[&mina, &jun]).await;
    house.heard();
    house.chat.typing(jun.who, room, true).await.unwrap();
    let signal = Signal::Typing {
        user: jun.id(),
        on: true,
    };
    assert_eq!(
        house.heard(),
        [Notice::Room {
            room: room.id(),
            signal
        }]
    );
    assert_eq!(house.log(&mina, room).await.len(), 1);
}

#[tokio::test]
async fn strangers_neither_read_nor_type_nor_enter() {
    let house = house().await;
    let (mina, eve) = (house.guest("mina").await, house.guest("eve").await);
    let room = house.group(&[&mina]).await;
    house.heard();
    let codes = [
        house
            .chat
            .mark_read(eve.who, room, Rev(1))
            .await
            .unwrap_err()
            .code,
        house
            .chat
            .typing(eve.who, room, true)
            .await
            .unwrap_err()
            .code,
        house.chat.enter(eve.who, room).await.unwrap_err().code,
    ];
    assert_eq!(codes, [code::ROOM_NOT_FOUND; 3]);
    assert_eq!(house.heard(), []);
}
