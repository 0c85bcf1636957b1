//! How logs and messages are read.

use protocol::Rev;
use server::store::*;

use super::{World, delete, post, react};

/// A room with this many messages, at the revs 2, 3, 4 ….
async fn room_with(world: &World, messages: u64) -> protocol::RoomId {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let batch = (0..messages)
        .map(|n| world.does(mina, post(&n.to_string())))
        .collect();
    world.store.append(room, batch).await.unwrap();
    room
}

fn revs(messages: &Messages) -> Vec<u64> {
    messages.items.iter().map(|message| message.rev.0).collect()
}

pub async fn the_log_is_read_page_by_page(world: &World) {
    let room = room_with(world, 24).await;
    let all = world.log(room).await;
    let mut paged = Vec::new();
    loop {
        let after = paged
            .last()
            .map_or(Rev::ZERO, |event: &protocol::wire::Event| event.rev);
        let page = world.store.events(room, after, 7).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 7);
        paged.extend(page);
    }
    assert_eq!(paged.len(), 25);
    assert_eq!(paged, all);
}

pub async fn the_latest_messages_come_oldest_first(world: &World) {
    let room = room_with(world, 10).await;
    let latest = world.store.messages(room, Span::Latest, 3).await.unwrap();
    assert_eq!(revs(&latest), [9, 10, 11]);
    assert_eq!(
        latest.head,
        Head {
            rev: Rev(11),
            posted: 10
        }
    );
    assert!(latest.older && !latest.newer);

    let all = world.store.messages(room, Span::Latest, 10).await.unwrap();
    assert_eq!(all.items.len(), 10);
    assert!(!all.older && !all.newer);
}

pub async fn messages_are_paged_backwards(world: &World) {
    let room = room_with(world, 10).await;
    let page = world
        .store
        .messages(room, Span::Before(Rev(6)), 3)
        .await
        .unwrap();
    assert_eq!(revs(&page), [3, 4, 5]);
    assert!(page.older && page.newer);

    let first = world
        .store
        .messages(room, Span::Before(Rev(3)), 3)
        .await
        .unwrap();
    assert_eq!(revs(&first), [2]);
    assert!(!first.older && first.newer);

    let none = world
        .store
        .messages(room, Span::Before(Rev(2)), 3)
        .await
        .unwrap();
    assert!(none.items.is_empty() && !none.older && none.newer);
}

pub async fn messages_are_paged_forwards(world: &World) {
    let room = room_with(world, 10).await;
    let page = world
        .store
        .messages(room, Span::After(Rev(6)), 3)
        .await
        .unwrap();
    assert_eq!(revs(&page), [7, 8, 9]);
    assert!(page.older && page.newer);

    let last = world
        .store
        .messages(room, Span::After(Rev(9)), 3)
        .await
        .unwrap();
    assert_eq!(revs(&last), [10, 11]);
    assert!(last.older && !last.newer);

    let none = world
        .store
        .messages(room, Span::After(Rev(11)), 3)
        .await
        .unwrap();
    assert!(none.items.is_empty() && none.older && !none.newer);
}

pub async fn a_window_opens_around_a_place(world: &World) {
    let room = room_with(world, 10).await;
    let window = world
        .store
        .messages(room, Span::Around(Rev(6)), 4)
        .await
        .unwrap();
    assert_eq!(revs(&window), [4, 5, 6, 7]);
    assert!(window.older && window.newer);

    let start = world
        .store
        .messages(room, Span::Around(Rev(1)), 4)
        .await
        .unwrap();
    assert_eq!(revs(&start), [2, 3]);
    assert!(!start.older && start.newer);
}

pub async fn a_number_beyond_all_revs_is_the_end(world: &World) {
    let room = room_with(world, 3).await;
    let end = Rev(u64::MAX);
    assert!(world.store.events(room, end, 10).await.unwrap().is_empty());
    let before = world
        .store
        .messages(room, Span::Before(end), 10)
        .await
        .unwrap();
    assert_eq!(revs(&before), [2, 3, 4]);
    let after = world
        .store
        .messages(room, Span::After(end), usize::MAX)
        .await
        .unwrap();
    assert!(after.items.is_empty() && after.older && !after.newer);
    let around = world
        .store
        .messages(room, Span::Around(end), 4)
        .await
        .unwrap();
    assert_eq!(revs(&around), [3, 4]);
    assert!(
        world
            .store
            .messages(room, Span::Latest, 0)
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

pub async fn a_message_is_found_in_its_room_only(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let other = world.group(mina, &[]).await;
    let message = world.post(room, mina, "here").await;
    assert_eq!(
        world.store.message(room, message.id).await.unwrap(),
        Some(message.clone())
    );
    assert_eq!(world.store.message(other, message.id).await.unwrap(), None);

    // The id of an operation that is no message finds none.
    let reaction = world.change(room, mina, react(&message, "👍", true)).await;
    assert_eq!(
        world.store.message(room, reaction.op.into()).await.unwrap(),
        None
    );
    world.change(room, mina, delete(&message)).await;
    assert!(world.message(room, message.id).await.deleted);
}

pub async fn heads_leave_out_what_is_gone(world: &World) {
    let mina = world.person("mina").await;
    let here = world.group(mina, &[]).await;
    let gone = world.group(mina, &[]).await;
    let never = protocol::RoomId(world.uuid());
    world.store.delete_room(gone).await.unwrap();
    let heads = world.store.heads(&[gone, here, never]).await.unwrap();
    assert_eq!(
        heads,
        [(
            here,
            Head {
                rev: Rev(1),
                posted: 0
            }
        )]
    );
}
