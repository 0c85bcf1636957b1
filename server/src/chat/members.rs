//! Who is in a room: listed, brought in, sent away, gone.

use std::collections::BTreeSet;
use std::sync::Arc;

use protocol::wire::{Broken, Member, Page, RoomKind, code, rule};
use protocol::{Rev, RoomId, RoomRef, UserId};

use super::rooms::Reach;
use super::{Chat, Principal, Refused, page_size};
use crate::presence::Notice;
use crate::store::{Change, MemberRecord, Refusal};

impl Chat {
    pub async fn members(
        &self,
        who: Principal,
        room: RoomRef,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Page<Member>, Refused> {
        let reach = self.reach(who, room).await?;
        self.members_within(who, &reach, after, page_size(limit))
            .await
    }

    pub async fn add_member(
        &self,
        who: Principal,
        room: RoomRef,
        user: UserId,
    ) -> Result<(), Refused> {
        self.may_write(who).await?;
        let room = room.id();
        // A stranger learns nothing here about who exists.
        if !self.parts.store.is_member(room, who.user).await? {
            return Err(Refusal::NotMember.into());
        }
        self.limits.guests.take(who.user, self.now())?;
        self.all_exist(&[user]).await?;
        if !self.parts.store.is_member(room, user).await? {
            self.may_come_in(who.user, &[user]).await?;
        }
        self.append(who, room, self.new_op(), Change::Join { user })
            .await?;
        Ok(())
    }

    /// Oneself: leave.
    pub async fn remove_member(
        &self,
        who: Principal,
        room: RoomRef,
        user: UserId,
    ) -> Result<(), Refused> {
        self.may_write(who).await?;
        let room = room.id();
        let change = if user == who.user {
            Change::Leave
        } else {
            self.only_its_maker(who, room, "remove others from it")
                .await?;
            Change::Remove { user }
        };
        let removal = self.append(who, room, self.new_op(), change);
        let presence = Arc::clone(&self.parts.presence);
        let deletion = Arc::clone(&self.deletion);
        let removing = async move {
            removal.await?;
            presence.announce(Notice::Side { user, room });
            deletion.drop_if_empty(room).await
        };
        self.parts.writers.see_through(removing).await
    }

    pub(super) async fn members_within(
        &self,
        who: Principal,
        reach: &Reach,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Page<Member>, Refused> {
        let mut found: Vec<Member> = match reach {
            Reach::Here(room) => {
                let records = self.parts.store.members(*room, after, limit + 1).await?;
                let member = |record: MemberRecord| Member {
                    user: record.user,
                    read: record.read,
                    online: None,
                };
                records.into_iter().map(member).collect()
            }
            Reach::NotYet { other, .. } => {
                let both = self.named(BTreeSet::from([who.user, *other])).await?;
                let member = |user| Member {
                    user,
                    read: Rev::ZERO,
                    online: None,
                };
                both.into_iter().map(member).collect()
            }
        };
        let more = found.len() > limit;
        found.truncate(limit);
        let ids: Vec<UserId> = found.iter().map(|member| member.user.id).collect();
        // Who is here is told to members; anybody could name a direct room that is not there yet.
        let online = match reach {
            Reach::Here(_) => self.online(&ids).await,
            Reach::NotYet { .. } => None,
        };
        if let Some(online) = online {
            let online: BTreeSet<UserId> = online.into_iter().collect();
            for member in &mut found {
                member.online = Some(online.contains(&member.user.id));
            }
        }
        let next = ids.last().filter(|_| more).map(UserId::to_string);
        Ok(Page {
            items: found,
            next,
            users: Vec::new(),
        })
    }

    /// Whether these people, one of whom may be the one who asks, can be in one more room. It
    /// bounds what a list costs and means nothing else, so those who come in at the very same
    /// moment are not told apart.
    pub(super) async fn may_come_in(&self, by: UserId, users: &[UserId]) -> Result<(), Refused> {
        let many = self.parts.settings.rooms_each;
        let full = self.parts.store.in_many_rooms(users, many).await?;
        let whose = match full.first() {
            None => return Ok(()),
            Some(_) if full.contains(&by) => "you are in so many. Leave one first.",
            Some(_) => "someone you named is in so many. They would have to leave one first.",
        };
        let detail = format!("A person can be in at most {many} rooms, and {whose}");
        Err(
            Refused::new(code::TOO_LARGE, detail).breaking(Broken::limited(
                rule::TOO_MANY_ROOMS,
                many,
                None,
            )),
        )
    }

    /// Some things only the one who made the room may do.
    pub(super) async fn only_its_maker(
        &self,
        who: Principal,
        room: RoomId,
        what: &str,
    ) -> Result<(), Refused> {
        let mine = self.parts.store.my_room(room, who.user).await?;
        let mine = mine.ok_or_else(|| Refused::from(Refusal::NotMember))?;
        if mine.room.kind == RoomKind::Direct {
            return Err(Refusal::DirectRoom.into());
        }
        if mine.mine {
            return Ok(());
        }
        Err(Refused::new(
            code::FORBIDDEN,
            format!("Only the person who made this room can {what}."),
        )
        .breaking(Broken::new(rule::ONLY_ITS_MAKER)))
    }
}
