//! What is SQLite's own: the data directory, what a crash leaves in it, what is on the disk.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use protocol::wire::{EventKind, RoomKind};
use protocol::{OpId, Rev, RoomId};
use rusqlite::Connection;
use server::store::*;
use tempfile::TempDir;
use uuid::Uuid;

use crate::store::sessions::IDLE;
use crate::store::{Made, World, delete, edit, post};

/// In memory where the machine offers it: what a disk adds, other tests ask.
pub fn fresh() -> Made {
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    };
    let dir = dir.unwrap();
    (
        Arc::new(SqliteStore::open(dir.path()).unwrap()),
        Box::new(dir),
    )
}

/// A world in a directory that outlives it.
fn world_in(dir: &Path) -> World {
    World::new(
        (Arc::new(SqliteStore::open(dir).unwrap()), Box::new(())),
        true,
    )
}

fn refusal(dir: &Path) -> String {
    SqliteStore::open(dir).err().unwrap().to_string()
}

#[tokio::test]
async fn two_servers_cannot_share_a_directory() {
    let dir = TempDir::new().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    let sentence = refusal(dir.path());
    assert!(
        sentence.starts_with("Another server already uses the data directory"),
        "{sentence}"
    );
    store.close().await.unwrap();
    SqliteStore::open(dir.path()).unwrap();
}

#[tokio::test]
async fn a_directory_that_is_missing_is_made_for_this_user_alone() {
    let dir = TempDir::new().unwrap();
    let deep = dir.path().join("a/b");
    let store = SqliteStore::open(&deep).unwrap();
    store.ready().await.unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&deep), 0o700);
        assert_eq!(mode(&deep.join("madang.db")), 0o600);
    }
}

#[test]
fn a_place_that_cannot_be_a_directory_is_refused() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let sentence = refusal(&file);
    assert!(
        sentence.contains("cannot be used") && sentence.contains("MADANG_DATA"),
        "{sentence}"
    );
}

#[test]
fn another_programs_database_is_left_alone() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("madang.db");
    let other = Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(other);
    let sentence = refusal(dir.path());
    assert!(
        sentence.contains("belongs to another program"),
        "{sentence}"
    );

    std::fs::write(
        &file,
        "this is not a database, but it is somebody's\n".repeat(50),
    )
    .unwrap();
    let sentence = refusal(dir.path());
    assert!(
        sentence.contains("belongs to another program"),
        "{sentence}"
    );
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let dir = TempDir::new().unwrap();
    SqliteStore::open(dir.path())
        .unwrap()
        .close()
        .await
        .unwrap();
    let newer = Connection::open(dir.path().join("madang.db")).unwrap();
    newer.pragma_update(None, "user_version", 999).unwrap();
    drop(newer);
    let sentence = refusal(dir.path());
    assert!(
        sentence.contains("newer Madang") && sentence.contains("999"),
        "{sentence}"
    );
}

#[tokio::test]
async fn a_database_that_vanishes_under_the_server_is_noticed() {
    let dir = TempDir::new().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    store.ready().await.unwrap();
    std::fs::remove_file(dir.path().join("madang.db")).unwrap();
    let error = store.ready().await.unwrap_err();
    assert!(
        matches!(&error, StoreError::CannotWrite(why) if why.contains("is gone")),
        "{error}"
    );
}

#[tokio::test]
async fn a_reopened_store_goes_on_where_it_was() {
    let dir = TempDir::new().unwrap();
    let world = world_in(dir.path());
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let append = world.does(mina, post("hello"));
    let event = world.event(world.append(room, append.clone()).await);
    let log = world.log(room).await;
    world.store.close().await.unwrap();
    assert!(!dir.path().join("madang.db-wal").exists());

    let world = world_in(dir.path());
    assert_eq!(world.log(room).await, log);
    assert_eq!(
        world.append(room, append).await,
        Ok(Appended::Repeated(event))
    );
}

#[tokio::test]
async fn an_event_of_an_unknown_kind_has_its_place_and_changes_nothing() {
    let dir = TempDir::new().unwrap();
    let world = world_in(dir.path());
    let (mina, juno) = (world.person("mina").await, world.person("juno").await);
    let room = world.group(mina, &[juno]).await;
    let message = world.post(room, mina, "hello").await;
    let before = world.log(room).await;
    let op = world.op();
    let file = Connection::open(dir.path().join("madang.db")).unwrap();
    let line = (mina.as_bytes(), op.as_bytes());
    file.execute(
        "INSERT INTO event SELECT key, 3, 0, ?1, ?2, 1, 'pinned', 2, NULL, 'more' FROM room",
        line,
    )
    .unwrap();
    file.execute("UPDATE room SET head = 3", []).unwrap();

    let log = world.log(room).await;
    assert_eq!(log[..2], before);
    let (rev, by, posted) = (log[2].rev, log[2].by, log[2].posted);
    assert_eq!((rev, by, posted), (Rev(3), mina, 1));
    assert_eq!(log[2].kind, EventKind::Unknown);
    assert_eq!(world.unread(room, juno).await, 1);
    assert_eq!(world.all_messages(room).await, [message]);
    let again = Append {
        op,
        ..world.does(mina, post("under the same id"))
    };
    assert_eq!(world.append(room, again).await, Err(Refusal::IdTaken));
    assert_eq!(world.post(room, juno, "on").await.rev, Rev(4));
    assert_eq!(world.log(room).await.len(), 4);
}

