//! How many durable appends a second the embedded store takes, and what a lone one costs.
//!
//! `cargo bench -p server --bench append` measures in the system's directory for temporary files,
//! or in the one that is named after `--`. Fsyncs are not estimated: the program runs itself under
//! strace twice, once with and once without a number of lone appends, and counts the difference.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use protocol::wire::RoomKind;
use protocol::{OpId, RoomId, Timestamp, UserId};
use server::store::*;
use tempfile::TempDir;
use uuid::Uuid;

const BODY: usize = 120;
const LONE_APPENDS: usize = 200;
/// Asks this program to be the one that strace watches; the value is how many appends it makes.
const WATCHED: &str = "MADANG_BENCH_WATCHED";

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let dir = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    let dir = dir.map_or_else(std::env::temp_dir, PathBuf::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    if let Ok(appends) = std::env::var(WATCHED) {
        return runtime.block_on(lone(&dir, appends.parse()?)).map(drop);
    }
    println!(
        "Durable appends of {BODY}-byte messages to SQLite in {}",
        dir.display()
    );
    runtime.block_on(flood(
        "1 room, batches of 256 (one busy room's writer)",
        &dir,
        1,
        1,
        256,
    ))?;
    runtime.block_on(flood(
        "16 rooms, batches of 32 (busy rooms' writers)",
        &dir,
        16,
        1,
        32,
    ))?;
    runtime.block_on(flood(
        "64 rooms, one at a time from 512 senders",
        &dir,
        64,
        8,
        1,
    ))?;
    let mut times = runtime.block_on(lone(&dir, LONE_APPENDS))?;
    println!(
        "{:<48} {}",
        "one at a time from one sender",
        latency(&mut times)
    );
    match fsyncs(&dir) {
        Ok(fsyncs) => println!(
            "fsyncs of {LONE_APPENDS} lone appends, counted by strace: {fsyncs} ({} each)",
            fsyncs as f64 / LONE_APPENDS as f64
        ),
        Err(error) => println!("fsyncs were not counted, because strace did not run: {error}"),
    }
    Ok(())
}

/// Everyone appends as fast as the answers come, for a few seconds.
async fn flood(
    title: &str,
    dir: &Path,
    rooms: usize,
    senders: usize,
    batch: usize,
) -> Result<(), Failure> {
    const TIME: Duration = Duration::from_secs(4);
    let scene = Arc::new(Scene::set(dir, rooms).await?);
    let start = Instant::now();
    let used = processor_time();
    let tasks = (0..rooms * senders).map(|sender| {
        let scene = Arc::clone(&scene);
        tokio::spawn(async move {
            let mut times = Vec::new();
            while start.elapsed() < TIME {
                let sent = Instant::now();
                scene.append(sender % rooms, batch).await?;
                times.push(sent.elapsed());
            }
            Ok::<_, Failure>(times)
        })
    });
    let mut times = Vec::new();
    for task in join_all(tasks).await {
        times.extend(task??);
    }
    let appends = (times.len() * batch) as f64;
    let rate = appends / start.elapsed().as_secs_f64();
    print!("{title:<48} {rate:>8.0} a second, {}", latency(&mut times));
    match used.zip(processor_time()) {
        Some((before, after)) => println!(
            ", {:.1} µs of a processor each",
            (after - before).as_secs_f64() * 1e6 / appends
        ),
        None => println!(),
    }
    scene.store.close().await?;
    Ok(())
}

/// Each append waits for the one before it.
async fn lone(dir: &Path, appends: usize) -> Result<Vec<Duration>, Failure> {
    let scene = Scene::set(dir, 1).await?;
    let mut times = Vec::with_capacity(appends);
    for _ in 0..appends {
        let sent = Instant::now();
        scene.append(0, 1).await?;
        times.push(sent.elapsed());
    }
    scene.store.close().await?;
    Ok(times)
}

struct Scene {
    store: SqliteStore,
    author: UserId,
    rooms: Vec<RoomId>,
    _dir: TempDir,
}

impl Scene {
    async fn set(dir: &Path, rooms: usize) -> Result<Self, Failure> {
        let dir = TempDir::new_in(dir)?;
        let store = SqliteStore::open(dir.path())?;
        let author = UserId(Uuid::now_v7());
        let user = UserDraft {
            id: author,
            username: "mina".into(),
            folded: "mina".into(),
            display_name: "Mina".into(),
            folded_display_name: "mina".into(),
            password_hash: String::new(),
            at: now(),
        };
        store.create_user(user).await??;
        let rooms = (0..rooms)
            .map(|_| RoomId(Uuid::now_v7()))
            .collect::<Vec<_>>();
        for id in &rooms {
            let draft = RoomDraft {
                id: *id,
                kind: RoomKind::Group,
                name: None,
                by: author,
                op: OpId(Uuid::now_v7()),
                at: now(),
                members: vec![author],
            };
            store.create_room(draft).await??;
        }
        Ok(Self {
            store,
            author,
            rooms,
            _dir: dir,
        })
    }

    async fn append(&self, room: usize, batch: usize) -> Result<(), Failure> {
        let batch = (0..batch)
            .map(|_| Append {
                by: self.author,
                op: OpId(Uuid::now_v7()),
                at: now(),
                change: Change::Post {
                    body: "x".repeat(BODY),
                    reply_to: None,
                },
            })
            .collect();
        for answer in self.store.append(self.rooms[room], batch).await? {
            answer?;
        }
        Ok(())
    }
}

fn now() -> Timestamp {
    std::time::SystemTime::now().into()
}

/// What this process has used so far, which other programs on the machine do not change much.
fn processor_time() -> Option<Duration> {
    const TICK: Duration = Duration::from_millis(10);
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The fields are counted after the program's name, which may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user = fields.next()?.parse::<u32>().ok()?;
    let system = fields.next()?.parse::<u32>().ok()?;
    Some(TICK * (user + system))
}

fn latency(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |share: f64| {
        let index = (times.len() as f64 * share) as usize;
        times
            .get(index.min(times.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    };
    format!("half within {:.1?}, 99 % within {:.1?}", at(0.5), at(0.99))
}

fn fsyncs(dir: &Path) -> Result<usize, Failure> {
    let count = |appends: usize| -> Result<usize, Failure> {
        let trace = tempfile::NamedTempFile::new_in(dir)?;
        let watched = Command::new("strace")
            .args(["-f", "-e", "trace=fsync,fdatasync", "-o"])
            .arg(trace.path())
            .arg(std::env::current_exe()?)
            .arg(dir)
            .env(WATCHED, appends.to_string())
            .status()?;
        if !watched.success() {
            return Err(format!("it ended with {watched}").into());
        }
        let lines = std::fs::read_to_string(trace.path())?;
        // A call that another thread interrupted in the trace is told in two lines.
        Ok(lines.lines().filter(|line| line.contains("sync(")).count())
    };
    Ok(count(LONE_APPENDS)? - count(0)?)
}
