//! The browser's half: the wasm entry, and everything that only a browser has.
//!
//! What is decided here is decided by plain functions over plain data (`link`, `frames`,
//! `errands`, `reading`, `sharing` …), which are tested on the host. `web` is the shell around
//! them: the socket, `IndexedDB`, fetch, timers. It writes the signals of `app::client`; the pages
//! only read them.

pub mod errands;
pub mod frames;
pub mod link;
pub mod pace;
pub mod reading;
pub mod sharing;
pub mod typing;
pub mod watching;

#[cfg(target_arch = "wasm32")]
mod web;
