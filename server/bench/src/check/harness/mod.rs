//! The run: prepares the world, lets clients talk in it while it breaks, and reads what is left.

mod erase;
mod faults;
mod members;
mod nodes;
mod prepare;
mod probes;
mod slow;
mod store;

use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use protocol::Rev;
use protocol::stomp::{Command, Frame};
use protocol::wire::Delivery;
use tokio::sync::{Mutex, Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::Fault;
use super::history::{Entry, HARNESS, What, Who};
use super::recorder::History;
use super::talker::{Handle, Manner};
use crate::api::Api;
use crate::check::proxy::Proxy;
use crate::process::{Backends, rss};
use nodes::Nodes;

/// How long the server may take to drain.
const DRAIN: Duration = Duration::from_secs(30);
/// How long unanswered operations may take after everything has healed. The verification names
/// those that are still waiting then.
const ANSWERS: Duration = Duration::from_secs(20);

pub struct Plan {
    pub server: PathBuf,
    /// More than one need backends to share.
    pub nodes: usize,
    pub backends: Option<Backends>,
    pub seed: u64,
    pub time: Duration,
    pub clients: u32,
    pub rooms: usize,
    pub faults: Vec<Fault>,
    pub manner: Manner,
    pub heal: Duration,
    /// How long Kafka and Redis stay away, if that is not left to the dice.
    pub away: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Clients say new things.
    Talk,
    /// They only finish what they have begun, and listen.
    Listen,
    Over,
}

/// What everybody in the run shares.
#[derive(Clone)]
pub struct World {
    /// Speaks to whichever node is up.
    pub api: Api,
    pub history: History,
    pub seed: u64,
    /// How long there is talk.
    pub time: Duration,
    pub away: Option<Duration>,
    pub phase: watch::Receiver<Phase>,
    /// Locked while they are being broken, so that faults of servers do not overlap.
    pub nodes: Arc<Mutex<Nodes>>,
}

impl World {
    pub fn is_talking(&self) -> bool {
        *self.phase.borrow() == Phase::Talk
    }

    /// Waits this long, or until the talking ends.
    pub async fn pause(&self, time: Duration) {
        let mut phase = self.phase.clone();
        tokio::select! {
            () = sleep(time) => {}
            _ = phase.wait_for(|phase| *phase != Phase::Talk) => {}
        }
    }

    pub fn note(&self, what: What) {
        self.history.note(HARNESS, what);
    }
}

pub async fn run(plan: Plan, folder: &Path, history: &History) -> Result<()> {
    let nodes = Nodes::start(&plan, folder).await?;
    let door = Proxy::to(nodes.addresses_from(0)).await?;
    let (turn, phase) = watch::channel(Phase::Talk);
    let world = World {
        api: Api {
            address: door.address,
        },
        history: history.clone(),
        seed: plan.seed,
        time: plan.time,
        away: plan.away,
        phase,
        nodes: Arc::new(Mutex::new(nodes)),
    };
    let mut stage = prepare::stage(&world, &plan).await?;
    let mut talkers = JoinSet::new();
    for talker in stage.talkers.drain(..) {
        talkers.spawn(talker.run());
    }
    let mut breakers: JoinSet<Result<()>> = JoinSet::new();
    let all_came = Arc::new(Notify::new());
    breakers.spawn(faults::of_servers(
        world.clone(),
        plan.faults.clone(),
        Arc::clone(&all_came),
    ));
    breakers.spawn(faults::of_clients(
        world.clone(),
        plan.faults.clone(),
        stage.lines(),
    ));
    breakers.spawn(members::come_and_go(world.clone(), stage.churn(&plan)));
    breakers.spawn(probes::stranger(
        world.clone(),
        stage.stranger.clone(),
        stage.secrets(),
    ));
    breakers.spawn(probes::revoked(
        world.clone(),
        stage.guest.clone(),
        stage.hall.clone(),
    ));
    if plan.faults.contains(&Fault::Slow) {
        breakers.spawn(slow::reader(
            world.clone(),
            stage.pump.clone(),
            stage.sleeper.clone(),
            stage.hose,
        ));
    }
    let watching = tokio::spawn(watch_memory(world.clone()));

    let talk = pin!(async {
        sleep(plan.time).await;
        // A run is not over before it has seen every fault that it was to see.
        timeout(plan.time * 2, all_came.notified())
            .await
            .context("in three times the time not every fault has come")
    });
    end_or_failure(talk, &mut breakers).await?;
    turn.send_replace(Phase::Listen);
    while let Some(ended) = breakers.join_next().await {
        ended??;
    }
    wait_for_answers(&stage.handles).await;
    sleep(plan.heal + Duration::from_millis(300)).await;
    world.note(What::Settled);

    faults::terminate(&world, &mut *world.nodes.lock().await).await?;
    turn.send_replace(Phase::Over);
    while let Some(ended) = talkers.join_next().await {
        ended?;
    }
    {
        let mut nodes = world.nodes.lock().await;
        nodes.again().await?;
        nodes.kill().await?;
        nodes.again().await?;
    }
    store::read(&world, &stage).await?;
    erase::erase_and_look(&world, &mut stage).await?;
    watching.abort();
    let mut nodes = world.nodes.lock().await;
    faults::terminate(&world, &mut nodes).await
}

/// The end of the talking, or the failure of something that goes on beside it.
async fn end_or_failure(
    mut talk: Pin<&mut impl Future<Output = Result<()>>>,
    breakers: &mut JoinSet<Result<()>>,
) -> Result<()> {
    loop {
        tokio::select! {
            ended = &mut talk => return ended,
            Some(ended) = breakers.join_next() => ended??,
        }
    }
}

async fn wait_for_answers(handles: &[Handle]) {
    let end = Instant::now() + ANSWERS;
    while Instant::now() < end && handles.iter().any(|handle| handle.unanswered() > 0) {
        sleep(Duration::from_millis(50)).await;
    }
}

async fn watch_memory(world: World) {
    loop {
        sleep(Duration::from_millis(250)).await;
        let pids = world.nodes.lock().await.pids();
        if let Some(rss) = pids.into_iter().filter_map(rss).max() {
            world.note(What::Memory { rss });
        }
    }
}

/// Writes down what a frame brings to the one subscription of a connection, and says how far an
/// event has brought it.
fn note_delivery(world: &World, who: Who, conn: u32, frame: &Frame) -> Option<Rev> {
    if frame.command != Command::Message {
        return None;
    }
    let sub = 1;
    match serde_json::from_slice(&frame.body).ok()? {
        Delivery::Event(event) => {
            let entry = Entry::from(&*event);
            let rev = entry.rev;
            world
                .history
                .note(who, What::Delivered { conn, sub, entry });
            Some(rev)
        }
        Delivery::Reset { .. } => {
            world.history.note(who, What::Reset { conn, sub });
            None
        }
    }
}

/// For requests that a fault may swallow, and that do the same when they are repeated.
async fn insist<T, F: Future<Output = crate::api::Answer<T>>>(ask: impl FnMut() -> F) -> Result<T> {
    match crate::api::insist(Duration::from_secs(60), ask).await {
        Ok(answer) => Ok(answer),
        Err(failure) => bail!("a request of the harness itself failed: {failure}"),
    }
}
