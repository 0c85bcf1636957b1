//! MongoDB, as the tests reach it: a database of its own for each, on the server that
//! `MADANG_TEST_MONGODB` names.

mod crashes;
mod deletions;
pub mod files;
mod nodes;
mod opening;
mod raw;

use std::net::SocketAddr;
use std::sync::Arc;

use mongodb::Client;
use proptest::prelude::*;
use server::store::{MongoPool, MongoStore};
use uuid::Uuid;

use crate::model::random::{agree, steps};
use crate::store::{Made, World};

/// A database that is gone with its owner.
pub struct Database {
    pub name: String,
}

impl Database {
    pub fn new() -> Self {
        Self {
            name: format!("madang_test_{}", Uuid::new_v4().simple()),
        }
    }

    pub fn uri(&self) -> String {
        self.uri_at(None)
    }

    /// The same database, on the way through another address.
    pub fn uri_at(&self, address: Option<SocketAddr>) -> String {
        let server = server();
        let (place, options) = server.split_once('?').unwrap_or((&server, ""));
        let place = place.trim_start_matches("mongodb://");
        let (place, named) = place.split_once('/').unwrap_or((place, ""));
        let (user, hosts) = place.rsplit_once('@').unwrap_or(("", place));
        let mut options: Vec<_> = options.split('&').map(str::to_owned).collect();
        options.retain(|option| !option.is_empty());
        let place = match address {
            Some(address) => {
                // A replica set would tell the driver where it really is.
                options.push("directConnection=true".into());
                address.to_string()
            }
            None => hosts.to_owned(),
        };
        let place = match user {
            "" => place,
            user => {
                // It is looked for in the database that is named, which is another here.
                if !options
                    .iter()
                    .any(|option| option.starts_with("authSource="))
                {
                    let source = if named.is_empty() { "admin" } else { named };
                    options.push(format!("authSource={source}"));
                }
                format!("{user}@{place}")
            }
        };
        format!("mongodb://{place}/{}?{}", self.name, options.join("&"))
    }

    /// Where the server listens.
    pub fn server(&self) -> String {
        let server = server();
        let hosts = server.trim_start_matches("mongodb://");
        let hosts = hosts.split(['/', '?']).next().unwrap();
        let host = hosts.rsplit('@').next().unwrap();
        host.split(',').next().unwrap().to_owned()
    }

    pub async fn open(&self) -> MongoStore {
        MongoStore::open(&self.uri(), POOL).await.unwrap()
    }

    /// The driver's own view of it.
    pub async fn raw(&self) -> mongodb::Database {
        let client = Client::with_uri_str(&self.uri()).await.unwrap();
        client.database(&self.name)
    }
}

pub const POOL: MongoPool = MongoPool { min: 0, max: 16 };

fn server() -> String {
    std::env::var("MADANG_TEST_MONGODB").unwrap_or_else(|_| {
        panic!(
            "these tests need a MongoDB: set MADANG_TEST_MONGODB to its address, as in \
             mongodb://127.0.0.1:27017, or leave them out with `--skip mongo`"
        )
    })
}

impl Drop for Database {
    /// The test's runtime may be gone or in the middle of something, so another does it.
    fn drop(&mut self) {
        let (uri, name) = (self.uri(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let client = Client::with_uri_str(&uri).await.unwrap();
                client.database(&name).drop().await.unwrap();
            });
        });
        if dropped.join().is_err() {
            eprintln!("the database {} is still there", self.name);
        }
    }
}

/// One node's view of the database.
pub async fn node(database: &Database) -> World {
    World::exact((Arc::new(database.open().await), Box::new(())))
}

pub async fn fresh() -> Made {
    let database = Database::new();
    let store = database.open().await;
    (Arc::new(store), Box::new(database))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_store_does_what_its_model_does(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::exact(fresh().await);
            agree(&world, steps).await;
        });
    }
}
