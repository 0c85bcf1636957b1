//! Reading what other nodes published: all partitions, from places that this node names itself.
//! There is no group, so nobody waits for anybody, and a node that is killed leaves nothing behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::{KafkaError as DriverError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::{Message, Offset, TopicPartitionList};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use super::condition::{Condition, ReaderContext};
use super::record::{self, Record};
use super::{KafkaError, KafkaOptions, topic};

/// Between this task and the hub. Short, because what waits for long waits in librdkafka, which
/// counts bytes.
const HANDED: usize = 64;
/// Between two attempts to read on.
const AGAIN: Duration = Duration::from_millis(500);
/// Right after a topic was made, the broker may not yet know that it leads.
const ENDS_AGAIN: usize = 50;

type Consuming = Arc<StreamConsumer<ReaderContext>>;

pub(super) struct Reader {
    consumer: Consuming,
    condition: Arc<Condition>,
    counts: Arc<ReaderCounts>,
    options: KafkaOptions,
    node: String,
    partitions: i32,
    /// It must go to the end before it reads on: librdkafka has stopped, and does not begin again by
    /// itself.
    must_jump: bool,
}

#[derive(Debug, Default)]
pub(super) struct ReaderCounts {
    pub(super) received: AtomicU64,
    pub(super) gaps: AtomicU64,
}

/// What a record asks of the reader.
enum Step {
    Hand(super::BusItem),
    ReadOn,
    Nothing,
}

