use super::*;

const BEAT: HeartBeat = HeartBeat {
    send: Some(Duration::from_secs(10)),
    expect: Some(Duration::from_secs(10)),
};

fn up(now: u64) -> Link {
    let mut link = Link::new(now, true);
    link.on(Input::Tick, now, 0.0);
    link.on(Input::Opened, now, 0.0);
    link.on(Input::LoggedIn(BEAT), now, 0.0);
    link.on(Input::CaughtUp, now, 0.0);
    link
}

#[test]
fn it_opens_logs_in_and_catches_up() {
    let mut link = Link::new(5, true);
    assert_eq!(link.deadline(), Some(5));
    assert_eq!(
        link.on(Input::Tick, 5, 0.0),
        [Output::Open, Output::Show(Standing::Connecting)]
    );
    assert_eq!(link.on(Input::Opened, 6, 0.0), [Output::LogIn]);
    assert_eq!(
        link.on(Input::LoggedIn(BEAT), 7, 0.0),
        [Output::CatchUp, Output::Show(Standing::CatchingUp)]
    );
    assert_eq!(
        link.on(Input::CaughtUp, 8, 0.0),
        [Output::Show(Standing::Up)]
    );
}

#[test]
fn a_lost_connection_is_tried_again_after_a_random_delay() {
    let mut link = up(0);
    let out = link.on(Input::Closed { code: 1006 }, 20_000, 0.5);
    assert_eq!(out, [Output::Show(Standing::Connecting)]);
    assert_eq!(link.deadline(), Some(20_250));
    assert_eq!(link.on(Input::Tick, 20_250, 0.5), [Output::Open]);
}

#[test]
fn a_restarting_server_is_not_stormed() {
    let mut link = up(0);
    let out = link.on(Input::Closed { code: 1012 }, 20_000, 0.9);
    assert!(!out.contains(&Output::Open));
    assert_eq!(link.deadline(), Some(20_450));
}

#[test]
fn a_slow_reader_resumes_at_once_unless_it_was_only_just_connected() {
    let mut link = up(0);
    let out = link.on(Input::Closed { code: 4000 }, 20_000, 0.9);
    assert!(out.contains(&Output::Open));

    let mut link = up(0);
    let out = link.on(Input::Closed { code: 4000 }, 1_000, 0.9);
    assert!(!out.contains(&Output::Open));
}

#[test]
fn a_refused_upgrade_makes_it_look_at_the_session() {
    let mut link = Link::new(0, true);
    link.on(Input::Tick, 0, 0.0);
    link.on(Input::Closed { code: 1006 }, 10, 0.0);
    assert_eq!(link.on(Input::Tick, 10, 0.0), [Output::CheckSession]);
    assert_eq!(
        link.on(Input::Session(Session::Good), 20, 0.0),
        [Output::Open]
    );
}

#[test]
fn a_login_refused_for_the_session_is_looked_into_at_once_but_not_in_a_circle() {
    let mut link = Link::new(0, true);
    link.on(Input::Tick, 0, 0.0);
    let out = link.on(Input::Closed { code: 4401 }, 10, 1.0);
    assert_eq!(out, [Output::CheckSession]);
    link.on(Input::Session(Session::Good), 20, 1.0);
    assert_eq!(link.on(Input::Closed { code: 4401 }, 30, 1.0), []);
    assert_eq!(link.deadline(), Some(530));
}

#[test]
fn a_server_that_cannot_be_asked_is_waited_for() {
    let mut link = Link::new(0, true);
    link.on(Input::Tick, 0, 0.0);
    link.on(Input::Closed { code: 1006 }, 10, 0.0);
    link.on(Input::Tick, 10, 0.0);
    link.on(Input::Session(Session::Unknown), 20, 1.0);
    assert_eq!(link.deadline(), Some(1_020));
    assert_eq!(link.on(Input::Tick, 1_020, 0.0), [Output::CheckSession]);
}

