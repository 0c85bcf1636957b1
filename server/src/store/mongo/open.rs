//! Opens the database: a server that answers, a schema that we know, indexes that are there.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mongodb::bson::{Document, Uuid, doc};
use mongodb::error::{Error, ErrorKind};
use mongodb::options::{
    Acknowledgment, ClientOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern,
};
use mongodb::{Client, Database};
use protocol::Timestamp;

use super::collections::{Collections, Meta};
use super::connection::{Connection, Unanswered};
use super::documents::time;
use super::failure::{COMMAND_NOT_FOUND, code, is_duplicate};
use super::tries::Tries;
use super::turns::Turns;
use super::{Core, MongoStore};

/// The schema that this Madang writes.
const VERSION: i64 = 1;
/// Where the address names no database.
const DATABASE: &str = "madang";
/// A server that does not answer is to be noticed soon.
const TIMEOUT: Duration = Duration::from_secs(4);
/// How long a write may wait for a majority. The driver waits without end otherwise, and whoever
/// asked has gone when it is over; so this is shorter than the patience of a call.
const CONFIRMED: Duration = Duration::from_secs(8);
/// How often each server is asked how it is; a new primary is to be found soon.
const HEARTBEAT: Duration = Duration::from_secs(2);
const IDLE: Duration = Duration::from_secs(300);

/// Connections to one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MongoPool {
    /// Kept open, so that the first of many does not wait.
    pub min: u32,
    /// Beyond this, calls wait for one another.
    pub max: u32,
}

impl Default for MongoPool {
    fn default() -> Self {
        Self { min: 5, max: 100 }
    }
}

/// Why the database cannot be used, in sentences for whoever starts the server.
#[derive(Debug, thiserror::Error)]
pub enum MongoOpenError {
    #[error(
        "The address of MongoDB cannot be used: {0}. Write it as \
         mongodb://user:password@host:27017/madang (MADANG_MONGODB_URI)."
    )]
    Address(Error),
    #[error(
        "MongoDB at {hosts} does not answer: {source}. Start it, or correct the address \
         (MADANG_MONGODB_URI)."
    )]
    Unreachable { hosts: String, source: Error },
    #[error(
        "MongoDB at {hosts} refuses: {source}. Look whether the user may read and write the \
         database {database}, make indexes in it, and whether it belongs to Madang alone \
         (MADANG_MONGODB_URI)."
    )]
    Refused {
        hosts: String,
        database: String,
        source: Error,
    },
    #[error(
        "MongoDB at {hosts} has not confirmed yet which cluster the database {database} belongs \
         to. Start it again in a moment; if that does not help, see that a majority of its \
         replica set runs."
    )]
    Unconfirmed { hosts: String, database: String },
    #[error(
        "The database {database} at {hosts} was written by a newer Madang: its schema is version \
         {found}, this one knows up to {known}. Start the newer Madang, or restore a backup from \
         before."
    )]
    Newer {
        hosts: String,
        database: String,
        found: i64,
        known: i64,
    },
}

impl MongoStore {
    /// Opens the database that the address names (`madang` where it names none), and makes what
    /// is missing in it. Many nodes may do so at once.
    pub async fn open(uri: &str, pool: MongoPool) -> Result<Self, MongoOpenError> {
        let options = ClientOptions::parse(uri)
            .await
            .map_err(MongoOpenError::Address)?;
        let options = suited(options, pool);
        let hosts = options.hosts.iter().map(ToString::to_string);
        let hosts = hosts.collect::<Vec<_>>().join(", ");
        let name = options.default_database.clone();
        let client = Client::with_options(options).map_err(MongoOpenError::Address)?;
        let database = client.database(name.as_deref().unwrap_or(DATABASE));
        let connection = Connection::new(client, database.clone());
        let place = Place {
            hosts: hosts.clone(),
            database,
            connection: connection.clone(),
        };
        let unanswered = |why: Unanswered| MongoOpenError::Unreachable {
            hosts: hosts.clone(),
            source: Error::custom(why.to_string()),
        };
        // Whoever opens it may go away, too.
        let greeting = connection.call(async move {
            let clock_offset = place.greet().await;
            let clock_offset = clock_offset.map_err(|error| place.failed(error))?;
            place.recognise().await?;
            Ok((place, clock_offset))
        });
        let (place, clock_offset) = greeting.await.map_err(unanswered)??;
        // Index after index, each read from all that is there and confirmed by a majority.
        let preparing = connection.chore(async move { place.prepare().await });
        let (core, cluster) = preparing.await.map_err(unanswered)??;
        Ok(Self {
            connection,
            core: Arc::new(core),
            cluster,
            clock_offset,
        })
    }
}

