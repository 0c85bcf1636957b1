//! Files in the data directory, each under the digest of its content.
//!
//! A file is written beside the others, synced, and only then given its name; so a name always
//! means the whole content, whatever crashes.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt;

use super::{Digest, Files, FilesError, Incoming};

pub struct DiskFiles {
    place: Arc<Place>,
    next: AtomicU64,
}

struct Place {
    dir: PathBuf,
}

impl DiskFiles {
    /// The directory is made if it is missing. What a crash left half written is removed, so it
    /// must be opened by one server only.
    pub fn open(dir: &Path) -> Result<Self, FilesError> {
        let place = Place {
            dir: dir.to_owned(),
        };
        let clean = || -> io::Result<()> {
            std::fs::create_dir_all(dir)?;
            let incoming = place.incoming();
            if incoming.exists() {
                std::fs::remove_dir_all(&incoming)?;
            }
            std::fs::create_dir(&incoming)?;
            for first in 0..=u8::MAX {
                std::fs::create_dir_all(place.shelf(first))?;
            }
            sync_dir(dir)
        };
        clean().map_err(|error| place.failed(&error))?;
        Ok(Self {
            place: Arc::new(place),
            next: AtomicU64::new(0),
        })
    }
}

impl Place {
    fn incoming(&self) -> PathBuf {
        self.dir.join("incoming")
    }

    /// 256 directories, so that none grows without end.
    fn shelf(&self, first: u8) -> PathBuf {
        self.dir.join(format!("{first:02x}"))
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.shelf(digest.0[0]).join(digest.to_string())
    }

    fn failed(&self, error: &io::Error) -> FilesError {
        let dir = self.dir.display();
        FilesError::Unavailable(match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                format!("the disk that holds {dir} is full; make room and it goes on by itself")
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                format!("{dir} cannot be written ({error}); let the server's user write there")
            }
            _ => format!("{dir}: {error}"),
        })
    }

    /// Gives the synced temporary file its name, durably.
    fn shelve(&self, temporary: &Path, digest: Digest) -> io::Result<()> {
        // Over a file that is there already, too: it is the same content, and one that is being
        // removed at this moment would be missing afterwards.
        std::fs::rename(temporary, self.path(digest))?;
        sync_dir(&self.shelf(digest.0[0]))
    }

    fn read(
        &self,
        digest: Digest,
        offset: u64,
        length: usize,
    ) -> Result<Option<Bytes>, FilesError> {
        let path = self.path(digest);
        let found = read_at(&path, offset, length);
        let (bytes, size) = match found {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(&error)),
        };
        let whole = offset == 0 && u64::try_from(bytes.len()).ok() == Some(size);
        if whole && Sha256::digest(&bytes)[..] != digest.0 {
            return Err(FilesError::Corrupt(path.display().to_string()));
        }
        Ok(Some(bytes.into()))
    }
}

/// The bytes asked for, and the size of the file.
fn read_at(path: &Path, offset: u64, length: usize) -> io::Result<(Vec<u8>, u64)> {
    let mut file = std::fs::File::open(path)?;
    let size = file.metadata()?.len();
    let left = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
    let length = length.min(left);
    let mut bytes = Vec::with_capacity(length);
    file.seek(SeekFrom::Start(offset.min(size)))?;
    file.take(u64::try_from(length).unwrap_or(u64::MAX))
        .read_to_end(&mut bytes)?;
    Ok((bytes, size))
}

/// A new name is durable when its directory is.
fn sync_dir(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    std::fs::File::open(dir)?.sync_all()?;
    Ok(())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FilesError> + Send + 'static,
) -> Result<T, FilesError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| FilesError::Unavailable(error.to_string()))?
}

#[async_trait]
impl Files for DiskFiles {
    async fn begin(&self, limit: u64) -> Result<Box<dyn Incoming>, FilesError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let temporary = Temporary(self.place.incoming().join(number.to_string()));
        let file = tokio::fs::File::create_new(&temporary.0)
            .await
            .map_err(|error| self.place.failed(&error))?;
        Ok(Box::new(DiskIncoming {
            place: Arc::clone(&self.place),
            file,
            temporary,
            hash: Sha256::new(),
            size: 0,
            limit,
        }))
    }

    async fn read(
        &self,
        digest: Digest,
        offset: u64,
        length: usize,
    ) -> Result<Option<Bytes>, FilesError> {
        let place = Arc::clone(&self.place);
        blocking(move || place.read(digest, offset, length)).await
    }

    async fn size(&self, digest: Digest) -> Result<Option<u64>, FilesError> {
        match tokio::fs::metadata(self.place.path(digest)).await {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.place.failed(&error)),
        }
    }

    async fn remove(&self, digest: Digest) -> Result<(), FilesError> {
        let place = Arc::clone(&self.place);
        blocking(move || {
            let removed = std::fs::remove_file(place.path(digest));
            match removed.and_then(|()| sync_dir(&place.shelf(digest.0[0]))) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(place.failed(&error)),
                _ => Ok(()),
            }
        })
        .await
    }

    /// A file that is dropped removes itself, and the start removed what a crash had left.
    async fn tidy(&self) -> Result<(), FilesError> {
        Ok(())
    }
}

/// Gone with its owner, unless it got a name by then.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // Renamed, it is not there any more; if it cannot be removed, the next start will.
        let _ = std::fs::remove_file(&self.0);
    }
}

struct DiskIncoming {
    place: Arc<Place>,
    file: tokio::fs::File,
    temporary: Temporary,
    hash: Sha256,
    size: u64,
    limit: u64,
}

#[async_trait]
impl Incoming for DiskIncoming {
    async fn write(&mut self, chunk: Bytes) -> Result<(), FilesError> {
        // Counted even when refused, so that a file that was once too large stays so.
        self.size = self
            .size
            .saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        self.check_size()?;
        self.hash.update(&chunk);
        self.file
            .write_all(&chunk)
            .await
            .map_err(|error| self.place.failed(&error))
    }

    async fn finish(mut self: Box<Self>) -> Result<(Digest, u64), FilesError> {
        self.check_size()?;
        let Self {
            place,
            mut file,
            temporary,
            hash,
            size,
            ..
        } = *self;
        let digest = Digest(hash.finalize().into());
        let synced = async {
            file.flush().await?;
            file.sync_all().await?;
            match file.metadata().await?.len() {
                length if length == size => Ok(()),
                // A chunk that failed was passed over.
                length => Err(io::Error::other(format!(
                    "{length} of {size} bytes were written"
                ))),
            }
        };
        synced.await.map_err(|error| place.failed(&error))?;
        blocking(move || {
            place
                .shelve(&temporary.0, digest)
                .map_err(|error| place.failed(&error))?;
            Ok((digest, size))
        })
        .await
    }
}

impl DiskIncoming {
    fn check_size(&self) -> Result<(), FilesError> {
        if self.size > self.limit {
            return Err(FilesError::TooLarge { limit: self.limit });
        }
        Ok(())
    }
}
