//! The connection for commands, and what is known of whether Redis hears and is heard.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, FromRedisValue, Pipeline, RedisResult, ScriptInvocation};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::{RedisError, RedisOptions};

/// How long one command may take, its second attempt included.
const ANSWER: Duration = Duration::from_secs(1);
/// Before Redis is told again what it did not take.
const AGAIN: Duration = Duration::from_millis(200);

/// Dropped connections are made anew by the manager, which hands the error to whoever asked; all
/// that is asked here may be asked twice.
pub(super) struct Link {
    pub(super) client: Client,
    commands: ConnectionManager,
    heard: watch::Sender<bool>,
    at: String,
}

impl Link {
    pub(super) fn new(options: &RedisOptions) -> Result<Self, RedisError> {
        let unusable = |error: redis::RedisError| RedisError::Address(error.to_string());
        let client = Client::open(options.url.as_str()).map_err(unusable)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(ANSWER))
            .set_response_timeout(Some(ANSWER))
            .set_min_delay(Duration::from_millis(50))
            .set_max_delay(Duration::from_millis(500))
            .set_number_of_retries(1);
        let commands = ConnectionManager::new_lazy_with_config(client.clone(), config);
        Ok(Self {
            at: client.get_connection_info().addr().to_string(),
            commands: commands.map_err(unusable)?,
            client,
            heard: watch::Sender::new(false),
        })
    }

    pub(super) fn at(&self) -> &str {
        &self.at
    }

    /// Whether what this node says to Redis comes back to it.
    pub(super) fn is_well(&self) -> bool {
        *self.heard.borrow()
    }

    pub(super) fn hears(&self) {
        self.heard
            .send_if_modified(|heard| !std::mem::replace(heard, true));
    }

    pub(super) fn lost(&self) {
        self.heard.send_if_modified(std::mem::take);
    }

    /// Waits until it is so.
    pub(super) async fn becomes(&self, well: bool) {
        // The sender is our own, so the channel cannot be closed.
        let _ = self
            .heard
            .subscribe()
            .wait_for(|heard| *heard == well)
            .await;
    }

    /// Whether it is a part of a Redis Cluster. One that does not let itself be asked counts as none.
    pub(super) async fn is_of_a_cluster(&self) -> bool {
        let mut commands = self.commands.clone();
        let mut question = redis::cmd("INFO");
        question.arg("cluster");
        let answer = in_time(question.query_async::<String>(&mut commands)).await;
        answer.is_ok_and(|said| said.lines().any(|line| line == "cluster_enabled:1"))
    }

    /// What this Redis is called: as it is by those who were here before, or else like this.
    pub(super) async fn name(&self, key: &str, fresh: &str) -> Result<String, String> {
        let mut commands = self.commands.clone();
        let mut naming = redis::pipe();
        naming.cmd("SET").arg(key).arg(fresh).arg("NX").ignore();
        naming.get(key);
        let answer = naming.query_async::<(String,)>(&mut commands);
        in_time(answer).await.map(|(name,)| name)
    }

    /// A Redis that comes back without memory gets its name back from those who know it, so that
    /// whoever comes next is no stranger to them.
    pub(super) async fn keep_name(&self, key: &str, name: &str) {
        let mut naming = redis::pipe();
        naming.set(key, name).ignore();
        loop {
            self.becomes(true).await;
            match self.send(&naming).await {
                Ok(()) => self.becomes(false).await,
                Err(why) => {
                    tracing::debug!(why, "Redis could not be told its name");
                    sleep(AGAIN).await;
                }
            }
        }
    }

    /// Asks, and once more if the connection turns out to be dead.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, String> {
        let mut commands = self.commands.clone();
        in_time(async {
            match script.invoke_async(&mut commands).await {
                Err(error) if error.is_unrecoverable_error() => {
                    script.invoke_async(&mut commands).await
                }
                answer => answer,
            }
        })
        .await
    }

    /// The same for plain commands.
    pub(super) async fn send(&self, words: &Pipeline) -> Result<(), String> {
        let mut commands = self.commands.clone();
        in_time(async {
            match words.query_async(&mut commands).await {
                Err(error) if error.is_unrecoverable_error() => {
                    words.query_async(&mut commands).await
                }
                answer => answer,
            }
        })
        .await
    }
}

async fn in_time<T>(answer: impl Future<Output = RedisResult<T>>) -> Result<T, String> {
    match timeout(ANSWER, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(String::from("no answer in time")),
    }
}
