//! A file on its way in.

use std::time::Duration;

use async_trait::async_trait;
use bytes::{Buf, Bytes, BytesMut};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, DateTime};
use sha2::{Digest as _, Sha256};

use super::GridFiles;
use super::layout::{CHUNK, Chunk, File, age};
use crate::files::{Digest, FilesError, Incoming};

/// A file that takes longer is refused, well before anyone takes it for abandoned.
const LONGEST: Duration = Duration::from_secs(43_200);

pub(super) struct GridIncoming {
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
    pub(super) fn new(files: GridFiles, file: ObjectId, limit: u64) -> Self {
        Self {
            files,
            file,
            buffer: BytesMut::new(),
            next: 0,
            hash: Sha256::new(),
            size: 0,
            limit,
            stage: Stage::Written,
        }
    }

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
