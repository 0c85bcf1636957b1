//! Rooms are made.
//!
//! First the id is taken: the room's document is inserted with `applied: 0` and with how the room is to
//! begin. Then its first event is inserted, which is the commit. If the node dies in between,
//! whoever asks for this room next writes the event in its place; readers see no room until then.

use std::collections::HashSet;

use futures::TryStreamExt;
use mongodb::bson::{Uuid, doc};
use protocol::wire::RoomKind;
use protocol::{Rev, UserId};

use super::Core;
use super::documents::{Beginning, Entry, Kind, Person, Room, Standing, bin, date, id, time};
use super::failure::is_duplicate;
use super::tries::Tries;
use crate::store::{
    Append, Appended, Change, MAX_MEMBERS, Refusal, RoomDraft, StoreError, StoreResult,
};

/// Why making a room is given up.
const OTHERS: &str = "others make and delete this room without pause";

impl Core {
    pub(super) async fn create_room(
        &self,
        draft: RoomDraft,
    ) -> StoreResult<Result<Appended, Refusal>> {
        let _turn = self.turns.take(draft.id).await;
        let mut tries = Tries::begin();
        loop {
            if let Some(found) = self.find_room(draft.id).await? {
                match self.begun(found).await? {
                    Some(room) => return self.made_before(&room, draft.by).await,
                    // Whoever took the id could not begin with it; it is free again.
                    None => {
                        tries.again(OTHERS).await?;
                        continue;
                    }
                }
            }
            let members = match self.first_members(&draft).await? {
                Ok(members) => members,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let room = unbegun(&draft, members);
            match self.all.rooms.insert_one(&room).await {
                Err(error) if is_duplicate(&error) => {
                    tries.again(OTHERS).await?;
                    continue;
                }
                taken => taken?,
            };
            return match self.begun(room).await? {
                Some(room) => Ok(Ok(Appended::Written(self.event_at(&room, Rev(1)).await?))),
                None => Ok(Err(Refusal::IdTaken)),
            };
        }
    }

    /// The room with its first event. `None`: the event's op names something else, so this room
    /// can never begin, and its id is given back.
    async fn begun(&self, room: Room) -> StoreResult<Option<Room>> {
        if room.applied > 0 {
            return Ok(Some(room));
        }
        let first = first_event(&room)?;
        let mut tries = Tries::begin();
        loop {
            match self.all.log.insert_one(&first).await {
                Err(error) if is_duplicate(&error) => {}
                written => drop(written?),
            }
            let room = self.catch_up(room.clone()).await?;
            if room.applied > 0 {
                return Ok(Some(room));
            }
            let op = doc! { "op": first.op };
            match self.all.log.find_one(op).await? {
                Some(other)
                    if !self
                        .sweep_gone(&HashSet::from([other.room]))
                        .await?
                        .is_empty() => {}
                Some(_) => {
                    let taken = doc! { "_id": room.key, "applied": 0 };
                    self.all.rooms.delete_one(taken).await?;
                    return Ok(None);
                }
                None => {}
            }
            tries.again(OTHERS).await?;
        }
    }

    /// Whoever makes it and whom they named, each once, if they may begin a room.
    async fn first_members(&self, draft: &RoomDraft) -> StoreResult<Result<Vec<UserId>, Refusal>> {
        let mut seated = HashSet::new();
        let mut members = draft.members.clone();
        if !members.contains(&draft.by) {
            members.insert(0, draft.by);
        }
        members.retain(|member| seated.insert(*member));
        if members.len() > MAX_MEMBERS {
            return Ok(Err(Refusal::RoomFull));
        }
        let ids = members
            .iter()
            .map(|user| bin(user.as_bytes()))
            .collect::<Vec<_>>();
        let open = doc! { "_id": { "$in": ids }, "state": "open" };
        let open = self
            .all
            .users
            .find(open)
            .await?
            .try_collect::<Vec<Person>>()
            .await?;
        debug_assert!(open.iter().all(|person| person.state == Standing::Open));
        if open.len() < members.len() {
            return Ok(Err(Refusal::NoSuchUser));
        }
        Ok(Ok(members))
    }

    /// The room is there: for whoever made it, and for both people of a direct room, that is what
    /// they asked for.
    async fn made_before(&self, room: &Room, by: UserId) -> StoreResult<Result<Appended, Refusal>> {
        let first = self.event_at(room, Rev(1)).await?;
        if room.kind == RoomKind::Direct && self.member(room, by).await?.is_some() {
            self.open_direct(room.key, by.as_bytes()).await?;
        } else if first.by != by {
            return Ok(Err(Refusal::IdTaken));
        }
        Ok(Ok(Appended::Repeated(first)))
    }
}

fn unbegun(draft: &RoomDraft, members: Vec<UserId>) -> Room {
    let at = date(draft.at);
    Room {
        key: Uuid::new(),
        room: bin(draft.id.as_bytes()),
        kind: draft.kind,
        name: draft.name.clone(),
        applied: 0,
        posted: 0,
        members: 0,
        created_at: at,
        active_at: at,
        head_at: at,
        last: None,
        beginning: Some(Beginning {
            by: bin(draft.by.as_bytes()),
            op: bin(draft.op.as_bytes()),
            members: members.iter().map(|user| bin(user.as_bytes())).collect(),
        }),
        gone: None,
    }
}

fn first_event(room: &Room) -> StoreResult<Entry> {
    let Some(Beginning { by, op, members }) = &room.beginning else {
        let room = room.id();
        return Err(StoreError::Corrupt(format!(
            "room {room} has no events and does not say how it begins"
        )));
    };
    let append = Append {
        by: id(*by),
        op: id(*op),
        at: time(room.created_at),
        // Not used of it: a beginning is no change.
        change: Change::Leave,
    };
    Ok(Entry {
        name: room.name.clone(),
        room_kind: Some(room.kind),
        members: Some(members.clone()),
        ..Entry::blank(room.key, Kind::Created, &append)
    })
}
