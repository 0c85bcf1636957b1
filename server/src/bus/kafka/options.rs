//! What an operator may decide about Kafka, and what librdkafka is told for each purpose.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError as DriverError;
use rdkafka::types::RDKafkaConfRes;

use super::KafkaError;

/// How Kafka is reached and used.
#[derive(Clone)]
pub struct KafkaOptions {
    /// `host:port`, several with commas between them.
    pub brokers: String,
    /// The one topic of events.
    pub topic: String,
    /// Whether the topic is made where there is none.
    pub make_topic: bool,
    /// Partitions that the topic is made with, and must have at least.
    pub partitions: u16,
    /// Copies that the topic is made with; `None` leaves it to the broker.
    pub replication: Option<u16>,
    /// How long the topic is made to keep events. The texts of deleted messages stay in Kafka's
    /// files for so long, and workers that were away for longer have missed some.
    pub retention: Duration,
    /// A node that reads events that have lain there for longer goes on at the end, and asks the store
    /// for the rest.
    pub max_lag: Duration,
    /// How long the first fetch may take.
    pub first_fetch: Duration,
    /// How often new partitions are looked for.
    pub look_for_partitions: Duration,
    /// Handed to librdkafka as they are: TLS, SASL, and whatever a cluster demands.
    pub extra: BTreeMap<String, String>,
}

impl KafkaOptions {
    pub fn new(brokers: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            topic: String::from("madang.events"),
            make_topic: true,
            partitions: 12,
            replication: None,
            retention: Duration::from_secs(60 * 60),
            max_lag: Duration::from_secs(15),
            first_fetch: Duration::from_secs(10),
            look_for_partitions: Duration::from_secs(60),
            extra: BTreeMap::new(),
        }
    }
}

impl fmt::Debug for KafkaOptions {
    /// Of the extra settings only the names: among the values are passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaOptions")
            .field("brokers", &self.brokers)
            .field("topic", &self.topic)
            .field("partitions", &self.partitions)
            .field("extra", &self.extra.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// What stands on its being as it is, so that nobody may set it otherwise.
const OURS: [&str; 14] = [
    "acks",
    "auto.offset.reset",
    "bootstrap.servers",
    "client.id",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "metadata.broker.list",
    "partition.assignment.strategy",
    "partitioner",
    "statistics.interval.ms",
    "transactional.id",
];

impl KafkaOptions {
    /// For the one that hands events over: in order, each once, and given up early, because a
    /// hint that comes late is worth nothing.
    pub(super) fn producer(&self, node: &str) -> Result<ClientConfig, KafkaError> {
        let mut config = self.common(node)?;
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "0")
            .set("compression.type", "lz4")
            .set("delivery.timeout.ms", "10000")
            .set("queue.buffering.max.messages", "100000")
            .set("queue.buffering.max.kbytes", "65536")
            .set("partitioner", "murmur2_random");
        self.add_extra(config)
    }

    /// For the one that reads every partition from places that it names itself.
    pub(super) fn reader(&self, node: &str) -> Result<ClientConfig, KafkaError> {
        let mut config = self.common(node)?;
        config
            // Asked for by librdkafka; without a subscription it is never told to a broker.
            .set("group.id", format!("madang-node-{node}"))
            .set("enable.auto.commit", "false")
            // A place that is gone must not be mended in silence: something was missed.
            .set("auto.offset.reset", "error")
            .set("statistics.interval.ms", "500");
        consumer(&mut config);
        self.add_extra(config)
    }

    /// For one of a group of workers.
    pub(super) fn worker(&self, node: &str, group: &str) -> Result<ClientConfig, KafkaError> {
        let mut config = self.common(node)?;
        config
            .set("group.id", format!("{}.{group}", self.topic))
            // What is done is noted at once and committed each second, and when partitions move.
            .set("enable.auto.commit", "true")
            .set("auto.commit.interval.ms", "1000")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", "10000")
            .set("heartbeat.interval.ms", "3000");
        consumer(&mut config);
        self.add_extra(config)
    }

    fn common(&self, node: &str) -> Result<ClientConfig, KafkaError> {
        if let Some(key) = self.extra.keys().find(|key| OURS.contains(&key.as_str())) {
            return Err(KafkaError::Setting {
                key: key.clone(),
                why: String::from("Madang sets it itself; take it out"),
            });
        }
        let refresh = self.look_for_partitions.as_millis().max(10);
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", format!("madang-{node}"))
            // Half-open connections must be noticed within seconds.
            .set("socket.timeout.ms", "6000")
            .set("socket.keepalive.enable", "true")
            .set("socket.nagle.disable", "true")
            .set("reconnect.backoff.ms", "100")
            .set("reconnect.backoff.max.ms", "1000")
            .set("topic.metadata.refresh.interval.ms", refresh.to_string())
            .set_log_level(RDKafkaLogLevel::Warning);
        Ok(config)
    }

    /// The operator's settings come last, and are tried before anything is built from them.
    fn add_extra(&self, mut config: ClientConfig) -> Result<ClientConfig, KafkaError> {
        for (key, value) in &self.extra {
            config.set(key, value);
        }
        match config.create_native_config() {
            Ok(_) => Ok(config),
            // librdkafka's own words repeat the value, which may be a password.
            Err(DriverError::ClientConfig(found, _, key, _)) => {
                let why = match found {
                    RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN => "librdkafka knows no such setting",
                    _ => "librdkafka does not take its value",
                };
                Err(KafkaError::Setting {
                    key,
                    why: why.to_owned(),
                })
            }
            Err(other) => Err(KafkaError::Client(other.to_string())),
        }
    }
}

fn consumer(config: &mut ClientConfig) {
    config
        .set("fetch.wait.max.ms", "50")
        .set("queued.max.messages.kbytes", "16384")
        .set("check.crcs", "true")
        .set("allow.auto.create.topics", "false");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(key: &str, value: &str) -> KafkaOptions {
        KafkaOptions {
            extra: BTreeMap::from([(key.into(), value.into())]),
            ..KafkaOptions::new("localhost:1")
        }
    }

    #[test]
    fn what_a_cluster_demands_is_handed_on() {
        let config = with("security.protocol", "ssl").reader("a").unwrap();
        assert_eq!(config.get("security.protocol"), Some("ssl"));
    }

    #[test]
    fn a_name_that_librdkafka_does_not_know_is_refused_by_name() {
        let error = with("security.protokol", "ssl").producer("a").unwrap_err();
        assert!(error.to_string().contains("security.protokol"), "{error}");
    }

    #[test]
    fn what_madang_stands_on_cannot_be_set_otherwise() {
        let error = with("enable.idempotence", "false")
            .producer("a")
            .unwrap_err();
        assert!(error.to_string().contains("enable.idempotence"), "{error}");
    }

    #[test]
    fn a_value_is_never_repeated_in_an_error_or_a_log() {
        let secret = "hunter2";
        let error = with("security.protocol", secret)
            .worker("a", "g")
            .unwrap_err();
        assert!(!error.to_string().contains(secret), "{error}");
        let options = with("sasl.password", secret);
        assert!(!format!("{options:?}").contains(secret));
    }
}
