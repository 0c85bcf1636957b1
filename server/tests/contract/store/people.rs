//! Accounts, from the first to the last.

use protocol::UserId;
use protocol::wire::EventKind;
use server::store::*;

use super::sessions::{draft, open};
use super::{World, delete, edit, post, posted, react};

pub async fn a_name_is_taken_once(world: &World) {
    world.person("Mina").await;
    let draft = world.user_draft("mina");
    assert_eq!(
        world.store.create_user(draft).await.unwrap(),
        Err(Refusal::NameTaken)
    );
}

pub async fn an_account_made_twice_is_one_account(world: &World) {
    let draft = world.user_draft("mina");
    assert_eq!(
        world.store.create_user(draft.clone()).await.unwrap(),
        Ok(())
    );
    assert_eq!(
        world.store.create_user(draft.clone()).await.unwrap(),
        Ok(())
    );
    let other = UserDraft {
        id: draft.id,
        ..world.user_draft("juno")
    };
    assert_eq!(
        world.store.create_user(other).await.unwrap(),
        Err(Refusal::IdTaken)
    );

    let account = world.store.account_by_name("mina").await.unwrap().unwrap();
    assert_eq!(
        world.store.account(draft.id).await.unwrap().as_ref(),
        Some(&account)
    );
    assert_eq!((account.user.id, account.created_at), (draft.id, draft.at));
    assert_eq!(account.password_hash, draft.password_hash);
    assert!(!account.user.deleted);
    assert_eq!(world.store.account_by_name("juno").await.unwrap(), None);
}

pub async fn people_are_found_by_either_name(world: &World) {
    let ids = async |text: &str, limit| {
        let found = world.store.find_users(text, limit).await.unwrap();
        found.into_iter().map(|user| user.id).collect::<Vec<_>>()
    };
    let zoe = world.person("zoe").await;
    let amina = world.person("amina").await;
    let mina = world.person("mina").await;
    let change = UserChange {
        display_name: Some(("민아".into(), "민아".into())),
    };
    world.store.change_user(zoe, change).await.unwrap();

    assert_eq!(ids("min", 9).await, [mina, amina]);
    assert_eq!(ids("민", 9).await, [zoe]);
    assert_eq!(ids("", 2).await, [amina, mina]);
    assert!(ids("%", 9).await.is_empty());
    assert!(ids("_", 9).await.is_empty());
}

pub async fn an_account_is_changed_in_parts(world: &World) {
    let mina = world.person("mina").await;
    let name = UserChange {
        display_name: Some(("Mina Kim".into(), "mina kim".into())),
    };
    world.store.change_user(mina, name).await.unwrap();
    for (verified, next) in [("hash of mina", "another hash"), ("hash of mina", "late")] {
        let renewed = world.store.renew_hash(mina, verified, next).await;
        renewed.unwrap();
    }
    let account = world.store.account(mina).await.unwrap().unwrap();
    assert_eq!(account.user.display_name, "Mina Kim");
    assert_eq!(account.user.username, "mina");
    assert_eq!(account.password_hash, "another hash");
}

pub async fn a_closed_account_has_no_name_and_no_log_in(world: &World) {
    let mina = world.person("mina").await;
    let session = open(world, mina, 1).await;
    world.store.close_account(mina).await.unwrap();
    world.store.close_account(mina).await.unwrap();

    assert_eq!(world.store.account(mina).await.unwrap(), None);
    assert_eq!(world.store.account_by_name("mina").await.unwrap(), None);
    assert_eq!(world.store.session(session.id).await.unwrap(), None);
    assert!(world.store.find_users("", 9).await.unwrap().is_empty());
    assert_eq!(world.store.closing_accounts().await.unwrap(), [mina]);
    let users = world
        .store
        .users(&[mina, UserId(world.uuid())])
        .await
        .unwrap();
    assert_eq!(users.len(), 1);
    assert!(users[0].deleted && users[0].username.is_empty() && users[0].display_name.is_empty());
    // A log-in that was under way comes too late.
    let late = draft(world, mina, 2, "hash of mina");
    assert!(!world.store.open_session(late.clone()).await.unwrap());
    assert_eq!(world.store.session(late.id).await.unwrap(), None);
    // The name is free again.
    world.person("mina").await;
}

