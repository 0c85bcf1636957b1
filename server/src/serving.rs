//! How connections are served: bounded in number, in bytes and in time, whoever is at the other
//! end. `axum::serve` bounds none of these. A WebSocket leaves here with its upgrade; from then on
//! `stomp` bounds it.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::serve::Listener;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Layer;

/// Connections at a time that have not become a WebSocket. Who comes when there is no place waits
/// in the listen queue, and not for long: whoever has a place must use it.
pub const PLACES: usize = 8192;
/// What a connection may make the server hold of what it sends, a request's header included.
const BUFFER: usize = 32 << 10;
/// How long a request's header may take, and how long a connection may be idle before it: longer
/// than proxies keep theirs, which would otherwise ask again on one that is just being closed.
const HEADER: Duration = Duration::from_secs(75);
/// After this time a connection is asked nothing more: not even a client that takes its answers
/// byte by byte keeps its place for ever …
const LIFETIME: Duration = Duration::from_secs(600);
/// … since this is how long what is being answered then may still take.
const FAREWELL: Duration = Duration::from_secs(60);

/// Serves until `closed` is cancelled, and then until what is being answered is.
pub async fn serve<L>(mut listener: L, router: Router, places: usize, closed: CancellationToken)
where
    L: Listener<Addr = SocketAddr>,
{
    // So that the router is put together once, and not for each connection.
    let router = router.with_state(());
    let places = Arc::new(Semaphore::new(places));
    let connections = TaskTracker::new();
    let mut arrival = async || {
        let place = Arc::clone(&places).acquire_owned().await;
        (place, listener.accept().await)
    };
    while let Some((place, (io, peer))) = closed.run_until_cancelled(arrival()).await {
        let (router, closed) = (router.clone(), closed.clone());
        connections.spawn(async move {
            converse(io, peer, router, closed).await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// Answers one connection's requests until it ends or is upgraded.
async fn converse<I>(io: I, peer: SocketAddr, router: Router, closed: CancellationToken)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = Extension(ConnectInfo(peer)).layer(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(io), TowerToHyperService::new(service))
        .with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return trace(ended),
        _ = timeout(LIFETIME, closed.cancelled()) => {}
    }
    connection.as_mut().graceful_shutdown();
    if let Ok(ended) = timeout(FAREWELL, connection).await {
        trace(ended);
    }
}

/// Clients that go away, send what is no HTTP, or send nothing: none of it is the server's fault.
fn trace(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection failed");
    }
}

#[cfg(test)]
mod tests;
