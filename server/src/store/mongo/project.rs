//! What the log's events make of the other documents (`steps`), written.
//!
//! The document of a room moves to `applied = n` only after everything up to event n is in place,
//! and whoever applies an event has applied, or found applied, all before it. So an old event
//! applied again changes nothing, whoever does it.
//!
//! A majority confirms every step before the room's document says that it was made. A primary that
//! was cut off could otherwise confirm steps that the next one has never heard of, and the room's
//! document would say on that one, for ever, that they are in place. Only read positions are
//! written without waiting: whoever loses one reads the room once more.

use futures::join;
use mongodb::bson::{Document, Uuid, doc, serialize_to_bson};
use mongodb::error::Error;
use mongodb::options::WriteConcern;

use super::Core;
use super::documents::{Entry, Room, bin};
use super::steps::Steps;
use super::tries::Tries;
use crate::store::{StoreError, StoreResult};

/// Statements in one command. Each has a text of a message at most, and a command may have 48 MB.
const AT_ONCE: usize = 1_000;

impl Core {
    /// Applies the next events of the room, and answers the room after them.
    pub(super) async fn project(&self, mut room: Room, entries: &[Entry]) -> StoreResult<Room> {
        let mut steps = Steps::default();
        for entry in entries {
            steps.add(&room, entry);
            room.advance(entry);
        }
        let people = async {
            self.derive("members", &steps.members).await?;
            self.have_read(steps.read(room.key)).await
        };
        // Each is waited for to its end: the driver must not be dropped in the middle.
        let (messages, reactions, people) = join!(
            self.derive("log", &steps.log),
            self.derive("reactions", &steps.reactions),
            people
        );
        messages.and(reactions).and(people)?;
        self.settle(&room).await?;
        Ok(room)
    }

    async fn derive(&self, collection: &str, statements: &[Document]) -> StoreResult<()> {
        let concern = self.all.rooms.write_concern();
        let concern = serialize_to_bson(&concern).map_err(Error::from)?;
        for some in statements.chunks(AT_ONCE) {
            let command = doc! {
                "update": collection,
                "updates": some,
                "ordered": true,
                "writeConcern": concern.clone(),
            };
            self.update(command).await?;
        }
        Ok(())
    }

    /// One command for all of them, since a batch may have hundreds of authors.
    async fn have_read(&self, updates: Vec<Document>) -> StoreResult<()> {
        if updates.is_empty() {
            return Ok(());
        }
        let hasty = serialize_to_bson(&WriteConcern::nodes(1)).map_err(Error::from)?;
        let command = doc! {
            "update": "members",
            "updates": updates,
            "ordered": false,
            "writeConcern": hasty,
        };
        self.update(command).await
    }

    /// The driver tries again what it knows to be a write, and of a command it does not know that.
    /// Made once more, a step changes nothing.
    async fn update(&self, command: Document) -> StoreResult<()> {
        let mut tries = Tries::begin();
        loop {
            let answer = self.connection.database().run_command(command.clone());
            let made = match answer.await {
                Ok(answer) => confirmed(&answer),
                Err(error) => Err(error.into()),
            };
            match made {
                Err(StoreError::Unavailable(why)) => tries.again(&why).await?,
                made => return made,
            }
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

/// A step that a majority has not confirmed was not made: it is to be made again.
fn confirmed(answer: &Document) -> StoreResult<()> {
    let refused = answer.get_array("writeErrors").ok();
    let refused = refused.and_then(|refused| refused.first());
    match refused.or(answer.get("writeConcernError")) {
        None => Ok(()),
        Some(error) => Err(StoreError::Unavailable(format!(
            "what follows from the log was not written: {error}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_counts_only_when_it_was_written_and_a_majority_confirmed_it() {
        assert!(confirmed(&doc! { "ok": 1, "n": 2 }).is_ok());
        assert!(confirmed(&doc! { "ok": 1, "n": 2, "writeErrors": [] }).is_ok());
        let refused = doc! { "ok": 1, "n": 1, "writeErrors": [{ "index": 1, "code": 11_000 }] };
        assert!(confirmed(&refused).is_err());
        let unconfirmed = doc! { "ok": 1, "n": 2, "writeConcernError": { "code": 64 } };
        assert!(confirmed(&unconfirmed).is_err());
    }
}
