//! The topic of events: made where there is none, and looked at before anything stands on it.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::{KafkaError as DriverError, RDKafkaErrorCode};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};

use super::condition::{Complaint, ReaderContext};
use super::{KafkaError, KafkaOptions};

/// How long one question to Kafka may take.
pub(super) const ASK: Duration = Duration::from_secs(5);
/// A topic that was made a moment ago has no leaders for as long.
const SETTLE: Duration = Duration::from_secs(10);
/// Before Kafka is asked again for what it did not know.
const AGAIN: Duration = Duration::from_millis(100);
/// How long the texts of deleted messages may stay in Kafka's files.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Below this, a worker that restarts would miss events.
const SHORTEST: Duration = Duration::from_secs(60);

type Reader = Arc<StreamConsumer<ReaderContext>>;

/// Whether the brokers say that there is no such topic.
pub(super) fn is_unknown(error: &DriverError) -> bool {
    use RDKafkaErrorCode::{UnknownPartition, UnknownTopic, UnknownTopicOrPartition};
    matches!(
        error.rdkafka_error_code(),
        Some(UnknownPartition | UnknownTopic | UnknownTopicOrPartition)
    )
}

/// Sees that the topic is there and fit; answers how many partitions it has.
pub(super) async fn prepare(options: &KafkaOptions, reader: &Reader) -> Result<i32, KafkaError> {
    reach(options, reader).await?;
    let admin: AdminClient<DefaultClientContext> = options
        .producer("start")?
        .create()
        .map_err(|error| KafkaError::Client(error.to_string()))?;
    let refused = if options.make_topic {
        make(options, &admin).await.err()
    } else {
        None
    };
    let partitions = await_partitions(options, reader, refused).await?;
    if partitions < i32::from(options.partitions) {
        return Err(wrong(
            options,
            format!(
                "it has {partitions} partitions, and {} are asked for. Add some with kafka-topics --alter, or ask for fewer.",
                options.partitions
            ),
        ));
    }
    match describe(options, &admin).await {
        Some(described) => check(options, &described)?,
        None => tracing::warn!(
            topic = options.topic,
            "the settings of the Kafka topic may not be looked at, so they are taken as right"
        ),
    }
    let (asked, topic) = (Arc::clone(reader), options.topic.clone());
    let copies = spawn_blocking(move || copies(&asked, &topic)).await;
    if let Ok(Some((copies, brokers))) = copies
        && is_at_risk(copies, brokers)
    {
        tracing::warn!(
            topic = options.topic,
            brokers,
            "the Kafka topic has only one copy; while the broker that has it is away, news from \
             other nodes is late and workers stand still. Give it more with \
             kafka-reassign-partitions, or set default.replication.factor before it is made"
        );
    }
    Ok(partitions)
}

/// How many copies each partition has at least, and how many brokers there are.
fn copies(reader: &Reader, topic: &str) -> Option<(usize, usize)> {
    let metadata = reader.fetch_metadata(Some(topic), ASK).ok()?;
    let found = metadata.topics().iter().find(|one| one.name() == topic)?;
    let copies = found.partitions().iter().map(|one| one.replicas().len());
    Some((copies.min()?, metadata.brokers().len()))
}

/// Where there is one broker, there can be no second copy.
fn is_at_risk(copies: usize, brokers: usize) -> bool {
    copies < 2 && brokers > 1
}

/// The topic's settings, if they may be looked at. A broker that has only just heard of the topic
/// does not know them, or says that they are empty.
async fn describe(
    options: &KafkaOptions,
    admin: &AdminClient<DefaultClientContext>,
) -> Option<ConfigResource> {
    let until = Instant::now() + SETTLE;
    loop {
        let topic = ResourceSpecifier::Topic(&options.topic);
        let found = admin.describe_configs([&topic], &ask()).await;
        match found.ok().and_then(|mut all| all.pop()) {
            Some(Ok(described)) if is_known(&described) => return Some(described),
            Some(Err(RDKafkaErrorCode::TopicAuthorizationFailed)) => return None,
            _ if Instant::now() >= until => return None,
            _ => tokio::time::sleep(AGAIN).await,
        }
    }
}

fn is_known(described: &ConfigResource) -> bool {
    let policy = described.get("cleanup.policy");
    policy.is_some_and(|policy| policy.value.as_ref().is_some_and(|text| !text.is_empty()))
}

