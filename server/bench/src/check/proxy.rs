//! The network between one client and the servers, made to break when told to.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// How long the two ends of a dead connection are left hanging.
const HALF_OPEN: Duration = Duration::from_secs(20);
/// What the kernel may hold for each socket and direction. Left to itself it takes tens of
/// megabytes for whoever does not read, and hides what the server does with such a reader.
const BUFFER: u32 = 64 << 10;

/// How many times it has struck so far; each connection remembers what it was born into.
#[derive(Clone, Copy, Debug, Default)]
struct Weather {
    cuts: u64,
    stalls: u64,
    /// Whether the last cut was a reset, and not an orderly end.
    abrupt: bool,
    /// Nobody is let in.
    shut: bool,
    /// How long everything takes longer.
    delay: Duration,
}

/// Listens on a port of its own; stops when dropped.
pub struct Proxy {
    pub address: SocketAddr,
    weather: watch::Sender<Weather>,
}

impl Proxy {
    /// Leads to one of these servers: each connection to the next of them that takes it.
    pub async fn to(servers: impl Into<Vec<SocketAddr>>) -> Result<Self> {
        let mut servers = servers.into();
        let socket = small_socket()?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        // What it accepts inherits its buffers.
        let listener = socket.listen(1024)?;
        let address = listener.local_addr()?;
        let (weather, mut forecast) = watch::channel(Weather::default());
        tokio::spawn(async move {
            loop {
                let client = tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((client, _)) => client,
                        // Out of descriptors, most likely: some will be free in a moment.
                        Err(_) => { sleep(Duration::from_millis(50)).await; continue }
                    },
                    changed = forecast.changed() => match changed {
                        Ok(()) => continue,
                        Err(_) => return,
                    },
                };
                tokio::spawn(carry(client, servers.clone(), forecast.clone()));
                servers.rotate_left(1);
            }
        });
        Ok(Self { address, weather })
    }

    /// Ends every connection there is, in the middle of whatever it carries.
    pub fn cut(&self, abrupt: bool) {
        self.weather.send_modify(|weather| {
            weather.cuts += 1;
            weather.abrupt = abrupt;
        });
    }

    /// Ends every connection there is, and each new one, until it is opened again.
    pub fn shut(&self, shut: bool) {
        self.weather.send_modify(|weather| {
            weather.cuts += 1;
            weather.abrupt = true;
            weather.shut = shut;
        });
    }

    /// From now on everything takes this much longer.
    pub fn slow(&self, delay: Duration) {
        self.weather.send_modify(|weather| weather.delay = delay);
    }

    /// Every connection there is stays open and carries nothing any more. New ones work.
    pub fn stall(&self) {
        self.weather.send_modify(|weather| weather.stalls += 1);
    }
}

async fn carry(
    mut client: TcpStream,
    servers: Vec<SocketAddr>,
    mut weather: watch::Receiver<Weather>,
) {
    let born = *weather.borrow_and_update();
    if born.shut {
        return;
    }
    let Some(mut server) = reach(&servers).await else {
        return;
    };
    // A proxy that collects small packets would be measured instead of the server.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let struck = {
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let there = pass(&mut from_client, &mut to_server, weather.clone());
        let back = pass(&mut from_server, &mut to_client, weather.clone());
        let both = async { tokio::try_join!(there, back) };
        tokio::select! {
            _ = both => return,
            struck = weather.wait_for(|now| now.cuts > born.cuts || now.stalls > born.stalls) => {
                struck.map(|now| *now)
            }
        }
    };
    let Ok(mut now) = struck else { return };
    if now.cuts == born.cuts {
        tokio::select! {
            () = sleep(HALF_OPEN) => {}
            cut = weather.wait_for(|later| later.cuts > born.cuts) => match cut {
                Ok(later) => now = *later,
                Err(_) => return,
            },
        }
    }
    if now.abrupt {
        // With no time to linger, closing sends a reset.
        let _ = (client.set_zero_linger(), server.set_zero_linger());
    }
}