#[test]
fn an_ended_session_ends_it_until_someone_comes_back() {
    let mut link = up(0);
    let out = link.on(Input::Closed { code: 4401 }, 20_000, 0.0);
    assert!(out.contains(&Output::CheckSession));
    let out = link.on(Input::Session(Session::Ended), 20_010, 0.0);
    assert!(out.contains(&Output::Show(Standing::SignedOut)));
    assert_eq!(link.deadline(), None);
    assert!(
        link.on(Input::Wake, 30_000, 0.0)
            .contains(&Output::CheckSession)
    );
}

#[test]
fn waking_does_not_wait() {
    let mut link = up(0);
    link.on(Input::Closed { code: 1006 }, 20_000, 1.0);
    assert_eq!(link.on(Input::Wake, 20_001, 1.0), [Output::Open]);
}

#[test]
fn waking_leaves_a_living_connection_alone_and_gives_up_a_silent_one() {
    let mut link = up(0);
    assert_eq!(link.on(Input::Wake, 5_000, 0.0), []);
    let out = link.on(Input::Wake, 13_000, 0.0);
    assert!(out.starts_with(&[Output::Drop, Output::Open]));
}

#[test]
fn a_silent_connection_is_given_up_after_two_and_a_half_beats() {
    let mut link = up(0);
    assert_eq!(link.deadline(), Some(10_000));
    assert_eq!(link.on(Input::Tick, 10_000, 0.0), [Output::Beat]);
    link.on(Input::Said, 10_000, 0.0);
    link.on(Input::Said, 20_000, 0.0);
    assert_eq!(link.deadline(), Some(25_000));
    let out = link.on(Input::Tick, 25_000, 0.0);
    assert!(out.starts_with(&[Output::Drop, Output::Open]));
}

#[test]
fn the_servers_beat_is_answered_where_timers_are_held_back() {
    let mut link = up(0);
    assert_eq!(link.on(Input::Heard, 3_000, 0.0), []);
    assert_eq!(link.on(Input::Heard, 8_000, 0.0), [Output::Beat]);
}

#[test]
fn a_network_that_comes_back_gets_a_new_connection() {
    let mut link = up(0);
    let out = link.on(Input::Network(false), 1_000, 0.0);
    assert_eq!(out, [Output::Show(Standing::Offline)]);
    let out = link.on(Input::Network(true), 9_000, 0.0);
    assert_eq!(
        out,
        [
            Output::Drop,
            Output::Open,
            Output::Show(Standing::Connecting)
        ]
    );
}

#[test]
fn bytes_prove_a_browser_wrong_that_says_there_is_no_network() {
    let mut link = up(0);
    link.on(Input::Network(false), 1_000, 0.0);
    assert_eq!(link.on(Input::Heard, 1_100, 0.0), []);
    assert_eq!(
        link.on(Input::Heard, 4_000, 0.0),
        [Output::Show(Standing::Up)]
    );
}

#[test]
fn a_login_that_never_ends_is_given_up() {
    let mut link = Link::new(0, true);
    link.on(Input::Tick, 0, 0.0);
    link.on(Input::Opened, 100, 0.0);
    assert_eq!(link.deadline(), Some(10_000));
    assert_eq!(link.on(Input::Tick, 10_000, 1.0), [Output::Drop]);
    assert_eq!(link.deadline(), Some(10_500));
}

#[test]
fn failures_in_a_row_wait_longer_and_a_good_connection_forgives_them() {
    let mut link = Link::new(0, true);
    let mut now = 0;
    for _ in 0..4 {
        link.on(Input::Tick, now, 0.0);
        link.on(Input::Session(Session::Good), now, 0.0);
        link.on(Input::Closed { code: 1006 }, now, 1.0);
        now = link.deadline().unwrap();
    }
    assert_eq!(now, 500 + 1_000 + 2_000 + 3_000);
    link.on(Input::Tick, now, 0.0);
    link.on(Input::Session(Session::Good), now, 0.0);
    link.on(Input::LoggedIn(BEAT), now, 0.0);
    link.on(Input::Closed { code: 1006 }, now + 60_000, 1.0);
    assert_eq!(link.deadline(), Some(now + 60_500));
}
