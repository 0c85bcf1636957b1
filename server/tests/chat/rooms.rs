//! Rooms begin, change hands and end; strangers never learn that they exist.

use protocol::wire::{NewRoom, RoomKind, code, rule};
use protocol::{Rev, RoomId, RoomRef};
use server::chat::{Refused, Settings};
use server::presence::Notice;
use server::store::Span;
use uuid::Uuid;

use crate::house::{Guest, House, direct, house, house_with, message, nowhere, op, up_to};

fn group(id: Option<RoomId>, members: &[&Guest]) -> NewRoom {
    let members = members.iter().map(|guest| guest.id()).collect();
    NewRoom {
        id,
        kind: RoomKind::Group,
        name: Some("마당".into()),
        members,
    }
}

/// What each way into the room answers.
async fn all_ways(house: &House, guest: &Guest, room: RoomRef) -> Vec<Result<(), Refused>> {
    let (chat, who, other) = (&house.chat, guest.who, guest.id());
    let said = op().into();
    vec![
        chat.post(who, room, message("?")).await.map(drop),
        chat.edit(who, room, op(), said, "?".into()).await.map(drop),
        chat.delete(who, room, op(), said).await.map(drop),
        chat.react(who, room, op(), said, "👍".into(), true)
            .await
            .map(drop),
        chat.mark_read(who, room, Rev(1)).await.map(drop),
        chat.typing(who, room, true).await,
        chat.enter(who, room).await.map(drop),
        chat.may_read(who, room).await.map(drop),
        chat.room(who, room).await.map(drop),
        chat.window(who, room).await.map(drop),
        chat.members(who, room, None, 10).await.map(drop),
        chat.messages(who, room, Span::Latest, 10).await.map(drop),
        chat.events(who, room, Rev::ZERO, 10).await.map(drop),
        chat.rename_room(who, room, "?".into()).await.map(drop),
        chat.delete_room(who, room).await,
        chat.add_member(who, room, other).await,
        chat.remove_member(who, room, other).await,
        chat.remove_member(who, room, protocol::UserId(op().0))
            .await,
    ]
}

#[tokio::test]
async fn a_strangers_room_answers_exactly_like_one_that_does_not_exist() {
    let house = house().await;
    let (mina, eve) = (house.guest("mina").await, house.guest("eve").await);
    let room = house.group(&[&mina]).await;
    house.say(&mina, room, "안녕").await;
    let theirs = all_ways(&house, &eve, room).await;
    let none = all_ways(&house, &eve, nowhere()).await;
    assert_eq!(theirs, none);
    assert!(theirs.iter().all(|answer| {
        answer
            .as_ref()
            .is_err_and(|refused| refused.code == code::ROOM_NOT_FOUND)
    }));
    assert!(house.chat.rooms(eve.who).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn the_direct_room_of_two_others_is_nowhere() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let eve = house.guest("eve").await;
    let room = direct(&mina, &jun);
    let before = all_ways(&house, &eve, room).await;
    house.say(&mina, room, "안녕").await;
    let after = all_ways(&house, &eve, room).await;
    assert_eq!(before, after);
    assert!(after.iter().all(Result::is_err));
}

#[tokio::test]
async fn a_group_is_made_once_however_often_it_is_asked_for() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let id = Some(RoomId(Uuid::new_v4()));
    let first = house
        .chat
        .create_room(mina.who, group(id, &[&jun, &jun, &mina]))
        .await
        .unwrap();
    let again = house
        .chat
        .create_room(mina.who, group(id, &[&jun]))
        .await
        .unwrap();
    assert_eq!(first, again);
    assert_eq!(
        (first.members, first.name.as_str(), first.head),
        (2, "마당", Rev(1))
    );
    assert_eq!(house.chat.rooms(jun.who).await.unwrap().items.len(), 1);

    let taken = house
        .chat
        .create_room(jun.who, group(id, &[]))
        .await
        .unwrap_err();
    assert_eq!(taken.code, code::ID_TAKEN);
}

