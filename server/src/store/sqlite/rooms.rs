//! Rooms, who is in them, and how far each has read.

use async_trait::async_trait;
use protocol::wire::{Event, EventKind, RoomKind};
use protocol::{Rev, RoomId, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteStore;
use super::append::{Stop, answer};
use super::open_log::move_read_mark;
use super::rows::{self, Beginning, Run, USER_COLUMNS, int, limited};
use crate::store::{
    Appended, Head, MAX_MEMBERS, Marked, MemberRecord, MyRoom, ReadMark, Refusal, RoomDraft,
    RoomRecord, Rooms, StoreResult,
};

/// Rows of a deleted room that are removed in one step, so that others can write in between.
const PURGE_STEP: i64 = 2_000;

#[async_trait]
impl Rooms for SqliteStore {
    async fn create_room(&self, room: RoomDraft) -> StoreResult<Result<Appended, Refusal>> {
        self.write(move |c| answer(create(c, room))).await
    }

    async fn room(&self, room: RoomId) -> StoreResult<Option<RoomRecord>> {
        self.read(move |c| {
            let sql = format!("SELECT {ROOM_COLUMNS} FROM room r WHERE r.id = ?1");
            let mut query = c.prepare_cached(&sql)?;
            let mut rows = query.query([room.as_bytes()])?;
            rows.next()?.map(record).transpose()
        })
        .await
    }

    async fn delete_room(&self, room: RoomId) -> StoreResult<()> {
        // The first step makes it unreadable at once; the others remove what is left of it.
        // After a crash in between, the next `tidy` goes on.
        self.erase(move |c| hide(c, room)).await?;
        self.purge().await
    }

    async fn rooms_of(&self, user: UserId) -> StoreResult<Vec<MyRoom>> {
        self.read(move |c| my_rooms(c, user, None)).await
    }

    async fn my_room(&self, room: RoomId, user: UserId) -> StoreResult<Option<MyRoom>> {
        self.read(move |c| match rows::room_key(c, room)? {
            Some(key) => Ok(my_rooms(c, user, Some(key))?.pop()),
            None => Ok(None),
        })
        .await
    }

    async fn is_member(&self, room: RoomId, user: UserId) -> StoreResult<bool> {
        self.read(move |c| match rows::room_key(c, room)? {
            Some(key) => Ok(read_mark(c, key, user)?.is_some()),
            None => Ok(false),
        })
        .await
    }

    async fn in_many_rooms(&self, users: &[UserId], many: usize) -> StoreResult<Vec<UserId>> {
        let users = users.to_vec();
        self.read(move |c| {
            let mut count = c.prepare_cached(
                "SELECT count(*) FROM (SELECT 1 FROM member WHERE user = ?1 LIMIT ?2)",
            )?;
            let mut full = Vec::new();
            for user in users {
                let which = params![user.as_bytes(), limited(many)];
                if count.query_row(which, |row| row.get::<_, i64>(0))? >= limited(many) {
                    full.push(user);
                }
            }
            Ok(full)
        })
        .await
    }

    async fn members(
        &self,
        room: RoomId,
        after: Option<UserId>,
        limit: usize,
    ) -> StoreResult<Vec<MemberRecord>> {
        self.read(move |c| members(c, room, after, limit)).await
    }

    async fn mark_read(
        &self,
        room: RoomId,
        user: UserId,
        rev: Rev,
    ) -> StoreResult<Result<Marked, Refusal>> {
        self.write(move |c| answer(mark_read(c, room, user, rev)))
            .await
    }
}

impl SqliteStore {
    pub(super) async fn purge(&self) -> StoreResult<()> {
        while self.erase(purge_some).await? {}
        Ok(())
    }
}

fn create(c: &Connection, draft: RoomDraft) -> Result<Appended, Stop> {
    let RoomDraft {
        id,
        kind,
        name,
        by,
        op,
        at,
        mut members,
    } = draft;
    if let Some(key) = rows::room_key(c, id)? {
        return repeated(c, key, id, by);
    }
    if !members.contains(&by) {
        members.insert(0, by);
    }
    let mut seated = std::collections::HashSet::new();
    members.retain(|member| seated.insert(*member));
    if members.len() > MAX_MEMBERS {
        return Err(Refusal::RoomFull.into());
    }
    for member in &members {
        match rows::user_by_id(c, *member)? {
            Some(user) if !user.deleted => {}
            _ => return Err(Refusal::NoSuchUser.into()),
        }
    }
    let taken = c
        .prepare_cached("SELECT 1 FROM event WHERE op = ?1 AND by = ?2")?
        .exists([op.as_bytes(), by.as_bytes()])?;
    if taken {
        return Err(Refusal::IdTaken.into());
    }
    c.prepare_cached(
        "INSERT INTO room (id, kind, name, head, posted, members, created_at, active_at)
         VALUES (?1, ?2, ?3, 1, 0, ?4, ?5, ?5)",
    )?
    .execute(params![
        id.as_bytes(),
        rows::kind_name(kind),
        name,
        limited(members.len()),
        at.millis()
    ])?;
    let key = c.last_insert_rowid();
    let mut seat = c.prepare_cached(
        "INSERT INTO member (user, room, opened, read_rev, read_posted) VALUES (?1, ?2, ?3, 1, 0)",
    )?;
    for member in &members {
        let opened = kind != RoomKind::Direct || *member == by;
        seat.execute(params![member.as_bytes(), key, opened])?;
    }
    let beginning = Beginning {
        kind,
        name,
        members,
    };
    let detail = serde_json::to_string(&beginning)
        .map_err(|error| crate::store::StoreError::Corrupt(error.to_string()))?;
    c.prepare_cached("INSERT INTO event VALUES (?1, 1, ?2, ?3, ?4, 0, 'created', NULL, NULL, ?5)")?
        .execute(params![
            key,
            at.millis(),
            by.as_bytes(),
            op.as_bytes(),
            detail
        ])?;
    let Beginning {
        kind,
        name,
        members,
    } = beginning;
    Ok(Appended::Written(Event {
        room: id,
        rev: Rev(1),
        at,
        by,
        op,
        posted: 0,
        kind: EventKind::Created {
            kind,
            name,
            members,
        },
    }))
}

/// The room is there: for whoever made it, and for both people of a direct room, that is what
/// they asked for.
fn repeated(c: &Connection, key: i64, id: RoomId, by: UserId) -> Result<Appended, Stop> {
    let first = rows::event_at(c, key, id, Rev(1))?.ok_or(Refusal::IdTaken)?;
    let direct = matches!(
        first.kind,
        EventKind::Created {
            kind: RoomKind::Direct,
            ..
        }
    );
    if direct && read_mark(c, key, by)?.is_some() {
        c.prepare_cached(
            "UPDATE member SET opened = 1 WHERE user = ?1 AND room = ?2 AND opened = 0",
        )?
        .execute(params![by.as_bytes(), key])?;
    } else if first.by != by {
        return Err(Refusal::IdTaken.into());
    }
    Ok(Appended::Repeated(first))
}

fn hide(c: &Connection, room: RoomId) -> StoreResult<()> {
    if let Some(key) = rows::room_key(c, room)? {
        c.execute(
            "UPDATE room SET id = NULL, name = NULL WHERE key = ?1",
            [key],
        )?;
        c.execute("DELETE FROM member WHERE room = ?1", [key])?;
    }
    Ok(())
}

/// Removes a part of the deleted rooms; whether more is left.
fn purge_some(c: &Connection) -> StoreResult<bool> {
    let mut query = c.prepare_cached(
        "SELECT key, (SELECT min(rev) FROM event WHERE room = key)
         FROM room WHERE id IS NULL LIMIT 1",
    )?;
    let next = query
        .query_row([], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?))
        })
        .optional()?;
    let Some((key, first)) = next else {
        return Ok(false);
    };
    match first {
        Some(first) => {
            let end = first.saturating_add(PURGE_STEP);
            for statement in [
                "DELETE FROM reaction WHERE room = ?1 AND message < ?2",
                "DELETE FROM message WHERE room = ?1 AND rev < ?2",
                "DELETE FROM event WHERE room = ?1 AND rev < ?2",
            ] {
                c.prepare_cached(statement)?.execute([key, end])?;
            }
        }
        None => drop(c.execute("DELETE FROM room WHERE key = ?1", [key])?),
    }
    Ok(true)
}

