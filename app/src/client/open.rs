//! A room that was opened: the window of its history that is held, and who is in it.

use std::collections::HashMap;

use protocol::state::Timeline;
use protocol::wire::{COUNTED_HERE, Event, EventKind, Member, Problem, code};
use protocol::{Rev, RoomId, Timestamp, UserId};

/// A window that has grown to this many messages at its end grows no further.
const GROWN: usize = 1_000;
const CUT: usize = 500;

#[derive(Clone, Debug, PartialEq)]
pub struct OpenRoom {
    pub timeline: Timeline,
    /// In the order in which they came; of very many only the first, until all are asked for.
    pub members: Vec<Seat>,
    /// Who is writing, and since when (six seconds without news end it).
    pub typing: Vec<(UserId, Timestamp)>,
    /// My read position when the room was entered: where the divider stands.
    pub read_on_entry: Rev,
    /// Whether its end is in view: then what is further up may be let go.
    pub at_end: bool,
    pub state: RoomState,
}

/// A member; the name is with everyone's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seat {
    pub user: UserId,
    /// Up to where they have read.
    pub read: Rev,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RoomState {
    Loading,
    Ready,
    /// A page of history is on its way.
    LoadingOlder,
    LoadingNewer,
    /// It cannot be shown: gone, not mine, or not reachable now.
    Failed(Problem),
}

impl From<&Member> for Seat {
    fn from(member: &Member) -> Self {
        Self {
            user: member.user.id,
            read: member.read,
        }
    }
}

impl OpenRoom {
    pub fn new(room: RoomId, read_on_entry: Rev) -> Self {
        Self {
            timeline: Timeline::new(room),
            members: Vec::new(),
            typing: Vec::new(),
            read_on_entry,
            at_end: true,
            state: RoomState::Loading,
        }
    }

    /// Members, their read positions and who is typing, as far as the log tells.
    pub fn note(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Posted { .. } => {
                // Who says something has read, and has stopped typing.
                self.has_read(event.by, event.rev);
                self.typing.retain(|(user, _)| *user != event.by);
            }
            EventKind::Joined { user } if self.seat(*user).is_none() => {
                self.members.push(Seat {
                    user: *user,
                    read: event.rev,
                });
            }
            EventKind::Left { user } | EventKind::Removed { user } => {
                self.members.retain(|seat| seat.user != *user);
                self.typing.retain(|(typing, _)| typing != user);
            }
            _ => {}
        }
    }

    /// How many of the members are known to be here, and whether there can be more: of many, not
    /// all are held or told of.
    pub fn here(&self, members: u64, online: &HashMap<UserId, bool>) -> (u64, bool) {
        let is_here = |seat: &&Seat| online.get(&seat.user) == Some(&true);
        let count = self.members.iter().filter(is_here).count() as u64;
        let told = self.members.len().min(COUNTED_HERE) as u64;
        (count, told < members)
    }

    /// Whether that is further than was known.
    pub fn has_read(&mut self, user: UserId, rev: Rev) -> bool {
        self.seat(user).is_some_and(|seat| {
            let is_further = rev > seat.read;
            seat.read = seat.read.max(rev);
            is_further
        })
    }

    /// All who are in the room, by a list that was begun at `since`: some may have gone again.
    pub fn learn_members(&mut self, listed: &[Member], since: Rev) {
        for member in listed {
            let has_gone = self.timeline.notes().any(|note| {
                note.rev > since
                    && matches!(note.kind, EventKind::Left { user } | EventKind::Removed { user }
                        if user == member.user.id)
            });
            if !has_gone && self.seat(member.user.id).is_none() {
                self.members.push(member.into());
            }
        }
    }

    /// Keeps the window from growing for ever, and lets go of what nobody looks at: whoever reads
    /// further up keeps that, and what is said meanwhile is loaded when they come back down.
    pub fn let_go(&mut self) {
        if self.timeline.messages().len() <= GROWN || self.timeline.has_newer() {
            return;
        }
        if self.at_end {
            self.timeline.trim_front(CUT);
        } else {
            self.timeline.trim_back(GROWN);
        }
    }

    /// Why it is not shown, or not in step.
    pub fn trouble(&self) -> Option<&Problem> {
        match &self.state {
            RoomState::Failed(problem) => Some(problem),
            _ => None,
        }
    }

    fn seat(&mut self, user: UserId) -> Option<&mut Seat> {
        self.members.iter_mut().find(|seat| seat.user == user)
    }
}

