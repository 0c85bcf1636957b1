//! The collections and their indexes.

use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;
use mongodb::{Collection, Database, IndexModel};
use serde::{Deserialize, Serialize};

use super::documents::{Entry, Member, Person, ReactionDoc, Room, Session, Token};
use super::nodes::{Keys, Node};

pub(super) struct Collections {
    pub(super) log: Collection<Entry>,
    pub(super) rooms: Collection<Room>,
    pub(super) members: Collection<Member>,
    pub(super) reactions: Collection<ReactionDoc>,
    pub(super) users: Collection<Person>,
    pub(super) sessions: Collection<Session>,
    pub(super) tokens: Collection<Token>,
    pub(super) meta: Collection<Meta>,
    pub(super) nodes: Collection<Node>,
    pub(super) keys: Collection<Keys>,
}

/// What there is one of: the schema's version, the cluster's identity, the pulse.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Meta {
    #[serde(rename = "_id")]
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cluster: Option<mongodb::bson::Uuid>,
}

impl Collections {
    pub(super) fn of(database: &Database) -> Self {
        Self {
            log: database.collection("log"),
            rooms: database.collection("rooms"),
            members: database.collection("members"),
            reactions: database.collection("reactions"),
            users: database.collection("users"),
            sessions: database.collection("sessions"),
            tokens: database.collection("tokens"),
            meta: database.collection("madang"),
            nodes: database.collection("nodes"),
            keys: database.collection("keys"),
        }
    }

    /// Makes the indexes that are missing. One that is there and is not the same is an error.
    pub(super) async fn index(&self) -> mongodb::error::Result<()> {
        // One rev is one event; it is also the way to read the log.
        make(&self.log, doc! { "room": 1, "rev": 1 }, Index::Unique).await?;
        // One operation of one author is one event, for ever.
        make(&self.log, doc! { "op": 1 }, Index::Unique).await?;
        // One id is one message, whoever posts it.
        make(&self.log, doc! { "message": 1 }, Index::UniqueSparse).await?;
        make(
            &self.log,
            doc! { "room": 1, "kind": 1, "rev": 1 },
            Index::Plain,
        )
        .await?;
        make(&self.log, doc! { "author": 1 }, Index::Sparse).await?;
        make(&self.rooms, doc! { "room": 1 }, Index::Unique).await?;
        make(&self.rooms, doc! { "gone": 1 }, Index::Sparse).await?;
        make(
            &self.members,
            doc! { "_id.room": 1, "here": 1, "seat": 1 },
            Index::Plain,
        )
        .await?;
        make(
            &self.members,
            doc! { "_id.user": 1, "here": 1 },
            Index::Plain,
        )
        .await?;
        make(
            &self.reactions,
            doc! { "_id.room": 1, "_id.message": 1 },
            Index::Plain,
        )
        .await?;
        make(
            &self.reactions,
            doc! { "_id.user": 1, "on": 1 },
            Index::Plain,
        )
        .await?;
        make(&self.users, doc! { "folded": 1 }, Index::UniqueSparse).await?;
        make(&self.users, doc! { "state": 1, "folded": 1 }, Index::Plain).await?;
        make(&self.users, doc! { "watched": 1 }, Index::Sparse).await?;
        make(&self.sessions, doc! { "user": 1 }, Index::Plain).await?;
        make(&self.sessions, doc! { "ends_at": 1 }, Index::Plain).await?;
        make(&self.sessions, doc! { "used_at": 1 }, Index::Plain).await?;
        make(&self.tokens, doc! { "session": 1 }, Index::Plain).await?;
        make(&self.tokens, doc! { "ends_at": 1 }, Index::Plain).await
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Index {
    Plain,
    Sparse,
    Unique,
    UniqueSparse,
}

async fn make<T: Send + Sync>(
    collection: &Collection<T>,
    keys: Document,
    index: Index,
) -> mongodb::error::Result<()> {
    let unique = matches!(index, Index::Unique | Index::UniqueSparse).then_some(true);
    let sparse = matches!(index, Index::Sparse | Index::UniqueSparse).then_some(true);
    let options = IndexOptions::builder()
        .unique(unique)
        .sparse(sparse)
        .build();
    let model = IndexModel::builder().keys(keys).options(options).build();
    collection.create_index(model).await.map(drop)
}
