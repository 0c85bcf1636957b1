//! `/healthz`: the process is alive. `/readyz`: it can take traffic; what is wrong is named.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use tokio::time::Instant;

use super::Web;

type Answer = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
type Probe = Box<dyn Fn() -> Answer + Send + Sync>;

struct Part {
    name: &'static str,
    /// Without it this node cannot serve. What is merely nice to have is named and no more.
    needed: bool,
    probe: Probe,
}

/// How long a part may think about how it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whom to ask how this node is.
#[derive(Default)]
pub struct Health {
    parts: Vec<Part>,
    draining: AtomicBool,
    /// The last answers. Asking the store writes to it, and anyone may ask here.
    found: tokio::sync::Mutex<Option<Found>>,
}

#[derive(Clone)]
struct Found {
    at: Instant,
    ill: Vec<Ill>,
}

/// A part that is not well.
#[derive(Clone)]
struct Ill {
    part: &'static str,
    needed: bool,
    detail: String,
}

/// How long an answer stands.
const STANDS: Duration = Duration::from_secs(1);

/// The answer of `/readyz`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Readiness {
    pub ready: bool,
    pub wrong: Vec<Wrong>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Wrong {
    pub part: &'static str,
    pub detail: String,
}

impl Health {
    pub fn new() -> Self {
        Self::default()
    }

    /// A part without which nothing works: the store.
    #[must_use]
    pub fn needs<F, A>(self, name: &'static str, probe: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.with(name, true, probe)
    }

    /// A part whose loss only delays or dims: the bus, presence.
    #[must_use]
    pub fn watches<F, A>(self, name: &'static str, probe: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.with(name, false, probe)
    }

    fn with<F, A>(mut self, name: &'static str, needed: bool, probe: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<(), String>> + Send + 'static,
    {
        let probe: Probe = Box::new(move || Box::pin(probe()));
        self.parts.push(Part {
            name,
            needed,
            probe,
        });
        self
    }

    /// From now on, no new traffic: the node is about to stop.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    pub async fn readiness(&self) -> Readiness {
        let mut ready = true;
        let mut wrong = Vec::new();
        if self.is_draining() {
            ready = false;
            wrong.push(Wrong {
                part: "node",
                detail: "draining: about to stop".to_owned(),
            });
        }
        for Ill {
            part,
            needed,
            detail,
        } in self.ask().await
        {
            ready &= !needed;
            wrong.push(Wrong { part, detail });
        }
        Readiness { ready, wrong }
    }

    async fn ask(&self) -> Vec<Ill> {
        let mut found = self.found.lock().await;
        if let Some(found) = &*found
            && found.at.elapsed() < STANDS
        {
            return found.ill.clone();
        }
        let answers = self.parts.iter().map(|part| async move {
            let ill = |detail| Ill {
                part: part.name,
                needed: part.needed,
                detail,
            };
            match tokio::time::timeout(PATIENCE, (part.probe)()).await {
                Ok(Ok(())) => None,
                Ok(Err(detail)) => Some(ill(detail)),
                Err(_) => Some(ill(format!("no answer within {} s", PATIENCE.as_secs()))),
            }
        });
        let answers = futures::future::join_all(answers).await;
        let ill: Vec<Ill> = answers.into_iter().flatten().collect();
        *found = Some(Found {
            at: Instant::now(),
            ill: ill.clone(),
        });
        ill
    }
}

pub async fn alive() -> &'static str {
    "alive\n"
}

pub async fn ready(State(web): State<Web>) -> (StatusCode, Json<Readiness>) {
    let readiness = web.health.readiness().await;
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(readiness: &Readiness) -> Vec<&'static str> {
        readiness.wrong.iter().map(|wrong| wrong.part).collect()
    }

    #[tokio::test]
    async fn a_node_is_ready_when_what_it_needs_is() {
        let health = Health::new()
            .needs("store", || async { Ok(()) })
            .watches("bus", || async { Err("not reachable".to_owned()) });
        let readiness = health.readiness().await;
        assert!(readiness.ready);
        assert_eq!(parts(&readiness), ["bus"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_whose_store_fails_or_hangs_is_not_ready() {
        let failing = Health::new().needs("store", || async { Err("disk full".to_owned()) });
        assert_eq!(failing.readiness().await.wrong[0].detail, "disk full");
        let hanging = Health::new().needs("store", std::future::pending);
        let readiness = hanging.readiness().await;
        assert!(!readiness.ready);
        assert_eq!(parts(&readiness), ["store"]);
    }

    #[tokio::test]
    async fn a_draining_node_is_not_ready() {
        let health = Health::new();
        assert!(health.readiness().await.ready);
        health.drain();
        assert_eq!(parts(&health.readiness().await), ["node"]);
    }
}
