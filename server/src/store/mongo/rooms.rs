//! Rooms, who is in them, and how far each has read.

use std::collections::HashMap;

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::bson::{Uuid, doc};
use protocol::wire::User;
use protocol::{Rev, RoomId, UserId};
use serde::Deserialize;

use super::documents::{Entry, Member, Person, Room, bin, count, id, int, limited};
use super::{Core, MongoStore};
use crate::store::{
    Appended, Marked, MemberRecord, MyRoom, ReadMark, Refusal, RoomDraft, RoomRecord, Rooms,
    StoreResult,
};

#[async_trait]
impl Rooms for MongoStore {
    async fn create_room(&self, room: RoomDraft) -> StoreResult<Result<Appended, Refusal>> {
        self.call(move |core| async move { core.create_room(room).await })
            .await
    }

    async fn room(&self, room: RoomId) -> StoreResult<Option<RoomRecord>> {
        self.call(move |core| async move {
            let room = core.current(room).await?;
            Ok(room.map(|room| room.record()))
        })
        .await
    }

    async fn delete_room(&self, room: RoomId) -> StoreResult<()> {
        self.chore(move |core| async move { core.delete_room(room).await })
            .await
    }

    async fn rooms_of(&self, user: UserId) -> StoreResult<Vec<MyRoom>> {
        self.call(move |core| async move { core.rooms_of(user).await })
            .await
    }

    async fn my_room(&self, room: RoomId, user: UserId) -> StoreResult<Option<MyRoom>> {
        self.call(move |core| async move { core.my_room(room, user).await })
            .await
    }

    async fn is_member(&self, room: RoomId, user: UserId) -> StoreResult<bool> {
        self.call(move |core| async move {
            let mut member = None;
            let mut look = core.look(room);
            while let Some(room) = look.next().await? {
                member = core.member(&room, user).await?;
            }
            Ok(member.is_some())
        })
        .await
    }

    async fn in_many_rooms(&self, users: &[UserId], many: usize) -> StoreResult<Vec<UserId>> {
        let users = users.iter().map(|user| bin(user.as_bytes()));
        let users = users.collect::<Vec<_>>();
        self.call(move |core| async move { core.in_many_rooms(users, many).await })
            .await
    }

    async fn members(
        &self,
        room: RoomId,
        after: Option<UserId>,
        limit: usize,
    ) -> StoreResult<Vec<MemberRecord>> {
        self.call(move |core| async move {
            let mut page = Vec::new();
            let mut look = core.look(room);
            while let Some(room) = look.next().await? {
                page = core.page(&room, after, limit).await?;
            }
            Ok(page)
        })
        .await
    }

    async fn mark_read(
        &self,
        room: RoomId,
        user: UserId,
        rev: Rev,
    ) -> StoreResult<Result<Marked, Refusal>> {
        self.call(move |core| async move { core.mark_read(room, user, rev).await })
            .await
    }
}

/// Someone whose rooms were counted.
#[derive(Deserialize)]
struct Counted {
    #[serde(rename = "_id")]
    user: Uuid,
}

impl Core {
    async fn in_many_rooms(&self, users: Vec<Uuid>, many: usize) -> StoreResult<Vec<UserId>> {
        let steps = [
            doc! { "$match": { "_id.user": { "$in": users }, "here": true } },
            doc! { "$group": { "_id": "$_id.user", "rooms": { "$sum": 1_i64 } } },
            doc! { "$match": { "rooms": { "$gte": limited(many) } } },
        ];
        let found = self.all.members.aggregate(steps).with_type::<Counted>();
        let found = found.await?.try_collect::<Vec<_>>().await?;
        Ok(found.into_iter().map(|counted| id(counted.user)).collect())
    }

    pub(super) async fn member(&self, room: &Room, user: UserId) -> StoreResult<Option<Member>> {
        let member = doc! { "room": room.key, "user": bin(user.as_bytes()) };
        let found = self
            .all
            .members
            .find_one(doc! { "_id": member, "here": true });
        Ok(found.await?)
    }

    pub(super) async fn users(&self, ids: &[Uuid]) -> StoreResult<HashMap<Uuid, User>> {
        let found = self
            .all
            .users
            .find(doc! { "_id": { "$in": ids.to_vec() } })
            .await?;
        let found = found.try_collect::<Vec<Person>>().await?;
        Ok(found
            .into_iter()
            .map(|person| (person.id, person.user()))
            .collect())
    }

    async fn page(
        &self,
        room: &Room,
        after: Option<UserId>,
        limit: usize,
    ) -> StoreResult<Vec<MemberRecord>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        // Whoever was named and has left since has no seat any more; then all are told again.
        let seat = match after {
            Some(user) => self.member(room, user).await?.map(|member| member.seat),
            None => None,
        };
        let later = doc! {
            "_id.room": room.key,
            "here": true,
            "seat": { "$gt": seat.unwrap_or(0) },
        };
        let page = self.all.members.find(later).sort(doc! { "seat": 1 });
        let page = page
            .limit(limited(limit))
            .await?
            .try_collect::<Vec<_>>()
            .await?;
        let ids = page.iter().map(|member| member.id.user).collect::<Vec<_>>();
        let users = self.users(&ids).await?;
        let records = page.into_iter().filter_map(|member| {
            Some(MemberRecord {
                user: users.get(&member.id.user)?.clone(),
                read: member.read().rev,
            })
        });
        Ok(records.collect())
    }

    async fn mark_read(
        &self,
        id: RoomId,
        user: UserId,
        rev: Rev,
    ) -> StoreResult<Result<Marked, Refusal>> {
        let Some(room) = self.current(id).await? else {
            return Ok(Err(Refusal::NoSuchRoom));
        };
        let Some(member) = self.member(&room, user).await? else {
            return Ok(Err(Refusal::NotMember));
        };
        let current = member.read();
        let asked = self.mark_at(&room, rev).await?;
        let marked = |mark| Marked {
            mark,
            members: room.record().members,
        };
        if asked.rev <= current.rev {
            return Ok(Ok(marked(current)));
        }
        let forward = doc! {
            "_id": { "room": room.key, "user": member.id.user },
            "here": true,
            "read_rev": { "$lt": int(asked.rev.0) },
        };
        let mark = doc! {
            "read_rev": int(asked.rev.0),
            "read_posted": int(asked.posted),
        };
        let moved = self.all.members.update_one(forward, doc! { "$set": mark });
        if moved.await?.matched_count > 0 {
            return Ok(Ok(marked(asked)));
        }
        // Another device of theirs has read further by now, or they have left.
        let now = self.member(&room, user).await?;
        let now = now.map(|member| marked(member.read()));
        Ok(now.ok_or(Refusal::NotMember))
    }

    /// What had been posted by then.
    async fn mark_at(&self, room: &Room, rev: Rev) -> StoreResult<ReadMark> {
        let head = room.head();
        if rev >= head.rev {
            return Ok(ReadMark {
                rev: head.rev,
                posted: head.posted,
            });
        }
        let place = doc! { "room": room.key, "rev": int(rev.0) };
        let line: Option<Entry> = self.all.log.find_one(place).await?;
        Ok(line.map_or(ReadMark::default(), |line| ReadMark {
            rev,
            posted: count(line.posted),
        }))
    }

    async fn my_room(&self, room: RoomId, user: UserId) -> StoreResult<Option<MyRoom>> {
        let mut mine = None;
        let mut look = self.look(room);
        while let Some(room) = look.next().await? {
            mine = match self.member(&room, user).await? {
                Some(member) => self.describe(&[member], &[room]).await?.pop(),
                None => None,
            };
        }
        Ok(mine)
    }
}
