//! How operations get their place in a room's log.

use futures::future::join_all;
use protocol::Rev;
use protocol::wire::EventKind;
use server::store::*;

use super::{World, edit, post, posted, react};

pub async fn revs_have_no_holes(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    for n in 2..=10 {
        let message = world.post(room, mina, "hello").await;
        assert_eq!(message.rev, Rev(n));
    }
    let revs = world
        .log(room)
        .await
        .iter()
        .map(|event| event.rev.0)
        .collect::<Vec<_>>();
    assert_eq!(revs, (1..=10).collect::<Vec<_>>());
    let heads = world.store.heads(&[room]).await.unwrap();
    assert_eq!(
        heads,
        [(
            room,
            Head {
                rev: Rev(10),
                posted: 9
            }
        )]
    );
}

pub async fn a_batch_keeps_its_order(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let batch = (0..50)
        .map(|n| world.does(mina, post(&n.to_string())))
        .collect::<Vec<_>>();
    let answers = world.store.append(room, batch.clone()).await.unwrap();
    let log = world.log(room).await;
    assert_eq!(log.len(), 51);
    for (n, (append, answer)) in batch.iter().zip(answers).enumerate() {
        let event = world.event(answer);
        assert_eq!(event, log[n + 1]);
        assert_eq!(
            (event.op, event.by, event.at),
            (append.op, append.by, append.at)
        );
        assert_eq!(event.posted, n as u64 + 1);
        assert_eq!(posted(&event).body, n.to_string());
    }
}

pub async fn a_repeated_post_answers_the_first_event(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let first = world.does(mina, post("once"));
    let written = world.event(world.append(room, first.clone()).await);
    world.post(room, mina, "something after it").await;

    let again = Append {
        at: world.now(),
        change: post("once, altered"),
        ..first
    };
    let answer = world.append(room, again).await;

    assert_eq!(answer, Ok(Appended::Repeated(written)));
    assert_eq!(world.log(room).await.len(), 3);
}

pub async fn a_post_repeated_within_a_batch_is_written_once(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let one = world.does(mina, post("once"));
    let answers = world
        .store
        .append(room, vec![one.clone(), one])
        .await
        .unwrap();
    let [first, second] = answers.try_into().unwrap();
    let event = world.event(first);
    assert_eq!(second, Ok(Appended::Repeated(event)));
    assert_eq!(world.log(room).await.len(), 2);
}

pub async fn an_id_names_one_kind_of_operation(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let message = world.post(room, mina, "hello").await;
    let reaction = world.does(mina, react(&message, "👍", true));
    world.event(world.append(room, reaction.clone()).await);

    for change in [
        post("hi"),
        edit(&message, "hi"),
        react(&message, "👎", true),
    ] {
        let reused = Append {
            change,
            ..reaction.clone()
        };
        assert_eq!(world.append(room, reused).await, Err(Refusal::IdTaken));
    }
    let reused = Append {
        op: message.id.into(),
        ..reaction
    };
    assert_eq!(world.append(room, reused).await, Err(Refusal::IdTaken));
}

pub async fn an_id_is_used_in_one_room(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let other = world.group(mina, &[]).await;
    let append = world.does(mina, post("hello"));
    world.event(world.append(room, append.clone()).await);
    assert_eq!(world.append(other, append).await, Err(Refusal::IdTaken));
    assert_eq!(world.log(other).await.len(), 1);
}

pub async fn a_message_id_is_its_authors(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[juno]).await;
    let append = world.does(mina, post("mine"));
    world.event(world.append(room, append.clone()).await);

    let stolen = Append {
        by: juno,
        change: post("yours"),
        ..append.clone()
    };
    assert_eq!(world.append(room, stolen).await, Err(Refusal::IdTaken));

    // An operation that is not a message may have the same id by chance.
    let message = world.message(room, append.op.into()).await;
    let reaction = Append {
        by: juno,
        change: react(&message, "👍", true),
        ..append
    };
    world.event(world.append(room, reaction).await);
}

