//! The order of the history.

use protocol::state::PendingState;
use protocol::wire::{Problem, code};

use super::*;
use crate::testing::{id, message};

const ME: u128 = 1;
const YOU: u128 = 2;
const HOUR: i64 = 3_600_000;

fn user(n: u128) -> UserId {
    id(n)
}

fn sources<'a>(messages: &'a [Message], pending: &'a [Pending]) -> Sources<'a> {
    Sources {
        messages,
        notes: Vec::new(),
        pending: pending.iter().collect(),
        detached: false,
        me: Some(user(ME)),
        offset: 0,
        divider: None,
    }
}

fn pending(n: u128, change: PendingChange, state: PendingState) -> Pending {
    Pending {
        op: id(n),
        room: id(9),
        at: Timestamp::from_millis(24 * HOUR),
        change,
        state,
    }
}

fn starts(rows: &Rows) -> Vec<bool> {
    rows.messages().map(|row| row.starts_run).collect()
}

#[test]
fn a_run_ends_with_another_author_or_a_silence() {
    let minute = 60_000;
    let messages = [
        message(1, ME, 0, "a"),
        message(2, ME, 4 * minute, "b"),
        message(3, YOU, 5 * minute, "c"),
        message(4, YOU, 11 * minute, "d"),
    ];
    assert_eq!(
        starts(&Rows::of(&sources(&messages, &[]))),
        [true, false, true, true]
    );
}

#[test]
fn each_day_is_announced_once_where_the_reader_is() {
    let messages = [
        message(1, ME, 20 * HOUR, "a"),
        message(2, ME, 23 * HOUR, "b"),
        message(3, ME, 22 * HOUR, "c"),
    ];
    let mut sources = sources(&messages, &[]);
    sources.offset = 120;
    let rows = Rows::of(&sources);
    assert_eq!(
        rows.order,
        [
            Key::Day(0),
            Key::Message(messages[0].id),
            Key::Day(1),
            Key::Message(messages[1].id),
            Key::Message(messages[2].id),
        ]
    );
}

#[test]
fn the_divider_stands_before_its_message_and_begins_a_run() {
    let messages = [message(1, YOU, 0, "a"), message(2, YOU, 1, "b")];
    let mut sources = sources(&messages, &[]);
    sources.divider = Some(messages[1].id);
    let rows = Rows::of(&sources);
    assert_eq!(
        rows.order[2..],
        [Key::Divider, Key::Message(messages[1].id)]
    );
    assert_eq!(starts(&rows), [true, true]);
}

#[test]
fn what_is_on_its_way_follows_until_it_has_arrived() {
    let post = PendingChange::Post {
        body: "later".to_owned(),
        reply_to: None,
    };
    let waiting = [pending(7, post, PendingState::Sending)];
    let before = [message(1, YOU, 0, "a")];
    let rows = Rows::of(&sources(&before, &waiting));
    let last = rows.messages().next_back().unwrap();
    assert_eq!(
        (last.body.as_str(), &last.state, last.rev),
        ("later", &Delivery::Waiting, None)
    );

    let mut arrived = message(7, ME, 1, "later");
    arrived.id = id(7);
    let after = [before[0].clone(), arrived];
    let rows = Rows::of(&sources(&after, &waiting));
    assert_eq!(rows.messages().count(), 2);
    assert_eq!(rows.messages().next_back().unwrap().state, Delivery::Done);
}

#[test]
fn in_an_old_window_nothing_of_mine_is_shown_after_it() {
    let post = PendingChange::Post {
        body: "later".to_owned(),
        reply_to: None,
    };
    let waiting = [pending(7, post, PendingState::Queued)];
    let messages = [message(1, YOU, 0, "a")];
    let mut sources = sources(&messages, &waiting);
    sources.detached = true;
    assert_eq!(Rows::of(&sources).messages().count(), 1);
}

#[test]
fn changes_show_at_once_and_refused_ones_only_say_so() {
    let messages = [message(1, ME, 0, "old")];
    let id = messages[0].id;
    let edit = PendingChange::Edit {
        message: id,
        body: "new".to_owned(),
    };
    let waiting = [pending(8, edit.clone(), PendingState::Queued)];
    let rows = Rows::of(&sources(&messages, &waiting));
    assert_eq!(rows.get(id).unwrap().body, "new");

    let problem = Problem::new(code::NOT_AUTHOR, "no");
    let refused = [pending(8, edit, PendingState::Failed { problem })];
    let rows = Rows::of(&sources(&messages, &refused));
    let row = rows.get(id).unwrap();
    assert_eq!(row.body, "old");
    assert_eq!(row.state, Delivery::Failed(Box::new(refused[0].clone())));
}

#[test]
fn a_refusal_stays_until_it_is_dealt_with_whatever_is_done_after_it() {
    let messages = [message(1, ME, 0, "old")];
    let id = messages[0].id;
    let edit = |body: &str| PendingChange::Edit {
        message: id,
        body: body.to_owned(),
    };
    let react = PendingChange::React {
        message: id,
        emoji: "👍".to_owned(),
        on: true,
    };
    let problem = Problem::new(code::TOO_LONG, "no");
    let refused = pending(8, edit("too long"), PendingState::Failed { problem });
    let waiting = [
        refused.clone(),
        pending(9, edit("newer"), PendingState::Queued),
        pending(10, react, PendingState::Queued),
    ];
    let rows = Rows::of(&sources(&messages, &waiting));
    let row = rows.get(id).unwrap();
    assert_eq!(row.state, Delivery::Failed(Box::new(refused)));
    assert_eq!((row.body.as_str(), row.reactions.len()), ("newer", 1));

    // A reaction does not hide that an edit is on its way either.
    let rows = Rows::of(&sources(&messages, &waiting[1..]));
    assert_eq!(rows.get(id).unwrap().state, Delivery::Waiting);
}

