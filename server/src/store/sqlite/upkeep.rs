//! What the operator's side asks: is it well, clean up, close.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use protocol::Timestamp;

use super::SqliteStore;
use super::open::{OpenError, Place};
use crate::store::{StoreError, StoreResult, Upkeep};

/// Which file on the disk was opened. A server goes on writing into a file that was deleted under
/// it, and everything is gone when it ends; so readiness asks whether the name still means the
/// same file.
pub(super) struct Identity {
    file: PathBuf,
    number: u64,
}

impl Identity {
    pub(super) fn of(place: &Place) -> Result<Self, OpenError> {
        let number = file_number(&place.file).map_err(|source| OpenError::Directory {
            dir: place.file.clone(),
            source,
        })?;
        Ok(Self {
            file: place.file.clone(),
            number,
        })
    }

    fn check(&self) -> StoreResult<()> {
        match file_number(&self.file) {
            Ok(number) if number == self.number => Ok(()),
            Ok(_) => Err(StoreError::CannotWrite(format!(
                "the database {} was replaced under the running server; restart it",
                self.file.display()
            ))),
            Err(error) => Err(StoreError::CannotWrite(format!(
                "the database {} is gone ({error}); put the data directory back and restart",
                self.file.display()
            ))),
        }
    }
}

#[cfg(unix)]
fn file_number(file: &std::path::Path) -> io::Result<u64> {
    std::fs::metadata(file).map(|metadata| std::os::unix::fs::MetadataExt::ino(&metadata))
}

#[cfg(not(unix))]
fn file_number(file: &std::path::Path) -> io::Result<u64> {
    std::fs::metadata(file).map(|_| 0)
}

#[async_trait]
impl Upkeep for SqliteStore {
    async fn ready(&self) -> StoreResult<()> {
        self.identity.check()?;
        self.read(|c| Ok(c.query_row("SELECT beats FROM pulse", [], |_| Ok(()))?))
            .await?;
        self.write(|c| {
            c.prepare_cached("UPDATE pulse SET beats = beats + 1")?
                .execute([])?;
            Ok(())
        })
        .await
    }

    async fn tidy(&self, now: Timestamp, idle: Duration) -> StoreResult<()> {
        self.write(move |c| {
            c.execute(
                "DELETE FROM session WHERE ends_at <= ?1 OR used_at < ?2",
                [now.millis(), now.minus(idle).millis()],
            )?;
            Ok(())
        })
        .await?;
        self.purge().await
    }

    async fn close(&self) -> StoreResult<()> {
        self.readers.close().await;
        self.writer.close().await
    }
}
