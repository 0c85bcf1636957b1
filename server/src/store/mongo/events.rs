//! From the log's lines to events and messages as they read now.

use std::collections::{HashMap, HashSet};

use futures::{TryStreamExt, join};
use mongodb::bson::{Uuid, doc};
use protocol::wire::{Edit, Event, EventKind, Message, MessageRef};
use protocol::{Rev, UserId};

use super::Core;
use super::documents::{Entry, Kind, ReactionDoc, Room, count, gather, id, time};
use crate::store::{StoreError, StoreResult};

impl Core {
    /// The lines as events, in their order. What they say of a message is what it is now.
    pub(super) async fn events_of(&self, room: &Room, lines: &[Entry]) -> StoreResult<Vec<Event>> {
        let (posted, edited) = join!(self.messages_of(lines), self.edited_by(lines));
        let (mut posted, edited) = (posted?.into_iter(), edited?);
        lines
            .iter()
            .map(|line| {
                let kind = match line.kind {
                    Kind::Posted => posted.next().map(|message| EventKind::Posted { message }),
                    Kind::Edited => edited_kind(line, &edited),
                    _ => other_kind(line),
                };
                let kind = kind.ok_or_else(|| {
                    let (room, rev) = (room.id(), line.rev);
                    StoreError::Corrupt(format!("event {rev} of room {room} lacks a part"))
                })?;
                Ok(Event {
                    room: room.id(),
                    rev: Rev(count(line.rev)),
                    at: time(line.at),
                    by: id(line.by),
                    op: id(line.op.id),
                    posted: count(line.posted),
                    kind,
                })
            })
            .collect()
    }

    /// Those of the lines that are messages, with their reactions.
    pub(super) async fn messages_of(&self, lines: &[Entry]) -> StoreResult<Vec<Message>> {
        let alive = lines.iter().filter(|line| line.body.is_some());
        let alive = alive.filter_map(|line| Some((line.room, line.message?)));
        let (rooms, alive) = alive.unzip::<_, _, HashSet<_>, Vec<_>>();
        let mut reactions = HashMap::<Uuid, Vec<ReactionDoc>>::new();
        if !alive.is_empty() {
            let on = doc! {
                "_id.room": { "$in": rooms.into_iter().collect::<Vec<_>>() },
                "_id.message": { "$in": alive },
                "on": true,
            };
            let found = self
                .all
                .reactions
                .find(on)
                .sort(doc! { "since": 1 })
                .await?;
            for reaction in found.try_collect::<Vec<_>>().await? {
                reactions
                    .entry(reaction.id.message)
                    .or_default()
                    .push(reaction);
            }
        }
        let messages = lines.iter().filter_map(|line| {
            let under = line.message.and_then(|message| reactions.get(&message));
            Some(Message {
                reactions: gather(under.into_iter().flatten()),
                ..line.as_message()?
            })
        });
        Ok(messages.collect())
    }

    async fn edited_by(&self, lines: &[Entry]) -> StoreResult<HashMap<Uuid, Entry>> {
        let edits = lines.iter().filter(|line| line.kind == Kind::Edited);
        let edited = edits.filter_map(|line| line.of).collect::<HashSet<_>>();
        if edited.is_empty() {
            return Ok(HashMap::new());
        }
        let edited = edited.into_iter().collect::<Vec<_>>();
        let found = self
            .all
            .log
            .find(doc! { "message": { "$in": edited } })
            .await?;
        let found = found.try_collect::<Vec<_>>().await?;
        let by_id = found
            .into_iter()
            .filter_map(|entry| Some((entry.message?, entry)));
        Ok(by_id.collect())
    }
}

fn edited_kind(line: &Entry, edited: &HashMap<Uuid, Entry>) -> Option<EventKind> {
    let message = edited.get(&line.of?)?.as_message()?;
    Some(EventKind::Edited {
        message: Edit {
            id: message.id,
            body: message.body,
            // A deleted message has forgotten when it was edited.
            edited_at: message.edited_at.unwrap_or(time(line.at)),
        },
    })
}

/// What needs nothing but the line.
fn other_kind(line: &Entry) -> Option<EventKind> {
    let message = || line.of.map(|of| MessageRef { id: id(of) });
    let user = || line.user.map(id::<UserId>);
    Some(match line.kind {
        Kind::Created => EventKind::Created {
            kind: line.room_kind?,
            name: line.name.clone(),
            members: line.members.iter().flatten().copied().map(id).collect(),
        },
        Kind::Deleted => EventKind::Deleted {
            message: message()?,
        },
        Kind::Reacted | Kind::Unreacted => EventKind::Reacted {
            message: message()?,
            emoji: line.emoji.clone()?,
            on: line.kind == Kind::Reacted,
        },
        Kind::Joined => EventKind::Joined { user: user()? },
        Kind::Left => EventKind::Left { user: user()? },
        Kind::Removed => EventKind::Removed { user: user()? },
        Kind::Renamed => EventKind::Renamed {
            name: line.name.clone()?,
        },
        Kind::Unknown => EventKind::Unknown,
        Kind::Posted | Kind::Edited => return None,
    })
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{DateTime, deserialize_from_document, oid::ObjectId};

    use super::*;

    #[test]
    fn a_line_of_an_unknown_kind_is_an_event_and_no_message() {
        let (user, message) = (Uuid::from_bytes([1; 16]), Uuid::from_bytes([2; 16]));
        let line = doc! {
            "_id": ObjectId::new(), "room": Uuid::from_bytes([3; 16]), "rev": 7_i64,
            "at": DateTime::from_millis(0), "by": user, "op": { "id": message, "by": user },
            "posted": 4_i64, "kind": "polled", "message": message, "body": "?", "votes": [1, 2],
        };
        let line = deserialize_from_document::<Entry>(line).unwrap();
        assert_eq!((line.rev, line.posted, line.kind), (7, 4, Kind::Unknown));
        assert_eq!(other_kind(&line), Some(EventKind::Unknown));
        assert_eq!(line.as_message(), None);
    }
}
