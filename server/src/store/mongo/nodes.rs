//! The nodes that share this database: the secret that they sign with, and who they are. Two
//! clusters that were pointed at one database by mistake would not hear each other, so a node does
//! not join where living nodes use another bus or another Redis.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Uuid, doc};
use protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::connection::{Connection, Unanswered};
use super::documents::{date, time};
use super::failure::is_duplicate;
use super::{Core, MongoStore};
use crate::store::{StoreError, StoreResult};

/// A node says so often that it is here …
const PULSE: Duration = Duration::from_secs(10);
/// … and does not count any more when it was silent for so long.
const SILENT: Duration = Duration::from_secs(35);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Node {
    #[serde(rename = "_id")]
    id: Uuid,
    /// Where it listens, for people.
    address: String,
    #[serde(flatten)]
    ways: Ways,
    seen: mongodb::bson::DateTime,
}

/// By what a node hears the others: the same for all nodes of a cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ways {
    /// What names its bus.
    pub bus: String,
    /// What names the Redis of its presence. Nodes of older versions do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence: Option<String>,
}

impl Ways {
    fn meet(&self, others: &Self) -> bool {
        let (ours, theirs) = (&self.presence, &others.presence);
        self.bus == others.bus && (ours == theirs || ours.is_none() || theirs.is_none())
    }
}

impl fmt::Display for Ways {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.bus)?;
        match &self.presence {
            Some(presence) => write!(f, " and {presence}"),
            None => Ok(()),
        }
    }
}

impl Node {
    fn keeps_out(self, ours: &Ways) -> JoinError {
        JoinError::OtherCluster {
            address: self.address,
            theirs: self.ways.to_string(),
            ours: ours.to_string(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Keys {
    #[serde(rename = "_id")]
    id: String,
    secret: Binary,
}

/// Why a node may not join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    #[error(
        "This database is in use by another cluster: its node at {address} uses {theirs}, this \
         one would use {ours}. Give each cluster a database of its own \
         (MADANG_MONGODB_URI), or this node the same Kafka, topic and Redis as the others. A node that \
         has ended is forgotten after {} s.",
        SILENT.as_secs()
    )]
    OtherCluster {
        address: String,
        theirs: String,
        ours: String,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MongoStore {
    /// The secret that all nodes sign with: the one that is there, or this one.
    pub async fn secret(&self, fresh: [u8; 32]) -> StoreResult<[u8; 32]> {
        self.call(move |core| async move { core.secret(fresh).await })
            .await
    }

    /// Whether a node with these ways could join.
    pub async fn admits(&self, ways: Ways) -> Result<(), JoinError> {
        let ours = ways.clone();
        let other = self
            .call(move |core| async move { core.other(&ours).await })
            .await?;
        other.map_or(Ok(()), |other| Err(other.keeps_out(&ways)))
    }

    /// Joins those who share the database, and says from then on that this node is here.
    pub async fn join(&self, address: String, ways: Ways) -> Result<(), JoinError> {
        let node = Node {
            id: Uuid::new(),
            address,
            ways,
            seen: date(now()),
        };
        let said = node.clone();
        // First said, then asked: of two that come at once, at least one hears of the other.
        let other = self
            .call(move |core| async move {
                core.is_here(&said).await?;
                let other = core.other(&said.ways).await?;
                if other.is_some() {
                    core.is_gone(said.id).await?;
                }
                Ok(other)
            })
            .await?;
        if let Some(other) = other {
            return Err(other.keeps_out(&node.ways));
        }
        let (connection, core) = (self.connection.clone(), Arc::clone(&self.core));
        tokio::spawn(stay(connection, core, node));
        Ok(())
    }
}

/// Until the store is closed.
async fn stay(connection: Connection, core: Arc<Core>, mut node: Node) {
    loop {
        tokio::time::sleep(PULSE).await;
        node.seen = date(now());
        let (core, said) = (Arc::clone(&core), node.clone());
        match connection
            .call(async move {
                core.is_here(&said).await?;
                core.other(&said.ways).await
            })
            .await
        {
            Ok(Ok(None)) => {}
            // It came while this node could not say that it is here. Which of the two is wrong,
            // only people know.
            Ok(Ok(Some(other))) => tracing::error!(
                other.address = %other.address,
                other.ways = %other.ways,
                ways = %node.ways,
                "a node of another cluster uses this database, and neither hears the other; give \
                 each cluster a database of its own (MADANG_MONGODB_URI)"
            ),
            Err(Unanswered::Closed) => return,
            // It is said again soon; that MongoDB does not answer, others notice.
            failed => tracing::debug!(?failed, "this node could not say that it is here"),
        }
    }
}

impl Core {
    async fn secret(&self, fresh: [u8; 32]) -> StoreResult<[u8; 32]> {
        let keys = Keys {
            id: "keys".into(),
            secret: Binary {
                subtype: BinarySubtype::Generic,
                bytes: fresh.to_vec(),
            },
        };
        match self.all.keys.insert_one(&keys).await {
            Err(error) if !is_duplicate(&error) => return Err(error.into()),
            _ => {}
        }
        let kept = self.all.keys.find_one(doc! { "_id": "keys" }).await?;
        kept.and_then(|keys| keys.secret.bytes.try_into().ok())
            .ok_or_else(|| StoreError::Corrupt("the secret of the cluster is not one".into()))
    }

    /// A living node that hears others than this one would.
    async fn other(&self, ways: &Ways) -> StoreResult<Option<Node>> {
        let nodes: Vec<Node> = self.all.nodes.find(doc! {}).await?.try_collect().await?;
        let living = |node: &Node| now().since(time(node.seen)) < SILENT;
        let (living, silent): (Vec<_>, Vec<_>) = nodes.into_iter().partition(living);
        for node in silent {
            self.is_gone(node.id).await?;
        }
        Ok(living.into_iter().find(|node| !node.ways.meet(ways)))
    }

    async fn is_here(&self, node: &Node) -> StoreResult<()> {
        let this = doc! { "_id": node.id };
        self.all.nodes.replace_one(this, node).upsert(true).await?;
        Ok(())
    }

    async fn is_gone(&self, node: Uuid) -> StoreResult<()> {
        self.all.nodes.delete_one(doc! { "_id": node }).await?;
        Ok(())
    }
}

fn now() -> Timestamp {
    std::time::SystemTime::now().into()
}
