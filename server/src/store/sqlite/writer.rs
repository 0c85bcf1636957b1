//! The one thread that writes, and its group commit.
//!
//! Whatever was queued while the previous commit was on its way to the disk goes into the next
//! one: alone, a request costs one fsync; under load, hundreds share it. Nobody is answered
//! before the commit, and a request that fails takes nobody else down with it.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, Error};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::failure::{explain, sync_failed};
use super::open::{Lock, OpenError};
use crate::store::{StoreError, StoreResult};

/// Bytes that may wait for the disk; who comes after that waits at the door.
const QUEUE_BYTES: usize = 32 << 20;
/// Bytes after which a transaction is closed, so that its first request need not wait for ever.
const COMMIT_BYTES: usize = 4 << 20;
/// What a request weighs besides its text.
const REQUEST_BYTES: usize = 512;
/// Pages of the write-ahead log after which they are moved into the database.
const CHECKPOINT_PAGES: i32 = 4_000;
/// Pages after which the log is begun anew even if readers must be waited for.
const RESTART_PAGES: i32 = 32_000;
/// Where something was erased, the log, which holds it still, is emptied so much later, as soon as
/// nobody wants to write …
const ERASE_AFTER: Duration = Duration::from_secs(2);
/// … and after so much longer also if somebody does.
const ERASE_PATIENCE: Duration = Duration::from_secs(30);

const EMPTY_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

pub(super) struct Writer {
    /// `None` once closed.
    queue: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    /// Bounds what the queue holds.
    room: Arc<Semaphore>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// The lock on the data directory goes with the thread, because it may be let go only after
    /// the last write.
    pub(super) fn start(mut connection: Connection, lock: Lock) -> Result<Self, OpenError> {
        let pages = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&pages);
        let hook = move |_: &mut Wal, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        };
        connection
            .wal_hook(Some(hook))
            .map_err(|e| OpenError::Thread(std::io::Error::other(e)))?;
        let (queue, jobs) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || {
                Loop {
                    connection,
                    pages,
                    moved: 0,
                    // What a crash left in the log may have been erased since.
                    erase_at: Some(Instant::now()),
                    broken: None,
                }
                .run(&jobs);
                drop(lock);
            })
            .map_err(OpenError::Thread)?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            room: Arc::new(Semaphore::new(QUEUE_BYTES)),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Runs `work` inside the next transaction; its result comes back when that is durable.
    /// `text` is how many bytes `work` carries. Once queued it is done even if the caller leaves.
    /// What `erases` is gone from the disk soon after.
    pub(super) async fn write<T, F>(&self, text: usize, erases: bool, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        let weight = text.saturating_add(REQUEST_BYTES).min(QUEUE_BYTES);
        let permits = u32::try_from(weight).unwrap_or(u32::MAX);
        let space = Arc::clone(&self.room).acquire_many_owned(permits).await;
        let (reply, answer) = oneshot::channel();
        let task = Task {
            weight,
            erases,
            work: Some(work),
            outcome: None,
            reply,
            _space: space.map_err(|_| closed())?,
        };
        match &*self.queue.lock() {
            Some(queue) => queue.send(Box::new(task)).map_err(|_| stopped())?,
            None => return Err(closed()),
        }
        answer.await.map_err(|_| stopped())?
    }

    /// Does what is queued, writes back and ends the thread.
    pub(super) async fn close(&self) -> StoreResult<()> {
        drop(self.queue.lock().take());
        let Some(thread) = self.thread.lock().take() else {
            return Ok(());
        };
        match tokio::task::spawn_blocking(move || thread.join()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(stopped()),
        }
    }
}

pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("it was closed, because the server is stopping".into())
}

fn stopped() -> StoreError {
    StoreError::Unavailable("its writer has stopped; restart the server".into())
}

/// One request on its way through a transaction.
trait Job: Send {
    fn weight(&self) -> usize;

    fn erases(&self) -> bool;

    /// When it fails, whatever it wrote must be undone.
    fn run(&mut self, connection: &Connection) -> StoreResult<()>;

    fn answer(self: Box<Self>, committed: StoreResult<()>);
}

