//! The server as a whole: what is put together at start, and taken apart in order at the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::adapters::{Adapters, StartError};
use crate::bus::{Bus, BusMetrics};
use crate::chat::{self, Chat, SystemClock, Writers};
use crate::config::{Config, Registration, Role};
use crate::files::Files;
use crate::live::Hub;
use crate::presence::Presence;
use crate::serving;
use crate::stomp::{self, Endpoint, EndpointMetrics};
use crate::store::Store;
use crate::web::{self, Health, Web, WebSettings};
use crate::workers::{self, AbuseObserver};

/// How often the server looks after what it keeps.
const UPKEEP: Duration = Duration::from_secs(15 * 60);

/// A server that is ready to run.
pub struct Server {
    listener: TcpListener,
    router: Router,
    health: Arc<Health>,
    endpoint: Arc<Endpoint>,
    chat: Arc<Chat>,
    hub: Arc<Hub>,
    writers: Arc<Writers>,
    store: Arc<dyn Store>,
    files: Arc<dyn Files>,
    bus: Arc<dyn Bus>,
    presence: Arc<dyn Presence>,
    /// Where this node is a worker.
    abuse: Option<AbuseObserver>,
    drain: Duration,
}

impl Server {
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        let Adapters {
            store,
            files,
            bus,
            presence,
            quota,
            secret,
        } = Adapters::open(config).await?;

        let hub = Hub::new(Arc::clone(&store), Arc::clone(&bus), Arc::clone(&presence));
        let writers = Writers::new(Arc::clone(&store), Arc::clone(&hub) as Arc<dyn chat::Sink>);
        let chat = Arc::new(Chat::new(chat::Parts {
            store: Arc::clone(&store),
            presence: Arc::clone(&presence),
            quota,
            files: Arc::clone(&files),
            writers: Arc::clone(&writers),
            clock: Arc::new(SystemClock),
            secret,
            settings: chat::Settings {
                registration_open: config.registration == Registration::Open,
                message_burst: config.message_burst,
                messages_per_second: config.messages_per_second,
                ..chat::Settings::default()
            },
        }));
        let health = Arc::new(health(&store, &bus, &presence));
        let web = Web::new(Arc::clone(&chat), Arc::clone(&health), web_settings(config));
        if !web.assets.is_complete() {
            tracing::warn!(
                "this binary carries no page, so browsers see plain text; build it with ./x build, or with cargo leptos \
                 build --release --precompress, which builds the page first"
            );
        }
        let endpoint = Endpoint::new(
            Arc::clone(&chat),
            Arc::clone(&hub),
            stomp::Settings {
                max_connections: config.max_connections,
                connections_per_person: config.connections_per_person,
                visitor: Box::new({
                    let web = web.clone();
                    move |parts| web.socket_visitor(parts)
                }),
            },
        );
        web.metrics.register(|registry| {
            registry.register_collector(Box::new(EndpointMetrics::of(&endpoint)));
            registry.register_collector(Box::new(BusMetrics::of(&bus)));
        });
        let abuse = config.roles.contains(&Role::Worker).then(|| {
            let abuse = AbuseObserver::default();
            web.metrics.register(|registry| abuse.register(registry));
            abuse
        });
        let router = if config.roles.contains(&Role::Web) {
            web::router(web).merge(endpoint.router())
        } else {
            web::operators_router(web)
        };