/// Whether the room is not there, or not mine; everything else may pass.
pub fn is_gone(problem: &Problem) -> bool {
    matches!(
        problem.code.as_str(),
        code::ROOM_NOT_FOUND | code::NOT_FOUND | code::FORBIDDEN
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{id, message, user};

    fn event(rev: u64, kind: EventKind) -> Event {
        Event {
            room: id(100),
            rev: Rev(rev),
            at: Timestamp::from_millis(0),
            by: id(1),
            op: id(2000 + u128::from(rev)),
            posted: 0,
            kind,
        }
    }

    fn posted(rev: u64) -> Event {
        let message = message(rev, 1, 0, "said");
        event(rev, EventKind::Posted { message })
    }

    fn open() -> OpenRoom {
        let mut open = OpenRoom::new(id(100), Rev::ZERO);
        open.timeline.load(Vec::new(), Rev(1), false, false);
        open
    }

    fn apply(open: &mut OpenRoom, event: &Event) {
        open.timeline.apply(event);
        open.note(event);
    }

    fn users(open: &OpenRoom) -> Vec<UserId> {
        open.members.iter().map(|seat| seat.user).collect()
    }

    fn listed(n: u128) -> Member {
        Member {
            user: user(n, "someone"),
            read: Rev(1),
            online: None,
        }
    }

    #[test]
    fn whoever_comes_is_a_member_at_once_and_only_once() {
        let mut open = open();
        apply(&mut open, &event(2, EventKind::Joined { user: id(7) }));
        apply(&mut open, &event(3, EventKind::Joined { user: id(7) }));
        assert_eq!(users(&open), [id(7)]);
        assert!(open.has_read(id(7), Rev(4)) && !open.has_read(id(7), Rev(3)));
        apply(&mut open, &event(4, EventKind::Removed { user: id(7) }));
        assert_eq!(users(&open), []);
    }

    #[test]
    fn a_list_of_members_brings_nobody_back_who_has_gone_since() {
        let mut open = open();
        open.members = vec![Seat::from(&listed(1))];
        apply(&mut open, &event(2, EventKind::Left { user: id(3) }));
        let since = open.timeline.position();
        apply(&mut open, &event(3, EventKind::Left { user: id(4) }));
        apply(&mut open, &event(4, EventKind::Joined { user: id(5) }));
        // 3 has come again before the list was begun, or it would not be on it.
        open.learn_members(&[listed(1), listed(3), listed(4)], since);
        assert_eq!(users(&open), [id(1), id(5), id(3)]);
    }

    #[test]
    fn who_is_here_is_counted_out_only_where_all_are_told_of() {
        let mut open = open();
        open.members = (1..=3).map(|n| Seat::from(&listed(n))).collect();
        let online = HashMap::from([(id(1), true), (id(2), false), (id(9), true)]);
        assert_eq!(open.here(3, &online), (1, false));
        assert_eq!(open.here(4, &online), (1, true), "one is not held");
        let many = COUNTED_HERE as u64 + 1;
        open.members = (1..=many).map(|n| Seat::from(&listed(n.into()))).collect();
        assert_eq!(open.here(many, &online), (2, true), "one is not told of");
    }

    #[test]
    fn a_window_that_has_grown_keeps_what_is_in_view() {
        let most = GROWN as u64;
        for at_end in [true, false] {
            let mut open = open();
            open.at_end = at_end;
            for rev in 2..=most + 2 {
                apply(&mut open, &posted(rev));
                open.let_go();
            }
            let timeline = &open.timeline;
            let (first, last) = (&timeline.messages()[0], timeline.messages().last().unwrap());
            if at_end {
                assert_eq!((timeline.messages().len(), last.rev), (CUT, Rev(most + 2)));
            } else {
                assert_eq!((first.rev, last.rev), (Rev(2), Rev(most + 1)));
            }
            assert_eq!(
                (timeline.has_older(), timeline.has_newer()),
                (at_end, !at_end)
            );
        }
    }
}
