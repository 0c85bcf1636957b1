//! What more than one part of the pages needs.

pub mod avatar;
pub mod dialog;
pub mod dom;
pub mod hangul;
pub mod icon;
pub mod ime;
pub mod keys;
pub mod length;
pub mod links;
pub mod names;
pub mod parts;
pub mod refusal;
pub mod time;
