//! A few connections that read. Each reading sees one moment of the whole database, and never
//! waits for the writer.

use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::open::{OpenError, Place};
use super::writer::closed;
use crate::store::{StoreError, StoreResult};

const READERS: usize = 4;

pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    /// One permit for each idle connection.
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn open(place: &Place) -> Result<Self, OpenError> {
        let idle = (0..READERS)
            .map(|_| place.reader())
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            idle: Arc::new(Mutex::new(idle)),
            permits: Arc::new(Semaphore::new(READERS)),
        })
    }

    pub(super) async fn read<T, F>(&self, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| closed())?;
        let idle = Arc::clone(&self.idle);
        let reading = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let borrowed = Borrowed::from(&idle)?;
            let snapshot = borrowed.connection()?.unchecked_transaction()?;
            work(&snapshot)
        });
        reading
            .await
            .map_err(|error| StoreError::Unavailable(error.to_string()))?
    }

    /// Waits for those who still read, and lets nobody else in.
    pub(super) async fn close(&self) {
        let all = u32::try_from(READERS).unwrap_or(u32::MAX);
        if let Ok(permits) = self.permits.acquire_many(all).await {
            self.permits.close();
            permits.forget();
            self.idle.lock().clear();
        }
    }
}

/// Gives the connection back even when the reading panics.
struct Borrowed<'a> {
    idle: &'a Mutex<Vec<Connection>>,
    connection: Option<Connection>,
}

impl<'a> Borrowed<'a> {
    fn from(idle: &'a Mutex<Vec<Connection>>) -> StoreResult<Self> {
        let connection = idle.lock().pop();
        Ok(Self { idle, connection })
    }

    fn connection(&self) -> StoreResult<&Connection> {
        self.connection.as_ref().ok_or_else(closed)
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        self.idle.lock().extend(self.connection.take());
    }
}
