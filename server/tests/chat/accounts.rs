//! Accounts are made, entered and changed.

use protocol::wire::{ChangeMe, Login, Signal, code};
use server::chat::Settings;
use server::presence::Notice;

use crate::house::{PASSWORD, direct, house, house_with, register, up_to, visitor};

#[tokio::test]
async fn whoever_registers_is_signed_in_under_their_name() {
    let house = house().await;
    let signed_in = house
        .chat
        .register(register("미나", PASSWORD), &visitor())
        .await
        .unwrap();
    assert_eq!(signed_in.user.username, "미나");
    assert_eq!(signed_in.user.display_name, "미나");
    assert_eq!(signed_in.expires_in, 600);
    let mina = house.let_in(signed_in);
    let me = house.chat.me(mina.who).await.unwrap();
    assert_eq!((me.user, me.session), (mina.user, mina.who.session));
}

#[tokio::test]
async fn a_name_is_taken_in_any_case_and_any_normal_form() {
    let house = house().await;
    house.guest("Mina").await;
    house.guest("\u{d55c}\u{d55c}").await;
    let apart = "\u{1112}\u{1161}\u{11ab}".repeat(2);
    for name in ["mina", "MINA", "ｍｉｎａ", apart.as_str()] {
        let form = register(name, PASSWORD);
        let refused = house.chat.register(form, &visitor()).await.err();
        let Some(refused) = refused else {
            panic!("{name} was free")
        };
        assert_eq!(refused.code, code::NAME_TAKEN, "{name}");
        assert_eq!(refused.field, Some("username"));
    }
}

#[tokio::test]
async fn two_who_register_one_name_at_once_do_not_both_get_it() {
    let house = house().await;
    let from = visitor();
    let (first, second) = tokio::join!(
        house.chat.register(register("mina", PASSWORD), &from),
        house.chat.register(register("Mina", PASSWORD), &from),
    );
    let refused = match (first, second) {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
        (Ok(_), Ok(_)) => panic!("both got the name"),
        (Err(_), Err(_)) => panic!("nobody got the name"),
    };
    assert_eq!(refused.code, code::NAME_TAKEN);
}

#[tokio::test]
async fn what_is_wrong_with_a_registration_is_said_with_its_field() {
    let house = house().await;
    for (name, password, display_name, field) in [
        ("m", PASSWORD, None, "username"),
        ("two words", PASSWORD, None, "username"),
        ("mina", "short", None, "password"),
        ("mina", PASSWORD, Some("line\nbreak"), "displayName"),
    ] {
        let mut form = register(name, password);
        form.display_name = display_name.map(str::to_owned);
        let refused = house.chat.register(form, &visitor()).await.err().unwrap();
        assert_eq!(refused.field, Some(field), "{refused}");
    }
}

#[tokio::test]
async fn a_closed_house_takes_no_new_accounts() {
    let settings = Settings {
        registration_open: false,
        ..Settings::default()
    };
    let house = house_with(settings).await;
    let refused = house
        .chat
        .register(register("mina", PASSWORD), &visitor())
        .await
        .err()
        .unwrap();
    assert_eq!(refused.code, code::FORBIDDEN);
}