impl Reader {
    /// Sees to the topic, and stands at the end of every partition.
    pub(super) async fn start(
        options: &KafkaOptions,
        node: &str,
        condition: &Arc<Condition>,
    ) -> Result<Self, KafkaError> {
        let context = ReaderContext::new(
            Arc::clone(condition),
            options.topic.clone(),
            options.max_lag,
        );
        let consumer: Consuming = Arc::new(
            options
                .reader(node)?
                .create_with_context(context)
                .map_err(|error| KafkaError::Client(error.to_string()))?,
        );
        let partitions = topic::prepare(options, &consumer).await?;
        let reader = Self {
            consumer,
            condition: Arc::clone(condition),
            counts: Arc::default(),
            options: options.clone(),
            node: node.to_owned(),
            partitions,
            must_jump: false,
        };
        let mut attempts = 0;
        while let Err(error) = reader.go_to_the_end().await {
            attempts += 1;
            if attempts >= ENDS_AGAIN {
                return Err(KafkaError::Unreachable {
                    brokers: options.brokers.clone(),
                    why: error.to_string(),
                });
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(reader)
    }

    /// What Kafka calls itself and the topic: the same for all who hear each other.
    pub(super) async fn identity(&self) -> Result<String, KafkaError> {
        let consumer = Arc::clone(&self.consumer);
        let asked = spawn_blocking(move || consumer.client().fetch_cluster_id(topic::ASK)).await;
        // Another name in its place would make this node a stranger to the others.
        let Some(cluster) = asked.ok().flatten() else {
            return Err(KafkaError::Unreachable {
                brokers: self.options.brokers.clone(),
                why: String::from("it does not say which cluster it is"),
            });
        };
        Ok(format!("{} of {cluster}", self.options.topic))
    }

    pub(super) fn counts(&self) -> Arc<ReaderCounts> {
        Arc::clone(&self.counts)
    }

    pub(super) fn channel() -> (mpsc::Sender<super::BusItem>, mpsc::Receiver<super::BusItem>) {
        mpsc::channel(HANDED)
    }

    /// Reads until nobody listens any more.
    pub(super) async fn run(&mut self, items: &mpsc::Sender<super::BusItem>) {
        let mut look = interval(self.options.look_for_partitions);
        let mut again = interval(AGAIN);
        for ticks in [&mut look, &mut again] {
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks.reset();
        }
        let consumer = Arc::clone(&self.consumer);
        let condition = Arc::clone(&self.condition);
        loop {
            let step = tokio::select! {
                read = consumer.recv() => self.consider(read),
                () = condition.mended() => Step::Hand(super::BusItem::Gap),
                _ = look.tick() => {
                    self.take_new_partitions().await;
                    Step::Nothing
                }
                _ = again.tick(), if self.must_jump => Step::ReadOn,
            };
            let item = match step {
                Step::Hand(item) => item,
                Step::ReadOn => {
                    let item = self.read_on().await;
                    again.reset();
                    match item {
                        Some(item) => item,
                        None => continue,
                    }
                }
                Step::Nothing => continue,
            };
            let counter = match item {
                super::BusItem::Event(_) => &self.counts.received,
                super::BusItem::Gap => &self.counts.gaps,
            };
            counter.fetch_add(1, Ordering::Relaxed);
            if items.send(item).await.is_err() {
                return;
            }
        }
    }

    fn consider(&mut self, read: KafkaResult<BorrowedMessage<'_>>) -> Step {
        let record = match read {
            Ok(record) => record,
            Err(error) => {
                tracing::debug!(%error, "Kafka could not be read from");
                // Where this node was reading there is nothing any more.
                let is_gone = error.rdkafka_error_code() == Some(RDKafkaErrorCode::AutoOffsetReset);
                if topic::is_unknown(&error) {
                    // To assign anew now would end the process: librdkafka trips over its own assertion.
                    self.condition
                        .lost("the topic was deleted; restart the nodes, and it is made again");
                }
                return if is_gone {
                    self.must_jump()
                } else {
                    Step::Nothing
                };
            }
        };
        let context = self.consumer.context();
        if context.is_late(record.partition(), record.offset()) {
            return self.must_jump();
        }
        if record::is_from(&record, &self.node) {
            return Step::Nothing;
        }
        match record::read(&record) {
            Record::Event(event) => Step::Hand(super::BusItem::Event(event)),
            Record::Lost => Step::Hand(super::BusItem::Gap),
            Record::Unknown => Step::Nothing,
        }
    }

    /// Begun at once where nothing was due; else it has its turn.
    fn must_jump(&mut self) -> Step {
        if std::mem::replace(&mut self.must_jump, true) {
            Step::Nothing
        } else {
            Step::ReadOn
        }
    }

    /// Goes on at the end, if that can be done now. The ends are asked for before the heads are
    /// compared, so what is appended in between is read.
    async fn read_on(&mut self) -> Option<super::BusItem> {
        match self.go_to_the_end().await {
            Ok(()) => {
                self.must_jump = false;
                tracing::warn!(
                    "this node could not read on in Kafka where it was; it goes on at the end, and reads the rest from the store"
                );
                Some(super::BusItem::Gap)
            }
            Err(error) => {
                self.condition
                    .lost(&format!("the end of the topic was not found: {error}"));
                None
            }
        }
    }

    async fn go_to_the_end(&self) -> KafkaResult<()> {
        let (consumer, topic) = (Arc::clone(&self.consumer), self.options.topic.clone());
        let partitions = self.partitions;
        let assigned = spawn_blocking(move || {
            let mut ends = TopicPartitionList::new();
            for partition in 0..partitions {
                let (_, end) = consumer.fetch_watermarks(&topic, partition, topic::ASK)?;
                ends.add_partition_offset(&topic, partition, Offset::Offset(end))?;
            }
            consumer.assign(&ends)?;
            consumer.context().begins_anew();
            Ok(())
        });
        assigned.await.unwrap_or(Err(DriverError::Canceled))
    }

    /// New partitions are read from their beginning: nobody has read any of it.
    async fn take_new_partitions(&mut self) {
        let found = match topic::partitions(&self.consumer, &self.options.topic).await {
            Ok(found) if found > self.partitions => found,
            Ok(_) => return,
            Err(why) => {
                tracing::debug!(why, "new partitions could not be looked for");
                return;
            }
        };
        let mut new = TopicPartitionList::new();
        new.add_partition_range(&self.options.topic, self.partitions, found - 1);
        let taken = new
            .set_all_offsets(Offset::Beginning)
            .and_then(|()| self.consumer.incremental_assign(&new));
        match taken {
            Ok(()) => {
                tracing::info!(partitions = found, "the Kafka topic has grown");
                self.partitions = found;
            }
            Err(error) => tracing::warn!(%error, "new partitions could not be read yet"),
        }
    }

    /// Lets go of the connection, which may take a moment.
    pub(super) async fn end(self) {
        let _ = spawn_blocking(move || drop(self)).await;
    }
}
