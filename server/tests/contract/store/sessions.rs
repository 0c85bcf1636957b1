//! Sessions and their refresh tokens.

use std::time::Duration;

use protocol::{SessionId, Timestamp, UserId};
use server::store::*;

use super::World;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// How long a session may be unused.
pub const IDLE: Duration = Duration::from_secs(7 * 86_400);

fn token(number: u8) -> TokenHash {
    [number; 32]
}

/// A session whose first token has this number.
pub async fn open(world: &World, user: UserId, number: u8) -> SessionDraft {
    let account = world.store.account(user).await.unwrap().unwrap();
    let draft = draft(world, user, number, &account.password_hash);
    assert!(world.store.open_session(draft.clone()).await.unwrap());
    draft
}

pub fn draft(world: &World, user: UserId, number: u8, verified: &str) -> SessionDraft {
    let at = world.now();
    SessionDraft {
        id: SessionId(world.uuid()),
        user,
        verified: verified.to_owned(),
        agent: format!("device {number}"),
        token: token(number),
        at,
        ends_at: at.plus(30 * DAY),
    }
}

/// From one password to another, by a session that goes on.
async fn change(
    world: &World,
    keep: &SessionDraft,
    verified: &str,
    next: &str,
) -> Option<Vec<SessionId>> {
    let change = PasswordChange {
        user: keep.user,
        verified: verified.to_owned(),
        next: next.to_owned(),
        keep: keep.id,
        beside: UserChange::default(),
    };
    world.store.change_password(change).await.unwrap()
}

async fn rotate(world: &World, spent: u8, next: u8, at: Timestamp) -> Rotated {
    let rotation = Rotation {
        spent: token(spent),
        next: token(next),
        at,
        idle: IDLE,
        grace: Duration::from_secs(20),
    };
    world.store.rotate(rotation).await.unwrap()
}

fn record(draft: &SessionDraft) -> SessionRecord {
    SessionRecord {
        id: draft.id,
        user: draft.user,
        ends_at: draft.ends_at,
    }
}

/// Where a call may have been repeated, its first spending looks like a parallel tab's.
fn in_force(world: &World, rotated: &Rotated, draft: &SessionDraft) -> bool {
    match rotated {
        Rotated::Fresh(session) => *session == record(draft),
        Rotated::Parallel(session) => !world.exact && *session == record(draft),
        Rotated::Reused(_) | Rotated::Unknown => false,
    }
}

pub async fn a_token_is_spent_once(world: &World) {
    let mina = world.person("mina").await;
    let draft = open(world, mina, 1).await;
    assert_eq!(
        world.store.session(draft.id).await.unwrap(),
        Some(record(&draft))
    );
    for number in 1..5 {
        let rotated = rotate(world, number, number + 1, draft.at.plus(MINUTE)).await;
        assert!(in_force(world, &rotated, &draft), "{rotated:?}");
    }
    assert_eq!(rotate(world, 99, 100, draft.at).await, Rotated::Unknown);
}

pub async fn a_parallel_tab_goes_on(world: &World) {
    let mina = world.person("mina").await;
    let draft = open(world, mina, 1).await;
    let at = draft.at.plus(MINUTE);
    assert!(in_force(world, &rotate(world, 1, 2, at).await, &draft));
    let parallel = rotate(world, 1, 3, at.plus(Duration::from_secs(20))).await;
    assert_eq!(parallel, Rotated::Parallel(record(&draft)));
    // Both of the new ones are good.
    for number in [2, 3] {
        let rotated = rotate(world, number, number + 10, at.plus(MINUTE)).await;
        assert!(in_force(world, &rotated, &draft), "{rotated:?}");
    }
}

pub async fn a_token_used_long_after_ends_the_session(world: &World) {
    let mina = world.person("mina").await;
    let draft = open(world, mina, 1).await;
    rotate(world, 1, 2, draft.at).await;
    let reused = rotate(world, 1, 3, draft.at.plus(Duration::from_secs(21))).await;
    if world.exact {
        assert_eq!(reused, Rotated::Reused(record(&draft)));
    }
    assert_eq!(world.store.session(draft.id).await.unwrap(), None);
    assert_eq!(
        rotate(world, 2, 4, draft.at.plus(MINUTE)).await,
        Rotated::Unknown
    );
}

pub async fn an_idle_session_ends(world: &World) {
    let mina = world.person("mina").await;
    let draft = open(world, mina, 1).await;
    let used = draft.at.plus(6 * DAY);
    assert!(in_force(world, &rotate(world, 1, 2, used).await, &draft));
    assert!(in_force(
        world,
        &rotate(world, 2, 3, used.plus(7 * DAY)).await,
        &draft
    ));
    let late = used.plus(14 * DAY).plus(MINUTE);
    assert_eq!(rotate(world, 3, 4, late).await, Rotated::Unknown);
    assert_eq!(world.store.session(draft.id).await.unwrap(), None);
}

pub async fn a_session_ends_at_its_end(world: &World) {
    let mina = world.person("mina").await;
    let draft = open(world, mina, 1).await;
    for week in 1..=4 {
        let at = draft.at.plus(week * 7 * DAY);
        let number = u8::try_from(week).unwrap();
        assert!(in_force(
            world,
            &rotate(world, number, number + 1, at).await,
            &draft
        ));
    }
    assert_eq!(rotate(world, 5, 6, draft.ends_at).await, Rotated::Unknown);
}

