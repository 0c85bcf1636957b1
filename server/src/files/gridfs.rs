//! Files in MongoDB, in the layout of `GridFS`: a document for each file, and its content in chunks.
//!
//! The chunks are written first, under an id that nobody knows. The document of the file, under the
//! digest of its content, is the commit: a unique index takes it once, and a second node with the
//! same content throws its own chunks away. Before the first chunk and before a removal a note is
//! left, so that what a crash leaves is found by `tidy`.

mod incoming;
mod layout;

use async_trait::async_trait;
use bytes::Bytes;
use mongodb::bson::oid::ObjectId;
use mongodb::error::{Error, Result as DriverResult};
use sha2::{Digest as _, Sha256};

use self::incoming::GridIncoming;
use self::layout::{Collections, Note};
use super::{Digest, Files, FilesError, Incoming};
use crate::store::{Connection, MongoStore};

#[derive(Clone)]
pub struct GridFiles {
    connection: Connection,
    all: Collections,
}

impl GridFiles {
    /// On the database of the store, and closed with it.
    pub async fn open(store: &MongoStore) -> Result<Self, FilesError> {
        let connection = store.connection().clone();
        let all = Collections::of(connection.database());
        let files = Self { connection, all };
        files.call(|all| async move { all.index().await }).await?;
        Ok(files)
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
        Ok(Box::new(GridIncoming::new(self.clone(), file, limit)))
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

    async fn tidy(&self) -> Result<(), FilesError> {
        self.call(|all| async move { all.tidy().await }).await
    }
}
