//! Rooms: who is in them, what a member sees of them, and how they end.

use protocol::wire::{EventKind, RoomKind};
use protocol::{Rev, RoomId, UserId};
use server::store::*;

use super::{World, post};

async fn list(world: &World, user: UserId) -> Vec<RoomId> {
    let rooms = world.store.rooms_of(user).await.unwrap();
    for mine in &rooms {
        let alone = world.store.my_room(mine.room.id, user).await.unwrap();
        assert_eq!(alone.as_ref(), Some(mine));
    }
    rooms.iter().map(|mine| mine.room.id).collect()
}

async fn members(world: &World, room: RoomId) -> Vec<UserId> {
    let members = world.store.members(room, None, 100).await.unwrap();
    members.iter().map(|member| member.user.id).collect()
}

pub async fn a_room_begins_with_its_creation(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let draft = world.room_draft(RoomKind::Channel, mina, &[juno]);
    let event = world.event(world.store.create_room(draft.clone()).await.unwrap());
    assert_eq!(
        (event.rev, event.by, event.op, event.posted),
        (Rev(1), mina, draft.op, 0)
    );
    let created = EventKind::Created {
        kind: RoomKind::Channel,
        name: Some("Courtyard".into()),
        members: vec![mina, juno],
    };
    assert_eq!(event.kind, created);
    assert_eq!(world.log(draft.id).await, [event]);
    let record = RoomRecord {
        id: draft.id,
        kind: RoomKind::Channel,
        name: Some("Courtyard".into()),
        head: Head {
            rev: Rev(1),
            posted: 0,
        },
        members: 2,
        created_at: draft.at,
    };
    assert_eq!(world.store.room(draft.id).await.unwrap(), Some(record));
}

pub async fn a_room_made_twice_is_one_room(world: &World) {
    let mina = world.person("mina").await;
    let draft = world.room_draft(RoomKind::Group, mina, &[]);
    let first = world.event(world.store.create_room(draft.clone()).await.unwrap());
    let again = RoomDraft {
        op: world.op(),
        name: Some("Other".into()),
        ..draft
    };
    let answer = world.store.create_room(again).await.unwrap();
    assert_eq!(answer, Ok(Appended::Repeated(first)));
    assert_eq!(list(world, mina).await.len(), 1);
}

pub async fn a_room_knows_who_made_it(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let group = world.group(mina, &[juno]).await;
    let other = world.group(juno, &[mina]).await;
    // What happened since does not change it.
    world.change(group, juno, Change::Leave).await;
    world.change(group, mina, Change::Join { user: juno }).await;
    for (user, made) in [(mina, group), (juno, other)] {
        let rooms = world.store.rooms_of(user).await.unwrap();
        let mine = rooms.iter().filter(|room| room.mine);
        assert_eq!(mine.map(|room| room.room.id).collect::<Vec<_>>(), [made]);
        assert_eq!(list(world, user).await.len(), 2);
    }
}

pub async fn anothers_room_id_is_taken(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[juno]).await;
    let draft = RoomDraft {
        id: room,
        ..world.room_draft(RoomKind::Group, juno, &[])
    };
    assert_eq!(
        world.store.create_room(draft).await.unwrap(),
        Err(Refusal::IdTaken)
    );

    // An operation of mine that did something else cannot also make a room.
    let message = world.post(room, mina, "hello").await;
    let draft = RoomDraft {
        op: message.id.into(),
        ..world.room_draft(RoomKind::Group, mina, &[])
    };
    assert_eq!(
        world.store.create_room(draft).await.unwrap(),
        Err(Refusal::IdTaken)
    );
}

pub async fn a_room_needs_people_who_exist(world: &World) {
    let mina = world.person("mina").await;
    let nobody = UserId(world.uuid());
    let draft = world.room_draft(RoomKind::Group, mina, &[nobody]);
    assert_eq!(
        world.store.create_room(draft).await.unwrap(),
        Err(Refusal::NoSuchUser)
    );
    let room = world.group(mina, &[]).await;
    assert_eq!(
        world
            .refused(room, mina, Change::Join { user: nobody })
            .await,
        Refusal::NoSuchUser
    );
}

