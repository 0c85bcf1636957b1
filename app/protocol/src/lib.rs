//! What the server, the browser and the load generator must agree on.
//!
//! Everything here is plain data and pure functions: the ids, the JSON on the wire, the STOMP
//! codec, and the reducers that turn a stream of events into what a person sees. There is no
//! I/O, no clock and no async runtime, so the same code runs in all three places and its tests
//! run in milliseconds.

pub mod ids;
pub mod json;
pub mod rules;
pub mod state;
pub mod stomp;
pub mod time;
pub mod wire;

pub use ids::{MessageId, OpId, Rev, RoomId, RoomRef, SessionId, UserId};
pub use time::Timestamp;
