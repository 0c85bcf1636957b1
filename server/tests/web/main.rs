//! The web side in this process, on the embedded store, asked as browsers and programs ask it.
//! No socket is opened, and time stands still unless a test moves it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod accounts;
mod api;
mod asking;
mod cookies;
mod description;
mod escaping;
mod house;
mod limits;
mod operations;
mod pages;
mod problems;
mod scriptless;
