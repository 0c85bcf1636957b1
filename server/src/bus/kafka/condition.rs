//! Whether this node reads from Kafka. librdkafka tries again by itself and says little about it;
//! what is known comes from its errors and, twice a second, from its statistics.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::{Notify, watch};

use super::lag::Lag;

/// A partition that is not fetched for so long is not on its way to being fetched.
const IDLE: Duration = Duration::from_secs(2);

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Not all was fetched so far, for the reason that was seen last.
    Starting(Option<String>),
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
            state: watch::Sender::new(State::Starting(None)),
            mended: Notify::new(),
        }
    }

    pub(super) fn is_reading(&self) -> bool {
        *self.state.borrow() == State::Reading
    }

    pub(super) fn check(&self) -> Result<(), String> {
        match &*self.state.borrow() {
            State::Reading => Ok(()),
            State::Starting(None) => Err(String::from("it has not been fetched from yet")),
            State::Starting(Some(why)) => Err(why.clone()),
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
            State::Starting(known) => {
                *known = Some(why.to_owned());
                false
            }
            State::Lost(_) => false,
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
    seen: parking_lot::Mutex<Seen>,
    /// The last that librdkafka has said of one broker.
    said: parking_lot::Mutex<Option<Complaint>>,
}

#[derive(Clone, Debug)]
pub(super) struct Complaint {
    pub(super) is_refusal: bool,
    pub(super) why: String,
}

/// What the statistics have said so far.
struct Seen {
    breaks: u64,
    lag: Lag,
    /// Since when not all partitions are fetched, by librdkafka's clock.
    idle_since: Option<Duration>,
}

impl ReaderContext {
    pub(super) fn new(condition: Arc<Condition>, topic: String, max_lag: Duration) -> Self {
        Self {
            condition,
            topic,
            seen: parking_lot::Mutex::new(Seen {
                breaks: 0,
                lag: Lag::new(max_lag),
                idle_since: None,
            }),
            said: parking_lot::Mutex::default(),
        }
    }

    pub(super) fn said(&self) -> Option<Complaint> {
        self.said.lock().clone()
    }

    pub(super) fn is_late(&self, partition: i32, offset: i64) -> bool {
        self.seen.lock().lag.is_late(partition, offset)
    }

    /// The reader has gone to the end.
    pub(super) fn begins_anew(&self) {
        self.seen.lock().lag.forget();
    }
}

impl ClientContext for ReaderContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "librdkafka reports an error");
        let code = error.rdkafka_error_code();
        if code == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.condition.lost("no broker can be reached");
            return;
        }
        let is_refusal = code == Some(RDKafkaErrorCode::Authentication);
        if is_refusal {
            self.condition.lost(reason);
        }
        let why = reason.to_owned();
        *self.said.lock() = Some(Complaint { is_refusal, why });
    }

    fn stats_raw(&self, statistics: &[u8]) {
        let seen: Statistics = match serde_json::from_slice(statistics) {
            Ok(seen) => seen,
            Err(error) => {
                tracing::error!(%error, "librdkafka's statistics could not be read");
                return;
            }
        };
        let now = Duration::from_micros(seen.ts);
        let mut known = self.seen.lock();
        let broken = seen.breaks() > known.breaks;
        known.breaks = seen.breaks();
        known.lag.note(now, seen.ends(&self.topic));
        let idle = seen.idle(&self.topic);
        if idle.is_none() {
            known.idle_since = None;
        } else {
            known.idle_since.get_or_insert(now);
        }
        if let Some(why) = seen.away(&self.topic) {
            self.condition.lost(&why);
        } else if let Some(why) = idle {
            // At the start, and after a jump, it is on its way for a moment.
            let since = known.idle_since.unwrap_or(now);
            if now.saturating_sub(since) >= IDLE {
                self.condition.lost(&why);
            }
        } else {
            self.condition.reads(broken);
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
    /// Microseconds of a clock that only goes forward.
    ts: u64,
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
    /// Where it ended when it was last fetched from; negative while that is not known.
    hi_offset: i64,
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

    /// Why not all partitions are fetched, if they are not.
    fn idle(&self, topic: &str) -> Option<String> {
        let mut read = self.read(topic).peekable();
        if read.peek().is_none() {
            return Some(String::from("none of its partitions is read"));
        }
        let (number, one) = read.find(|(_, one)| one.fetch_state != "active")?;
        Some(format!(
            "partition {number} is not read ({})",
            one.fetch_state
        ))
    }

    fn ends(&self, topic: &str) -> impl Iterator<Item = (i32, i64)> {
        let read = self.read(topic);
        read.filter(|(_, one)| one.hi_offset >= 0)
            .map(|(number, one)| (*number, one.hi_offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> (Arc<Condition>, ReaderContext) {
        let condition = Arc::new(Condition::new());
        let lag = Duration::from_secs(15);
        let context = ReaderContext::new(Arc::clone(&condition), "events".into(), lag);
        (condition, context)
    }

    /// The partitions of one broker, each with its state.
    fn hear(context: &ReaderContext, millis: u64, states: &[&str]) {
        let partition = |state: &&str| {
            serde_json::json!({
                "leader": 1, "desired": true, "fetch_state": state, "hi_offset": 5
            })
        };
        let partitions: HashMap<String, _> = states
            .iter()
            .enumerate()
            .map(|(number, state)| (number.to_string(), partition(state)))
            .collect();
        let said = serde_json::json!({
            "ts": millis * 1_000,
            "brokers": { "one": { "nodeid": 1, "state": "UP" } },
            "topics": { "events": { "partitions": partitions } },
        });
        context.stats_raw(said.to_string().as_bytes());
    }

    #[test]
    fn it_is_well_once_all_partitions_are_fetched() {
        let (condition, context) = context();
        hear(&context, 0, &[]);
        hear(&context, 500, &["active", "offset-query"]);
        assert!(!condition.is_reading());
        hear(&context, 1_000, &["active", "active"]);
        assert!(condition.is_reading());
    }

    #[test]
    fn a_partition_that_is_not_fetched_for_two_seconds_makes_it_not_well() {
        let (condition, context) = context();
        hear(&context, 0, &["active", "active"]);
        hear(&context, 1_000, &["active", "none"]);
        hear(&context, 2_500, &["active", "none"]);
        assert!(condition.is_reading());
        hear(&context, 3_000, &["active", "none"]);
        let said = condition.check().unwrap_err();
        assert!(said.contains("partition 1 is not read"), "{said}");
        hear(&context, 3_500, &["active", "active"]);
        assert!(condition.is_reading());
    }

    #[test]
    fn a_short_way_to_being_fetched_is_forgotten() {
        let (condition, context) = context();
        hear(&context, 0, &["active"]);
        hear(&context, 1_000, &["offset-query"]);
        hear(&context, 1_500, &["active"]);
        hear(&context, 3_000, &["offset-query"]);
        assert!(condition.is_reading());
    }
}
