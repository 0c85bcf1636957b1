//! What is said in a room, changed, taken back, and read again.

use std::collections::{BTreeSet, HashSet};

use parking_lot::Mutex;
use protocol::rules;
use protocol::wire::{Event, EventKind, History, Message, NewMessage, Page};
use protocol::{MessageId, OpId, Rev, RoomId, RoomRef, UserId};

use super::rooms::Reach;
use super::{Chat, Principal, Refused, page_size};
use crate::store::{Append, Appended, Change, Refusal, Span};

impl Chat {
    /// Takes its place in the room's order when it is first polled, so a caller that polls its
    /// sends in turn keeps them in order without waiting for each.
    pub async fn post(
        &self,
        who: Principal,
        room: RoomRef,
        message: NewMessage,
    ) -> Result<Appended, Refused> {
        self.may_write(who).await?;
        let body = rules::message(&message.body)?;
        let change = Change::Post {
            body,
            reply_to: message.reply_to,
        };
        match room {
            RoomRef::Id(room) => self.append(who, room, message.id, change).await,
            RoomRef::Direct(a, b) => {
                let room = room.id();
                // Several first messages may be on their way: they wait here for the room, in
                // order, and leave in order.
                let lane = self.lanes.enter(room).await;
                if !self.open_rooms.has(room) {
                    if !self.parts.store.is_member(room, who.user).await? {
                        self.open_direct(who, a, b).await?;
                    }
                    self.open_rooms.add(room);
                }
                let written = self.append(who, room, message.id, change);
                drop(lane);
                written.await
            }
        }
    }

    pub async fn edit(
        &self,
        who: Principal,
        room: RoomRef,
        op: OpId,
        message: MessageId,
        body: String,
    ) -> Result<Appended, Refused> {
        self.may_write(who).await?;
        let body = rules::message(&body)?;
        self.append(who, room.id(), op, Change::Edit { message, body })
            .await
    }

    pub async fn delete(
        &self,
        who: Principal,
        room: RoomRef,
        op: OpId,
        message: MessageId,
    ) -> Result<Appended, Refused> {
        self.may_write(who).await?;
        self.append(who, room.id(), op, Change::Delete { message })
            .await
    }

    pub async fn react(
        &self,
        who: Principal,
        room: RoomRef,
        op: OpId,
        message: MessageId,
        emoji: String,
        on: bool,
    ) -> Result<Appended, Refused> {
        self.may_write(who).await?;
        let emoji = rules::emoji(&emoji)?;
        self.append(who, room.id(), op, Change::React { message, emoji, on })
            .await
    }

    /// A page of messages as they stand now, and of what happened between them. `next` goes on in the direction of the span: older
    /// ones by default, newer ones after or around a rev.
    pub async fn messages(
        &self,
        who: Principal,
        room: RoomRef,
        span: Span,
        limit: usize,
    ) -> Result<History, Refused> {
        let Reach::Here(room) = self.reach(who, room).await? else {
            return Ok(History::default());
        };
        let found = self
            .parts
            .store
            .messages(room, span, page_size(limit))
            .await?;
        let next = match span {
            Span::Latest | Span::Before(_) if found.older => found.items.first(),
            Span::After(_) | Span::Around(_) if found.newer => found.items.last(),
            _ => None,
        };
        let next = next.map(|message| message.rev.to_string());
        let mut named = named_by_messages(&found.items);
        named.append(&mut named_by_events(&found.notes));
        Ok(History {
            users: self.named(named).await?,
            items: found.items,
            next,
            notes: found.notes,
        })
    }

    /// Where in the log a message was posted.
    pub async fn rev_of(
        &self,
        who: Principal,
        room: RoomRef,
        message: MessageId,
    ) -> Result<Rev, Refused> {
        let Reach::Here(room) = self.reach(who, room).await? else {
            return Err(Refusal::NoSuchMessage.into());
        };
        let found = self.parts.store.message(room, message).await?;
        found
            .map(|message| message.rev)
            .ok_or_else(|| Refusal::NoSuchMessage.into())
    }

    pub async fn events(
        &self,
        who: Principal,
        room: RoomRef,
        after: Rev,
        limit: usize,
    ) -> Result<Page<Event>, Refused> {
        let Reach::Here(room) = self.reach(who, room).await? else {
            return Ok(Page::whole(Vec::new()));
        };
        let limit = page_size(limit);
        let mut items = self.parts.store.events(room, after, limit + 1).await?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items
            .last()
            .filter(|_| more)
            .map(|event| event.rev.to_string());
        let users = self.named(named_by_events(&items)).await?;
        Ok(Page { items, next, users })
    }

    /// Whether this person may change anything now.
    pub(super) async fn may_write(&self, who: Principal) -> Result<(), Refused> {
        self.standing(who).await?;
        self.limits.messages.take(who.user, self.now())
    }

    /// Hands one operation to the room's writer. It has its place in the order when this returns.
    pub(super) fn append(
        &self,
        who: Principal,
        room: RoomId,
        op: OpId,
        change: Change,
    ) -> impl Future<Output = Result<Appended, Refused>> + Send + use<> {
        let append = Append {
            by: who.user,
            op,
            at: self.now(),
            change,
        };
        self.parts.writers.append(room, append)
    }
}

/// Direct rooms that are known to exist, so that a client that names them by their people costs
/// no look-up for each message. Only a memory: forgetting one costs a look-up.
#[derive(Default)]
pub(super) struct OpenRooms(Mutex<HashSet<RoomId>>);

const MAX_OPEN_ROOMS: usize = 50_000;

impl OpenRooms {
    fn has(&self, room: RoomId) -> bool {
        self.0.lock().contains(&room)
    }

    fn add(&self, room: RoomId) {
        let mut rooms = self.0.lock();
        if rooms.len() >= MAX_OPEN_ROOMS {
            rooms.clear();
        }
        rooms.insert(room);
    }
}

/// Whether a message was sent again with another text than what was stored. If that was edited or
/// deleted since, nobody can tell.
pub fn reads_otherwise(appended: &Appended, sent: &str) -> bool {
    let Appended::Repeated(Event {
        kind: EventKind::Posted { message },
        ..
    }) = appended
    else {
        return false;
    };
    let is_untouched = message.edited_at.is_none() && !message.deleted;
    is_untouched && rules::message(sent).is_ok_and(|sent| sent != message.body)
}

/// Whom messages name: those who wrote, and those who reacted.
pub(super) fn named_by_messages<'a>(
    messages: impl IntoIterator<Item = &'a Message>,
) -> BTreeSet<UserId> {
    let mut users = BTreeSet::new();
    for message in messages {
        users.insert(message.author);
        users.extend(
            message
                .reactions
                .iter()
                .flat_map(|reaction| &reaction.users),
        );
    }
    users
}

fn named_by_events(events: &[Event]) -> BTreeSet<UserId> {
    events.iter().flat_map(named_by_event).collect()
}

/// Everyone whom the event names.
pub fn named_by_event(event: &Event) -> BTreeSet<UserId> {
    let mut users = BTreeSet::from([event.by]);
    match &event.kind {
        EventKind::Created { members, .. } => users.extend(members),
        EventKind::Posted { message } => users.extend(named_by_messages([message])),
        EventKind::Joined { user } | EventKind::Left { user } | EventKind::Removed { user } => {
            users.insert(*user);
        }
        EventKind::Edited { .. }
        | EventKind::Deleted { .. }
        | EventKind::Reacted { .. }
        | EventKind::Renamed { .. }
        | EventKind::Unknown => {}
    }
    users
}
