//! What the log's events make of the other documents.
//!
//! Every step is safe to repeat and to come late. It is conditional on the rev of the last event
//! that changed the document (`changed`), and the document of a room moves to `applied = n` only
//! after everything up to event n is in place; and nobody writes event n + 1 before that. So an
//! old event applied again changes nothing, and events are applied in the order of the log,
//! whoever applies them.
//!
//! The steps are confirmed by the primary alone; the last one, on the room's document, by a majority.
//! A replica set keeps its operations in one order, so that one confirms them all, and if a new
//! primary has lost some of them, it has lost `applied` with them.

use std::collections::HashMap;

use mongodb::Collection;
use mongodb::bson::{Document, Uuid, doc};

use super::Core;
use super::documents::{Entry, Kind, Member, MemberId, ReactionId, Room, bin, seat};
use super::failure::is_duplicate;
use crate::store::{StoreError, StoreResult};
use protocol::wire::RoomKind;

impl Core {
    /// Applies the next events of the room, and answers the room after them.
    pub(super) async fn project(&self, mut room: Room, entries: &[Entry]) -> StoreResult<Room> {
        let mut read = HashMap::new();
        for entry in entries {
            if entry.kind == Kind::Posted {
                read.insert(entry.by, (entry.rev, entry.posted));
            }
            self.apply(&room, entry).await?;
            room.advance(entry);
        }
        self.have_read(room.key, read).await?;
        self.settle(&room).await?;
        Ok(room)
    }

    async fn apply(&self, room: &Room, entry: &Entry) -> StoreResult<()> {
        match entry.kind {
            Kind::Posted | Kind::Renamed => Ok(()),
            Kind::Created => self.seat_the_first(room, entry).await,
            Kind::Edited => self.edit(entry).await,
            Kind::Deleted => self.erase(entry).await,
            Kind::Reacted => self.react(entry, true).await,
            Kind::Unreacted => self.react(entry, false).await,
            Kind::Joined => self.seat_one(entry).await,
            Kind::Left | Kind::Removed => self.unseat(entry).await,
        }
    }

    /// Moves the new text to the message; the log's line of the edit keeps none. A line without a
    /// text has been here before.
    async fn edit(&self, entry: &Entry) -> StoreResult<()> {
        let Some(body) = &entry.body else {
            return Ok(());
        };
        let message = doc! { "message": entry.of, "changed": { "$lt": entry.rev } };
        let text = doc! { "body": body, "edited_at": entry.at, "changed": entry.rev };
        let log = &self.all.hasty.log;
        log.update_one(message, doc! { "$set": text }).await?;
        let line = doc! { "room": entry.room, "rev": entry.rev };
        log.update_one(line, doc! { "$unset": { "body": "" } })
            .await?;
        Ok(())
    }

    async fn erase(&self, entry: &Entry) -> StoreResult<()> {
        let message = doc! { "message": entry.of, "changed": { "$lt": entry.rev } };
        let erasure = doc! {
            "$set": { "changed": entry.rev },
            "$unset": { "body": "", "author": "", "reply_to": "", "edited_at": "" },
        };
        self.all.hasty.log.update_one(message, erasure).await?;
        let reactions = doc! {
            "_id.room": entry.room,
            "_id.message": entry.of,
            "changed": { "$lt": entry.rev },
        };
        let off = doc! { "$set": { "on": false, "changed": entry.rev } };
        self.all.hasty.reactions.update_many(reactions, off).await?;
        Ok(())
    }

    async fn react(&self, entry: &Entry, on: bool) -> StoreResult<()> {
        let (Some(message), Some(emoji)) = (entry.of, entry.emoji.clone()) else {
            return Ok(());
        };
        let reaction = ReactionId {
            room: entry.room,
            message,
            emoji,
            user: entry.by,
        };
        let id =
            mongodb::bson::serialize_to_bson(&reaction).map_err(mongodb::error::Error::from)?;
        let change = doc! { "on": on, "since": entry.rev, "changed": entry.rev };
        put(&self.all.hasty.reactions, id, entry.rev, change).await
    }

