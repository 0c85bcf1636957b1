//! What a run was made of: without it "all promises held" says nothing.

use std::collections::BTreeMap;

use super::history::{Change, Record, What};

pub fn print(records: &[Record]) {
    let mut faults: BTreeMap<&str, usize> = BTreeMap::new();
    let mut refusals: BTreeMap<&str, usize> = BTreeMap::new();
    let mut errors: BTreeMap<&str, usize> = BTreeMap::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut peak = 0;
    for record in records {
        let counted = match &record.what {
            What::Sent { .. } => "sent",
            What::Acked { .. } => "acknowledged",
            What::Delivered { .. } => "delivered",
            What::Opened { .. } => "connections",
            What::Reset { .. } => "resets",
            What::Revoked { .. } => "sessions revoked",
            What::MembershipDone { .. } => "members moved",
            What::ReadAcked { .. } => "read marks",
            What::SlowReader {
                closed: true,
                code: Some(_),
                ..
            } => "slow readers closed",
            What::SlowReader {
                closed: true,
                code: None,
                ..
            } => "slow readers cut without a code",
            What::SlowReader { .. } => "slow readers kept",
            What::Log { entry } => match entry.change {
                Change::Posted { .. } => "posted",
                Change::Edited { .. } => "edited",
                Change::Deleted { .. } => "deleted",
                Change::Reacted { .. } => "reacted",
                _ => "other events",
            },
            What::Disturbed { fault, .. } => {
                *faults.entry(fault).or_default() += 1;
                continue;
            }
            What::Away { backend, .. } => {
                *faults.entry(backend).or_default() += 1;
                continue;
            }
            What::Refused { code, .. } => {
                *refusals.entry(code).or_default() += 1;
                continue;
            }
            What::Errored { message, .. } => {
                *errors.entry(message).or_default() += 1;
                continue;
            }
            What::Memory { rss } => {
                peak = peak.max(*rss);
                continue;
            }
            _ => continue,
        };
        *counts.entry(counted).or_default() += 1;
    }
    line("Clients", &counts);
    line("Faults", &faults);
    line("Refused", &refusals);
    line("Protocol errors", &errors);
    println!("  Memory: {} MB at most", peak >> 20);
}

fn line(name: &str, counts: &BTreeMap<&str, usize>) {
    if !counts.is_empty() {
        let parts: Vec<String> = counts
            .iter()
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        println!("  {name}: {}", parts.join(", "));
    }
}