#[tokio::test]
async fn what_was_erased_is_not_on_the_disk_any_more() {
    let dir = TempDir::new().unwrap();
    let world = world_in(dir.path());
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let other = world.group(mina, &[]).await;
    let message = world.post(room, mina, &"first-secret ".repeat(1_000)).await;
    world
        .change(room, mina, edit(&message, "second-secret"))
        .await;
    world.change(room, mina, delete(&message)).await;
    world.post(other, mina, "third-secret").await;
    world.post(room, mina, "kept-in-sight").await;
    world.store.delete_room(other).await.unwrap();
    world.store.close_account(mina).await.unwrap();

    let gone = [
        "first-secret",
        "second-secret",
        "third-secret",
        "hash of mina",
    ];
    // While the server runs, and after it.
    wait_for_an_empty_log(dir.path());
    assert_eq!(held(dir.path(), &gone), [""; 0]);
    world.store.close().await.unwrap();
    assert_eq!(held(dir.path(), &gone), [""; 0]);
    assert_eq!(held(dir.path(), &["kept-in-sight"]), ["kept-in-sight"]);
}

#[tokio::test]
async fn what_was_erased_before_a_crash_is_not_on_the_disk_after_the_next_start() {
    let [dir, crashed] = [(); 2].map(|()| TempDir::new().unwrap());
    let world = world_in(dir.path());
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let message = world.post(room, mina, "a-secret").await;
    world.change(room, mina, delete(&message)).await;
    // What a crash at this moment would leave.
    for file in ["madang.db", "madang.db-wal"] {
        std::fs::copy(dir.path().join(file), crashed.path().join(file)).unwrap();
    }
    assert_eq!(held(crashed.path(), &["a-secret"]), ["a-secret"]);
    let world = world_in(crashed.path());
    wait_for_an_empty_log(crashed.path());
    assert_eq!(held(crashed.path(), &["a-secret"]), [""; 0]);
    assert_eq!(world.log(room).await.len(), 3);
}

fn wait_for_an_empty_log(dir: &Path) {
    let log = dir.join("madang.db-wal");
    while std::fs::metadata(&log).unwrap().len() > 0 {
        std::thread::yield_now();
    }
}

/// Of these texts, those that are in some file of the directory.
fn held<'a>(dir: &Path, texts: &[&'a str]) -> Vec<&'a str> {
    let files = std::fs::read_dir(dir).unwrap();
    let disk: Vec<u8> = files
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    let is_held = |text: &&&str| {
        let mut windows = disk.windows(text.len());
        windows.any(|window| window == text.as_bytes())
    };
    texts.iter().filter(is_held).copied().collect()
}

#[tokio::test]
async fn a_deletion_that_was_interrupted_is_finished_later() {
    let dir = TempDir::new().unwrap();
    let world = world_in(dir.path());
    let mina = world.person("mina").await;
    let room = world.group(mina, &[]).await;
    let batch = (0..5_000)
        .map(|n| world.does(mina, post(&n.to_string())))
        .collect();
    world.store.append(room, batch).await.unwrap();
    // Whoever asked goes away as soon as the first step is on its way.
    tokio::select! {
        biased;
        _ = world.store.delete_room(room) => panic!("it takes more than one step"),
        () = std::future::ready(()) => {}
    }
    // This waits its turn behind that first step.
    world.store.ready().await.unwrap();
    assert!(world.log(room).await.is_empty());
    world.store.tidy(world.now(), IDLE).await.unwrap();
    world.store.close().await.unwrap();

    let disk = Connection::open(dir.path().join("madang.db")).unwrap();
    for table in ["room", "member", "event", "message", "reaction"] {
        let question = format!("SELECT count(*) FROM {table}");
        let left = disk
            .query_row(&question, [], |row| row.get::<_, i64>(0))
            .unwrap();
        assert_eq!(left, 0, "rows of {table}");
    }
}

const VICTIM: &str = "MADANG_TEST_VICTIM";

/// Does nothing, unless the test below runs it as the process to be killed: then it posts, and
/// says the id of each post once it is acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_victim_posts_until_it_is_killed() {
    let Some(dir) = std::env::var_os(VICTIM) else {
        return;
    };
    let world = world_in(Path::new(&dir));
    let mina = world.person("mina").await;
    let mut draft = world.room_draft(RoomKind::Group, mina, &[]);
    draft.id = RoomId(Uuid::from_u128(1));
    let room = draft.id;
    world.event(world.store.create_room(draft).await.unwrap());
    loop {
        let batch = (0..3)
            .map(|_| world.does(mina, post("acknowledged")))
            .collect::<Vec<_>>();
        let ops = batch
            .iter()
            .map(|append| append.op.to_string())
            .collect::<Vec<_>>();
        world.store.append(room, batch).await.unwrap();
        println!("ack {}", ops.join(" "));
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let dir = TempDir::new().unwrap();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "sqlite::a_victim_posts_until_it_is_killed",
            "--nocapture",
        ])
        .env(VICTIM, dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::<OpId>::new();
    for line in lines {
        let line = line.unwrap();
        let Some((_, ops)) = line.split_once("ack ") else {
            continue;
        };
        acknowledged.extend(ops.split(' ').map(|op| op.parse::<OpId>().unwrap()));
        if acknowledged.len() == 60 {
            victim.kill().unwrap();
        }
    }
    victim.wait().unwrap();

    let store = SqliteStore::open(dir.path()).unwrap();
    let log = store
        .events(RoomId(Uuid::from_u128(1)), Rev::ZERO, 10_000)
        .await
        .unwrap();
    assert!(acknowledged.len() >= 60);
    assert!(log.iter().map(|event| event.rev.0).eq(1..=log.len() as u64));
    for op in acknowledged {
        assert!(log.iter().any(|event| event.op == op), "{op} was lost");
    }
}