    async fn seat_the_first(&self, room: &Room, entry: &Entry) -> StoreResult<()> {
        let direct = room.kind == RoomKind::Direct;
        let members = entry.members.iter().flatten().enumerate();
        let members = members
            .map(|(place, user)| Member {
                id: MemberId {
                    room: entry.room,
                    user: *user,
                },
                here: true,
                seat: seat(entry.rev, place),
                opened: !direct || *user == entry.by,
                read_rev: entry.rev,
                read_posted: entry.posted,
                changed: entry.rev,
            })
            .collect::<Vec<_>>();
        let seated = self.all.hasty.members.insert_many(&members).ordered(false);
        match seated.await {
            // Seated before; what has changed since is newer.
            Err(error) if !is_duplicate(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    async fn seat_one(&self, entry: &Entry) -> StoreResult<()> {
        let Some(user) = entry.user else {
            return Ok(());
        };
        let member = doc! {
            "here": true,
            "seat": seat(entry.rev, 0),
            "opened": true,
            "read_rev": entry.rev,
            "read_posted": entry.posted,
            "changed": entry.rev,
        };
        let id = doc! { "room": entry.room, "user": user };
        put(&self.all.hasty.members, id.into(), entry.rev, member).await
    }

    async fn unseat(&self, entry: &Entry) -> StoreResult<()> {
        let id = doc! { "room": entry.room, "user": entry.user };
        let member = doc! { "_id": id, "changed": { "$lt": entry.rev } };
        let gone = doc! { "$set": { "here": false, "changed": entry.rev } };
        self.all.hasty.members.update_one(member, gone).await?;
        Ok(())
    }

    /// Whoever posts has read up to there. One command for all of them, since a batch may have
    /// hundreds of authors.
    async fn have_read(&self, room: Uuid, read: HashMap<Uuid, (i64, i64)>) -> StoreResult<()> {
        if read.is_empty() {
            return Ok(());
        }
        let updates = read.into_iter().map(|(user, (rev, posted))| {
            doc! {
                "q": { "_id": { "room": room, "user": user }, "read_rev": { "$lt": rev } },
                "u": { "$set": { "read_rev": rev, "read_posted": posted } },
            }
        });
        let members = &self.all.hasty.members;
        let place = members.namespace();
        let command = doc! {
            "update": &place.coll,
            "updates": updates.collect::<Vec<_>>(),
            "ordered": false,
            "writeConcern": { "w": 1 },
        };
        let database = members.client().database(&place.db);
        let answer = database.run_command(command).await?;
        match answer.get_array("writeErrors") {
            Ok(failed) if !failed.is_empty() => Err(StoreError::Unavailable(format!(
                "{} read positions were not written",
                failed.len()
            ))),
            _ => Ok(()),
        }
    }

    /// The room's document is where its log is. What it says follows from the log alone, so
    /// whoever comes first writes the same.
    async fn settle(&self, room: &Room) -> StoreResult<()> {
        // A deleted room does not get its name back from whoever comes late.
        let behind = doc! { "_id": room.key, "applied": { "$lt": room.applied }, "gone": null };
        let mut now = doc! {
            "applied": room.applied,
            "posted": room.posted,
            "members": room.members,
            "active_at": room.active_at,
            "head_at": room.head_at,
        };
        if let Some(last) = room.last {
            now.insert("last", last);
        }
        if let Some(name) = &room.name {
            now.insert("name", name);
        }
        let change = doc! { "$set": now, "$unset": { "beginning": "" } };
        self.all.rooms.update_one(behind, change).await?;
        Ok(())
    }

    /// Not in the log: whether somebody asked for a direct room is their own affair.
    pub(super) async fn open_direct(&self, room: Uuid, user: &[u8; 16]) -> StoreResult<()> {
        let id = doc! { "room": room, "user": bin(user) };
        let opened = doc! { "$set": { "opened": true } };
        self.all
            .members
            .update_one(doc! { "_id": id }, opened)
            .await?;
        Ok(())
    }
}

/// Makes the document or brings it up to this rev. The server refuses to make it a second time if
/// it is newer than that.
async fn put<T: Send + Sync>(
    collection: &Collection<T>,
    id: mongodb::bson::Bson,
    rev: i64,
    content: Document,
) -> StoreResult<()> {
    let older = doc! { "_id": id, "changed": { "$lt": rev } };
    let change = doc! { "$set": content };
    match collection.update_one(older, change).upsert(true).await {
        Err(error) if !is_duplicate(&error) => Err(error.into()),
        _ => Ok(()),
    }
}
