//! What is alive on this node: the rooms' feeds, the sockets that listen, and who is told what.
//! Nothing here is kept; the store repairs whatever is lost.

mod address;
mod feed;
mod hub;
mod notices;
mod outbound;
mod people;
mod poll;
mod reads;
mod side;
mod standing;
mod watch;

pub use address::Address;
pub use hub::{Census, Hub};
pub use outbound::{Connection, End, Outbound};
pub use people::{Listener, Scope};
pub use watch::{Watch, Watching};
