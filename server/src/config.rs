//! Everything that can be set. This one description makes the command line, the environment
//! variables, `madang --help` and the table in the README (`madang options`).

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cluster::KafkaExtras;
use crate::secret::GivenSecret;
use crate::web::{Network, PublicOrigin};

/// Madang: a self-hosted chat for the browser.
#[derive(Debug, Parser)]
#[command(name = "madang", version, about, long_about = None)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

impl Cli {
    /// Without a word it serves: so it is started by `cargo leptos`.
    pub fn chosen(self) -> Command {
        self.command
            .unwrap_or_else(|| Self::parse_from(["madang", "serve"]).chosen())
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server.
    Serve(Config),
    /// Check the configuration, the data directory and the machine; exit 0 when all is well.
    Doctor(Config),
    /// Print every option as a Markdown table.
    Options,
}

#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Where to listen.
    #[arg(
        long,
        env = "MADANG_ADDR",
        default_value = "127.0.0.1:3000",
        value_name = "HOST:PORT"
    )]
    pub addr: SocketAddr,

    /// The directory that keeps everything: database, files, secret.
    #[arg(
        long,
        env = "MADANG_DATA",
        default_value = "./data",
        value_name = "DIR"
    )]
    pub data: PathBuf,

    /// The address that people type, when a proxy stands in front: `https://chat.example.org`.
    /// With https the cookies are marked `Secure`, and those that sign people in are bound to this
    /// host.
    #[arg(long, env = "MADANG_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<PublicOrigin>,

    /// The secret that signs access tokens, 64 hexadecimal digits. Not given, it is made once and
    /// kept in the data directory, readable by its owner only.
    #[arg(
        long,
        env = "MADANG_SECRET",
        value_name = "HEX",
        hide_env_values = true
    )]
    pub secret: Option<GivenSecret>,

    /// Whether anyone may make an account.
    #[arg(long, env = "MADANG_REGISTRATION", value_enum, default_value_t = Registration::Open)]
    pub registration: Registration,

    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, as addresses or
    /// networks with commas between: `10.0.0.0/8,::1`.
    #[arg(
        long,
        env = "MADANG_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_name = "NETWORKS"
    )]
    pub trusted_proxies: Vec<Network>,

    /// Sockets at a time; more are asked to come back.
    #[arg(
        long,
        env = "MADANG_MAX_CONNECTIONS",
        default_value_t = 20_000,
        value_name = "NUMBER"
    )]
    pub max_connections: usize,

    /// Sockets of one person at a time; one more is refused.
    #[arg(
        long,
        env = "MADANG_CONNECTIONS_PER_PERSON",
        default_value_t = 5000,
        value_name = "NUMBER"
    )]
    pub connections_per_person: usize,

    /// Messages, edits and reactions that one person may send at once.
    #[arg(
        long,
        env = "MADANG_MESSAGE_BURST",
        default_value_t = 1000,
        value_name = "NUMBER"
    )]
    pub message_burst: u32,

    /// Messages, edits and reactions that one person may send in each second after that.
    #[arg(
        long,
        env = "MADANG_MESSAGES_PER_SECOND",
        default_value_t = 200,
        value_name = "NUMBER"
    )]
    pub messages_per_second: u32,

    /// What is logged: a level (`info`), or levels by part (`info,server::stomp=debug`).
    #[arg(
        long,
        env = "MADANG_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    pub log: String,

    /// Lines for people or JSON for machines.
    #[arg(long, env = "MADANG_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,

    /// Seconds that clients and running work have to finish when the server is told to stop.
    #[arg(
        long,
        env = "MADANG_DRAIN_SECONDS",
        default_value_t = 10,
        value_name = "SECONDS"
    )]
    pub drain_seconds: u64,

    /// MongoDB, which keeps everything when there are many nodes: `mongodb://host/database`. With
    /// it go Kafka and Redis; none of the three is set where one server runs alone.
    #[arg(
        long,
        env = "MADANG_MONGODB_URI",
        value_name = "URI",
        hide_env_values = true
    )]
    pub mongodb_uri: Option<String>,

    /// Kafka, by which nodes tell each other what was said: `host:port`, more with commas between.
    #[arg(long, env = "MADANG_KAFKA_BROKERS", value_name = "HOSTS")]
    pub kafka_brokers: Option<String>,

    /// Redis, which knows who is here: `redis://host:port`, or `rediss://` with TLS.
    #[arg(
        long,
        env = "MADANG_REDIS_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub redis_url: Option<String>,

    /// Settings of librdkafka, as for TLS and SASL: `key=value` with commas between, or `@FILE`
    /// with one on each line.
    #[arg(
        long,
        env = "MADANG_KAFKA_OPTIONS",
        default_value = "",
        value_name = "OPTIONS",
        hide_env_values = true
    )]
    pub kafka_options: KafkaExtras,

    /// The topic of events. It is made where it is missing.
    #[arg(
        long,
        env = "MADANG_KAFKA_TOPIC",
        default_value = "madang.events",
        value_name = "NAME"
    )]
    pub kafka_topic: String,

    /// How many partitions the topic is made with: as many nodes can share a worker's work.
    #[arg(
        long,
        env = "MADANG_KAFKA_PARTITIONS",
        default_value_t = 12,
        value_name = "NUMBER"
    )]
    pub kafka_partitions: u16,

    /// What this node does: `web` serves people, `worker` does what is done beside.
    #[arg(
        long,
        env = "MADANG_ROLES",
        value_enum,
        value_delimiter = ',',
        default_values_t = [Role::Web, Role::Worker],
        value_name = "ROLES"
    )]
    pub roles: Vec<Role>,

    /// Connections that this node opens at most to each server of MongoDB.
    #[arg(
        long,
        env = "MADANG_MONGODB_POOL",
        default_value_t = 100,
        value_name = "NUMBER"
    )]
    pub mongodb_pool: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    Open,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    Web,
    Worker,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// The table of all options, from the same description as `--help`.
pub fn options_table() -> String {
    let mut table =
        String::from("| variable | option | default | what it does |\n|---|---|---|---|\n");
    let command = Config::augment_args(clap::Command::new("serve"));
    for argument in command.get_arguments() {
        let (Some(long), Some(variable)) = (argument.get_long(), argument.get_env()) else {
            continue;
        };
        let defaults: Vec<_> = argument
            .get_default_values()
            .iter()
            .map(|value| value.to_string_lossy())
            .collect();
        let default = match defaults.join(",") {
            none if none.is_empty() => none,
            default => format!("`{default}`"),
        };
        let help = argument
            .get_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let long_help = argument
            .get_long_help()
            .map(ToString::to_string)
            .unwrap_or(help);
        let help = long_help.split_whitespace().collect::<Vec<_>>().join(" ");
        let variable = variable.to_string_lossy();
        table.push_str(&format!(
            "| `{variable}` | `--{long}` | {default} | {help} |\n"
        ));
    }
    table
}

#[cfg(test)]
mod tests;
