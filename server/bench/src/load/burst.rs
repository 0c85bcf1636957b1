//! Every client sends all its messages at once: the time until the last one is acknowledged, and
//! until everybody who listens has heard them all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use protocol::stomp::{Command, Frame};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Measured;
use super::report::{Latency, Report, Usages};
use super::target::{Guest, Target};
use super::template::Mark;
use crate::stomp::{Heard, Receiver, Sender};

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(clap::Args)]
pub struct Burst {
    #[arg(long, default_value_t = 100)]
    clients: usize,
    /// Of each client.
    #[arg(long, default_value_t = 100)]
    messages: usize,
    #[arg(long, default_value_t = 1)]
    rooms: usize,
    /// How many of the clients also listen to their room.
    #[arg(long, default_value_t = 0)]
    subscribers: usize,
    #[arg(long, default_value_t = 64)]
    body_size: usize,
    /// How often; the middle one counts.
    #[arg(long, default_value_t = 5)]
    repeat: usize,
}

/// What one client saw of one burst.
struct Seen {
    first_sent: Instant,
    last_receipt: Option<Instant>,
    last_delivery: Option<Instant>,
    acks: Latency,
    refused: u64,
}

struct Client {
    sender: Sender,
    receiver: Receiver,
    frames: Vec<Frame>,
    /// Receipts and deliveries to wait for.
    receipts: usize,
    deliveries: usize,
    mark: Mark,
}

pub async fn run(target: &Target, options: &Burst) -> Result<Measured> {
    if options.clients == 0 || options.messages == 0 || options.rooms == 0 || options.repeat == 0 {
        bail!("there must be clients, messages, rooms and a repetition");
    }
    let guests = target.guests(options.clients).await?;
    let rooms = target.rooms(options.rooms, &guests).await?;
    let mut clients = Vec::new();
    for (index, guest) in guests.iter().enumerate() {
        clients.push(client(target, options, guest, &rooms, index).await?);
    }
    let mut acked = Vec::new();
    let mut heard = Vec::new();
    let mut acks = Latency::new()?;
    let mut refused = 0;
    let before = Usages::now(target.pid())?;
    for _ in 0..options.repeat {
        let seen;
        (clients, seen) = once(target, options, clients, &guests, &rooms).await?;
        let first = seen.iter().map(|seen| seen.first_sent).min();
        let since = |last: Option<Instant>| Some(last?.duration_since(first?));
        acked.extend(since(
            seen.iter().filter_map(|seen| seen.last_receipt).max(),
        ));
        heard.extend(since(
            seen.iter().filter_map(|seen| seen.last_delivery).max(),
        ));
        for seen in &seen {
            acks.add(&seen.acks)?;
            refused += seen.refused;
        }
    }
    let after = Usages::now(target.pid())?;
    let mut report = Report::new("burst");
    report.count("clients", "Clients", options.clients as u64);
    report.count("messages", "Messages of each", options.messages as u64);
    report.count("rooms", "Rooms", options.rooms as u64);
    report.count("subscribers", "Subscribers", options.subscribers as u64);
    let total = (options.clients * options.messages) as u64;
    for (key, best, label, times) in [
        ("ackedMs", "ackedBestMs", "All acknowledged", &mut acked),
        (
            "deliveredMs",
            "deliveredBestMs",
            "All delivered",
            &mut heard,
        ),
    ] {
        times.sort_unstable();
        if let Some(middle) = times.get(times.len() / 2) {
            report.time(
                key,
                &format!("{label} after (middle of {})", times.len()),
                *middle,
            );
            report.time(best, &format!("{label} after (best)"), times[0]);
            if key == "ackedMs" {
                report.rate("ackedPerSecond", "Acknowledged", total, *middle);
            }
        }
    }
    if target.has_receipts() {
        report.latency("ackMs", "Each acknowledged after (written)", &acks);
    }
    report.count("refused", "Sends refused", refused);
    report.usage(&before, &after);
    Ok(Measured {
        report,
        complete: refused == 0,
    })
}

async fn client(
    target: &Target,
    options: &Burst,
    guest: &Guest,
    rooms: &[String],
    index: usize,
) -> Result<Client> {
    let (mut sender, mut receiver) = target.connect(guest).await?;
    if target.is_madang() {
        let errors = Frame::new(Command::Subscribe)
            .with("id", "errors")
            .with("destination", "/user/queue/errors");
        sender.send(&errors).await?;
    }
    let room = index % rooms.len();
    let listens = index < options.subscribers;
    if listens {
        sender
            .send(&target.subscription(guest, &rooms[room]))
            .await?;
        while target.has_receipts() {
            match receiver.next().await {
                Heard::Frame(frame) if frame.command == Command::Receipt => break,
                Heard::Closed(code) => bail!("closed ({code:?}) instead of a subscription"),
                _ => {}
            }
        }
    }
    // The clients of this room, who all send to it.
    let senders = (options.clients + rooms.len() - 1 - room) / rooms.len();
    Ok(Client {
        sender,
        receiver,
        frames: Vec::new(),
        receipts: if target.has_receipts() {
            options.messages
        } else {
            0
        },
        deliveries: if listens {
            senders * options.messages
        } else {
            0
        },
        mark: Mark::new(&target.run),
    })
}