#[tokio::test]
async fn nobody_can_take_the_id_of_a_direct_room_to_come() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let eve = house.guest("eve").await;
    let trap = group(
        Some(RoomId::direct(mina.id(), jun.id())),
        &[&mina, &jun, &eve],
    );
    let refused = house.chat.create_room(eve.who, trap).await.unwrap_err();
    assert_eq!(
        (refused.code, refused.field),
        (code::BAD_REQUEST, Some("id"))
    );
    house.say(&mina, direct(&mina, &jun), "우리끼리").await;
    assert!(
        house
            .chat
            .may_read(eve.who, direct(&mina, &jun))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_group_needs_a_name_and_people_who_exist() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let nameless = NewRoom {
        name: None,
        ..group(None, &[])
    };
    let refused = house
        .chat
        .create_room(mina.who, nameless)
        .await
        .unwrap_err();
    assert_eq!((refused.code, refused.field), (code::EMPTY, Some("name")));
    let ghosts = NewRoom {
        members: vec![protocol::UserId(op().0)],
        ..group(None, &[])
    };
    let refused = house.chat.create_room(mina.who, ghosts).await.unwrap_err();
    assert_eq!(
        (refused.code, refused.field),
        (code::USER_NOT_FOUND, Some("members"))
    );
}

#[tokio::test]
async fn a_direct_room_can_be_opened_before_anything_is_said() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let new = || NewRoom {
        id: None,
        kind: RoomKind::Direct,
        name: None,
        members: vec![jun.id()],
    };
    let first = house.chat.create_room(mina.who, new()).await.unwrap();
    let again = house.chat.create_room(mina.who, new()).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(first.id, direct(&mina, &jun).id());
    assert_eq!(house.chat.rooms(mina.who).await.unwrap().items.len(), 1);
    assert!(house.chat.rooms(jun.who).await.unwrap().items.is_empty());

    let back = NewRoom {
        members: vec![mina.id(), jun.id()],
        ..new()
    };
    let theirs = house.chat.create_room(jun.who, back).await.unwrap();
    assert_eq!((theirs.id, theirs.name.as_str()), (first.id, "mina"));
    assert_eq!(house.chat.rooms(jun.who).await.unwrap().items.len(), 1);

    let crowd = NewRoom {
        members: vec![],
        ..new()
    };
    assert_eq!(
        house
            .chat
            .create_room(mina.who, crowd)
            .await
            .unwrap_err()
            .code,
        code::BAD_REQUEST
    );
}

#[tokio::test]
async fn a_direct_room_that_may_come_into_being_can_be_looked_at() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let room = direct(&mina, &jun);
    assert_eq!(
        house.chat.may_read(mina.who, room).await.unwrap(),
        room.id()
    );
    let window = house.chat.window(mina.who, room).await.unwrap();
    assert_eq!(
        (window.room, window.head, window.members.len()),
        (room.id(), Rev::ZERO, 2)
    );
    assert!(
        house
            .chat
            .events(mina.who, room, Rev::ZERO, 10)
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

#[tokio::test]
async fn a_window_shows_the_last_fifty_messages_up_to_its_head() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let room = house.group(&[&mina]).await;
    for n in 1..=60 {
        house.say(&mina, room, &n.to_string()).await;
    }
    let window = house.chat.window(mina.who, room).await.unwrap();
    assert_eq!(
        (window.messages.len(), window.head, window.more),
        (50, Rev(61), true)
    );
    assert_eq!(window.messages.last().unwrap().body, "60");
}

#[tokio::test]
async fn a_window_lacks_nobody_who_came_in_before_its_head() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    for waits in sooner_and_later() {
        let room = house.group(&[&mina]).await;
        let mut looking = Box::pin(house.chat.window(mina.who, room));
        let seen = up_to(waits, looking.as_mut()).await;
        house
            .chat
            .add_member(mina.who, room, jun.id())
            .await
            .unwrap();
        let seen = match seen {
            Some(seen) => seen.unwrap(),
            None => looking.await.unwrap(),
        };
        let has_jun = seen.members.iter().any(|member| member.user.id == jun.id());
        assert!(has_jun || seen.head < Rev(2), "{waits}");
    }
}

