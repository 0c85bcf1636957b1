//! What stands behind the ports, chosen once, at start: everything embedded, or the servers that
//! the nodes of a cluster share.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::bus::{Bus, KafkaBus, KafkaError, KafkaOptions, LocalBus};
use crate::chat::Secret;
use crate::cluster::{Cluster, HalfSet};
use crate::config::Config;
use crate::files::{DiskFiles, Files, GridFiles};
use crate::presence::{LocalPresence, Presence, RedisError, RedisOptions, RedisPresence};
use crate::quota::{LocalQuota, Quota};
use crate::secret;
use crate::store::{
    JoinError, MongoOpenError, MongoPool, MongoStore, OpenError, SqliteStore, Store, StoreError,
    Ways,
};

/// A node whose clock is off by more would show times that are wrong, and end sessions early.
const CLOCK_MAY_BE_OFF: Duration = Duration::from_secs(10);

/// Why a server could not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Cluster(#[from] HalfSet),
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(transparent)]
    MongoDb(Box<MongoOpenError>),
    #[error(transparent)]
    Join(#[from] JoinError),
    #[error("MongoDB went away while this node started: {0}. Start it again.")]
    Lost(#[from] StoreError),
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    #[error(transparent)]
    Redis(#[from] RedisError),
    #[error(
        "this machine's clock is off: MongoDB's says something that differs by {} s. Set the time (an NTP service keeps it), then start again.",
        .0.as_secs()
    )]
    Clock(Duration),
    #[error("the place for files cannot be used: {0}")]
    Files(String),
    #[error("the secret cannot be made or read: {0}")]
    Secret(std::io::Error),
    #[error(
        "cannot listen on {addr}: {error}. Is another server running there? Choose another with --addr or MADANG_ADDR."
    )]
    Listen {
        addr: SocketAddr,
        error: std::io::Error,
    },
}

impl From<MongoOpenError> for StartError {
    fn from(error: MongoOpenError) -> Self {
        Self::MongoDb(Box::new(error))
    }
}

pub struct Adapters {
    pub store: Arc<dyn Store>,
    pub files: Arc<dyn Files>,
    pub bus: Arc<dyn Bus>,
    pub presence: Arc<dyn Presence>,
    pub quota: Arc<dyn Quota>,
    /// What signs access tokens; the same on every node.
    pub secret: Secret,
}

impl Adapters {
    pub async fn open(config: &Config) -> Result<Self, StartError> {
        match Cluster::of(config)? {
            None => Self::embedded(config),
            Some(cluster) => Self::shared(config, &cluster).await,
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
            quota: Arc::new(LocalQuota::default()),
            secret,
        })
    }

    async fn shared(config: &Config, cluster: &Cluster) -> Result<Self, StartError> {
        let store = open_mongodb(config, cluster).await?;
        let secret = match &config.secret {
            Some(given) => given.0.clone(),
            None => {
                let fresh = secret::fresh().map_err(StartError::Secret)?;
                Secret(store.secret(fresh).await?)
            }
        };
        let bus = KafkaBus::start(kafka_options(config, cluster)).await?;
        let presence = RedisPresence::start(redis_options(cluster, &store)).await?;
        let ways = Ways {
            bus: bus.identity(),
            presence: Some(presence.identity()),
        };
        store.join(config.addr.to_string(), ways).await?;
        let files = GridFiles::open(&store)
            .await
            .map_err(|error| StartError::Files(error.to_string()))?;
        let presence = Arc::new(presence);
        Ok(Self {
            store: Arc::new(store),
            files: Arc::new(files),
            bus: Arc::new(bus),
            presence: Arc::clone(&presence) as Arc<dyn Presence>,
            quota: presence,
            secret,
        })
    }
}

/// Opens the database, and looks whether this machine's clock agrees with the server's.
pub async fn open_mongodb(config: &Config, cluster: &Cluster) -> Result<MongoStore, StartError> {
    let pool = MongoPool {
        max: config.mongodb_pool,
        ..MongoPool::default()
    };
    let store = MongoStore::open(&cluster.mongodb_uri, pool).await?;
    agree(store.clock_offset_ms())?;
    Ok(store)
}

fn agree(clock_offset_ms: i64) -> Result<(), StartError> {
    let off = Duration::from_millis(clock_offset_ms.unsigned_abs());
    if off > CLOCK_MAY_BE_OFF {
        return Err(StartError::Clock(off));
    }
    Ok(())
}

pub fn kafka_options(config: &Config, cluster: &Cluster) -> KafkaOptions {
    KafkaOptions {
        topic: config.kafka_topic.clone(),
        partitions: config.kafka_partitions,
        extra: config.kafka_options.0.clone(),
        ..KafkaOptions::new(&cluster.kafka_brokers)
    }
}

/// Clusters may share one Redis: what belongs to one begins with the name of its database.
pub fn redis_options(cluster: &Cluster, store: &MongoStore) -> RedisOptions {
    RedisOptions {
        prefix: format!("madang:{}:", store.cluster().simple()),
        ..RedisOptions::new(&cluster.redis_url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_far_off_is_refused_in_either_direction() {
        for near in [0, 10_000, -10_000] {
            assert!(agree(near).is_ok(), "{near}");
        }
        for far in [12_345, -12_345, i64::MIN] {
            let said = agree(far).unwrap_err().to_string();
            assert!(said.contains("Set the time"), "{said}");
        }
        assert!(agree(-12_345).unwrap_err().to_string().contains("by 12 s"));
    }
}
