//! How logs and messages are read.

use protocol::wire::Event;
use protocol::{Rev, RoomId};
use server::store::*;

use super::{World, delete, post, react};

/// A room with this many messages, at the revs 2, 3, 4 ….
async fn room_with(world: &World, messages: u64) -> RoomId {
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
        let after = paged.last().map_or(Rev::ZERO, |event: &Event| event.rev);
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

/// A room in which someone comes, is renamed around or goes after every second message, and what
/// its log says of that.
async fn lively_room(world: &World) -> (RoomId, Vec<Event>) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[]).await;
    let happens = [
        Change::Join { user: juno },
        Change::Rename {
            name: "Garden".to_owned(),
        },
        Change::Remove { user: juno },
        Change::Join { user: juno },
    ];
    for change in happens {
        world.change(room, mina, change).await;
        let message = world.post(room, mina, "said").await;
        world.change(room, mina, react(&message, "👍", true)).await;
        world.post(room, mina, "said again").await;
    }
    world.change(room, juno, Change::Leave).await;
    let mut notes = world.log(room).await;
    notes.retain(Event::is_note);
    assert_eq!(notes.len(), 5);
    (room, notes)
}

async fn read(world: &World, room: RoomId, span: Span, limit: usize) -> Messages {
    world.store.messages(room, span, limit).await.unwrap()
}

pub async fn what_happened_between_messages_comes_with_them(world: &World) {
    let (room, notes) = lively_room(world).await;
    let all = read(world, room, Span::Latest, 100).await;
    assert_eq!(all.notes, notes);
    // The messages are at 3, 5 | 7, 9 | 11, 13 | 15, 17; what happened, at 2, 6, 10, 14 and 18.
    let latest = read(world, room, Span::Latest, 3).await;
    assert_eq!(
        (revs(&latest), &latest.notes[..]),
        (vec![13, 15, 17], &notes[3..])
    );
    let first = read(world, room, Span::Before(Rev(7)), 2).await;
    assert_eq!((revs(&first), &first.notes[..]), (vec![3, 5], &notes[..2]));
    let around = read(world, room, Span::Around(Rev(9)), 4).await;
    assert_eq!(
        (revs(&around), &around.notes[..]),
        (vec![5, 7, 9, 11], &notes[1..3])
    );
    let nothing = read(world, room, Span::After(Rev(18)), 4).await;
    assert!(nothing.items.is_empty() && nothing.notes.is_empty());
    let before_all = read(world, room, Span::Before(Rev(3)), 4).await;
    assert_eq!(
        (revs(&before_all), &before_all.notes[..]),
        (vec![], &notes[..1])
    );
}

pub async fn pages_leave_nothing_out_and_say_nothing_twice(world: &World) {
    let (room, notes) = lively_room(world).await;
    for limit in 1..=4 {
        let mut page = read(world, room, Span::Latest, limit).await;
        let mut back = page.notes;
        while page.older {
            let edge = page.items[0].rev;
            page = read(world, room, Span::Before(edge), limit).await;
            back.splice(..0, page.notes);
        }
        assert_eq!(back, notes, "{limit} at a time, backwards");

        let mut page = read(world, room, Span::After(Rev::ZERO), limit).await;
        let mut forth = page.notes;
        while page.newer {
            let edge = page.items.last().unwrap().rev;
            page = read(world, room, Span::After(edge), limit).await;
            forth.append(&mut page.notes);
        }
        assert_eq!(forth, notes, "{limit} at a time, forwards");
    }
}

pub async fn of_very_many_notes_the_last_come(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let renames = (0..NOTES + 5).map(|n| {
        let name = format!("Courtyard {n}");
        world.does(mina, Change::Rename { name })
    });
    world.store.append(room, renames.collect()).await.unwrap();
    let latest = read(world, room, Span::Latest, 10).await;
    assert_eq!(latest.notes.len(), NOTES);
    assert_eq!(latest.notes.last().unwrap().rev, latest.head.rev);
}
