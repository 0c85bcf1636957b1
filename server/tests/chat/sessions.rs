//! Sessions go on by refreshing, and end when they should.

use std::sync::Arc;
use std::time::Duration;

use protocol::wire::code;
use server::chat::{Chat, Visitor};
use server::presence::{Notice, Presence};
use tokio::task::JoinHandle;

use crate::house::{Guest, House, PASSWORD, house, op, visitor};

async fn refresh(house: &House, token: &str) -> Result<Guest, &'static str> {
    match house.chat.refresh(token, &visitor()).await {
        Ok(signed_in) => Ok(house.let_in(signed_in)),
        Err(refused) => Err(refused.code),
    }
}

#[tokio::test]
async fn a_refresh_gives_a_new_pair_for_the_same_session() {
    let house = house().await;
    let mina = house.guest("mina").await;
    house.clock.pass(Duration::from_secs(601));
    assert!(house.chat.authenticate(&mina.access_token).is_err());
    let next = refresh(&house, &mina.refresh_token).await.unwrap();
    assert_eq!(next.who.session, mina.who.session);
    assert_ne!(next.refresh_token, mina.refresh_token);
    assert!(house.chat.me(next.who).await.is_ok());
}

#[tokio::test]
async fn parallel_tabs_may_refresh_with_the_same_token_and_both_go_on() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let one = refresh(&house, &mina.refresh_token).await.unwrap();
    house.clock.pass(Duration::from_secs(14));
    let other = refresh(&house, &mina.refresh_token).await.unwrap();
    house.clock.pass(Duration::from_secs(60));
    assert!(refresh(&house, &one.refresh_token).await.is_ok());
    assert!(refresh(&house, &other.refresh_token).await.is_ok());
}

#[tokio::test]
async fn a_spent_token_used_after_the_grace_ends_the_session_for_everyone() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let next = refresh(&house, &mina.refresh_token).await.unwrap();
    house.clock.pass(Duration::from_secs(16));
    house.heard();

    let thief = refresh(&house, &mina.refresh_token).await;
    assert_eq!(thief.err(), Some(code::UNAUTHENTICATED));
    assert_eq!(
        house.heard(),
        [Notice::Ended {
            session: mina.who.session
        }]
    );
    assert_eq!(
        refresh(&house, &next.refresh_token).await.err(),
        Some(code::UNAUTHENTICATED)
    );
    assert!(house.chat.authenticate(&next.access_token).is_err());
    assert!(house.chat.me(next.who).await.is_err());
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends() {
    let house = house().await;
    let mina = house.guest("mina").await;
    house.clock.pass(Duration::from_secs(15 * 24 * 3600));
    assert_eq!(
        refresh(&house, &mina.refresh_token).await.err(),
        Some(code::UNAUTHENTICATED)
    );
}

#[tokio::test]
async fn a_session_ends_however_often_it_is_used() {
    let house = house().await;
    let mut mina = house.guest("mina").await;
    for _ in 0..9 {
        house.clock.pass(Duration::from_secs(9 * 24 * 3600));
        mina = refresh(&house, &mina.refresh_token).await.unwrap();
    }
    house.clock.pass(Duration::from_secs(10 * 24 * 3600));
    assert_eq!(
        refresh(&house, &mina.refresh_token).await.err(),
        Some(code::UNAUTHENTICATED)
    );
}

#[tokio::test]
async fn a_token_that_never_was_is_refused() {
    let house = house().await;
    let invented = "0".repeat(64);
    for token in ["", "nonsense", invented.as_str()] {
        assert_eq!(
            refresh(&house, token).await.err(),
            Some(code::UNAUTHENTICATED)
        );
    }
}

#[tokio::test]
async fn logging_out_ends_this_session_at_once_and_no_other() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let phone = house.login("mina", PASSWORD).await.unwrap();
    house.heard();
    house.chat.logout(mina.who).await.unwrap();
    assert_eq!(
        house.heard(),
        [Notice::Ended {
            session: mina.who.session
        }]
    );
    assert!(house.chat.authenticate(&mina.access_token).is_err());
    assert!(refresh(&house, &mina.refresh_token).await.is_err());
    assert!(house.chat.authenticate(&phone.access_token).is_ok());
    assert!(house.chat.me(phone.who).await.is_ok());
}

