//! What two see, and what stands in the end, must agree.

use protocol::{MessageId, Rev};

use super::told;
use crate::check::history::{Ask, Change, Digest, Record, What};
use crate::check::verify::Kind;
use crate::check::verify::planted::{found, op, room, user};

#[test]
fn two_clients_told_different_things_is_a_disagreement() {
    let records: Vec<Record> = told()
        .end()
        .into_iter()
        .map(|mut record| {
            if let What::Delivered { entry, .. } = &mut record.what
                && record.who == 1
                && entry.rev == Rev(4)
            {
                entry.by = user(1);
            }
            record
        })
        .collect();
    assert_eq!(found(&records), [(2, Kind::Disagreement)]);
}

#[test]
fn a_text_that_nobody_sent_is_a_phantom() {
    let records: Vec<Record> = told()
        .end()
        .into_iter()
        .map(|mut record| {
            if let What::Delivered { entry, .. } = &mut record.what
                && let Change::Posted { body, .. } = &mut entry.change
                && record.who == 1
                && entry.rev == Rev(4)
            {
                *body = Digest::of("forged");
            }
            record
        })
        .collect();
    assert_eq!(found(&records), [(2, Kind::Phantom)]);
}

#[test]
fn an_edit_that_does_not_stand_in_the_end_is_a_disagreement() {
    let mut story = told();
    let message = MessageId::from(op(2));
    let body = Digest::of("new");
    story.ask(0, 60, Ask::Edit { message, body });
    let rev = story.append(op(60), 0, Change::Edited { message, body });
    story.ack(0, 60);
    for listener in 0..2 {
        story.deliver(listener, 1, 1, rev);
    }
    // The story's end lists the message with its first text.
    assert_eq!(found(&story.end()), [(2, Kind::Disagreement)]);
}

#[test]
fn a_reaction_that_does_not_stand_in_the_end_is_a_miscount() {
    let mut story = told();
    let message = MessageId::from(op(2));
    let (emoji, on) = ("👍".to_owned(), true);
    story.ask(
        1,
        61,
        Ask::React {
            message,
            emoji: emoji.clone(),
            on,
        },
    );
    let rev = story.append(op(61), 1, Change::Reacted { message, emoji, on });
    story.ack(1, 61);
    for listener in 0..2 {
        story.deliver(listener, 1, 1, rev);
    }
    assert_eq!(found(&story.end()), [(2, Kind::Miscount)]);
}

#[test]
fn an_unread_count_that_sticks_is_a_miscount() {
    let mut story = told();
    story.pass(1);
    let mut records = story.end();
    let mine = |unread| Record {
        at: u64::MAX,
        who: 1,
        what: What::Mine {
            room: room(),
            head: Rev(11),
            read: Rev(9),
            unread,
        },
    };
    records.push(mine(2));
    assert_eq!(found(&records), []);
    records.push(mine(3));
    assert_eq!(found(&records), [(2, Kind::Miscount)]);
}

#[test]
fn a_read_position_that_falls_back_is_a_loss() {
    let mut story = told();
    story.note(
        1,
        What::ReadAcked {
            room: room(),
            rev: Rev(10),
        },
    );
    let mut records = story.end();
    records.push(Record {
        at: u64::MAX,
        who: 1,
        what: What::Mine {
            room: room(),
            head: Rev(11),
            read: Rev(9),
            unread: 2,
        },
    });
    assert_eq!(found(&records), [(1, Kind::Lost)]);
}