const ROOM_COLUMNS: &str =
    "r.id, r.kind, r.name, r.head, r.posted, r.members, r.created_at, r.active_at, r.key";

fn record(row: &Row<'_>) -> StoreResult<RoomRecord> {
    Ok(RoomRecord {
        id: RoomId(rows::uuid(row, 0)?),
        kind: rows::kind_named(&row.get::<_, String>(1)?)?,
        name: row.get(2)?,
        head: Head {
            rev: rows::rev(row, 3)?,
            posted: rows::count(row, 4)?,
        },
        members: rows::count(row, 5)?,
        created_at: rows::time(row, 6)?,
    })
}

/// All rooms of a person's list, or the one named.
fn my_rooms(c: &Connection, user: UserId, only: Option<i64>) -> StoreResult<Vec<MyRoom>> {
    let which = if only.is_some() {
        "m.room = ?2"
    } else {
        "?2 IS NULL"
    };
    let sql = format!(
        "SELECT {ROOM_COLUMNS}, m.read_rev, m.read_posted,
                (SELECT by FROM event WHERE room = r.key AND rev = 1) IS ?1
         FROM member m JOIN room r ON r.key = m.room
         WHERE m.user = ?1 AND {which}
           AND (r.kind <> 'direct' OR r.posted > 0 OR m.opened)
         ORDER BY r.active_at DESC, r.key DESC"
    );
    let mut query = c.prepare_cached(&sql)?;
    let mut rows = query.query(params![user.as_bytes(), only])?;
    let mut rooms = Vec::new();
    while let Some(row) = rows.next()? {
        let room = record(row)?;
        let key = row.get::<_, i64>(8)?;
        let peer = match room.kind {
            RoomKind::Direct => peer(c, key, user)?,
            RoomKind::Group | RoomKind::Channel => None,
        };
        rooms.push(MyRoom {
            peer,
            mine: row.get(11)?,
            read: ReadMark {
                rev: rows::rev(row, 9)?,
                posted: rows::count(row, 10)?,
            },
            active_at: rows::time(row, 7)?,
            last_message: rows::messages(c, key, &Run::Before(room.head.rev.next()), 1)?.pop(),
            room,
        });
    }
    Ok(rooms)
}

