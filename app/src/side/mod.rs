//! The side pane: my rooms by latest activity, people to talk to, new groups.

pub mod finder;
mod group;
mod pane;
mod rooms;

pub use pane::SidePane;
pub use rooms::{capped, room_in};