async fn reach(options: &KafkaOptions, reader: &Reader) -> Result<(), KafkaError> {
    let asked = Arc::clone(reader);
    let answer = spawn_blocking(move || asked.fetch_metadata(None, ASK).map(|_| ())).await;
    let why = match answer {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    let brokers = options.brokers.clone();
    // That names no cause. What librdkafka knows of it waits among what is read.
    let _ = timeout(AGAIN, async { while reader.recv().await.is_err() {} }).await;
    Err(match reader.context().said() {
        Some(Complaint {
            is_refusal: true,
            why,
        }) => KafkaError::Refused { brokers, why },
        Some(Complaint { why, .. }) => KafkaError::Unreachable { brokers, why },
        None => KafkaError::Unreachable { brokers, why },
    })
}

/// An error may also mean that another node was faster, or that only this user may not make it.
async fn make(
    options: &KafkaOptions,
    admin: &AdminClient<DefaultClientContext>,
) -> Result<(), String> {
    let retention = options.retention.as_millis();
    let (retention, segment) = (retention.to_string(), (retention / 6).to_string());
    let replication = options.replication.map_or(-1, i32::from);
    let topic = NewTopic::new(
        &options.topic,
        i32::from(options.partitions),
        TopicReplication::Fixed(replication),
    )
    .set("cleanup.policy", "delete")
    .set("retention.ms", &retention)
    // Nothing is removed from the file that is being written, so it must not be written for long.
    .set("segment.ms", &segment);
    let made = admin.create_topics([&topic], &ask()).await;
    match made.map(|mut each| each.pop()) {
        Ok(Some(Ok(_)) | None) => {
            tracing::info!(
                topic = options.topic,
                partitions = options.partitions,
                "the Kafka topic was made"
            );
            Ok(())
        }
        Ok(Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists)))) => Ok(()),
        Ok(Some(Err((_, code)))) => Err(code.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// How many partitions there are, once all of them have leaders.
async fn await_partitions(
    options: &KafkaOptions,
    reader: &Reader,
    refused: Option<String>,
) -> Result<i32, KafkaError> {
    let until = Instant::now() + SETTLE;
    loop {
        let why = match partitions(reader, &options.topic).await {
            Ok(count) => return Ok(count),
            Err(why) => why,
        };
        // One that we may not make, or did not, will not come by itself.
        let hopeless = refused.is_some() || !options.make_topic;
        if hopeless || Instant::now() >= until {
            return Err(KafkaError::NoTopic {
                topic: options.topic.clone(),
                partitions: options.partitions,
                why: refused.unwrap_or(why),
            });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The number of partitions; the error says why it is not known.
pub(super) async fn partitions(reader: &Reader, topic: &str) -> Result<i32, String> {
    let (reader, topic) = (Arc::clone(reader), topic.to_owned());
    let answer = spawn_blocking(move || {
        let metadata = reader
            .fetch_metadata(Some(&topic), ASK)
            .map_err(|error| error.to_string())?;
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        let partitions = match found {
            Some(found) if found.error().is_none() => found.partitions(),
            _ => return Err(String::from("the brokers do not know it")),
        };
        if partitions.is_empty() || partitions.iter().any(|one| one.leader() < 0) {
            return Err(String::from("some partitions have no leader"));
        }
        i32::try_from(partitions.len()).map_err(|error| error.to_string())
    });
    answer.await.map_err(|error| error.to_string())?
}

fn check(options: &KafkaOptions, described: &ConfigResource) -> Result<(), KafkaError> {
    let setting = |name: &str| {
        let entry = described.get(name);
        entry
            .and_then(|entry| entry.value.clone())
            .unwrap_or_default()
    };
    let policy = setting("cleanup.policy");
    if policy != "delete" {
        return Err(wrong(
            options,
            format!("its cleanup.policy is {policy}, which loses events. Set it to delete."),
        ));
    }
    let kept = setting("retention.ms");
    let kept_for = kept.parse().ok().map(Duration::from_millis);
    if !kept_for.is_some_and(|kept| (SHORTEST..=LONGEST).contains(&kept)) {
        return Err(wrong(
            options,
            format!(
                "its retention.ms is {kept}. Set it to between {} (a minute, so that workers can restart) and {} (a week, because the texts of deleted messages stay for so long).",
                SHORTEST.as_millis(),
                LONGEST.as_millis()
            ),
        ));
    }
    Ok(())
}

fn wrong(options: &KafkaOptions, why: String) -> KafkaError {
    KafkaError::WrongTopic {
        topic: options.topic.clone(),
        why,
    }
}

fn ask() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(ASK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_copy_is_a_risk_only_where_there_could_be_more() {
        assert!(is_at_risk(1, 3));
        assert!(!is_at_risk(1, 1));
        assert!(!is_at_risk(3, 3));
    }
}
