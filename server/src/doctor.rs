//! `madang doctor`: says what is well and what is not, and what to do about it.

use std::io::ErrorKind;
use std::process::ExitCode;

use tokio::net::TcpListener;

use crate::adapters::{kafka_options, open_mongodb, redis_options};
use crate::bus::{Bus, KafkaBus};
use crate::cluster::Cluster;
use crate::config::Config;
use crate::presence::{Presence, RedisPresence};
use crate::secret;
use crate::store::{Found, SqliteStore, Upkeep, Ways};

/// Each connection takes one; the limit of many shells is 1024.
const FEW_FILES: u64 = 4096;

/// What was found, a line for each check.
struct Report {
    well: bool,
}

impl Report {
    fn found(&mut self, what: &str, found: Result<String, String>) {
        match found {
            Ok(detail) => println!("ok    {what}: {detail}"),
            Err(detail) => {
                self.well = false;
                println!("WRONG {what}: {detail}");
            }
        }
    }
}

/// Prints one line a check, and fails when one of them does.
pub async fn examine(config: Config) -> ExitCode {
    let mut report = Report { well: true };
    let mut is_running = false;
    match Cluster::of(&config) {
        Ok(None) => is_running = embedded(&config, &mut report),
        Ok(Some(cluster)) => shared(&config, &cluster, &mut report).await,
        Err(half) => report.found("cluster", Err(half.to_string())),
    }
    report.found(
        "address",
        match TcpListener::bind(config.addr).await {
            Ok(_) => Ok(format!("{} is free", config.addr)),
            Err(error) if is_running && error.kind() == ErrorKind::AddrInUse => {
                Ok(format!("{} is taken, as the server runs", config.addr))
            }
            Err(error) => Err(format!("cannot listen on {}: {error}", config.addr)),
        },
    );
    report.found(
        "open files",
        match open_files() {
            Some(limit) if limit < FEW_FILES => Err(format!(
                "the limit is {limit}, which allows about as many sockets; raise it with `ulimit -n 65536`"
            )),
            Some(limit) => Ok(format!("up to {limit}")),
            None => Ok("the limit is not known on this system".to_owned()),
        },
    );
    report.found(
        "https",
        Ok(match &config.public_url {
            Some(url) if url.is_https() => format!("people come through {url}; cookies are Secure"),
            Some(url) => format!("people come through {url}, which is not encrypted"),
            None => "MADANG_PUBLIC_URL is not set; set it behind a proxy with https".to_owned(),
        }),
    );
    if report.well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Beside a server that runs, or before the first one: nothing is made or changed. Answers whether
/// a server runs on this data.
fn embedded(config: &Config, report: &mut Report) -> bool {
    let data = config.data.display();
    let found = SqliteStore::look(&config.data);
    let is_in_use = matches!(found, Ok(Found::InUse));
    report.found(
        "store",
        match found {
            Ok(Found::Nothing) => Ok(format!("{data} is empty; the first start fills it")),
            Ok(Found::Ours) => Ok(format!("{data} is readable and writable")),
            Ok(Found::InUse) => Ok(format!("a server is running on {data}")),
            Err(error) => Err(error.to_string()),
        },
    );
    report.found(
        "secret",
        match (&config.secret, secret::found_in(&config.data)) {
            (Some(_), _) => Ok("given by the configuration".to_owned()),
            (None, Ok(Some(_))) => Ok("kept in the data directory".to_owned()),
            (None, Ok(None)) => Ok("the first start makes one".to_owned()),
            (None, Err(error)) => Err(error.to_string()),
        },
    );
    is_in_use
}

/// Kafka is looked at also where MongoDB is not there; Redis cannot be, since what is in it goes by
/// the name of the database.
async fn shared(config: &Config, cluster: &Cluster, report: &mut Report) {
    let store = open_mongodb(config, cluster).await;
    report.found(
        "mongodb",
        match &store {
            Ok(store) => store.ready().await.map_or_else(
                |error| Err(error.to_string()),
                |()| {
                    Ok(format!(
                        "readable and writable; cluster {}, clocks differ by {} ms",
                        store.cluster(),
                        store.clock_offset_ms().abs()
                    ))
                },
            ),
            Err(error) => Err(error.to_string()),
        },
    );
    let mut bus_identity = None;
    report.found(
        "kafka",
        match KafkaBus::start(kafka_options(config, cluster)).await {
            Ok(bus) => {
                let ready = bus.ready().await;
                bus_identity = Some(bus.identity());
                bus.close().await;
                ready.map(|()| format!("the topic {} is read and written", config.kafka_topic))
            }
            Err(error) => Err(error.to_string()),
        },
    );
    let Ok(store) = store else {
        return;
    };
    let mut presence_identity = None;
    report.found(
        "redis",
        match RedisPresence::start(redis_options(cluster, &store)).await {
            Ok(presence) => {
                let ready = presence.ready().await;
                presence_identity = Some(presence.identity());
                presence.close().await;
                ready.map(|()| "presence is kept, and notices are heard".to_owned())
            }
            Err(error) => Err(error.to_string()),
        },
    );
    if let Some(bus) = bus_identity {
        let ways = Ways {
            bus,
            presence: presence_identity,
        };
        let admitted = store.admits(ways).await;
        report.found(
            "cluster",
            admitted
                .map(|()| "no other cluster uses this database".to_owned())
                .map_err(|error| error.to_string()),
        );
    }
    report.found(
        "secret",
        Ok(match &config.secret {
            Some(_) => "given by the configuration; give it to every node".to_owned(),
            None => "kept in MongoDB, the same for every node".to_owned(),
        }),
    );
    if let Err(error) = store.close().await {
        report.found("mongodb", Err(format!("it does not close well: {error}")));
    }
}

fn open_files() -> Option<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}
