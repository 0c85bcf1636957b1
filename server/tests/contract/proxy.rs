//! A small TCP proxy that a test can cut and mend.

use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Ends with its connections when it is dropped.
pub struct Proxy {
    pub address: SocketAddr,
    /// Cancelled: whoever comes is hung up on.
    open: Arc<Mutex<CancellationToken>>,
    accepting: JoinHandle<()>,
}

/// What is changed on the way back.
#[derive(Clone, Copy)]
enum Answers {
    AsTheyAre,
    /// A Kafka broker tells its clients where it is; they are told where the proxy is.
    OfKafka {
        from: [u8; 9],
        to: [u8; 9],
    },
}

impl Proxy {
    pub async fn before(server: SocketAddr) -> Self {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::start(anywhere, server, Answers::AsTheyAre).await
    }

    /// On the broker's own port at another address of this machine, so that only the address need
    /// be changed in what the broker says. `last` is the end of that address, for each test its own.
    pub async fn before_kafka(broker: SocketAddr, last: u8) -> Self {
        assert_eq!(
            broker.ip().to_string(),
            "127.0.0.1",
            "MADANG_TEST_KAFKA must be a broker on 127.0.0.1 that says so of itself, for the tests that cut the connection to it"
        );
        assert!((2..=9).contains(&last));
        let listen = SocketAddr::from(([127, 0, 0, last], broker.port()));
        let mut to = *b"127.0.0.1";
        to[8] = b'0' + last;
        let answers = Answers::OfKafka {
            from: *b"127.0.0.1",
            to,
        };
        Self::start(listen, broker, answers).await
    }

    async fn start(listen: SocketAddr, server: SocketAddr, answers: Answers) -> Self {
        let listener = TcpListener::bind(listen).await.unwrap();
        let address = listener.local_addr().unwrap();
        let open = Arc::new(Mutex::new(CancellationToken::new()));
        let state = Arc::clone(&open);
        let accepting = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let open = state.lock().clone();
                tokio::spawn(open.run_until_cancelled_owned(join(client, server, answers)));
            }
        });
        Self {
            address,
            open,
            accepting,
        }
    }

    pub fn cut(&self) {
        self.open.lock().cancel();
    }

    pub fn mend(&self) {
        *self.open.lock() = CancellationToken::new();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
        self.accepting.abort();
    }
}

async fn join(client: TcpStream, server: SocketAddr, answers: Answers) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    // Whichever ends first, both connections are closed.
    tokio::select! {
        _ = copy(&mut from_client, &mut to_server) => {}
        () = answer(from_server, to_client, answers) => {}
    }
}

async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, answers: Answers) {
    match answers {
        Answers::AsTheyAre => {
            let _ = copy(&mut from, &mut to).await;
        }
        Answers::OfKafka { from: old, to: new } => {
            while let Ok(length) = from.read_u32().await {
                let mut frame = vec![0; usize::try_from(length).unwrap()];
                if from.read_exact(&mut frame).await.is_err() {
                    return;
                }
                for place in 0..frame.len().saturating_sub(old.len()) {
                    if frame[place..].starts_with(&old) {
                        frame[place..place + new.len()].copy_from_slice(&new);
                    }
                }
                if to.write_u32(length).await.is_err() || to.write_all(&frame).await.is_err() {
                    return;
                }
            }
        }
    }
}
