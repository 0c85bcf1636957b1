//! What stands at the end follows from the log: texts, deletions, reactions, read positions and
//! unread counts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use protocol::{MessageId, Rev, RoomId, UserId};

use super::facts::Facts;
use super::{Findings, Kind};
use crate::check::history::{Ask, Change, Digest, Entry, Standing, What, Who};

#[derive(Default)]
struct Folded {
    rev: Rev,
    author: Option<UserId>,
    body: Option<Digest>,
    deleted: bool,
    reactions: BTreeSet<(String, UserId)>,
}

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    for (room, log) in &facts.log {
        let folded = fold(facts, log);
        let standing = facts.states.get(room).map_or(&[][..], Vec::as_slice);
        compare(*room, &folded, standing, findings);
    }
    read_positions(facts, findings);
}

/// The last text is taken from what was asked for, not from the log itself.
fn fold(facts: &Facts<'_>, log: &[&Entry]) -> BTreeMap<MessageId, Folded> {
    let mut messages: BTreeMap<MessageId, Folded> = BTreeMap::new();
    for entry in log {
        let asked = facts.find_op(entry.op).map(|op| op.ask);
        match (&entry.change, asked) {
            (Change::Posted { message, .. }, Some(Ask::Post { body })) => {
                messages.insert(
                    *message,
                    Folded {
                        rev: entry.rev,
                        author: Some(entry.by),
                        body: Some(*body),
                        ..Folded::default()
                    },
                );
            }
            (Change::Edited { message, .. }, Some(Ask::Edit { body, .. })) => {
                if let Some(folded) = messages.get_mut(message) {
                    folded.body = Some(*body);
                }
            }
            (Change::Deleted { message }, _) => {
                if let Some(folded) = messages.get_mut(message) {
                    folded.deleted = true;
                    folded.body = Some(Digest::of(""));
                    folded.reactions.clear();
                }
            }
            (Change::Reacted { message, .. }, Some(Ask::React { emoji, on, .. })) => {
                if let Some(folded) = messages.get_mut(message).filter(|folded| !folded.deleted) {
                    let reaction = (emoji.clone(), entry.by);
                    if *on {
                        folded.reactions.insert(reaction);
                    } else {
                        folded.reactions.remove(&reaction);
                    }
                }
            }
            _ => {}
        }
    }
    messages
}

fn compare(
    room: RoomId,
    folded: &BTreeMap<MessageId, Folded>,
    standing: &[&Standing],
    findings: &mut Findings,
) {
    let mut seen: HashMap<MessageId, Rev> = HashMap::new();
    for message in standing {
        if seen.insert(message.id, message.rev).is_some() {
            let text = format!("message {} is listed twice in {room}", message.id);
            findings.add(2, Kind::Duplicate, text);
            continue;
        }
        let Some(expected) = folded.get(&message.id) else {
            let text = format!("message {} of {room} is not in the log", message.id);
            findings.add(2, Kind::Phantom, text);
            continue;
        };
        let same_text = message.deleted == expected.deleted && Some(message.body) == expected.body;
        let same_place = message.rev == expected.rev && Some(message.author) == expected.author;
        if !same_text || !same_place {
            let text = format!(
                "message {} of {room} is not what the log makes it",
                message.id
            );
            findings.add(2, Kind::Disagreement, text);
        }
        if !expected.reactions.iter().eq(message.reactions.iter()) {
            let text = format!(
                "message {} of {room} has reactions that the log does not make",
                message.id
            );
            findings.add(2, Kind::Miscount, text);
        }
    }
    for (id, expected) in folded {
        // A deleted message may be left out of the list or stand there empty.
        if !seen.contains_key(id) && !expected.deleted {
            let text = format!("message {id} of {room} is in the log and not in the list");
            findings.add(1, Kind::Lost, text);
        }
    }
}

/// Read positions that were acknowledged stay, and unread is one subtraction in the log.
fn read_positions(facts: &Facts<'_>, findings: &mut Findings) {
    let mut acked: HashMap<(Who, RoomId), Rev> = HashMap::new();
    for record in facts.records {
        match &record.what {
            What::ReadAcked { room, rev } => {
                let position = acked.entry((record.who, *room)).or_default();
                *position = (*position).max(*rev);
            }
            What::Mine {
                room,
                head,
                read,
                unread,
            } => {
                let who = record.who;
                let promised = acked.get(&(who, *room)).copied().unwrap_or_default();
                if *read < promised {
                    let text = format!(
                        "client {who} had read {room} to {promised}, and the store says {read}"
                    );
                    findings.add(1, Kind::Lost, text);
                }
                let posted = |rev| facts.entry(*room, rev).map_or(0, |entry| entry.posted);
                let expected = posted(*head).saturating_sub(posted(*read));
                if facts.log.contains_key(room) && *unread != expected {
                    let text = format!(
                        "client {who} is told of {unread} unread in {room}, and the log makes it {expected} (read {read} of {head})"
                    );
                    findings.add(2, Kind::Miscount, text);
                }
                let end = facts.log.get(room).and_then(|log| log.last());
                if end.is_some_and(|last| last.rev != *head) {
                    let text = format!("{room} says that its head is {head}, and the log does not");
                    findings.add(2, Kind::Disagreement, text);
                }
            }
            _ => {}
        }
    }
}