struct Task<T, F> {
    weight: usize,
    erases: bool,
    work: Option<F>,
    outcome: Option<T>,
    reply: oneshot::Sender<StoreResult<T>>,
    _space: OwnedSemaphorePermit,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> StoreResult<T> + Send,
{
    fn weight(&self) -> usize {
        self.weight
    }

    fn erases(&self) -> bool {
        self.erases
    }

    fn run(&mut self, connection: &Connection) -> StoreResult<()> {
        if let Some(work) = self.work.take() {
            self.outcome = Some(work(connection)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, committed: StoreResult<()>) {
        let Self { outcome, reply, .. } = *self;
        // A caller who has left does not need to know.
        let _ = reply.send(committed.and_then(|()| outcome.ok_or_else(stopped)));
    }
}

/// The requests of one transaction, and those that failed in it, each with its reason.
type Jobs = Vec<(Box<dyn Job>, StoreResult<()>)>;

struct Loop {
    connection: Connection,
    /// How long the write-ahead log was after the last commit.
    pages: Arc<AtomicI32>,
    /// How long it was when it was last moved into the database.
    moved: i32,
    /// When it is to be emptied, because of what was erased.
    erase_at: Option<Instant>,
    /// Why nothing is believed any more: an fsync failed.
    broken: Option<StoreError>,
}

impl Loop {
    fn run(mut self, queue: &mpsc::Receiver<Box<dyn Job>>) {
        while let Some(first) = self.next(queue) {
            let mut jobs = Jobs::new();
            let committed = match &self.broken {
                Some(error) => {
                    jobs.push((first, Ok(())));
                    Err(error.clone())
                }
                None => self.commit(first, queue, &mut jobs),
            };
            if committed.is_ok() && jobs.iter().any(|(job, _)| job.erases()) {
                self.erase_at
                    .get_or_insert_with(|| Instant::now() + ERASE_AFTER);
            }
            for (job, outcome) in jobs {
                job.answer(outcome.and_then(|()| committed.clone()));
            }
            if committed.is_ok() {
                self.checkpoint_if_long();
            }
            if self
                .erase_at
                .is_some_and(|at| at.elapsed() > ERASE_PATIENCE)
            {
                self.empty_log();
            }
        }
        self.write_back();
    }

    /// The next request. The log is emptied while none waits.
    fn next(&mut self, queue: &mpsc::Receiver<Box<dyn Job>>) -> Option<Box<dyn Job>> {
        while let Some(at) = self.erase_at {
            match queue.recv_timeout(at.saturating_duration_since(Instant::now())) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Timeout) => self.empty_log(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        queue.recv().ok()
    }

    /// One transaction of `first` and of what is queued until it is long enough.
    fn commit(
        &mut self,
        first: Box<dyn Job>,
        queue: &mpsc::Receiver<Box<dyn Job>>,
        jobs: &mut Jobs,
    ) -> StoreResult<()> {
        let mut weight = 0;
        let mut next = Some(first);
        let mut standing = self.execute("BEGIN IMMEDIATE");
        while let Some(mut job) = next.take() {
            weight += job.weight();
            let mut outcome = Ok(());
            if standing.is_ok() {
                standing = self.run_apart(job.as_mut(), &mut outcome);
            }
            jobs.push((job, outcome));
            if standing.is_ok() && weight < COMMIT_BYTES {
                next = queue.try_recv().ok();
            }
        }
        let committed = standing.and_then(|()| self.execute("COMMIT"));
        if committed.is_err() && !self.connection.is_autocommit() {
            // Nothing better can be done if this fails too: the next BEGIN will say so.
            let _ = self.execute("ROLLBACK");
        }
        committed
    }

    /// A savepoint around each request, so that one that fails is undone alone. The error is
    /// the transaction's: everyone in it has failed.
    fn run_apart(&mut self, job: &mut dyn Job, outcome: &mut StoreResult<()>) -> StoreResult<()> {
        self.execute("SAVEPOINT request")?;
        *outcome = job.run(&self.connection);
        if let Err(error) = outcome {
            if self.connection.is_autocommit() {
                // A full disk, for one, makes SQLite give up the transaction as a whole.
                return Err(error.clone());
            }
            self.execute("ROLLBACK TO request")?;
        }
        self.execute("RELEASE request")
    }

    fn execute(&mut self, statement: &str) -> StoreResult<()> {
        let done = self
            .connection
            .prepare_cached(statement)
            .and_then(|mut s| s.execute([]));
        done.map(drop).map_err(|error| self.note(&error))
    }

    fn checkpoint_if_long(&mut self) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.moved {
            // It began anew.
            self.moved = 0;
        }
        if pages - self.moved < CHECKPOINT_PAGES {
            return;
        }
        self.moved = pages;
        let mode = if pages < RESTART_PAGES {
            "PASSIVE"
        } else {
            "RESTART"
        };
        let statement = format!("PRAGMA wal_checkpoint({mode})");
        if let Err(error) = self.connection.query_row(&statement, [], |_| Ok(())) {
            self.note(&error);
        }
    }

    fn empty_log(&mut self) {
        if self.broken.is_some() {
            self.erase_at = None;
            return;
        }
        let busy = self.connection.query_row(EMPTY_LOG, [], |row| row.get(0));
        self.erase_at = match busy {
            Ok(false) => {
                self.moved = 0;
                None
            }
            // Somebody reads it, for longer than is waited for.
            Ok(true) => Some(Instant::now() + ERASE_AFTER),
            Err(error) => {
                self.note(&error);
                Some(Instant::now() + ERASE_PATIENCE)
            }
        };
    }

    fn note(&mut self, error: &Error) -> StoreError {
        let explained = explain(error);
        tracing::error!(error = %explained, "the store cannot commit");
        if sync_failed(error) {
            self.broken = Some(explained.clone());
        }
        explained
    }

    fn write_back(self) {
        let Self { connection, .. } = self;
        let done = connection
            .execute_batch("PRAGMA optimize")
            .and_then(|()| connection.query_row(EMPTY_LOG, [], |_| Ok(())))
            .and_then(|()| connection.close().map_err(|(_, error)| error));
        if let Err(error) = done {
            // Nothing is lost: the next start reads the write-ahead log.
            tracing::warn!(%error, "the store was not written back");
        }
    }
}
