//! Promise 2 at the clients: every subscription is told everything after its start, once, in
//! order, and everybody is told the same.

use std::collections::{HashMap, HashSet};

use protocol::MessageId;

use super::facts::{Facts, Subscription};
use super::log::matches_ask;
use super::{Findings, Kind};
use crate::check::history::{Ask, Change, Digest, Entry};

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let texts = texts(facts);
    let mut accused = HashSet::new();
    for subscription in &facts.subscriptions {
        in_order(subscription, findings);
        for (_, entry) in &subscription.delivered {
            // One wrong event is one finding, however many were told of it.
            if accused.contains(&(entry.room, entry.rev)) {
                continue;
            }
            if let Some((kind, text)) = disagreement(facts, &texts, subscription, entry) {
                accused.insert((entry.room, entry.rev));
                findings.add(2, kind, text);
            }
        }
    }
}

fn in_order(subscription: &Subscription<'_>, findings: &mut Findings) {
    let mut expected = subscription.after.next();
    for (index, (at, entry)) in subscription.delivered.iter().enumerate() {
        let anew = subscription.resets.contains(&index) && entry.rev > expected;
        if entry.rev == expected || anew {
            expected = entry.rev.next();
            continue;
        }
        let known = subscription
            .delivered
            .iter()
            .take_while(|(_, earlier)| !std::ptr::eq(*earlier, *entry))
            .any(|(_, earlier)| earlier.rev == entry.rev);
        let kind = match (entry.rev > expected, known) {
            (true, _) => Kind::Gap,
            (false, true) => Kind::Duplicate,
            (false, false) => Kind::Reorder,
        };
        let text = format!(
            "client {} was told {} of {} where {expected} belongs, at {} (connection {}, subscription {}, after {})",
            subscription.who,
            entry.rev,
            subscription.room,
            super::seconds(*at),
            subscription.conn,
            subscription.sub,
            subscription.after
        );
        return findings.add(2, kind, text);
    }
}

/// Every text that a message was ever given.
fn texts(facts: &Facts<'_>) -> HashMap<MessageId, HashSet<Digest>> {
    let mut texts: HashMap<MessageId, HashSet<Digest>> = HashMap::new();
    for op in &facts.ops {
        let (message, body) = match op.ask {
            Ask::Post { body } => (MessageId::from(op.id), body),
            Ask::Edit { message, body } => (*message, body),
            Ask::Delete { .. } | Ask::React { .. } => continue,
        };
        texts.entry(message).or_default().insert(*body);
    }
    texts
}

fn disagreement(
    facts: &Facts<'_>,
    texts: &HashMap<MessageId, HashSet<Digest>>,
    subscription: &Subscription<'_>,
    entry: &Entry,
) -> Option<(Kind, String)> {
    let (room, rev, who) = (entry.room, entry.rev, subscription.who);
    if entry.room != subscription.room {
        let text = format!("client {who} was told of {room} by its subscription to another room");
        return Some((Kind::Leak, text));
    }
    if facts.log.contains_key(&room) {
        let Some(stored) = facts.entry(room, rev) else {
            let text = format!("client {who} was told {room}/{rev}, which is not in the log");
            return Some((Kind::Phantom, text));
        };
        if identity(stored) != identity(entry) {
            let text = format!(
                "client {who} was told {room}/{rev} as {}, and the log has {}",
                entry.op, stored.op
            );
            return Some((Kind::Disagreement, text));
        }
    }
    let text_is_known = match &entry.change {
        Change::Posted {
            message,
            body,
            deleted: false,
        } => texts.get(message).is_some_and(|known| known.contains(body)),
        Change::Edited { message, body } => {
            *body == Digest::of("") || texts.get(message).is_some_and(|known| known.contains(body))
        }
        _ => true,
    };
    let as_asked = facts
        .find_op(entry.op)
        .is_none_or(|op| matches_ask(op.ask, entry));
    if !text_is_known || !as_asked {
        let text = format!("client {who} was told {room}/{rev} with a text that nobody sent");
        return Some((Kind::Phantom, text));
    }
    None
}

/// What must be the same for everybody for ever; texts may have been edited or deleted since.
fn identity(entry: &Entry) -> impl PartialEq + use<> {
    let about = match &entry.change {
        Change::Created { .. } => ("created", None),
        Change::Posted { message, .. } => ("posted", Some(message.uuid())),
        Change::Edited { message, .. } => ("edited", Some(message.uuid())),
        Change::Deleted { message } => ("deleted", Some(message.uuid())),
        Change::Reacted { message, .. } => ("reacted", Some(message.uuid())),
        Change::Joined { user } => ("joined", Some(user.uuid())),
        Change::Gone { user } => ("gone", Some(user.uuid())),
        Change::Renamed => ("renamed", None),
        Change::Unknown => ("unknown", None),
    };
    (entry.op, entry.by, entry.posted, about)
}