pub async fn posts_at_once_share_no_rev(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[juno]).await;
    let posts = (0..200).map(|n| {
        let by = if n % 2 == 0 { mina } else { juno };
        world.append(room, world.does(by, post(&n.to_string())))
    });
    let mut events = join_all(posts)
        .await
        .into_iter()
        .map(|answer| world.event(answer))
        .collect::<Vec<_>>();
    events.sort_by_key(|event| event.rev);
    let revs = events.iter().map(|event| event.rev.0).collect::<Vec<_>>();
    assert_eq!(revs, (2..=201).collect::<Vec<_>>());
    assert_eq!(world.log(room).await[1..], events);
}

pub async fn the_same_post_sent_many_times_at_once_is_one_message(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let one = world.does(mina, post("once"));
    let answers = join_all((0..50).map(|_| world.append(room, one.clone()))).await;
    let written = answers
        .iter()
        .filter(|a| matches!(a, Ok(Appended::Written(_))))
        .count();
    assert!(
        written == 1 || !world.exact && written == 0,
        "written {written} times"
    );
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer, Ok(done) if done.rev() == Rev(2)))
    );
    assert_eq!(world.log(room).await.len(), 2);
}

pub async fn a_stranger_cannot_post(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let stranger = world.person("stranger").await;
    assert_eq!(
        world.refused(room, stranger, post("hello")).await,
        Refusal::NotMember
    );
    assert_eq!(world.log(room).await.len(), 1);
}

pub async fn a_refusal_leaves_the_rest_of_the_batch_alone(world: &World) {
    let mina = world.person("mina").await;
    let stranger = world.person("stranger").await;
    let room = world.group(mina, &[]).await;
    let batch = vec![
        world.does(mina, post("one")),
        world.does(stranger, post("let me in")),
        world.does(mina, post("two")),
    ];
    let [one, between, two] = world
        .store
        .append(room, batch)
        .await
        .unwrap()
        .try_into()
        .unwrap();
    assert_eq!(world.event(one).rev, Rev(2));
    assert_eq!(between, Err(Refusal::NotMember));
    assert_eq!(world.event(two).rev, Rev(3));
}

pub async fn nothing_is_appended_to_a_room_that_is_not_there(world: &World) {
    let mina = world.person("mina").await;
    let nowhere = protocol::RoomId(world.uuid());
    assert_eq!(
        world.refused(nowhere, mina, post("hello")).await,
        Refusal::NoSuchRoom
    );
    assert!(world.log(nowhere).await.is_empty());
}

pub async fn a_reply_names_a_message_of_the_room(world: &World) {
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let other = world.group(mina, &[]).await;
    let here = world.post(room, mina, "question").await;
    let there = world.post(other, mina, "elsewhere").await;

    let reply = |to| Change::Post {
        body: "answer".into(),
        reply_to: Some(to),
    };
    let event = world.change(room, mina, reply(here.id)).await;
    assert_eq!(posted(&event).reply_to, Some(here.id));
    assert_eq!(
        world.message(room, posted(&event).id).await.reply_to,
        Some(here.id)
    );
    assert_eq!(
        world.refused(room, mina, reply(there.id)).await,
        Refusal::NoSuchMessage
    );
}

pub async fn a_repeat_is_answered_even_after_leaving(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[juno]).await;
    let append = world.does(juno, post("bye"));
    let event = world.event(world.append(room, append.clone()).await);
    let leave = world.does(juno, Change::Leave);
    let left = world.event(world.append(room, leave.clone()).await);
    assert_eq!(left.kind, EventKind::Left { user: juno });

    assert_eq!(
        world.append(room, append).await,
        Ok(Appended::Repeated(event))
    );
    assert_eq!(
        world.append(room, leave).await,
        Ok(Appended::Repeated(left))
    );
    assert_eq!(
        world.refused(room, juno, post("still here")).await,
        Refusal::NotMember
    );
}
