//! The main pane: the open room.

mod actions;
mod acts;
mod body;
mod composer;
mod delete;
mod draft;
mod editing;
mod emoji;
mod follow;
mod grow;
mod header;
mod history;
mod lobby;
mod members;
mod message;

mod quote;
mod reactions;
mod room;
mod rows;
mod scroll;
mod typing;
mod unsent;

pub use acts::focus_composer;
pub use header::Person;
pub use lobby::Lobby;
pub use room::RoomPage;
pub use scroll::Places;
pub use unsent::Unsent;
