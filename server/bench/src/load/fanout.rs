//! Publishers, rooms, subscribers: how many deliveries a second, and how late.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use protocol::stomp::{Command, Frame};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::publisher::Publisher;
use super::report::{Latency, Report, Usages};
use super::target::{Guest, Target};
use super::template::Mark;
use super::{Measured, pace};
use crate::stomp::{Heard, Receiver, Sender};

/// Longer without any progress means that the rest will not come.
const STUCK: Duration = Duration::from_secs(3);

#[derive(clap::Args)]
pub struct Fanout {
    #[arg(long, default_value_t = 4)]
    publishers: usize,
    #[arg(long, default_value_t = 1)]
    rooms: usize,
    /// In all rooms together.
    #[arg(long, default_value_t = 100)]
    subscribers: usize,
    /// Bytes of a message's text.
    #[arg(long, default_value_t = 128)]
    body_size: usize,
    /// Messages a second of all publishers together, on a fixed schedule. Without it they send as
    /// much as the server acknowledges (saturation).
    #[arg(long)]
    rate: Option<f64>,
    /// Unacknowledged messages of each publisher, at saturation.
    #[arg(long, default_value_t = 32)]
    window: usize,
    /// Seconds.
    #[arg(long, default_value_t = 10)]
    duration: u64,
    /// Seconds at the start that are not counted.
    #[arg(long, default_value_t = 2)]
    warmup: u64,
    /// Accounts; the connections share them.
    #[arg(long, default_value_t = 20)]
    users: usize,
}

/// What the connections have in common.
pub struct Course {
    pub mark: Mark,
    pub start: Instant,
    /// What is counted, as times after the start.
    pub counted: std::ops::Range<Duration>,
    pub sent: AtomicU64,
    /// Deliveries that are to be expected of what was sent.
    pub expected: AtomicU64,
    pub delivered: AtomicU64,
    pub acked: AtomicU64,
    pub refused: AtomicU64,
}

/// What one connection has seen.
struct Tally {
    deliveries: Latency,
    delivered_in_time: u64,
    acks: Latency,
    acked_in_time: u64,
    refusal: Option<String>,
}

pub async fn run(target: &Target, options: &Fanout) -> Result<Measured> {
    if options.publishers == 0 || options.rooms == 0 {
        bail!("there must be a publisher and a room");
    }
    if options.rate.is_some_and(|rate| rate <= 0.0) {
        bail!("--rate must be more than 0");
    }
    let guests = target.guests(options.users.max(1)).await?;
    let rooms = target.rooms(options.rooms, &guests).await?;
    let mut readers = Vec::new();
    let mut quiet = Vec::new();
    for index in 0..options.subscribers {
        let guest = &guests[index % guests.len()];
        let (mut sender, mut receiver) = target.connect_listener(guest).await?;
        subscribe(
            target,
            guest,
            &rooms[index % rooms.len()],
            &mut sender,
            &mut receiver,
        )
        .await?;
        readers.push((receiver, None));
        quiet.push(sender);
    }
    let mut writers = Vec::new();
    for index in 0..options.publishers {
        let guest = guests[index % guests.len()].clone();
        let (mut sender, receiver) = target.connect_publisher(index, &guest).await?;
        if target.is_madang() {
            let errors = Frame::new(Command::Subscribe)
                .with("id", "errors")
                .with("destination", "/user/queue/errors");
            sender.send(&errors).await?;
        }
        let permits = Arc::new(Semaphore::new(options.window));
        readers.push((receiver, Some(Arc::clone(&permits))));
        writers.push((sender, guest, index % rooms.len(), permits));
    }
    if !target.has_receipts() {
        // Nobody says when a subscription has begun.
        sleep(Duration::from_millis(500)).await;
    }

    let duration = Duration::from_secs(options.duration);
    let warmup = Duration::from_secs(options.warmup.min(options.duration.saturating_sub(1)));
    let course = Arc::new(Course {
        mark: Mark::new(&target.run),
        start: Instant::now() + Duration::from_millis(50),
        counted: warmup..duration,
        sent: AtomicU64::new(0),
        expected: AtomicU64::new(0),
        delivered: AtomicU64::new(0),
        acked: AtomicU64::new(0),
        refused: AtomicU64::new(0),
    });
    let (over, done) = watch::channel(false);
    let mut listening = JoinSet::new();
    for (receiver, permits) in readers {
        listening.spawn(listen(receiver, permits, Arc::clone(&course), done.clone()));
    }
    let usage = tokio::spawn(measure(target.pid(), Arc::clone(&course)));
    publish(target, options, writers, &rooms, &course).await?;
    let (before, after) = usage.await??;
    settle(target, &course).await;
    over.send_replace(true);
    let mut tallies = Vec::new();
    while let Some(tally) = listening.join_next().await {
        tallies.push(tally??);
    }
    drop(quiet);
    report(target, options, &course, &tallies, (&before, &after))
}

