//! What a client knows, as pure reducers: plain data in, plain data out, the same in every
//! client. The browser wraps them in signals, the checker in a history.

mod divider;
mod draft;
mod outbox;
mod rooms;
#[cfg(test)]
mod sample;
mod timeline;

pub use divider::Divider;
pub use draft::Draft;
pub use outbox::{Outbox, Pending, PendingChange, PendingState};
pub use rooms::RoomList;
pub use timeline::{Applied, Timeline};
