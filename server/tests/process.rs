//! `madang` as it is started: what it does by its roles, and what `madang doctor` says of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::process::{Command, Output};

use common::{Node, config};
use server::config::{Config, Role};
use tempfile::TempDir;

#[tokio::test]
async fn a_node_that_only_works_answers_operators_and_nobody_else() {
    let data = tempfile::tempdir().unwrap();
    let worker = Config {
        roles: vec![Role::Worker],
        ..config(&data)
    };
    let node = Node::start_as(&worker, data).await;
    for (path, status) in [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/", 404),
        ("/api/me", 404),
        ("/stomp", 404),
    ] {
        assert_eq!(node.http().get(path).await.status, status, "{path}");
    }
    node.stop().await;
}

/// Whoever repeats themselves is noticed by workers.
async fn notices(node: &Node) -> bool {
    let metrics = node.http().get("/metrics").await.text;
    metrics.contains("abuse_observations_total{kind=\"repetition\"}")
}

#[tokio::test]
async fn what_is_said_on_a_node_that_only_serves_people_is_worked_on_elsewhere_by_way_of_kafka() {
    let set = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let mongodb = set("MADANG_TEST_MONGODB");
    let (place, options) = mongodb.split_once('?').unwrap_or((&mongodb, ""));
    let place = place.trim_start_matches("mongodb://");
    let (server, _) = place.split_once('/').unwrap_or((place, ""));
    let name = common::id();
    let mut nodes = Vec::new();
    for role in [Role::Web, Role::Worker] {
        let data = tempfile::tempdir().unwrap();
        let config = Config {
            roles: vec![role],
            mongodb_uri: Some(format!("mongodb://{server}/roles-{name}?{options}")),
            kafka_brokers: Some(set("MADANG_TEST_KAFKA")),
            kafka_topic: format!("madang.roles.{name}"),
            redis_url: Some(set("MADANG_TEST_REDIS")),
            ..config(&data)
        };
        nodes.push(Node::start_as(&config, data).await);
    }
    let mina = nodes[0].person("mina").await;
    let room = nodes[0].group(&[&mina]).await;
    for _ in 0..6 {
        let message = serde_json::json!({ "id": common::id(), "body": "the same again" });
        mina.http
            .post(&format!("/api/rooms/{room}/messages"), &message)
            .await;
    }
    while !notices(&nodes[1]).await {}
    assert!(!notices(&nodes[0]).await);
    for node in nodes {
        node.stop().await;
    }
}

/// With these variables and no others.
fn doctor(settings: &[(&str, &str)]) -> (bool, String) {
    let data = tempfile::tempdir().unwrap();
    let Output { status, stdout, .. } = command(&data)
        .envs(settings.iter().copied())
        .output()
        .unwrap();
    (status.success(), String::from_utf8(stdout).unwrap())
}

fn command(data: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_madang"));
    command
        .arg("doctor")
        .env_clear()
        .env("MADANG_ADDR", "127.0.0.1:0")
        .env("MADANG_DATA", data.path());
    command
}

#[test]
fn doctor_ends_well_where_all_is_well() {
    let (well, said) = doctor(&[]);
    assert!(well && !said.contains("WRONG"), "{said}");
}

#[test]
fn doctor_fails_where_only_a_part_of_a_cluster_is_set() {
    let (well, said) = doctor(&[("MADANG_MONGODB_URI", "mongodb://127.0.0.1:1/chat")]);
    assert!(!well, "{said}");
    assert!(
        said.contains("WRONG cluster: MADANG_KAFKA_BROKERS and MADANG_REDIS_URL must be set"),
        "{said}"
    );
}

#[test]
fn doctor_fails_where_the_address_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (well, said) = doctor(&[("MADANG_ADDR", &address)]);
    assert!(!well && said.contains("WRONG address"), "{said}");
}

/// The servers of a cluster with TLS wherever `deploy/servers` has it, and this password of Kafka. None where
/// servers were given, of which nothing is known.
fn cluster(password: &str) -> Option<Vec<(&'static str, String)>> {
    let set = |name: &str| {
        std::env::var(name).unwrap_or_else(|_| {
            panic!("{name} is not set. Start servers with deploy/servers, or leave these tests out with --skip kafka.")
        })
    };
    let mongodb = set("MADANG_TEST_MONGODB");
    let given = |name: &str| std::env::var(name).ok();
    let (kafka, redis, authority) = (
        given("MADANG_TEST_KAFKA_TLS")?,
        given("MADANG_TEST_REDIS_TLS")?,
        given("MADANG_TEST_CA")?,
    );
    let options = [
        "security.protocol=SASL_SSL",
        "sasl.mechanism=SCRAM-SHA-256",
        "sasl.username=madang",
        &format!("sasl.password={password}"),
        &format!("ssl.ca.location={authority}"),
    ];
    Some(vec![
        ("MADANG_MONGODB_URI", mongodb),
        ("MADANG_KAFKA_BROKERS", kafka),
        ("MADANG_KAFKA_OPTIONS", options.join(",")),
        (
            "MADANG_KAFKA_TOPIC",
            format!("madang.doctor.{}", common::id()),
        ),
        ("MADANG_REDIS_URL", redis),
        ("SSL_CERT_FILE", authority),
    ])
}

fn doctor_of(settings: &[(&str, String)]) -> (bool, String) {
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    doctor(&settings)
}

#[test]
fn doctor_ends_well_in_a_cluster_whose_kafka_and_redis_want_tls() {
    let Some(settings) = cluster("courtyard") else {
        return;
    };
    let (well, said) = doctor_of(&settings);
    for part in ["mongodb", "kafka", "redis"] {
        assert!(said.contains(&format!("ok    {part}: ")), "{said}");
    }
    assert!(well, "{said}");
}

#[test]
fn doctor_says_that_the_password_of_kafka_is_wrong() {
    let Some(settings) = cluster("hunter2") else {
        return;
    };
    let (well, said) = doctor_of(&settings);
    assert!(!well, "{said}");
    let refused = said
        .lines()
        .find(|line| line.starts_with("WRONG kafka: "))
        .unwrap();
    assert!(
        refused.contains("does not let Madang in") && refused.contains("sasl.password"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn doctor_says_that_the_certificate_of_kafka_is_not_trusted() {
    let Some(mut settings) = cluster("courtyard") else {
        return;
    };
    for (name, value) in &mut settings {
        if *name == "MADANG_KAFKA_OPTIONS" {
            *value = value.replace(",ssl.ca.location=", ",client.rack=");
        }
    }
    settings.retain(|(name, _)| *name != "SSL_CERT_FILE");
    let (well, said) = doctor_of(&settings);
    assert!(!well && said.contains("certificate"), "{said}");
}
