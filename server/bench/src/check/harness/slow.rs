//! A reader that does not read while megabytes are posted to it: the server must neither keep
//! them all in memory nor slow down for it, but send it away with a code that says "resume".

use std::time::Duration;

use anyhow::Result;
use protocol::stomp::{Command, Frame};
use protocol::wire::NewMessage;
use protocol::{OpId, Rev, RoomId};
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;

use super::{World, insist, note_delivery};
use crate::check::account::Account;
use crate::check::history::{Ask, Digest, What};
use crate::stomp::{Greeting, Heard, Receiver, connect};

/// First about as much as the kernel's buffers and a sensible queue hold together, so that a
/// reader who wakes up then still hears why it was sent away; then more than any of them.
const FILLS: [usize; 2] = [5 << 20, 12 << 20];
/// Grapheme clusters of one message: three bytes each, and within the limit of ten thousand.
const LENGTH: usize = 9_000;
const CONNECT: Duration = Duration::from_secs(3);
/// How long it may take to read what was on its way.
const DRAIN: Duration = Duration::from_secs(20);
/// When nothing more comes, everything was read.
const QUIET: Duration = Duration::from_secs(2);
const BETWEEN: Duration = Duration::from_secs(15);

pub async fn reader(
    world: World,
    mut pump: Account,
    mut sleeper: Account,
    room: RoomId,
) -> Result<()> {
    let mut conn = 0;
    let mut position = Rev::ZERO;
    world.pause(Duration::from_secs(1)).await;
    while world.is_talking() {
        let Ok(token) = sleeper.fresh_token(world.api).await else {
            continue;
        };
        let greeting = Greeting {
            // Small, so that what is not read piles up at the server and not here.
            receive_buffer: Some(4 << 10),
            ..Greeting::madang(world.api.address, token)
        };
        let opened = timeout(CONNECT, connect(&greeting)).await;
        let Ok(Ok((mut sender, mut receiver))) = opened else {
            world.pause(Duration::from_millis(200)).await;
            continue;
        };
        conn += 1;
        let who = sleeper.who;
        let note = |what| world.history.note(who, what);
        let from = world.history.now();
        note(What::Opened { conn });
        note(What::Subscribed {
            conn,
            sub: 1,
            room,
            after: position,
        });
        let subscribe = Frame::new(Command::Subscribe)
            .with("id", "1")
            .with("destination", format!("/sub/chat/room/{room}"))
            .with("after", position.to_string());
        if sender.send(&subscribe).await.is_err() {
            continue;
        }
        let mut bytes = 0;
        let mut end = None;
        for amount in FILLS {
            bytes += fill(&world, &mut pump, room, amount).await?;
            end = drain(&world, who, conn, &mut receiver, &mut position).await;
            if end.is_some() || !world.is_talking() {
                break;
            }
        }
        if end.is_none() && bytes < FILLS[1] {
            // The run ended before there was anything to show.
            return Ok(());
        }
        note(What::SlowReader {
            from,
            bytes: bytes as u64,
            closed: end.is_some(),
            code: end.flatten(),
        });
        if let Some(code) = end {
            note(What::Closed { conn, code });
        }
        world.pause(BETWEEN).await;
    }
    Ok(())
}

async fn fill(world: &World, pump: &mut Account, room: RoomId, amount: usize) -> Result<usize> {
    let mut posted = 0;
    while posted < amount && world.is_talking() {
        let id = OpId(Uuid::now_v7());
        let body = "마".repeat(LENGTH);
        posted += body.len();
        let ask = Ask::Post {
            body: Digest::of(&body),
        };
        let message = NewMessage {
            id,
            body,
            reply_to: None,
        };
        let token = pump.fresh_token(world.api).await?.to_owned();
        insist(|| {
            let ask = ask.clone();
            world
                .history
                .note(pump.who, What::Sent { op: id, room, ask });
            world.api.post(&token, room, &message)
        })
        .await?;
        world.history.note(pump.who, What::Acked { op: id });
    }
    Ok(posted)
}

/// Wakes up and reads to the end. `None`: there was no end.
async fn drain(
    world: &World,
    who: u32,
    conn: u32,
    receiver: &mut Receiver,
    position: &mut Rev,
) -> Option<Option<u16>> {
    let end = Instant::now() + DRAIN;
    loop {
        match timeout_at(end, timeout(QUIET, receiver.next())).await {
            Err(_) | Ok(Err(_)) => return None,
            Ok(Ok(Heard::Closed(code))) => return Some(code),
            Ok(Ok(Heard::Frame(frame))) => {
                if let Some(rev) = note_delivery(world, who, conn, &frame) {
                    *position = (*position).max(rev);
                }
            }
            Ok(Ok(_)) => {}
        }
    }
}
