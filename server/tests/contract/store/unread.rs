//! How far each member has read, and what is unread by subtraction.

use protocol::{Rev, RoomId};
use server::store::*;

use super::{World, delete};

pub async fn unread_is_what_was_posted_since(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[juno]).await;
    let first = world.post(room, mina, "one").await;
    world
        .change(
            room,
            mina,
            Change::Rename {
                name: "Garden".into(),
            },
        )
        .await;
    world.post(room, mina, "two").await;
    assert_eq!(world.unread(room, juno).await, 2);
    assert_eq!(world.unread(room, mina).await, 0);

    let mark = world.store.mark_read(room, juno, first.rev).await.unwrap();
    assert_eq!(
        mark,
        Ok(Marked {
            mark: ReadMark {
                rev: first.rev,
                posted: 1
            },
            members: 2
        })
    );
    assert_eq!(world.unread(room, juno).await, 1);

    let own = world.post(room, juno, "three").await;
    assert_eq!(world.unread(room, juno).await, 0);
    let read = world.store.members(room, None, 9).await.unwrap();
    assert_eq!(
        read.iter().map(|m| m.read).collect::<Vec<_>>(),
        [Rev(4), own.rev]
    );
}

pub async fn reading_only_moves_forward(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[juno]).await;
    for _ in 0..3 {
        world.post(room, mina, "hello").await;
    }
    let end = Marked {
        mark: ReadMark {
            rev: Rev(4),
            posted: 3,
        },
        members: 2,
    };
    let beyond = world
        .store
        .mark_read(room, juno, Rev(u64::MAX))
        .await
        .unwrap();
    assert_eq!(beyond, Ok(end));
    for back in [Rev(2), Rev::ZERO] {
        assert_eq!(
            world.store.mark_read(room, juno, back).await.unwrap(),
            Ok(end)
        );
    }
    let nowhere = RoomId(world.uuid());
    let refused = world.store.mark_read(nowhere, juno, Rev(1)).await.unwrap();
    assert_eq!(refused, Err(Refusal::NoSuchRoom));
}

pub async fn a_deletion_does_not_change_unread(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[juno]).await;
    let message = world.post(room, mina, "one").await;
    world.post(room, mina, "two").await;
    let deleted = world.change(room, mina, delete(&message)).await;
    assert_eq!(deleted.posted, 2);
    assert_eq!(world.unread(room, juno).await, 2);
}
