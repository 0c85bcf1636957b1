//! The bus of many nodes: one topic of events, keyed by room.

mod condition;
mod error;
mod lag;
mod options;
mod publisher;
mod reader;
mod record;
#[cfg(test)]
mod testing;
mod topic;
mod worker;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use protocol::wire::Event;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{Bus, BusItem, Tally, Work};
use condition::Condition;
pub use error::KafkaError;
pub use options::KafkaOptions;
use publisher::Publisher;
use reader::{Reader, ReaderCounts};
use worker::Worker;

/// How many clients are made, one after the other, until one reads. It was seen once, in hundreds of
/// starts, that one of librdkafka's did not begin to, of a Kafka that was well.
const CLIENTS: u32 = 3;

pub struct KafkaBus {
    options: KafkaOptions,
    /// This run of this node: by it a node knows its own records.
    node: String,
    identity: String,
    condition: Arc<Condition>,
    publisher: Arc<Publisher>,
    heard: Mutex<mpsc::Receiver<BusItem>>,
    counts: Arc<ReaderCounts>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl KafkaBus {
    /// Sees to the topic, and answers once this node hears what the others publish.
    pub async fn start(options: KafkaOptions) -> Result<Self, KafkaError> {
        let mut clients = 1;
        loop {
            match Self::begin(options.clone()).await {
                Err(KafkaError::Unread { why, .. }) if clients < CLIENTS => {
                    tracing::warn!(why, "Kafka answers, but is not read from; trying it anew");
                    clients += 1;
                }
                begun => return begun,
            }
        }
    }

    async fn begin(options: KafkaOptions) -> Result<Self, KafkaError> {
        let node = Uuid::new_v4().simple().to_string();
        let condition = Arc::new(Condition::new());
        let mut reader = Reader::start(&options, &node, &condition).await?;
        let publisher = Publisher::new(&options.topic, &node, options.producer(&node)?)?;
        let publisher = Arc::new(publisher);
        let identity = reader.identity().await?;
        let (items, heard) = Reader::channel();
        let bus = Self {
            options,
            node,
            identity,
            condition,
            publisher: Arc::clone(&publisher),
            heard: Mutex::new(heard),
            counts: reader.counts(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        let stop = bus.stop.clone();
        bus.tasks.spawn(async move {
            let _ = stop.run_until_cancelled(reader.run(&items)).await;
            reader.end().await;
        });
        let stop = bus.stop.clone();
        bus.tasks.spawn(async move {
            let _ = stop.run_until_cancelled(publisher.look_after()).await;
        });
        let first_fetch = timeout(bus.options.first_fetch, bus.condition.reading());
        if first_fetch.await.is_err() {
            return Err(KafkaError::Unread {
                brokers: bus.options.brokers.clone(),
                topic: bus.options.topic.clone(),
                why: bus.condition.check().err().unwrap_or_default(),
            });
        }
        Ok(bus)
    }

    /// Which topic of which Kafka: nodes with another one do not hear this one.
    pub fn identity(&self) -> String {
        self.identity.clone()
    }
}

#[async_trait]
impl Bus for KafkaBus {
    fn publish(&self, events: &[Arc<Event>]) {
        self.publisher.publish(events);
    }

    async fn next(&self) -> BusItem {
        match self.heard.lock().await.recv().await {
            Some(item) => item,
            // Closed: nothing more will come.
            None => std::future::pending().await,
        }
    }

    async fn work(&self, group: &str) -> Result<Box<dyn Work>, String> {
        match Worker::join(&self.options, &self.node, group) {
            Ok(worker) => Ok(Box::new(worker)),
            Err(error) => Err(error.to_string()),
        }
    }

    fn is_well(&self) -> bool {
        self.condition.is_reading() && self.publisher.is_well()
    }

    async fn ready(&self) -> Result<(), String> {
        self.condition.check()?;
        if self.publisher.is_well() {
            Ok(())
        } else {
            Err(String::from(
                "Kafka does not take events; other nodes find them in the store",
            ))
        }
    }

    fn tally(&self) -> Tally {
        Tally {
            published: self.publisher.published(),
            dropped: self.publisher.dropped(),
            received: self.counts.received.load(Ordering::Relaxed),
            gaps: self.counts.gaps.load(Ordering::Relaxed),
        }
    }

    async fn close(&self) {
        self.publisher.close().await;
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for KafkaBus {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
