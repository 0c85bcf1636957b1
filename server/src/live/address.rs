//! How a frame reaches one subscription. Everything of a MESSAGE that depends on the subscriber is
//! written once, here; subscribers whose address is the same share every frame.

use std::fmt::Write as _;

use axum::extract::ws::Utf8Bytes;
use protocol::stomp::{Version, escape_into};

/// The part of a MESSAGE frame that names the subscription.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    head: String,
}

impl Address {
    pub fn new(version: Version, subscription: &str, destination: &str) -> Self {
        let mut head = String::with_capacity(80 + subscription.len() + destination.len());
        head.push_str("MESSAGE\nsubscription:");
        escape_into(&mut head, subscription, version);
        head.push_str("\ndestination:");
        escape_into(&mut head, destination, version);
        head.push_str("\ncontent-type:application/json\nmessage-id:");
        Self { head }
    }

    /// The whole frame around a JSON body. `id` is ours and needs no escaping.
    pub fn frame(&self, id: &str, json: &str) -> Utf8Bytes {
        let mut frame = String::with_capacity(self.head.len() + id.len() + json.len() + 32);
        frame.push_str(&self.head);
        frame.push_str(id);
        // Writing to a string cannot fail.
        let _ = write!(frame, "\ncontent-length:{}\n\n", json.len());
        frame.push_str(json);
        frame.push('\0');
        frame.into()
    }
}

#[cfg(test)]
mod tests {
    use protocol::stomp::{Command, Decoder, Limits};

    use super::*;

    #[test]
    fn a_frame_reads_back_as_it_was_meant() {
        let address = Address::new(Version::V1_2, "sub:0", "/sub/chat/room/x");
        let frame = address.frame("x-7", r#"{"body":"안녕"}"#);
        let mut decoder = Decoder::new(Limits::AFTER_LOGIN);
        decoder.feed(frame.as_bytes()).unwrap();
        let frame = decoder.next_frame().unwrap().unwrap();
        assert_eq!(frame.command, Command::Message);
        assert_eq!(frame.header("subscription"), Some("sub:0"));
        assert_eq!(frame.header("destination"), Some("/sub/chat/room/x"));
        assert_eq!(frame.header("message-id"), Some("x-7"));
        assert_eq!(frame.body, r#"{"body":"안녕"}"#.as_bytes());
    }
}
