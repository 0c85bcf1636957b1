//! The end of an account, in steps that can be taken up again after a crash: it is closed, which
//! is durable; its messages are deleted, in the open, by events like any other; it leaves its
//! rooms; what is left of it is an anonymous author.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use protocol::wire::{RoomKind, code};
use protocol::{MessageId, OpId, RoomId, UserId};
use uuid::Uuid;

use super::writers::Writers;
use super::{Chat, Parts, Refused, SharedClock};
use crate::presence::{Notice, Presence};
use crate::store::{Append, Change, MyRoom, Store};

/// Messages deleted at once: enough for one write, little enough to leave room for the living.
const BATCH: usize = 64;
/// How often a write that found the server busy is tried again, and after what pause.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(250);

/// The namespace under which the operations of a deletion are named, so that one taken up again
/// repeats them instead of adding to them.
const OPERATIONS: Uuid = Uuid::from_bytes(*b"madang deletions");

/// Held apart from `Chat`, so that a deletion outlives the request that asked for it.
pub(super) struct Deletion {
    store: Arc<dyn Store>,
    writers: Arc<Writers>,
    presence: Arc<dyn Presence>,
    clock: SharedClock,
}

impl Chat {
    /// Goes on with the deletions that an earlier process began and did not end.
    pub async fn resume_deletions(&self) -> Result<(), Refused> {
        for user in self.parts.store.closing_accounts().await? {
            self.deletion.run(user).await;
        }
        Ok(())
    }
}

impl Deletion {
    pub(super) fn new(parts: &Parts) -> Self {
        Self {
            store: Arc::clone(&parts.store),
            writers: Arc::clone(&parts.writers),
            presence: Arc::clone(&parts.presence),
            clock: Arc::clone(&parts.clock),
        }
    }

    /// Deletes what a closed account left. It goes on when whoever waits goes away; what fails is
    /// taken up by [`Chat::resume_deletions`].
    pub(super) async fn run(self: &Arc<Self>, user: UserId) {
        let work = Arc::clone(self);
        let done = tokio::spawn(async move {
            match work.finish(user).await {
                Ok(()) => tracing::info!(user.id = %user, "an account was deleted"),
                Err(refused) => tracing::error!(
                    user.id = %user,
                    reason = %refused,
                    "the deletion of an account stopped; it goes on at the next start"
                ),
            }
        });
        if let Err(error) = done.await {
            tracing::error!(user.id = %user, %error, "the deletion of an account broke off");
        }
    }

    /// A room that nobody is in is gone.
    pub(super) async fn drop_if_empty(&self, room: RoomId) -> Result<(), Refused> {
        let Some(record) = self.store.room(room).await? else {
            return Ok(());
        };
        if record.members == 0 {
            self.store.delete_room(room).await?;
            tracing::info!(room.id = %room, "a room was deleted when its last member left");
        }
        Ok(())
    }

    async fn finish(&self, user: UserId) -> Result<(), Refused> {
        let rooms = self.store.rooms_of(user).await?;
        self.delete_messages(user).await?;
        for mine in &rooms {
            self.leave(user, mine).await?;
        }
        // A message that was on its way while the account was closed may have come in since.
        self.delete_messages(user).await?;
        self.store.finish_closing(user).await?;
        // The events of that came from the store itself, past the writers.
        self.presence.announce(Notice::Unheard);
        for mine in &rooms {
            if let Some(peer) = &mine.peer {
                self.presence.announce(Notice::Side {
                    user: peer.id,
                    room: mine.room.id,
                });
            }
        }
        Ok(())
    }

    async fn delete_messages(&self, user: UserId) -> Result<(), Refused> {
        loop {
            let messages = self.store.messages_by(user, BATCH).await?;
            if messages.is_empty() {
                return Ok(());
            }
            let deletions = messages.iter().map(|(room, message)| {
                let op = operation(b"delete", message.as_bytes());
                self.append(user, *room, op, Change::Delete { message: *message })
            });
            let mut deleted = 0;
            let mut left = None;
            for (done, (room, message)) in join_all(deletions).await.into_iter().zip(&messages) {
                match done {
                    Ok(()) => deleted += 1,
                    // The room, or the message with it, was deleted in the meantime.
                    Err(refused) if is_gone(&refused) => {
                        left = Some(stuck(&refused, *room, *message));
                    }
                    Err(refused) => return Err(stuck(&refused, *room, *message)),
                }
            }
            // What is gone is not listed again; if nothing but that is listed, it is not gone.
            if let (0, Some(stuck)) = (deleted, left) {
                return Err(stuck);
            }
        }
    }

    async fn leave(&self, user: UserId, mine: &MyRoom) -> Result<(), Refused> {
        let room = mine.room.id;
        match (mine.room.kind, &mine.peer) {
            // Nobody else ever saw it.
            (RoomKind::Direct, None) => Ok(self.store.delete_room(room).await?),
            // It stays with the other person, who sees that this one is gone.
            (RoomKind::Direct, Some(_)) => Ok(()),
            (RoomKind::Group | RoomKind::Channel, _) => {
                let op = operation(b"leave", room.as_bytes());
                match self.append(user, room, op, Change::Leave).await {
                    // Left, removed or deleted in the meantime.
                    Err(refused) if is_gone(&refused) => {}
                    left => left?,
                }
                self.drop_if_empty(room).await
            }
        }
    }

    async fn append(
        &self,
        user: UserId,
        room: RoomId,
        op: OpId,
        change: Change,
    ) -> Result<(), Refused> {
        let mut tries = 0;
        loop {
            let append = Append {
                by: user,
                op,
                at: self.clock.now(),
                change: change.clone(),
            };
            match self.writers.append(room, append).await {
                Err(refused) if refused.code == code::BUSY && tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(refused) => return Err(refused),
                Ok(_) => return Ok(()),
            }
        }
    }
}

fn operation(what: &[u8], on: &[u8; 16]) -> OpId {
    OpId(Uuid::new_v5(&OPERATIONS, &[what, on].concat()))
}

fn is_gone(refused: &Refused) -> bool {
    matches!(refused.code, code::ROOM_NOT_FOUND | code::MESSAGE_NOT_FOUND)
}

fn stuck(refused: &Refused, room: RoomId, message: MessageId) -> Refused {
    Refused::new(
        refused.code,
        format!("message {message} in room {room} cannot be deleted: {refused}"),
    )
}
