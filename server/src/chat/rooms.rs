//! Rooms: how they begin and end, what they are called, and who may look into them.

use std::collections::BTreeSet;
use std::sync::Arc;

use protocol::rules;
use protocol::wire::{Event, EventKind, NewRoom, Page, Room, RoomKind, RoomWindow, code};
use protocol::{OpId, RoomId, RoomRef, UserId};

use super::messages::named_by_messages;
use super::paging::{Cursor, cut};
use super::{Chat, Principal, Refused, page_size};
use crate::presence::Notice;
use crate::store::{Appended, Change, MAX_MEMBERS, Messages, MyRoom, Refusal, RoomDraft, Span};

/// What the page of a room shows before anyone scrolls.
const WINDOW: usize = 50;

/// A room that someone may look into.
pub(super) enum Reach {
    Here(RoomId),
    /// A direct room in which nothing was said yet: the other person, and the room to be.
    NotYet {
        room: RoomId,
        other: UserId,
    },
}

impl Chat {
    /// The room, if this person may read it now. A direct room named by its two people that does
    /// not exist yet is allowed to them (it may come into being).
    pub async fn may_read(&self, who: Principal, room: RoomRef) -> Result<RoomId, Refused> {
        match self.reach(who, room).await? {
            Reach::Here(room) | Reach::NotYet { room, .. } => Ok(room),
        }
    }

    pub async fn rooms(&self, who: Principal) -> Result<Page<Room>, Refused> {
        self.rooms_after(who, None, usize::MAX).await
    }

