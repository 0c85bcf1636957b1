//! Accounts are erased, in steps that any node can take up.
//!
//! An append that began before the account was closed may come in after its messages were deleted,
//! since the account and the room are two documents. So a closed account is watched for a day: if
//! anything of it is found, it is `closing` once more, and the domain goes on with it as with any
//! deletion that was interrupted.

use std::collections::HashSet;
use std::sync::Arc;

use futures::TryStreamExt;
use mongodb::bson::{Uuid, doc};
use protocol::wire::RoomKind;
use protocol::{MessageId, OpId, RoomId, Timestamp, UserId};

use super::Core;
use super::burial::WATCHED;
use super::documents::{
    Entry, Member, NOT_YET, Person, ReactionDoc, Room, Standing, bin, date, id, limited, time,
};
use super::plan::Authority;
use crate::store::{Append, Change, StoreResult};

impl Core {
    /// A log-in that is under way looks at the account after it has opened its session, and this
    /// removes the sessions after it has closed the account; one of the two sees the other.
    pub(super) async fn close_account(&self, user: UserId) -> StoreResult<()> {
        let user = bin(user.as_bytes());
        let closing = doc! {
            "$set": {
                "username": "",
                "display_name": "",
                "folded_display_name": "",
                "password_hash": "",
                "state": "closing",
            },
            "$unset": { "folded": "" },
        };
        let open = doc! { "_id": user, "state": "open" };
        self.all.users.update_one(open, closing).await?;
        let account = self.all.users.find_one(doc! { "_id": user }).await?;
        if account.is_some_and(|account| account.state != Standing::Open) {
            self.end_all(doc! { "user": user }).await?;
        }
        Ok(())
    }

    pub(super) async fn closing_accounts(&self) -> StoreResult<Vec<UserId>> {
        let closing = self.all.users.find(doc! { "state": "closing" }).await?;
        let closing = closing.try_collect::<Vec<Person>>().await?;
        Ok(closing.into_iter().map(|account| id(account.id)).collect())
    }

