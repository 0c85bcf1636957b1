//! The whole web side without a socket: a router on a real chat, on a store that is thrown away.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use protocol::Timestamp;
use server::bus::LocalBus;
use server::chat::{Chat, Clock, Parts, Secret, Settings, Sink, Writers};
use server::files::DiskFiles;
use server::live::Hub;
use server::presence::{LocalPresence, Presence};
use server::quota::LocalQuota;
use server::store::{SqliteStore, Store};
use server::web::{Health, Web, WebSettings};
use tempfile::TempDir;

use crate::asking::{Browser, Program};

/// 2026-11-20T12:00:00Z.
const NOON: i64 = 1_795_176_000_000;

pub struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

pub struct House {
    pub router: Router,
    pub health: Arc<Health>,
    pub store: Arc<dyn Store>,
    clock: Arc<Hands>,
    _data: TempDir,
}

impl House {
    pub fn new() -> Self {
        Self::with(WebSettings::default())
    }

    pub fn with(settings: WebSettings) -> Self {
        let data = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(data.path()).unwrap());
        let presence: Arc<dyn Presence> = Arc::new(LocalPresence::default());
        let hub = Hub::new(
            Arc::clone(&store),
            Arc::new(LocalBus::default()),
            Arc::clone(&presence),
        );
        let clock = Arc::new(Hands(AtomicI64::new(NOON)));
        let chat = Chat::new(Parts {
            store: Arc::clone(&store),
            presence,
            quota: Arc::new(LocalQuota::default()),
            files: Arc::new(DiskFiles::open(&data.path().join("files")).unwrap()),
            writers: Writers::new(Arc::clone(&store), hub as Arc<dyn Sink>),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            secret: Secret([7; 32]),
            settings: Settings {
                login_burst: 3,
                ..Settings::default()
            },
        });
        let health = Arc::new(Health::new().needs("store", {
            let store = Arc::clone(&store);
            move || {
                let store = Arc::clone(&store);
                async move { store.ready().await.map_err(|error| error.to_string()) }
            }
        }));
        let web = Web {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ..Web::new(Arc::new(chat), Arc::clone(&health), settings)
        };
        Self {
            router: server::web::router(web),
            health,
            store,
            clock,
            _data: data,
        }
    }

    pub fn pass(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).unwrap();
        self.clock.0.fetch_add(millis, Ordering::Relaxed);
    }

    /// Somebody at a browser who has not been here before.
    pub fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// A program that nobody has signed in.
    pub fn program(&self) -> Program {
        Program::new(self.router.clone())
    }

    /// A program of a new person.
    pub async fn person(&self, name: &str) -> Program {
        self.program().register(name).await
    }

    /// A browser in which a new person is signed in.
    pub async fn member(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        let answer = browser.enter("/register", name).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        browser
    }
}