#[test]
fn a_reaction_taken_back_leaves_no_empty_pill() {
    let mut messages = [message(1, YOU, 0, "a")];
    messages[0].reactions = vec![Reaction {
        emoji: "👍".to_owned(),
        users: vec![user(ME)],
    }];
    let id = messages[0].id;
    let change = PendingChange::React {
        message: id,
        emoji: "👍".to_owned(),
        on: false,
    };
    let waiting = [pending(8, change, PendingState::Queued)];
    assert!(
        Rows::of(&sources(&messages, &waiting))
            .get(id)
            .unwrap()
            .reactions
            .is_empty()
    );
}

#[test]
fn a_reply_quotes_one_line_of_what_is_in_the_window() {
    let mut messages = [message(1, YOU, 0, "one\ntwo"), message(2, ME, 1, "b")];
    messages[1].reply_to = Some(messages[0].id);
    let rows = Rows::of(&sources(&messages, &[]));
    let quote = rows.get(messages[1].id).unwrap().reply.clone().unwrap();
    assert_eq!(quote.known.unwrap().text, "one two");
    let rows = Rows::of(&sources(&messages[1..], &[]));
    assert_eq!(
        rows.get(messages[1].id)
            .unwrap()
            .reply
            .clone()
            .unwrap()
            .known,
        None
    );
}

fn note(n: u64, by: u128, at: i64, kind: EventKind) -> Event {
    Event {
        room: id(9),
        rev: Rev(n),
        at: Timestamp::from_millis(at),
        by: user(by),
        op: id(2000 + u128::from(n)),
        posted: 0,
        kind,
    }
}

fn joined(n: u64, by: u128, at: i64, who: u128) -> Event {
    note(n, by, at, EventKind::Joined { user: user(who) })
}

fn with_notes(messages: &[Message], notes: &[Event]) -> Rows {
    let mut sources = sources(messages, &[]);
    sources.notes = notes.iter().collect();
    Rows::of(&sources)
}

#[test]
fn what_happened_stands_between_the_messages_and_ends_a_run() {
    let messages = [message(2, ME, 0, "a"), message(4, ME, 2, "b")];
    let renamed = EventKind::Renamed {
        name: "Garden".to_owned(),
    };
    let left = EventKind::Left { user: user(YOU) };
    let notes = [
        joined(1, YOU, 0, 3),
        note(3, YOU, 1, renamed),
        note(5, YOU, 3, left),
    ];
    let rows = with_notes(&messages, &notes);
    assert_eq!(
        rows.order,
        [
            Key::Day(0),
            Key::Note(Rev(1)),
            Key::Message(messages[0].id),
            Key::Note(Rev(3)),
            Key::Message(messages[1].id),
            Key::Note(Rev(5)),
        ]
    );
    assert_eq!(starts(&rows), [true, true]);
    let said = Note {
        by: user(YOU),
        what: What::Renamed("Garden".to_owned()),
    };
    assert_eq!(rows.note(Rev(3)), Some(&said));
}

#[test]
fn what_is_on_its_way_comes_after_what_has_happened() {
    let post = PendingChange::Post {
        body: "later".to_owned(),
        reply_to: None,
    };
    let waiting = [pending(7, post, PendingState::Queued)];
    let messages = [message(1, ME, 0, "a")];
    let notes = [joined(2, YOU, 1, 3)];
    let mut sources = sources(&messages, &waiting);
    sources.notes = notes.iter().collect();
    let order = Rows::of(&sources).order;
    assert_eq!(order[2], Key::Note(Rev(2)));
    assert_eq!(order.last(), Some(&Key::Message(id(7))));
}

#[test]
fn many_who_were_brought_by_one_person_are_one_line() {
    let said = message(5, YOU, 4, "welcome");
    let notes = [
        joined(2, YOU, 1, 3),
        joined(3, YOU, 2, 4),
        // By someone else.
        joined(4, ME, 3, 5),
        // After a message.
        joined(6, ME, 5, 6),
    ];
    let rows = with_notes(&[message(1, YOU, 0, "a"), said.clone()], &notes);
    assert_eq!(
        rows.order[2..],
        [
            Key::Note(Rev(2)),
            Key::Note(Rev(4)),
            Key::Message(said.id),
            Key::Note(Rev(6)),
        ]
    );
    let came = |rev| rows.note(Rev(rev)).map(|note| note.what.clone());
    assert_eq!(came(2), Some(What::Joined(vec![user(3), user(4)])));
    assert_eq!(came(4), Some(What::Joined(vec![user(5)])));
    assert_eq!(came(3), None);
}

#[test]
fn a_day_may_begin_with_what_happened() {
    let notes = [joined(2, YOU, 1, 3), joined(3, YOU, 24 * HOUR, 4)];
    let said = message(4, YOU, 24 * HOUR + 1, "b");
    let rows = with_notes(&[message(1, YOU, 0, "a"), said.clone()], &notes);
    assert_eq!(
        rows.order[2..],
        [
            Key::Note(Rev(2)),
            Key::Day(1),
            Key::Note(Rev(3)),
            Key::Message(said.id),
        ]
    );
}