#[tokio::test]
async fn a_direct_room_is_neither_left_renamed_joined_nor_deleted() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let sora = house.guest("sora").await;
    let room = direct(&mina, &jun);
    house.say(&mina, room, "안녕").await;
    let codes = [
        house
            .chat
            .remove_member(mina.who, room, mina.id())
            .await
            .unwrap_err()
            .code,
        house
            .chat
            .remove_member(mina.who, room, jun.id())
            .await
            .unwrap_err()
            .code,
        house
            .chat
            .rename_room(mina.who, room, "우리".into())
            .await
            .unwrap_err()
            .code,
        house
            .chat
            .add_member(mina.who, room, sora.id())
            .await
            .unwrap_err()
            .code,
        house
            .chat
            .delete_room(mina.who, room)
            .await
            .unwrap_err()
            .code,
    ];
    assert_eq!(codes, [code::FORBIDDEN; 5]);
    assert_eq!(house.log(&jun, room).await.len(), 2);
}

#[tokio::test]
async fn only_the_maker_deletes_a_room_and_then_nothing_of_it_is_readable() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let room = house.group(&[&mina, &jun]).await;
    house.say(&mina, room, "안녕").await;
    let refused = house.chat.delete_room(jun.who, room).await.unwrap_err();
    assert_eq!(refused.code, code::FORBIDDEN);

    house.heard();
    house.chat.delete_room(mina.who, room).await.unwrap();
    let heard = house.heard();
    for guest in [&mina, &jun] {
        assert!(heard.contains(&Notice::Side {
            user: guest.id(),
            room: room.id()
        }));
        let answers = all_ways(&house, guest, room).await;
        assert!(answers.iter().all(|answer| {
            answer
                .as_ref()
                .is_err_and(|refused| refused.code == code::ROOM_NOT_FOUND)
        }));
        assert!(house.chat.rooms(guest.who).await.unwrap().items.is_empty());
    }
    assert!(
        house
            .store
            .events(room.id(), Rev::ZERO, 10)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn rooms_are_listed_by_their_latest_activity() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let old = house.group(&[&mina]).await;
    house.clock.pass(std::time::Duration::from_secs(1));
    let new = house.group(&[&mina, &jun]).await;
    let order = |rooms: Vec<protocol::wire::Room>| -> Vec<RoomId> {
        rooms.into_iter().map(|room| room.id).collect()
    };
    let listed = order(house.chat.rooms(mina.who).await.unwrap().items);
    assert_eq!(listed, [new.id(), old.id()]);
    house.clock.pass(std::time::Duration::from_secs(1));
    house.say(&mina, old, "안녕").await;
    let listed = order(house.chat.rooms(mina.who).await.unwrap().items);
    assert_eq!(listed, [old.id(), new.id()]);
}

fn side(guest: &Guest, room: RoomId) -> Notice {
    let user = guest.id();
    Notice::Side { user, room }
}

#[tokio::test]
async fn each_member_of_a_new_room_is_told_of_it_once() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let sora = house.guest("sora").await;
    house.heard();
    let room = house.group(&[&mina, &jun]).await;
    let heard = house.heard();
    assert_eq!(heard, [side(&mina, room.id()), side(&jun, room.id())]);

    let added = house.chat.add_member(jun.who, room, sora.id()).await;
    added.unwrap();
    assert_eq!(house.heard(), [side(&sora, room.id())]);
}

#[tokio::test]
async fn a_room_that_is_asked_for_once_more_is_told_of_as_the_first_time() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let id = RoomId(Uuid::new_v4());
    for _ in 0..2 {
        house.heard();
        let made = house.chat.create_room(mina.who, group(Some(id), &[&jun]));
        made.await.unwrap();
        assert_eq!(house.heard(), [side(&mina, id), side(&jun, id)]);
    }

    // Mina made it; Jun's other devices learn that Jun opened it.
    house.say(&mina, direct(&mina, &jun), "안녕").await;
    house.heard();
    let opened = NewRoom {
        kind: RoomKind::Direct,
        ..group(None, &[&mina])
    };
    let room = house.chat.create_room(jun.who, opened).await.unwrap();
    assert_eq!(house.heard(), [side(&jun, room.id)]);
}

/// After how many waits someone goes away. Whether there is anything to wait for differs from time
/// to time, so each is tried again.
fn sooner_and_later() -> impl Iterator<Item = usize> {
    (0..10).flat_map(|_| 0..8)
}

