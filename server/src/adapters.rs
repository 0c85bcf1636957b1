//! What stands behind the ports, chosen once, at start: everything embedded, or the servers that
//! the nodes of a cluster share.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::bus::{Bus, LocalBus};
use crate::chat::Secret;
use crate::cluster::{Cluster, HalfSet};
use crate::config::Config;
use crate::files::{DiskFiles, Files};
use crate::presence::{LocalPresence, Presence};
use crate::secret;
use crate::store::{OpenError, SqliteStore, Store};

/// Why a server could not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Cluster(#[from] HalfSet),
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error("the directory for files cannot be used: {0}")]
    Files(String),
    #[error("the secret in the data directory cannot be used: {0}")]
    Secret(std::io::Error),
    #[error(
        "cannot listen on {addr}: {error}. Is another server running there? Choose another with --addr or MADANG_ADDR."
    )]
    Listen {
        addr: SocketAddr,
        error: std::io::Error,
    },
}

pub struct Adapters {
    pub store: Arc<dyn Store>,
    pub files: Arc<dyn Files>,
    pub bus: Arc<dyn Bus>,
    pub presence: Arc<dyn Presence>,
    /// What signs access tokens; the same on every node.
    pub secret: Secret,
}

impl Adapters {
    pub async fn open(config: &Config) -> Result<Self, StartError> {
        match Cluster::of(config)? {
            None => Self::embedded(config),
            Some(_) => Self::embedded(config),
        }
    }

    fn embedded(config: &Config) -> Result<Self, StartError> {
        let store = SqliteStore::open(&config.data)?;
        let files = DiskFiles::open(&config.data.join("files"))
            .map_err(|error| StartError::Files(error.to_string()))?;
        let secret = match &config.secret {
            Some(given) => given.0.clone(),
            None => secret::kept_in(&config.data).map_err(StartError::Secret)?,
        };
        Ok(Self {
            store: Arc::new(store),
            files: Arc::new(files),
            bus: Arc::new(LocalBus::default()),
            presence: Arc::new(LocalPresence::default()),
            secret,
        })
    }
}
