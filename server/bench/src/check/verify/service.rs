//! Promises 6, 7 and 8: bounded memory, a clean end, nothing left of what was deleted; and that
//! everything asked for is answered in the end.

use std::collections::HashMap;

use super::facts::Facts;
use super::{Findings, Kind, Limits};
use crate::check::history::{Role, What, Who};

/// The close code for a reader that is too slow.
const TOO_SLOW: u16 = 4000;
/// How long after the end of the process its last bytes may still be on their way.
const AFTERGLOW: u64 = 1_000_000;

pub fn check(facts: &Facts<'_>, limits: &Limits, findings: &mut Findings) {
    let peak = facts.records.iter().filter_map(|record| match record.what {
        What::Memory { rss } => Some(rss),
        _ => None,
    });
    if let Some(peak) = peak.max().filter(|peak| *peak > limits.memory) {
        let text = format!(
            "the server grew to {} MB, and {} MB are granted",
            peak >> 20,
            limits.memory >> 20
        );
        findings.add(6, Kind::Unbounded, text);
    }
    for record in facts.records {
        match &record.what {
            What::SlowReader {
                from,
                bytes,
                closed,
                code,
            } => {
                // A reader that was cut off by another fault shows nothing.
                if facts.disturbed(record.who, *from, record.at) {
                    continue;
                }
                if !closed {
                    let text = format!("{bytes} bytes were kept for a reader that did not read");
                    findings.add(6, Kind::Unbounded, text);
                } else if code.is_some_and(|code| code != TOO_SLOW) {
                    let text = format!("a slow reader was closed with {code:?}, not {TOO_SLOW}");
                    findings.add(6, Kind::Unbounded, text);
                }
            }
            What::Terminated { from, code } => {
                if *code != Some(0) {
                    let text = format!(
                        "SIGTERM at {} ended with {code:?}, not with 0",
                        super::seconds(*from)
                    );
                    findings.add(7, Kind::Undrained, text);
                }
                told_to_leave(facts, *from, record.at, findings);
            }
            What::Readable { path } => {
                findings.add(8, Kind::Readable, format!("deleted, and readable: {path}"));
            }
            _ => {}
        }
    }
    if facts.settled.is_some() {
        unanswered(facts, findings);
    }
}

/// Every talker that was connected at SIGTERM is told by a close code, not by a broken socket.
fn told_to_leave(facts: &Facts<'_>, from: u64, to: u64, findings: &mut Findings) {
    let mut open: HashMap<Who, u32> = HashMap::new();
    for record in facts.records {
        match &record.what {
            What::Opened { conn } if record.at < from => {
                open.insert(record.who, *conn);
            }
            What::Closed { conn, code } if open.get(&record.who) == Some(conn) => {
                open.remove(&record.who);
                let during = (from..=to + AFTERGLOW).contains(&record.at);
                let talker = matches!(facts.people.get(&record.who), Some((_, Role::Talker)));
                let cut = facts.disturbances.iter().any(|disturbance| {
                    disturbance.client == Some(record.who)
                        && disturbance.from <= record.at
                        && from <= disturbance.to
                });
                if during && talker && !cut && code.is_none() {
                    let text = format!(
                        "client {} was cut off at {} instead of being told to go elsewhere",
                        record.who,
                        super::seconds(record.at)
                    );
                    findings.add(7, Kind::Undrained, text);
                }
            }
            _ => {}
        }
    }
}

fn unanswered(facts: &Facts<'_>, findings: &mut Findings) {
    let waiting: Vec<_> = facts
        .ops
        .iter()
        .filter(|op| !op.is_answered() && is_talker(facts, op.who))
        .collect();
    if let Some(first) = waiting.first() {
        let text = format!(
            "{} operations were never answered, the first is {} of client {}, sent {} times since {}",
            waiting.len(),
            first.id,
            first.who,
            first.attempts,
            super::seconds(first.first_sent)
        );
        findings.add(3, Kind::Late, text);
    }
}

fn is_talker(facts: &Facts<'_>, who: Who) -> bool {
    matches!(facts.people.get(&who), Some((_, Role::Talker)))
}