async fn reach(servers: &[SocketAddr]) -> Option<TcpStream> {
    for server in servers {
        if let Ok(socket) = small_socket()
            && let Ok(stream) = socket.connect(*server).await
        {
            return Some(stream);
        }
    }
    None
}

fn small_socket() -> std::io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_send_buffer_size(BUFFER)?;
    socket.set_recv_buffer_size(BUFFER)?;
    Ok(socket)
}

/// One direction, until its end.
async fn pass(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    weather: watch::Receiver<Weather>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        let delay = weather.borrow().delay;
        if !delay.is_zero() {
            sleep(delay).await;
        }
        to.write_all(&buffer[..read]).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    /// A server that says back what it hears.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut reader, mut writer) = stream.split();
                    let _ = tokio::io::copy(&mut reader, &mut writer).await;
                });
            }
        });
        address
    }

    async fn says_back(stream: &mut TcpStream) -> bool {
        stream.write_all(b"hi").await.unwrap();
        let mut answer = [0; 2];
        let answered = timeout(Duration::from_secs(2), stream.read_exact(&mut answer)).await;
        matches!(answered, Ok(Ok(_)))
    }

    #[tokio::test]
    async fn a_cut_ends_the_connection_and_lets_new_ones_through() {
        let proxy = Proxy::to([echo().await]).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        assert!(says_back(&mut stream).await);
        proxy.cut(true);
        let mut rest = [0; 1];
        let read = timeout(Duration::from_secs(5), stream.read(&mut rest))
            .await
            .unwrap();
        assert!(matches!(read, Ok(0) | Err(_)));
        let mut second = TcpStream::connect(proxy.address).await.unwrap();
        assert!(says_back(&mut second).await);
    }

    #[tokio::test]
    async fn connections_are_spread_over_the_servers_that_are_up() {
        let gone = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let proxy = Proxy::to([gone, echo().await]).await.unwrap();
        for _ in 0..3 {
            let mut stream = TcpStream::connect(proxy.address).await.unwrap();
            assert!(says_back(&mut stream).await);
        }
    }

    #[tokio::test]
    async fn while_it_is_shut_nobody_gets_through() {
        let proxy = Proxy::to([echo().await]).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        assert!(says_back(&mut stream).await);
        proxy.shut(true);
        for mut stream in [stream, TcpStream::connect(proxy.address).await.unwrap()] {
            let mut rest = [0; 1];
            let read = timeout(Duration::from_secs(5), stream.read(&mut rest));
            assert!(matches!(read.await.unwrap(), Ok(0) | Err(_)));
        }
        proxy.shut(false);
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        assert!(says_back(&mut stream).await);
    }

    #[tokio::test]
    async fn a_stalled_connection_is_open_and_silent() {
        let proxy = Proxy::to([echo().await]).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        assert!(says_back(&mut stream).await);
        proxy.stall();
        let mut second = TcpStream::connect(proxy.address).await.unwrap();
        assert!(says_back(&mut second).await);
        stream.write_all(b"hi").await.unwrap();
        let mut rest = [0; 1];
        let silence = timeout(Duration::from_millis(200), stream.read(&mut rest)).await;
        assert!(silence.is_err());
    }

    #[tokio::test]
    async fn what_nobody_reads_is_not_hoarded() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::to([listener.local_addr().unwrap()]).await.unwrap();
        let _reader = TcpStream::connect(proxy.address).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let chunk = vec![0; 64 << 10];
        let flood = async {
            for _ in 0..(64 << 20) / chunk.len() {
                server.write_all(&chunk).await.unwrap();
            }
        };
        let hoarded = timeout(Duration::from_secs(2), flood).await;
        assert!(
            hoarded.is_err(),
            "64 MB were taken for a reader that did not read"
        );
    }
}
