//! The names that clients send to and subscribe to.

use protocol::{RoomRef, UserId};

/// What can be subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Room(RoomRef),
    Signals(RoomRef),
    Side(UserId),
    /// Every message posted to any of my rooms.
    Messages,
    /// What was refused.
    Errors,
    /// Answers to `/pub/chat/enter`.
    Enter,
}

/// What can be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Message,
    Edit,
    Delete,
    React,
    Read,
    Typing,
    Enter,
}

impl Source {
    pub fn parse(destination: &str) -> Option<Self> {
        match destination {
            "/user/queue/messages" => return Some(Self::Messages),
            "/user/queue/errors" => return Some(Self::Errors),
            "/user/queue/enter" => return Some(Self::Enter),
            _ => {}
        }
        if let Some(user) = destination.strip_prefix("/sub/chat/side/") {
            return user.parse().ok().map(Self::Side);
        }
        let room = destination
            .strip_prefix("/sub/chat/room/")
            .or_else(|| destination.strip_prefix("/topic/direct/"))?;
        match room.strip_suffix("/signals") {
            Some(room) => room.parse().ok().map(Self::Signals),
            None => room.parse().ok().map(Self::Room),
        }
    }
}

impl Target {
    pub fn parse(destination: &str) -> Option<Self> {
        Some(match destination.strip_prefix("/pub/chat/")? {
            "message" => Self::Message,
            "edit" => Self::Edit,
            "delete" => Self::Delete,
            "react" => Self::React,
            "read" => Self::Read,
            "typing" => Self::Typing,
            "enter" => Self::Enter,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "00000000-0000-0000-0000-00000000000a";
    const B: &str = "00000000-0000-0000-0000-00000000000b";

    #[test]
    fn a_room_is_named_by_its_id_or_by_its_two_people() {
        let by_id = Source::parse(&format!("/sub/chat/room/{A}"));
        assert_eq!(by_id, Some(Source::Room(A.parse().unwrap())));
        let by_people = Source::parse(&format!("/sub/chat/room/{A}&{B}"));
        let swapped = Source::parse(&format!("/topic/direct/{B}&{A}"));
        let id = |source| match source {
            Some(Source::Room(room)) => room.id(),
            other => panic!("not a room: {other:?}"),
        };
        assert_eq!(id(by_people), id(swapped));
    }

    #[test]
    fn signals_are_beside_the_room() {
        let signals = Source::parse(&format!("/sub/chat/room/{A}/signals"));
        assert_eq!(signals, Some(Source::Signals(A.parse().unwrap())));
    }

    #[test]
    fn nothing_else_can_be_subscribed_to() {
        for destination in [
            "",
            "/sub/chat/room/",
            "/sub/chat/room/x",
            "/sub/chat/room/*",
            "/user/someone/queue/messages",
            "/user/queue/other",
            "/topic/**",
        ] {
            assert_eq!(Source::parse(destination), None, "{destination}");
        }
    }

    #[test]
    fn only_the_named_targets_take_messages() {
        assert_eq!(Target::parse("/pub/chat/message"), Some(Target::Message));
        assert_eq!(Target::parse("/pub/chat/message/"), None);
        assert_eq!(Target::parse("/sub/chat/room/x"), None);
    }
}
