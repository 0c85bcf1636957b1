//! Files in MongoDB, in the layout of GridFS: a document for each file, and its content in chunks.
//!
//! The chunks are written first, under an id that nobody knows. The document of the file, under the
//! digest of its content, is the commit: a unique index takes it once, and a second node with the
//! same content throws its own chunks away. Before the first chunk and before a removal a note is
//! left, so that what a crash leaves is found by `tidy`.

use std::time::Duration;

use async_trait::async_trait;
use bytes::{Buf, Bytes, BytesMut};
use futures::TryStreamExt;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, DateTime, doc};
use mongodb::error::{Error, Result as DriverResult};
use mongodb::options::IndexOptions;
use mongodb::{Collection, IndexModel};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Digest, Files, FilesError, Incoming};
use crate::store::{Connection, MongoStore, is_duplicate};

/// As every GridFS has it.
const CHUNK: usize = 255 * 1024;
/// What was begun so long ago and is not finished never will be.
const ABANDONED: Duration = Duration::from_secs(86_400);
/// A file that takes longer is refused, well before anyone takes it for abandoned.
const LONGEST: Duration = Duration::from_secs(43_200);

#[derive(Clone)]
pub struct GridFiles {
    connection: Connection,
    all: Collections,
}

#[derive(Clone)]
struct Collections {
    files: Collection<File>,
    chunks: Collection<Chunk>,
    notes: Collection<Note>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(rename = "_id")]
    id: ObjectId,
    length: i64,
    chunk_size: i32,
    upload_date: DateTime,
    /// The digest, in hexadecimal.
    filename: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Chunk {
    #[serde(rename = "_id")]
    id: ObjectId,
    files_id: ObjectId,
    n: i32,
    data: Binary,
}

/// That a file is on its way, in or out.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    #[serde(rename = "_id")]
    file: ObjectId,
    leaving: bool,
}

impl GridFiles {
    /// On the database of the store, and closed with it.
    pub async fn open(store: &MongoStore) -> Result<Self, FilesError> {
        let connection = store.connection().clone();
        let database = connection.database();
        let all = Collections {
            files: database.collection("fs.files"),
            chunks: database.collection("fs.chunks"),
            notes: database.collection("fs.notes"),
        };
        let files = Self { connection, all };
        files.call(|all| async move { all.index().await }).await?;
        files.tidy().await?;
        Ok(files)
    }

    /// Removes what was not finished, once nobody can be at it any more.
    pub async fn tidy(&self) -> Result<(), FilesError> {
        self.call(|all| async move { all.tidy().await }).await
    }

    async fn call<T, W, F>(&self, work: W) -> Result<T, FilesError>
    where
        T: Send + 'static,
        W: FnOnce(Collections) -> F,
        F: Future<Output = DriverResult<T>> + Send + 'static,
    {
        let answer = self.connection.call(work(self.all.clone())).await;
        answer
            .map_err(|unanswered| FilesError::Unavailable(unanswered.to_string()))?
            .map_err(|error| failed(&error))
    }
}

fn failed(error: &Error) -> FilesError {
    FilesError::Unavailable(error.to_string())
}

