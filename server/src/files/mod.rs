//! Files by the digest of their content.

mod disk;
mod gridfs;

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;

pub use disk::DiskFiles;
pub use gridfs::GridFiles;

/// SHA-256 of the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error("larger than the {limit} bytes that are allowed")]
    TooLarge { limit: u64 },
    #[error("the file store does not answer: {0}")]
    Unavailable(String),
    #[error("the file's content is not what was stored: {0}")]
    Corrupt(String),
}

/// A file on its way in.
#[async_trait]
pub trait Incoming: Send {
    async fn write(&mut self, chunk: Bytes) -> Result<(), FilesError>;

    /// Makes it durable and answers its name. A file with the same content is kept once.
    async fn finish(self: Box<Self>) -> Result<(Digest, u64), FilesError>;
}

#[async_trait]
pub trait Files: Send + Sync + 'static {
    /// Begins a file; dropped without `finish`, nothing is left of it.
    async fn begin(&self, limit: u64) -> Result<Box<dyn Incoming>, FilesError>;

    /// The bytes from `offset` on, at most `length`; `None` when there is no such file.
    async fn read(
        &self,
        digest: Digest,
        offset: u64,
        length: usize,
    ) -> Result<Option<Bytes>, FilesError>;

    /// The size, if it is there.
    async fn size(&self, digest: Digest) -> Result<Option<u64>, FilesError>;

    async fn remove(&self, digest: Digest) -> Result<(), FilesError>;

    /// Removes what was begun and never finished, once nobody can be at it any more.
    async fn tidy(&self) -> Result<(), FilesError>;
}
