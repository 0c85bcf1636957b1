//! The STOMP endpoint: sockets at `/stomp`, sessions, destinations.

mod connection;
mod destination;
mod metrics;
mod operation;
mod places;
mod session;
mod subscription;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use protocol::stomp::{Limits, Version};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use metrics::{Counters, EndpointMetrics};

use crate::chat::{Chat, Principal, Refused, Visitor};
use crate::live::Hub;
use places::Places;

/// Small, because most connections are idle most of the time. The library's own default would
/// take 128 KiB for each.
const READ_BUFFER: usize = 2 << 10;
const WRITE_BUFFER: usize = 8 << 10;
const MAX_WRITE_BUFFER: usize = 4 << 20;

/// Everything that the sessions share.
pub struct Endpoint {
    pub chat: Arc<Chat>,
    pub hub: Arc<Hub>,
    pub settings: Settings,
    pub counters: Counters,
    /// Cancelled when clients are to go elsewhere.
    pub drain: CancellationToken,
    sessions: TaskTracker,
    places: Places,
}

type AskVisitor = dyn Fn(&Parts) -> Result<(Visitor, Option<Principal>), Refused> + Send + Sync;

/// What the endpoint needs to know of the world.
pub struct Settings {
    /// Sockets at a time.
    pub max_connections: usize,
    /// Sockets of one person at a time.
    pub connections_per_person: usize,
    /// Whether an upgrade comes from one of our own pages (or from no page at all), from where,
    /// and whom its cookie speaks for.
    pub visitor: Box<AskVisitor>,
}

impl Endpoint {
    pub fn new(chat: Arc<Chat>, hub: Arc<Hub>, settings: Settings) -> Arc<Self> {
        let places = Places::new(settings.max_connections, settings.connections_per_person);
        Arc::new(Self {
            chat,
            hub,
            settings,
            counters: Counters::default(),
            drain: CancellationToken::new(),
            sessions: TaskTracker::new(),
            places,
        })
    }

    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/stomp", any(upgrade))
            .route("/stomp/websocket", any(upgrade))
            .route("/stomp/chat", any(upgrade))
            .with_state(Arc::clone(self))
    }

    /// Sends every client elsewhere, after what it has sent is answered.
    pub async fn drain(&self) {
        self.drain.cancel();
        self.sessions.close();
        self.sessions.wait().await;
    }
}

async fn upgrade(
    State(endpoint): State<Arc<Endpoint>>,
    parts: Parts,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let (visitor, cookie) = match (endpoint.settings.visitor)(&parts) {
        Ok(known) => known,
        Err(refused) => return (StatusCode::FORBIDDEN, refused.detail).into_response(),
    };
    let full = endpoint.sessions.len() >= endpoint.settings.max_connections;
    let place = match cookie {
        Some(who) => endpoint.places.person(who.user),
        None => endpoint.places.stranger(&visitor),
    };
    let (false, false, Some(place)) = (endpoint.drain.is_cancelled(), full, place) else {
        return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "2")]).into_response();
    };
    let largest = Limits::AFTER_LOGIN.frame + 4096;
    let versions = [Version::V1_2, Version::V1_1, Version::V1_0];
    let tracked = endpoint.sessions.token();
    upgrade
        .protocols(versions.map(Version::subprotocol))
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(largest)
        .max_frame_size(largest)
        .on_upgrade(move |socket| async move {
            connection::serve(socket, endpoint, cookie, place).await;
            drop(tracked);
        })
}
