//! Promises 1, 2 and 4 in the store: acknowledged is there, once, without holes, in the order in
//! which it was sent.

use std::collections::{HashMap, HashSet};

use protocol::{OpId, Rev, RoomId};

use super::facts::{Facts, Op};
use super::{Findings, Kind};
use crate::check::history::{Ask, Change, Entry, Who};

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    for (room, log) in &facts.log {
        dense(*room, log, findings);
        once(*room, log, findings);
        asked_for(facts, log, findings);
    }
    acknowledged(facts, findings);
    own_order(facts, findings);
    real_order(facts, findings);
}

/// 1, 2, 3 … without holes, and each counts the posts up to it.
fn dense(room: RoomId, log: &[&Entry], findings: &mut Findings) {
    let mut expected = Rev::ZERO.next();
    let mut posted = 0;
    for entry in log {
        if entry.rev != expected {
            let kind = if entry.rev > expected {
                Kind::Gap
            } else {
                Kind::Reorder
            };
            let text = format!(
                "the log of {room} has {} where {expected} belongs",
                entry.rev
            );
            return findings.add(2, kind, text);
        }
        expected = expected.next();
        posted += u64::from(matches!(entry.change, Change::Posted { .. }));
        if entry.posted != posted {
            let text = format!(
                "{room}/{} counts {} posts, and {posted} were posted",
                entry.rev, entry.posted
            );
            return findings.add(2, Kind::Miscount, text);
        }
    }
}

fn once(room: RoomId, log: &[&Entry], findings: &mut Findings) {
    let mut ops: HashMap<OpId, Rev> = HashMap::new();
    let mut messages = HashSet::new();
    for entry in log {
        if let Some(first) = ops.insert(entry.op, entry.rev) {
            let text = format!(
                "operation {} stands in {room} at {first} and at {}",
                entry.op, entry.rev
            );
            findings.add(2, Kind::Duplicate, text);
        } else if let Change::Posted { message, .. } = &entry.change
            && !messages.insert(*message)
        {
            let text = format!(
                "message {message} was posted in {room} again at {}",
                entry.rev
            );
            findings.add(2, Kind::Duplicate, text);
        }
    }
}

/// Nothing stands in the log that nobody sent, or that was refused for certain.
fn asked_for(facts: &Facts<'_>, log: &[&Entry], findings: &mut Findings) {
    for entry in log {
        let (room, rev) = (entry.room, entry.rev);
        if !is_from_an_op(&entry.change) {
            continue;
        }
        let Some(op) = facts.find_op(entry.op) else {
            let text = format!("{room}/{rev} is operation {}, which nobody sent", entry.op);
            findings.add(2, Kind::Phantom, text);
            continue;
        };
        if let Some(refusal) = op.certainly_refused() {
            let text = format!(
                "{room}/{rev} is operation {}, which was refused ({})",
                op.id, refusal.code
            );
            findings.add(2, Kind::Phantom, text);
        }
        if facts.user(op.who) != Some(entry.by) || op.room != room || !matches_ask(op.ask, entry) {
            let text = format!("{room}/{rev} is not what operation {} asked for", op.id);
            findings.add(2, Kind::Disagreement, text);
        }
    }
}

fn is_from_an_op(change: &Change) -> bool {
    matches!(
        change,
        Change::Posted { .. }
            | Change::Edited { .. }
            | Change::Deleted { .. }
            | Change::Reacted { .. }
    )
}

/// Texts are compared elsewhere: the log shows what is still readable, not what was sent.
pub fn matches_ask(ask: &Ask, entry: &Entry) -> bool {
    match (ask, &entry.change) {
        (Ask::Post { .. }, Change::Posted { message, .. }) => message.uuid() == entry.op.0,
        (Ask::Edit { message: asked, .. }, Change::Edited { message, .. })
        | (Ask::Delete { message: asked }, Change::Deleted { message })
        | (Ask::React { message: asked, .. }, Change::Reacted { message, .. }) => asked == message,
        _ => false,
    }
}

fn acknowledged(facts: &Facts<'_>, findings: &mut Findings) {
    if facts.log.is_empty() {
        return;
    }
    for op in &facts.ops {
        let Some(acked) = op.acked else { continue };
        let place = facts.places.get(&op.id);
        if place.is_none() && !changes_nothing(facts, op) {
            let text = format!(
                "operation {} of client {} in {} was acknowledged at {} and is not in the log",
                op.id,
                op.who,
                op.room,
                super::seconds(acked)
            );
            findings.add(1, Kind::Lost, text);
        }
    }
}

/// A reaction that is there already, or that is taken back without being there, changes nothing
/// and leaves no event.
fn changes_nothing(facts: &Facts<'_>, op: &Op<'_>) -> bool {
    let Ask::React { message, emoji, on } = op.ask else {
        return false;
    };
    let by = facts.user(op.who);
    let given = |wanted: bool| {
        facts.log.get(&op.room).into_iter().flatten().any(|entry| {
            Some(entry.by) == by
                && matches!(&entry.change, Change::Reacted { message: m, emoji: e, on: o }
                    if m == message && e == emoji && *o == wanted)
        })
    };
    given(*on) || (!on && !given(true))
}

/// One client's operations in one room stand in the order in which it first sent them. One that
/// was turned away for a moment and sent again later has given up its place.
fn own_order(facts: &Facts<'_>, findings: &mut Findings) {
    let mut last: HashMap<(Who, RoomId), (Rev, OpId)> = HashMap::new();
    for op in &facts.ops {
        let Some((room, rev)) = facts.places.get(&op.id) else {
            continue;
        };
        if !op.refusals.is_empty() {
            continue;
        }
        if let Some((before, earlier)) = last.insert((op.who, *room), (*rev, op.id))
            && before > *rev
        {
            let text = format!(
                "client {} sent {earlier} before {}, and {room} has them at {before} and {rev}",
                op.who, op.id
            );
            findings.add(4, Kind::Reorder, text);
        }
    }
}

/// What was sent after another's acknowledgement stands after it.
fn real_order(facts: &Facts<'_>, findings: &mut Findings) {
    let mut moments: Vec<(u64, bool, &Op<'_>)> = Vec::new();
    for op in &facts.ops {
        moments.push((op.first_sent, true, op));
        if let Some(acked) = op.acked {
            moments.push((acked, false, op));
        }
    }
    // At the same microsecond the send counts as the earlier: that accuses nobody wrongly.
    moments.sort_by_key(|(at, is_send, _)| (*at, !*is_send));
    let mut floors: HashMap<RoomId, (Rev, OpId)> = HashMap::new();
    for (_, is_send, op) in moments {
        let Some((room, rev)) = facts.places.get(&op.id) else {
            continue;
        };
        let floor = floors.entry(*room).or_insert((Rev::ZERO, op.id));
        if !is_send {
            *floor = (*floor).max((*rev, op.id));
        } else if *rev < floor.0 {
            let text = format!(
                "{} stands in {room} at {rev}, before {} at {}, after whose acknowledgement it was sent",
                op.id, floor.1, floor.0
            );
            findings.add(2, Kind::Reorder, text);
        }
    }
}