pub async fn a_room_can_be_full(world: &World) {
    let mina = world.person("mina").await;
    let crowd = (0..MAX_MEMBERS)
        .map(|_| UserId(world.uuid()))
        .collect::<Vec<_>>();
    let draft = world.room_draft(RoomKind::Group, mina, &crowd);
    assert_eq!(
        world.store.create_room(draft).await.unwrap(),
        Err(Refusal::RoomFull)
    );
}

pub async fn those_who_are_in_many_rooms_are_found(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let hana = world.person("hana").await;
    let nobody = UserId(world.uuid());
    let room = world.group(mina, &[juno]).await;
    let gone = world.group(mina, &[]).await;
    world.direct(juno, mina).await;
    let all = [mina, juno, hana, nobody];
    let in_rooms = async |many| {
        let mut found = world.store.in_many_rooms(&all, many).await.unwrap();
        found.sort_by_key(|user| all.iter().position(|known| known == user));
        found
    };
    assert_eq!(in_rooms(1).await, [mina, juno]);
    assert_eq!(in_rooms(2).await, [mina, juno]);
    assert_eq!(in_rooms(3).await, [mina]);
    assert_eq!(in_rooms(4).await, []);

    world.change(room, juno, Change::Leave).await;
    world.store.delete_room(gone).await.unwrap();
    assert_eq!(in_rooms(2).await, [mina]);
    assert_eq!(in_rooms(3).await, []);
}

pub async fn an_unused_direct_room_is_with_whoever_opened_it(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.direct(mina, juno).await;
    assert_eq!(list(world, mina).await, [room]);
    assert!(list(world, juno).await.is_empty());
    assert_eq!(world.store.my_room(room, juno).await.unwrap(), None);
    assert!(world.store.is_member(room, juno).await.unwrap());

    world.post(room, mina, "hello").await;
    assert_eq!(list(world, juno).await, [room]);
    let mine = world.store.my_room(room, juno).await.unwrap().unwrap();
    assert_eq!(mine.peer.unwrap().username, "mina");
}

pub async fn both_people_may_open_a_direct_room(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.direct(mina, juno).await;
    let draft = world.room_draft(RoomKind::Direct, juno, &[mina]);
    let answer = world.store.create_room(draft).await.unwrap();
    assert!(matches!(answer, Ok(Appended::Repeated(event)) if event.by == mina));
    assert_eq!(list(world, juno).await, [room]);
    assert_eq!(world.log(room).await.len(), 1);
}

pub async fn a_direct_room_keeps_its_two_people(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let hana = world.person("hana").await;
    let room = world.direct(mina, juno).await;
    for change in [
        Change::Join { user: hana },
        Change::Leave,
        Change::Remove { user: juno },
        Change::Rename {
            name: "Ours".into(),
        },
    ] {
        assert_eq!(world.refused(room, mina, change).await, Refusal::DirectRoom);
    }
    assert_eq!(members(world, room).await, [mina, juno]);

    let alone = world.room_draft(RoomKind::Direct, hana, &[]);
    world.event(world.store.create_room(alone.clone()).await.unwrap());
    let mine = world.store.my_room(alone.id, hana).await.unwrap().unwrap();
    assert_eq!((mine.peer, mine.room.members), (None, 1));
}

pub async fn a_newcomer_sees_history_and_has_read_it(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[]).await;
    world.post(room, mina, "before").await;
    let joined = world.change(room, mina, Change::Join { user: juno }).await;
    assert_eq!(
        (joined.by, &joined.kind),
        (mina, &EventKind::Joined { user: juno })
    );

    let mine = world.store.my_room(room, juno).await.unwrap().unwrap();
    assert_eq!(
        mine.read,
        ReadMark {
            rev: joined.rev,
            posted: 1
        }
    );
    assert_eq!(mine.room.members, 2);
    assert_eq!(mine.last_message.unwrap().body, "before");
    assert_eq!(world.unread(room, juno).await, 0);
    assert_eq!(world.unread(room, mina).await, 0);

    let again = world.does(mina, Change::Join { user: juno });
    let answer = world.append(room, again).await;
    assert_eq!(answer, Ok(Appended::Unchanged { rev: joined.rev }));
}

pub async fn only_members_bring_in_members(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[]).await;
    let refusal = world.refused(room, juno, Change::Join { user: juno }).await;
    assert_eq!(refusal, Refusal::NotMember);
    let refusal = world
        .refused(room, juno, Change::Remove { user: mina })
        .await;
    assert_eq!(refusal, Refusal::NotMember);
    assert_eq!(members(world, room).await, [mina]);
}

