//! Two who should hear nothing: a stranger, and a guest whose session has been ended.

use std::time::Duration;

use anyhow::Result;
use protocol::Rev;
use protocol::stomp::{Command, Frame};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use tokio::time::{Instant, timeout};

use super::prepare::Hall;
use super::{World, insist, note_delivery};
use crate::check::account::Account;
use crate::check::history::What;
use crate::stomp::{Greeting, Heard, Receiver, Sender, connect};

/// How long a stranger listens at one door.
const LISTEN: Duration = Duration::from_millis(400);
/// Longer than the promise grants: what comes after that is a finding.
const REVOKED: Duration = Duration::from_secs(8);
const CONNECT: Duration = Duration::from_secs(3);

/// Tries every door, again and again.
pub async fn stranger(world: World, mut account: Account, secrets: Vec<String>) -> Result<()> {
    let mut doors = secrets.iter().cycle();
    let mut polite = false;
    while world.is_talking() {
        let Ok(token) = account.fresh_token(world.api).await else {
            world.pause(LISTEN).await;
            continue;
        };
        let greeting = Greeting::madang(world.api.address, token);
        let opened = timeout(CONNECT, connect(&greeting)).await;
        let Ok(Ok((mut sender, mut receiver))) = opened else {
            world.pause(LISTEN).await;
            continue;
        };
        // Half of the time without a place for refusals: then the answer must be ERROR.
        polite = !polite;
        if polite {
            let errors = subscribe("errors", "/user/queue/errors");
            if sender.send(&errors).await.is_err() {
                continue;
            }
        }
        for _ in 0..3 {
            let Some(door) = doors.next() else {
                return Ok(());
            };
            let frame = subscribe("door", door)
                .with("after", "0")
                .with("receipt", "open");
            if !world.is_talking() || sender.send(&frame).await.is_err() {
                break;
            }
            let knocked = overhear(&world, &account, door, &mut receiver).await;
            let end = Frame::new(Command::Unsubscribe).with("id", "door");
            if !knocked || sender.send(&end).await.is_err() {
                break;
            }
        }
    }
    Ok(())
}

fn subscribe(id: &str, destination: &str) -> Frame {
    Frame::new(Command::Subscribe)
        .with("id", id)
        .with("destination", destination)
}

/// Whether the connection is still there afterwards.
async fn overhear(world: &World, account: &Account, door: &str, receiver: &mut Receiver) -> bool {
    let end = Instant::now() + LISTEN;
    loop {
        let Ok(heard) = tokio::time::timeout_at(end, receiver.next()).await else {
            return true;
        };
        match heard {
            Heard::Frame(frame)
                if frame.command == Command::Message
                    && frame.header("subscription") == Some("door") =>
            {
                let destination = door.to_owned();
                world
                    .history
                    .note(account.who, What::Overheard { destination });
            }
            Heard::Frame(frame) if frame.command == Command::Error => return false,
            Heard::Closed(_) => return false,
            _ => {}
        }
    }
}

/// Signs in on a second device, listens there, ends that session from the first, and waits for
/// the connection to be closed.
pub async fn revoked(world: World, mut account: Account, hall: Hall) -> Result<()> {
    let mut dice = SmallRng::seed_from_u64(world.seed ^ 0x0011_e00e);
    let who = account.who;
    let mut conn = 0;
    loop {
        world
            .pause(Duration::from_millis(dice.random_range(500..2_000)))
            .await;
        if !world.is_talking() {
            return Ok(());
        }
        let Ok(other) = account.another_session(world.api).await else {
            continue;
        };
        let greeting = Greeting::madang(world.api.address, other.token());
        let Ok(Ok((mut sender, mut receiver))) = timeout(CONNECT, connect(&greeting)).await else {
            continue;
        };
        conn += 1;
        world.history.note(who, What::Opened { conn });
        let after = Rev::ZERO;
        world.history.note(
            who,
            What::Subscribed {
                conn,
                sub: 1,
                room: hall.room,
                after,
            },
        );
        let frame = subscribe("1", &format!("/sub/chat/room/{}", hall.room)).with("after", "0");
        let listening = sender.send(&frame).await.is_ok();
        let session = async {
            let token = account.fresh_token(world.api).await?.to_owned();
            let other_token = other.token().to_owned();
            let sessions = insist(|| world.api.sessions(&other_token)).await?;
            let current = sessions.into_iter().find(|device| device.current);
            if let Some(device) = current {
                insist(|| end(&world, &token, device.id)).await?;
            }
            anyhow::Ok(())
        };
        if listening {
            session.await?;
            world.note(What::Revoked { client: who, conn });
        }
        let code = listen(&world, who, conn, &mut sender, &mut receiver).await;
        if let Some(code) = code {
            world.history.note(who, What::Closed { conn, code });
        }
    }
}

/// A repeated request finds the session gone, which is what was wanted.
async fn end(world: &World, token: &str, session: protocol::SessionId) -> crate::api::Answer<()> {
    match world.api.end_session(token, session).await {
        Err(failure) if failure.status() == Some(404) => Ok(()),
        answer => answer,
    }
}

/// Writes down what comes until the connection is closed; `None` if it never is.
async fn listen(
    world: &World,
    who: u32,
    conn: u32,
    sender: &mut Sender,
    receiver: &mut Receiver,
) -> Option<Option<u16>> {
    let end = Instant::now() + REVOKED;
    loop {
        match tokio::time::timeout_at(end, receiver.next()).await {
            Err(_) => {
                // Frozen or dead all that time; a server that is alive answers a ping.
                let alive = sender.ping().await.is_ok()
                    && matches!(timeout(CONNECT, receiver.next()).await, Ok(heard) if !matches!(heard, Heard::Closed(_)));
                return if alive { None } else { Some(None) };
            }
            Ok(Heard::Closed(code)) => return Some(code),
            Ok(Heard::Frame(frame)) => {
                note_delivery(world, who, conn, &frame);
            }
            Ok(_) => {}
        }
    }
}
