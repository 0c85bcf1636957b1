//! The topic is made as it must be, and refused as it must not be.

use rdkafka::admin::{AdminOptions, NewPartitions};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError as DriverError;
use server::bus::KafkaError;

use super::*;
use crate::bus::{by_turns, hear_all};

async fn refusal(options: KafkaOptions) -> String {
    KafkaBus::start(options).await.err().unwrap().to_string()
}

#[tokio::test]
async fn two_nodes_may_make_the_topic_at_the_same_time() {
    let options = options();
    let (one, two) = tokio::join!(
        KafkaBus::start(options.clone()),
        KafkaBus::start(options.clone())
    );
    one.unwrap().ready().await.unwrap();
    two.unwrap().ready().await.unwrap();
}

#[tokio::test]
async fn a_topic_that_must_not_be_made_and_is_not_there_is_named() {
    let options = KafkaOptions {
        make_topic: false,
        ..options()
    };
    let error = KafkaBus::start(options.clone()).await.err().unwrap();
    assert!(matches!(error, KafkaError::NoTopic { .. }), "{error}");
    assert!(error.to_string().contains(&options.topic), "{error}");
}

#[tokio::test]
async fn a_topic_made_by_someone_else_is_taken_if_it_is_fit() {
    let options = KafkaOptions {
        make_topic: false,
        ..options()
    };
    make_topic(&options, 5, &[("retention.ms", "3600000")]).await;
    KafkaBus::start(options).await.unwrap();
}

#[tokio::test]
async fn a_topic_with_too_few_partitions_is_refused() {
    let options = options();
    make_topic(&options, 2, &[("retention.ms", "3600000")]).await;
    let said = refusal(options).await;
    assert!(
        said.contains("it has 2 partitions, and 3 are asked for"),
        "{said}"
    );
}

#[tokio::test]
async fn a_topic_that_forgets_by_key_is_refused() {
    let options = options();
    make_topic(&options, 3, &[("cleanup.policy", "compact")]).await;
    let said = refusal(options).await;
    assert!(said.contains("cleanup.policy is compact"), "{said}");
}

#[tokio::test]
async fn a_topic_that_keeps_deleted_texts_for_ever_is_refused() {
    let options = options();
    make_topic(&options, 3, &[("retention.ms", "-1")]).await;
    let said = refusal(options).await;
    assert!(said.contains("retention.ms is -1"), "{said}");
}

#[tokio::test]
async fn a_broker_that_does_not_answer_is_named() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap().to_string();
    drop(nobody);
    let error = KafkaBus::start(KafkaOptions::new(&address)).await.err();
    let error = error.unwrap();
    assert!(matches!(error, KafkaError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains(&address), "{error}");
}

#[tokio::test]
async fn a_topic_that_is_not_read_in_time_is_named_and_the_next_start_may_read_it() {
    let options = options();
    let hasty = KafkaOptions {
        first_fetch: Duration::from_millis(1),
        ..options.clone()
    };
    let error = KafkaBus::start(hasty).await.err().unwrap();
    assert!(matches!(error, KafkaError::Unread { .. }), "{error}");
    assert!(error.to_string().contains(&options.topic), "{error}");
    make(options).await.ready().await.unwrap();
}

#[tokio::test]
async fn partitions_that_are_added_are_read_from_their_beginning() {
    let options = options();
    let (one, two) = (make(options.clone()).await, make(options.clone()).await);
    let more = NewPartitions::new(&options.topic, 12);
    let grown = admin()
        .create_partitions([&more], &AdminOptions::new())
        .await;
    grown.unwrap().remove(0).unwrap();

    // Until the publisher knows of them as well, it uses the old ones.
    let mut revs = 0;
    while !is_anything_in_partitions(&options.topic, 3..12) {
        revs += 1;
        let events = by_turns(60, revs);
        one.publish(&events[events.len() - 60..]);
        tokio::task::yield_now().await;
    }
    hear_all(&*two, &by_turns(60, revs)).await;
}

fn is_anything_in_partitions(topic: &str, mut partitions: std::ops::Range<i32>) -> bool {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers())
        .create()
        .unwrap();
    let end = |partition| -> Result<i64, DriverError> {
        let (_, end) = consumer.fetch_watermarks(topic, partition, Duration::from_secs(5))?;
        Ok(end)
    };
    partitions.any(|partition| end(partition).is_ok_and(|end| end > 0))
}
