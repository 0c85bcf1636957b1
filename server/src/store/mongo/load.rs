//! Reads what a batch can ask about a room.

use std::collections::HashSet;

use futures::{TryStreamExt, try_join};
use mongodb::bson::{Document, Uuid, doc};

use super::Core;
use super::documents::{Entry, Member, Person, ReactionDoc, Room, bin, id};
use super::plan::{State, Target};
use crate::store::{Append, Change, StoreResult};

/// Whom and what a batch names.
#[derive(Default)]
struct Named {
    ops: HashSet<Uuid>,
    people: HashSet<Uuid>,
    messages: HashSet<Uuid>,
    reacted_to: HashSet<Uuid>,
}

impl Named {
    fn by(batch: &[Append]) -> Self {
        let mut named = Self::default();
        for append in batch {
            named.ops.insert(bin(append.op.as_bytes()));
            named.people.insert(bin(append.by.as_bytes()));
            match &append.change {
                Change::Post { reply_to, .. } => {
                    named
                        .messages
                        .extend(reply_to.map(|message| bin(message.as_bytes())));
                }
                Change::Edit { message, .. } | Change::Delete { message } => {
                    named.messages.insert(bin(message.as_bytes()));
                }
                Change::React { message, .. } => {
                    named.messages.insert(bin(message.as_bytes()));
                    named.reacted_to.insert(bin(message.as_bytes()));
                }
                Change::Join { user } | Change::Remove { user } => {
                    named.people.insert(bin(user.as_bytes()));
                }
                Change::Leave | Change::Rename { .. } => {}
            }
        }
        named
    }
}

fn any(of: &HashSet<Uuid>) -> Document {
    doc! { "$in": of.iter().copied().collect::<Vec<_>>() }
}

impl Core {
    /// The documents may be of a later rev than the room's; then the insert that is planned on
    /// them fails, since somebody wrote that rev.
    pub(super) async fn load(&self, room: Room, batch: &[Append]) -> StoreResult<State> {
        let named = Named::by(batch);
        let people = async {
            let found = self
                .all
                .users
                .find(doc! { "_id": any(&named.people) })
                .await?;
            StoreResult::Ok(found.try_collect::<Vec<Person>>().await?)
        };
        let members = async {
            let here = doc! {
                "_id.user": any(&named.people),
                "_id.room": room.key,
                "here": true,
            };
            let found = self.all.members.find(here).await?;
            StoreResult::Ok(found.try_collect::<Vec<Member>>().await?)
        };
        let messages = async {
            if named.messages.is_empty() {
                return Ok(Vec::new());
            }
            let here = doc! { "message": any(&named.messages), "room": room.key };
            let found = self.all.log.find(here).await?;
            StoreResult::Ok(found.try_collect::<Vec<Entry>>().await?)
        };
        let reactions = async {
            if named.reacted_to.is_empty() {
                return Ok(Vec::new());
            }
            let on = doc! {
                "_id.room": room.key,
                "_id.message": any(&named.reacted_to),
                "on": true,
            };
            let found = self.all.reactions.find(on).await?;
            StoreResult::Ok(found.try_collect::<Vec<ReactionDoc>>().await?)
        };
        let seen = self.seen(&room, &named.ops);
        let (people, members, messages, reactions, seen) =
            try_join!(people, members, messages, reactions, seen)?;
        Ok(State {
            people: people.into_iter().map(|it| (id(it.id), it.state)).collect(),
            members: members.into_iter().map(|it| id(it.id.user)).collect(),
            messages: messages
                .into_iter()
                .filter_map(|it| {
                    let target = Target {
                        author: id(it.by),
                        body: it.body,
                    };
                    it.message.map(|message| (id(message), target))
                })
                .collect(),
            reactions: reactions
                .into_iter()
                .map(|ReactionDoc { id: of, .. }| (id(of.message), of.emoji, id(of.user)))
                .collect(),
            seen,
            room,
        })
    }

    /// The lines that have one of these ops. Those of rooms that are gone are in nobody's way.
    async fn seen(&self, room: &Room, ops: &HashSet<Uuid>) -> StoreResult<Vec<Entry>> {
        let found = self.all.log.find(doc! { "op": any(ops) }).await?;
        let mut seen = found.try_collect::<Vec<Entry>>().await?;
        let others = seen
            .iter()
            .map(|line| line.room)
            .filter(|other| *other != room.key);
        let others = others.collect::<HashSet<_>>();
        if !others.is_empty() {
            let gone = self.sweep_gone(&others).await?;
            seen.retain(|line| !gone.contains(&line.room));
        }
        Ok(seen)
    }
}