#[tokio::test]
async fn a_device_that_was_not_used_for_two_weeks_is_not_listed_any_more() {
    let house = house().await;
    house.guest("mina").await;
    house.clock.pass(Duration::from_secs(60 * 60 * 24 * 7));
    let phone = house.login("mina", PASSWORD).await.unwrap();
    house.clock.pass(Duration::from_secs(60 * 60 * 24 * 8));
    house.chat.tidy().await.unwrap();
    let devices = house.chat.sessions(phone.who, None, 50).await.unwrap();
    let devices: Vec<_> = devices.items.iter().map(|device| device.id).collect();
    assert_eq!(devices, [phone.who.session]);
}

#[tokio::test]
async fn ones_devices_are_listed_and_another_one_can_be_ended() {
    let house = house().await;
    let mina = house.guest("mina").await;
    house.clock.pass(Duration::from_secs(1));
    let form = protocol::wire::Login {
        username: "mina".into(),
        password: PASSWORD.into(),
    };
    let agent = format!("Phone\u{7}{}", "x".repeat(500));
    let from = Visitor { agent, ..visitor() };
    let phone = house.let_in(house.chat.login(form, &from).await.unwrap());

    let devices = house.chat.sessions(mina.who, None, 50).await.unwrap().items;
    assert_eq!(devices.len(), 2);
    let current: Vec<_> = devices.iter().filter(|device| device.current).collect();
    assert_eq!((current.len(), current[0].id), (1, mina.who.session));
    let other = devices
        .iter()
        .find(|device| device.id == phone.who.session)
        .unwrap();
    assert!(other.agent.starts_with("Phonexxx") && other.agent.len() == 200);

    house
        .chat
        .end_session(mina.who, phone.who.session)
        .await
        .unwrap();
    assert!(house.chat.authenticate(&phone.access_token).is_err());
    assert_eq!(
        house
            .chat
            .sessions(mina.who, None, 50)
            .await
            .unwrap()
            .items
            .len(),
        1
    );
    let again = house
        .chat
        .end_session(mina.who, phone.who.session)
        .await
        .unwrap_err();
    assert_eq!(again.code, code::NOT_FOUND);
}

#[tokio::test]
async fn the_word_of_an_end_goes_out_even_when_whoever_asked_has_gone() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let phone = house.login("mina", PASSWORD).await.unwrap();
    // Vouched for by now, so that the next thing to wait for is the end itself.
    house.chat.me(mina.who).await.unwrap();
    let mut notices = house.presence.listen();
    {
        let ending = house.chat.end_session(mina.who, phone.who.session);
        tokio::pin!(ending);
        // Begun, and given up.
        assert!(futures::poll!(ending.as_mut()).is_pending());
    }
    let session = phone.who.session;
    assert_eq!(notices.recv().await, Ok(Notice::Ended { session }));
    assert!(house.chat.authenticate(&phone.access_token).is_err());
}

#[tokio::test]
async fn an_end_that_was_not_told_is_told_when_it_is_asked_for_again() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let phone = house.login("mina", PASSWORD).await.unwrap();
    let (store, session) = (&house.store, phone.who.session);
    assert!(store.end_session(mina.id(), session).await.unwrap());
    house.heard();
    let again = house.chat.end_session(mina.who, session).await;
    assert_eq!(again.unwrap_err().code, code::NOT_FOUND);
    assert_eq!(house.heard(), [Notice::Ended { session }]);
}

#[tokio::test]
async fn where_it_is_not_known_whether_a_session_ended_everyone_is_told_to_look() {
    let house = house().await;
    let mina = house.guest("mina").await;
    house.store.close().await.unwrap();
    house.heard();
    let refused = house.chat.logout(mina.who).await.unwrap_err();
    assert_eq!(refused.code, code::UNAVAILABLE);
    assert_eq!(house.heard(), [Notice::Untold]);
}

