//! Handing events over to Kafka.
//!
//! librdkafka's own queue is the only one: bounded in bytes, filled without waiting, emptied by
//! its one thread in order. Whoever publishes for one room does so from one place, so a room's
//! events stay in order without a task of ours in between.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use protocol::wire::Event;
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError as DriverError;
use rdkafka::message::{DeliveryResult, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};
use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use super::{KafkaError, condition, record};

/// How long what is queued may take to go when the node stops.
const FLUSH: Duration = Duration::from_secs(5);
/// Between two attempts to say that something was lost, and to begin anew.
const AGAIN: Duration = Duration::from_millis(500);

/// A record that is under way for so long may be stuck: a broker that died keeps the others from
/// confirming until they have given it up.
const STUCK: Duration = Duration::from_secs(1);

type Producer = ThreadedProducer<Deliveries>;

pub(super) struct Publisher {
    topic: String,
    node: String,
    config: ClientConfig,
    /// None once it is closed.
    producer: RwLock<Option<Arc<Producer>>>,
    losses: Arc<Losses>,
    published: AtomicU64,
}

impl Publisher {
    pub(super) fn new(topic: &str, node: &str, config: ClientConfig) -> Result<Self, KafkaError> {
        let losses = Arc::new(Losses::default());
        let producer = connect(&config, &losses)?;
        Ok(Self {
            topic: topic.to_owned(),
            node: node.to_owned(),
            config,
            producer: RwLock::new(Some(Arc::new(producer))),
            losses,
            published: AtomicU64::new(0),
        })
    }

    pub(super) fn publish(&self, events: &[Arc<Event>]) {
        let Some(producer) = self.producer.read().as_ref().map(Arc::clone) else {
            return;
        };
        for event in events {
            let json = match serde_json::to_vec(&**event) {
                Ok(json) => json,
                Err(error) => {
                    tracing::error!(%error, room.id = %event.room, "an event could not be written as JSON");
                    self.losses.note();
                    continue;
                }
            };
            let key = event.room.to_string();
            let headers = record::event_headers(&self.node);
            self.published.fetch_add(1, Ordering::Relaxed);
            let mark = self.losses.under_way();
            self.send(&producer, mark, Some((&key, &json)), headers);
        }
    }

    /// Whether all that was published so far is with Kafka, on its way there since a moment ago,
    /// or known to be missing.
    pub(super) fn is_well(&self) -> bool {
        !self.losses.are_untold() && !self.losses.are_stuck()
    }

    pub(super) fn published(&self) -> u64 {
        self.published.load(Ordering::Relaxed)
    }

    pub(super) fn dropped(&self) -> u64 {
        self.losses.noted.load(Ordering::Relaxed)
    }

    /// Tells the other nodes when something was dropped, as soon as anything can be told, and
    /// begins anew after an error from which librdkafka cannot go on. Runs for as long as the bus.
    pub(super) async fn look_after(&self) {
        loop {
            tokio::select! {
                () = self.losses.complained.notified() => {
                    if self.has_ended() {
                        self.begin_anew().await;
                    }
                }
                () = self.losses.changed.notified() => {
                    if self.losses.are_untold() {
                        self.tell_losses();
                        tokio::time::sleep(AGAIN).await;
                    }
                }
            }
        }
    }

    /// The word travels as the events do, so once it is through they go through as well. Its
    /// failure wakes [`Self::look_after`] again.
    fn tell_losses(&self) {
        let Some(producer) = self.producer.read().as_ref().map(Arc::clone) else {
            return;
        };
        let so_far = self.losses.noted.load(Ordering::Acquire);
        let headers = record::lost_headers(&self.node);
        self.send(&producer, Mark::Lost { so_far }, None, headers);
    }

    fn send(
        &self,
        producer: &Producer,
        mark: Mark,
        content: Option<(&String, &Vec<u8>)>,
        headers: OwnedHeaders,
    ) {
        let mut record = BaseRecord::with_opaque_to(&self.topic, Box::new(mark)).headers(headers);
        if let Some((key, json)) = content {
            record = record.key(key).payload(json);
        }
        if let Err((error, _)) = producer.send(record) {
            tracing::debug!(%error, "Kafka's queue took no more");
            self.losses.settle(mark, false);
        }
    }

    /// Whether librdkafka cannot go on. The errors that it reports do not tell.
    fn has_ended(&self) -> bool {
        let producer = self.producer.read();
        let ended = producer
            .as_ref()
            .and_then(|producer| producer.client().fatal_error());
        if let Some((_, reason)) = &ended {
            tracing::warn!(reason, "handing events over to Kafka has come to an end");
        }
        ended.is_some()
    }

