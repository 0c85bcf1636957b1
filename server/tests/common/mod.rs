//! A whole server in this process, and the smallest clients that can speak to it.
// Each test binary uses its own part of this, and what fails here fails the test.
#![allow(dead_code, clippy::unwrap_used)]

pub mod http;
pub mod stomp;

use std::io::Write as _;
use std::net::SocketAddr;

use clap::Parser;
use server::config::{Cli, Command, Config};
use server::server::Server;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use http::Http;
pub use stomp::Stomp;

pub struct Node {
    pub address: SocketAddr,
    pub data: TempDir,
    stop: CancellationToken,
    running: JoinHandle<std::io::Result<()>>,
}

impl Node {
    pub async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap()).await
    }

    pub async fn start_in(data: TempDir) -> Self {
        Self::start_as(&config(&data), data).await
    }

    pub async fn start_as(config: &Config, data: TempDir) -> Self {
        let server = Server::start(config).await.unwrap();
        let address = server.address().unwrap();
        let stop = CancellationToken::new();
        let running = tokio::spawn(server.run(stop.clone()));
        Self {
            address,
            data,
            stop,
            running,
        }
    }

    /// As on SIGTERM. What is left is the data.
    pub async fn stop(self) -> TempDir {
        self.stop.cancel();
        self.running.await.unwrap().unwrap();
        self.data
    }

    pub fn begin_stop(&self) {
        self.stop.cancel();
    }

    pub fn http(&self) -> Http {
        Http::new(self.address)
    }

    /// Whether its metrics have this line.
    pub async fn counts(&self, line: &str) -> bool {
        let metrics = self.http().get("/metrics").await;
        metrics.text.lines().any(|counted| counted == line)
    }

    /// A new person.
    pub async fn person(&self, name: &str) -> Person {
        let body = serde_json::json!({ "username": name, "password": "correct horse" });
        let answer = self.http().post("/api/auth/register", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let json = answer.json();
        let token = json["accessToken"].as_str().unwrap().to_owned();
        Person {
            id: json["user"]["id"].as_str().unwrap().parse().unwrap(),
            refresh: json["refreshToken"].as_str().unwrap().to_owned(),
            http: Http {
                token: Some(token.clone()),
                ..self.http()
            },
            token,
        }
    }

    /// A group of these people, made by the first of them.
    pub async fn group(&self, people: &[&Person]) -> String {
        let others: Vec<_> = people[1..]
            .iter()
            .map(|person| person.id.to_string())
            .collect();
        let body = serde_json::json!({ "kind": "group", "name": "Yard", "members": others });
        let answer = people[0].http.post("/api/rooms", &body).await;
        assert!(answer.status < 300, "{}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// A signed-in STOMP 1.2 connection.
    pub async fn stomp(&self, person: &Person) -> Stomp {
        let mut stomp = Stomp::open(self.address).await;
        stomp.connect(&person.token).await;
        stomp
    }
}

pub struct Person {
    pub id: protocol::UserId,
    pub token: String,
    pub refresh: String,
    pub http: Http,
}

pub fn config(data: &TempDir) -> Config {
    let directory = data.path().to_str().unwrap();
    let arguments = [
        "madang",
        "serve",
        "--addr",
        "127.0.0.1:0",
        "--data",
        directory,
    ];
    match Cli::parse_from(arguments).chosen() {
        Command::Serve(config) => config,
        other => panic!("not `serve`: {other:?}"),
    }
}

pub fn id() -> String {
    Uuid::new_v4().to_string()
}

/// Says of a test, past the harness, that it cannot run here; `x` counts it as skipped.
pub fn skip(test: &str, why: &str) {
    let line = format!("skipped: {test}: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