#[tokio::test]
async fn nobody_can_end_someone_elses_session() {
    let house = house().await;
    let (mina, jun) = (house.guest("mina").await, house.guest("jun").await);
    let refused = house
        .chat
        .end_session(jun.who, mina.who.session)
        .await
        .unwrap_err();
    assert_eq!(refused.code, code::NOT_FOUND);
    assert!(house.chat.me(mina.who).await.is_ok());
}

#[tokio::test]
async fn an_open_socket_of_an_ended_session_can_do_nothing_more() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let room = house.group(&[&mina]).await;
    let said = house.say(&mina, room, "안녕").await;
    house.chat.logout(mina.who).await.unwrap();
    let who = mina.who;
    let codes = [
        house
            .chat
            .post(who, room, crate::house::message("x"))
            .await
            .unwrap_err()
            .code,
        house
            .chat
            .edit(who, room, op(), said, "x".into())
            .await
            .unwrap_err()
            .code,
        house
            .chat
            .events(who, room, protocol::Rev::ZERO, 10)
            .await
            .unwrap_err()
            .code,
        house.chat.may_read(who, room).await.unwrap_err().code,
        house.chat.rooms(who).await.unwrap_err().code,
        house.chat.typing(who, room, true).await.unwrap_err().code,
    ];
    assert_eq!(codes, [code::UNAUTHENTICATED; 6]);
}

#[tokio::test]
async fn a_session_that_ended_before_a_restart_stays_ended_after_it() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let phone = house.login("mina", PASSWORD).await.unwrap();
    house
        .chat
        .end_session(mina.who, phone.who.session)
        .await
        .unwrap();

    let house = house.restart().await;
    // The signature still holds; the first thing it is used for finds out.
    assert!(house.chat.me(phone.who).await.is_err());
    assert!(house.chat.authenticate(&phone.access_token).is_err());
    assert!(house.chat.me(mina.who).await.is_ok());
    assert!(house.chat.authenticate(&mina.access_token).is_ok());
}

/// A house that hears what the other nodes say.
struct Following {
    chat: Arc<Chat>,
    task: JoinHandle<()>,
}

impl Following {
    async fn begin(chat: Chat) -> Self {
        let chat = Arc::new(chat);
        let following = Arc::clone(&chat);
        let task = tokio::spawn(async move { following.follow_ended_sessions().await });
        // On a runtime of one thread, yielding lets the follower listen.
        tokio::task::yield_now().await;
        Self { chat, task }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
async fn a_session_ended_on_another_node_is_ended_here() {
    let house = house().await;
    let mina = house.guest("mina").await;
    let here = Following::begin(house.chat).await;
    house.presence.announce(Notice::Ended {
        session: mina.who.session,
    });
    tokio::task::yield_now().await;
    assert!(here.chat.authenticate(&mina.access_token).is_err());
}

#[tokio::test]
async fn a_session_that_ended_while_nobody_could_say_so_does_nothing_more() {
    for word in [Notice::Away, Notice::Back, Notice::Untold] {
        let house = house().await;
        let mina = house.guest("mina").await;
        // Long after the start, so that tokens are judged from memory.
        house.clock.pass(Duration::from_secs(3600));
        let mina = refresh(&house, &mina.refresh_token).await.unwrap();
        let (store, session) = (&house.store, mina.who.session);
        let here = Following::begin(house.chat).await;
        assert!(store.end_session(mina.id(), session).await.unwrap());
        assert!(here.chat.me(mina.who).await.is_ok());

        house.presence.announce(word);
        tokio::task::yield_now().await;
        let refused = here.chat.me(mina.who).await.unwrap_err();
        assert_eq!(refused.code, code::UNAUTHENTICATED);
        assert!(here.chat.authenticate(&mina.access_token).is_err());
    }
}
