//! The methods of `Files`, passed through. A file on its way in cannot go on after an error: whoever
//! repeats it begins it anew, with all that was given so far.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use server::files::{Digest, Files, FilesError, Incoming};
use tokio::sync::Mutex;

use super::{Around, Wrapped};

#[async_trait]
impl<W: Around> Files for Wrapped<dyn Files, W> {
    async fn begin(&self, limit: u64) -> Result<Box<dyn Incoming>, FilesError> {
        Ok(Box::new(Repeatable {
            files: Arc::clone(&self.inner),
            around: Arc::clone(&self.around),
            limit,
            given: Vec::new(),
            written: Mutex::default(),
        }))
    }

    async fn read(
        &self,
        digest: Digest,
        offset: u64,
        length: usize,
    ) -> Result<Option<Bytes>, FilesError> {
        self.around
            .around(|| self.inner.read(digest, offset, length))
            .await
    }

    async fn size(&self, digest: Digest) -> Result<Option<u64>, FilesError> {
        self.around.around(|| self.inner.size(digest)).await
    }

    async fn remove(&self, digest: Digest) -> Result<(), FilesError> {
        self.around.around(|| self.inner.remove(digest)).await
    }

    async fn tidy(&self) -> Result<(), FilesError> {
        self.around.around(|| self.inner.tidy()).await
    }
}

struct Repeatable<W> {
    files: Arc<dyn Files>,
    around: Arc<W>,
    limit: u64,
    given: Vec<Bytes>,
    /// The file within, and how many of the chunks it has; none after an error or its end.
    written: Mutex<Option<(Box<dyn Incoming>, usize)>>,
}

impl<W> Repeatable<W> {
    /// Brings the file within to where this one is.
    async fn catch_up(&self) -> Result<Box<dyn Incoming>, FilesError> {
        let known = self.written.lock().await.take();
        let (mut incoming, written) = match known {
            Some(known) => known,
            None => (self.files.begin(self.limit).await?, 0),
        };
        for chunk in &self.given[written..] {
            incoming.write(chunk.clone()).await?;
        }
        Ok(incoming)
    }

    async fn write_all(&self) -> Result<(), FilesError> {
        let incoming = self.catch_up().await?;
        *self.written.lock().await = Some((incoming, self.given.len()));
        Ok(())
    }

    async fn finish_all(&self) -> Result<(Digest, u64), FilesError> {
        self.catch_up().await?.finish().await
    }
}

#[async_trait]
impl<W: Around> Incoming for Repeatable<W> {
    async fn write(&mut self, chunk: Bytes) -> Result<(), FilesError> {
        self.given.push(chunk);
        let this = &*self;
        this.around.around(|| this.write_all()).await
    }

    async fn finish(self: Box<Self>) -> Result<(Digest, u64), FilesError> {
        self.around.around(|| self.finish_all()).await
    }
}
