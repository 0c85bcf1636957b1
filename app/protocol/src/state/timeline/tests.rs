//! What the window shows when events and pages come in any order.

use super::*;
use crate::state::sample::*;

/// A window of the messages 1 to 5, at their head.
fn window() -> Timeline {
    let mut timeline = Timeline::new(ROOM);
    timeline.load(messages(1..=5), Rev(5), false, false);
    timeline
}

/// A window of the messages 4 to 6 of ten.
fn detached() -> Timeline {
    let mut timeline = Timeline::new(ROOM);
    timeline.load(messages(4..=6), Rev(10), true, true);
    timeline
}

fn revs(timeline: &Timeline) -> Vec<u64> {
    timeline
        .messages()
        .iter()
        .map(|message| message.rev.0)
        .collect()
}

fn body(timeline: &Timeline, message: u64) -> &str {
    &timeline.get(id(message)).unwrap().body
}

#[test]
fn the_next_event_is_applied_and_a_repeat_is_not() {
    let mut timeline = window();
    assert_eq!(timeline.apply(&posted(6)), Applied::Changed(vec![id(6)]));
    assert_eq!(timeline.apply(&posted(6)), Applied::Repeat);
    assert_eq!(timeline.apply(&posted(3)), Applied::Repeat);
    assert_eq!(revs(&timeline), [1, 2, 3, 4, 5, 6]);
    assert_eq!(timeline.position(), Rev(6));
}

#[test]
fn an_event_behind_a_gap_waits_until_the_gap_is_filled() {
    let mut timeline = window();
    assert_eq!(timeline.apply(&posted(8)), Applied::Gap { after: Rev(5) });
    assert_eq!(
        timeline.apply(&edited(7, 5, "new")),
        Applied::Gap { after: Rev(5) }
    );
    assert_eq!(timeline.gap(), Some(Rev(5)));
    assert_eq!(
        timeline.apply(&posted(6)),
        Applied::Changed(vec![id(6), id(5), id(8)])
    );
    assert_eq!(revs(&timeline), [1, 2, 3, 4, 5, 6, 8]);
    assert_eq!(timeline.gap(), None);
}

#[test]
fn what_is_too_far_ahead_to_be_held_is_known_to_be_missing() {
    let mut timeline = Timeline::new(ROOM);
    let last = 2 + HELD as u64 + 10;
    for rev in (2..=last).rev() {
        timeline.apply(&posted(rev));
    }
    timeline.apply(&posted(1));
    let reached = timeline.position();
    assert_eq!(reached, Rev(HELD as u64 + 1));
    assert_eq!(timeline.gap(), Some(reached));
    for rev in reached.next().0..=last {
        timeline.apply(&posted(rev));
    }
    assert_eq!(timeline.gap(), None);
    assert_eq!(timeline.messages().len() as u64, last);
}

#[test]
fn edits_deletions_and_reactions_change_their_row() {
    let mut timeline = window();
    timeline.apply(&edited(6, 2, "new"));
    timeline.apply(&reacted(7, ME, 2, true));
    timeline.apply(&reacted(8, OTHER, 2, true));
    timeline.apply(&reacted(9, ME, 2, false));
    let row = timeline.get(id(2)).unwrap();
    assert_eq!(row.body, "new");
    assert_eq!(row.edited_at, Some(crate::Timestamp(6)));
    assert_eq!(row.reactions[0].users, [OTHER]);
    timeline.apply(&deleted(10, 2));
    let row = timeline.get(id(2)).unwrap();
    assert!(row.deleted && row.body.is_empty() && row.reactions.is_empty());
}

#[test]
fn the_same_reaction_twice_is_one() {
    let mut timeline = window();
    assert_eq!(
        timeline.apply(&reacted(6, ME, 2, true)),
        Applied::Changed(vec![id(2)])
    );
    assert_eq!(
        timeline.apply(&reacted(7, ME, 2, true)),
        Applied::Changed(vec![])
    );
    timeline.apply(&reacted(8, ME, 2, false));
    assert!(timeline.get(id(2)).unwrap().reactions.is_empty());
}

#[test]
fn what_is_deleted_is_not_brought_back_by_an_older_edit_in_the_log() {
    let mut timeline = window();
    let gone = Message {
        deleted: true,
        body: String::new(),
        ..message(6)
    };
    // The log shows the current state where the message was posted.
    timeline.apply(&event(6, OTHER, EventKind::Posted { message: gone }));
    timeline.apply(&edited(7, 6, "once said"));
    assert_eq!(body(&timeline, 6), "");
    timeline.apply(&deleted(8, 6));
    assert_eq!(body(&timeline, 6), "");
}

#[test]
fn reactions_read_from_the_log_end_in_the_order_of_the_log() {
    let mut timeline = window();
    let reactions = vec![Reaction {
        emoji: "👍".to_owned(),
        users: vec![ME, OTHER],
    }];
    let message = Message {
        reactions: reactions.clone(),
        ..message(6)
    };
    timeline.apply(&event(6, OTHER, EventKind::Posted { message }));
    timeline.apply(&reacted(7, ME, 6, true));
    timeline.apply(&reacted(8, ME, 6, false));
    timeline.apply(&reacted(9, ME, 6, true));
    timeline.apply(&reacted(10, OTHER, 6, true));
    assert_eq!(timeline.get(id(6)).unwrap().reactions, reactions);
}

