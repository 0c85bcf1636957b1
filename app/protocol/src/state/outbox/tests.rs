//! In which order what I said is sent, and what becomes of refusals.

use uuid::Uuid;

use super::*;
use crate::wire::code;

fn op(n: u128) -> OpId {
    OpId(Uuid::from_u128(n))
}

fn room(n: u128) -> RoomId {
    RoomId(Uuid::from_u128(n))
}

fn post(n: u128, in_room: u128) -> Pending {
    Pending {
        op: op(n),
        room: room(in_room),
        at: Timestamp(0),
        change: PendingChange::Post {
            body: "hello".to_owned(),
            reply_to: None,
        },
        state: PendingState::Queued,
    }
}

fn outbox() -> Outbox {
    Outbox::restore(vec![post(1, 1), post(2, 1), post(3, 2)])
}

fn due(outbox: &mut Outbox) -> Vec<u128> {
    let due = outbox.next();
    assert!(due.iter().all(|sent| sent.state == PendingState::Sending));
    due.iter().map(|sent| sent.op.0.as_u128()).collect()
}

#[test]
fn of_each_room_one_is_on_its_way_at_a_time() {
    let mut outbox = outbox();
    assert_eq!(due(&mut outbox), [1, 3]);
    assert!(due(&mut outbox).is_empty());
    assert_eq!(outbox.confirmed(op(1)).unwrap().op, op(1));
    assert_eq!(due(&mut outbox), [2]);
    assert_eq!(outbox.waiting(), 2);
}

#[test]
fn a_passing_refusal_keeps_its_place() {
    let mut outbox = outbox();
    outbox.next();
    outbox.refused(op(1), Problem::new(code::BUSY, "later"));
    assert_eq!(due(&mut outbox), [1]);
}

#[test]
fn a_refusal_for_good_waits_for_a_person_and_holds_up_nobody() {
    let mut outbox = outbox();
    outbox.next();
    outbox.refused(op(1), Problem::new(code::FORBIDDEN, "no"));
    assert_eq!(outbox.waiting(), 2);
    assert_eq!(due(&mut outbox), [2]);
    outbox.retry(op(1));
    assert!(due(&mut outbox).is_empty());
    outbox.confirmed(op(2));
    assert_eq!(due(&mut outbox), [1]);
}

#[test]
fn only_a_failed_one_is_retried() {
    let mut outbox = outbox();
    outbox.next();
    outbox.retry(op(1));
    assert_eq!(outbox.get(op(1)).unwrap().state, PendingState::Sending);
}

#[test]
fn what_was_on_its_way_is_sent_again_after_a_disconnection() {
    let mut outbox = outbox();
    outbox.next();
    outbox.disconnected();
    assert_eq!(due(&mut outbox), [1, 3]);
    let left: Vec<Pending> = outbox.iter().cloned().collect();
    let mut restored = Outbox::restore(left);
    assert_eq!(due(&mut restored), [1, 3]);
}

#[test]
fn a_confirmation_counts_whenever_it_comes() {
    let mut outbox = outbox();
    assert!(outbox.confirmed(op(2)).is_some());
    assert!(outbox.confirmed(op(2)).is_none());
    outbox.refused(op(1), Problem::new(code::FORBIDDEN, "no"));
    assert!(outbox.confirmed(op(1)).is_some());
    assert_eq!(outbox.of_room(room(1)).count(), 0);
    assert_eq!(outbox.of_room(room(2)).count(), 1);
}

#[test]
fn the_same_operation_is_held_once() {
    let mut outbox = outbox();
    outbox.add(post(1, 1));
    assert_eq!(outbox.iter().count(), 3);
    assert!(outbox.discard(op(1)).is_some());
    assert_eq!(outbox.iter().count(), 2);
}

#[test]
fn of_what_is_on_its_way_the_longest_was_too_long() {
    let mut long = post(4, 3);
    long.change = PendingChange::Edit {
        message: MessageId(Uuid::nil()),
        body: "much longer than hello".to_owned(),
    };
    let mut outbox = outbox();
    outbox.add(long);
    assert_eq!(outbox.longest_on_its_way(), None);
    outbox.next();
    assert_eq!(outbox.longest_on_its_way(), Some(op(4)));
    outbox.refused(op(4), Problem::new(code::TOO_LARGE, "too large"));
    outbox.disconnected();
    assert_eq!(due(&mut outbox), [1, 3]);
}

#[test]
fn it_survives_being_written_down() {
    let mut outbox = outbox();
    outbox.next();
    outbox.refused(op(1), Problem::new(code::FORBIDDEN, "no"));
    let left: Vec<Pending> = outbox.iter().cloned().collect();
    let json = serde_json::to_string(&left).unwrap();
    let read: Vec<Pending> = serde_json::from_str(&json).unwrap();
    assert_eq!(read, left);
}
