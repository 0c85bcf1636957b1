//! A way to a server that can be cut, stalled and mended, as networks are.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Ends with its connections when it is dropped.
pub struct Proxy {
    pub address: SocketAddr,
    way: Arc<Way>,
    accepting: JoinHandle<()>,
}

struct Way {
    server: String,
    /// A Kafka broker tells its clients where it is; they are told where the proxy is.
    renames: Option<Renaming>,
    /// Cancelled: connections break, and new ones, too.
    open: Mutex<CancellationToken>,
    /// Nothing passes, and nobody is told.
    stalled: watch::Sender<bool>,
    /// The next request with these bytes passes, and its answer does not.
    loses: Mutex<Option<Vec<u8>>>,
    /// The next request with these bytes waits, and its connection with it.
    holds: Mutex<Option<Vec<u8>>>,
    held: watch::Sender<bool>,
}

struct Renaming {
    from: [u8; 9],
    to: [u8; 9],
}

impl Proxy {
    /// To a server, as `host:port`.
    pub async fn to(server: &str) -> Self {
        Self::start(SocketAddr::from(([127, 0, 0, 1], 0)), server, None).await
    }

    /// On the broker's own port at another address of this machine, so that only the address need
    /// be changed in what the broker says. `last` is the end of that address, for each test its own.
    pub async fn to_kafka(broker: SocketAddr, last: u8) -> Self {
        assert_eq!(
            broker.ip().to_string(),
            "127.0.0.1",
            "MADANG_TEST_KAFKA must be a broker on 127.0.0.1 that says so of itself, for the tests that cut the connection to it"
        );
        assert!((2..=9).contains(&last));
        let listen = SocketAddr::from(([127, 0, 0, last], broker.port()));
        let mut to = *b"127.0.0.1";
        to[8] = b'0' + last;
        let renames = Renaming {
            from: *b"127.0.0.1",
            to,
        };
        Self::start(listen, &broker.to_string(), Some(renames)).await
    }

    async fn start(listen: SocketAddr, server: &str, renames: Option<Renaming>) -> Self {
        let listener = TcpListener::bind(listen).await.unwrap();
        let way = Arc::new(Way {
            server: server.to_owned(),
            renames,
            open: Mutex::default(),
            stalled: watch::Sender::new(false),
            loses: Mutex::new(None),
            holds: Mutex::new(None),
            held: watch::Sender::new(false),
        });
        Self {
            address: listener.local_addr().unwrap(),
            accepting: tokio::spawn(accept(listener, Arc::clone(&way))),
            way,
        }
    }

    pub fn cut(&self) {
        self.way.open.lock().cancel();
    }

    pub fn stall(&self) {
        self.way.stalled.send_replace(true);
    }

    /// What was cut stays cut; new connections pass.
    pub fn mend(&self) {
        self.way.stalled.send_replace(false);
        let mut open = self.way.open.lock();
        if open.is_cancelled() {
            *open = CancellationToken::new();
        }
    }

    /// The next request that has these bytes reaches the server; as soon as the server answers, the
    /// connection breaks, so that the answer is lost.
    pub fn lose_answer_to(&self, bytes: &[u8]) {
        *self.way.loses.lock() = Some(bytes.to_vec());
    }

    /// Whether the answer was lost by now.
    pub fn has_lost(&self) -> bool {
        self.way.loses.lock().is_none()
    }

    /// The next request that has these bytes does not pass, and nobody is told; the other
    /// connections go on.
    pub fn hold(&self, bytes: &[u8]) {
        *self.way.holds.lock() = Some(bytes.to_vec());
    }

    /// Waits until that request has come.
    pub async fn holds(&self) {
        let mut held = self.way.held.subscribe();
        held.wait_for(|held| *held).await.unwrap();
    }

    pub fn release(&self) {
        self.way.held.send_replace(false);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, way: Arc<Way>) {
    while let Ok((client, _)) = listener.accept().await {
        let (open, way) = (way.open.lock().clone(), Arc::clone(&way));
        tokio::spawn(async move {
            let _ = open.run_until_cancelled(way.connect(client)).await;
        });
    }
}

impl Way {
    async fn connect(&self, client: TcpStream) -> io::Result<()> {
        let server = TcpStream::connect(&self.server).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let losing = AtomicBool::new(false);
        let ask = self.pass(from_client, to_server, None, |bytes| {
            if is_wanted(&self.loses, bytes) {
                losing.store(true, Ordering::Relaxed);
            }
            true
        });
        let answer = self.pass(from_server, to_client, self.renames.as_ref(), |_| {
            !losing.load(Ordering::Relaxed)
        });
        // One direction that ends takes the other with it.
        tokio::select! {
            ended = ask => ended,
            ended = answer => ended,
        }
    }

    /// Until one side hangs up, or something comes that may not pass.
    async fn pass(
        &self,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
        renames: Option<&Renaming>,
        may_pass: impl Fn(&[u8]) -> bool,
    ) -> io::Result<()> {
        let mut stalled = self.stalled.subscribe();
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match renames {
                Some(renaming) => renaming.read(&mut from, &mut buffer).await?,
                None => {
                    buffer.reserve(1 << 16);
                    from.read_buf(&mut buffer).await?;
                }
            }
            let passes = stalled.wait_for(|stalled| !stalled).await.is_ok();
            if buffer.is_empty() || !passes || !may_pass(&buffer) {
                return Ok(());
            }
            if is_wanted(&self.holds, &buffer) {
                self.held.send_replace(true);
                let _ = self.held.subscribe().wait_for(|held| !held).await;
            }
            to.write_all(&buffer).await?;
        }
    }
}

/// Once only.
fn is_wanted(wanted: &Mutex<Option<Vec<u8>>>, bytes: &[u8]) -> bool {
    let mut wanted = wanted.lock();
    let found = wanted
        .as_ref()
        .is_some_and(|wanted| bytes.windows(wanted.len()).any(|window| window == wanted));
    if found {
        *wanted = None;
    }
    found
}

impl Renaming {
    /// A whole answer of Kafka, so that no address is read in two pieces.
    async fn read(&self, from: &mut OwnedReadHalf, answer: &mut Vec<u8>) -> io::Result<()> {
        let length = from.read_u32().await?;
        answer.extend(length.to_be_bytes());
        let length = u64::from(length);
        from.take(length).read_to_end(answer).await?;
        for place in 0..answer.len().saturating_sub(self.from.len()) {
            if answer[place..].starts_with(&self.from) {
                answer[place..place + self.to.len()].copy_from_slice(&self.to);
            }
        }
        Ok(())
    }
}
