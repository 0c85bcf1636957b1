//! Why Kafka cannot be used. Each says what to do.

#[derive(Clone, Debug, thiserror::Error)]
pub enum KafkaError {
    #[error("the Kafka setting {key} cannot be used: {why}. Correct it in the Kafka options.")]
    Setting { key: String, why: String },
    #[error("Kafka's client could not be made: {0}. Look at the Kafka options.")]
    Client(String),
    #[error(
        "Kafka does not answer at {brokers}: {why}. See that it runs, that this machine reaches it, and that TLS and SASL are set as it wants them."
    )]
    Unreachable { brokers: String, why: String },
    #[error(
        "Kafka answers at {brokers}, but nothing is read from the topic {topic}: {why}. See that its brokers are well, and that this user may read it."
    )]
    Unread {
        brokers: String,
        topic: String,
        why: String,
    },
    #[error(
        "Kafka at {brokers} does not let Madang in: {why}. Look at sasl.mechanism, sasl.username and sasl.password in the Kafka options."
    )]
    Refused { brokers: String, why: String },
    #[error(
        "there is no Kafka topic {topic}, and it could not be made: {why}. Make it with {partitions} partitions and cleanup.policy=delete, or allow Madang to make it."
    )]
    NoTopic {
        topic: String,
        partitions: u16,
        why: String,
    },
    #[error("the Kafka topic {topic} is not fit for events: {why}")]
    WrongTopic { topic: String, why: String },
}
