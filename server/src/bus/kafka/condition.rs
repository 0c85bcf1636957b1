//! Whether this node reads from Kafka. librdkafka tries again by itself and says little about it;
//! what is known comes from its errors and, twice a second, from its statistics.

use std::collections::HashMap;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::{Notify, watch};

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Nothing was fetched so far.
    Starting,
    Reading,
    Lost(String),
}

#[derive(Debug)]
pub(super) struct Condition {
    state: watch::Sender<State>,
    /// It was lost and is back, however short that was.
    mended: Notify,
}

impl Condition {
    pub(super) fn new() -> Self {
        Self {
            state: watch::Sender::new(State::Starting),
            mended: Notify::new(),
        }
    }

    pub(super) fn is_reading(&self) -> bool {
        *self.state.borrow() == State::Reading
    }

    pub(super) fn check(&self) -> Result<(), String> {
        match &*self.state.borrow() {
            State::Reading => Ok(()),
            State::Starting => Err(String::from("Kafka has not been read from yet")),
            State::Lost(why) => Err(format!("Kafka is not read from: {why}")),
        }
    }

    /// Waits until it is read from for the first time.
    pub(super) async fn reading(&self) {
        // The sender is our own, so the channel cannot be closed.
        let _ = self
            .state
            .subscribe()
            .wait_for(|state| *state == State::Reading)
            .await;
    }

    /// Waits until it was lost and is back.
    pub(super) async fn mended(&self) {
        self.mended.notified().await;
    }

    /// Said once, however often librdkafka says it.
    pub(super) fn lost(&self, why: &str) {
        self.state.send_if_modified(|state| match state {
            State::Reading => {
                tracing::warn!(
                    why,
                    "Kafka is lost; until it is back, news from other nodes comes from the store"
                );
                *state = State::Lost(why.to_owned());
                true
            }
            State::Starting | State::Lost(_) => false,
        });
    }

    /// `broken`: connections broke since the last time.
    fn reads(&self, broken: bool) {
        let lost = matches!(*self.state.borrow(), State::Lost(_));
        if lost {
            tracing::info!("Kafka is back");
        }
        if lost || broken {
            self.mended.notify_one();
        }
        self.state
            .send_if_modified(|state| std::mem::replace(state, State::Reading) != State::Reading);
    }
}

/// Hears what librdkafka says about the reading side.
pub(super) struct ReaderContext {
    condition: Arc<Condition>,
    topic: String,
    breaks: parking_lot::Mutex<u64>,
}

impl ReaderContext {
    pub(super) fn new(condition: Arc<Condition>, topic: String) -> Self {
        Self {
            condition,
            topic,
            breaks: parking_lot::Mutex::default(),
        }
    }
}

impl ClientContext for ReaderContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "librdkafka reports an error");
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.condition.lost("no broker can be reached");
        }
    }

    fn stats_raw(&self, statistics: &[u8]) {
        let seen: Statistics = match serde_json::from_slice(statistics) {
            Ok(seen) => seen,
            Err(error) => {
                tracing::error!(%error, "librdkafka's statistics could not be read");
                return;
            }
        };
        let breaks = seen.breaks();
        let before = std::mem::replace(&mut *self.breaks.lock(), breaks);
        match seen.away(&self.topic) {
            Some(why) => self.condition.lost(&why),
            None if seen.fetches(&self.topic) => self.condition.reads(breaks > before),
            // It is on its way: at the start, or after a jump.
            None => {}
        }
    }
}

impl ConsumerContext for ReaderContext {}

/// librdkafka repeats what it has to say about a dead broker; we say it once, in [`Condition`].
pub(super) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match (level, facility) {
        (_, "FAIL" | "ERROR" | "MAXPOLL") => tracing::debug!(facility, message, "librdkafka"),
        (
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning,
            _,
        ) => tracing::warn!(facility, message, "librdkafka"),
        _ => tracing::debug!(facility, message, "librdkafka"),
    }
}

/// Of librdkafka's statistics, the little that tells whether all partitions are read.
#[derive(Debug, Deserialize)]
struct Statistics {
    #[serde(default)]
    brokers: HashMap<String, Broker>,
    #[serde(default)]
    topics: HashMap<String, Topic>,
}

#[derive(Debug, Deserialize)]
struct Broker {
    nodeid: i32,
    state: String,
    #[serde(default)]
    disconnects: u64,
}

#[derive(Debug, Deserialize)]
struct Topic {
    partitions: HashMap<i32, Partition>,
}

#[derive(Debug, Deserialize)]
struct Partition {
    leader: i32,
    desired: bool,
    fetch_state: String,
}

impl Statistics {
    fn breaks(&self) -> u64 {
        self.brokers.values().map(|broker| broker.disconnects).sum()
    }

    fn read<'a>(&'a self, topic: &str) -> impl Iterator<Item = (&'a i32, &'a Partition)> {
        let topic = self.topics.get(topic);
        let partitions = topic.into_iter().flat_map(|topic| &topic.partitions);
        // Beside the real ones there is one that stands for "not known yet".
        partitions.filter(|(_, one)| one.desired)
    }

    /// Why a partition cannot be read, if one cannot.
    fn away(&self, topic: &str) -> Option<String> {
        let is_up = |id: i32| {
            self.brokers
                .values()
                .any(|broker| broker.nodeid == id && broker.state == "UP")
        };
        let (number, _) = self.read(topic).find(|(_, one)| !is_up(one.leader))?;
        Some(format!("the broker of partition {number} is away"))
    }

    fn fetches(&self, topic: &str) -> bool {
        let mut read = self.read(topic).peekable();
        read.peek().is_some() && read.all(|(_, one)| one.fetch_state == "active")
    }
}
