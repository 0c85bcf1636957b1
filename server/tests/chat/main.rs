//! The domain on the embedded store: what people may do, and what they are told when they may
//! not. Time stands still unless a test moves it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod accounts;
mod deletion;
mod house;
mod members;
mod messages;
mod reading;
mod rooms;
mod sessions;
mod throttling;
