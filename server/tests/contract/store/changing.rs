//! What may become of a message that was posted, and of a room's name.

use protocol::wire::{EventKind, Message, Reaction};
use server::store::*;

use super::{World, delete, edit, posted, react};

fn unchanged(answer: &Result<Appended, Refusal>) -> bool {
    matches!(answer, Ok(Appended::Unchanged { .. }))
}

pub async fn only_the_author_edits_and_deletes(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[juno]).await;
    let message = world.post(room, mina, "mine").await;
    assert_eq!(
        world.refused(room, juno, edit(&message, "yours")).await,
        Refusal::NotAuthor
    );
    assert_eq!(
        world.refused(room, juno, delete(&message)).await,
        Refusal::NotAuthor
    );
    assert_eq!(world.message(room, message.id).await, message);

    let unknown = Message {
        id: world.op().into(),
        ..message
    };
    assert_eq!(
        world.refused(room, mina, edit(&unknown, "?")).await,
        Refusal::NoSuchMessage
    );
    assert_eq!(
        world.refused(room, mina, delete(&unknown)).await,
        Refusal::NoSuchMessage
    );
}

pub async fn an_edit_replaces_the_body_in_the_log_too(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let message = world.post(room, mina, "first").await;
    world.change(room, mina, edit(&message, "second")).await;
    let last = world.change(room, mina, edit(&message, "third")).await;

    let now = world.message(room, message.id).await;
    let expected = Message {
        body: "third".into(),
        edited_at: Some(last.at),
        ..message.clone()
    };
    assert_eq!(now, expected);
    let log = world.log(room).await;
    assert_eq!(posted(&log[1]), expected);
    for event in &log[2..] {
        let EventKind::Edited { message: edit } = &event.kind else {
            panic!("{event:?}")
        };
        assert_eq!((edit.body.as_str(), edit.edited_at), ("third", last.at));
    }
}

pub async fn a_deletion_leaves_only_a_tombstone(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let question = world.post(room, mina, "question").await;
    let reply = Change::Post {
        body: "secret".into(),
        reply_to: Some(question.id),
    };
    let message = posted(&world.change(room, mina, reply).await);
    world.change(room, mina, react(&message, "👍", true)).await;
    world
        .change(room, mina, edit(&message, "another secret"))
        .await;
    let deleted = world.change(room, mina, delete(&message)).await;
    assert_eq!(deleted.message(), Some(message.id));

    let tombstone = Message {
        body: String::new(),
        reply_to: None,
        edited_at: None,
        deleted: true,
        reactions: Vec::new(),
        ..message.clone()
    };
    assert_eq!(world.message(room, message.id).await, tombstone);
    assert_eq!(
        world.all_messages(room).await,
        [question, tombstone.clone()]
    );
    let log = world.log(room).await;
    assert_eq!(posted(&log[2]), tombstone);
    assert!(!serde_json::to_string(&log).unwrap().contains("secret"));
}

pub async fn a_deleted_message_stays_as_it_is(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let message = world.post(room, mina, "gone").await;
    world.change(room, mina, delete(&message)).await;

    for change in [edit(&message, "back"), react(&message, "👍", true)] {
        assert_eq!(
            world.refused(room, mina, change).await,
            Refusal::MessageDeleted
        );
    }
    let again = world.does(mina, delete(&message));
    assert!(unchanged(&world.append(room, again).await));
    assert_eq!(world.log(room).await.len(), 3);
}

pub async fn an_edit_to_the_same_text_changes_nothing(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let message = world.post(room, mina, "same").await;
    let same = world.does(mina, edit(&message, "same"));
    assert!(unchanged(&world.append(room, same).await));
    assert_eq!(world.message(room, message.id).await, message);
}

pub async fn a_reaction_given_twice_is_given_once(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let message = world.post(room, mina, "hello").await;
    let on = world.change(room, mina, react(&message, "👍", true)).await;
    let EventKind::Reacted {
        message: of,
        emoji,
        on: true,
    } = on.kind
    else {
        panic!("{on:?}")
    };
    assert_eq!((of.id, emoji.as_str()), (message.id, "👍"));
    assert!(unchanged(
        &world
            .append(room, world.does(mina, react(&message, "👍", true)))
            .await
    ));

    world.change(room, mina, react(&message, "👍", false)).await;
    assert!(unchanged(
        &world
            .append(room, world.does(mina, react(&message, "👍", false)))
            .await
    ));
    assert_eq!(world.message(room, message.id).await, message);
    assert_eq!(world.log(room).await.len(), 4);
}

pub async fn first_comers_are_shown_first(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[juno]).await;
    let message = world.post(room, mina, "hello").await;
    for (user, emoji, on) in [
        (juno, "🎉", true),
        (mina, "👍", true),
        (juno, "👍", true),
        (mina, "🎉", true),
        (mina, "👍", false),
        (mina, "👍", true),
    ] {
        world.change(room, user, react(&message, emoji, on)).await;
    }
    let reaction = |emoji: &str, users: &[_]| Reaction {
        emoji: emoji.into(),
        users: users.to_vec(),
    };
    let expected = [reaction("🎉", &[juno, mina]), reaction("👍", &[juno, mina])];
    assert_eq!(world.message(room, message.id).await.reactions, expected);
    assert_eq!(posted(&world.log(room).await[1]).reactions, expected);
    assert_eq!(world.all_messages(room).await[0].reactions, expected);
}

pub async fn a_message_takes_so_many_different_reactions(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[juno]).await;
    let message = world.post(room, mina, "hello").await;
    let batch = (0..=MAX_REACTIONS)
        .map(|n| world.does(mina, react(&message, &format!("e{n}"), true)))
        .collect();
    let answers = world.store.append(room, batch).await.unwrap();
    assert_eq!(answers[MAX_REACTIONS], Err(Refusal::TooManyReactions));
    assert!(answers[..MAX_REACTIONS].iter().all(Result::is_ok));
    // One more of a kind that is there already is no new kind.
    world.change(room, juno, react(&message, "e0", true)).await;
}

pub async fn reactions_of_strangers_are_refused(world: &World) {
    let mina = world.person("mina").await;
    let stranger = world.person("stranger").await;
    let room = world.group(mina, &[]).await;
    let message = world.post(room, mina, "hello").await;
    let refusal = world
        .refused(room, stranger, react(&message, "👍", true))
        .await;
    assert_eq!(refusal, Refusal::NotMember);
}

pub async fn a_name_is_changed_once(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let rename = || Change::Rename {
        name: "Garden".into(),
    };
    let renamed = world.change(room, mina, rename()).await;
    assert_eq!(
        renamed.kind,
        EventKind::Renamed {
            name: "Garden".into()
        }
    );
    assert!(unchanged(
        &world.append(room, world.does(mina, rename())).await
    ));
    let record = world.store.room(room).await.unwrap().unwrap();
    assert_eq!(record.name.as_deref(), Some("Garden"));
    let stranger = world.person("stranger").await;
    let refusal = world
        .refused(
            room,
            stranger,
            Change::Rename {
                name: "Mine".into(),
            },
        )
        .await;
    assert_eq!(refusal, Refusal::NotMember);
    world.post(room, mina, "still here").await;
}
