//! The rooms' logs, as they are read.

use std::ops::RangeInclusive;

use async_trait::async_trait;
use futures::{TryStreamExt, join};
use mongodb::bson::{Document, doc};
use protocol::wire::{Event, Message};
use protocol::{MessageId, Rev, RoomId};

use super::documents::{Entry, Room, bin, count, int, limited};
use super::plan::Authority;
use super::{Core, MongoStore};
use crate::store::{Append, Appended, Head, Log, Messages, NOTES, Refusal, Span, StoreResult};

#[async_trait]
impl Log for MongoStore {
    async fn append(
        &self,
        room: RoomId,
        batch: Vec<Append>,
    ) -> StoreResult<Vec<Result<Appended, Refusal>>> {
        self.call(move |core| async move { core.append(room, &batch, Authority::Theirs).await })
            .await
    }

    async fn events(&self, room: RoomId, after: Rev, limit: usize) -> StoreResult<Vec<Event>> {
        self.call(move |core| async move { core.events(room, after, limit).await })
            .await
    }

    async fn messages(&self, room: RoomId, span: Span, limit: usize) -> StoreResult<Messages> {
        self.call(move |core| async move { core.messages(room, span, limit).await })
            .await
    }

    async fn message(&self, room: RoomId, message: MessageId) -> StoreResult<Option<Message>> {
        self.call(move |core| async move { core.message(room, message).await })
            .await
    }

    async fn heads(&self, rooms: &[RoomId]) -> StoreResult<Vec<(RoomId, Head)>> {
        let rooms = rooms.to_vec();
        self.call(move |core| async move { core.heads(&rooms).await })
            .await
    }
}

/// Which messages of a room, and in which direction from there.
#[derive(Clone, Copy)]
enum Run {
    Before(Rev),
    From(Rev),
}

impl Core {
    async fn events(&self, id: RoomId, after: Rev, limit: usize) -> StoreResult<Vec<Event>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        let mut look = self.look(id);
        while let Some(room) = look.next().await? {
            let page = doc! {
                "room": room.key,
                "rev": { "$gt": int(after.0), "$lte": room.applied },
            };
            let page = self.all.log.find(page).sort(doc! { "rev": 1 });
            let lines = page
                .limit(limited(limit))
                .await?
                .try_collect::<Vec<_>>()
                .await?;
            events = self.events_of(&room, &lines).await?;
        }
        Ok(events)
    }

    async fn message(&self, id: RoomId, message: MessageId) -> StoreResult<Option<Message>> {
        let message = bin(message.as_bytes());
        let mut found = None;
        let mut look = self.look(id);
        while let Some(room) = look.next().await? {
            let place = doc! { "message": message, "room": room.key };
            let line = self.all.log.find_one(place).await?;
            found = self.messages_of(line.as_slice()).await?.pop();
        }
        Ok(found)
    }

    async fn messages(&self, id: RoomId, span: Span, limit: usize) -> StoreResult<Messages> {
        let mut messages = Messages {
            items: Vec::new(),
            head: Head::default(),
            older: false,
            newer: false,
            notes: Vec::new(),
        };
        let mut look = self.look(id);
        while let Some(room) = look.next().await? {
            messages = self.window(&room, span, limit).await?;
        }
        Ok(messages)
    }

    async fn window(&self, room: &Room, span: Span, limit: usize) -> StoreResult<Messages> {
        let head = room.head();
        // Where the span's edge is: with nothing found, all others are older or newer than that.
        let (edge, lines) = match span {
            Span::Latest => {
                let edge = head.rev.next();
                (edge, self.run(room, Run::Before(edge), limit).await?)
            }
            Span::Before(edge) => (edge, self.run(room, Run::Before(edge), limit).await?),
            Span::After(rev) => {
                let edge = Rev(rev.0.saturating_add(1));
                (edge, self.run(room, Run::From(edge), limit).await?)
            }
            Span::Around(edge) => {
                let before = limit / 2;
                let (lines, after) = join!(
                    self.run(room, Run::Before(edge), before),
                    self.run(room, Run::From(edge), limit - before)
                );
                let mut lines = lines?;
                lines.extend(after?);
                (edge, lines)
            }
        };
        let first = lines.first().map_or(int(edge.0), |line| line.rev);
        let last = lines.last().map(|line| line.rev.saturating_add(1));
        let last = last.unwrap_or(int(edge.0));
        let (items, older, newer) = join!(
            self.messages_of(&lines),
            self.any_message(room, doc! { "$lt": first }),
            self.any_message(room, doc! { "$gte": last, "$lte": room.applied })
        );
        let mut messages = Messages {
            items: items?,
            head,
            older: older?,
            newer: newer?,
            notes: Vec::new(),
        };
        messages.notes = self.notes(room, &messages.reach(span)).await?;
        Ok(messages)
    }

    /// Who came and went, and the room's names; of many the last.
    async fn notes(&self, room: &Room, within: &RangeInclusive<Rev>) -> StoreResult<Vec<Event>> {
        if within.is_empty() {
            return Ok(Vec::new());
        }
        let last = int(within.end().0).min(room.applied);
        let notes = doc! {
            "room": room.key,
            "rev": { "$gte": int(within.start().0), "$lte": last },
            "kind": { "$in": ["joined", "left", "removed", "renamed"] },
        };
        let notes = self.all.log.find(notes).sort(doc! { "rev": -1 });
        let notes = notes.limit(limited(NOTES)).await?;
        let mut lines = notes.try_collect::<Vec<_>>().await?;
        lines.reverse();
        self.events_of(room, &lines).await
    }

    /// The nearest messages, oldest first, none of them newer than the room's document.
    async fn run(&self, room: &Room, run: Run, limit: usize) -> StoreResult<Vec<Entry>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let (revs, direction) = match run {
            Run::Before(edge) => {
                let end = int(edge.0).min(room.applied.saturating_add(1));
                (doc! { "$lt": end }, -1)
            }
            Run::From(edge) => (doc! { "$gte": int(edge.0), "$lte": room.applied }, 1),
        };
        let page = self.all.log.find(messages_at(room, revs));
        let page = page.sort(doc! { "rev": direction }).limit(limited(limit));
        let mut lines = page.await?.try_collect::<Vec<_>>().await?;
        if matches!(run, Run::Before(_)) {
            lines.reverse();
        }
        Ok(lines)
    }

    async fn any_message(&self, room: &Room, revs: Document) -> StoreResult<bool> {
        let found = self.all.log.find_one(messages_at(room, revs));
        Ok(found.await?.is_some())
    }

    async fn heads(&self, ids: &[RoomId]) -> StoreResult<Vec<(RoomId, Head)>> {
        let mut heads = std::collections::HashMap::new();
        for ids in ids.chunks(500) {
            let ids = ids.iter().map(|id| bin(id.as_bytes())).collect::<Vec<_>>();
            let found = self.all.rooms.find(doc! { "room": { "$in": ids } }).await?;
            let found = found.try_collect::<Vec<Room>>().await?;
            let behind = self.behind(&found).await?;
            for mut room in found {
                if behind.contains(&room.key) {
                    room = self.catch_up(room).await?;
                }
                if count(room.applied) > 0 {
                    heads.insert(room.id(), room.head());
                }
            }
        }
        let known = ids.iter().filter_map(|id| Some((*id, *heads.get(id)?)));
        Ok(known.collect())
    }
}

fn messages_at(room: &Room, revs: Document) -> Document {
    doc! { "room": room.key, "kind": "posted", "rev": revs }
}
