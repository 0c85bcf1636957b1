//! Promise 3: whoever was left in peace for the heal time holds everything that was known when it
//! began. Stated this way no fault needs a rule of its own.

use std::collections::{BTreeMap, HashMap};

use protocol::{Rev, RoomId};

use super::facts::Facts;
use super::{Findings, Kind, Limits};
use crate::check::history::{Role, What, Who, micros};

/// How often it is looked.
const STEP: u64 = 250_000;

/// A value that only grows, with the times of its growth.
#[derive(Default)]
struct Growth(Vec<(u64, Rev)>);

impl Growth {
    fn push(&mut self, at: u64, rev: Rev) {
        if self.0.last().is_none_or(|(_, last)| *last < rev) {
            self.0.push((at, rev));
        }
    }

    fn at(&self, time: u64) -> Rev {
        let index = self.0.partition_point(|(at, _)| *at <= time);
        index
            .checked_sub(1)
            .map_or(Rev::ZERO, |last| self.0[last].1)
    }
}

pub fn check(facts: &Facts<'_>, limits: &Limits, findings: &mut Findings) {
    let Some(end) = facts.settled else { return };
    let window = micros(limits.heal);
    let (heads, positions) = growth(facts);
    for (who, (user, role)) in &facts.people {
        if *role != Role::Talker {
            continue;
        }
        for (room, head) in &heads {
            let present = presence(facts, *room, *who, *user);
            let position = positions.get(&(*who, *room));
            let mut now = end;
            // Backwards, because the end of the run is the moment that must not be missed.
            while now >= window {
                let then = now - window;
                let due = head.at(then);
                let held = position.map_or(Rev::ZERO, |position| position.at(now));
                if held < due
                    && present.iter().any(|(from, to)| *from <= then && now <= *to)
                    && !facts.disturbed(*who, then, now)
                {
                    let text = format!(
                        "client {who} holds {room} to {held} at {}, and {due} was known {:?} before",
                        super::seconds(now),
                        limits.heal
                    );
                    findings.add(3, Kind::Late, text);
                    break;
                }
                now = now.saturating_sub(STEP);
            }
        }
    }
}

type Positions = HashMap<(Who, RoomId), Growth>;

/// The head of every room as it became known, and every client's position.
fn growth(facts: &Facts<'_>) -> (BTreeMap<RoomId, Growth>, Positions) {
    let mut heads: BTreeMap<RoomId, Growth> = BTreeMap::new();
    let mut positions = Positions::new();
    let mut contiguous: HashMap<(Who, RoomId), Rev> = HashMap::new();
    for record in facts.records {
        let (at, who) = (record.at, record.who);
        match &record.what {
            What::Acked { op } => {
                if let Some((room, rev)) = facts.places.get(op) {
                    heads.entry(*room).or_default().push(at, *rev);
                }
            }
            What::Delivered { entry, .. } => {
                heads.entry(entry.room).or_default().push(at, entry.rev);
                let reached = contiguous.entry((who, entry.room)).or_default();
                if entry.rev == reached.next() {
                    *reached = entry.rev;
                    let position = positions.entry((who, entry.room)).or_default();
                    position.push(at, entry.rev);
                }
            }
            What::Loaded { room, to } => {
                let reached = contiguous.entry((who, *room)).or_default();
                *reached = (*reached).max(*to);
                positions.entry((who, *room)).or_default().push(at, *to);
            }
            _ => {}
        }
    }
    (heads, positions)
}

/// The times in which a client was certainly a member: from the end of joining to the beginning
/// of leaving.
fn presence(facts: &Facts<'_>, room: RoomId, who: Who, user: protocol::UserId) -> Vec<(u64, u64)> {
    // Nobody is late before having connected for the first time.
    let Some(first) = facts
        .subscriptions
        .iter()
        .find(|subscription| subscription.who == who)
    else {
        return Vec::new();
    };
    let from_the_start = facts
        .log
        .get(&room)
        .and_then(|log| log.first())
        .is_some_and(|entry| match &entry.change {
            crate::check::history::Change::Created { members } => {
                members.contains(&user) || entry.by == user
            }
            _ => false,
        });
    let mut present = Vec::new();
    let mut since = from_the_start.then_some(first.at);
    for step in &facts.memberships {
        if (step.room, step.user) != (room, user) {
            continue;
        }
        match (step.member, step.done) {
            (true, true) => since = since.or(Some(step.at.max(first.at))),
            (false, false) => {
                if let Some(from) = since.take() {
                    present.push((from, step.at));
                }
            }
            _ => {}
        }
    }
    if let Some(from) = since {
        present.push((from, u64::MAX));
    }
    present
}
