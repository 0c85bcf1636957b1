//! How a room and a room list stand apart from their events: who is here, how far everyone has
//! read, who writes. Told to whoever comes, and to everyone when it was not known for a while.

use std::sync::Arc;
use std::time::Duration;

use protocol::wire::{COUNTED_HERE, COUNTED_READERS, SideChange, Signal};
use protocol::{Rev, RoomId, UserId};

use super::hub::Hub;
use crate::store::{MemberRecord, MyRoom, StoreResult};

/// Before all is told anew once more, whatever the reason.
const AGAIN: Duration = Duration::from_secs(1);

/// A room's members at one moment.
pub(super) struct Standing {
    /// None: not known.
    online: Option<Vec<UserId>>,
    members: Vec<UserId>,
    /// Of nobody, where there are too many.
    read: Vec<(UserId, Rev)>,
}

impl Standing {
    /// As it is said to those who look at the room.
    pub(super) fn signals(self, typing: Vec<UserId>) -> Vec<Signal> {
        let unknown: Vec<Signal> = match &self.online {
            Some(_) => Vec::new(),
            None => {
                let members = self.members.into_iter();
                members
                    .map(|user| Signal::Presence { user, online: None })
                    .collect()
            }
        };
        let mut signals = vec![Signal::Here {
            online: self.online.unwrap_or_default(),
            read: self.read,
            typing,
        }];
        signals.extend(unknown);
        signals
    }
}

impl Hub {
    pub(super) async fn standing(&self, room: RoomId) -> StoreResult<Standing> {
        let members = self.store.members(room, None, COUNTED_HERE).await?;
        let ids: Vec<UserId> = members.iter().map(|member| member.user.id).collect();
        let read = if ids.len() > COUNTED_READERS {
            Vec::new()
        } else {
            let members = members.into_iter();
            members
                .map(|MemberRecord { user, read }| (user.id, read))
                .collect()
        };
        Ok(Standing {
            online: self.presence.online(&ids).await,
            members: ids,
            read,
        })
    }

    /// Who of the people in these direct rooms is here.
    pub(super) async fn peers_standing(&self, rooms: &[MyRoom]) -> Vec<SideChange> {
        let peers: Vec<UserId> = rooms
            .iter()
            .filter_map(|mine| mine.peer.as_ref().map(|peer| peer.id))
            .collect();
        match self.presence.online(&peers).await {
            Some(online) => vec![SideChange::Here { online }],
            None => peers
                .into_iter()
                .map(|user| SideChange::Presence { user, online: None })
                .collect(),
        }
    }

    /// When presence was lost, and when it is back.
    pub(super) async fn keep_presence_told(self: Arc<Self>) {
        let mut known = self.presence_known.subscribe();
        while known.changed().await.is_ok() {
            let is_back = *known.borrow_and_update();
            while let Err(error) = self.tell_standing_anew(is_back).await {
                tracing::warn!(%error, "who is here could not be told anew yet");
                tokio::time::sleep(AGAIN).await;
                if known.has_changed().unwrap_or(true) {
                    break;
                }
            }
            // However often it comes and goes.
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn tell_standing_anew(&self, is_back: bool) -> StoreResult<()> {
        for room in self.rooms() {
            let Some(feed) = self.feed(room).filter(|feed| feed.has_signal_watchers()) else {
                continue;
            };
            let standing = self.standing(room).await?;
            for signal in standing.signals(feed.typing()) {
                self.tell_signal(room, &signal);
            }
        }
        let listening = self.people.lock().with_sides();
        for user in listening {
            let rooms = self.store.rooms_of(user).await?;
            for change in self.peers_standing(&rooms).await {
                self.tell_side(user, &change);
            }
            if is_back {
                // The word that a room had changed for this person may be among what was lost.
                for mine in rooms {
                    self.dirty.mark_person(user, mine.room.id);
                }
            }
        }
        Ok(())
    }
}
