//! The JSON on the wire, as types. camelCase; times in RFC 3339; ids as UUID text.

mod boot;
mod event;
mod ops;
mod people;
mod problem;
mod rooms;
mod signals;

pub use boot::{Boot, Language, RoomWindow, Theme};
pub use event::{Delivery, Edit, Event, EventKind, Message, MessageRef, Reaction};
pub use ops::{
    ChangeMessage, DeleteMessage, EditMessage, EnterRoom, Entered, MarkRead, NewMessage,
    PostMessage, ReactToMessage, ReadTo, ResetTag, Typing,
};
pub use people::{
    ChangeMe, DeleteMe, Device, Login, Refresh, Register, SignedIn, User, UserDetails,
};
pub use problem::{Broken, Problem, code, rule};
pub use rooms::{AddMember, ChangeRoom, History, Member, NewRoom, Page, Room, RoomKind};
pub use signals::{COUNTED_HERE, COUNTED_READERS, SideChange, Signal, TYPING_BELIEVED};