async fn subscribe(
    target: &Target,
    guest: &Guest,
    room: &str,
    sender: &mut Sender,
    receiver: &mut Receiver,
) -> Result<()> {
    sender.send(&target.subscription(guest, room)).await?;
    while target.has_receipts() {
        match receiver.next().await {
            Heard::Frame(frame) if frame.command == Command::Receipt => break,
            Heard::Frame(frame) if frame.command == Command::Error => {
                let message = frame.header("message").unwrap_or_default();
                bail!("the subscription was refused: {message}");
            }
            Heard::Closed(code) => bail!("closed ({code:?}) instead of a subscription"),
            _ => {}
        }
    }
    Ok(())
}

type Writer = (Sender, Guest, usize, Arc<Semaphore>);

async fn publish(
    target: &Target,
    options: &Fanout,
    writers: Vec<Writer>,
    rooms: &[String],
    course: &Arc<Course>,
) -> Result<()> {
    let duration = course.counted.end;
    let mut tickets = Vec::new();
    let mut publishing = Vec::new();
    for (sender, guest, room, permits) in writers {
        let (ticket, due) = mpsc::channel(4_096);
        tickets.push(ticket);
        let room_subscribers = (options.subscribers + rooms.len() - 1 - room) / rooms.len();
        publishing.push(Publisher {
            target,
            guest,
            room: &rooms[room],
            subscribers: room_subscribers as u64,
            pad: "x".repeat(options.body_size.saturating_sub(40)),
            sender,
            course: Arc::clone(course),
            due,
            permits,
        });
    }
    match options.rate {
        Some(rate) => {
            pace::start(course.start, rate, duration, tickets);
            futures::future::try_join_all(publishing.into_iter().map(Publisher::by_schedule)).await
        }
        None => {
            drop(tickets);
            futures::future::try_join_all(publishing.into_iter().map(Publisher::until_the_end))
                .await
        }
    }?;
    Ok(())
}

async fn listen(
    mut receiver: Receiver,
    permits: Option<Arc<Semaphore>>,
    course: Arc<Course>,
    mut over: watch::Receiver<bool>,
) -> Result<Tally> {
    let mut tally = Tally {
        deliveries: Latency::new()?,
        delivered_in_time: 0,
        acks: Latency::new()?,
        acked_in_time: 0,
        refusal: None,
    };
    loop {
        let heard = tokio::select! {
            biased;
            heard = receiver.next_quickly() => heard,
            _ = over.wait_for(|over| *over) => return Ok(tally),
        };
        let now = course.start.elapsed();
        let in_time = course.counted.contains(&now);
        match heard {
            Heard::Message(text) => match course.mark.read(&text) {
                Some(meant_at) => {
                    course.delivered.fetch_add(1, Ordering::Relaxed);
                    tally.delivered_in_time += u64::from(in_time);
                    if course.counted.contains(&meant_at) {
                        tally.deliveries.record(now.saturating_sub(meant_at));
                    }
                }
                None if text.contains("\nsubscription:errors\n") => {
                    course.refused.fetch_add(1, Ordering::Relaxed);
                    if let Some(permits) = &permits {
                        permits.add_permits(1);
                    }
                    tally.refusal.get_or_insert_with(|| text.to_string());
                }
                None => {}
            },
            Heard::Frame(frame) if frame.command == Command::Receipt => {
                let receipt = frame.header("receipt-id").unwrap_or_default();
                if let Some(meant_at) = course.mark.read(receipt) {
                    course.acked.fetch_add(1, Ordering::Relaxed);
                    tally.acked_in_time += u64::from(in_time);
                    if course.counted.contains(&meant_at) {
                        tally.acks.record(now.saturating_sub(meant_at));
                    }
                    if let Some(permits) = &permits {
                        permits.add_permits(1);
                    }
                }
            }
            Heard::Frame(frame) if frame.command == Command::Error => {
                bail!(
                    "the server said ERROR {}",
                    frame.header("message").unwrap_or_default()
                );
            }
            Heard::Closed(code) => bail!("the server closed a connection ({code:?})"),
            Heard::Frame(_) | Heard::Alive => {}
        }
    }
}

