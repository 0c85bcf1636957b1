//! The bus on a real Kafka, and what is Kafka's own: topics, lost connections, late readers.
//!
//! `MADANG_TEST_KAFKA` names a broker; `deploy/servers` starts one.

mod faults;
mod topics;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use server::bus::{Bus, KafkaBus, KafkaOptions};
use uuid::Uuid;

use crate::wrap::unreliable_bus;

crate::bus::suite!(bus, || make(options()));
crate::bus::suite!(bus_that_fails, async || unreliable_bus(
    make(options()).await
));
crate::bus::nodes_suite!(nodes, || {
    let options = options();
    move || make(options.clone())
});

fn brokers() -> String {
    std::env::var("MADANG_TEST_KAFKA").unwrap_or_else(|_| {
        panic!("MADANG_TEST_KAFKA is not set. Name a Kafka broker in it, as 127.0.0.1:9092, or leave these tests out with --skip kafka.")
    })
}

fn broker() -> SocketAddr {
    brokers().parse().unwrap()
}

/// A topic of its own for each test.
fn options() -> KafkaOptions {
    KafkaOptions {
        topic: format!("madang.test.{}", Uuid::new_v4().simple()),
        partitions: 3,
        look_for_partitions: Duration::from_millis(200),
        ..KafkaOptions::new(brokers())
    }
}

/// With settings of librdkafka.
fn with(mut options: KafkaOptions, settings: &[(&str, &str)]) -> KafkaOptions {
    let settings = settings
        .iter()
        .map(|(key, value)| ((*key).into(), (*value).into()));
    options.extra.extend(settings);
    options
}

async fn make(options: KafkaOptions) -> Arc<dyn Bus> {
    Arc::new(KafkaBus::start(options).await.unwrap())
}

fn admin() -> AdminClient<DefaultClientContext> {
    ClientConfig::new()
        .set("bootstrap.servers", brokers())
        .create()
        .unwrap()
}

/// A topic as someone else might have made it.
async fn make_topic(options: &KafkaOptions, partitions: i32, settings: &[(&str, &str)]) {
    let mut topic = NewTopic::new(&options.topic, partitions, TopicReplication::Fixed(1));
    for (name, value) in settings {
        topic = topic.set(name, value);
    }
    let made = admin().create_topics([&topic], &AdminOptions::new()).await;
    made.unwrap().remove(0).unwrap();
}
