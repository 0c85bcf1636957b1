//! HTTP: the pages, the REST API, the assets, and what an operator asks. It turns requests into
//! calls of [`Chat`] and what comes back into answers; no rule of the chat lives here.

mod api;
mod assets;
mod cookies;
mod extract;
mod guard;
mod headers;
mod health;
mod identity;
mod metrics;
mod origin;
mod pages;
mod problem;
mod settings;
mod visitor;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::request::Parts;
use axum::routing::get;
use axum::{Router, middleware};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate, SizeAbove};

pub use api::description;
pub use assets::AssetStore;
pub use health::Health;
pub use identity::principal;
pub use metrics::Metrics;
pub use origin::{PublicOrigin, same_origin};
pub use settings::WebSettings;
pub use visitor::Network;

use crate::chat::{Chat, Principal, Refused, SharedClock, SystemClock, Visitor};
use visitor::Source;

/// What the handlers hold.
#[derive(Clone)]
pub struct Web {
    pub chat: Arc<Chat>,
    pub health: Arc<Health>,
    pub metrics: Arc<Metrics>,
    pub assets: Arc<AssetStore>,
    pub settings: Arc<WebSettings>,
    pub clock: SharedClock,
}

impl Web {
    pub fn new(chat: Arc<Chat>, health: Arc<Health>, settings: WebSettings) -> Self {
        Self {
            chat,
            health,
            metrics: Arc::new(Metrics::new()),
            assets: Arc::new(AssetStore::new(settings.site.as_deref())),
            settings: Arc::new(settings),
            clock: Arc::new(SystemClock),
        }
    }

    /// Where a socket's upgrade comes from, and whom its cookie speaks for, if anyone: a program
    /// says it later, in CONNECT. An upgrade that another site's page asked for is refused.
    pub fn socket_visitor(&self, parts: &Parts) -> Result<(Visitor, Option<Principal>), Refused> {
        same_origin(&parts.headers, &self.settings)?;
        let from = Source::of(parts, &self.settings);
        Ok((from.visitor, principal(&parts.headers, &self.chat).ok()))
    }
}

/// Everything but the socket. Where requests come from it knows by their `ConnectInfo`.
pub fn router(web: Web) -> Router {
    // Rendering needs to know its runtime; saying it twice does no harm.
    let _ = any_spawner::Executor::init_tokio();
    // Assets come compressed already; this is for pages and lists, which are made to order.
    let worthwhile = SizeAbove::new(1024).and(DefaultPredicate::new());
    let compressed = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(worthwhile);
    for_operators()
        .merge(api::router(&web))
        .merge(pages::router(&web))
        .layer(compressed)
        .layer(DefaultBodyLimit::max(web.settings.body_limit))
        .layer(middleware::from_fn_with_state(web.clone(), headers::secure))
        .layer(middleware::from_fn_with_state(web.clone(), metrics::count))
        .with_state(web)
}

/// Of a node that serves no people.
pub fn operators_router(web: Web) -> Router {
    for_operators().with_state(web)
}

fn for_operators() -> Router<Web> {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::text))
}
