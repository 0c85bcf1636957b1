//! Members come, are listed, and go.

use protocol::Rev;
use protocol::wire::{EventKind, code};
use server::presence::Notice;

use crate::house::{direct, house, op};

#[tokio::test]
async fn members_are_shown_with_who_is_here_and_how_far_they_read() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let room = house.group(&[&mina, &jun]).await;
    house.say(&mina, room, "안녕").await;
    *house.presence.online.lock() = Some(vec![mina.id()]);
    let members = house
        .chat
        .members(jun.who, room, None, 50)
        .await
        .unwrap()
        .items;
    let shown: Vec<_> = members
        .iter()
        .map(|member| (member.user.id, member.online))
        .collect();
    assert_eq!(shown, [(mina.id(), Some(true)), (jun.id(), Some(false))]);
    assert_eq!(members[0].read, Rev(2));

    *house.presence.online.lock() = None;
    let members = house
        .chat
        .members(jun.who, room, None, 50)
        .await
        .unwrap()
        .items;
    assert!(members.iter().all(|member| member.online.is_none()));
}

#[tokio::test]
async fn who_is_here_is_not_told_to_strangers() {
    let house = house().await;
    let (mina, eve) = (house.guest("mina").await, house.guest("eve").await);
    *house.presence.online.lock() = Some(vec![mina.id()]);
    let room = direct(&eve, &mina);
    let online = async || {
        let listed = house.chat.members(eve.who, room, None, 50).await.unwrap();
        let shown = house.chat.window(eve.who, room).await.unwrap().members;
        let members = listed.items.into_iter().chain(shown);
        members
            .filter(|member| member.user.id == mina.id())
            .map(|member| member.online)
            .collect::<Vec<_>>()
    };
    assert_eq!(online().await, [None, None]);
    house.say(&eve, room, "안녕").await;
    assert_eq!(online().await, [Some(true), Some(true)]);
}

#[tokio::test]
async fn members_are_listed_page_by_page() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let room = house.group(&[&mina]).await;
    for n in 0..4 {
        let guest = house.guest(&format!("guest{n}")).await;
        house
            .chat
            .add_member(mina.who, room, guest.id())
            .await
            .unwrap();
    }
    let first = house.chat.members(mina.who, room, None, 3).await.unwrap();
    let after = first.next.as_ref().unwrap().parse().unwrap();
    let rest = house
        .chat
        .members(mina.who, room, Some(after), 3)
        .await
        .unwrap();
    assert_eq!(
        (first.items.len(), rest.items.len(), rest.next),
        (3, 2, None)
    );
    let nobody = protocol::UserId(op().0);
    assert_eq!(
        house
            .chat
            .users(mina.who, &[mina.id(), nobody])
            .await
            .unwrap()
            .items
            .len(),
        1
    );
}

#[tokio::test]
async fn any_member_adds_people_and_renames_and_everyone_learns_of_it() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let sora = house.guest("sora").await;
    let room = house.group(&[&mina, &jun]).await;
    house.heard();
    house
        .chat
        .add_member(jun.who, room, sora.id())
        .await
        .unwrap();
    house
        .chat
        .add_member(jun.who, room, sora.id())
        .await
        .unwrap();
    assert!(house.heard().contains(&Notice::Side {
        user: sora.id(),
        room: room.id()
    }));
    assert_eq!(house.chat.room(sora.who, room).await.unwrap().unread, 0);
    let renamed = house
        .chat
        .rename_room(sora.who, room, "  뒷마당 ".into())
        .await
        .unwrap();
    assert_eq!((renamed.name.as_str(), renamed.members), ("뒷마당", 3));
    let kinds: Vec<EventKind> = house
        .log(&mina, room)
        .await
        .into_iter()
        .map(|event| event.kind)
        .skip(1)
        .collect();
    let expected = [
        EventKind::Joined { user: sora.id() },
        EventKind::Renamed {
            name: "뒷마당".into(),
        },
    ];
    assert_eq!(kinds, expected);
    let ghost = protocol::UserId(op().0);
    let refused = house
        .chat
        .add_member(mina.who, room, ghost)
        .await
        .unwrap_err();
    assert_eq!(refused.code, code::USER_NOT_FOUND);
}

#[tokio::test]
async fn only_the_maker_removes_others_and_everyone_may_leave() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let sora = house.guest("sora").await;
    let room = house.group(&[&mina, &jun, &sora]).await;
    for (guest, made_it) in [(&mina, true), (&jun, false)] {
        let seen = house.chat.room(guest.who, room).await.unwrap();
        let listed = house.chat.rooms(guest.who).await.unwrap().items;
        assert_eq!((seen.mine, listed[0].mine), (made_it, made_it));
    }
    let refused = house
        .chat
        .remove_member(jun.who, room, sora.id())
        .await
        .unwrap_err();
    assert_eq!(refused.code, code::FORBIDDEN);
    assert!(refused.detail.contains("made this room"));

    house.heard();
    house
        .chat
        .remove_member(mina.who, room, sora.id())
        .await
        .unwrap();
    assert!(house.heard().contains(&Notice::Side {
        user: sora.id(),
        room: room.id()
    }));
    assert_eq!(
        house.chat.room(sora.who, room).await.unwrap_err().code,
        code::ROOM_NOT_FOUND
    );
    house
        .chat
        .remove_member(jun.who, room, jun.id())
        .await
        .unwrap();
    assert!(
        house
            .chat
            .events(jun.who, room, Rev::ZERO, 10)
            .await
            .is_err()
    );
    assert_eq!(house.chat.room(mina.who, room).await.unwrap().members, 1);
}

#[tokio::test]
async fn a_room_whose_last_member_left_is_gone() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let room = house.group(&[&mina]).await;
    house.say(&mina, room, "안녕").await;
    house
        .chat
        .remove_member(mina.who, room, mina.id())
        .await
        .unwrap();
    assert_eq!(house.store.room(room.id()).await.unwrap(), None);
}
