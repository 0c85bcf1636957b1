//! What goes wrong, one thing after another, by the dice.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::nodes::{Nodes, Shared};
use super::prepare::ClientLine;
use super::{DRAIN, World};
use crate::check::Fault;
use crate::check::history::{What, micros};
use crate::check::talker::Order;
use crate::process::{Backend, Exit};

/// How long a client needs to notice that nothing comes any more, with some time to spare.
const NOTICED: Duration = Duration::from_millis(2_700);

/// What may happen to a server that runs alone, and to the nodes of a cluster. Some come twice:
/// they are drawn more often.
const ALONE: &[Fault] = &[Fault::Kill, Fault::Stop, Fault::Kill, Fault::Term];
const CLUSTER: &[Fault] = &[
    Fault::Kill,
    Fault::Kafka,
    Fault::Stop,
    Fault::Redis,
    Fault::Kill,
    Fault::Mongodb,
    Fault::Term,
];

/// Kills, freezes and ends servers. After most faults there is time to heal, after some not. Says
/// when each of them has come.
pub async fn of_servers(world: World, faults: Vec<Fault>, all_came: Arc<Notify>) -> Result<()> {
    let mut dice = SmallRng::seed_from_u64(world.seed ^ 0x5e17_e200);
    let possible: Vec<Fault> = match &world.nodes.lock().await.shared {
        Some(shared) => {
            let can = |fault: &Fault| match fault {
                Fault::Kafka => shared.backends.owns(Backend::Kafka),
                Fault::Redis => shared.backends.owns(Backend::Redis),
                _ => true,
            };
            CLUSTER.iter().copied().filter(can).collect()
        }
        None => ALONE.to_vec(),
    };
    let mut bag = Vec::new();
    loop {
        let pause = if dice.random_bool(0.65) {
            3_500..4_500
        } else {
            200..1_500
        };
        world
            .pause(Duration::from_millis(dice.random_range(pause)))
            .await;
        if !world.is_talking() {
            return Ok(());
        }
        // Each comes once before any comes again.
        if bag.is_empty() {
            bag = possible
                .iter()
                .copied()
                .filter(|fault| faults.contains(fault))
                .collect();
        }
        if !bag.is_empty() {
            let fault = bag.swap_remove(dice.random_range(0..bag.len()));
            let mut nodes = world.nodes.lock().await;
            strike(&world, &mut nodes, fault, &mut dice).await?;
        }
        if bag.is_empty() {
            all_came.notify_one();
        }
    }
}

async fn strike(world: &World, nodes: &mut Nodes, fault: Fault, dice: &mut SmallRng) -> Result<()> {
    let from = world.history.now();
    let struck = dice.random_range(0..nodes.count());
    let name = match (fault, &nodes.shared) {
        (Fault::Kill, _) => {
            let node = nodes.node(struck);
            node.kill().await?;
            sleep(Duration::from_millis(dice.random_range(0..400))).await;
            node.again().await?;
            "kill"
        }
        (Fault::Stop, _) => {
            let node = nodes.node(struck);
            node.freeze()?;
            sleep(Duration::from_millis(dice.random_range(300..3_000))).await;
            node.thaw()?;
            "stop"
        }
        // Nothing is granted for these two: the nodes go on as if nothing had happened.
        (Fault::Kafka, Some(shared)) => return away(world, shared, Backend::Kafka, dice).await,
        (Fault::Redis, Some(shared)) => return away(world, shared, Backend::Redis, dice).await,
        (Fault::Mongodb, Some(shared)) => {
            let mongodb = &shared.mongodb;
            let time = Duration::from_millis(dice.random_range(500..2_500));
            if dice.random_bool(0.5) {
                mongodb.shut(true);
                sleep(time).await;
                mongodb.shut(false);
            } else {
                if dice.random_bool(0.5) {
                    mongodb.cut(true);
                }
                mongodb.slow(Duration::from_millis(dice.random_range(20..400)));
                sleep(time).await;
                mongodb.slow(Duration::ZERO);
            }
            "mongodb"
        }
        // One node after the other, as a new version is brought in.
        _ => {
            for index in 0..nodes.count() {
                let node = nodes.node(index);
                let from = world.history.now();
                let exit = node.terminate(DRAIN).await?;
                note_end(world, from, exit);
                node.again().await?;
            }
            "term"
        }
    };
    let to = world.history.now();
    world.note(What::Disturbed {
        fault: name.into(),
        client: None,
        from,
        to,
    });
    Ok(())
}

/// One of the servers that the nodes share is killed, and comes back after a while: after as long as
/// was asked for, or in a long run after as much as a minute.
async fn away(world: &World, shared: &Shared, backend: Backend, dice: &mut SmallRng) -> Result<()> {
    let longest = (world.time / 6).clamp(Duration::from_secs(2), Duration::from_secs(60));
    let drawn = longest.mul_f64(dice.random_range(0.2..1.0));
    let time = world.away.unwrap_or(drawn);
    shared.backends.kill(backend).await?;
    world.note(What::Away {
        backend: backend.name().into(),
        millis: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
    });
    world.pause(time).await;
    shared.backends.revive(backend).await
}

/// SIGTERM for all, with what came of it.
pub async fn terminate(world: &World, nodes: &mut Nodes) -> Result<()> {
    let from = world.history.now();
    for exit in nodes.terminate(DRAIN).await? {
        note_end(world, from, exit);
    }
    Ok(())
}

fn note_end(world: &World, from: u64, exit: Exit) {
    let code = exit.code;
    world.note(What::Terminated { from, code });
}

/// Cuts and stalls the connections of single clients, and makes them repeat themselves.
pub async fn of_clients(world: World, faults: Vec<Fault>, lines: Vec<ClientLine>) -> Result<()> {
    let mut dice = SmallRng::seed_from_u64(world.seed ^ 0x000c_11e7);
    let choices: Vec<Fault> = faults
        .into_iter()
        .filter(|fault| matches!(fault, Fault::Cut | Fault::Halfopen | Fault::Resend))
        .collect();
    loop {
        world
            .pause(Duration::from_millis(dice.random_range(200..900)))
            .await;
        if !world.is_talking() {
            return Ok(());
        }
        let (Some(fault), Some(line)) = (choices.choose(&mut dice), lines.choose(&mut dice)) else {
            continue;
        };
        let from = world.history.now();
        let (name, to) = match fault {
            Fault::Cut => {
                line.proxy.cut(dice.random_bool(0.5));
                ("cut", from)
            }
            Fault::Halfopen => {
                line.proxy.stall();
                ("halfopen", from + micros(NOTICED))
            }
            _ => {
                // A client that is busy reconnecting has enough to repeat as it is.
                let _ = line.handle.orders.try_send(Order::Repeat);
                continue;
            }
        };
        let client = Some(line.handle.who);
        world.note(What::Disturbed {
            fault: name.into(),
            client,
            from,
            to,
        });
    }
}
