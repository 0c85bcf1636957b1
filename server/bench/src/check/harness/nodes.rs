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
        let found = Uri::parse(uri).with_context(|| {
            format!("{MONGODB} must name one server, as mongodb://host:port/database")
        })?;
        let port = if found.host.contains(':') {
            ""
        } else {
            ":27017"
        };
        let address = tokio::net::lookup_host(format!("{}{port}", found.host))
            .await?
            .next()
            .with_context(|| format!("{} has no address", found.host))?;
        let mongodb = Proxy::to([address]).await?;
        let run = uuid::Uuid::now_v7().simple();
        *uri = found.by_way_of(mongodb.address, &format!("check-{run}"));
        let shared = Self {
            backends: backends.clone(),
            mongodb,
        };
        Ok((shared, settings))
    }
}

/// The address of one MongoDB, in its parts.
struct Uri<'a> {
    user: Option<&'a str>,
    host: &'a str,
    database: &'a str,
    options: &'a str,
}

impl<'a> Uri<'a> {
    fn parse(uri: &'a str) -> Option<Self> {
        let rest = uri.strip_prefix("mongodb://")?;
        let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (place, database) = place.split_once('/').unwrap_or((place, ""));
        let (user, host) = match place.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, place),
        };
        (!host.contains(',')).then_some(Self {
            user,
            host,
            database,
            options,
        })
    }

    /// The same server and user behind a proxy. A replica set would tell the driver where it really
    /// is, and a user is looked for in the database that is named, so both are said.
    fn by_way_of(&self, proxy: SocketAddr, database: &str) -> String {
        let given = self.options.split('&');
        let mut options: Vec<_> = given.map(str::to_owned).collect();
        options.retain(|option| !option.is_empty() && !option.starts_with("directConnection="));
        options.push("directConnection=true".to_owned());
        let is_said = options
            .iter()
            .any(|option| option.starts_with("authSource="));
        if self.user.is_some() && !is_said {
            let source = Some(self.database).filter(|name| !name.is_empty());
            options.push(format!("authSource={}", source.unwrap_or("admin")));
        }
        let user = self.user.map(|user| format!("{user}@")).unwrap_or_default();
        format!("mongodb://{user}{proxy}/{database}?{}", options.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_way(uri: &str) -> String {
        let proxy = SocketAddr::from(([127, 0, 0, 1], 9));
        Uri::parse(uri).unwrap().by_way_of(proxy, "run")
    }

    #[test]
    fn a_replica_set_is_reached_through_the_proxy_alone() {
        assert_eq!(
            by_way("mongodb://127.0.0.1:5/madang?replicaSet=madang&directConnection=false"),
            "mongodb://127.0.0.1:9/run?replicaSet=madang&directConnection=true"
        );
        assert_eq!(
            by_way("mongodb://127.0.0.1:5"),
            "mongodb://127.0.0.1:9/run?directConnection=true"
        );
    }

    #[test]
    fn a_user_is_still_looked_for_where_it_was() {
        assert_eq!(
            by_way("mongodb://me:p%40ss@db:5/chat"),
            "mongodb://me:p%40ss@127.0.0.1:9/run?directConnection=true&authSource=chat"
        );
        assert_eq!(
            by_way("mongodb://me:secret@db:5/?authSource=users"),
            "mongodb://me:secret@127.0.0.1:9/run?authSource=users&directConnection=true"
        );
    }

    #[test]
    fn several_servers_are_not_one() {
        assert!(Uri::parse("mongodb://one:5,two:5/chat").is_none());
        assert!(Uri::parse("mongodb+srv://db/chat").is_none());
    }
}
