//! Reads what a batch can ask about a room.

use std::collections::HashSet;

use futures::{TryStreamExt, join};
use mongodb::bson::{Bson, Document, Uuid, doc};

use super::Core;
use super::documents::{Entry, Member, MemberId, Op, Person, ReactionDoc, Room, bin, id};
use super::plan::{State, Target};
use crate::store::{Append, Change, StoreResult};

/// Whom and what a batch names.
#[derive(Default)]
struct Named {
    ops: HashSet<Op>,
    people: HashSet<Uuid>,
    /// Those that are there, and those that are to be.
    messages: HashSet<Uuid>,
    reacted_to: HashSet<Uuid>,
}

impl Named {
    fn by(batch: &[Append]) -> Self {
        let mut named = Self::default();
        for append in batch {
            named.ops.insert(Op::of(append));
            named.people.insert(bin(append.by.as_bytes()));
            match &append.change {
                Change::Post { reply_to, .. } => {
                    named.messages.insert(bin(append.op.as_bytes()));
                    let reply_to = reply_to.map(|message| bin(message.as_bytes()));
                    named.messages.extend(reply_to);
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

fn any<T: Copy + Into<Bson>>(of: &HashSet<T>) -> Document {
    doc! { "$in": of.iter().map(|one| (*one).into()).collect::<Vec<Bson>>() }
}

impl Core {
    /// The documents may be of a later rev than the room's; then the insert that is planned on
    /// them fails, since somebody wrote that rev.
    pub(super) async fn load(&self, room: Room, batch: &[Append]) -> StoreResult<State> {
        let named = Named::by(batch);
        let people = async {
            let people = doc! { "_id": any(&named.people) };
            let found = self.all.users.find(people).await?;
            StoreResult::Ok(found.try_collect::<Vec<Person>>().await?)
        };
        let seats = named.people.iter().map(|user| MemberId {
            room: room.key,
            user: *user,
        });
        let seats = seats.map(Bson::from).collect::<Vec<_>>();
        let members = async {
            let here = doc! { "_id": { "$in": seats }, "here": true };
            let found = self.all.members.find(here).await?;
            StoreResult::Ok(found.try_collect::<Vec<Member>>().await?)
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
        let (people, members, reactions, seen) =
            join!(people, members, reactions, self.seen(&room, &named));
        let (people, members, reactions, seen) = (people?, members?, reactions?, seen?);
        let here = seen.iter().filter(|line| line.room == room.key);
        Ok(State {
            people: people.into_iter().map(|it| (id(it.id), it.state)).collect(),
            members: members.into_iter().map(|it| id(it.id.user)).collect(),
            messages: here
                .filter_map(|line| {
                    let target = Target {
                        author: id(line.op.by),
                        body: line.body.clone(),
                    };
                    Some((id(line.message?), target))
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

    /// The lines that the batch names: those of its operations, and messages. Those of rooms that
    /// are gone are in nobody's way.
    async fn seen(&self, room: &Room, named: &Named) -> StoreResult<Vec<Entry>> {
        let operations = async {
            let found = self.all.log.find(doc! { "op": any(&named.ops) }).await?;
            StoreResult::Ok(found.try_collect::<Vec<Entry>>().await?)
        };
        let messages = async {
            if named.messages.is_empty() {
                return Ok(Vec::new());
            }
            let found = doc! { "message": any(&named.messages) };
            let found = self.all.log.find(found).await?;
            StoreResult::Ok(found.try_collect::<Vec<Entry>>().await?)
        };
        let (seen, messages) = join!(operations, messages);
        let mut seen = seen?;
        seen.extend(messages?);
        let others = seen.iter().map(|line| line.room);
        let others = others.filter(|other| *other != room.key);
        let others = others.collect::<HashSet<_>>();
        if !others.is_empty() {
            let gone = self.sweep_gone(&others).await?;
            seen.retain(|line| !gone.contains(&line.room));
        }
        Ok(seen)
    }
}