#[test]
fn a_row_of_a_newer_page_is_not_undone_by_an_older_event() {
    let mut timeline = Timeline::new(ROOM);
    timeline.load(messages(3..=5), Rev(5), true, false);
    let mut page = messages(1..=2);
    page[0].body = "edited at 7".to_owned();
    assert!(timeline.prepend(Rev(3), page, Rev(7), false));
    assert_eq!(
        timeline.apply(&edited(6, 1, "edited at 6")),
        Applied::Changed(vec![])
    );
    assert_eq!(body(&timeline, 1), "edited at 7");
    timeline.apply(&edited(7, 1, "edited at 7"));
    timeline.apply(&edited(8, 1, "edited at 8"));
    assert_eq!(body(&timeline, 1), "edited at 8");
}

#[test]
fn a_page_read_before_an_edit_is_brought_forward_when_it_is_joined() {
    let mut timeline = Timeline::new(ROOM);
    timeline.load(messages(3..=5), Rev(5), true, false);
    timeline.apply(&edited(6, 1, "edited at 6"));
    assert!(timeline.prepend(Rev(3), messages(1..=2), Rev(5), false));
    assert_eq!(body(&timeline, 1), "edited at 6");
}

#[test]
fn a_page_read_too_long_ago_is_refused() {
    let mut timeline = Timeline::new(ROOM);
    timeline.load(messages(3..=5), Rev(5), true, false);
    for rev in 6..=(7 + RECENT as u64) {
        timeline.apply(&edited(rev, 3, "again"));
    }
    assert!(!timeline.prepend(Rev(3), messages(1..=2), Rev(5), false));
    let position = timeline.position();
    assert!(timeline.prepend(Rev(3), messages(1..=2), position, false));
    assert!(!timeline.has_older());
}

#[test]
fn a_page_of_a_replica_that_lags_behind_the_window_is_refused() {
    let mut timeline = window();
    timeline.trim_front(2);
    assert!(!timeline.prepend(Rev(4), vec![], Rev(2), false));
    assert!(timeline.has_older());
}

#[test]
fn pages_that_are_not_adjacent_are_never_joined() {
    let mut timeline = detached();
    assert!(!timeline.prepend(Rev(3), messages(1..=2), Rev(10), false));
    assert!(!timeline.prepend(Rev(4), messages(1..=4), Rev(10), false));
    assert!(!timeline.append(Rev(7), messages(8..=9), Rev(10), false));
    assert!(!timeline.append(Rev(6), messages(6..=9), Rev(10), false));
    assert!(!Timeline::new(ROOM).prepend(Rev(1), vec![], Rev(1), false));
    assert_eq!(revs(&timeline), [4, 5, 6]);
    assert!(timeline.has_older() && timeline.has_newer());
    assert!(timeline.prepend(Rev(4), messages(1..=3), Rev(10), false));
    assert!(timeline.append(Rev(6), messages(7..=10), Rev(10), false));
    assert_eq!(revs(&timeline), (1..=10).collect::<Vec<_>>());
    assert!(!timeline.has_older() && !timeline.has_newer());
}

#[test]
fn a_detached_window_follows_the_log_without_taking_new_messages() {
    let mut timeline = detached();
    assert_eq!(timeline.apply(&posted(11)), Applied::Changed(vec![]));
    assert_eq!(
        timeline.apply(&edited(12, 5, "new")),
        Applied::Changed(vec![id(5)])
    );
    assert_eq!(revs(&timeline), [4, 5, 6]);
    assert_eq!(timeline.position(), Rev(12));
}

#[test]
fn a_page_that_ends_before_a_message_that_was_passed_over_leaves_the_window_detached() {
    let mut timeline = detached();
    timeline.apply(&posted(11));
    assert!(timeline.append(Rev(6), messages(7..=10), Rev(10), false));
    assert!(timeline.has_newer());
    assert!(timeline.append(Rev(10), messages(11..=11), Rev(11), false));
    assert!(!timeline.has_newer());
}

#[test]
fn a_page_read_ahead_of_the_events_shows_each_message_once() {
    let mut timeline = detached();
    assert!(timeline.append(Rev(6), messages(7..=12), Rev(12), false));
    assert_eq!(timeline.apply(&posted(11)), Applied::Changed(vec![]));
    assert_eq!(timeline.apply(&posted(12)), Applied::Changed(vec![]));
    timeline.apply(&posted(13));
    assert_eq!(revs(&timeline), (4..=13).collect::<Vec<_>>());
}

#[test]
fn a_window_that_comes_late_does_not_take_back_what_came_since() {
    let mut timeline = window();
    timeline.apply(&posted(6));
    timeline.apply(&edited(7, 5, "new"));
    timeline.load(messages(2..=5), Rev(5), true, false);
    assert_eq!(timeline.position(), Rev(7));
    assert_eq!(revs(&timeline), [2, 3, 4, 5, 6]);
    assert_eq!(body(&timeline, 5), "new");
}

