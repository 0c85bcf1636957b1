//! What a SUBSCRIBE begins, and how it ends.

use std::sync::Arc;

use protocol::wire::code;
use protocol::{Rev, RoomId};

use super::Endpoint;
use super::destination::Source;
use crate::chat::Refused;
use crate::live::{Address, Connection, Hub, Listener, Scope, Watch, Watching};

/// What has to be given up when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscription {
    Room(RoomId),
    /// Of all my rooms.
    All,
    Errors,
    Enter,
    /// It was refused, or is about to be.
    Nothing,
}

impl Subscription {
    pub fn of(source: Option<Source>) -> Self {
        match source {
            Some(Source::Room(room) | Source::Signals(room)) => Self::Room(room.id()),
            Some(Source::Side(_) | Source::Messages) => Self::All,
            Some(Source::Errors) => Self::Errors,
            Some(Source::Enter) => Self::Enter,
            None => Self::Nothing,
        }
    }

    pub fn end(self, hub: &Hub, connection: &Connection, id: &str) {
        match self {
            Self::Room(room) => hub.unwatch(room, connection, id),
            Self::All => hub.unlisten(connection, id),
            Self::Errors | Self::Enter | Self::Nothing => {}
        }
    }
}

/// Begins it; done when everything missed has been queued and the subscription is live.
pub fn begin_subscription(
    endpoint: Arc<Endpoint>,
    connection: Arc<Connection>,
    source: Option<Source>,
    address: Arc<Address>,
    id: &str,
    after: Option<&str>,
) -> impl Future<Output = Result<(), Refused>> + Send + use<> {
    let subscription: Arc<str> = id.into();
    let after = after.map(parse_after).transpose();
    async move {
        let after = after?;
        let hub = &endpoint.hub;
        let who = connection.who;
        match source {
            Some(Source::Room(room) | Source::Signals(room)) => {
                // The head before the check: see `Watch::since`.
                let since = hub.head(room.id()).await?;
                let room = endpoint.chat.may_read(who, room).await?;
                let watch = Watch {
                    connection,
                    subscription,
                    address,
                    room,
                    after,
                    since,
                };
                let watching = match source {
                    Some(Source::Signals(_)) => hub.watch_signals(watch).await?,
                    _ => hub.watch(watch).await?,
                };
                match watching {
                    Watching::Live => Ok(()),
                    Watching::Removed => Err(no_room()),
                }
            }
            Some(Source::Side(user)) if user != who.user => Err(Refused::new(
                code::FORBIDDEN,
                "A room list can only be followed by the one whose it is.",
            )),
            Some(Source::Side(_)) => {
                let listener = Listener {
                    connection,
                    subscription,
                    address,
                };
                Ok(hub.listen(Scope::Side, listener).await?)
            }
            Some(Source::Messages) => {
                let listener = Listener {
                    connection,
                    subscription,
                    address,
                };
                Ok(hub.listen(Scope::Messages, listener).await?)
            }
            Some(Source::Errors | Source::Enter) => Ok(()),
            None => Err(Refused::new(
                code::NOT_FOUND,
                "There is no such destination.",
            )),
        }
    }
}

fn parse_after(header: &str) -> Result<Rev, Refused> {
    header.trim().parse().map_err(|_| {
        Refused::new(
            code::BAD_REQUEST,
            "The header `after` must be a rev: 0, 1, 2 …",
        )
    })
}

fn no_room() -> Refused {
    Refused::new(
        code::ROOM_NOT_FOUND,
        "There is no such room, or you are not in it.",
    )
}
