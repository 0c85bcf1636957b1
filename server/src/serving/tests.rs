//! In memory, on a paused clock: a test that would wait for ever fails after an hour of it.

use std::future::pending;
use std::io;

use axum::routing::{any, get};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use super::*;

const HOUR: Duration = Duration::from_secs(3600);
const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7);
/// More than lies between the two ends.
const LARGE: usize = 1 << 20;

struct Arrivals(mpsc::Receiver<DuplexStream>);

impl Listener for Arrivals {
    type Io = DuplexStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (DuplexStream, SocketAddr) {
        match self.0.recv().await {
            Some(io) => (io, PEER),
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(PEER)
    }
}

struct House {
    arrivals: mpsc::Sender<DuplexStream>,
    closed: CancellationToken,
    serving: JoinHandle<()>,
    /// What `/slow` waits for.
    finish: Arc<Notify>,
}

impl House {
    fn open(places: usize) -> Self {
        let finish = Arc::new(Notify::new());
        let slow = Arc::clone(&finish);
        let router = Router::new()
            .route(
                "/",
                get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()),
            )
            .route("/large", get(async || "x".repeat(LARGE)))
            .route(
                "/slow",
                get(async move || {
                    slow.notified().await;
                    "finished"
                }),
            )
            .route("/socket", any(upgrade));
        let (arrivals, arriving) = mpsc::channel(8);
        let closed = CancellationToken::new();
        let serving = tokio::spawn(serve(Arrivals(arriving), router, places, closed.clone()));
        Self {
            arrivals,
            closed,
            serving,
            finish,
        }
    }

    async fn connect(&self) -> Client {
        let (ours, theirs) = duplex(4096);
        self.arrivals.send(theirs).await.unwrap();
        Client(ours)
    }

    async fn stop(self) {
        self.closed.cancel();
        timeout(HOUR, self.serving).await.unwrap().unwrap();
    }
}

/// Echoes what comes after the upgrade.
async fn upgrade(request: axum::extract::Request) -> axum::http::Response<axum::body::Body> {
    tokio::spawn(async move {
        let mut socket = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
        let mut byte = [0];
        while socket.read_exact(&mut byte).await.is_ok() {
            socket.write_all(&byte).await.unwrap();
        }
    });
    axum::http::Response::builder()
        .status(101)
        .header("connection", "upgrade")
        .header("upgrade", "echo")
        .body(axum::body::Body::empty())
        .unwrap()
}

struct Client(DuplexStream);

impl Client {
    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    async fn ask(&mut self, path: &str) {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n"))
            .await;
    }

    /// Reads until what is there ends so.
    async fn hears(&mut self, end: &str) {
        let mut heard = Vec::new();
        while !heard.ends_with(end.as_bytes()) {
            let byte = timeout(HOUR, self.0.read_u8()).await;
            let text = String::from_utf8_lossy(&heard);
            heard.push(byte.unwrap_or_else(|_| panic!("{text}")).unwrap());
        }
    }

    /// What comes before the server closes.
    async fn until_closed(&mut self) -> String {
        let mut heard = String::new();
        timeout(HOUR, self.0.read_to_string(&mut heard))
            .await
            .unwrap()
            .unwrap();
        heard
    }
}

#[tokio::test(start_paused = true)]
async fn a_header_that_does_not_end_is_not_waited_for() {
    let house = House::open(8);
    let mut client = house.connect().await;
    client.send("GET / HTTP/1.1\r\nhost:").await;
    assert_eq!(client.until_closed().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_header_that_never_stops_is_refused() {
    let house = House::open(8);
    let mut client = house.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: a\r\n").await;
    let line = format!("x-line: {}\r\n", "x".repeat(1000));
    let mut lines = 0;
    while client.0.write_all(line.as_bytes()).await.is_ok() {
        lines += 1;
        assert!(lines * 1000 < 2 * BUFFER);
    }
    assert!(client.until_closed().await.starts_with("HTTP/1.1 431"));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_on_is_answered_until_it_is_idle() {
    let house = House::open(8);
    let mut client = house.connect().await;
    for _ in 0..3 {
        tokio::time::sleep(HEADER / 2).await;
        client.send("GET / HTTP/1.1\r\n").await;
        tokio::time::sleep(HEADER / 4).await;
        client.send("host: a\r\n\r\n").await;
        client.hears(&PEER.to_string()).await;
    }
    assert_eq!(client.until_closed().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_its_answer_loses_its_place() {
    let house = House::open(1);
    let mut first = house.connect().await;
    first.ask("/large").await;
    let mut second = house.connect().await;
    second.ask("/").await;
    second.hears(&PEER.to_string()).await;
}

#[tokio::test(start_paused = true)]
async fn whoever_finds_no_place_waits_for_one() {
    let house = House::open(1);
    let mut first = house.connect().await;
    first.ask("/slow").await;
    let mut second = house.connect().await;
    second.ask("/").await;
    assert!(timeout(HEADER, second.hears("7")).await.is_err());
    house.finish.notify_one();
    first.hears("finished").await;
    drop(first);
    second.hears(&PEER.to_string()).await;
}

#[tokio::test(start_paused = true)]
async fn an_upgraded_connection_is_bounded_no_more_and_takes_no_place() {
    let house = House::open(1);
    let mut socket = house.connect().await;
    socket
        .send("GET /socket HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n")
        .await;
    socket.hears("\r\n\r\n").await;
    let mut other = house.connect().await;
    other.ask("/").await;
    other.hears(&PEER.to_string()).await;
    tokio::time::sleep(LIFETIME + FAREWELL + HEADER).await;
    socket.send("still here").await;
    socket.hears("still here").await;
    house.stop().await;
}

#[tokio::test(start_paused = true)]
async fn at_the_end_what_is_idle_is_closed_and_what_is_asked_is_answered() {
    let house = House::open(8);
    let (mut idle, mut asking) = (house.connect().await, house.connect().await);
    idle.ask("/").await;
    idle.hears(&PEER.to_string()).await;
    asking.ask("/slow").await;
    // It has been asked once the server has nothing else to do.
    tokio::time::sleep(Duration::from_secs(1)).await;
    house.closed.cancel();
    assert_eq!(idle.until_closed().await, "");
    house.finish.notify_one();
    let answer = asking.until_closed().await;
    assert!(answer.ends_with("finished"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    house.stop().await;
}
