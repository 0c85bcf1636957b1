//! Which rooms are kept in step over the socket: those visited last, so that going back and forth
//! is instant, and not more, so that a day of wandering does not subscribe to everything.

use protocol::RoomId;

const KEPT: usize = 8;

/// Latest first.
#[derive(Debug, Default)]
pub struct Watching {
    rooms: Vec<RoomId>,
}

impl Watching {
    /// The room is on the screen now. Answers the one to let go.
    pub fn visit(&mut self, room: RoomId) -> Option<RoomId> {
        self.rooms.retain(|known| *known != room);
        self.rooms.insert(0, room);
        if self.rooms.len() > KEPT {
            self.rooms.pop()
        } else {
            None
        }
    }

    pub fn forget(&mut self, room: RoomId) {
        self.rooms.retain(|known| *known != room);
    }

    pub fn contains(&self, room: RoomId) -> bool {
        self.rooms.contains(&room)
    }

    pub fn iter(&self) -> impl Iterator<Item = RoomId> {
        self.rooms.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn room(n: usize) -> RoomId {
        RoomId(Uuid::from_u128(n as u128))
    }

    #[test]
    fn the_room_visited_longest_ago_is_let_go() {
        let mut watching = Watching::default();
        for n in 0..KEPT {
            assert_eq!(watching.visit(room(n)), None);
        }
        assert_eq!(watching.visit(room(0)), None);
        assert_eq!(watching.visit(room(KEPT)), Some(room(1)));
        assert!(watching.contains(room(0)));
    }
}
