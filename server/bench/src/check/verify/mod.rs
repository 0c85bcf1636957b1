//! The judgement: a history in, the broken promises out. Nothing here does I/O or knows a clock,
//! so that planted faults can show that each kind is caught.

mod access;
mod convergence;
mod delivery;
mod facts;
mod log;
mod service;
mod standing;

#[cfg(test)]
mod planted;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use super::history::Record;
use facts::Facts;

/// How much time and memory the promises grant.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the end of a fault until everybody holds everything.
    pub heal: Duration,
    /// From the end of a session until its sockets are closed.
    pub revoke: Duration,
    /// Resident memory of the server, in bytes.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            heal: Duration::from_secs(3),
            revoke: Duration::from_secs(5),
            memory: 256 << 20,
        }
    }
}

/// In what way a promise was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Acknowledged, and not there.
    Lost,
    /// There twice, or told twice.
    Duplicate,
    /// There, and nobody asked for it; or told, and not there.
    Phantom,
    /// Two see different things in one place.
    Disagreement,
    /// A hole.
    Gap,
    /// The order is not the order of the sends.
    Reorder,
    /// Not told in time, not answered in time, or not closed in time.
    Late,
    /// Told to somebody who is not a member.
    Leak,
    /// What was given away twice does not come out the same: reactions, unread counts, read marks.
    Miscount,
    /// Memory or queues without a bound.
    Unbounded,
    /// SIGTERM did not end it well.
    Undrained,
    /// Deleted, and readable.
    Readable,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// The number in the design's list.
    pub promise: u8,
    pub kind: Kind,
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "promise {}: {:?}: {}",
            self.promise, self.kind, self.text
        )
    }
}

/// Where the checks put what they find.
#[derive(Default)]
struct Findings(Vec<Violation>);

impl Findings {
    fn add(&mut self, promise: u8, kind: Kind, text: impl Into<String>) {
        self.0.push(Violation {
            promise,
            kind,
            text: text.into(),
        });
    }
}

/// Every broken promise that the history shows, the most important first.
pub fn verify(history: &[Record], limits: &Limits) -> Vec<Violation> {
    let facts = Facts::gather(history);
    let mut findings = Findings::default();
    log::check(&facts, &mut findings);
    delivery::check(&facts, &mut findings);
    standing::check(&facts, &mut findings);
    convergence::check(&facts, limits, &mut findings);
    access::check(&facts, limits, &mut findings);
    service::check(&facts, limits, &mut findings);
    let mut violations = findings.0;
    violations.sort_by_key(|violation| violation.promise);
    violations
}

/// `12.345678 s`, as times are shown in findings.
fn seconds(micros: u64) -> String {
    format!("{}.{:06} s", micros / 1_000_000, micros % 1_000_000)
}
