//! Rooms are deleted.
//!
//! One update hides a room: its document gives the id back and says that it is gone. Nothing of the
//! room can be found after that, and another room may be made under its id. What is left is then
//! removed in steps, by whoever deletes it, or after a crash by the next `tidy` of any node.
//!
//! A node that read the room before it was hidden may still append to its log. That log is nobody's
//! any more, so no one can read what comes; but it is to be gone, too. The document therefore stays
//! for a day, in which every `tidy` removes what has come.

use std::collections::HashSet;
use std::time::Duration;

use futures::TryStreamExt;
use mongodb::bson::{Uuid, doc};
use mongodb::options::ReadConcern;
use protocol::{RoomId, Timestamp};

use super::Core;
use super::documents::{NOT_YET, Room, bin, date};
use crate::store::StoreResult;

/// Lines of a deleted room that are removed in one step.
const STEP: i64 = 1_000;
/// No write is under way for so long.
pub(super) const WATCHED: Duration = Duration::from_secs(86_400);

impl Core {
    pub(super) async fn delete_room(&self, id: RoomId) -> StoreResult<()> {
        let Some(room) = self.find_room(id).await? else {
            return Ok(());
        };
        let visible = doc! { "_id": room.key, "room": bin(id.as_bytes()) };
        let hidden = doc! {
            "$set": { "room": room.key, "gone": NOT_YET },
            "$unset": { "name": "", "last": "", "beginning": "" },
        };
        self.all.rooms.update_one(visible, hidden).await?;
        self.purge(room.key).await
    }

    async fn purge(&self, key: Uuid) -> StoreResult<()> {
        loop {
            let first = self
                .all
                .log
                .find_one(doc! { "room": key })
                .sort(doc! { "rev": 1 });
            let Some(first) = first.await? else {
                break;
            };
            let end = first.rev.saturating_add(STEP);
            let some = doc! { "room": key, "rev": { "$lt": end } };
            self.all.log.delete_many(some).await?;
        }
        self.all
            .reactions
            .delete_many(doc! { "_id.room": key })
            .await?;
        self.all
            .members
            .delete_many(doc! { "_id.room": key })
            .await?;
        Ok(())
    }

    /// Goes on with the deletions that were left, and removes what came late.
    pub(super) async fn tidy_gone(&self, now: Timestamp) -> StoreResult<()> {
        let gone = self
            .all
            .rooms
            .find(doc! { "gone": { "$exists": true } })
            .await?;
        for room in gone.try_collect::<Vec<Room>>().await? {
            self.purge(room.key).await?;
            match room.gone {
                Some(NOT_YET) => {
                    let until = date(now.plus(WATCHED));
                    let watched = doc! { "$set": { "gone": until } };
                    self.all
                        .rooms
                        .update_one(doc! { "_id": room.key }, watched)
                        .await?;
                }
                Some(until) if until <= date(now) => {
                    self.all.rooms.delete_one(doc! { "_id": room.key }).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Which of these rooms are gone; what was left of them is gone after this, too. The primary is
    /// asked for the latest that it has: a new one may not know yet that a majority has the room.
    pub(super) async fn sweep_gone(&self, keys: &HashSet<Uuid>) -> StoreResult<HashSet<Uuid>> {
        let among = keys.iter().copied().collect::<Vec<_>>();
        let there = doc! { "_id": { "$in": among }, "gone": null };
        let there = self
            .all
            .rooms
            .find(there)
            .read_concern(ReadConcern::local())
            .await?
            .try_collect::<Vec<Room>>()
            .await?;
        let there = there
            .into_iter()
            .map(|room| room.key)
            .collect::<HashSet<_>>();
        let gone = keys.difference(&there).copied().collect::<HashSet<_>>();
        for key in &gone {
            self.purge(*key).await?;
        }
        Ok(gone)
    }
}