pub async fn who_leaves_has_the_room_no_more(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let hana = world.person("hana").await;
    let room = world.group(mina, &[juno, hana]).await;
    world.change(room, juno, Change::Leave).await;
    let removed = world
        .change(room, mina, Change::Remove { user: hana })
        .await;
    assert_eq!(removed.kind, EventKind::Removed { user: hana });
    for gone in [juno, hana] {
        assert!(list(world, gone).await.is_empty());
        assert!(!world.store.is_member(room, gone).await.unwrap());
        assert_eq!(
            world.refused(room, gone, post("hello?")).await,
            Refusal::NotMember
        );
        let read = world.store.mark_read(room, gone, Rev(1)).await.unwrap();
        assert_eq!(read, Err(Refusal::NotMember));
    }
    assert_eq!(world.store.room(room).await.unwrap().unwrap().members, 1);
    let again = world.does(mina, Change::Remove { user: hana });
    let answer = world.append(room, again).await;
    assert_eq!(answer, Ok(Appended::Unchanged { rev: removed.rev }));
}

pub async fn members_are_told_in_the_order_they_came(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let hana = world.person("hana").await;
    let bora = world.person("bora").await;
    let room = world.group(mina, &[hana]).await;
    world.change(room, mina, Change::Join { user: bora }).await;
    world.change(room, mina, Change::Join { user: juno }).await;
    world.change(room, hana, Change::Leave).await;
    world.change(room, mina, Change::Join { user: hana }).await;
    assert_eq!(members(world, room).await, [mina, bora, juno, hana]);

    let page = world.store.members(room, Some(bora), 1).await.unwrap();
    assert_eq!(page.len(), 1);
    assert_eq!(
        (page[0].user.id, page[0].user.username.as_str()),
        (juno, "juno")
    );
    assert!(
        world
            .store
            .members(room, Some(hana), 9)
            .await
            .unwrap()
            .is_empty()
    );
}

pub async fn the_list_begins_with_the_latest_activity(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let first = world.group(mina, &[]).await;
    let second = world.direct(mina, juno).await;
    let third = world.group(mina, &[]).await;
    assert_eq!(list(world, mina).await, [third, second, first]);

    let message = world.post(first, mina, "up").await;
    assert_eq!(list(world, mina).await, [first, third, second]);
    // What is not a message does not move a room.
    world.change(second, mina, post("hello")).await;
    world
        .change(
            third,
            mina,
            Change::Rename {
                name: "Garden".into(),
            },
        )
        .await;
    assert_eq!(list(world, mina).await, [second, first, third]);
    let mine = world.store.my_room(first, mina).await.unwrap().unwrap();
    assert_eq!(mine.active_at, message.at);
    assert_eq!(mine.last_message, Some(message));
}

pub async fn a_deleted_room_is_gone_by_every_path(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let message = world.post(room, mina, "hello").await;
    world.store.delete_room(room).await.unwrap();
    world.store.delete_room(room).await.unwrap();

    let store = &world.store;
    assert!(world.log(room).await.is_empty());
    let messages = store.messages(room, Span::Latest, 9).await.unwrap();
    assert!(messages.items.is_empty() && messages.head == Head::default());
    assert_eq!(store.message(room, message.id).await.unwrap(), None);
    assert_eq!(store.room(room).await.unwrap(), None);
    assert_eq!(store.my_room(room, mina).await.unwrap(), None);
    assert!(store.rooms_of(mina).await.unwrap().is_empty());
    assert!(store.members(room, None, 9).await.unwrap().is_empty());
    assert!(!store.is_member(room, mina).await.unwrap());
    assert!(store.messages_by(mina, 9).await.unwrap().is_empty());
    assert_eq!(
        world.refused(room, mina, post("hello?")).await,
        Refusal::NoSuchRoom
    );
}

pub async fn a_room_made_anew_remembers_nothing(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.direct(mina, juno).await;
    let old = world.does(mina, post("old"));
    world.event(world.append(room, old.clone()).await);
    world.store.delete_room(room).await.unwrap();

    assert_eq!(world.direct(juno, mina).await, room);
    assert_eq!(world.log(room).await.len(), 1);
    assert!(world.all_messages(room).await.is_empty());
    // The operation of then is forgotten, too: sent again, it is a new one.
    assert_eq!(world.event(world.append(room, old).await).rev, Rev(2));
}