pub async fn nobody_ends_anothers_session(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let draft = open(world, mina, 1).await;
    assert!(!world.store.end_session(juno, draft.id).await.unwrap());
    assert!(world.store.session(draft.id).await.unwrap().is_some());
    let ended = world.store.end_session(mina, draft.id).await.unwrap();
    assert!(ended || !world.exact);
    assert!(!world.store.end_session(mina, draft.id).await.unwrap());
    assert_eq!(rotate(world, 1, 2, draft.at).await, Rotated::Unknown);
}

pub async fn a_new_password_ends_all_sessions_but_one(world: &World) {
    let mina = world.person("mina").await;
    let juno = world.person("juno").await;
    let first = open(world, mina, 1).await;
    let kept = open(world, mina, 2).await;
    let last = open(world, mina, 3).await;
    let hers = open(world, juno, 4).await;
    let mut ended = change(world, &kept, "hash of mina", "new").await.unwrap();
    ended.sort();
    assert!(ended == [first.id, last.id] || !world.exact, "{ended:?}");
    let asked = [first.id, kept.id, last.id, hers.id];
    let gone = world.store.ended_among(&asked).await.unwrap();
    assert_eq!(gone, [first.id, last.id]);
    assert_eq!(rotate(world, 1, 5, first.at).await, Rotated::Unknown);
    assert!(in_force(world, &rotate(world, 2, 6, kept.at).await, &kept));
    let devices = world.store.sessions_of(mina).await.unwrap();
    assert_eq!(devices.len(), 1);

    // Whoever was kept then is not kept by the next change.
    let other = open(world, mina, 7).await;
    let ended = change(world, &other, "new", "newer").await.unwrap();
    assert!(ended == [kept.id] || !world.exact, "{ended:?}");
    assert!(world.store.session(kept.id).await.unwrap().is_none());
    assert!(world.store.session(other.id).await.unwrap().is_some());
}

pub async fn no_session_is_opened_by_a_password_that_was_changed_meanwhile(world: &World) {
    let mina = world.person("mina").await;
    let kept = open(world, mina, 1).await;
    change(world, &kept, "hash of mina", "new").await.unwrap();
    let late = draft(world, mina, 2, "hash of mina");
    assert!(!world.store.open_session(late.clone()).await.unwrap());
    assert_eq!(world.store.session(late.id).await.unwrap(), None);
    assert_eq!(rotate(world, 2, 3, late.at).await, Rotated::Unknown);
    assert!(
        world
            .store
            .open_session(draft(world, mina, 4, "new"))
            .await
            .unwrap()
    );
}

pub async fn a_password_is_changed_only_in_place_of_the_one_that_was_verified(world: &World) {
    let mina = world.person("mina").await;
    let kept = open(world, mina, 1).await;
    let other = open(world, mina, 2).await;
    assert_eq!(change(world, &kept, "not hers", "new").await, None);
    assert!(world.store.session(other.id).await.unwrap().is_some());
    // The same password by another hash ends nothing.
    let renewed = world.store.renew_hash(mina, "hash of mina", "same").await;
    renewed.unwrap();
    assert!(world.store.session(other.id).await.unwrap().is_some());
    let account = world.store.account(mina).await.unwrap().unwrap();
    assert_eq!(account.password_hash, "same");
}

pub async fn a_name_is_changed_together_with_a_password_or_not_at_all(world: &World) {
    let mina = world.person("mina").await;
    let keep = open(world, mina, 1).await;
    let change = |verified: &str| PasswordChange {
        user: mina,
        verified: verified.to_owned(),
        next: "next".to_owned(),
        keep: keep.id,
        beside: UserChange {
            display_name: Some(("Mina Lee".into(), "mina lee".into())),
        },
    };
    for (verified, changed, name) in [("wrong", false, "mina"), ("hash of mina", true, "Mina Lee")]
    {
        let answer = world.store.change_password(change(verified)).await.unwrap();
        assert_eq!(answer.is_some(), changed);
        let account = world.store.account(mina).await.unwrap().unwrap();
        assert_eq!(account.user.display_name, name);
        assert_eq!(
            world.store.find_users("lee", 9).await.unwrap().len(),
            usize::from(changed)
        );
    }
}

pub async fn devices_are_listed_latest_first(world: &World) {
    let mina = world.person("mina").await;
    let first = open(world, mina, 1).await;
    let second = open(world, mina, 2).await;
    rotate(world, 1, 3, second.at.plus(MINUTE)).await;
    let devices = world.store.sessions_of(mina).await.unwrap();
    let seen = devices
        .iter()
        .map(|device| (device.id, device.used_at))
        .collect::<Vec<_>>();
    assert_eq!(
        seen,
        [(first.id, second.at.plus(MINUTE)), (second.id, second.at)]
    );
    assert_eq!(
        (devices[0].agent.as_str(), devices[0].created_at),
        ("device 1", first.at)
    );
    assert!(devices.iter().all(|device| !device.current));
}

pub async fn ended_sessions_are_told_from_those_in_force(world: &World) {
    let mina = world.person("mina").await;
    let first = open(world, mina, 1).await;
    let second = open(world, mina, 2).await;
    let never = SessionId(world.uuid());
    world.store.end_session(mina, first.id).await.unwrap();
    let asked = [first.id, second.id, never];
    let ended = world.store.ended_among(&asked).await.unwrap();
    assert_eq!(ended, [first.id, never]);
    assert_eq!(world.store.ended_among(&[]).await.unwrap(), []);
}
