//! What goes wrong, one thing after another, by the dice.

use std::time::Duration;

use anyhow::Result;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use tokio::time::sleep;

use super::prepare::ClientLine;
use super::{DRAIN, World};
use crate::check::Fault;
use crate::check::history::{What, micros};
use crate::check::talker::Order;
use crate::process::Server;

/// How long a client needs to notice that nothing comes any more, with some time to spare.
const NOTICED: Duration = Duration::from_millis(2_700);

/// Kills, freezes and ends the server. After most faults there is time to heal, after some not.
pub async fn of_the_server(world: World, faults: Vec<Fault>) -> Result<()> {
    let mut dice = SmallRng::seed_from_u64(world.seed ^ 0x5e17_e200);
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
        // Each comes once before any comes again, so that a short run sees them all.
        if bag.is_empty() {
            bag = [Fault::Kill, Fault::Stop, Fault::Kill, Fault::Term]
                .into_iter()
                .filter(|fault| faults.contains(fault))
                .collect();
        }
        if bag.is_empty() {
            continue;
        }
        let fault = bag.swap_remove(dice.random_range(0..bag.len()));
        let mut server = world.server.lock().await;
        strike(&world, &mut server, fault, &mut dice).await?;
    }
}

async fn strike(
    world: &World,
    server: &mut Server,
    fault: Fault,
    dice: &mut SmallRng,
) -> Result<()> {
    let from = world.history.now();
    let name = match fault {
        Fault::Kill => {
            server.kill().await?;
            sleep(Duration::from_millis(dice.random_range(0..400))).await;
            server.again().await?;
            "kill"
        }
        Fault::Stop => {
            server.freeze()?;
            sleep(Duration::from_millis(dice.random_range(300..3_000))).await;
            server.thaw()?;
            "stop"
        }
        _ => {
            terminate(world, server).await?;
            server.again().await?;
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

/// SIGTERM, with what came of it.
pub async fn terminate(world: &World, server: &mut Server) -> Result<()> {
    let from = world.history.now();
    let exit = server.terminate(DRAIN).await?;
    world.note(What::Terminated {
        from,
        code: exit.code,
    });
    Ok(())
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
