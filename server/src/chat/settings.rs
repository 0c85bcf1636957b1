//! What an operator may decide about the domain, and the secret that signs its tokens.

use std::fmt;
use std::time::Duration;

/// Each limit is a burst, and how many more are allowed in a second or a minute after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether strangers may make accounts.
    pub registration_open: bool,
    /// Accounts made from one address. Generous, because a school is one address.
    pub registration_burst: u32,
    pub registrations_per_minute: u32,
    /// Failed log-ins for one name from one address. Those for one name from anywhere, and those
    /// from one address for any name, are limited more widely.
    pub login_burst: u32,
    pub logins_per_minute: u32,
    /// Sends, edits, deletions, reactions and changes of rooms by one person.
    pub message_burst: u32,
    pub messages_per_second: u32,
    /// "I am writing" by one person.
    pub typing_burst: u32,
    pub typing_per_second: u32,
    /// Searches for people by one person.
    pub search_burst: u32,
    pub searches_per_second: u32,
    /// Groups and channels made by one person.
    pub room_burst: u32,
    pub rooms_per_minute: u32,
    /// Rooms that one person is in, direct ones included.
    pub rooms_each: usize,
    /// People whom one person brings into rooms. At once at least as many as a room holds.
    pub guest_burst: u32,
    pub guests_per_minute: u32,
    /// A session that is not used for longer has ended.
    pub session_idle: Duration,
    /// However often it is used, a session ends after this.
    pub session_lifetime: Duration,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Settings {
    fn default() -> Self {
        Self {
            registration_open: true,
            registration_burst: 1000,
            registrations_per_minute: 60,
            login_burst: 20,
            logins_per_minute: 10,
            message_burst: 200,
            messages_per_second: 100,
            typing_burst: 30,
            typing_per_second: 5,
            search_burst: 40,
            searches_per_second: 10,
            room_burst: 100,
            rooms_per_minute: 10,
            rooms_each: 1_000,
            guest_burst: 5_000,
            guests_per_minute: 120,
            session_idle: DAY * 14,
            session_lifetime: DAY * 90,
        }
    }
}

/// What all tokens of this server are signed with.
#[derive(Clone)]
pub struct Secret(pub [u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
