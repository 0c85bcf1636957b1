//! The embedded store: one SQLite file in the data directory, one thread that writes, a few
//! connections that read. This adapter is the default; it needs nothing installed.

mod append;
mod failure;
mod log;
mod open;
mod open_log;
mod operations;
mod people;
mod readers;
mod rooms;
mod rows;
mod sessions;
mod upkeep;
mod writer;

use std::path::Path;

use open::Place;
pub use open::{Found, OpenError};
use readers::Readers;
use rusqlite::Connection;
use upkeep::Identity;
use writer::Writer;

use super::StoreResult;

pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
    identity: Identity,
}

impl SqliteStore {
    /// Opens the data directory, which is made if it is missing, and owns it until `close`, or
    /// until the store is dropped and its last write is done.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let place = Place::take(dir)?;
        let connection = place.writer()?;
        let readers = Readers::open(&place)?;
        let identity = Identity::of(&place)?;
        let writer = Writer::start(connection, place.lock)?;
        Ok(Self {
            writer,
            readers,
            identity,
        })
    }

    /// Looks at the data directory, and changes nothing in it.
    pub fn look(dir: &Path) -> Result<Found, OpenError> {
        open::look(dir)
    }

    async fn write<T, F>(&self, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        self.writer.write(0, false, work).await
    }

    /// Writes what takes something away for good.
    async fn erase<T, F>(&self, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        self.writer.write(0, true, work).await
    }

    async fn read<T, F>(&self, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        self.readers.read(work).await
    }
}