pub async fn a_closing_account_can_only_take_away(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[juno]).await;
    let message = world.post(room, mina, "hello").await;
    world.change(room, mina, react(&message, "👍", true)).await;
    world.store.close_account(mina).await.unwrap();

    for change in [
        post("wait"),
        edit(&message, "wait"),
        react(&message, "🎉", true),
        Change::Rename {
            name: "Mine".into(),
        },
        Change::Remove { user: juno },
    ] {
        assert_eq!(world.refused(room, mina, change).await, Refusal::NoSuchUser);
    }
    world.change(room, mina, react(&message, "👍", false)).await;
    world.change(room, mina, delete(&message)).await;
    world.change(room, mina, Change::Leave).await;
    let refusal = world.refused(room, juno, Change::Join { user: mina }).await;
    assert_eq!(refusal, Refusal::NoSuchUser);
}

pub async fn words_are_taken_back_in_rooms_that_were_left(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[juno]).await;
    let message = world.post(room, mina, "hello").await;
    world.change(room, mina, Change::Leave).await;
    assert_eq!(
        world.refused(room, mina, delete(&message)).await,
        Refusal::NotMember
    );

    world.store.close_account(mina).await.unwrap();
    for change in [Change::Leave, react(&message, "👍", false)] {
        assert_eq!(world.refused(room, mina, change).await, Refusal::NotMember);
    }
    world.change(room, mina, delete(&message)).await;
    assert!(world.message(room, message.id).await.deleted);
}

pub async fn messages_of_an_author_are_listed_while_they_have_a_body(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let room = world.group(mina, &[juno]).await;
    let other = world.group(mina, &[]).await;
    let here = world.post(room, mina, "here").await;
    let there = world.post(other, mina, "there").await;
    world.post(room, juno, "not hers").await;

    let mut found = world.store.messages_by(mina, 9).await.unwrap();
    found.sort();
    let mut expected = [(room, here.id), (other, there.id)];
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(world.store.messages_by(mina, 1).await.unwrap().len(), 1);
    world.change(room, mina, delete(&here)).await;
    assert_eq!(
        world.store.messages_by(mina, 9).await.unwrap(),
        [(other, there.id)]
    );
}

pub async fn an_erased_account_is_an_anonymous_author(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let group = world.group(juno, &[mina]).await;
    let direct = world.direct(mina, juno).await;
    let hers = world.post(direct, mina, "hello").await;
    let message = world.post(group, juno, "hello").await;
    world.change(group, mina, react(&message, "👍", true)).await;
    world.change(group, juno, react(&message, "👍", true)).await;
    // What was not begun is not finished.
    world.store.finish_closing(mina).await.unwrap();
    assert!(world.store.is_member(group, mina).await.unwrap());

    world.store.close_account(mina).await.unwrap();
    world.change(direct, mina, delete(&hers)).await;
    world.store.finish_closing(mina).await.unwrap();
    world.store.finish_closing(mina).await.unwrap();

    assert!(world.store.closing_accounts().await.unwrap().is_empty());
    assert!(world.store.users(&[mina]).await.unwrap()[0].deleted);
    // The group goes on without her, and its log says so.
    let reactions = world.message(group, message.id).await.reactions;
    assert_eq!(reactions.len(), 1);
    assert_eq!(reactions[0].users, [juno]);
    assert!(!world.store.is_member(group, mina).await.unwrap());
    let log = world.log(group).await;
    let [.., back, left] = &log[..] else {
        panic!("{log:?}")
    };
    assert!(matches!(&back.kind, EventKind::Reacted { on: false, .. }));
    assert_eq!(
        (left.by, &left.kind),
        (mina, &EventKind::Left { user: mina })
    );
    assert_eq!(left.rev.0, log.len() as u64);
    // The other person keeps the direct room, with nobody's name.
    let room = world.store.my_room(direct, juno).await.unwrap().unwrap();
    let peer = room.peer.unwrap();
    assert!(peer.deleted && peer.username.is_empty());
    assert!(posted(&world.log(direct).await[1]).deleted);
}
