//! Many connections: how quickly they are made, and what one costs that does nothing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::StreamExt;
use protocol::stomp::{Command, Frame};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::Measured;
use super::report::{Latency, Report, Usages};
use super::target::{Guest, Target};
use crate::stomp::{Heard, Receiver, Sender};

/// Connections that are made before the memory is first read, so that what the server allocates
/// once is not counted as theirs.
const FIRST: usize = 50;

#[derive(clap::Args)]
pub struct Storm {
    #[arg(long, default_value_t = 1_000)]
    connections: usize,
    /// Attempts at a time.
    #[arg(long, default_value_t = 256)]
    at_once: usize,
    /// Accounts; the connections share them.
    #[arg(long, default_value_t = 20)]
    users: usize,
}

#[derive(clap::Args)]
pub struct Idle {
    #[arg(long, default_value_t = 5_000)]
    connections: usize,
    #[arg(long, default_value_t = 128)]
    at_once: usize,
    #[arg(long, default_value_t = 20)]
    users: usize,
    /// Let each subscribe to a room and to what a browser listens to.
    #[arg(long)]
    subscribe: bool,
    /// Seconds until the memory is read, and for which the processor time is counted.
    #[arg(long, default_value_t = 5)]
    hold: u64,
}

/// Connections with their times, and what went wrong how often.
struct Crowd {
    open: Vec<(Sender, Receiver)>,
    times: Latency,
    failures: BTreeMap<String, u64>,
}

async fn gather(target: &Target, guests: &[Guest], many: usize, at_once: usize) -> Result<Crowd> {
    let mut crowd = Crowd {
        open: Vec::new(),
        times: Latency::new()?,
        failures: BTreeMap::new(),
    };
    let connecting = (0..many).map(|index| {
        let guest = &guests[index % guests.len()];
        async move {
            let began = Instant::now();
            (target.connect(guest).await, began.elapsed())
        }
    });
    let mut connecting = futures::stream::iter(connecting).buffer_unordered(at_once.max(1));
    while let Some((connected, took)) = connecting.next().await {
        match connected {
            Ok(pair) => {
                crowd.times.record(took);
                crowd.open.push(pair);
            }
            Err(error) => *crowd.failures.entry(error.to_string()).or_default() += 1,
        }
    }
    Ok(crowd)
}

pub async fn storm(target: &Target, options: &Storm) -> Result<Measured> {
    let guests = target.guests(options.users.max(1)).await?;
    let before = Usages::now(target.pid())?;
    let began = Instant::now();
    let crowd = gather(target, &guests, options.connections, options.at_once).await?;
    let took = began.elapsed();
    let after = Usages::now(target.pid())?;
    let mut report = Report::new("storm");
    let open = crowd.open.len() as u64;
    report.count("connections", "Connections", open);
    report.time("tookMs", "Time", took);
    report.rate("connectionsPerSecond", "Rate", open, took);
    report.latency("connectMs", "Each connected after", &crowd.times);
    let complete = failures(&mut report, &crowd);
    report.usage(&before, &after);
    Ok(Measured { report, complete })
}

fn failures(report: &mut Report, crowd: &Crowd) -> bool {
    let failed: u64 = crowd.failures.values().sum();
    report.count("failures", "Failures", failed);
    if let Some((why, many)) = crowd.failures.iter().max_by_key(|(_, many)| **many) {
        report.text("failure", "Most frequent", format!("{why} ({many} times)"));
    }
    failed == 0
}

/// After this the server has given back what the log-ins had taken.
const GIVEN_BACK: Duration = Duration::from_secs(15);

pub async fn idle(target: &Target, options: &Idle) -> Result<Measured> {
    let pid = target
        .pid()
        .context("whose memory? Use --spawn or --server-pid")?;
    let guests = target.guests(options.users.max(1)).await?;
    let room = target.rooms(1, &guests).await?.swap_remove(0);
    let first = gather(target, &guests, FIRST, options.at_once).await?;
    let mut kept = Vec::new();
    settle_in(target, options, &guests, &room, first.open, &mut kept).await?;
    sleep(GIVEN_BACK).await;
    let before = Usages::now(Some(pid))?;
    let mut crowd = gather(target, &guests, options.connections, options.at_once).await?;
    let open = std::mem::take(&mut crowd.open);
    let many = open.len() as u64;
    settle_in(target, options, &guests, &room, open, &mut kept).await?;
    let hold = Duration::from_secs(options.hold.max(1));
    sleep(hold).await;
    let after = Usages::now(Some(pid))?;
    sleep(hold).await;
    let end = Usages::now(Some(pid))?;
    let still_open = kept.iter().filter(|task| !task.is_finished()).count() as u64;

    let mut report = Report::new("idle");
    report.count("connections", "Connections", many);
    report.text(
        "subscribed",
        "Subscribed",
        if options.subscribe { "yes" } else { "no" },
    );
    if let (Some(before), Some(after)) = (before.server, after.server) {
        let grown = after.rss.saturating_sub(before.rss);
        report.bytes("rssBefore", "Server memory before", before.rss);
        report.bytes("rssAfter", "Server memory after", after.rss);
        report.bytes(
            "bytesPerConnection",
            "For each connection",
            grown / many.max(1),
        );
    }
    report.latency("connectMs", "Each connected after", &crowd.times);
    let complete = failures(&mut report, &crowd);
    let lost = (many + FIRST as u64).saturating_sub(still_open);
    report.count("lost", "Closed by the server", lost);
    report.time("heldMs", "Held for", hold);
    report.usage(&after, &end);
    Ok(Measured {
        report,
        complete: complete && lost == 0,
    })
}

/// Every connection goes on to live in a small task, which reads and beats.
async fn settle_in(
    target: &Target,
    options: &Idle,
    guests: &[Guest],
    room: &str,
    open: Vec<(Sender, Receiver)>,
    kept: &mut Vec<tokio::task::JoinHandle<()>>,
) -> Result<()> {
    let beat: u64 = target
        .at
        .heart_beat
        .split(',')
        .next()
        .unwrap_or("0")
        .trim()
        .parse()?;
    for (index, (mut sender, receiver)) in open.into_iter().enumerate() {
        let guest = &guests[index % guests.len()];
        if options.subscribe {
            sender.send(&target.subscription(guest, room)).await?;
            if target.is_madang() {
                let errors = Frame::new(Command::Subscribe)
                    .with("id", "errors")
                    .with("destination", "/user/queue/errors");
                sender.send(&errors).await?;
            }
        }
        kept.push(tokio::spawn(live(
            sender,
            receiver,
            Duration::from_millis(beat),
        )));
    }
    Ok(())
}

async fn live(mut sender: Sender, mut receiver: Receiver, beat: Duration) {
    let mut beats = interval(beat.max(Duration::from_millis(100)));
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            heard = receiver.next() => if matches!(heard, Heard::Closed(_)) { return },
            _ = beats.tick(), if !beat.is_zero() => {
                if sender.beat().await.is_err() {
                    return;
                }
            }
        }
    }
}
