//! The way to the server. The driver must not be dropped in the middle of an operation, and whoever
//! asks may go away at any time; so every call runs in a task of its own, to its end, and only the
//! wait for it is given up. Inside a call, what runs together is joined: to try to join would drop
//! the others at the first error.

use std::future::Future;
use std::time::Duration;

use mongodb::{Client, Database};
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

/// The time after which nobody waits for a call any more. The driver has no time limit of its own
/// for an answer on a connection that is stalled.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// The same for work that grows with what there is: a room of a million messages to be removed.
const CHORE: Duration = Duration::from_secs(600);

/// Nothing is known of what became of the call.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    #[error("it is closed")]
    Closed,
    #[error("MongoDB has not answered for {} s", .0.as_secs())]
    Late(Duration),
    #[error("the call broke off; the log above says where")]
    Broken,
}

/// Cheap to clone; all clones are one.
#[derive(Clone)]
pub(crate) struct Connection {
    client: Client,
    database: Database,
    calls: TaskTracker,
    runtime: Handle,
}

impl Connection {
    /// Belongs to the runtime that it is made on.
    pub(super) fn new(client: Client, database: Database) -> Self {
        Self {
            client,
            database,
            calls: TaskTracker::new(),
            runtime: Handle::current(),
        }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Runs the call to its end, whether or not somebody still waits for it.
    pub(crate) async fn call<F>(&self, work: F) -> Result<F::Output, Unanswered>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.run(PATIENCE, work).await
    }

    /// The same for what may take long.
    pub(super) async fn chore<F>(&self, work: F) -> Result<F::Output, Unanswered>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.run(CHORE, work).await
    }

    async fn run<F>(&self, patience: Duration, work: F) -> Result<F::Output, Unanswered>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        if self.calls.is_closed() {
            return Err(Unanswered::Closed);
        }
        match tokio::time::timeout(patience, self.calls.spawn(work)).await {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(_)) => Err(Unanswered::Broken),
            Err(_) => Err(Unanswered::Late(patience)),
        }
    }

    /// Starts work for which nobody waits, also where there is no runtime any more to wait in.
    pub(crate) fn begin(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.calls.spawn_on(work, &self.runtime);
    }

    /// Lets nobody else in, waits for what is under way, and hangs up.
    pub(super) async fn close(&self) {
        if self.calls.close() {
            let finished = tokio::time::timeout(PATIENCE, self.calls.wait()).await;
            if finished.is_err() {
                tracing::warn!(
                    calls = self.calls.len(),
                    "closed while calls still waited for MongoDB"
                );
            }
            self.client.clone().shutdown().immediate(true).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn nothing_that_runs_together_is_dropped_at_the_first_error() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut looked_at = 0;
        for place in ["store/mongo", "files/gridfs"] {
            for file in source.join(place).read_dir().unwrap() {
                let path = file.unwrap().path();
                if path.is_file() {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let drops = text.contains(concat!("try", "_join"));
                    assert!(!drops, "{} drops what it began", path.display());
                    looked_at += 1;
                }
            }
        }
        assert!(looked_at > 20, "{looked_at} files");
    }
}
