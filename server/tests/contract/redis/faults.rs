//! Redis stopped, started anew, silent, and cut off.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

use protocol::{SessionId, Timestamp};
use server::bus::LocalBus;
use server::chat::Principal;
use server::live::{End, Hub, Outbound};
use server::presence::{Notice, RedisError};
use server::store::SessionDraft;
use tokio::net::TcpStream;

use super::*;
use crate::presence::{hear, person, presence, socket};
use crate::proxy::Proxy;
use crate::store::World;

/// A Redis of the test's own, found on PATH, that keeps nothing.
struct OwnRedis {
    port: u16,
    process: Child,
}

impl OwnRedis {
    async fn start(port: u16) -> Self {
        Self::start_as(port, &[]).await
    }

    async fn start_as(port: u16, more: &[&str]) -> Self {
        let process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .args(more)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Self { port, process }
    }

    async fn somewhere() -> Self {
        Self::start(free_port()).await
    }

    fn options(&self) -> RedisOptions {
        RedisOptions {
            url: format!("redis://127.0.0.1:{}", self.port),
            prefix: String::from("madang-test:"),
            expiry: Duration::from_secs(2),
        }
    }

    /// It answers nobody for so long.
    async fn stall(&self, time: Duration) {
        let client = ::redis::Client::open(self.options().url).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let millis = u64::try_from(time.as_millis()).unwrap();
        ::redis::cmd("CLIENT")
            .arg("PAUSE")
            .arg(millis)
            .exec_async(&mut connection)
            .await
            .unwrap();
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([name, &self.process.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Ends it with all that it knew; answers the port.
    fn kill(mut self) -> u16 {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.port
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn a_redis_that_is_gone_makes_presence_unknown_and_heals_by_itself() {
    let redis = OwnRedis::somewhere().await;
    let (one, two) = (make(redis.options()).await, make(redis.options()).await);
    let (mut first, mut second) = (one.listen(), two.listen());
    one.arrive(socket(1, 7));
    hear(&mut second, &presence(7, true)).await;

    let port = redis.kill();
    hear(&mut first, &Notice::Away).await;
    hear(&mut second, &Notice::Away).await;
    assert_eq!(two.online(&[person(7)]).await, None);
    let said = two.ready().await.unwrap_err();
    assert!(said.contains("Redis does not answer"), "{said}");

    // It comes back without memory; each node tells it who is there.
    let _redis = OwnRedis::start(port).await;
    hear(&mut first, &Notice::Back).await;
    hear(&mut second, &Notice::Back).await;
    while two.online(&[person(7)]).await != Some(vec![person(7)]) {
        // Not told yet when this one was back, so it hears of it.
        hear(&mut second, &presence(7, true)).await;
    }
    two.ready().await.unwrap();
}

#[tokio::test]
async fn a_redis_that_comes_back_without_memory_is_the_same_to_those_who_knew_it() {
    let redis = OwnRedis::somewhere().await;
    let (one, two) = (make(redis.options()).await, make(redis.options()).await);
    assert_eq!(one.identity(), two.identity());
    let other = OwnRedis::somewhere().await;
    assert_ne!(make(other.options()).await.identity(), one.identity());

    let options = redis.options();
    let redis = OwnRedis::start(redis.kill()).await;
    let name = format!("{}name", options.prefix);
    let client = ::redis::Client::open(options.url).unwrap();
    let mut commands = client.get_multiplexed_async_connection().await.unwrap();
    let mut is_named = ::redis::cmd("EXISTS");
    is_named.arg(name);
    while !is_named.query_async::<bool>(&mut commands).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(make(redis.options()).await.identity(), one.identity());
}

#[tokio::test]
async fn who_left_while_redis_was_away_is_gone_when_it_is_back() {
    let redis = OwnRedis::somewhere().await;
    let proxy = Proxy::to(&address(&redis).to_string()).await;
    let (one, two) = (make(behind(&proxy)).await, make(redis.options()).await);
    let (mut first, mut second) = (one.listen(), two.listen());
    one.arrive(socket(1, 7));
    one.arrive(socket(2, 8));
    hear(&mut second, &presence(8, true)).await;
    proxy.cut();
    hear(&mut first, &Notice::Away).await;
    one.depart(socket(1, 7));
    proxy.mend();
    hear(&mut first, &Notice::Back).await;
    hear(&mut second, &presence(7, false)).await;
    assert_eq!(
        two.online(&[person(7), person(8)]).await,
        Some(vec![person(8)])
    );
}

#[tokio::test]
async fn a_redis_that_takes_everything_and_answers_nothing_is_away() {
    let redis = OwnRedis::somewhere().await;
    let one = make(redis.options()).await;
    let mut notices = one.listen();
    redis.signal("-STOP");
    hear(&mut notices, &Notice::Away).await;
    // Listeners are reminded for as long as it lasts.
    hear(&mut notices, &Notice::Away).await;
    assert_eq!(one.online(&[person(7)]).await, None);
    redis.signal("-CONT");
    hear(&mut notices, &Notice::Back).await;
}

#[tokio::test]
async fn a_session_that_ended_on_a_node_that_was_cut_off_is_told_when_it_is_back() {
    let redis = OwnRedis::somewhere().await;
    let proxy = Proxy::to(&address(&redis).to_string()).await;
    let (one, two) = (make(behind(&proxy)).await, make(redis.options()).await);
    let (mut first, mut second) = (one.listen(), two.listen());
    proxy.cut();
    hear(&mut first, &Notice::Away).await;
    let session = SessionId(Uuid::from_u128(1));
    one.announce(Notice::Ended { session });
    hear(&mut first, &Notice::Ended { session }).await;
    proxy.mend();
    hear(&mut second, &Notice::Ended { session }).await;
}

#[tokio::test]
async fn a_stall_of_redis_that_is_too_short_to_be_away_makes_nobody_mute() {
    let redis = OwnRedis::somewhere().await;
    let (one, two) = (make(redis.options()).await, make(redis.options()).await);
    let mut second = two.listen();
    // Longer than one word may take, and not long enough for anybody to be missed.
    redis.stall(Duration::from_millis(1_200)).await;
    for number in 1..=2 {
        let session = SessionId(Uuid::from_u128(number));
        one.announce(Notice::Ended { session });
        hear(&mut second, &Notice::Ended { session }).await;
    }
}

#[tokio::test]
async fn a_session_that_ends_while_redis_is_gone_loses_its_sockets_on_every_node() {
    let redis = OwnRedis::somewhere().await;
    let (one, two) = (make(redis.options()).await, make(redis.options()).await);
    let world = World::exact(crate::sqlite::fresh());
    let mina = world.person("mina").await;
    let session = SessionId(world.uuid());
    let draft = SessionDraft {
        id: session,
        user: mina,
        verified: "hash of mina".into(),
        agent: String::new(),
        token: [0; 32],
        at: world.now(),
        ends_at: Timestamp(i64::MAX),
    };
    assert!(world.store.open_session(draft).await.unwrap());
    let store = Arc::clone(&world.store);
    let hub = Hub::new(store, Arc::new(LocalBus::default()), Arc::clone(&two) as _);
    hub.start();
    let who = Principal {
        user: mina,
        session,
        until: Timestamp(i64::MAX),
    };
    let socket = hub.connect(who, Arc::new(Outbound::default()));

    let mut second = two.listen();
    redis.kill();
    hear(&mut second, &Notice::Away).await;
    assert!(world.store.end_session(mina, session).await.unwrap());
    one.announce(Notice::Ended { session });
    assert_eq!(socket.outbound.ending().await, End::SignedOut);
    hub.stop().await;
}

#[tokio::test]
async fn without_redis_each_node_counts_by_itself() {
    let redis = OwnRedis::somewhere().await;
    let one = make(redis.options()).await;
    let mut notices = one.listen();
    redis.kill();
    hear(&mut notices, &Notice::Away).await;
    let limit = three("a");
    for _ in 0..3 {
        take(&*one, limit, "mina").await.unwrap();
    }
    take(&*one, limit, "mina").await.unwrap_err();
}

#[tokio::test]
async fn a_redis_that_is_not_there_is_named_without_the_password() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let options = RedisOptions::new(format!("redis://me:hunter2@{address}"));
    let error = RedisPresence::start(options).await.err().unwrap();
    assert!(matches!(error, RedisError::Unreachable { .. }), "{error}");
    let said = error.to_string();
    assert!(said.contains(&address.to_string()), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

/// The crate of TLS stops the program when it has no provider of cryptography.
#[tokio::test]
async fn tls_with_a_server_that_does_not_speak_it_is_an_error_and_no_panic() {
    let redis = OwnRedis::somewhere().await;
    let options = RedisOptions::new(format!("rediss://{}", address(&redis)));
    let error = RedisPresence::start(options).await.err().unwrap();
    assert!(matches!(error, RedisError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_redis_cluster_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let more = ["--cluster-enabled", "yes", "--dir"];
    let more = [&more[..], &[dir.path().to_str().unwrap()]].concat();
    let redis = OwnRedis::start_as(free_port(), &more).await;
    let error = RedisPresence::start(redis.options()).await.err().unwrap();
    assert!(matches!(error, RedisError::Cluster { .. }), "{error}");
}

#[tokio::test]
async fn an_address_that_is_none_is_refused() {
    let options = RedisOptions::new("mongodb://localhost");
    let error = RedisPresence::start(options).await.err().unwrap();
    assert!(matches!(error, RedisError::Address(_)), "{error}");
}

fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}

fn address(redis: &OwnRedis) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], redis.port))
}

fn behind(proxy: &Proxy) -> RedisOptions {
    RedisOptions {
        url: format!("redis://{}", proxy.address),
        prefix: String::from("madang-test:"),
        expiry: Duration::from_secs(2),
    }
}
