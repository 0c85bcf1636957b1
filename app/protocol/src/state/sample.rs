//! Small rooms and events for the tests of the reducers.

use uuid::Uuid;

use crate::wire::{Edit, Event, EventKind, Message, MessageRef, Room, RoomKind};
use crate::{MessageId, OpId, Rev, RoomId, Timestamp, UserId};

pub(super) const ME: UserId = UserId(Uuid::from_u128(1));
pub(super) const OTHER: UserId = UserId(Uuid::from_u128(2));
pub(super) const ROOM: RoomId = RoomId(Uuid::from_u128(100));

pub(super) fn id(n: u64) -> MessageId {
    MessageId(Uuid::from_u128(1_000 + u128::from(n)))
}

/// The message that was posted at `rev`.
pub(super) fn message(rev: u64) -> Message {
    Message {
        id: id(rev),
        rev: Rev(rev),
        author: OTHER,
        at: Timestamp(i64::try_from(rev).unwrap()),
        body: format!("message {rev}"),
        reply_to: None,
        edited_at: None,
        deleted: false,
        reactions: Vec::new(),
    }
}

pub(super) fn messages(revs: std::ops::RangeInclusive<u64>) -> Vec<Message> {
    revs.map(message).collect()
}

pub(super) fn event(rev: u64, by: UserId, kind: EventKind) -> Event {
    Event {
        room: ROOM,
        rev: Rev(rev),
        at: Timestamp(i64::try_from(rev).unwrap()),
        by,
        op: OpId(Uuid::from_u128(1_000 + u128::from(rev))),
        posted: rev,
        kind,
    }
}

pub(super) fn posted(rev: u64) -> Event {
    let message = message(rev);
    event(rev, OTHER, EventKind::Posted { message })
}

pub(super) fn posted_by_me(rev: u64) -> Event {
    let message = Message {
        author: ME,
        ..message(rev)
    };
    event(rev, ME, EventKind::Posted { message })
}

pub(super) fn edited(rev: u64, message: u64, body: &str) -> Event {
    let message = Edit {
        id: id(message),
        body: body.to_owned(),
        edited_at: Timestamp(i64::try_from(rev).unwrap()),
    };
    event(rev, OTHER, EventKind::Edited { message })
}

pub(super) fn deleted(rev: u64, message: u64) -> Event {
    let message = MessageRef { id: id(message) };
    event(rev, OTHER, EventKind::Deleted { message })
}

pub(super) fn reacted(rev: u64, by: UserId, message: u64, on: bool) -> Event {
    let kind = EventKind::Reacted {
        message: MessageRef { id: id(message) },
        emoji: "👍".to_owned(),
        on,
    };
    event(rev, by, kind)
}

pub(super) fn joined(rev: u64) -> Event {
    event(rev, OTHER, EventKind::Joined { user: ME })
}

/// A room whose every event posted a message.
pub(super) fn room(n: u128, head: u64, read: u64) -> Room {
    Room {
        id: RoomId(Uuid::from_u128(n)),
        kind: RoomKind::Group,
        name: "room".to_owned(),
        peer: None,
        head: Rev(head),
        read: Rev(read),
        posted: head,
        read_posted: read,
        unread: head.saturating_sub(read),
        members: 2,
        mine: false,
        active_at: Timestamp(i64::try_from(head).unwrap()),
        last_message: Some(message(head)),
    }
}
