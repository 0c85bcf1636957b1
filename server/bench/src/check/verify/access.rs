//! Promise 5: nobody is told what is not theirs, and a session that has ended is cut off.

use protocol::{Rev, RoomId, UserId};

use super::facts::{Facts, MembershipStep, Subscription};
use super::{Findings, Kind, Limits};
use crate::check::history::{Role, What, Who, micros};

pub fn check(facts: &Facts<'_>, limits: &Limits, findings: &mut Findings) {
    for subscription in &facts.subscriptions {
        if let Some(text) = leak(facts, subscription) {
            findings.add(5, Kind::Leak, text);
        }
    }
    for record in facts.records {
        match &record.what {
            What::Overheard { destination } => {
                let text = format!(
                    "client {}, who is in no room, was told something on {destination}",
                    record.who
                );
                findings.add(5, Kind::Leak, text);
            }
            What::Revoked { client, conn } => {
                revoked(facts, limits, record.at, (*client, *conn), findings);
            }
            _ => {}
        }
    }
}

/// The first event on this subscription that its client had no right to.
fn leak(facts: &Facts<'_>, subscription: &Subscription<'_>) -> Option<String> {
    let who = subscription.who;
    let (user, role) = facts.people.get(&who)?;
    let room = subscription.room;
    if *role == Role::Stranger && !subscription.delivered.is_empty() {
        return Some(format!("client {who}, a stranger, was told of {room}"));
    }
    if !facts.log.contains_key(&room) {
        return None;
    }
    let intervals = facts.intervals(room, *user);
    let begun_outside = was_out(facts, room, *user, subscription.at);
    for (at, entry) in &subscription.delivered {
        let rev = entry.rev;
        let joins = || joins_asked(facts, room, *user, *at);
        let inside = intervals
            .iter()
            .any(|(from, to)| *from <= rev && to.is_none_or(|to| rev <= to));
        // A member may read what was said before joining; so what matters is whether the joining
        // had been asked for when the event came.
        if !inside && !member_later(&intervals, rev, joins()) {
            return Some(format!(
                "client {who} was told {room}/{rev} at {} and was not a member then",
                super::seconds(*at)
            ));
        }
        if begun_outside.is_some_and(|joins_before| joins() == joins_before) {
            return Some(format!(
                "client {who} subscribed to {room} at {} after having been taken out, and was told {rev}",
                super::seconds(subscription.at)
            ));
        }
    }
    None
}

/// Whether a membership that was asked for by now begins after `rev`.
fn member_later(intervals: &[(Rev, Option<Rev>)], rev: Rev, joins: usize) -> bool {
    let from_the_start = intervals.first().is_some_and(|(from, _)| *from == Rev(1));
    intervals
        .iter()
        .take(joins + usize::from(from_the_start))
        .any(|(from, _)| *from > rev)
}

/// How often it had been asked by then that the person be brought in.
fn joins_asked(facts: &Facts<'_>, room: RoomId, user: UserId, by: u64) -> usize {
    steps(facts, room, user)
        .filter(|step| step.member && !step.done && step.at <= by)
        .count()
}

/// Where the person was certainly out at this time (the last step was a finished leaving): how
/// often joining had been asked for by then.
fn was_out(facts: &Facts<'_>, room: RoomId, user: UserId, at: u64) -> Option<usize> {
    let before = steps(facts, room, user)
        .filter(|step| step.at < at)
        .last()?;
    (!before.member && before.done).then(|| joins_asked(facts, room, user, at))
}

fn steps<'a>(
    facts: &'a Facts<'_>,
    room: RoomId,
    user: UserId,
) -> impl Iterator<Item = &'a MembershipStep> {
    facts
        .memberships
        .iter()
        .filter(move |step| (step.room, step.user) == (room, user))
}

fn revoked(
    facts: &Facts<'_>,
    limits: &Limits,
    at: u64,
    (client, conn): (Who, u32),
    findings: &mut Findings,
) {
    // A server that was down or frozen in between has that much more time.
    let mut deadline = at + micros(limits.revoke);
    for _ in 0..8 {
        let extended = at + micros(limits.revoke) + facts.outage(at, deadline);
        if extended == deadline {
            break;
        }
        deadline = extended;
    }
    let closed = facts.records.iter().find_map(|record| match &record.what {
        What::Closed { conn: closed, .. } if record.who == client && *closed == conn => {
            Some(record.at)
        }
        _ => None,
    });
    if closed.is_none_or(|closed| closed > deadline) {
        let text = format!(
            "the session of client {client} ended at {}, and its connection {conn} was open {:?} later",
            super::seconds(at),
            limits.revoke
        );
        findings.add(5, Kind::Late, text);
    }
}
