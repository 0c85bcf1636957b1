//! Nobody is told what is not theirs.

use protocol::Rev;

use super::told;
use crate::check::history::{Change, HARNESS, What};
use crate::check::verify::Kind;
use crate::check::verify::planted::{SECOND, Story, found, op, room, user};

fn membership(member: bool, done: bool) -> What {
    let (room, user) = (room(), user(1));
    if done {
        What::MembershipDone { room, user, member }
    } else {
        What::MembershipAsked { room, user, member }
    }
}

/// Client 1 has been taken out; client 0 goes on.
fn taken_out() -> Story {
    let mut story = told();
    story.note(HARNESS, membership(false, false));
    let rev = story.append(op(800), 0, Change::Gone { user: user(1) });
    story.note(HARNESS, membership(false, true));
    story.deliver(0, 1, 1, rev);
    story.send(0, 80);
    let rev = story.store(0, 80);
    story.ack(0, 80);
    story.deliver(0, 1, 1, rev);
    story
}

#[test]
fn whoever_was_taken_out_hears_nothing_and_that_is_right() {
    assert_eq!(found(&taken_out().end()), []);
}

#[test]
fn an_event_to_somebody_who_was_taken_out_is_a_leak() {
    let mut story = taken_out();
    story.deliver(1, 1, 1, Rev(12));
    story.deliver(1, 1, 1, Rev(13));
    assert_eq!(found(&story.end()), [(5, Kind::Leak)]);
}

#[test]
fn history_told_to_somebody_who_was_taken_out_is_a_leak() {
    let mut story = taken_out();
    story.subscribe(1, 1, 2, Rev(3));
    story.deliver(1, 1, 2, Rev(4));
    assert_eq!(found(&story.end()), [(5, Kind::Leak)]);
}

#[test]
fn whoever_is_brought_in_again_may_read_what_was_missed() {
    let mut story = taken_out();
    story.note(HARNESS, membership(true, false));
    let rev = story.append(op(801), 0, Change::Joined { user: user(1) });
    story.note(HARNESS, membership(true, true));
    story.deliver(0, 1, 1, rev);
    story.subscribe(1, 1, 2, Rev(11));
    for rev in 12..=rev.0 {
        story.deliver(1, 1, 2, Rev(rev));
    }
    assert_eq!(found(&story.end()), []);
}

#[test]
fn a_stranger_who_hears_anything_is_a_leak() {
    let mut story = told();
    story.subscribe(2, 1, 1, Rev::ZERO);
    story.deliver(2, 1, 1, Rev(1));
    assert_eq!(found(&story.end()), [(5, Kind::Leak)]);
    let mut story = told();
    let destination = "/sub/chat/side/x".to_owned();
    story.note(2, What::Overheard { destination });
    assert_eq!(found(&story.end()), [(5, Kind::Leak)]);
}

#[test]
fn a_revoked_session_must_be_closed_within_five_seconds() {
    let closed_after = |micros| {
        let mut story = told();
        story.note(2, What::Opened { conn: 9 });
        story.note(HARNESS, What::Revoked { client: 2, conn: 9 });
        story.pass(micros);
        let code = Some(4401);
        story.note(2, What::Closed { conn: 9, code });
        found(&story.end())
    };
    assert_eq!(closed_after(4 * SECOND), []);
    assert_eq!(closed_after(6 * SECOND), [(5, Kind::Late)]);
}