    async fn begin_anew(&self) {
        // What ended it may end the next one, too.
        tokio::time::sleep(AGAIN).await;
        let (config, losses) = (self.config.clone(), Arc::clone(&self.losses));
        let fresh = spawn_blocking(move || connect(&config, &losses)).await;
        match fresh {
            Ok(Ok(fresh)) => {
                let before = match &mut *self.producer.write() {
                    // Closed meanwhile.
                    None => None,
                    Some(producer) => Some(std::mem::replace(producer, Arc::new(fresh))),
                };
                // What it still held fails now, and is noted as lost.
                let _ = spawn_blocking(move || drop(before)).await;
                tracing::info!("handing events over to Kafka begins anew");
            }
            Ok(Err(error)) => self.postpone(&error.to_string()),
            Err(error) => self.postpone(&error.to_string()),
        }
    }

    fn postpone(&self, why: &str) {
        tracing::error!(why, "handing events over to Kafka could not begin anew yet");
        self.losses.complained.notify_one();
    }

    /// Sends what is queued and ends.
    pub(super) async fn close(&self) {
        let Some(producer) = self.producer.write().take() else {
            return;
        };
        let flushed = spawn_blocking(move || producer.flush(FLUSH)).await;
        if let Ok(Err(error)) = flushed {
            tracing::warn!(%error, "not all events reached Kafka before the end; other nodes find them in the store");
        }
    }
}

fn connect(config: &ClientConfig, losses: &Arc<Losses>) -> Result<Producer, KafkaError> {
    config
        .create_with_context(Deliveries(Arc::clone(losses)))
        .map_err(|error| KafkaError::Client(error.to_string()))
}

/// What a record is, for when it is known what became of it.
#[derive(Clone, Copy, Debug)]
enum Mark {
    /// An event, under way since then.
    Event { since: Instant, number: u64 },
    /// The word that so many events were lost.
    Lost { so_far: u64 },
}

/// What did not reach Kafka, and whether the others know that.
#[derive(Debug, Default)]
struct Losses {
    noted: AtomicU64,
    told: AtomicU64,
    /// The events of which nothing is known yet, oldest first.
    waiting: Mutex<BTreeSet<(Instant, u64)>>,
    numbers: AtomicU64,
    changed: Notify,
    /// librdkafka has reported an error, which may be its last.
    complained: Notify,
}

impl Losses {
    fn under_way(&self) -> Mark {
        let since = Instant::now();
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        self.waiting.lock().insert((since, number));
        Mark::Event { since, number }
    }

    fn are_stuck(&self) -> bool {
        let waiting = self.waiting.lock();
        waiting
            .first()
            .is_some_and(|(since, _)| since.elapsed() > STUCK)
    }

    fn are_untold(&self) -> bool {
        self.noted.load(Ordering::Acquire) > self.told.load(Ordering::Acquire)
    }

    fn note(&self) {
        let untold = self.are_untold();
        self.noted.fetch_add(1, Ordering::AcqRel);
        if !untold {
            tracing::warn!(
                "events could not be handed to Kafka; other nodes find them in the store"
            );
        }
        self.changed.notify_one();
    }

    fn settle(&self, mark: Mark, delivered: bool) {
        match mark {
            Mark::Event { since, number } => {
                self.waiting.lock().remove(&(since, number));
                if !delivered {
                    self.note();
                }
            }
            Mark::Lost { so_far } if delivered => {
                self.told.fetch_max(so_far, Ordering::AcqRel);
                if self.are_untold() {
                    self.changed.notify_one();
                } else {
                    tracing::info!(dropped = so_far, "events are handed to Kafka again");
                }
            }
            Mark::Lost { .. } => self.changed.notify_one(),
        }
    }
}

/// Hears what became of each record.
struct Deliveries(Arc<Losses>);

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        condition::log(level, facility, message);
    }

    fn error(&self, error: DriverError, reason: &str) {
        tracing::debug!(%error, reason, "librdkafka reports an error");
        self.0.complained.notify_one();
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Mark>;

    fn delivery(&self, result: &DeliveryResult<'_>, mark: Box<Mark>) {
        if let Err((error, _)) = result {
            tracing::debug!(%error, "a record did not reach Kafka");
        }
        self.0.settle(*mark, result.is_ok());
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::mocking::MockCluster;
    use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

    use super::super::testing::event;
    use super::*;
    use crate::bus::KafkaOptions;

    /// Asks again until it is so: of this nobody is told.
    async fn until(is_so: impl Fn() -> bool) {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn after_an_error_from_which_librdkafka_cannot_go_on_it_begins_anew() {
        let brokers = MockCluster::new(1).unwrap();
        brokers.create_topic("events", 1, 1).unwrap();
        brokers.request_errors(
            RDKafkaApiKey::InitProducerId,
            &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED],
        );
        let options = KafkaOptions::new(brokers.bootstrap_servers());
        let config = options.producer("a").unwrap();
        let publisher = Publisher::new("events", "a", config).unwrap();
        publisher.publish(&[Arc::new(event(1))]);
        // What the first one held is lost, the others are told, and the next event goes through.
        let mended = until(|| publisher.dropped() == 1 && publisher.is_well());
        tokio::select! {
            () = publisher.look_after() => {}
            () = mended => {}
        }
        publisher.publish(&[Arc::new(event(2))]);
        until(|| publisher.losses.waiting.lock().is_empty()).await;
        assert_eq!(publisher.dropped(), 1);
    }
}
