//! A person's rooms, each as that person sees it.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use futures::{TryStreamExt, join};
use mongodb::bson::{Bson, Uuid, doc};
use protocol::UserId;
use protocol::wire::{Message, RoomKind, User};

use super::Core;
use super::current::TRIES;
use super::documents::{Entry, Member, Room, bin, time};
use crate::store::{MyRoom, StoreResult};

impl Core {
    pub(super) async fn rooms_of(&self, user: UserId) -> StoreResult<Vec<MyRoom>> {
        let mut tries = 0;
        loop {
            let here = doc! { "_id.user": bin(user.as_bytes()), "here": true };
            let here = self.all.members.find(here).await?;
            let seats = here.try_collect::<Vec<_>>().await?;
            let rooms = self.rooms_with(&seats).await?;
            // What follows from the log is read after the room's document, or it could be older.
            let seats = seats.into_iter().map(|member| member.id.into());
            let seats = seats.collect::<Vec<Bson>>();
            let here = doc! { "_id": { "$in": seats }, "here": true };
            let here = self.all.members.find(here).await?;
            let here = here.try_collect::<Vec<_>>().await?;
            let mine = self.describe(&here, &rooms).await?;
            tries += 1;
            let behind = self.behind(&rooms).await?;
            if behind.is_empty() || tries >= TRIES {
                return Ok(mine);
            }
            for room in rooms {
                if behind.contains(&room.key) {
                    self.catch_up(room).await?;
                }
            }
        }
    }

    pub(super) async fn rooms_with(&self, members: &[Member]) -> StoreResult<Vec<Room>> {
        let keys = members
            .iter()
            .map(|member| member.id.room)
            .collect::<Vec<_>>();
        let there = doc! { "_id": { "$in": keys }, "gone": null, "applied": { "$gt": 0 } };
        Ok(self.all.rooms.find(there).await?.try_collect().await?)
    }

    /// The rooms from the side of these members, who are one person; those that are not in that
    /// person's list are left out. Latest activity first.
    pub(super) async fn describe(
        &self,
        members: &[Member],
        rooms: &[Room],
    ) -> StoreResult<Vec<MyRoom>> {
        let seats = members.iter().map(|member| (member.id.room, member));
        let seats = seats.collect::<HashMap<_, _>>();
        let mut shown = rooms
            .iter()
            .filter_map(|room| Some((room, *seats.get(&room.key)?)))
            .filter(|(room, member)| {
                room.kind != RoomKind::Direct || room.posted > 0 || member.opened
            })
            .collect::<Vec<_>>();
        shown.sort_by_key(|(room, member)| {
            Reverse((
                room.active_at,
                room.created_at,
                member.seat,
                room.key.bytes(),
            ))
        });
        let (peers, lasts, made) = join!(
            self.peers(&shown),
            self.last_messages(&shown),
            self.made(&shown)
        );
        let (mut peers, mut lasts, made) = (peers?, lasts?, made?);
        let described = shown.into_iter().map(|(room, member)| MyRoom {
            room: room.record(),
            peer: peers.remove(&room.key),
            mine: made.contains(&room.key),
            read: member.read(),
            active_at: time(room.active_at),
            last_message: lasts.remove(&room.key),
        });
        Ok(described.collect())
    }

    /// The other people of the direct rooms.
    async fn peers(&self, shown: &[(&Room, &Member)]) -> StoreResult<HashMap<Uuid, User>> {
        let direct = shown
            .iter()
            .filter(|(room, _)| room.kind == RoomKind::Direct);
        let (keys, me) = direct
            .map(|(room, member)| (room.key, member.id.user))
            .unzip::<_, _, Vec<_>, Vec<_>>();
        let Some(me) = me.first() else {
            return Ok(HashMap::new());
        };
        let both = doc! { "_id.room": { "$in": keys }, "here": true };
        let both = self
            .all
            .members
            .find(both)
            .await?
            .try_collect::<Vec<Member>>()
            .await?;
        let others = both.into_iter().filter(|member| member.id.user != *me);
        let others = others.map(|member| member.id).collect::<Vec<_>>();
        let ids = others.iter().map(|other| other.user).collect::<Vec<_>>();
        let users = self.users(&ids).await?;
        let peers = others.into_iter().filter_map(|other| {
            let user = users.get(&other.user)?;
            Some((other.room, user.clone()))
        });
        Ok(peers.collect())
    }

    /// Those that were made by the person whose rooms these are: their logs begin with them.
    async fn made(&self, shown: &[(&Room, &Member)]) -> StoreResult<HashSet<Uuid>> {
        let (keys, me) = shown
            .iter()
            .map(|(room, member)| (room.key, member.id.user))
            .unzip::<_, _, Vec<_>, Vec<_>>();
        let Some(me) = me.first() else {
            return Ok(HashSet::new());
        };
        let first = doc! { "room": { "$in": keys }, "rev": 1, "by": me };
        let first = self.all.log.find(first).await?;
        let first = first.try_collect::<Vec<Entry>>().await?;
        Ok(first.into_iter().map(|line| line.room).collect())
    }

    async fn last_messages(
        &self,
        shown: &[(&Room, &Member)],
    ) -> StoreResult<HashMap<Uuid, Message>> {
        let lasts = shown
            .iter()
            .filter_map(|(room, _)| room.last)
            .collect::<Vec<_>>();
        if lasts.is_empty() {
            return Ok(HashMap::new());
        }
        let lines = self
            .all
            .log
            .find(doc! { "message": { "$in": lasts } })
            .await?;
        let lines = lines.try_collect::<Vec<Entry>>().await?;
        let rooms = lines.iter().map(|line| line.room).collect::<Vec<_>>();
        let messages = self.messages_of(&lines).await?;
        Ok(rooms.into_iter().zip(messages).collect())
    }
}