#[tokio::test]
async fn whoever_goes_away_leaves_no_room_half_made() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    for waits in sooner_and_later() {
        house.heard();
        let id = RoomId(Uuid::new_v4());
        let making = house.chat.create_room(mina.who, group(Some(id), &[&jun]));
        let made = up_to(waits, Box::pin(making).as_mut()).await;
        house.settle().await;
        let is_there = house.store.room(id).await.unwrap().is_some();
        assert_eq!(house.heard().contains(&side(&jun, id)), is_there, "{waits}");
        assert!(is_there || made.is_none());
    }
}

#[tokio::test]
async fn whoever_goes_away_leaves_no_room_half_deleted() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    for waits in sooner_and_later() {
        let room = house.group(&[&mina, &jun]).await;
        house.heard();
        let deleting = house.chat.delete_room(mina.who, room);
        let deleted = up_to(waits, Box::pin(deleting).as_mut()).await;
        house.settle().await;
        let is_gone = house.store.room(room.id()).await.unwrap().is_none();
        let heard = house.heard().contains(&side(&jun, room.id()));
        assert_eq!(heard, is_gone, "{waits}");
        assert!(is_gone || deleted.is_none());
    }
}

#[tokio::test]
async fn the_last_to_leave_takes_the_room_along_also_by_going_away() {
    let house = house().await;
    let mina = house.guest("mina").await;
    for waits in sooner_and_later() {
        let room = house.group(&[&mina]).await;
        let leaving = house.chat.remove_member(mina.who, room, mina.id());
        let left = up_to(waits, Box::pin(leaving).as_mut()).await;
        house.settle().await;
        let record = house.store.room(room.id()).await.unwrap();
        let is_there = record.map(|room| assert_eq!(room.members, 1, "{waits}"));
        assert!(is_there.is_none() || left.is_none());
    }
}

#[tokio::test]
async fn nobody_is_in_more_rooms_than_a_list_can_bear() {
    let house = house_with(Settings {
        rooms_each: 2,
        ..Settings::default()
    })
    .await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let (sora, eve) = (house.guest("sora").await, house.guest("eve").await);
    let (chat, id) = (&house.chat, RoomId(Uuid::new_v4()));
    house.say(&mina, direct(&mina, &jun), "안녕").await;
    let made = chat.create_room(mina.who, group(Some(id), &[])).await;
    let room = RoomRef::Id(made.unwrap().id);

    let open = |with: &Guest| NewRoom {
        kind: RoomKind::Direct,
        ..group(None, &[with])
    };
    let theirs = house.group(&[&eve]).await;
    let refused = [
        chat.create_room(mina.who, group(None, &[])).await.err(),
        chat.create_room(mina.who, open(&sora)).await.err(),
        chat.post(mina.who, direct(&mina, &sora), message("?"))
            .await
            .err(),
        chat.create_room(eve.who, group(None, &[&mina])).await.err(),
        chat.post(eve.who, direct(&eve, &mina), message("?"))
            .await
            .err(),
        chat.add_member(eve.who, theirs, mina.id()).await.err(),
    ];
    for (place, refused) in refused.into_iter().enumerate() {
        let problem = refused.unwrap().problem(None);
        let (code, rule) = (problem.code.as_str(), problem.rule.as_deref());
        assert_eq!((code, rule), (code::TOO_LARGE, Some(rule::TOO_MANY_ROOMS)));
        assert_eq!(problem.limit, Some(2));
        let is_mine = place < 3;
        assert_eq!(problem.detail.contains("you are in so many"), is_mine);
    }
    assert_eq!(chat.rooms(mina.who).await.unwrap().items.len(), 2);

    // What is there goes on, and asking for it once more makes nothing new.
    house.say(&jun, direct(&mina, &jun), "응").await;
    chat.create_room(mina.who, open(&jun)).await.unwrap();
    let again = chat.create_room(mina.who, group(Some(id), &[])).await;
    again.unwrap();
    chat.add_member(mina.who, room, mina.id()).await.unwrap();

    chat.remove_member(mina.who, room, mina.id()).await.unwrap();
    chat.add_member(eve.who, theirs, mina.id()).await.unwrap();
}
