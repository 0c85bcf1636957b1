//! What the tests of several parts need.

use protocol::wire::{Event, EventKind};
use protocol::{OpId, Rev, RoomId, Timestamp, UserId};
use uuid::Uuid;

pub(super) fn event(rev: u64) -> Event {
    let user = UserId(Uuid::from_u128(2));
    Event {
        room: RoomId(Uuid::from_u128(1)),
        rev: Rev(rev),
        at: Timestamp(0),
        by: user,
        op: OpId(Uuid::from_u128(u128::from(rev))),
        posted: 0,
        kind: EventKind::Left { user },
    }
}
