//! Random operations on the store and on its model. Every answer and everything that can be read
//! must be the same.

use proptest::prelude::*;
use protocol::wire::{Event, RoomKind};
use protocol::{OpId, Rev, Timestamp, UserId};
use server::store::*;
use uuid::Uuid;

use super::Model;
use crate::sqlite;
use crate::store::World;

const PEOPLE: usize = 4;
const MESSAGES: usize = 6;

/// An operation by indexes, so that proptest can shrink it.
#[derive(Clone, Debug)]
pub struct Step {
    by: usize,
    /// An op that is new, or one that was used before.
    op: Option<usize>,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Post { body: u8, reply_to: Option<usize> },
    Edit { message: usize, body: u8 },
    Delete { message: usize },
    React { message: usize, emoji: u8, on: bool },
    Join { user: usize },
    Leave,
    Remove { user: usize },
    Rename { name: u8 },
    Read { rev: u64 },
}

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..60)
}

fn step() -> impl Strategy<Value = Step> {
    let what = prop_oneof![
        6 => (0..3_u8, prop::option::weighted(0.2, 0..MESSAGES))
            .prop_map(|(body, reply_to)| What::Post { body, reply_to }),
        3 => (0..MESSAGES, 0..3_u8).prop_map(|(message, body)| What::Edit { message, body }),
        2 => (0..MESSAGES).prop_map(|message| What::Delete { message }),
        4 => (0..MESSAGES, 0..3_u8, any::<bool>())
            .prop_map(|(message, emoji, on)| What::React { message, emoji, on }),
        2 => (0..PEOPLE).prop_map(|user| What::Join { user }),
        1 => Just(What::Leave),
        1 => (0..PEOPLE).prop_map(|user| What::Remove { user }),
        1 => (0..2_u8).prop_map(|name| What::Rename { name }),
        2 => (0..40_u64).prop_map(|rev| What::Read { rev }),
    ];
    (0..PEOPLE, prop::option::weighted(0.15, 0..40_usize), what).prop_map(|(by, op, what)| Step {
        by,
        op,
        what,
    })
}

/// The step with its indexes looked up.
fn append_of(step: &Step, number: usize, people: &[UserId], model: &Model) -> Append {
    let op = |number: usize| OpId(Uuid::from_u128(1 << 64 | number as u128));
    let messages = model.messages();
    let message = |index: usize| {
        let known = messages.iter().rev().nth(index).map(|message| message.id);
        known.unwrap_or_else(|| op(usize::MAX).into())
    };
    let change = match &step.what {
        What::Post { body, reply_to } => Change::Post {
            body: format!("body {body}"),
            reply_to: reply_to.map(message),
        },
        What::Edit { message: of, body } => Change::Edit {
            message: message(*of),
            body: format!("body {body}"),
        },
        What::Delete { message: of } => Change::Delete {
            message: message(*of),
        },
        What::React {
            message: of,
            emoji,
            on,
        } => Change::React {
            message: message(*of),
            emoji: format!("e{emoji}"),
            on: *on,
        },
        What::Join { user } => Change::Join {
            user: people[*user],
        },
        What::Leave | What::Read { .. } => Change::Leave,
        What::Remove { user } => Change::Remove {
            user: people[*user],
        },
        What::Rename { name } => Change::Rename {
            name: format!("name {name}"),
        },
    };
    Append {
        by: people[step.by],
        op: op(step.op.unwrap_or(number)),
        at: Timestamp(1_795_000_000_000 + number as i64),
        change,
    }
}

/// Does the steps on the store of an empty world and on the model.
pub async fn agree(world: &World, steps: Vec<Step>) {
    let mut people = Vec::new();
    for name in ["mina", "juno", "hana", "bora"] {
        people.push(world.person(name).await);
    }
    let draft = world.room_draft(RoomKind::Group, people[0], &people[1..3]);
    let room = draft.id;
    let Ok(Appended::Written(created)) = world.store.create_room(draft).await.unwrap() else {
        panic!("the room was not made");
    };
    let mut model = Model::beginning(created, "Courtyard", &people[..3]);

    for (number, step) in steps.iter().enumerate() {
        if let What::Read { rev } = step.what {
            let user = people[step.by];
            let answer = world.store.mark_read(room, user, Rev(rev)).await.unwrap();
            assert_eq!(
                answer.map(|marked| marked.mark),
                model.read(user, Rev(rev)),
                "step {number}: {step:?}"
            );
        } else {
            let append = append_of(step, number, &people, &model);
            let answer = world.append(room, append.clone()).await;
            assert_eq!(answer, model.append(&append), "step {number}: {append:?}");
        }
    }

    assert_eq!(world.log(room).await, model.reading());
    let messages = world
        .store
        .messages(room, Span::Latest, 1_000)
        .await
        .unwrap();
    assert_eq!(messages.items, model.messages());
    assert_eq!(messages.head, model.head());
    let mut notes = model.reading();
    notes.retain(Event::is_note);
    assert_eq!(messages.notes, notes);
    let members = world.store.members(room, None, 9).await.unwrap();
    let seen = members
        .iter()
        .map(|member| (member.user.id, member.read))
        .collect::<Vec<_>>();
    let expected = model
        .members
        .iter()
        .map(|(user, read)| (*user, read.rev))
        .collect::<Vec<_>>();
    assert_eq!(seen, expected);
    let last = model.messages().pop();
    for user in people.iter().copied() {
        let mine = world.store.my_room(room, user).await.unwrap();
        let read = model
            .members
            .iter()
            .find(|(member, _)| *member == user)
            .map(|(_, read)| *read);
        assert_eq!(mine.as_ref().map(|mine| mine.read), read);
        assert!(
            mine.is_none_or(|mine| mine.last_message == last && mine.mine == (user == people[0]))
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 128,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_store_does_what_its_model_does(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(agree(&World::exact(sqlite::fresh()), steps));
    }
}
