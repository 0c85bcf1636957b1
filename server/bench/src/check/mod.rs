//! `bench check`: clients talk, the harness breaks things, everybody writes down what happened,
//! and the verification judges from that alone.

mod account;
mod harness;
mod history;
mod proxy;
mod recorder;
mod summary;
mod talker;
mod verify;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::process::{Backends, scratch};
use recorder::History;
use verify::{Limits, Violation};

#[derive(clap::Args)]
pub struct Options {
    /// The server's binary; it is started, killed and started again on data of its own.
    #[arg(long, visible_alias = "spawn", default_value = "target/release/madang")]
    server: PathBuf,
    /// How many nodes to start; more than one share the servers of --servers.
    #[arg(long, default_value_t = 1, requires = "servers")]
    nodes: usize,
    /// The directory of Kafka, Redis and MongoDB, as `deploy/servers start DIRECTORY` made it.
    #[arg(long, value_name = "DIRECTORY")]
    servers: Option<PathBuf>,
    /// Repeats the decisions of an earlier run. The timing of two runs is never quite the same.
    #[arg(long)]
    seed: Option<u64>,
    /// How long clients talk while things break.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    #[arg(long, default_value_t = 10)]
    clients: u32,
    #[arg(long, default_value_t = 4)]
    rooms: usize,
    /// What may go wrong.
    #[arg(long, value_delimiter = ',', default_values = ["kill", "stop", "cut", "halfopen", "slow", "resend", "term", "kafka", "redis", "mongodb"])]
    faults: Vec<Fault>,
    /// How many seconds Kafka and Redis stay away when they are killed; not given, a part of the run.
    #[arg(long, requires = "servers")]
    away: Option<u64>,
    /// Operations a second of each client.
    #[arg(long, default_value_t = 6.0)]
    rate: f64,
    /// Unanswered operations of each client at a time.
    #[arg(long, default_value_t = 8)]
    outstanding: usize,
    /// Memory granted to the server, in MB.
    #[arg(long, default_value_t = 256)]
    memory: u64,
    /// Time granted to catch up after a fault, in milliseconds.
    #[arg(long, default_value_t = 3_000)]
    heal: u64,
    /// Keep the history and the server's log also when all is well.
    #[arg(long)]
    keep: bool,
    /// Only judge a history that an earlier run kept.
    #[arg(long, value_name = "HISTORY")]
    verify: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// `kill -9` of the server and a start on the same data.
    Kill,
    /// The server is frozen (SIGSTOP) for up to three seconds.
    Stop,
    /// Connections of clients end in the middle of something.
    Cut,
    /// Connections of clients stay open and carry nothing.
    Halfopen,
    /// A reader does not read while megabytes are posted to it.
    Slow,
    /// Clients send again what was answered already.
    Resend,
    /// The server is asked to end (SIGTERM) and started again; nodes one after the other.
    Term,
    /// Only with --servers: Kafka is killed and comes back.
    Kafka,
    /// Only with --servers: Redis is killed and comes back, having forgotten everything.
    Redis,
    /// Only with --servers: connections to MongoDB are cut, and slow.
    Mongodb,
}

/// Whether every promise held.
pub async fn run(options: Options) -> Result<bool> {
    let limits = Limits {
        heal: Duration::from_millis(options.heal),
        memory: options.memory << 20,
        ..Limits::default()
    };
    if let Some(path) = &options.verify {
        let records = recorder::read(path)?;
        summary::print(&records);
        return Ok(judge(&verify::verify(&records, &limits)));
    }
    let seed = options.seed.unwrap_or_else(rand::random);
    let backends = match &options.servers {
        Some(folder) => Some(Backends::at(folder)?),
        None => None,
    };
    let folder = scratch()?;
    println!(
        "Checking {} on {} with {} clients in {} rooms for {} s, seed {seed}",
        options.server.display(),
        match options.nodes {
            1 => "one node".to_owned(),
            nodes => format!("{nodes} nodes"),
        },
        options.clients,
        options.rooms,
        options.seconds
    );
    let history = History::in_file(folder.path().join("history.jsonl"))?;
    let plan = harness::Plan {
        server: options.server,
        nodes: options.nodes.max(1),
        backends,
        seed,
        time: Duration::from_secs(options.seconds),
        clients: options.clients.max(2),
        rooms: options.rooms.max(1),
        faults: options.faults,
        manner: talker::Manner {
            rate: options.rate,
            outstanding: options.outstanding.max(1),
        },
        heal: limits.heal,
        away: options.away.map(Duration::from_secs),
    };
    let outcome = harness::run(plan, folder.path(), &history).await;
    let (records, _) = history.records()?;
    let held = match &outcome {
        Ok(()) => {
            summary::print(&records);
            judge(&verify::verify(&records, &limits))
        }
        Err(_) => false,
    };
    if !held || options.keep {
        let kept = folder.keep();
        println!("The history is {}", kept.join("history.jsonl").display());
        println!("The server's log lies beside it.");
        println!("Repeat the run with --seed {seed}");
    }
    outcome.context("the run itself failed")?;
    Ok(held)
}

fn judge(violations: &[Violation]) -> bool {
    const SHOWN: usize = 20;
    for violation in violations.iter().take(SHOWN) {
        println!("BROKEN {violation}");
    }
    if violations.len() > SHOWN {
        println!("BROKEN … and {} more", violations.len() - SHOWN);
    }
    if violations.is_empty() {
        println!("All eight promises held.");
    }
    violations.is_empty()
}