#[tokio::test]
async fn a_name_is_entered_as_it_comes_and_the_password_as_it_is() {
    let house = house().await;
    let mina = house.guest("Mina").await;
    let again = house.login("  mINA ", PASSWORD).await.unwrap();
    assert_eq!(again.user, mina.user);
    assert_ne!(again.who.session, mina.who.session);
    assert!(house.login("mina", &PASSWORD.to_uppercase()).await.is_err());
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_get_one_answer_and_cost_one_hash() {
    let house = house().await;
    house.guest("mina").await;
    let mut answers = Vec::new();
    let enormous = "x".repeat(1_000_000);
    for (name, password) in [
        ("mina", "not her password"),
        ("nobody", PASSWORD),
        ("not a name at all", PASSWORD),
        ("", ""),
        ("mina", enormous.as_str()),
    ] {
        let before = house.chat.password_checks();
        let form = Login {
            username: name.into(),
            password: password.into(),
        };
        answers.push(house.chat.login(form, &visitor()).await.err().unwrap());
        assert_eq!(house.chat.password_checks(), before + 1, "{name}");
    }
    assert_eq!(answers[0].code, code::WRONG_LOGIN);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[tokio::test]
async fn a_new_display_name_is_shown_everywhere_and_said_to_whoever_looks() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    house.say(&mina, direct(&mina, &jun), "안녕").await;
    house.heard();
    let change = ChangeMe {
        display_name: Some("미나 리".into()),
        ..ChangeMe::default()
    };
    let user = house.chat.change_me(mina.who, change).await.unwrap();
    assert_eq!(user.display_name, "미나 리");
    let room = house.chat.room(jun.who, direct(&mina, &jun)).await.unwrap();
    assert_eq!(room.name, "미나 리");
    assert_eq!(
        house.heard(),
        [
            Notice::Room {
                room: room.id,
                signal: Signal::Named { user },
            },
            Notice::Side {
                user: jun.id(),
                room: room.id
            }
        ]
    );
    let found = house.chat.find_people(jun.who, "리", 10).await.unwrap();
    assert_eq!(found.items[0].id, mina.id());
}

#[tokio::test]
async fn a_new_password_needs_the_current_one_and_ends_all_other_sessions() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let phone = house.login("mina", PASSWORD).await.unwrap();
    let change = |current: &str| ChangeMe {
        password: Some("another courtyard".into()),
        current_password: Some(current.into()),
        display_name: None,
    };

    let refused = house
        .chat
        .change_me(mina.who, change("wrong one"))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code, refused.field),
        (code::WRONG_LOGIN, Some("currentPassword"))
    );
    assert!(house.chat.me(phone.who).await.is_ok());

    house
        .chat
        .change_me(mina.who, change(PASSWORD))
        .await
        .unwrap();
    assert!(house.chat.me(mina.who).await.is_ok());
    assert_eq!(
        house.chat.me(phone.who).await.unwrap_err().code,
        code::UNAUTHENTICATED
    );
    assert!(house.heard().contains(&Notice::Ended {
        session: phone.who.session
    }));
    assert!(house.login("mina", PASSWORD).await.is_err());
    assert!(house.login("mina", "another courtyard").await.is_ok());
}

#[tokio::test]
async fn a_name_and_a_password_are_changed_together_or_not_at_all() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let change = |current: &str| ChangeMe {
        password: Some("another courtyard".into()),
        current_password: Some(current.into()),
        display_name: Some("미나 리".into()),
    };
    let account = async || house.store.account(mina.id()).await.unwrap().unwrap();
    let before = account().await;

    let refused = house.chat.change_me(mina.who, change("wrong one")).await;
    assert_eq!(refused.unwrap_err().code, code::WRONG_LOGIN);
    assert_eq!(account().await, before);

    // Whoever goes away in between leaves both or neither.
    for waits in 0.. {
        let changing = house.chat.change_me(mina.who, change(PASSWORD));
        let answer = up_to(waits, Box::pin(changing).as_mut()).await;
        let now = account().await;
        let has_new_password = now.password_hash != before.password_hash;
        let has_new_name = now.user.display_name == "미나 리";
        assert_eq!(has_new_password, has_new_name, "{waits}");
        if answer.is_some() {
            assert!(has_new_name && waits > 0);
            break;
        }
    }
}

#[tokio::test]
async fn no_log_in_by_the_old_password_outlives_its_change() {
    let house = house().await;
    for waits in 0.. {
        let name = format!("mina{waits}");
        let mina = house.guest(&name).await;
        let form = Login {
            username: name,
            password: PASSWORD.into(),
        };
        let from = visitor();
        let mut logging_in = Box::pin(house.chat.login(form, &from));
        let before = up_to(waits, logging_in.as_mut()).await;
        let change = ChangeMe {
            password: Some("another courtyard".into()),
            current_password: Some(PASSWORD.into()),
            display_name: None,
        };
        house.chat.change_me(mina.who, change).await.unwrap();
        let is_over = before.is_some();
        let signed_in = match before {
            Some(signed_in) => signed_in,
            None => logging_in.await,
        };
        if let Ok(signed_in) = signed_in {
            let token = signed_in.access_token;
            assert!(house.chat.authenticate(&token).is_err(), "{waits}");
        }
        let devices = house.chat.sessions(mina.who, None, 10).await.unwrap();
        assert_eq!(devices.items.len(), 1, "{waits}");
        if is_over {
            assert!(waits > 0);
            break;
        }
    }
}

#[tokio::test]
async fn a_change_of_nothing_changes_nothing() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let user = house
        .chat
        .change_me(mina.who, ChangeMe::default())
        .await
        .unwrap();
    assert_eq!(user, mina.user);
}