fn age(file: ObjectId) -> Duration {
    let begun = file.timestamp().timestamp_millis();
    let millis = DateTime::now().timestamp_millis().saturating_sub(begun);
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

impl Collections {
    async fn index(&self) -> DriverResult<()> {
        let unique = || IndexOptions::builder().unique(true).build();
        let name = IndexModel::builder().keys(doc! { "filename": 1 });
        let name = name.options(unique()).build();
        self.files.create_index(name).await?;
        let place = IndexModel::builder().keys(doc! { "files_id": 1, "n": 1 });
        let place = place.options(unique()).build();
        self.chunks.create_index(place).await.map(drop)
    }

    async fn find(&self, digest: Digest) -> DriverResult<Option<File>> {
        let name = doc! { "filename": digest.to_string() };
        self.files.find_one(name).await
    }

    /// Chunks that belong to no file, and the note that says so.
    async fn forget(&self, file: ObjectId) -> DriverResult<()> {
        self.chunks.delete_many(doc! { "files_id": file }).await?;
        self.notes.delete_one(doc! { "_id": file }).await.map(drop)
    }

    async fn remove(&self, digest: Digest) -> DriverResult<()> {
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

    async fn tidy(&self) -> DriverResult<()> {
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

    async fn put_chunk(&self, chunk: Chunk) -> DriverResult<()> {
        match self.chunks.insert_one(&chunk).await {
            Err(error) if is_duplicate(&error) => Ok(()),
            put => put.map(drop),
        }
    }

    /// Makes the chunks a file, unless there is one with this content.
    async fn commit(&self, file: File) -> DriverResult<()> {
        match self.files.insert_one(&file).await {
            Err(error) if is_duplicate(&error) => {
                let mine = doc! { "_id": file.id };
                if self.files.find_one(mine.clone()).await?.is_none() {
                    return self.forget(file.id).await;
                }
                self.notes.delete_one(mine).await.map(drop)
            }
            made => {
                made?;
                self.notes
                    .delete_one(doc! { "_id": file.id })
                    .await
                    .map(drop)
            }
        }
    }

    /// The bytes from `offset` on. `None`: the file was removed meanwhile.
    async fn read(&self, file: &File, offset: u64, length: usize) -> DriverResult<Option<Vec<u8>>> {
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

#[async_trait]
impl Files for GridFiles {
    async fn begin(&self, limit: u64) -> Result<Box<dyn Incoming>, FilesError> {
        let file = ObjectId::new();
        let note = Note {
            file,
            leaving: false,
        };
        self.call(|all| async move { all.notes.insert_one(&note).await.map(drop) })
            .await?;
        Ok(Box::new(GridIncoming {
            files: self.clone(),
            file,
            buffer: BytesMut::new(),
            next: 0,
            hash: Sha256::new(),
            size: 0,
            limit,
            stage: Stage::Written,
        }))
    }

    async fn read(
        &self,
        digest: Digest,
        offset: u64,
        length: usize,
    ) -> Result<Option<Bytes>, FilesError> {
        let read = self.call(move |all| async move {
            let Some(file) = all.find(digest).await? else {
                return Ok(None);
            };
            match all.read(&file, offset, length).await? {
                Some(bytes) => Ok(Some((Some(bytes), file.length))),
                None if all.find(digest).await?.is_some() => Ok(Some((None, file.length))),
                None => Ok(None),
            }
        });
        let Some((bytes, size)) = read.await? else {
            return Ok(None);
        };
        let corrupt = || FilesError::Corrupt(format!("file {digest} in MongoDB"));
        let bytes = bytes.ok_or_else(corrupt)?;
        let whole = offset == 0 && i64::try_from(bytes.len()).ok() == Some(size);
        if whole && Sha256::digest(&bytes)[..] != digest.0 {
            return Err(corrupt());
        }
        Ok(Some(bytes.into()))
    }

    async fn size(&self, digest: Digest) -> Result<Option<u64>, FilesError> {
        let found = self.call(move |all| async move { all.find(digest).await });
        let size = found.await?.map(|file| file.length);
        Ok(size.map(|size| u64::try_from(size).unwrap_or(0)))
    }

    async fn remove(&self, digest: Digest) -> Result<(), FilesError> {
        self.call(move |all| async move { all.remove(digest).await })
            .await
    }
}

struct GridIncoming {
    files: GridFiles,
    file: ObjectId,
    /// What is not in a chunk yet.
    buffer: BytesMut,
    next: i32,
    hash: Sha256,
    size: u64,
    limit: u64,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// All that was given is written or in the buffer.
    Written,
    /// Something is being written, or was when it failed or was given up.
    Unsure,
    /// The document of the file may be there, now or in a moment.
    Offered,
}

impl GridIncoming {
    fn check(&self) -> Result<(), FilesError> {
        if self.size > self.limit {
            return Err(FilesError::TooLarge { limit: self.limit });
        }
        if self.stage != Stage::Written || age(self.file) > LONGEST {
            let reason = "a part of the file was not written; send it again";
            return Err(FilesError::Unavailable(reason.into()));
        }
        Ok(())
    }

    async fn put(&mut self, length: usize) -> Result<(), FilesError> {
        let chunk = Chunk {
            id: ObjectId::new(),
            files_id: self.file,
            n: self.next,
            data: Binary {
                subtype: BinarySubtype::Generic,
                bytes: self.buffer[..length].to_vec(),
            },
        };
        self.stage = Stage::Unsure;
        self.files
            .call(|all| async move { all.put_chunk(chunk).await })
            .await?;
        self.stage = Stage::Written;
        self.buffer.advance(length);
        self.next += 1;
        Ok(())
    }
}

#[async_trait]
impl Incoming for GridIncoming {
    async fn write(&mut self, chunk: Bytes) -> Result<(), FilesError> {
        // Counted even when refused, so that a file that was once too large stays so.
        self.size = self
            .size
            .saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        self.check()?;
        self.hash.update(&chunk);
        self.buffer.extend_from_slice(&chunk);
        while self.buffer.len() >= CHUNK {
            self.put(CHUNK).await?;
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<(Digest, u64), FilesError> {
        self.check()?;
        if !self.buffer.is_empty() {
            self.put(self.buffer.len()).await?;
        }
        let digest = Digest(self.hash.clone().finalize().into());
        let file = File {
            id: self.file,
            length: i64::try_from(self.size).unwrap_or(i64::MAX),
            chunk_size: i32::try_from(CHUNK).unwrap_or(i32::MAX),
            upload_date: DateTime::now(),
            filename: digest.to_string(),
        };
        self.stage = Stage::Offered;
        self.files
            .call(|all| async move { all.commit(file).await })
            .await?;
        Ok((digest, self.size))
    }
}

impl Drop for GridIncoming {
    /// Only what is known to be at rest is removed at once: a chunk that is still on its way would
    /// stay behind, and what was offered may be a file by now. For those the note stays, and
    /// `tidy` looks again when nothing can be on its way any more.
    fn drop(&mut self) {
        if self.stage != Stage::Written {
            return;
        }
        let (all, file) = (self.files.all.clone(), self.file);
        self.files.connection.begin(async move {
            if let Err(error) = all.forget(file).await {
                tracing::warn!(%error, "an unfinished file stays until it is tidied");
            }
        });
    }
}
