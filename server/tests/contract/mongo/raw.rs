//! The database as the driver sees it, and what a node leaves in it that dies in the middle.

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, DateTime, Document, Uuid, doc};
use protocol::wire::Message;
use protocol::{OpId, RoomId, UserId};

use super::Database;

pub(super) fn bin(id: uuid::Uuid) -> Uuid {
    Uuid::from_bytes(id.into_bytes())
}

pub(super) struct Raw(mongodb::Database);

impl Raw {
    pub(super) async fn of(database: &Database) -> Self {
        Self(database.raw().await)
    }

    pub(super) fn all(&self, name: &str) -> mongodb::Collection<Document> {
        self.0.collection(name)
    }

    pub(super) async fn room(&self, room: RoomId) -> Document {
        let found = self
            .all("rooms")
            .find_one(doc! { "room": bin(room.0) })
            .await;
        found.unwrap().unwrap()
    }

    pub(super) async fn count(&self, name: &str) -> u64 {
        self.all(name).count_documents(doc! {}).await.unwrap()
    }

    pub(super) async fn change_room(&self, room: RoomId, change: Document) {
        let one = doc! { "room": bin(room.0) };
        let changed = self.all("rooms").update_one(one, change).await.unwrap();
        assert_eq!(changed.matched_count, 1);
    }

    /// Writes the next line of the log, and nothing else, as a node that dies at that moment.
    pub(super) async fn line(&self, room: RoomId, by: UserId, op: OpId, what: Document) {
        let doc = self.room(room).await;
        let at = doc! { "room": doc.get("_id") };
        let last = self
            .all("log")
            .find_one(at)
            .sort(doc! { "rev": -1 })
            .await
            .unwrap()
            .unwrap();
        let posts = i64::from(what.contains_key("message"));
        let mut line = doc! {
            "_id": ObjectId::new(),
            "room": doc.get("_id"),
            "rev": last.get_i64("rev").unwrap() + 1,
            "at": DateTime::from_millis(1_795_000_900_000),
            "by": bin(by.0),
            "op": { "id": bin(op.0), "by": bin(by.0) },
            "posted": last.get_i64("posted").unwrap() + posts,
        };
        if posts > 0 {
            line.insert("changed", line.get_i64("rev").unwrap());
        }
        line.extend(what);
        self.all("log").insert_one(line).await.unwrap();
    }

    /// Everything that is stored, as text.
    pub(super) async fn everything(&self) -> String {
        let mut all = String::new();
        for name in self.0.list_collection_names().await.unwrap() {
            let mut found = self.all(&name).find(doc! {}).await.unwrap();
            while found.advance().await.unwrap() {
                let document = found.deserialize_current().unwrap();
                all.push_str(&Bson::Document(document).to_string());
            }
        }
        all
    }
}

pub(super) fn posted(by: UserId, op: OpId, body: &str) -> Document {
    doc! { "kind": "posted", "message": bin(op.0), "author": bin(by.0), "body": body }
}

pub(super) fn about(kind: &str, message: &Message) -> Document {
    doc! { "kind": kind, "of": bin(message.id.0) }
}