fn peer(c: &Connection, room: i64, user: UserId) -> StoreResult<Option<protocol::wire::User>> {
    let mut query =
        c.prepare_cached("SELECT user FROM member WHERE room = ?1 AND user <> ?2 LIMIT 1")?;
    let other = query
        .query_row(params![room, user.as_bytes()], |row| rows::uuid(row, 0))
        .optional()?;
    match other {
        Some(other) => rows::user_by_id(c, UserId(other)),
        None => Ok(None),
    }
}

fn members(
    c: &Connection,
    room: RoomId,
    after: Option<UserId>,
    limit: usize,
) -> StoreResult<Vec<MemberRecord>> {
    let Some(key) = rows::room_key(c, room)? else {
        return Ok(Vec::new());
    };
    // Whoever was named and has left since has no seat any more; then all are told again.
    let mut seat = c.prepare_cached("SELECT seat FROM member WHERE user = ?1 AND room = ?2")?;
    let seat = match after {
        Some(user) => seat
            .query_row(params![user.as_bytes(), key], |row| row.get::<_, i64>(0))
            .optional()?,
        None => None,
    };
    let sql = format!(
        "SELECT {USER_COLUMNS}, m.read_rev FROM member m JOIN user ON id = m.user
         WHERE m.room = ?1 AND m.seat > ?2 ORDER BY m.seat LIMIT ?3"
    );
    let mut query = c.prepare_cached(&sql)?;
    let members = query.query_map(params![key, seat.unwrap_or(0), limited(limit)], |row| {
        Ok(MemberRecord {
            user: rows::user(row)?,
            read: rows::rev(row, 4)?,
        })
    })?;
    Ok(members.collect::<Result<_, _>>()?)
}

/// `None`: not a member.
fn read_mark(c: &Connection, room: i64, user: UserId) -> StoreResult<Option<ReadMark>> {
    let mut query =
        c.prepare_cached("SELECT read_rev, read_posted FROM member WHERE user = ?1 AND room = ?2")?;
    let mark = query.query_row(params![user.as_bytes(), room], |row| {
        Ok(ReadMark {
            rev: rows::rev(row, 0)?,
            posted: rows::count(row, 1)?,
        })
    });
    Ok(mark.optional()?)
}

fn mark_read(c: &Connection, room: RoomId, user: UserId, rev: Rev) -> Result<Marked, Stop> {
    let found = c
        .prepare_cached("SELECT key, members FROM room WHERE id = ?1")?
        .query_row([room.as_bytes()], |row| {
            Ok((row.get(0)?, rows::count(row, 1)?))
        })
        .optional()?;
    let (key, members) = found.ok_or(Refusal::NoSuchRoom)?;
    let current = read_mark(c, key, user)?.ok_or(Refusal::NotMember)?;
    let mut query = c.prepare_cached(
        "SELECT rev, posted FROM event WHERE room = ?1 AND rev <= ?2 ORDER BY rev DESC LIMIT 1",
    )?;
    let asked = query
        .query_row(params![key, int(rev.0)], |row| {
            Ok(ReadMark {
                rev: rows::rev(row, 0)?,
                posted: rows::count(row, 1)?,
            })
        })
        .optional()?
        .unwrap_or_default();
    let mark = if asked.rev > current.rev {
        move_read_mark(c, key, user, asked)?;
        asked
    } else {
        current
    };
    Ok(Marked { mark, members })
}
