//! My rooms, latest activity first.
//!
//! Unread is arithmetic: how many messages had been posted at the head, less how many had been
//! posted at my read position. Nothing is counted up or down, so nothing can stick.

use std::cmp::Reverse;

use crate::wire::{Event, EventKind, Room, RoomKind};
use crate::{Rev, RoomId, UserId};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoomList {
    rooms: Vec<Room>,
}

impl RoomList {
    pub fn new(rooms: Vec<Room>) -> Self {
        let mut list = Self::default();
        for room in rooms {
            list.put(room);
        }
        list
    }

    pub fn iter(&self) -> impl Iterator<Item = &Room> {
        self.rooms.iter()
    }

    pub fn get(&self, room: RoomId) -> Option<&Room> {
        self.rooms.iter().find(|known| known.id == room)
    }

    /// A room as the server sees it now. An older word (smaller head, or read behind what is
    /// known) never undoes a newer one.
    pub fn put(&mut self, room: Room) {
        let merged = match self.get(room.id) {
            None => room,
            Some(known) => {
                let (read, read_posted) = further_read(
                    (known.read, known.read_posted),
                    (room.read, room.read_posted),
                );
                let newest = if room.head < known.head {
                    known.clone()
                } else {
                    room
                };
                Room {
                    read,
                    read_posted,
                    ..newest
                }
            }
        };
        self.rooms.retain(|known| known.id != merged.id);
        self.insert(merged);
    }

    pub fn gone(&mut self, room: RoomId) {
        self.rooms.retain(|known| known.id != room);
    }

    /// An event of a subscribed room: last message, head, count, name, order.
    pub fn apply(&mut self, me: UserId, event: &Event) {
        let Some(at) = self.rooms.iter().position(|room| room.id == event.room) else {
            return;
        };
        if self.rooms.get(at).is_none_or(|room| event.rev <= room.head) {
            return;
        }
        let mut room = self.rooms.remove(at);
        room.head = event.rev;
        room.posted = room.posted.max(event.posted);
        match &event.kind {
            EventKind::Posted { message } => {
                room.active_at = message.at;
                room.last_message = Some(message.clone());
                if event.by == me {
                    // Whoever answers has read.
                    (room.read, room.read_posted) =
                        further_read((room.read, room.read_posted), (event.rev, event.posted));
                }
            }
            EventKind::Edited { message: edit } => {
                let last = room.last_message.as_mut();
                if let Some(last) = last.filter(|last| last.id == edit.id && !last.deleted) {
                    last.body.clone_from(&edit.body);
                    last.edited_at = Some(edit.edited_at);
                }
            }
            EventKind::Deleted { message } => {
                let last = room.last_message.as_mut();
                if let Some(last) = last.filter(|last| last.id == message.id) {
                    last.body.clear();
                    last.reactions.clear();
                    last.deleted = true;
                }
            }
            EventKind::Renamed { name } => {
                // A direct room shows the other person's name, not its own.
                if room.kind != RoomKind::Direct {
                    room.name.clone_from(name);
                }
            }
            EventKind::Joined { .. } => room.members = room.members.saturating_add(1),
            EventKind::Left { user } | EventKind::Removed { user } => {
                if *user == me {
                    return;
                }
                room.members = room.members.saturating_sub(1);
            }
            EventKind::Created { .. } | EventKind::Reacted { .. } | EventKind::Unknown => {}
        }
        self.insert(room);
    }

    /// I have read up to `rev`, at which `posted` messages had been posted (what the timeline
    /// knows).
    pub fn read(&mut self, room: RoomId, rev: Rev, posted: u64) {
        if let Some(room) = self.rooms.iter_mut().find(|known| known.id == room) {
            (room.read, room.read_posted) =
                further_read((room.read, room.read_posted), (rev, posted));
            count(room);
        }
    }

    pub fn unread(&self) -> u64 {
        self.rooms
            .iter()
            .fold(0, |sum, room| sum.saturating_add(room.unread))
    }

    fn insert(&mut self, mut room: Room) {
        count(&mut room);
        let key = |room: &Room| (Reverse(room.active_at), room.id);
        let at = self.rooms.partition_point(|known| key(known) < key(&room));
        self.rooms.insert(at, room);
    }
}

fn count(room: &mut Room) {
    // Whoever has read to the head has read everything, whatever was counted on the way.
    if room.read >= room.head {
        room.read_posted = room.read_posted.max(room.posted);
    }
    room.unread = room.posted.saturating_sub(room.read_posted);
}

/// Reading only ever moves forward; of two words about the same place the later holds.
fn further_read(known: (Rev, u64), said: (Rev, u64)) -> (Rev, u64) {
    if said.0 >= known.0 { said } else { known }
}

#[cfg(test)]
mod tests;
