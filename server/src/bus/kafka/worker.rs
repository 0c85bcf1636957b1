//! One worker of a consumer group. Kafka deals the partitions out among the group's members and
//! moves them when one dies; what was done is kept as committed offsets.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use protocol::wire::Event;
use protocol::{Rev, RoomId};
use rdkafka::Message;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance, StreamConsumer};
use rdkafka::error::KafkaError as DriverError;

use super::record::{self, Record};
use super::{KafkaError, KafkaOptions, condition};
use crate::bus::Work;

pub(super) struct Worker {
    /// None only while it is dropped.
    consumer: Option<StreamConsumer<WorkerContext>>,
    topic: String,
    given: Arc<Given>,
}

impl Worker {
    pub(super) fn join(
        options: &KafkaOptions,
        node: &str,
        group: &str,
    ) -> Result<Self, KafkaError> {
        let failed = |error: DriverError| KafkaError::Client(error.to_string());
        let given = Arc::new(Given::default());
        let consumer: StreamConsumer<WorkerContext> = options
            .worker(node, group)?
            .create_with_context(WorkerContext {
                group: group.to_owned(),
                given: Arc::clone(&given),
            })
            .map_err(failed)?;
        consumer.subscribe(&[&options.topic]).map_err(failed)?;
        Ok(Self {
            consumer: Some(consumer),
            topic: options.topic.clone(),
            given,
        })
    }

    /// Kept until the next commit, which names the one after it. When the partition has moved meanwhile, someone else does the
    /// same work again, as was said.
    fn keep(&self, partition: i32, offset: i64) {
        let stored = self
            .consumer
            .as_ref()
            .map(|consumer| consumer.store_offset(&self.topic, partition, offset));
        if let Some(Err(error)) = stored {
            tracing::debug!(%error, partition, offset, "what was done could not be noted; it is done again elsewhere");
        }
    }
}

#[async_trait]
impl Work for Worker {
    async fn next(&mut self) -> Arc<Event> {
        let Some(consumer) = &self.consumer else {
            return std::future::pending().await;
        };
        loop {
            let record = match consumer.recv().await {
                Ok(record) => record,
                Err(error) => {
                    tracing::debug!(%error, "a worker could not read from Kafka");
                    continue;
                }
            };
            let (partition, offset) = (record.partition(), record.offset());
            match record::read(&record) {
                Record::Event(event) => {
                    self.given.add(partition, offset, &event);
                    return event;
                }
                Record::Lost | Record::Unknown => {
                    if let Some(done) = self.given.pass_over(partition, offset) {
                        self.keep(partition, done);
                    }
                }
            }
        }
    }

    fn done(&mut self, event: &Event) {
        if let Some((partition, offset)) = self.given.done(event) {
            self.keep(partition, offset);
        }
    }
}

impl Drop for Worker {
    /// Leaving the group asks the broker, so it must not hold up a thread of the runtime.
    fn drop(&mut self) {
        let consumer = self.consumer.take();
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || drop(consumer))),
            Err(_) => drop(consumer),
        }
    }
}

/// What was given out, by partition, in order. An offset may be committed only when it and
/// everything before it is done.
#[derive(Debug, Default)]
struct Given(Mutex<BTreeMap<i32, VecDeque<Piece>>>);

#[derive(Debug)]
struct Piece {
    offset: i64,
    /// None: there is nothing to do about it.
    event: Option<(RoomId, Rev)>,
    done: bool,
}

impl Given {
    fn add(&self, partition: i32, offset: i64, event: &Event) {
        let mut given = self.0.lock();
        given.entry(partition).or_default().push_back(Piece {
            offset,
            event: Some((event.room, event.rev)),
            done: false,
        });
    }

    /// Like `done`: the last offset before which nothing is left to do, if that moved.
    fn pass_over(&self, partition: i32, offset: i64) -> Option<i64> {
        let mut given = self.0.lock();
        let pieces = given.entry(partition).or_default();
        pieces.push_back(Piece {
            offset,
            event: None,
            done: true,
        });
        settled(pieces)
    }

    fn done(&self, event: &Event) -> Option<(i32, i64)> {
        let mut given = self.0.lock();
        for (partition, pieces) in given.iter_mut() {
            let found = pieces
                .iter_mut()
                .find(|piece| !piece.done && piece.event == Some((event.room, event.rev)));
            if let Some(piece) = found {
                piece.done = true;
                return settled(pieces).map(|offset| (*partition, offset));
            }
        }
        None
    }

    fn forget(&self, partitions: impl Iterator<Item = i32>) {
        let mut given = self.0.lock();
        for partition in partitions {
            given.remove(&partition);
        }
    }
}

/// Takes away what is done from the front, and answers the last of it.
fn settled(pieces: &mut VecDeque<Piece>) -> Option<i64> {
    let mut last = None;
    while let Some(piece) = pieces.pop_front_if(|piece| piece.done) {
        last = Some(piece.offset);
    }
    last
}

struct WorkerContext {
    group: String,
    given: Arc<Given>,
}

impl ClientContext for WorkerContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        condition::log(level, facility, message);
    }

    fn error(&self, error: DriverError, reason: &str) {
        tracing::debug!(%error, reason, group = self.group, "librdkafka reports an error to a worker");
    }
}

impl ConsumerContext for WorkerContext {
    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(partitions) => tracing::info!(
                group = self.group,
                partitions = partitions.count(),
                "a worker was given partitions"
            ),
            Rebalance::Revoke(partitions) => {
                tracing::info!(
                    group = self.group,
                    partitions = partitions.count(),
                    "a worker gave partitions back"
                );
                let gone = partitions.elements();
                self.given.forget(gone.iter().map(|one| one.partition()));
            }
            Rebalance::Error(error) => {
                tracing::warn!(%error, group = self.group, "the work could not be dealt out");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::event;
    use super::*;

    #[test]
    fn nothing_is_committed_past_what_is_not_done() {
        let given = Given::default();
        for rev in 1..=3 {
            given.add(0, 10 + i64::try_from(rev).unwrap(), &event(rev));
        }
        assert_eq!(given.done(&event(2)), None);
        assert_eq!(given.done(&event(1)), Some((0, 12)));
        assert_eq!(given.done(&event(3)), Some((0, 13)));
    }

    #[test]
    fn what_needs_no_work_does_not_hold_up_the_rest() {
        let given = Given::default();
        given.add(0, 1, &event(1));
        assert_eq!(given.pass_over(0, 2), None);
        assert_eq!(given.done(&event(1)), Some((0, 2)));
        assert_eq!(given.pass_over(0, 3), Some(3));
    }

    #[test]
    fn what_moved_elsewhere_is_no_longer_ours_to_commit() {
        let given = Given::default();
        given.add(0, 1, &event(1));
        given.forget([0].into_iter());
        assert_eq!(given.done(&event(1)), None);
    }
}