#[test]
fn what_came_before_the_first_window_is_kept_for_it() {
    let mut timeline = Timeline::new(ROOM);
    assert_eq!(timeline.apply(&posted(6)), Applied::Gap { after: Rev(0) });
    assert!(!timeline.is_loaded());
    timeline.load(messages(1..=5), Rev(5), false, false);
    assert!(timeline.is_loaded());
    assert_eq!(revs(&timeline), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn trimming_tells_that_there_is_more() {
    let mut timeline = window();
    timeline.trim_front(10);
    timeline.trim_back(10);
    assert!(!timeline.has_older() && !timeline.has_newer());
    timeline.trim_front(4);
    timeline.trim_back(2);
    assert!(timeline.has_older() && timeline.has_newer());
    assert_eq!(revs(&timeline), [2, 3]);
    timeline.apply(&posted(6));
    assert_eq!(revs(&timeline), [2, 3]);
    assert!(timeline.append(Rev(3), messages(4..=5), Rev(5), false));
    assert!(timeline.has_newer());
}

#[test]
fn an_event_of_another_room_changes_nothing() {
    let mut timeline = Timeline::new(RoomId(uuid::Uuid::from_u128(7)));
    assert_eq!(timeline.apply(&posted(1)), Applied::Repeat);
    assert_eq!(timeline.position(), Rev::ZERO);
}

#[test]
fn it_is_told_how_many_messages_follow_a_place() {
    let mut timeline = window();
    assert_eq!(timeline.posted_after(Rev(3)), Some(2));
    assert_eq!(timeline.posted_after(Rev::ZERO), Some(5));
    timeline.trim_front(3);
    assert_eq!(timeline.posted_after(Rev(2)), Some(3));
    assert_eq!(timeline.posted_after(Rev(1)), None);
    assert_eq!(detached().posted_after(Rev(5)), None);
}

fn notes(timeline: &Timeline) -> Vec<u64> {
    timeline.notes().map(|note| note.rev.0).collect()
}

#[test]
fn what_happens_in_the_room_is_noted_beside_its_messages() {
    let mut timeline = window();
    assert_eq!(timeline.apply(&joined(6)), Applied::Changed(vec![]));
    timeline.apply(&posted(7));
    let renamed = EventKind::Renamed {
        name: "Garden".to_owned(),
    };
    timeline.apply(&event(8, ME, renamed));
    timeline.apply(&edited(9, 7, "new"));
    assert_eq!(notes(&timeline), [6, 8]);
    assert_eq!(revs(&timeline), [1, 2, 3, 4, 5, 7]);
}

#[test]
fn a_note_that_comes_twice_is_shown_once() {
    let mut timeline = window();
    timeline.apply(&joined(6));
    timeline.learn(vec![joined(6)]);
    assert_eq!(notes(&timeline), [6]);
}

#[test]
fn a_note_outside_the_window_waits_for_its_messages() {
    let mut timeline = detached();
    // Before the first message, between two, and after the last.
    timeline.learn(vec![joined(3), joined(5), joined(7)]);
    timeline.apply(&joined(11));
    assert_eq!(notes(&timeline), [5]);
    assert!(timeline.append(Rev(6), messages(8..=10), Rev(10), false));
    assert_eq!(notes(&timeline), [5, 7, 11]);
    assert!(timeline.prepend(Rev(4), messages(1..=2), Rev(11), false));
    assert_eq!(notes(&timeline), [3, 5, 7, 11]);
    timeline.trim_front(3);
    timeline.trim_back(1);
    assert!(notes(&timeline).is_empty());
}

#[test]
fn of_very_many_notes_those_of_the_window_are_kept_and_of_those_the_last() {
    let most = NOTES as u64;
    let mut timeline = detached();
    timeline.learn((11..=10 + most).map(joined).collect());
    timeline.learn(vec![joined(5)]);
    assert_eq!(
        (notes(&timeline).as_slice(), timeline.notes.len()),
        (&[5][..], 1)
    );

    let mut timeline = window();
    for rev in 6..=most + 6 {
        timeline.apply(&joined(rev));
    }
    assert_eq!(notes(&timeline), (7..=most + 6).collect::<Vec<_>>());
}

#[test]
fn an_event_of_an_unknown_kind_is_applied_and_shows_nothing() {
    let mut timeline = window();
    let before = timeline.messages().to_vec();
    let unknown = event(6, OTHER, EventKind::Unknown);
    assert_eq!(timeline.apply(&posted(7)), Applied::Gap { after: Rev(5) });
    assert_eq!(timeline.apply(&unknown), Applied::Changed(vec![id(7)]));
    assert_eq!(timeline.apply(&unknown), Applied::Repeat);
    assert_eq!((timeline.position(), timeline.gap()), (Rev(7), None));
    assert_eq!(timeline.messages()[..5], before);
    assert_eq!(timeline.notes().count(), 0);
}
