//! Names of things. Each is its own type, so that a room can never be taken for a person.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not {what}: a UUID was expected")]
pub struct BadId {
    what: &'static str,
    given: String,
}

macro_rules! uuid_id {
    ($(#[$meta:meta])* $name:ident, $what:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name(pub Uuid);

        impl $name {
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            pub const fn uuid(self) -> Uuid {
                self.0
            }

            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                // Only the hyphenated form: one spelling of an id means that ids compare as text too.
                if text.len() == 36 {
                    if let Ok(id) = Uuid::try_parse(text) {
                        return Ok(Self(id));
                    }
                }
                Err(BadId { what: $what, given: text.chars().take(80).collect() })
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    };
}

uuid_id!(
    /// A person's account.
    UserId,
    "a user id"
);
uuid_id!(
    /// A room: direct, group or channel.
    RoomId,
    "a room id"
);
uuid_id!(
    /// One operation of a client, made by the client. `(author, op)` is unique in a room for
    /// ever, which is what makes a retry safe.
    OpId,
    "an operation id"
);
uuid_id!(
    /// A message. It is the id of the operation that posted it.
    MessageId,
    "a message id"
);
uuid_id!(
    /// One signed-in device.
    SessionId,
    "a session id"
);

impl From<OpId> for MessageId {
    fn from(op: OpId) -> Self {
        Self(op.0)
    }
}

impl From<MessageId> for OpId {
    fn from(message: MessageId) -> Self {
        Self(message.0)
    }
}

/// A position in a room's log: 1, 2, 3 … without holes. 0 is "before the first event".
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rev(pub u64);

impl Rev {
    pub const ZERO: Self = Self(0);

    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Rev {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Rev {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// The namespace under which the ids of direct rooms are derived.
const DIRECT_ROOMS: Uuid = Uuid::from_bytes(*b"madang direct rm");

impl RoomId {
    /// The one direct room of two people, the same in either order, so that two first messages
    /// sent at once on two nodes meet in one room.
    pub fn direct(a: UserId, b: UserId) -> Self {
        let (first, second) = if a <= b { (a, b) } else { (b, a) };
        let mut name = [0u8; 32];
        name[..16].copy_from_slice(first.as_bytes());
        name[16..].copy_from_slice(second.as_bytes());
        Self(Uuid::new_v5(&DIRECT_ROOMS, &name))
    }
}

/// How a client may name a room: by its id, or a direct room by its two people, `{a}&{b}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomRef {
    Id(RoomId),
    Direct(UserId, UserId),
}

impl RoomRef {
    pub fn id(self) -> RoomId {
        match self {
            Self::Id(room) => room,
            Self::Direct(a, b) => RoomId::direct(a, b),
        }
    }
}

impl From<RoomId> for RoomRef {
    fn from(room: RoomId) -> Self {
        Self::Id(room)
    }
}

impl FromStr for RoomRef {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        match text.split_once('&') {
            Some((a, b)) => Ok(Self::Direct(a.parse()?, b.parse()?)),
            None => text.parse().map(Self::Id),
        }
    }
}

impl fmt::Display for RoomRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(room) => room.fmt(f),
            Self::Direct(a, b) => write!(f, "{a}&{b}"),
        }
    }
}

impl Serialize for RoomRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RoomRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    #[test]
    fn a_direct_room_has_one_id_in_either_order() {
        assert_eq!(
            RoomId::direct(user(1), user(2)),
            RoomId::direct(user(2), user(1))
        );
        assert_ne!(
            RoomId::direct(user(1), user(2)),
            RoomId::direct(user(1), user(3))
        );
    }

    #[test]
    fn a_direct_room_may_be_named_by_its_two_people() {
        let named: RoomRef = format!("{}&{}", user(2), user(1)).parse().unwrap();
        assert_eq!(named.id(), RoomId::direct(user(1), user(2)));
    }

    #[test]
    fn an_id_has_one_spelling() {
        assert!(
            "00000000000000000000000000000001"
                .parse::<UserId>()
                .is_err()
        );
        assert!(
            "{00000000-0000-0000-0000-000000000001}"
                .parse::<UserId>()
                .is_err()
        );
        assert!(
            "00000000-0000-0000-0000-000000000001"
                .parse::<UserId>()
                .is_ok()
        );
        assert!("' or 1=1".parse::<RoomRef>().is_err());
        assert!("a&b&c".parse::<RoomRef>().is_err());
    }
}
