//! Connections that break, readers that are late, workers that are gone.

use rdkafka::{Offset, TopicPartitionList};
use server::bus::{BusItem, Tally};

use super::*;
use crate::bus::{by_turns, event, hear};
use crate::proxy::Proxy;

/// Each test has an address of its own for its proxy.
async fn behind_proxy(options: &KafkaOptions, last: u8) -> (Proxy, KafkaOptions) {
    let proxy = Proxy::to_kafka(broker(), last).await;
    let options = KafkaOptions {
        brokers: proxy.address.to_string(),
        ..options.clone()
    };
    (proxy, options)
}

async fn gap(bus: &dyn Bus) {
    while !matches!(bus.next().await, BusItem::Gap) {}
}

/// Asks again until it is so: of this nobody is told.
async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_connection_that_was_cut_and_is_back_is_a_gap() {
    let options = options();
    let (proxy, behind) = behind_proxy(&options, 2).await;
    let (one, two) = (make(options).await, make(behind).await);
    one.publish(&[event(1, 1)]);
    assert_eq!(hear(&*two).await, event(1, 1));
    proxy.cut();
    proxy.mend();
    gap(&*two).await;
    one.publish(&[event(1, 2)]);
    assert_eq!(hear(&*two).await, event(1, 2));
}

#[tokio::test]
async fn while_it_is_cut_off_a_node_knows_and_says_so() {
    let options = options();
    let (proxy, behind) = behind_proxy(&options, 3).await;
    let (one, two) = (make(options).await, make(behind).await);
    assert!(two.is_well());
    proxy.cut();
    until(|| !two.is_well()).await;
    let said = two.ready().await.unwrap_err();
    assert!(said.contains("Kafka"), "{said}");
    one.publish(&[event(1, 1)]);
    proxy.mend();
    assert_eq!(hear(&*two).await, event(1, 1));
    until(|| two.is_well()).await;
    two.ready().await.unwrap();
}

#[tokio::test]
async fn a_node_that_could_not_publish_tells_the_others_to_look_into_the_store() {
    let options = options();
    let (proxy, behind) = behind_proxy(&options, 4).await;
    let (one, two) = (make(behind).await, make(options).await);
    proxy.cut();
    one.publish(&[event(1, 1)]);
    until(|| one.tally().dropped == 1).await;
    proxy.mend();
    gap(&*two).await;
    until(|| one.is_well()).await;
    one.publish(&[event(1, 2)]);
    assert_eq!(hear(&*two).await, event(1, 2));
}

#[tokio::test]
async fn a_late_reader_goes_on_at_the_end_and_says_so() {
    // One record at a time is read, and many are said, so that the reader cannot keep up.
    let options = with(options(), &[("batch.num.messages", "1")]);
    let slow = [
        ("queued.min.messages", "1"),
        ("fetch.message.max.bytes", "1000"),
    ];
    let late = KafkaOptions {
        max_lag: Duration::ZERO,
        ..with(options.clone(), &slow)
    };
    let (one, two) = (make(options).await, make(late).await);
    let mut rev = 0;
    let saying = async {
        loop {
            rev += 1;
            one.publish(&[event(1, rev)]);
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = saying => {}
        () = gap(&*two) => {}
    }
    let Tally { gaps, .. } = two.tally();
    assert!(gaps >= 1);
}

#[tokio::test]
async fn the_work_of_a_node_that_is_cut_off_goes_on_elsewhere() {
    let options = options();
    let (proxy, behind) = behind_proxy(&options, 5).await;
    let (one, two) = (make(behind).await, make(options).await);
    let mut first = one.work("index").await.unwrap();
    let events = by_turns(1, 3);
    two.publish(&events);
    assert_eq!(first.next().await, events[0]);
    proxy.cut();
    let mut second = two.work("index").await.unwrap();
    for event in events {
        assert_eq!(second.next().await, event);
        second.done(&event);
    }
    proxy.mend();
}

async fn delete_records(topic: &str) {
    let mut all = TopicPartitionList::new();
    for partition in 0..3 {
        all.add_partition_offset(topic, partition, Offset::End)
            .unwrap();
    }
    let gone = admin().delete_records(&all, &AdminOptions::new()).await;
    gone.unwrap();
}

/// Everything that was published is taken away, so that where the reader stands there is nothing.
#[tokio::test]
async fn a_place_that_is_gone_is_left_for_the_end() {
    let options = options();
    let (proxy, behind) = behind_proxy(&options, 6).await;
    let (one, two) = (make(options.clone()).await, make(behind).await);
    one.publish(&[event(1, 1)]);
    assert_eq!(hear(&*two).await, event(1, 1));
    proxy.cut();
    until(|| !two.is_well()).await;
    let events: Vec<_> = (2..50).map(|rev| event(1, rev)).collect();
    one.publish(&events);
    until(|| one.is_well()).await;
    delete_records(&options.topic).await;
    proxy.mend();
    gap(&*two).await;
    until(|| two.is_well()).await;
    // It may find only now that its place is gone, and jump over what was just published; it says so.
    for rev in 50.. {
        one.publish(&[event(1, rev)]);
        if let BusItem::Event(heard) = two.next().await {
            assert!(heard.rev.0 >= 50, "{heard:?}");
            break;
        }
    }
}

#[tokio::test]
async fn a_topic_that_is_deleted_under_running_nodes_is_named_until_they_are_started_again() {
    let options = options();
    let one = make(options.clone()).await;
    let gone = admin().delete_topics(&[&options.topic], &AdminOptions::new());
    gone.await.unwrap().remove(0).unwrap();
    until(|| !one.is_well()).await;
    let said = one.ready().await.unwrap_err();
    assert!(said.contains("Kafka is not read from"), "{said}");
    make(options).await.ready().await.unwrap();
}
