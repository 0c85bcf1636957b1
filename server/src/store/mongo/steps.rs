//! What the log's events make of the other documents, as statements of MongoDB's `update`.
//!
//! Every statement is safe to repeat and to come late: it is conditional on the rev of the last
//! event that changed the document (`changed`). Those of one collection are carried out in their
//! order, which is that of the log, or an event could find no document yet that the one before it makes.

use std::collections::HashMap;

use mongodb::bson::{Bson, Document, Uuid, doc};
use protocol::wire::RoomKind;

use super::documents::{Entry, Kind, MemberId, ReactionId, Room, seat};

#[derive(Default)]
pub(super) struct Steps {
    pub(super) log: Vec<Document>,
    pub(super) members: Vec<Document>,
    pub(super) reactions: Vec<Document>,
    /// Who has posted, and by that has read up to there.
    read: HashMap<Uuid, (i64, i64)>,
}

impl Steps {
    /// `room` is as it was before the event.
    pub(super) fn add(&mut self, room: &Room, entry: &Entry) {
        match entry.kind {
            Kind::Posted => {
                self.read.insert(entry.by, (entry.rev, entry.posted));
            }
            Kind::Renamed | Kind::Unknown => {}
            Kind::Created => self.seat_the_first(room, entry),
            Kind::Edited => self.edit(entry),
            Kind::Deleted => self.erase(entry),
            Kind::Reacted => self.react(entry, true),
            Kind::Unreacted => self.react(entry, false),
            Kind::Joined => self.seat_one(entry),
            Kind::Left | Kind::Removed => self.unseat(entry),
        }
    }

    /// Moves the new text to the message; the log's line of the edit keeps none. A line without a
    /// text has been here before.
    fn edit(&mut self, entry: &Entry) {
        let Some(body) = &entry.body else {
            return;
        };
        let message = doc! { "message": entry.of, "changed": { "$lt": entry.rev } };
        let text = doc! { "body": body, "edited_at": entry.at, "changed": entry.rev };
        self.log.push(update(message, doc! { "$set": text }));
        let line = doc! { "room": entry.room, "rev": entry.rev };
        self.log
            .push(update(line, doc! { "$unset": { "body": "" } }));
    }

    fn erase(&mut self, entry: &Entry) {
        let message = doc! { "message": entry.of, "changed": { "$lt": entry.rev } };
        let erasure = doc! {
            "$set": { "changed": entry.rev },
            "$unset": { "body": "", "author": "", "reply_to": "", "edited_at": "" },
        };
        self.log.push(update(message, erasure));
        let reactions = doc! {
            "_id.room": entry.room,
            "_id.message": entry.of,
            "changed": { "$lt": entry.rev },
        };
        let off = doc! { "$set": { "on": false, "changed": entry.rev } };
        let mut all = update(reactions, off);
        all.insert("multi", true);
        self.reactions.push(all);
    }

    fn react(&mut self, entry: &Entry, on: bool) {
        let (Some(message), Some(emoji)) = (entry.of, entry.emoji.clone()) else {
            return;
        };
        let id = ReactionId {
            room: entry.room,
            message,
            emoji,
            user: entry.by,
        };
        let change = doc! { "on": on, "since": entry.rev, "changed": entry.rev };
        let blank = doc! { "on": false, "since": entry.rev, "changed": 0_i64 };
        self.reactions
            .extend(put(id.into(), entry.rev, blank, change));
    }

    fn seat_the_first(&mut self, room: &Room, entry: &Entry) {
        let direct = room.kind == RoomKind::Direct;
        for (place, user) in entry.members.iter().flatten().enumerate() {
            let member = doc! {
                "here": true,
                "seat": seat(entry.rev, place),
                "opened": !direct || *user == entry.by,
                "read_rev": entry.rev,
                "read_posted": entry.posted,
                "changed": entry.rev,
            };
            // Seated before, they may have left since.
            self.members.push(make(member_of(entry, *user), member));
        }
    }

    fn seat_one(&mut self, entry: &Entry) {
        let Some(user) = entry.user else {
            return;
        };
        let member = |here: bool, changed: i64| {
            doc! {
                "here": here,
                "seat": seat(entry.rev, 0),
                "opened": true,
                "read_rev": entry.rev,
                "read_posted": entry.posted,
                "changed": changed,
            }
        };
        let id = member_of(entry, user);
        let (blank, seated) = (member(false, 0), member(true, entry.rev));
        self.members.extend(put(id, entry.rev, blank, seated));
    }

    fn unseat(&mut self, entry: &Entry) {
        let Some(user) = entry.user else {
            return;
        };
        let id = member_of(entry, user);
        let member = doc! { "_id": id, "changed": { "$lt": entry.rev } };
        let gone = doc! { "$set": { "here": false, "changed": entry.rev } };
        self.members.push(update(member, gone));
    }

    /// How far the authors have read, a statement for each.
    pub(super) fn read(&self, room: Uuid) -> Vec<Document> {
        let read = self.read.iter().map(|(user, (rev, posted))| {
            update(
                doc! { "_id": { "room": room, "user": user }, "read_rev": { "$lt": rev } },
                doc! { "$set": { "read_rev": rev, "read_posted": posted } },
            )
        });
        read.collect()
    }
}

fn member_of(entry: &Entry, user: Uuid) -> Bson {
    let member = MemberId {
        room: entry.room,
        user,
    };
    member.into()
}

fn update(which: Document, change: Document) -> Document {
    doc! { "q": which, "u": change }
}

/// Makes the document, unless it is there.
fn make(id: Bson, content: Document) -> Document {
    let mut made = update(doc! { "_id": id }, doc! { "$setOnInsert": content });
    made.insert("upsert", true);
    made
}

/// Makes the document or brings it up to this rev, unless it is newer than that.
fn put(id: Bson, rev: i64, blank: Document, content: Document) -> [Document; 2] {
    let older = doc! { "_id": id.clone(), "changed": { "$lt": rev } };
    [make(id, blank), update(older, doc! { "$set": content })]
}
