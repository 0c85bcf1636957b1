//! From one to many: which of the shared servers are set, and what to say where only some are.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::config::Config;

/// What Kafka's library is told beside what Madang tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KafkaExtras(pub BTreeMap<String, String>);

impl FromStr for KafkaExtras {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix('@') {
            Some(file) => {
                let lines = std::fs::read_to_string(file)
                    .map_err(|error| format!("{file} cannot be read: {error}"))?;
                Self::of(lines.lines())
            }
            None => Self::of(text.split(',')),
        }
    }
}

impl KafkaExtras {
    fn of<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut options = BTreeMap::new();
        let lines = lines
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines {
            let (key, value) = line
                .split_once('=')
                .ok_or_else(|| format!("\"{line}\" is not of the form key=value"))?;
            options.insert(key.trim().to_owned(), value.trim().to_owned());
        }
        Ok(Self(options))
    }
}

/// The servers that the nodes of a cluster share.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub mongodb_uri: String,
    pub kafka_brokers: String,
    pub redis_url: String,
}

/// Some of the three are set, and some are not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} must be set too, beside {}. Many nodes need all three: {}. Set none of them to run alone on the embedded database.",
    .missing.join(" and "),
    .set.join(" and "),
    .why.join("; ")
)]
pub struct HalfSet {
    missing: Vec<&'static str>,
    set: Vec<&'static str>,
    why: Vec<&'static str>,
}

impl Cluster {
    /// `None`: the server runs alone.
    pub fn of(config: &Config) -> Result<Option<Self>, HalfSet> {
        let given = [
            (
                "MADANG_MONGODB_URI",
                &config.mongodb_uri,
                "without MongoDB each node would keep a history of its own",
            ),
            (
                "MADANG_KAFKA_BROKERS",
                &config.kafka_brokers,
                "without Kafka a node would hear late of what is said on another",
            ),
            (
                "MADANG_REDIS_URL",
                &config.redis_url,
                "without Redis nobody would know who is online on another node, and a session ended there would go on",
            ),
        ];
        let given = given.map(|(name, value, why)| {
            let value = value.as_deref().map(str::trim).unwrap_or_default();
            (name, value, why)
        });
        let (missing, set): (Vec<_>, Vec<_>) =
            given.iter().partition(|(_, value, _)| value.is_empty());
        if set.is_empty() {
            return Ok(None);
        }
        if !missing.is_empty() {
            return Err(HalfSet {
                missing: missing.iter().map(|(name, _, _)| *name).collect(),
                set: set.iter().map(|(name, _, _)| *name).collect(),
                why: missing.iter().map(|(_, _, why)| *why).collect(),
            });
        }
        let [(_, mongodb, _), (_, kafka, _), (_, redis, _)] = given;
        Ok(Some(Self {
            mongodb_uri: mongodb.to_owned(),
            kafka_brokers: kafka.to_owned(),
            redis_url: redis.to_owned(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::config::{Cli, Command};

    fn config(options: &[&str]) -> Config {
        let arguments = ["madang", "serve"].iter().chain(options);
        match Cli::try_parse_from(arguments).unwrap().chosen() {
            Command::Serve(config) => config,
            other => panic!("{other:?}"),
        }
    }

    const MONGODB: &str = "--mongodb-uri=mongodb://db/chat";
    const KAFKA: &str = "--kafka-brokers=one:9092,two:9092";
    const REDIS: &str = "--redis-url=redis://cache";

    #[test]
    fn all_or_none_is_a_cluster_or_a_server_alone() {
        assert!(Cluster::of(&config(&[])).unwrap().is_none());
        let cluster = Cluster::of(&config(&[MONGODB, KAFKA, REDIS])).unwrap();
        assert_eq!(cluster.unwrap().kafka_brokers, "one:9092,two:9092");
    }

    #[test]
    fn what_is_missing_is_named_and_why_it_matters() {
        let half = Cluster::of(&config(&[MONGODB, REDIS])).unwrap_err();
        let sentence = half.to_string();
        assert!(
            sentence.starts_with(
                "MADANG_KAFKA_BROKERS must be set too, beside MADANG_MONGODB_URI and MADANG_REDIS_URL."
            ),
            "{sentence}"
        );
        assert!(sentence.contains("without Kafka a node would hear late"));
        let empty = Cluster::of(&config(&[MONGODB, KAFKA, "--redis-url="])).unwrap_err();
        assert!(empty.to_string().starts_with("MADANG_REDIS_URL must"));
    }

    #[test]
    fn options_of_kafka_come_from_the_line_or_from_a_file() {
        let line: KafkaExtras = "security.protocol=SASL_SSL, sasl.mechanism=PLAIN"
            .parse()
            .unwrap();
        assert_eq!(line.0["security.protocol"], "SASL_SSL");
        assert_eq!(line.0["sasl.mechanism"], "PLAIN");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "# for the cloud\nssl.ca.location=/etc/ca,1.pem\n\n").unwrap();
        let path = format!("@{}", file.path().display());
        let read: KafkaExtras = path.parse().unwrap();
        assert_eq!(read.0["ssl.ca.location"], "/etc/ca,1.pem");
        let wrong = "security.protocol".parse::<KafkaExtras>().unwrap_err();
        assert!(wrong.contains("key=value"), "{wrong}");
    }
}
