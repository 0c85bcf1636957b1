//! What the collections hold, one type for each, and the way between them and what the port speaks.
//!
//! Ids are UUIDs (binary subtype 4), revs and counts are 64-bit integers, times are BSON dates. A field
//! that is missing is not `null`: the sparse indexes rely on it.

mod line;
mod person;
mod reaction;
mod room;

use mongodb::bson::{DateTime, Uuid};
use protocol::Timestamp;

pub(super) use line::{Entry, Kind, Op};
pub(super) use person::{Person, Session, Standing, Token};
pub(super) use reaction::{ReactionDoc, ReactionId, gather};
pub(super) use room::{Beginning, Member, MemberId, NOT_YET, Room, seat};

pub(super) fn bin(id: &[u8; 16]) -> Uuid {
    Uuid::from_bytes(*id)
}

pub(super) fn id<T: From<uuid::Uuid>>(bin: Uuid) -> T {
    T::from(uuid::Uuid::from_bytes(bin.bytes()))
}

/// BSON's integers are signed. A number beyond them is a client's invention and compares like the
/// largest.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What was stored by [`int`] is never negative.
pub(super) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// How many documents to ask for; to the server 0 means all of them, so nobody may ask for 0.
pub(super) fn limited(limit: usize) -> i64 {
    i64::from(i32::try_from(limit).unwrap_or(i32::MAX))
}

pub(super) fn date(time: Timestamp) -> DateTime {
    DateTime::from_millis(time.millis())
}

pub(super) fn time(date: DateTime) -> Timestamp {
    Timestamp(date.timestamp_millis())
}
