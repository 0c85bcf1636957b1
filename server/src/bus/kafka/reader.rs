//! Reading what other nodes published: all partitions, from places that this node names itself.
//! There is no group, so nobody waits for anybody, and a node that is killed leaves nothing behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::KafkaResult;
use rdkafka::message::BorrowedMessage;
use rdkafka::{Message, Offset, TopicPartitionList};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::condition::{Condition, ReaderContext};
use super::record::{self, Record};
use super::{KafkaError, KafkaOptions, topic};

/// Between this task and the hub. Short, because what waits for long waits in librdkafka, which
/// counts bytes.
const HANDED: usize = 64;
/// A clock that is off would have every record look late; more often than this nobody jumps.
const JUMP_AT_MOST: Duration = Duration::from_secs(5);
/// Right after a topic was made, the broker may not yet know that it leads.
const ENDS_AGAIN: usize = 50;

type Consuming = Arc<StreamConsumer<ReaderContext>>;

pub(super) struct Reader {
    consumer: Consuming,
    condition: Arc<Condition>,
    counts: Arc<ReaderCounts>,
    topic: String,
    node: String,
    max_lag: Duration,
    look_for_partitions: Duration,
    partitions: i32,
    jumped: Option<Instant>,
}

#[derive(Debug, Default)]
pub(super) struct ReaderCounts {
    pub(super) received: AtomicU64,
    pub(super) gaps: AtomicU64,
}

/// What a record asks of the reader.
enum Step {
    Hand(super::BusItem),
    Jump,
    Nothing,
}

impl Reader {
    /// Sees to the topic, and stands at the end of every partition.
    pub(super) async fn start(
        options: &KafkaOptions,
        node: &str,
        condition: &Arc<Condition>,
    ) -> Result<Self, KafkaError> {
        let context = ReaderContext::new(Arc::clone(condition), options.topic.clone());
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
            topic: options.topic.clone(),
            node: node.to_owned(),
            max_lag: options.max_lag,
            look_for_partitions: options.look_for_partitions,
            partitions,
            jumped: None,
        };
        let mut attempts = 0;
        while let Err(why) = reader.go_to_the_end().await {
            attempts += 1;
            if attempts >= ENDS_AGAIN {
                return Err(KafkaError::Unreachable {
                    brokers: options.brokers.clone(),
                    why,
                });
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(reader)
    }

    /// What Kafka calls itself and the topic: the same for all who hear each other.
    pub(super) async fn identity(&self) -> String {
        let consumer = Arc::clone(&self.consumer);
        let asked = spawn_blocking(move || consumer.client().fetch_cluster_id(topic::ASK)).await;
        // Very old brokers have no name.
        let cluster = asked.ok().flatten().unwrap_or_else(|| "Kafka".into());
        format!("{} of {cluster}", self.topic)
    }

    pub(super) fn counts(&self) -> Arc<ReaderCounts> {
        Arc::clone(&self.counts)
    }

    pub(super) fn channel() -> (mpsc::Sender<super::BusItem>, mpsc::Receiver<super::BusItem>) {
        mpsc::channel(HANDED)
    }

    /// Reads until nobody listens any more.
    pub(super) async fn run(&mut self, items: &mpsc::Sender<super::BusItem>) {
        let mut look = interval(self.look_for_partitions);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        look.reset();
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
            };
            let item = match step {
                Step::Hand(item) => item,
                Step::Jump => match self.jump().await {
                    Some(item) => item,
                    None => continue,
                },
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

    fn consider(&self, read: KafkaResult<BorrowedMessage<'_>>) -> Step {
        let record = match read {
            Ok(record) => record,
            Err(error) => {
                use rdkafka::error::RDKafkaErrorCode::AutoOffsetReset;
                // Where this node was reading there is nothing any more.
                return if error.rdkafka_error_code() == Some(AutoOffsetReset) {
                    Step::Jump
                } else {
                    tracing::debug!(%error, "Kafka could not be read from");
                    Step::Nothing
                };
            }
        };
        if self.is_late(&record) {
            return Step::Jump;
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

    fn is_late(&self, record: &BorrowedMessage<'_>) -> bool {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let sent = record.timestamp().to_millis().unwrap_or_default();
        let sent = Duration::from_millis(u64::try_from(sent).unwrap_or_default());
        let recently = self
            .jumped
            .is_some_and(|jumped| jumped.elapsed() < JUMP_AT_MOST);
        !recently && now.saturating_sub(sent) > self.max_lag
    }

    /// Goes on at the end. The ends are asked for before the heads are compared, so what is
    /// appended in between is read.
    async fn jump(&mut self) -> Option<super::BusItem> {
        self.jumped = Some(Instant::now());
        match self.go_to_the_end().await {
            Ok(()) => {
                tracing::warn!(
                    "this node read Kafka too late; it goes on at the end, and reads the rest from the store"
                );
                Some(super::BusItem::Gap)
            }
            Err(why) => {
                tracing::warn!(
                    why,
                    "this node reads Kafka too late, and the end could not be found"
                );
                None
            }
        }
    }

    async fn go_to_the_end(&self) -> Result<(), String> {
        let (consumer, topic) = (Arc::clone(&self.consumer), self.topic.clone());
        let partitions = self.partitions;
        let assigned = spawn_blocking(move || -> KafkaResult<()> {
            let mut ends = TopicPartitionList::new();
            for partition in 0..partitions {
                let (_, end) = consumer.fetch_watermarks(&topic, partition, topic::ASK)?;
                ends.add_partition_offset(&topic, partition, Offset::Offset(end))?;
            }
            consumer.assign(&ends)
        });
        match assigned.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// New partitions are read from their beginning: nobody has read any of it.
    async fn take_new_partitions(&mut self) {
        let found = match topic::partitions(&self.consumer, &self.topic).await {
            Ok(found) if found > self.partitions => found,
            Ok(_) => return,
            Err(why) => {
                tracing::debug!(why, "new partitions could not be looked for");
                return;
            }
        };
        let mut new = TopicPartitionList::new();
        new.add_partition_range(&self.topic, self.partitions, found - 1);
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