        let listener = listen(config.addr).map_err(|error| StartError::Listen {
            addr: config.addr,
            error,
        })?;
        Ok(Self {
            listener,
            router,
            health,
            endpoint,
            chat,
            hub,
            writers,
            store,
            files,
            bus,
            presence,
            abuse,
            drain: Duration::from_secs(config.drain_seconds),
        })
    }

    /// Where it listens; the port is known even when 0 was asked for.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Runs until `stop` is cancelled, then drains: clients are sent elsewhere, what was taken is
    /// written and answered, and the store is closed.
    pub async fn run(self, stop: CancellationToken) -> std::io::Result<()> {
        self.hub.start();
        let beside = TaskTracker::new();
        let ending = CancellationToken::new();
        if let Some(abuse) = self.abuse {
            let kept = upkeep(self.files, Arc::clone(&self.chat));
            beside.spawn(until(ending.clone(), kept));
            beside.spawn(until(
                ending.clone(),
                workers::run(Arc::clone(&self.bus), abuse),
            ));
        }
        let chat = Arc::clone(&self.chat);
        beside.spawn(until(ending.clone(), async move {
            chat.follow_ended_sessions().await;
        }));
        let chat = Arc::clone(&self.chat);
        beside.spawn(until(
            ending.clone(),
            async move { chat.share_limits().await },
        ));

        let closed = CancellationToken::new();
        let listener = self.listener.tap_io(|socket| {
            if let Err(error) = socket.set_nodelay(true) {
                tracing::debug!(%error, "a socket would not send at once");
            }
        });
        let serving = tokio::spawn(serving::serve(
            listener,
            self.router,
            serving::PLACES,
            closed.clone(),
        ));

        stop.cancelled().await;
        tracing::info!("stopping: clients are sent elsewhere, what was taken is finished");
        self.health.drain();
        let sockets = self.hub.census().connections;
        // For sockets and requests together: whoever stops the server waits as long as it says.
        let latest = Instant::now() + self.drain;
        let drained = timeout_at(latest, self.endpoint.drain()).await.is_ok();
        closed.cancel();
        let answered = timeout_at(latest, serving).await;
        ending.cancel();
        beside.close();
        beside.wait().await;
        self.writers.finish().await;
        self.hub.stop().await;
        self.bus.close().await;
        self.presence.close().await;
        if let Err(error) = self.store.close().await {
            tracing::error!(%error, "the store did not close well; it repairs itself at the next start");
        }
        tracing::info!(
            sockets,
            drained,
            requests_finished = answered.is_ok(),
            "stopped; everything acknowledged is in the store"
        );
        match answered {
            Ok(Err(error)) => Err(std::io::Error::other(error)),
            // Whoever still held a request open was not promised anything.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}

/// With room for all who come back at once: whoever finds none tries again a second later.
fn listen(addr: SocketAddr) -> std::io::Result<TcpListener> {
    const WAITING: u32 = 4096;
    let socket = match addr {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // As `TcpListener::bind` does; on Windows it would let a second server have the same port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(WAITING)
}

fn web_settings(config: &Config) -> WebSettings {
    WebSettings {
        public_origin: config.public_url.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        ..WebSettings::default()
    }
    .while_developing()
}

fn health(store: &Arc<dyn Store>, bus: &Arc<dyn Bus>, presence: &Arc<dyn Presence>) -> Health {
    let (store, bus, presence) = (Arc::clone(store), Arc::clone(bus), Arc::clone(presence));
    Health::new()
        .needs("store", move || {
            let store = Arc::clone(&store);
            async move { store.ready().await.map_err(|error| error.to_string()) }
        })
        .watches("bus", move || {
            let bus = Arc::clone(&bus);
            async move { bus.ready().await }
        })
        .watches("presence", move || {
            let presence = Arc::clone(&presence);
            async move { presence.ready().await }
        })
}

async fn until(ending: CancellationToken, task: impl Future<Output = ()>) {
    let _ = ending.run_until_cancelled(task).await;
}

/// Forgets what has run out, and goes on with deletions of accounts that were left half done.
async fn upkeep(files: Arc<dyn Files>, chat: Arc<Chat>) {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        if let Err(refused) = chat.tidy().await {
            tracing::warn!(%refused, "what has run out could not be forgotten");
        }
        if let Err(error) = files.tidy().await {
            tracing::warn!(%error, "files that were never finished could not be removed");
        }
        if let Err(refused) = chat.resume_deletions().await {
            tracing::error!(%refused, "the deletion of an account could not go on; it is tried again");
        }
    }
}