/// What both sides used in the time that counts.
async fn measure(pid: Option<u32>, course: Arc<Course>) -> Result<(Usages, Usages)> {
    let until =
        |time: Duration| sleep((course.start + time).saturating_duration_since(Instant::now()));
    until(course.counted.start).await;
    let before = Usages::now(pid)?;
    until(course.counted.end).await;
    Ok((before, Usages::now(pid)?))
}

/// Waits until everything has come, or nothing comes any more.
async fn settle(target: &Target, course: &Course) {
    let come = || course.delivered.load(Ordering::Relaxed) + course.acked.load(Ordering::Relaxed);
    let answered = course.refused.load(Ordering::Relaxed);
    let acks = if target.has_receipts() {
        course.sent.load(Ordering::Relaxed) - answered
    } else {
        0
    };
    let all = course.expected.load(Ordering::Relaxed) + acks;
    let (mut last, mut since) = (come(), Instant::now());
    while come() < all && since.elapsed() < STUCK {
        sleep(Duration::from_millis(20)).await;
        if come() != last {
            (last, since) = (come(), Instant::now());
        }
    }
}

fn report(
    target: &Target,
    options: &Fanout,
    course: &Course,
    tallies: &[Tally],
    (before, after): (&Usages, &Usages),
) -> Result<Measured> {
    let (mut deliveries, mut acks) = (Latency::new()?, Latency::new()?);
    for tally in tallies {
        deliveries.add(&tally.deliveries)?;
        acks.add(&tally.acks)?;
    }
    let time = course.counted.end - course.counted.start;
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (sent, refused) = (load(&course.sent), load(&course.refused));
    let missing = load(&course.expected).saturating_sub(load(&course.delivered));
    let unanswered = if target.has_receipts() {
        sent.saturating_sub(load(&course.acked) + refused)
    } else {
        0
    };
    let mut report = Report::new("fanout");
    let load_text = match options.rate {
        Some(rate) => format!("{rate} messages/s on schedule"),
        None => format!("saturation, {} unacknowledged each", options.window),
    };
    report.text("load", "Load", load_text);
    report.count("publishers", "Publishers", options.publishers as u64);
    report.count("rooms", "Rooms", options.rooms as u64);
    report.count("subscribers", "Subscribers", options.subscribers as u64);
    report.count("bodySize", "Body bytes", options.body_size as u64);
    report.count("sent", "Sent", sent);
    if target.has_receipts() {
        let acked = tallies.iter().map(|tally| tally.acked_in_time).sum();
        report.rate("ackedPerSecond", "Acknowledged", acked, time);
    }
    let delivered = tallies.iter().map(|tally| tally.delivered_in_time).sum();
    report.rate("deliveredPerSecond", "Delivered", delivered, time);
    // Without a schedule there is no intended time to count from.
    let from = if options.rate.is_some() {
        "due"
    } else {
        "sent, uncorrected"
    };
    report.latency(
        "deliveryMs",
        &format!("Delivered after ({from})"),
        &deliveries,
    );
    if target.has_receipts() {
        report.latency("ackMs", &format!("Acknowledged after ({from})"), &acks);
    }
    report.count("missing", "Deliveries missing", missing);
    report.count("unanswered", "Sends unanswered", unanswered);
    report.count("refused", "Sends refused", refused);
    if let Some(refusal) = tallies.iter().find_map(|tally| tally.refusal.as_deref()) {
        let body = refusal
            .rsplit("\n\n")
            .next()
            .unwrap_or(refusal)
            .trim_end_matches('\0');
        report.text("refusal", "First refusal", body);
    }
    report.usage(before, after);
    Ok(Measured {
        report,
        complete: missing + unanswered + refused == 0,
    })
}
