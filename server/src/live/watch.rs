//! Subscribing to one room: first what was missed, then live, nothing lost or doubled in between.

use std::sync::Arc;

use protocol::{Rev, RoomId};

use super::address::Address;
use super::feed::{Attached, Encoded, Wants, Watcher, takes_away};
use super::hub::{Hub, PAGE};
use super::outbound::Connection;
use super::poll::AT_ONCE;
use crate::store::StoreResult;

/// Whoever missed more than this loads the window anew instead of hearing it all.
const MAX_REPLAY: u64 = 2_000;
/// The same in bytes: long messages are slower to hear than a window is to load.
const MAX_REPLAY_BYTES: usize = 8 << 20;

/// What a subscription to a room asks for.
#[derive(Clone, Debug)]
pub struct Watch {
    pub connection: Arc<Connection>,
    pub subscription: Arc<str>,
    pub address: Arc<Address>,
    pub room: RoomId,
    /// The last rev that the client has.
    pub after: Option<Rev>,
    /// The room's head before it was checked that this person may read.
    pub since: Rev,
}

/// How a subscription to a room began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watching {
    Live,
    /// The person was removed meanwhile.
    Removed,
}

impl Hub {
    /// The room's head; zero where there is no room yet.
    pub async fn head(&self, room: RoomId) -> StoreResult<Rev> {
        let heads = self.store.heads(&[room]).await?;
        Ok(heads.first().map_or(Rev::ZERO, |(_, head)| head.rev))
    }

    pub async fn watch(&self, watch: Watch) -> StoreResult<Watching> {
        let user = watch.connection.who.user;
        let mut position = match watch.after {
            None => watch.since,
            Some(after) if after > watch.since || watch.since.0 - after.0 > MAX_REPLAY => {
                self.reset(&watch);
                watch.since
            }
            Some(after) => after,
        };
        let mut replayed = 0;
        loop {
            if position >= watch.since {
                let watcher = Watcher::new(&watch.connection, &watch.subscription, position);
                let (attached, fresh) = self.with_feed(watch.room, position, |feed| {
                    feed.attach(&watch.address, Wants::Everything, watcher, watch.since)
                });
                match attached {
                    Attached::Live => {
                        if fresh {
                            self.catch_up(&[watch.room]).await?;
                        }
                        return Ok(Watching::Live);
                    }
                    Attached::Removed => return Ok(Watching::Removed),
                    Attached::Behind => {}
                }
            }
            let events = self.store.events(watch.room, position, PAGE).await?;
            if events.is_empty() {
                // The room was removed while it was read.
                return Ok(Watching::Removed);
            }
            for event in events {
                let rev = event.rev;
                if rev > watch.since && takes_away(&event, user) {
                    return Ok(Watching::Removed);
                }
                let frame = Encoded::new(Arc::new(event)).frame(&watch.address);
                replayed += frame.len();
                if rev <= watch.since && replayed > MAX_REPLAY_BYTES {
                    self.reset(&watch);
                    position = watch.since;
                    break;
                }
                watch.connection.outbound.spacious().await;
                watch.connection.outbound.push(frame);
                position = rev;
            }
        }
    }

    pub fn unwatch(&self, room: RoomId, connection: &Connection, subscription: &str) {
        if let Some(feed) = self.feed(room) {
            feed.detach(connection.id, subscription);
            if feed.is_idle() {
                self.sweep(room);
            }
        }
    }

    /// Typing, read positions and presence in a room; first how they stand.
    pub async fn watch_signals(&self, watch: Watch) -> StoreResult<Watching> {
        let standing = self.standing(watch.room).await?;
        let watcher = Watcher::new(&watch.connection, &watch.subscription, watch.since);
        let ((), fresh) = self.with_feed(watch.room, watch.since, |feed| {
            feed.attach(&watch.address, Wants::Signals, watcher, watch.since);
        });
        if fresh {
            self.catch_up(&[watch.room]).await?;
        }
        // From here on the feed lets go whoever is removed. A direct room in which nothing was
        // said has no members yet.
        let user = watch.connection.who.user;
        if watch.since > Rev::ZERO && !self.store.is_member(watch.room, user).await? {
            return Ok(Watching::Removed);
        }
        let typing = self.feed(watch.room).map(|feed| feed.typing());
        for signal in standing.signals(typing.unwrap_or_default()) {
            if let Ok(json) = serde_json::to_string(&signal) {
                let frame = watch.address.frame(&self.next_message_id(), &json);
                watch.connection.outbound.push(frame);
            }
        }
        Ok(Watching::Live)
    }

    /// Feeds that were just made may have been made a moment after an event that they should know.
    pub(super) async fn catch_up(&self, rooms: &[RoomId]) -> StoreResult<()> {
        for some in rooms.chunks(AT_ONCE) {
            self.hear_heads(self.store.heads(some).await?);
        }
        Ok(())
    }

    fn reset(&self, watch: &Watch) {
        let frame = watch
            .address
            .frame(&self.next_message_id(), r#"{"type":"reset"}"#);
        watch.connection.outbound.push(frame);
    }
}
