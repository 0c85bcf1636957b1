//! Group commit, seen from inside: what shares a transaction, and what a failure undoes.

use std::fs::File;

use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};

use futures::future::join_all;
use rusqlite::ffi;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::{
    Arc, Connection, Error, Job, Lock, Loop, Semaphore, StoreError, StoreResult, Task, Writer,
    mpsc, oneshot,
};

struct Bench {
    writer: Arc<Writer>,
    file: PathBuf,
    _dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("test.db");
        let connection = Connection::open(&file).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 CREATE TABLE word (word TEXT UNIQUE)",
            )
            .unwrap();
        let lock = Lock(File::create(dir.path().join("lock")).unwrap());
        let writer = Arc::new(Writer::start(connection, lock).unwrap());
        Self {
            writer,
            file,
            _dir: dir,
        }
    }

    /// What another connection sees: only what is committed.
    fn words(&self) -> Vec<String> {
        words(&Connection::open(&self.file).unwrap())
    }

    async fn put(&self, word: &'static str) -> StoreResult<()> {
        self.writer.write(0, false, move |c| put(c, word)).await
    }

    /// Holds the writer inside a transaction until the sender speaks.
    async fn hold(&self) -> (Sender<()>, JoinHandle<StoreResult<()>>) {
        let (go, wait) = channel::<()>();
        let (entered, inside) = oneshot::channel();
        let writer = Arc::clone(&self.writer);
        let work = move |_: &Connection| {
            let _ = entered.send(());
            let _ = wait.recv();
            Ok(())
        };
        let held = tokio::spawn(async move { writer.write(0, false, work).await });
        inside.await.unwrap();
        (go, held)
    }
}

fn put(c: &Connection, word: &str) -> StoreResult<()> {
    c.execute("INSERT INTO word VALUES (?1)", [word])?;
    Ok(())
}

fn words(c: &Connection) -> Vec<String> {
    let mut query = c.prepare("SELECT word FROM word ORDER BY word").unwrap();
    let words = query.query_map([], |row| row.get(0)).unwrap();
    words.map(Result::unwrap).collect()
}

#[tokio::test]
async fn what_was_queued_meanwhile_shares_one_transaction() {
    let bench = Bench::new();
    let file = bench.file.clone();
    let (go, held) = bench.hold().await;
    let last = bench.writer.write(0, false, move |_| {
        Ok(words(&Connection::open(file).unwrap()))
    });
    let released = async {
        tokio::task::yield_now().await;
        go.send(()).unwrap();
    };
    let (held, first, last, ()) = tokio::join!(held, bench.put("first"), last, released);
    held.unwrap().unwrap();
    first.unwrap();
    // While the last one ran, nobody else could see the first one yet.
    assert!(last.unwrap().is_empty());
    assert_eq!(bench.words(), ["first"]);
}

#[tokio::test]
async fn a_request_that_fails_is_undone_alone() {
    let bench = Bench::new();
    bench.put("there").await.unwrap();
    let (go, held) = bench.hold().await;
    let failing = bench.writer.write(0, false, |c| {
        put(c, "half")?;
        put(c, "there")
    });
    let released = async {
        tokio::task::yield_now().await;
        go.send(()).unwrap();
    };
    let (_, before, failed, after, ()) = tokio::join!(
        held,
        bench.put("before"),
        failing,
        bench.put("after"),
        released
    );
    before.unwrap();
    after.unwrap();
    assert!(matches!(failed, Err(StoreError::Unavailable(_))));
    assert_eq!(bench.words(), ["after", "before", "there"]);
}

#[tokio::test]
async fn a_full_disk_is_said_and_survived() {
    let bench = Bench::new();
    let limit = |pages: u32| {
        bench.writer.write(0, false, move |c| {
            Ok(c.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?)
        })
    };
    limit(8).await.unwrap();
    let large = bench
        .writer
        .write(0, false, |c| put(c, &"large".repeat(50_000)));
    let error = large.await.unwrap_err();
    assert!(
        matches!(&error, StoreError::CannotWrite(why) if why.contains("full")),
        "{error}"
    );
    bench.put("small").await.unwrap();
    limit(1_000_000).await.unwrap();
    let large = bench
        .writer
        .write(0, false, |c| put(c, &"large".repeat(50_000)));
    large.await.unwrap();
    assert_eq!(bench.words().len(), 2);
}

#[tokio::test]
async fn whoever_leaves_does_not_stop_the_others() {
    let bench = Bench::new();
    let (go, held) = bench.hold().await;
    tokio::select! {
        biased;
        _ = bench.put("abandoned") => panic!("the writer is held"),
        () = tokio::task::yield_now() => {}
    }
    go.send(()).unwrap();
    held.await.unwrap().unwrap();
    bench.put("after").await.unwrap();
    assert_eq!(bench.words(), ["abandoned", "after"]);
}

#[tokio::test]
async fn closing_does_what_is_queued_and_refuses_the_rest() {
    let bench = Bench::new();
    let (go, held) = bench.hold().await;
    let close = async {
        tokio::task::yield_now().await;
        go.send(()).unwrap();
        bench.writer.close().await
    };
    let (_, queued, closed) = tokio::join!(held, bench.put("queued"), close);
    queued.unwrap();
    closed.unwrap();
    assert!(matches!(
        bench.put("late").await,
        Err(StoreError::Unavailable(_))
    ));
    assert_eq!(bench.words(), ["queued"]);
}

#[tokio::test]
async fn many_at_once_are_all_written() {
    let bench = Bench::new();
    let numbers = (0..2_000).map(|n| {
        bench
            .writer
            .write(100_000, false, move |c| put(c, &n.to_string()))
    });
    for written in join_all(numbers).await {
        written.unwrap();
    }
    assert_eq!(bench.words().len(), 2_000);
}

#[test]
fn after_a_failed_sync_nothing_is_believed() {
    let bench = Bench::new();
    let mut broken = Loop {
        connection: Connection::open(&bench.file).unwrap(),
        pages: Arc::default(),
        moved: 0,
        erase_at: None,
        broken: None,
    };
    broken.note(&Error::SqliteFailure(
        ffi::Error::new(ffi::SQLITE_IOERR_WRITE),
        None,
    ));
    assert!(broken.broken.is_none());
    broken.note(&Error::SqliteFailure(
        ffi::Error::new(ffi::SQLITE_IOERR_FSYNC),
        None,
    ));
    assert!(broken.broken.is_some());

    let (queue, jobs) = mpsc::channel::<Box<dyn Job>>();
    let (reply, mut answer) = oneshot::channel();
    let space = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
    let task = Task {
        weight: 0,
        erases: false,
        work: Some(|c: &Connection| put(c, "unsafe")),
        outcome: None,
        reply,
        _space: space,
    };
    queue.send(Box::new(task)).ok().unwrap();
    drop(queue);
    broken.run(&jobs);
    let error = answer.try_recv().unwrap().unwrap_err();
    assert!(error.to_string().contains("restart the server"), "{error}");
    assert!(bench.words().is_empty());
}
