//! Loss, duplicate, reorder, gap, phantom: in the store and in what clients are told.

use protocol::Rev;

use super::{dropped, told};
use crate::check::history::What;
use crate::check::verify::Kind;
use crate::check::verify::planted::{found, op};

#[test]
fn a_clean_history_is_clean() {
    assert_eq!(found(&told().end()), []);
}

#[test]
fn an_acknowledged_operation_that_is_not_stored_is_a_loss() {
    let mut story = told();
    story.send(0, 77);
    story.ack(0, 77);
    assert_eq!(found(&story.end()), [(1, Kind::Lost)]);
}

#[test]
fn an_unacknowledged_one_may_be_missing() {
    let mut story = told();
    story.send(0, 77);
    story.note(
        0,
        What::Refused {
            op: op(77),
            code: "forbidden".into(),
            passing: false,
        },
    );
    assert_eq!(found(&story.end()), []);
}

#[test]
fn an_operation_stored_twice_is_a_duplicate() {
    let mut story = told();
    story.store(0, 2);
    let rev = Rev(story.log.len() as u64);
    story.deliver(0, 1, 1, rev);
    story.deliver(1, 1, 1, rev);
    let records = dropped(story.end(), |what| matches!(what, What::State { .. }));
    assert!(found(&records).contains(&(2, Kind::Duplicate)));
}

#[test]
fn an_event_told_twice_on_one_subscription_is_a_duplicate() {
    let mut story = told();
    story.deliver(1, 1, 1, Rev(11));
    assert_eq!(found(&story.end()), [(2, Kind::Duplicate)]);
}

#[test]
fn an_event_left_out_is_a_gap_and_keeps_the_client_behind() {
    let left_out =
        |what: &What| matches!(what, What::Delivered { entry, .. } if entry.rev == Rev(6));
    let records = dropped(told().end(), left_out);
    assert_eq!(found(&records), [(2, Kind::Gap), (3, Kind::Late)]);
}

#[test]
fn after_a_reset_a_subscription_goes_on_further_up_and_without_a_hole() {
    let after_reset = |revs: &[u64]| {
        let mut story = told();
        let (conn, sub) = (2, 1);
        story.subscribe(0, conn, sub, Rev(0));
        story.note(0, What::Reset { conn, sub });
        for rev in revs {
            story.deliver(0, conn, sub, Rev(*rev));
        }
        found(&story.end())
    };
    assert_eq!(after_reset(&[9, 10, 11]), []);
    assert_eq!(after_reset(&[8, 10, 11]), [(2, Kind::Gap)]);
    assert_eq!(after_reset(&[9, 10, 10]), [(2, Kind::Duplicate)]);
}

#[test]
fn a_hole_in_the_log_is_a_gap() {
    let missing = |what: &What| {
        matches!(what, What::Log { entry } if entry.rev == Rev(6))
            || matches!(what, What::State { message, .. } if message.rev == Rev(6))
            || matches!(what, What::Delivered { entry, .. } if entry.rev == Rev(6))
    };
    assert!(found(&dropped(told().end(), missing)).contains(&(2, Kind::Gap)));
}

#[test]
fn events_told_in_another_order_are_caught() {
    let mut story = told();
    story.send(0, 50);
    story.send(1, 51);
    let first = story.store(0, 50);
    let second = story.store(1, 51);
    story.ack(0, 50);
    story.ack(1, 51);
    for rev in [first, second] {
        story.deliver(0, 1, 1, rev);
    }
    for rev in [second, first] {
        story.deliver(1, 1, 1, rev);
    }
    assert!(found(&story.end()).contains(&(2, Kind::Gap)));
}

#[test]
fn an_older_event_after_newer_ones_is_a_reorder() {
    let mut story = told();
    story.subscribe(1, 1, 2, Rev(9));
    story.deliver(1, 1, 2, Rev(10));
    story.deliver(1, 1, 2, Rev(4));
    assert_eq!(found(&story.end()), [(2, Kind::Reorder)]);
}

#[test]
fn one_senders_operations_out_of_order_are_a_reorder() {
    let mut story = told();
    story.send(0, 50);
    story.send(0, 52);
    let first = story.store(0, 52);
    let second = story.store(0, 50);
    story.ack(0, 50);
    story.ack(0, 52);
    for listener in 0..2 {
        story.deliver(listener, 1, 1, first);
        story.deliver(listener, 1, 1, second);
    }
    assert_eq!(found(&story.end()), [(4, Kind::Reorder)]);
}

#[test]
fn one_sent_after_anothers_acknowledgement_must_stand_after_it() {
    let mut story = told();
    story.send(0, 50);
    story.ack(0, 50);
    story.send(1, 51);
    let first = story.store(1, 51);
    let second = story.store(0, 50);
    story.ack(1, 51);
    for listener in 0..2 {
        story.deliver(listener, 1, 1, first);
        story.deliver(listener, 1, 1, second);
    }
    assert_eq!(found(&story.end()), [(2, Kind::Reorder)]);
}

#[test]
fn a_stored_operation_that_nobody_sent_is_a_phantom() {
    let mut story = told();
    let rev = story.store(1, 99);
    for listener in 0..2 {
        story.deliver(listener, 1, 1, rev);
    }
    let kinds = found(&story.end());
    assert!(!kinds.is_empty());
    assert!(kinds.iter().all(|kind| *kind == (2, Kind::Phantom)));
}

#[test]
fn a_stored_operation_that_was_refused_is_a_phantom() {
    let mut story = told();
    story.send(0, 50);
    let rev = story.store(0, 50);
    for listener in 0..2 {
        story.deliver(listener, 1, 1, rev);
    }
    story.note(
        0,
        What::Refused {
            op: op(50),
            code: "forbidden".into(),
            passing: false,
        },
    );
    assert_eq!(found(&story.end()), [(2, Kind::Phantom)]);
}

#[test]
fn an_event_that_is_told_and_not_stored_is_a_phantom() {
    let mut story = told();
    story.send(0, 50);
    let rev = story.store(0, 50);
    story.deliver(1, 1, 1, rev);
    story.log.pop();
    story.note(
        0,
        What::Refused {
            op: op(50),
            code: "internal".into(),
            passing: false,
        },
    );
    assert!(found(&story.end()).contains(&(2, Kind::Phantom)));
}
