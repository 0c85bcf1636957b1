//! The servers that are checked: one that runs alone, or the nodes of a cluster.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::try_join_all;

use super::Plan;
use crate::check::proxy::Proxy;
use crate::process::{Backends, Exit, Server, Settings};

const MONGODB: &str = "MADANG_MONGODB_URI";

pub struct Nodes {
    all: Vec<Server>,
    pub shared: Option<Shared>,
}

/// What the nodes of a cluster share, and the network to their database.
pub struct Shared {
    pub backends: Backends,
    pub mongodb: Proxy,
}

impl Nodes {
    pub async fn start(plan: &Plan, folder: &Path) -> Result<Self> {
        let (shared, settings) = match &plan.backends {
            Some(backends) => {
                let (shared, settings) = Shared::of(backends).await?;
                (Some(shared), settings)
            }
            None => (None, Settings::new()),
        };
        let mut all = Vec::new();
        for number in 1..=plan.nodes {
            let folder = match plan.nodes {
                1 => folder.to_owned(),
                _ => folder.join(format!("node-{number}")),
            };
            std::fs::create_dir_all(&folder)?;
            all.push(Server::start(&plan.server, &folder, settings.clone()).await?);
        }
        Ok(Self { all, shared })
    }

    pub fn count(&self) -> usize {
        self.all.len()
    }

    pub fn node(&mut self, index: usize) -> &mut Server {
        let count = self.all.len();
        &mut self.all[index % count]
    }

    /// Where they listen, beginning with this one, so that clients are spread.
    pub fn addresses_from(&self, first: usize) -> Vec<SocketAddr> {
        let mut addresses: Vec<_> = self.all.iter().map(|node| node.address).collect();
        addresses.rotate_left(first % self.all.len());
        addresses
    }

    pub fn pids(&self) -> Vec<u32> {
        self.all.iter().filter_map(Server::pid).collect()
    }

    /// `kill -9` of all at once.
    pub async fn kill(&mut self) -> Result<()> {
        try_join_all(self.all.iter_mut().map(Server::kill)).await?;
        Ok(())
    }

    pub async fn again(&mut self) -> Result<()> {
        try_join_all(self.all.iter_mut().map(Server::again)).await?;
        Ok(())
    }

    pub async fn terminate(&mut self, within: Duration) -> Result<Vec<Exit>> {
        try_join_all(self.all.iter_mut().map(|node| node.terminate(within))).await
    }
}

impl Shared {
    /// Each run has a database of its own, behind a network that can be broken.
    async fn of(backends: &Backends) -> Result<(Self, Settings)> {
        let mut settings = backends.settings.clone();
        let uri = settings.iter_mut().find(|(name, _)| name == MONGODB);
        let (_, uri) = uri.with_context(|| format!("{MONGODB} is not among the addresses"))?;
        let rest = uri.strip_prefix("mongodb://").unwrap_or(uri);
        let (host, _) = rest.split_once('/').unwrap_or((rest, ""));
        let address = tokio::net::lookup_host(host)
            .await?
            .next()
            .with_context(|| format!("{host} has no address"))?;
        let mongodb = Proxy::to([address]).await?;
        let run = uuid::Uuid::now_v7().simple();
        *uri = format!("mongodb://{}/check-{run}", mongodb.address);
        let shared = Self {
            backends: backends.clone(),
            mongodb,
        };
        Ok((shared, settings))
    }
}