    pub(super) async fn messages_by(
        &self,
        author: UserId,
        limit: usize,
    ) -> StoreResult<Vec<(RoomId, MessageId)>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        loop {
            let written = self.all.log.find(doc! { "author": bin(author.as_bytes()) });
            let written = written.limit(limited(limit)).await?;
            let lines = written.try_collect::<Vec<Entry>>().await?;
            let keys = lines.iter().map(|line| line.room).collect::<HashSet<_>>();
            // What came late into a deleted room must not stand in the way of the others.
            if self.sweep_gone(&keys).await?.is_empty() {
                return self.named(&lines).await;
            }
        }
    }

    async fn named(&self, lines: &[Entry]) -> StoreResult<Vec<(RoomId, MessageId)>> {
        let keys = lines.iter().map(|line| line.room).collect::<Vec<_>>();
        let rooms = self
            .all
            .rooms
            .find(doc! { "_id": { "$in": keys }, "gone": null })
            .await?;
        let rooms = rooms.try_collect::<Vec<Room>>().await?;
        let place = |line: &Entry| {
            let room = rooms.iter().find(|room| room.key == line.room)?;
            Some((room.id(), id(line.message?)))
        };
        Ok(lines.iter().filter_map(place).collect())
    }

    /// Reactions are taken back and groups are left by events, like anything that changes a room:
    /// whoever replays the log arrives at what the store holds. Direct rooms stay with the other
    /// person, with nobody's name on the other side.
    pub(super) async fn finish_closing(self: &Arc<Self>, user: UserId) -> StoreResult<()> {
        let account = bin(user.as_bytes());
        let closing = doc! { "_id": account, "state": "closing" };
        if self.all.users.find_one(closing.clone()).await?.is_none() {
            return Ok(());
        }
        // Whoever reacted in a room is a member or has been.
        let ever = self.all.members.find(doc! { "_id.user": account }).await?;
        let ever = ever.try_collect::<Vec<Member>>().await?;
        for room in self.rooms_with(&ever).await? {
            if let Some(room) = self.current(room.id()).await? {
                self.withdraw(&room, user).await?;
            }
        }
        self.end_all(doc! { "user": account }).await?;
        let closed = doc! { "state": "closed", "created_at": NOT_YET, "watched": NOT_YET };
        self.all
            .users
            .update_one(closing, doc! { "$set": closed })
            .await?;
        Ok(())
    }

    /// The store speaks for someone who is gone: at the time of the room's latest event, under
    /// ids that follow from what is taken back, so that a repetition adds nothing.
    async fn withdraw(self: &Arc<Self>, room: &Room, user: UserId) -> StoreResult<()> {
        let append = |what: String, change| Append {
            by: user,
            op: OpId(uuid::Uuid::new_v5(
                &id::<RoomId>(room.key).uuid(),
                what.as_bytes(),
            )),
            at: time(room.head_at),
            change,
        };
        let mut batch = Vec::new();
        for reaction in self.reactions_by(room.key, user).await? {
            let ReactionDoc { id: of, since, .. } = reaction;
            let message = id::<MessageId>(of.message);
            batch.push(append(
                format!("{user} takes back the reaction of {since} to {message}"),
                Change::React {
                    message,
                    emoji: of.emoji,
                    on: false,
                },
            ));
        }
        let group = room.kind != RoomKind::Direct;
        if let Some(member) = self.member(room, user).await?.filter(|_| group) {
            let seat = member.seat;
            batch.push(append(format!("{user} leaves seat {seat}"), Change::Leave));
        }
        if !batch.is_empty() {
            // Refused is only what is not there any more.
            self.append(room.id(), &batch, Authority::Store).await?;
        }
        Ok(())
    }

    async fn reactions_by(&self, room: Uuid, user: UserId) -> StoreResult<Vec<ReactionDoc>> {
        let on = doc! { "_id.user": bin(user.as_bytes()), "_id.room": room, "on": true };
        let found = self
            .all
            .reactions
            .find(on)
            .sort(doc! { "since": 1 })
            .await?;
        Ok(found.try_collect().await?)
    }

    pub(super) async fn tidy_closed(&self, now: Timestamp) -> StoreResult<()> {
        let watched = self
            .all
            .users
            .find(doc! { "watched": { "$exists": true } })
            .await?;
        for account in watched.try_collect::<Vec<Person>>().await? {
            let user = id(account.id);
            let change = if self.came_late(user).await? {
                tracing::info!(user.id = %user, "a closed account left more; its deletion goes on");
                doc! { "$set": { "state": "closing" }, "$unset": { "watched": "" } }
            } else if account.watched == Some(NOT_YET) {
                doc! { "$set": { "watched": date(now.plus(WATCHED)) } }
            } else if account.watched.is_some_and(|until| until <= date(now)) {
                doc! { "$unset": { "watched": "" } }
            } else {
                continue;
            };
            let closed = doc! { "_id": account.id, "state": "closed" };
            self.all.users.update_one(closed, change).await?;
        }
        Ok(())
    }

    async fn came_late(&self, user: UserId) -> StoreResult<bool> {
        if !self.messages_by(user, 1).await?.is_empty() {
            return Ok(true);
        }
        let account = bin(user.as_bytes());
        let on = doc! { "_id.user": account, "on": true };
        let reactions = self.all.reactions.find(on).await?;
        let reactions = reactions.try_collect::<Vec<ReactionDoc>>().await?;
        let rooms = reactions.into_iter().map(|reaction| reaction.id.room);
        let rooms = rooms.collect::<HashSet<_>>();
        if self.sweep_gone(&rooms).await?.len() < rooms.len() {
            return Ok(true);
        }
        let here = self
            .all
            .members
            .find(doc! { "_id.user": account, "here": true })
            .await?;
        let here = here.try_collect::<Vec<Member>>().await?;
        let rooms = self.rooms_with(&here).await?;
        Ok(rooms.iter().any(|room| room.kind != RoomKind::Direct))
    }
}
