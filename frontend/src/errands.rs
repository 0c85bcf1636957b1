//! Requests under way for a room. One errand of a kind at a time, and an answer that comes after
//! the window was loaded afresh belongs to a window that is no longer there: it is dropped.

use std::collections::HashMap;

use protocol::RoomId;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Load the window afresh, wherever it is to be.
    Window,
    Older,
    Newer,
    /// Fetch the events that are missing.
    Repair,
}

/// Whoever holds it was sent out.
#[derive(Debug, PartialEq, Eq)]
pub struct Ticket {
    room: RoomId,
    errand: Errand,
    epoch: u32,
}

#[derive(Debug, Default)]
pub struct Errands {
    rooms: HashMap<RoomId, Desk>,
}

#[derive(Debug, Default)]
struct Desk {
    /// Grows with each window: what was begun before is of an older one.
    epoch: u32,
    out: Vec<Errand>,
}

impl Errands {
    /// `None`: someone is out for it already. A new window makes all that is under way worthless,
    /// an older window included: the last wish counts.
    pub fn begin(&mut self, room: RoomId, errand: Errand) -> Option<Ticket> {
        let desk = self.rooms.entry(room).or_default();
        if errand == Errand::Window {
            desk.clear();
        } else if desk.out.contains(&errand) {
            return None;
        }
        desk.out.push(errand);
        Some(Ticket {
            room,
            errand,
            epoch: desk.epoch,
        })
    }

    pub fn is_out(&self, room: RoomId, errand: Errand) -> bool {
        self.rooms
            .get(&room)
            .is_some_and(|desk| desk.out.contains(&errand))
    }

    /// Whether the answer is still wanted.
    pub fn wanted(&self, ticket: &Ticket) -> bool {
        self.rooms
            .get(&ticket.room)
            .is_some_and(|desk| desk.epoch == ticket.epoch)
    }

    /// The errand is over. Whether its answer is still wanted.
    pub fn end(&mut self, ticket: &Ticket) -> bool {
        let wanted = self.wanted(ticket);
        if wanted && let Some(desk) = self.rooms.get_mut(&ticket.room) {
            desk.out.retain(|errand| *errand != ticket.errand);
        }
        wanted
    }

    /// The room is closed for good: nothing under way is wanted.
    pub fn forget(&mut self, room: RoomId) {
        if let Some(desk) = self.rooms.get_mut(&room) {
            desk.clear();
        }
    }
}

impl Desk {
    fn clear(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
        self.out.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const ROOM: RoomId = RoomId(Uuid::from_u128(1));
    const OTHER_ROOM: RoomId = RoomId(Uuid::from_u128(2));

    #[test]
    fn one_page_a_direction_is_under_way_at_a_time() {
        let mut errands = Errands::default();
        let older = errands.begin(ROOM, Errand::Older).unwrap();
        assert!(errands.begin(ROOM, Errand::Older).is_none());
        assert!(errands.begin(ROOM, Errand::Newer).is_some());
        assert!(errands.begin(OTHER_ROOM, Errand::Older).is_some());
        assert!(errands.end(&older));
        assert!(errands.begin(ROOM, Errand::Older).is_some());
    }

    #[test]
    fn a_page_that_comes_after_a_new_window_is_dropped() {
        let mut errands = Errands::default();
        let older = errands.begin(ROOM, Errand::Older).unwrap();
        let window = errands.begin(ROOM, Errand::Window).unwrap();
        assert!(!errands.end(&older));
        assert!(errands.end(&window));
    }

    #[test]
    fn a_stale_answer_does_not_end_the_errand_that_replaced_it() {
        let mut errands = Errands::default();
        let stale = errands.begin(ROOM, Errand::Older).unwrap();
        errands.begin(ROOM, Errand::Window).unwrap();
        let fresh = errands.begin(ROOM, Errand::Older).unwrap();
        errands.end(&stale);
        assert!(errands.begin(ROOM, Errand::Older).is_none());
        assert!(errands.end(&fresh));
    }

    #[test]
    fn of_two_jumps_the_last_one_counts() {
        let mut errands = Errands::default();
        let first = errands.begin(ROOM, Errand::Window).unwrap();
        let second = errands.begin(ROOM, Errand::Window).unwrap();
        assert!(!errands.end(&first));
        assert!(errands.end(&second));
    }
}