    /// A page of my rooms.
    pub async fn rooms_after(
        &self,
        who: Principal,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Room>, Refused> {
        self.standing(who).await?;
        let mut mine = self.parts.store.rooms_of(who.user).await?;
        let place = |mine: &MyRoom| Cursor {
            at: mine.active_at,
            id: mine.room.id.uuid(),
        };
        let next = cut(&mut mine, place, after, limit);
        let mut named =
            named_by_messages(mine.iter().filter_map(|mine| mine.last_message.as_ref()));
        named.insert(who.user);
        named.extend(
            mine.iter()
                .filter_map(|mine| mine.peer.as_ref())
                .map(|peer| peer.id),
        );
        let users = self.named(named).await?;
        let me = users.iter().find(|user| user.id == who.user);
        let own_name = me.map(|me| me.display_name.clone()).unwrap_or_default();
        let items = mine
            .into_iter()
            .map(|mine| room_as_seen(mine, &own_name))
            .collect();
        Ok(Page { items, next, users })
    }

    pub async fn room(&self, who: Principal, room: RoomRef) -> Result<Room, Refused> {
        self.standing(who).await?;
        self.room_of(who, room.id()).await
    }

    /// What the page of a room shows first. Whoever the messages name and is no member any more
    /// can be asked for with [`Chat::users`].
    pub async fn window(&self, who: Principal, room: RoomRef) -> Result<RoomWindow, Refused> {
        self.window_at(who, room, Span::Latest).await
    }

    /// The same for another part of the room.
    pub async fn window_at(
        &self,
        who: Principal,
        room: RoomRef,
        span: Span,
    ) -> Result<RoomWindow, Refused> {
        let reach = self.reach(who, room).await?;
        let (room, found) = match reach {
            Reach::Here(room) => {
                let store = &self.parts.store;
                let mut found = store.messages(room, span, WINDOW).await?;
                // A place where there is nothing shows the latest rather than nothing.
                if found.items.is_empty() && span != Span::Latest {
                    found = store.messages(room, Span::Latest, WINDOW).await?;
                }
                (room, found)
            }
            Reach::NotYet { room, .. } => (room, Messages::default()),
        };
        // After the head, so that whoever came in meanwhile is among them or in what follows it.
        let members = self
            .members_within(who, &reach, None, page_size(usize::MAX))
            .await?;
        Ok(RoomWindow {
            room,
            messages: found.items,
            notes: found.notes,
            head: found.head.rev,
            more: found.older,
            newer: found.newer,
            members: members.items,
        })
    }

    pub async fn create_room(&self, who: Principal, room: NewRoom) -> Result<Room, Refused> {
        self.may_write(who).await?;
        match room.kind {
            RoomKind::Direct => {
                let other = match room.members.as_slice() {
                    [other] => *other,
                    [a, b] if *a == who.user => *b,
                    [a, b] if *b == who.user => *a,
                    _ => {
                        return Err(Refused::new(
                            code::BAD_REQUEST,
                            "A direct room is with one person. Name exactly one in `members`.",
                        )
                        .in_field("members"));
                    }
                };
                let room = self.open_direct(who, who.user, other).await?;
                self.room_of(who, room).await
            }
            RoomKind::Group | RoomKind::Channel => self.create_group(who, room).await,
        }
    }

    pub async fn rename_room(
        &self,
        who: Principal,
        room: RoomRef,
        name: String,
    ) -> Result<Room, Refused> {
        self.may_write(who).await?;
        let name = rules::room_name(&name)?;
        let room = room.id();
        self.append(who, room, self.new_op(), Change::Rename { name })
            .await?;
        self.room_of(who, room).await
    }

    /// Only whoever made it. Nothing of the room is readable afterwards.
    pub async fn delete_room(&self, who: Principal, room: RoomRef) -> Result<(), Refused> {
        self.may_write(who).await?;
        let room = room.id();
        self.only_its_maker(who, room, "delete it").await?;
        let store = Arc::clone(&self.parts.store);
        let presence = Arc::clone(&self.parts.presence);
        let deleting = async move {
            let members = store.members(room, None, MAX_MEMBERS).await?;
            store.delete_room(room).await?;
            tracing::info!(room.id = %room, user.id = %who.user, "a room was deleted");
            for member in members {
                let user = member.user.id;
                presence.announce(Notice::Side { user, room });
            }
            Ok(())
        };
        self.parts.writers.see_through(deleting).await
    }

    /// Whether this person may look into the room. A room that is not theirs answers like one
    /// that does not exist.
    pub(super) async fn reach(&self, who: Principal, room: RoomRef) -> Result<Reach, Refused> {
        self.standing(who).await?;
        let id = room.id();
        if self.parts.store.is_member(id, who.user).await? {
            return Ok(Reach::Here(id));
        }
        let other = match room {
            RoomRef::Direct(a, b) => other_of(who.user, a, b),
            RoomRef::Id(_) => None,
        };
        if let Some(other) = other {
            match self.all_exist(&[other]).await {
                Ok(()) => return Ok(Reach::NotYet { room: id, other }),
                Err(refused) if refused.code == code::USER_NOT_FOUND => {}
                Err(refused) => return Err(refused),
            }
        }
        Err(Refusal::NotMember.into())
    }

    /// The direct room of two people, one of whom asks; made now if there is none. Asking for one
    /// that the other made shows it in one's own list, so the store is asked in any case.
    pub(super) async fn open_direct(
        &self,
        who: Principal,
        a: UserId,
        b: UserId,
    ) -> Result<RoomId, Refused> {
        let Some(other) = other_of(who.user, a, b) else {
            return Err(Refusal::NotMember.into());
        };
        self.all_exist(&[other]).await?;
        let room = RoomId::direct(a, b);
        let members = BTreeSet::from([a, b]).into_iter().collect();
        let draft = self.draft(who, room, RoomKind::Direct, None, members);
        match self.make_room(draft).await {
            // The other person made it first.
            Err(refused) if refused.code == code::ID_TAKEN => Ok(room),
            made => made.map(|()| room),
        }
    }

    async fn create_group(&self, who: Principal, new: NewRoom) -> Result<Room, Refused> {
        let name = rules::room_name(new.name.as_deref().unwrap_or_default())?;
        let room = new.id.unwrap_or_else(|| RoomId(self.new_id()));
        // The ids of direct rooms are derived from people and can be foretold. Whoever could give
        // one to a group would sit in the conversation of two others.
        if !matches!(room.uuid().get_version_num(), 4 | 7) {
            return Err(Refused::new(
                code::BAD_REQUEST,
                "The id of a room is a random UUID (version 4 or 7).",
            )
            .in_field("id"));
        }
        let mut members = new.members;
        members.insert(0, who.user);
        let mut seen = BTreeSet::new();
        members.retain(|user| seen.insert(*user));
        if members.len() > MAX_MEMBERS {
            return Err(Refused::from(Refusal::RoomFull).in_field("members"));
        }
        let (limits, now) = (&self.limits, self.now());
        limits.rooms.take(who.user, now)?;
        let guests = u32::try_from(members.len() - 1).unwrap_or(u32::MAX);
        limits.guests.take_many(who.user, guests, now)?;
        self.all_exist(&members)
            .await
            .map_err(|refused| refused.in_field("members"))?;
        self.make_room(self.draft(who, room, new.kind, Some(name), members))
            .await?;
        self.room_of(who, room).await
    }

    fn draft(
        &self,
        who: Principal,
        room: RoomId,
        kind: RoomKind,
        name: Option<String>,
        members: Vec<UserId>,
    ) -> RoomDraft {
        // The room's own id names the operation, so that asking again makes no second room.
        let op = OpId(room.uuid());
        RoomDraft {
            id: room,
            kind,
            name,
            by: who.user,
            op,
            at: self.now(),
            members,
        }
    }

    async fn make_room(&self, draft: RoomDraft) -> Result<(), Refused> {
        // One that is there already is nobody's next one.
        if self.parts.store.room(draft.id).await?.is_none() {
            self.may_come_in(draft.by, &draft.members).await?;
        }
        let store = Arc::clone(&self.parts.store);
        let writers = Arc::clone(&self.parts.writers);
        let presence = Arc::clone(&self.parts.presence);
        let making = async move {
            let (room, kind, by) = (draft.id, draft.kind, draft.by);
            match store.create_room(draft).await?? {
                Appended::Written(event) => {
                    tracing::info!(room.id = %room, room.kind = ?kind, "a room was made");
                    writers.tell(Arc::new(event));
                }
                // The first time it may have been told to nobody: the store did not answer, or the
                // node that asked it is gone.
                Appended::Repeated(event) => {
                    for user in shown_to(event, by) {
                        presence.announce(Notice::Side { user, room });
                    }
                }
                Appended::Unchanged { .. } => {}
            }
            Ok(())
        };
        self.parts.writers.see_through(making).await
    }

    async fn room_of(&self, who: Principal, room: RoomId) -> Result<Room, Refused> {
        let mine = self.parts.store.my_room(room, who.user).await?;
        let mine = mine.ok_or_else(|| Refused::from(Refusal::NotMember))?;
        let alone = mine.room.kind == RoomKind::Direct && mine.peer.is_none();
        let me = if alone {
            self.parts.store.users(&[who.user]).await?
        } else {
            Vec::new()
        };
        let own_name = me
            .first()
            .map(|me| me.display_name.as_str())
            .unwrap_or_default();
        Ok(room_as_seen(mine, own_name))
    }

    /// Says that someone's list of rooms must be read again.
    pub(super) fn side_changed(&self, user: UserId, room: RoomId) {
        self.parts.presence.announce(Notice::Side { user, room });
    }
}

/// In whose lists a room is that was asked for once more. A direct one in which nothing was said is
/// only with whoever asked.
fn shown_to(created: Event, by: UserId) -> Vec<UserId> {
    match created.kind {
        EventKind::Created { kind, members, .. } if kind != RoomKind::Direct => members,
        _ => vec![by],
    }
}

/// The other of two people, if the first is one of them at all.
fn other_of(me: UserId, a: UserId, b: UserId) -> Option<UserId> {
    if me == a {
        Some(b)
    } else if me == b {
        Some(a)
    } else {
        None
    }
}

/// The room as its member sees it. A direct room is called like the other person; alone with
/// oneself, like oneself.
pub fn room_as_seen(mine: MyRoom, own_name: &str) -> Room {
    let MyRoom {
        room,
        peer,
        mine,
        read,
        active_at,
        last_message,
    } = mine;
    let name = match (&peer, room.kind) {
        (Some(peer), _) => peer.display_name.clone(),
        (None, RoomKind::Direct) => own_name.to_owned(),
        (None, _) => room.name.unwrap_or_default(),
    };
    Room {
        id: room.id,
        kind: room.kind,
        name,
        peer: peer.map(|peer| peer.id),
        head: room.head.rev,
        read: read.rev,
        posted: room.head.posted,
        read_posted: read.posted,
        unread: room.head.posted.saturating_sub(read.posted),
        members: room.members,
        mine: mine && room.kind != RoomKind::Direct,
        active_at,
        last_message,
    }
}