async fn once(
    target: &Target,
    options: &Burst,
    clients: Vec<Client>,
    guests: &[Guest],
    rooms: &[String],
) -> Result<(Vec<Client>, Vec<Seen>)> {
    let barrier = Arc::new(Barrier::new(clients.len()));
    let pad = "x".repeat(options.body_size.saturating_sub(40));
    let mut running = JoinSet::new();
    for (index, mut client) in clients.into_iter().enumerate() {
        let (guest, room) = (&guests[index], &rooms[index % rooms.len()]);
        // Made before the start: how fast the client can make them is not the question.
        client.frames = (0..options.messages)
            .map(|number| {
                let mark = client.mark.write(Duration::from_nanos(number as u64));
                target.message(guest, room, &mark, &pad)
            })
            .collect();
        let barrier = Arc::clone(&barrier);
        running.spawn(async move {
            barrier.wait().await;
            let seen = timeout(PATIENCE, client.fire()).await;
            (index, client, seen)
        });
    }
    let mut ended = Vec::new();
    while let Some(done) = running.join_next().await {
        let (index, client, seen) = done?;
        let Ok(seen) = seen else {
            bail!("not everything was answered within {PATIENCE:?}")
        };
        ended.push((index, client, seen?));
    }
    ended.sort_by_key(|(index, ..)| *index);
    Ok(ended
        .into_iter()
        .map(|(_, client, seen)| (client, seen))
        .unzip())
}

impl Client {
    async fn fire(&mut self) -> Result<Seen> {
        let frames = std::mem::take(&mut self.frames);
        let mut written: Vec<Instant> = Vec::with_capacity(frames.len());
        let first_sent = Instant::now();
        let (sender, receiver) = (&mut self.sender, &mut self.receiver);
        let writing = async {
            for frame in &frames {
                written.push(Instant::now());
                sender.feed(frame).await?;
            }
            sender.flush().await
        };
        let reading = hear_all(receiver, &self.mark, self.receipts, self.deliveries);
        let (wrote, heard) = tokio::join!(writing, reading);
        wrote?;
        let heard = heard?;
        let mut acks = Latency::new()?;
        for (number, at) in &heard.receipts {
            if let Some(sent) = written.get(*number) {
                acks.record(at.duration_since(*sent));
            }
        }
        Ok(Seen {
            first_sent,
            last_receipt: heard.receipts.last().map(|(_, at)| *at),
            last_delivery: heard.last_delivery,
            acks,
            refused: heard.refused,
        })
    }
}

#[derive(Default)]
struct HeardAll {
    /// The number of the message, and when its receipt came.
    receipts: Vec<(usize, Instant)>,
    last_delivery: Option<Instant>,
    refused: u64,
}

async fn hear_all(
    receiver: &mut Receiver,
    mark: &Mark,
    receipts: usize,
    deliveries: usize,
) -> Result<HeardAll> {
    let mut all = HeardAll::default();
    let mut delivered = 0;
    let number = |mark: Duration| usize::try_from(mark.as_nanos()).unwrap_or(usize::MAX);
    while all.receipts.len() + (all.refused as usize) < receipts || delivered < deliveries {
        match receiver.next_quickly().await {
            Heard::Message(text) => {
                if mark.read(&text).is_some() {
                    delivered += 1;
                    all.last_delivery = Some(Instant::now());
                } else if text.contains("\nsubscription:errors\n") {
                    all.refused += 1;
                }
            }
            Heard::Frame(frame) if frame.command == Command::Receipt => {
                let receipt = frame.header("receipt-id").and_then(|id| mark.read(id));
                if let Some(receipt) = receipt {
                    all.receipts.push((number(receipt), Instant::now()));
                }
            }
            Heard::Frame(frame) if frame.command == Command::Error => {
                bail!(
                    "the server said ERROR {}",
                    frame.header("message").unwrap_or_default()
                );
            }
            Heard::Closed(code) => bail!("the server closed a connection ({code:?})"),
            _ => {}
        }
    }
    Ok(all)
}
