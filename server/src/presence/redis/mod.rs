//! Presence of many nodes, in Redis: who is here, what is said without being kept, and how often
//! something was tried.

mod ear;
mod link;
mod mouth;
mod options;
mod quota;
mod roll;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use protocol::UserId;
use redis::Script;
use tokio::sync::broadcast;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{Connection, Notice, Presence};
use crate::quota::LocalQuota;
use ear::Ear;
use link::Link;
use mouth::Mouth;
pub use options::{RedisError, RedisOptions};
use roll::Roll;

/// Notices that a slow listener may be behind before it loses the oldest.
const NOTICES: usize = 4_096;
/// How long the first answer may take.
const FIRST_ANSWER: Duration = Duration::from_secs(5);

pub struct RedisPresence {
    options: RedisOptions,
    identity: String,
    link: Arc<Link>,
    notices: broadcast::Sender<Notice>,
    mouth: Arc<Mouth>,
    roll: Arc<Roll>,
    online: Script,
    /// Counts while Redis does not.
    alone: LocalQuota,
    counting: quota::Scripts,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl RedisPresence {
    /// Answers once this node hears itself through Redis.
    pub async fn start(options: RedisOptions) -> Result<Self, RedisError> {
        // This run of this node: what it left behind when it died is not its own any more.
        let node = Uuid::new_v4().simple().to_string();
        let link = Arc::new(Link::new(&options)?);
        let notices = broadcast::Sender::new(NOTICES);
        let mouth = Arc::new(Mouth::new(&node, options.channel(), Arc::clone(&link)));
        let roll = Arc::new(Roll::new(&node, options.clone(), Arc::clone(&link)));
        let ear = Arc::new(Ear::new(
            &node,
            &options,
            Arc::clone(&link),
            notices.clone(),
        ));
        let mut presence = Self {
            options,
            identity: String::new(),
            link,
            notices,
            mouth: Arc::clone(&mouth),
            roll: Arc::clone(&roll),
            online: Script::new(include_str!("online.lua")),
            alone: LocalQuota::default(),
            counting: quota::Scripts::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        let listening = Arc::clone(&ear);
        presence.spawn(async move { listening.listen().await });
        let pulse = Arc::clone(&ear);
        presence.spawn(async move { pulse.beat().await });
        presence.spawn(async move { mouth.speak().await });
        presence.spawn(async move { roll.keep().await });
        if timeout(FIRST_ANSWER, presence.link.becomes(true))
            .await
            .is_err()
        {
            return Err(RedisError::Unreachable {
                at: presence.link.at().to_owned(),
                why: ear.why(),
            });
        }
        if presence.link.is_of_a_cluster().await {
            let at = presence.link.at().to_owned();
            return Err(RedisError::Cluster { at });
        }
        presence.spawn(async move { ear.tell_when_away().await });
        let key = presence.options.name();
        let name = presence.link.name(&key, &node).await;
        let name = name.map_err(|why| RedisError::Unreachable {
            at: presence.link.at().to_owned(),
            why,
        })?;
        presence.identity = format!("Redis {name}");
        let link = Arc::clone(&presence.link);
        presence.spawn(async move { link.keep_name(&key, &name).await });
        Ok(presence)
    }

    /// Which Redis: nodes with another one see other people.
    pub fn identity(&self) -> String {
        self.identity.clone()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let _ = stop.run_until_cancelled(task).await;
        });
    }
}

#[async_trait]
impl Presence for RedisPresence {
    fn arrive(&self, connection: Connection) {
        self.roll.arrive(connection);
    }

    fn depart(&self, connection: Connection) {
        self.roll.depart(connection);
    }

    async fn online(&self, users: &[UserId]) -> Option<Vec<UserId>> {
        if !self.link.is_well() {
            return None;
        }
        let mut question = self.online.prepare_invoke();
        question.arg(&self.options.prefix);
        for user in users {
            question.arg(user.to_string());
        }
        let answer: Vec<bool> = match self.link.run(&question).await {
            Ok(answer) => answer,
            Err(why) => {
                tracing::debug!(why, "who is online is not known");
                return None;
            }
        };
        let online = users.iter().copied().zip(answer);
        // Who came to this node a moment ago may not be in Redis yet.
        let here = online.filter(|(user, online)| *online || self.roll.has(*user));
        Some(here.map(|(user, _)| user).collect())
    }

    fn announce(&self, notice: Notice) {
        // An error means that nobody listens.
        let _ = self.notices.send(notice.clone());
        self.mouth.say(notice);
    }

    fn listen(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    async fn ready(&self) -> Result<(), String> {
        if self.link.is_well() {
            Ok(())
        } else {
            let at = self.link.at();
            Err(format!(
                "Redis does not answer at {at}; who is online is not known"
            ))
        }
    }

    async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.mouth.say_the_rest().await;
        self.roll.take_all_out().await;
    }
}

impl Drop for RedisPresence {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
