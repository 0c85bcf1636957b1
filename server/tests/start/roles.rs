//! What a node does by its roles.

use server::config::{Config, Role};

use crate::common::{self, Node, config};

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
