//! What must hold for the timeline and the room list however events and pages come.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in its helpers"
)]

mod model;

use model::{Log, Write, user};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use protocol::state::{RoomList, Timeline};
use protocol::wire::{Message, Room, RoomKind};
use protocol::{Rev, RoomId, Timestamp};
use uuid::Uuid;

fn write() -> impl Strategy<Value = Write> {
    let by = 1..4_u8;
    prop_oneof![
        4 => by.clone().prop_map(Write::Post),
        3 => (any::<Index>(), any::<u8>()).prop_map(|(which, text)| Write::Edit(which, text)),
        1 => any::<Index>().prop_map(Write::Delete),
        3 => (any::<Index>(), by, any::<bool>()).prop_map(|(which, by, on)| Write::React(which, by, on)),
        1 => Just(Write::Join),
        1 => Just(Write::Unknown),
    ]
}

/// What happens between the log and one client.
#[derive(Clone, Debug)]
enum Step {
    Write(Write),
    /// Any event as it was sent when it happened: late, early, or again.
    Live(Index),
    /// The event that is expected.
    Next,
    /// Some events after the position, from the store.
    Repair(usize),
    /// A window of this many messages, read so many events ago; at the end or anywhere.
    Load {
        size: usize,
        ago: u64,
        end: Option<Index>,
    },
    Prepend {
        size: usize,
        ago: u64,
    },
    Append {
        size: usize,
        ago: u64,
    },
    TrimFront(usize),
    TrimBack(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let size = 1..5_usize;
    let ago = 0..6_u64;
    prop_oneof![
        8 => write().prop_map(Step::Write),
        6 => any::<Index>().prop_map(Step::Live),
        6 => Just(Step::Next),
        3 => (1..8_usize).prop_map(Step::Repair),
        1 => (size.clone(), ago.clone(), proptest::option::of(any::<Index>()))
            .prop_map(|(size, ago, end)| Step::Load { size, ago, end }),
        3 => (size.clone(), ago.clone()).prop_map(|(size, ago)| Step::Prepend { size, ago }),
        3 => (size, ago).prop_map(|(size, ago)| Step::Append { size, ago }),
        1 => (0..6_usize).prop_map(Step::TrimFront),
        1 => (0..6_usize).prop_map(Step::TrimBack),
    ]
}

fn take(log: &mut Log, timeline: &mut Timeline, step: Step) {
    match step {
        Step::Write(write) => log.write(write),
        Step::Live(which) => {
            if log.head() > Rev::ZERO {
                timeline.apply(which.get(log.live()));
            }
        }
        Step::Next => {
            if let Some(event) = log.live().get(timeline.position().0 as usize) {
                timeline.apply(event);
            }
        }
        Step::Repair(limit) => repair(log, timeline, limit),
        Step::Load { size, ago, end } => {
            let head = log.ago(ago);
            let all = log.messages_at(head);
            let end = end.map_or(all.len(), |end| end.index(all.len() + 1));
            let start = end.saturating_sub(size);
            let window = all[start..end].to_vec();
            // A window without messages has no place of its own, except at the end.
            if !window.is_empty() || all.is_empty() {
                timeline.load(window, head, start > 0, end < all.len());
            }
        }
        Step::Prepend { size, ago } => {
            prepend(log, timeline, size, ago);
        }
        Step::Append { size, ago } => {
            append(log, timeline, size, ago);
        }
        Step::TrimFront(keep) => timeline.trim_front(keep),
        Step::TrimBack(keep) => timeline.trim_back(keep),
    }
}

fn repair(log: &Log, timeline: &mut Timeline, limit: usize) {
    for event in log.stored_after(timeline.position()).iter().take(limit) {
        timeline.apply(event);
    }
}

fn prepend(log: &Log, timeline: &mut Timeline, size: usize, ago: u64) -> bool {
    let Some(before) = timeline.messages().first().map(|first| first.rev) else {
        return false;
    };
    let head = log.ago(ago);
    let mut page = log.messages_at(head);
    page.retain(|message| message.rev < before);
    let rest = page.len().saturating_sub(size);
    timeline.prepend(before, page.split_off(rest), head, rest > 0)
}

fn append(log: &Log, timeline: &mut Timeline, size: usize, ago: u64) -> bool {
    let Some(after) = timeline.messages().last().map(|last| last.rev) else {
        return false;
    };
    let head = log.ago(ago);
    let mut page = log.messages_at(head);
    page.retain(|message| message.rev > after);
    let newer = page.len() > size;
    page.truncate(size);
    timeline.append(after, page, head, newer)
}

/// The window is a piece of the log without a hole, and says truly what lies beyond its ends.
fn check(log: &Log, timeline: &Timeline) -> Result<(), TestCaseError> {
    let revs = |messages: &[Message]| messages.iter().map(|m| m.rev).collect::<Vec<_>>();
    let held = revs(timeline.messages());
    let Some((first, last)) = held.first().zip(held.last()) else {
        return Ok(());
    };
    let all = revs(&log.messages_at(log.head()));
    let between = all.iter().filter(|rev| *rev >= first && *rev <= last);
    prop_assert!(between.eq(&held), "there is a hole in the window");
    if !timeline.has_older() {
        prop_assert_eq!(all.first(), Some(first));
    }
    if !timeline.has_newer() {
        let missing = all
            .iter()
            .find(|rev| *rev > last && **rev <= timeline.position());
        prop_assert_eq!(missing, None, "a message is missing at the end");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_timeline_ends_as_a_direct_replay_does(
        before in vec(write(), 0..20),
        steps in vec(step(), 0..80),
    ) {
        let mut log = Log::default();
        for write in before {
            log.write(write);
        }
        let mut timeline = Timeline::new(model::ROOM);
        for step in steps {
            take(&mut log, &mut timeline, step);
            check(&log, &timeline)?;
        }

        repair(&log, &mut timeline, usize::MAX);
        prop_assert_eq!(timeline.position(), log.head());
        prop_assert_eq!(timeline.gap(), None);
        if timeline.messages().is_empty() {
            timeline.load(log.messages_at(log.head()), log.head(), false, false);
        }
        while timeline.has_older() {
            prop_assert!(prepend(&log, &mut timeline, 3, 0));
        }
        while timeline.has_newer() {
            prop_assert!(append(&log, &mut timeline, 3, 0));
        }
        prop_assert_eq!(timeline.messages(), &log.messages_at(log.head())[..]);
    }

    #[test]
    fn unread_is_never_negative_and_reading_to_the_head_makes_it_nought(
        writes in vec(write(), 1..40),
        steps in vec((any::<Index>(), 0..3_u8), 0..60),
    ) {
        let me = user(1);
        let mut log = Log::default();
        for write in writes {
            log.write(write);
        }
        let seen = |at: usize, read: usize| {
            let posted = |at: usize| at.checked_sub(1).map_or(0, |at| log.live()[at].posted);
            Room {
                id: model::ROOM,
                kind: RoomKind::Group,
                name: String::new(),
                peer: None,
                head: Rev(at as u64),
                read: Rev(read as u64),
                posted: posted(at),
                read_posted: posted(read),
                unread: posted(at) - posted(read),
                members: 1,
                mine: false,
                active_at: Timestamp(at as i64),
                last_message: None,
            }
        };
        let mut list = RoomList::new(vec![seen(1, 0)]);
        for (which, what) in steps {
            let before = list.get(model::ROOM).unwrap().clone();
            let event = which.get(log.live());
            let at = event.rev.0 as usize;
            match what {
                0 => list.apply(me, event),
                1 => list.put(seen(at, which.index(at + 1))),
                _ => list.read(model::ROOM, event.rev, event.posted),
            }
            let room = list.get(model::ROOM).unwrap();
            prop_assert!(room.head >= before.head && room.read >= before.read);
            prop_assert!(room.unread <= room.posted);
            prop_assert_eq!(room.unread, room.posted.saturating_sub(room.read_posted));
            prop_assert_eq!(list.unread(), room.unread);
        }
        let head = list.get(model::ROOM).unwrap().clone();
        list.read(model::ROOM, head.head, head.posted);
        prop_assert_eq!(list.unread(), 0);
    }

    #[test]
    fn rooms_are_always_in_order(
        puts in vec((0..6_u128, 0..20_u64), 0..40),
    ) {
        let mut list = RoomList::default();
        for (room, head) in puts {
            list.put(Room {
                id: RoomId(Uuid::from_u128(room)),
                kind: RoomKind::Group,
                name: String::new(),
                peer: None,
                head: Rev(head),
                read: Rev::ZERO,
                posted: head,
                read_posted: 0,
                unread: 0,
                members: 1,
                mine: false,
                active_at: Timestamp(head as i64),
                last_message: None,
            });
            prop_assert!(list.iter().is_sorted_by_key(|room| (-room.active_at.0, room.id)));
        }
    }
}