fn suited(mut options: ClientOptions, pool: MongoPool) -> ClientOptions {
    options.app_name.get_or_insert_with(|| "madang".into());
    options.min_pool_size = Some(pool.min.min(pool.max));
    options.max_pool_size = Some(pool.max);
    options.max_idle_time = Some(IDLE);
    options.connect_timeout = Some(TIMEOUT);
    options.server_selection_timeout = Some(TIMEOUT);
    options.heartbeat_freq = Some(HEARTBEAT);
    // What is acknowledged is on the disks of a majority, and what is read stays.
    options.write_concern = Some(
        WriteConcern::builder()
            .w(Acknowledgment::Majority)
            .journal(true)
            .w_timeout(CONFIRMED)
            .build(),
    );
    options.read_concern = Some(ReadConcern::majority());
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    options
}

struct Place {
    hosts: String,
    database: Database,
    connection: Connection,
}

impl Place {
    async fn prepare(&self) -> Result<(Core, uuid::Uuid), MongoOpenError> {
        let all = Collections::of(&self.database);
        all.index().await.map_err(|error| self.failed(error))?;
        let cluster = Meta {
            id: "cluster".into(),
            version: None,
            cluster: Some(Uuid::new()),
        };
        let cluster = self.remember(&all, cluster).await?.cluster;
        let cluster = uuid::Uuid::from_bytes(cluster.unwrap_or_default().bytes());
        let core = Core {
            connection: self.connection.clone(),
            all,
            turns: Turns::default(),
        };
        Ok((core, cluster))
    }

    /// What kind of server it is, and by how many milliseconds this node's clock is ahead of its.
    async fn greet(&self) -> Result<i64, Error> {
        let before = Timestamp::from(SystemTime::now()).millis();
        let hello = match self.database.run_command(doc! { "hello": 1 }).await {
            // Its name before MongoDB 5.
            Err(error) if code(&error) == Some(COMMAND_NOT_FOUND) => {
                self.database.run_command(doc! { "isMaster": 1 }).await?
            }
            hello => hello?,
        };
        let after = Timestamp::from(SystemTime::now()).millis();
        if is_alone(&hello) {
            tracing::warn!(
                mongodb.hosts = %self.hosts,
                "MongoDB runs as a single server, not as a replica set: what it acknowledged may \
                 be lost with it; for more than a trial, start it with --replSet"
            );
        }
        let theirs = hello.get_datetime("localTime").map(|at| time(*at).millis());
        Ok(theirs.map_or(0, |theirs| before.midpoint(after) - theirs))
    }

    async fn recognise(&self) -> Result<(), MongoOpenError> {
        let ours = Meta {
            id: "schema".into(),
            version: Some(VERSION),
            cluster: None,
        };
        let all = Collections::of(&self.database);
        let schema = self.remember(&all, ours).await?;
        match schema.version {
            Some(found) if found > VERSION => Err(MongoOpenError::Newer {
                hosts: self.hosts.clone(),
                database: self.database.name().to_owned(),
                found,
                known: VERSION,
            }),
            _ => Ok(()),
        }
    }

    /// The document that is there under this id, or this one, if there is none.
    async fn remember(&self, all: &Collections, meta: Meta) -> Result<Meta, MongoOpenError> {
        let mut tries = Tries::begin();
        loop {
            match all.meta.insert_one(&meta).await {
                Err(error) if is_duplicate(&error) => {}
                Err(error) => return Err(self.failed(error)),
                Ok(_) => return Ok(meta),
            }
            let there = all.meta.find_one(doc! { "_id": &meta.id }).await;
            if let Some(there) = there.map_err(|error| self.failed(error))? {
                return Ok(there);
            }
            // A majority has not confirmed it yet. To go by our own would be to found another cluster.
            let unconfirmed = |_| MongoOpenError::Unconfirmed {
                hosts: self.hosts.clone(),
                database: self.database.name().to_owned(),
            };
            tries.again("").await.map_err(unconfirmed)?;
        }
    }

    fn failed(&self, source: Error) -> MongoOpenError {
        let hosts = self.hosts.clone();
        match source.kind.as_ref() {
            ErrorKind::ServerSelection { .. }
            | ErrorKind::Io(_)
            | ErrorKind::ConnectionPoolCleared { .. }
            | ErrorKind::DnsResolve { .. } => MongoOpenError::Unreachable { hosts, source },
            _ => MongoOpenError::Refused {
                hosts,
                database: self.database.name().to_owned(),
                source,
            },
        }
    }
}

/// Neither a member of a replica set nor a router in front of one.
fn is_alone(hello: &Document) -> bool {
    !hello.contains_key("setName") && !matches!(hello.get_str("msg"), Ok("isdbgrid"))
}

#[cfg(test)]
mod tests {
    use super::super::connection::PATIENCE;
    use super::*;

    #[tokio::test]
    async fn a_write_waits_for_a_majority_but_not_without_end() {
        let options = ClientOptions::parse("mongodb://127.0.0.1/?w=1")
            .await
            .unwrap();
        let options = suited(options, MongoPool::default());
        let concern = options.write_concern.unwrap();
        assert_eq!(concern.w, Some(Acknowledgment::Majority));
        assert_eq!(concern.journal, Some(true));
        assert!(concern.w_timeout.is_some_and(|end| end < PATIENCE));
        assert!(options.heartbeat_freq.is_some_and(|pause| pause < TIMEOUT));
    }
}
