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

pub struct Proxy {
    pub address: SocketAddr,
    way: Arc<Way>,
    accepting: JoinHandle<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Open,
    /// Nothing passes, and nobody is told.
    Stalled,
    /// Connections break, and new ones, too.
    Cut,
}

struct Way {
    server: String,
    mode: watch::Sender<Mode>,
    /// The next request with these bytes passes, and its answer does not.
    loses: Mutex<Option<Vec<u8>>>,
}

impl Proxy {
    /// To a server, as `host:port`.
    pub async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way = Arc::new(Way {
            server: server.to_owned(),
            mode: watch::Sender::new(Mode::Open),
            loses: Mutex::new(None),
        });
        Self {
            address: listener.local_addr().unwrap(),
            accepting: tokio::spawn(accept(listener, Arc::clone(&way))),
            way,
        }
    }

    pub fn cut(&self) {
        self.way.mode.send_replace(Mode::Cut);
    }

    pub fn stall(&self) {
        self.way.mode.send_replace(Mode::Stalled);
    }

    pub fn mend(&self) {
        self.way.mode.send_replace(Mode::Open);
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
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, way: Arc<Way>) {
    while let Ok((client, _)) = listener.accept().await {
        let way = Arc::clone(&way);
        tokio::spawn(async move {
            let mut mode = way.mode.subscribe();
            tokio::select! {
                _ = mode.wait_for(|mode| *mode == Mode::Cut) => {}
                _ = way.connect(client) => {}
            }
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
        let ask = self.pass(from_client, to_server, |bytes| {
            if self.is_to_be_lost(bytes) {
                losing.store(true, Ordering::Relaxed);
            }
            true
        });
        let answer = self.pass(from_server, to_client, |_| !losing.load(Ordering::Relaxed));
        // One direction that ends takes the other with it.
        tokio::select! {
            ended = ask => ended,
            ended = answer => ended,
        }
    }

    fn is_to_be_lost(&self, bytes: &[u8]) -> bool {
        let mut loses = self.loses.lock();
        let found = loses
            .as_ref()
            .is_some_and(|wanted| bytes.windows(wanted.len()).any(|window| window == wanted));
        if found {
            *loses = None;
        }
        found
    }

    /// Until one side hangs up, or something comes that may not pass.
    async fn pass(
        &self,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
        may_pass: impl Fn(&[u8]) -> bool,
    ) -> io::Result<()> {
        let mut mode = self.mode.subscribe();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let length = from.read(&mut buffer).await?;
            let open = mode.wait_for(|mode| *mode == Mode::Open).await.is_ok();
            if length == 0 || !open || !may_pass(&buffer[..length]) {
                return Ok(());
            }
            to.write_all(&buffer[..length]).await?;
        }
    }
}
