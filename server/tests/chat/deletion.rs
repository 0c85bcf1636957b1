//! An account that is deleted leaves nothing to be read but an anonymous author.

use protocol::wire::{DeleteMe, code};
use server::presence::Notice;
use server::store::Span;

use crate::house::{PASSWORD, direct, house, message, op, visitor};

fn form() -> DeleteMe {
    DeleteMe {
        password: PASSWORD.into(),
    }
}

#[tokio::test]
async fn deleting_an_account_needs_its_password() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let wrong = DeleteMe {
        password: "not her password".into(),
    };
    let refused = house.chat.delete_me(mina.who, wrong).await.unwrap_err();
    assert_eq!(
        (refused.code, refused.field),
        (code::WRONG_LOGIN, Some("password"))
    );
    assert!(house.chat.me(mina.who).await.is_ok());
}

#[tokio::test]
async fn nothing_of_a_deleted_account_is_readable_by_any_path() {
    let house = house().await;
    let (mina, jun) = (house.guest("minaXYZ").await, house.guest("jun").await);
    let room = house.group(&[&jun, &mina]).await;
    let talk = direct(&mina, &jun);
    for n in 0..70 {
        house.say(&mina, room, &format!("secret {n}")).await;
    }
    house.say(&mina, talk, "secret between us").await;
    house.say(&mina, direct(&mina, &mina), "secret memo").await;
    let said = house.say(&jun, room, "안녕").await;
    house
        .chat
        .react(mina.who, room, op(), said, "👍".into(), true)
        .await
        .unwrap();

    house.chat.delete_me(mina.who, form()).await.unwrap();

    let all = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        house.log(&jun, room).await,
        house.log(&jun, talk).await,
        house
            .chat
            .messages(jun.who, room, Span::Latest, 200)
            .await
            .unwrap(),
        house.chat.window(jun.who, talk).await.unwrap(),
        house.chat.rooms(jun.who).await.unwrap(),
        house.chat.find_people(jun.who, "mina", 10).await.unwrap(),
        house.chat.users(jun.who, &[mina.id()]).await.unwrap(),
    );
    assert!(!all.contains("secret"), "{all}");
    assert!(!all.contains("minaXYZ"), "{all}");
    let members = house
        .chat
        .members(jun.who, room, None, 10)
        .await
        .unwrap()
        .items;
    assert_eq!(members.len(), 1);
    let own = direct(&mina, &mina).id();
    assert_eq!(house.store.room(own).await.unwrap(), None);
    assert!(
        house
            .store
            .messages_by(mina.id(), 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(house.store.closing_accounts().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_was_said_in_rooms_that_were_left_is_deleted_too() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let room = house.group(&[&jun, &mina]).await;
    house.say(&mina, room, "secret").await;
    house
        .chat
        .remove_member(mina.who, room, mina.id())
        .await
        .unwrap();
    house.chat.delete_me(mina.who, form()).await.unwrap();
    let all = format!("{:?}", house.log(&jun, room).await);
    assert!(!all.contains("secret"), "{all}");
    assert!(house.store.closing_accounts().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_others_see_the_deletions_in_the_log_without_a_hole() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let room = house.group(&[&jun, &mina]).await;
    house.say(&mina, room, "하나").await;
    house.say(&mina, room, "둘").await;
    let said = house.say(&jun, room, "셋").await;
    let reaction = house
        .chat
        .react(mina.who, room, op(), said, "👍".into(), true);
    reaction.await.unwrap();
    house.heard();
    house.chat.delete_me(mina.who, form()).await.unwrap();
    let log = house.log(&jun, room).await;
    let revs: Vec<u64> = log.iter().map(|event| event.rev.0).collect();
    assert_eq!(revs, (1..=9).collect::<Vec<u64>>());
    let told: Vec<u64> = {
        let told = house.told.events.lock();
        told.iter()
            .filter(|event| event.room == room.id())
            .map(|event| event.rev.0)
            .collect()
    };
    // The store takes back the reactions itself, and whoever listens is told to look there.
    assert_eq!(told, revs[..8]);
    assert!(house.heard().contains(&Notice::Unheard));
}

#[tokio::test]
async fn a_deleted_account_is_out_at_once_and_its_name_is_free() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let phone = house.login("mina", PASSWORD).await.unwrap();
    let room = house.group(&[&mina]).await;
    house.heard();
    house.chat.delete_me(mina.who, form()).await.unwrap();
    let heard = house.heard();
    for session in [mina.who.session, phone.who.session] {
        assert!(heard.contains(&Notice::Ended { session }));
    }
    assert!(heard.contains(&Notice::Erased { user: mina.id() }));
    assert!(house.chat.authenticate(&phone.access_token).is_err());
    assert!(
        house
            .chat
            .refresh(&phone.refresh_token, &visitor())
            .await
            .is_err()
    );
    assert!(
        house
            .chat
            .post(phone.who, room, message("?"))
            .await
            .is_err()
    );
    let refused = house.login("mina", PASSWORD).await.err().unwrap();
    assert_eq!(refused.code, code::WRONG_LOGIN);
    let heir = house.guest("mina").await;
    assert_ne!(heir.id(), mina.id());
    assert!(house.chat.rooms(heir.who).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_deletion_that_was_cut_off_goes_on_after_the_restart() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let room = house.group(&[&jun, &mina]).await;
    house.say(&mina, room, "secret").await;
    // As if the process had died right after the first durable step.
    house.store.close_account(mina.id()).await.unwrap();

    let house = house.restart().await;
    assert_eq!(house.store.closing_accounts().await.unwrap(), [mina.id()]);
    house.chat.resume_deletions().await.unwrap();
    assert!(house.store.closing_accounts().await.unwrap().is_empty());
    let all = format!("{:?}", house.log(&jun, room).await);
    assert!(!all.contains("secret"), "{all}");
    house.chat.resume_deletions().await.unwrap();
}

#[tokio::test]
async fn nobody_can_begin_to_talk_with_a_deleted_account() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let room = house.group(&[&jun]).await;
    house.chat.delete_me(mina.who, form()).await.unwrap();
    let refused = house
        .chat
        .post(jun.who, direct(&mina, &jun), message("?"))
        .await
        .unwrap_err();
    assert_eq!(refused.code, code::USER_NOT_FOUND);
    let refused = house
        .chat
        .add_member(jun.who, room, mina.id())
        .await
        .unwrap_err();
    assert_eq!(refused.code, code::USER_NOT_FOUND);
}
