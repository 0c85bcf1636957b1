//! In time, within bounds, and to a clean end.

use super::told;
use protocol::Rev;

use crate::check::history::{HARNESS, What};
use crate::check::verify::Kind;
use crate::check::verify::planted::{SECOND, Story, found};

/// The server was down from then until now.
fn killed(story: &mut Story, from: u64) {
    let (fault, client, to) = ("kill".into(), None, story.now);
    story.note(
        HARNESS,
        What::Disturbed {
            fault,
            client,
            from,
            to,
        },
    );
}

#[test]
fn a_client_that_stays_behind_after_a_fault_is_late() {
    let mut story = told();
    let from = story.now;
    story.send(0, 70);
    let rev = story.store(0, 70);
    story.ack(0, 70);
    story.deliver(0, 1, 1, rev);
    story.pass(SECOND);
    killed(&mut story, from);
    assert_eq!(found(&story.end()), [(3, Kind::Late)]);
}

#[test]
fn a_client_that_catches_up_within_three_seconds_is_not_late() {
    let mut story = told();
    let from = story.now;
    story.send(0, 70);
    let rev = story.store(0, 70);
    story.ack(0, 70);
    story.deliver(0, 1, 1, rev);
    story.pass(SECOND);
    killed(&mut story, from);
    story.pass(2 * SECOND);
    story.subscribe(1, 2, 1, Rev(rev.0 - 1));
    story.deliver(1, 2, 1, rev);
    assert_eq!(found(&story.end()), []);
}

#[test]
fn an_operation_that_is_never_answered_is_late() {
    let mut story = told();
    story.send(0, 70);
    assert_eq!(found(&story.end()), [(3, Kind::Late)]);
}

#[test]
fn memory_beyond_the_limit_is_unbounded() {
    let mut story = told();
    story.note(HARNESS, What::Memory { rss: 101 << 20 });
    assert_eq!(found(&story.end()), [(6, Kind::Unbounded)]);
}

#[test]
fn a_slow_reader_must_be_closed_with_the_code_that_says_resume() {
    let slow = |closed, code| {
        let mut story = told();
        let from = story.now;
        story.note(
            2,
            What::SlowReader {
                from,
                bytes: 9,
                closed,
                code,
            },
        );
        found(&story.end())
    };
    assert_eq!(slow(true, Some(4000)), []);
    assert_eq!(slow(true, Some(1011)), [(6, Kind::Unbounded)]);
    assert_eq!(slow(false, None), [(6, Kind::Unbounded)]);
}

#[test]
fn sigterm_must_end_with_zero_and_tell_the_clients() {
    let ended = |exit, close| {
        let mut story = told();
        let from = story.now;
        story.pass(SECOND);
        let (conn, code) = (1, close);
        story.note(1, What::Closed { conn, code });
        story.note(HARNESS, What::Terminated { from, code: exit });
        found(&story.end())
    };
    assert_eq!(ended(Some(0), Some(1001)), []);
    assert_eq!(ended(None, Some(1001)), [(7, Kind::Undrained)]);
    assert_eq!(ended(Some(0), None), [(7, Kind::Undrained)]);
}

#[test]
fn what_was_deleted_must_not_be_readable() {
    let mut story = told();
    let path = "/api/rooms/x/events".to_owned();
    story.note(HARNESS, What::Readable { path });
    assert_eq!(found(&story.end()), [(8, Kind::Readable)]);
}
