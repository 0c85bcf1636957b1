//! The documents of `GridFS`, and what is done with them in one go.

use std::time::Duration;

use futures::TryStreamExt;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Binary, DateTime, doc};
use mongodb::error::Result as DriverResult;
use mongodb::options::{IndexOptions, ReadConcern};
use mongodb::{Collection, Database, IndexModel};
use serde::{Deserialize, Serialize};

use crate::files::Digest;
use crate::store::is_duplicate;

/// As `GridFS` has it everywhere.
pub(super) const CHUNK: usize = 255 * 1024;
/// What was begun so long ago and is not finished never will be.
const ABANDONED: Duration = Duration::from_secs(86_400);

#[derive(Clone)]
pub(super) struct Collections {
    pub(super) files: Collection<File>,
    pub(super) chunks: Collection<Chunk>,
    pub(super) notes: Collection<Note>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File {
    #[serde(rename = "_id")]
    pub(super) id: ObjectId,
    pub(super) length: i64,
    pub(super) chunk_size: i32,
    pub(super) upload_date: DateTime,
    /// The digest, in hexadecimal.
    pub(super) filename: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Chunk {
    #[serde(rename = "_id")]
    pub(super) id: ObjectId,
    pub(super) files_id: ObjectId,
    pub(super) n: i32,
    pub(super) data: Binary,
}

/// That a file is on its way, in or out.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Note {
    #[serde(rename = "_id")]
    pub(super) file: ObjectId,
    pub(super) leaving: bool,
}

pub(super) fn age(file: ObjectId) -> Duration {
    let begun = file.timestamp().timestamp_millis();
    let millis = DateTime::now().timestamp_millis().saturating_sub(begun);
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

impl Collections {
    pub(super) fn of(database: &Database) -> Self {
        Self {
            files: database.collection("fs.files"),
            chunks: database.collection("fs.chunks"),
            notes: database.collection("fs.notes"),
        }
    }

    pub(super) async fn index(&self) -> DriverResult<()> {
        let unique = || IndexOptions::builder().unique(true).build();
        let name = IndexModel::builder().keys(doc! { "filename": 1 });
        let name = name.options(unique()).build();
        self.files.create_index(name).await?;
        let place = IndexModel::builder().keys(doc! { "files_id": 1, "n": 1 });
        let place = place.options(unique()).build();
        self.chunks.create_index(place).await.map(drop)
    }

    pub(super) async fn find(&self, digest: Digest) -> DriverResult<Option<File>> {
        let name = doc! { "filename": digest.to_string() };
        self.files.find_one(name).await
    }

    /// Chunks that belong to no file, and the note that says so.
    pub(super) async fn forget(&self, file: ObjectId) -> DriverResult<()> {
        self.chunks.delete_many(doc! { "files_id": file }).await?;
        self.notes.delete_one(doc! { "_id": file }).await.map(drop)
    }

    pub(super) async fn remove(&self, digest: Digest) -> DriverResult<()> {
        let Some(file) = self.find(digest).await? else {
            return Ok(());
        };
        let leaving = doc! { "$set": { "leaving": true } };
        let note = self.notes.update_one(doc! { "_id": file.id }, leaving);
        note.upsert(true).await?;
        self.take_away(file.id).await
    }

    async fn take_away(&self, file: ObjectId) -> DriverResult<()> {
        self.files.delete_one(doc! { "_id": file }).await?;
        self.forget(file).await
    }

    pub(super) async fn tidy(&self) -> DriverResult<()> {
        let notes = self.notes.find(doc! {}).await?;
        for note in notes.try_collect::<Vec<Note>>().await? {
            let file = note.file;
            if note.leaving {
                self.take_away(file).await?;
            } else if age(file) > ABANDONED {
                if self.files.find_one(doc! { "_id": file }).await?.is_some() {
                    self.notes.delete_one(doc! { "_id": file }).await?;
                } else {
                    self.forget(file).await?;
                }
            }
        }
        Ok(())
    }

    pub(super) async fn put_chunk(&self, chunk: Chunk) -> DriverResult<()> {
        match self.chunks.insert_one(&chunk).await {
            Err(error) if is_duplicate(&error) => Ok(()),
            put => put.map(drop),
        }
    }

    /// Makes the chunks a file, unless there is one with this content that stays. One that is
    /// leaving is taken away first: whoever removes it would take this content with it.
    pub(super) async fn commit(&self, file: File) -> DriverResult<()> {
        while let Err(error) = self.files.insert_one(&file).await {
            if !is_duplicate(&error) {
                return Err(error);
            }
            let name = self.files.find_one(doc! { "filename": &file.filename });
            // The latest, as the insert saw it.
            match name.read_concern(ReadConcern::local()).await? {
                Some(there) if there.id == file.id => break,
                Some(there) if self.is_leaving(there.id).await? => {
                    self.take_away(there.id).await?;
                }
                Some(_) => return self.forget(file.id).await,
                None => {}
            }
        }
        let note = doc! { "_id": file.id };
        self.notes.delete_one(note).await.map(drop)
    }

    async fn is_leaving(&self, file: ObjectId) -> DriverResult<bool> {
        let note = self.notes.find_one(doc! { "_id": file, "leaving": true });
        let note = note.read_concern(ReadConcern::local()).await?;
        Ok(note.is_some())
    }

    /// The bytes from `offset` on. `None`: the file was removed meanwhile.
    pub(super) async fn read(
        &self,
        file: &File,
        offset: u64,
        length: usize,
    ) -> DriverResult<Option<Vec<u8>>> {
        let size = u64::try_from(file.length).unwrap_or(0);
        let start = offset.min(size);
        let end = start
            .saturating_add(u64::try_from(length).unwrap_or(u64::MAX))
            .min(size);
        let wanted = usize::try_from(end - start).unwrap_or(usize::MAX);
        if wanted == 0 {
            return Ok(Some(Vec::new()));
        }
        let chunk = u64::try_from(file.chunk_size).unwrap_or(1).max(1);
        let number = |at: u64| i64::try_from(at / chunk).unwrap_or(i64::MAX);
        let run = doc! {
            "files_id": file.id,
            "n": { "$gte": number(start), "$lte": number(end - 1) },
        };
        let mut chunks = self.chunks.find(run).sort(doc! { "n": 1 }).await?;
        let mut before = usize::try_from(start % chunk).unwrap_or(0);
        let mut bytes = Vec::with_capacity(wanted);
        while let Some(chunk) = chunks.try_next().await? {
            let part = chunk.data.bytes.get(before..).unwrap_or_default();
            let part = &part[..part.len().min(wanted - bytes.len())];
            bytes.extend_from_slice(part);
            before = 0;
        }
        Ok((bytes.len() == wanted).then_some(bytes))
    }
}
