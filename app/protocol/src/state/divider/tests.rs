//! Where the line stands on entry, and when it moves.

use super::*;
use crate::state::sample::*;

fn mine(rev: u64) -> Message {
    Message {
        author: ME,
        ..message(rev)
    }
}

#[test]
fn it_stands_before_the_first_message_of_others_that_i_have_not_read() {
    let window = [message(1), mine(2), message(3), message(4)];
    assert_eq!(Divider::enter(ME, Rev(1), &window).before(), Some(id(3)));
    assert_eq!(Divider::enter(ME, Rev(4), &window).before(), None);
}

#[test]
fn what_was_deleted_before_i_saw_it_is_not_new() {
    let gone = Message {
        deleted: true,
        ..message(2)
    };
    let divider = Divider::enter(ME, Rev(1), &[message(1), gone]);
    assert_eq!(divider.before(), None);
}

#[test]
fn it_moves_to_older_messages_when_what_is_new_begins_there() {
    let mut divider = Divider::enter(ME, Rev(2), &messages(5..=6));
    divider.older(&messages(2..=4));
    assert_eq!(divider.before(), Some(id(3)));
    divider.older(&messages(1..=1));
    assert_eq!(divider.before(), Some(id(3)));
}

#[test]
fn it_never_appears_for_a_message_that_was_watched_as_it_came() {
    let mut divider = Divider::default();
    divider.arrived(&message(1), ME, true);
    divider.arrived(&mine(2), ME, false);
    assert_eq!(divider.before(), None);
    divider.arrived(&message(3), ME, false);
    divider.arrived(&message(4), ME, false);
    assert_eq!(divider.before(), Some(id(3)));
}

#[test]
fn it_is_placed_anew_only_after_it_was_passed() {
    let mut divider = Divider::enter(ME, Rev(0), &messages(1..=2));
    divider.arrived(&message(3), ME, false);
    assert_eq!(divider.before(), Some(id(1)));
    divider.passed();
    assert_eq!(divider.before(), Some(id(1)));
    divider.arrived(&message(4), ME, true);
    assert_eq!(divider.before(), Some(id(1)));
    divider.arrived(&message(5), ME, false);
    divider.arrived(&message(6), ME, false);
    assert_eq!(divider.before(), Some(id(5)));
}

#[test]
fn my_own_message_takes_it_away() {
    let mut divider = Divider::enter(ME, Rev(0), &messages(1..=2));
    divider.sent();
    assert_eq!(divider.before(), None);
}
