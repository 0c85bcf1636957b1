//! A room's log while a transaction appends to it.

use std::collections::HashMap;

use protocol::wire::RoomKind;
use protocol::{OpId, Rev, RoomId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use super::rows::{self, int};
use crate::store::{Appended, Head, ReadMark, StoreResult};

/// A line of the log, by reference.
pub(super) struct Entry<'a> {
    pub(super) kind: &'static str,
    /// Where the message was posted.
    pub(super) message: Option<Rev>,
    pub(super) user: Option<UserId>,
    pub(super) detail: Option<&'a str>,
}

impl Entry<'_> {
    pub(super) fn new(kind: &'static str) -> Self {
        Self {
            kind,
            message: None,
            user: None,
            detail: None,
        }
    }
}

/// What a member may do.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    /// The account is open, not being erased.
    pub(super) open: bool,
}

/// A room's log inside a transaction that appends to it. What changes with every event is kept
/// here and written once, by `save`.
pub(super) struct OpenLog<'c> {
    pub(super) c: &'c Connection,
    pub(super) key: i64,
    pub(super) id: RoomId,
    pub(super) kind: RoomKind,
    pub(super) name: Option<String>,
    pub(super) head: Head,
    pub(super) members: u64,
    active_at: Timestamp,
    /// The head as it was read; when nothing was appended, nothing is written.
    saved: Head,
    standings: HashMap<UserId, Option<Standing>>,
    /// Whoever posts has read up to there.
    read: HashMap<UserId, Head>,
}

impl<'c> OpenLog<'c> {
    pub(super) fn of(c: &'c Connection, room: RoomId) -> StoreResult<Option<Self>> {
        let mut query = c.prepare_cached(
            "SELECT key, kind, name, head, posted, members, active_at FROM room WHERE id = ?1",
        )?;
        let mut rows = query.query([room.as_bytes()])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let head = Head {
            rev: rows::rev(row, 3)?,
            posted: rows::count(row, 4)?,
        };
        Ok(Some(Self {
            c,
            key: row.get(0)?,
            id: room,
            kind: rows::kind_named(&row.get::<_, String>(1)?)?,
            name: row.get(2)?,
            head,
            members: rows::count(row, 5)?,
            active_at: rows::time(row, 6)?,
            saved: head,
            standings: HashMap::new(),
            read: HashMap::new(),
        }))
    }

    /// `None`: not a member.
    pub(super) fn standing(&mut self, user: UserId) -> StoreResult<Option<Standing>> {
        if let Some(standing) = self.standings.get(&user) {
            return Ok(*standing);
        }
        let mut query = self.c.prepare_cached(
            "SELECT u.state = 'open' FROM member m JOIN user u ON u.id = m.user
             WHERE m.user = ?1 AND m.room = ?2",
        )?;
        let standing = query
            .query_row(params![user.as_bytes(), self.key], |row| {
                Ok(Standing { open: row.get(0)? })
            })
            .optional()?;
        self.standings.insert(user, standing);
        Ok(standing)
    }

    /// Writes the next line and answers its rev.
    pub(super) fn push(
        &mut self,
        by: UserId,
        op: OpId,
        at: Timestamp,
        entry: &Entry<'_>,
    ) -> StoreResult<Rev> {
        let posts = entry.kind == "posted";
        let head = Head {
            rev: self.head.rev.next(),
            posted: self.head.posted + u64::from(posts),
        };
        self.c
            .prepare_cached("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?
            .execute(params![
                self.key,
                int(head.rev.0),
                at.millis(),
                by.as_bytes(),
                op.as_bytes(),
                int(head.posted),
                entry.kind,
                entry.message.map(|rev| int(rev.0)),
                entry.user.as_ref().map(UserId::as_bytes),
                entry.detail,
            ])?;
        if posts {
            self.active_at = at;
        }
        self.head = head;
        Ok(head.rev)
    }

    pub(super) fn unchanged(&self) -> Appended {
        Appended::Unchanged { rev: self.head.rev }
    }

    pub(super) fn has_read(&mut self, user: UserId) {
        self.read.insert(user, self.head);
    }

    /// Takes a member in who has read everything so far.
    pub(super) fn seat(&mut self, user: UserId, opened: bool) -> StoreResult<()> {
        self.c
            .prepare_cached(
                "INSERT INTO member (user, room, opened, read_rev, read_posted)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                user.as_bytes(),
                self.key,
                opened,
                int(self.head.rev.0),
                int(self.head.posted),
            ])?;
        self.members += 1;
        self.standings.remove(&user);
        Ok(())
    }

    pub(super) fn unseat(&mut self, user: UserId) -> StoreResult<()> {
        self.c
            .prepare_cached("DELETE FROM member WHERE user = ?1 AND room = ?2")?
            .execute(params![user.as_bytes(), self.key])?;
        self.members = self.members.saturating_sub(1);
        self.standings.remove(&user);
        Ok(())
    }

    pub(super) fn save(self) -> StoreResult<()> {
        if self.head == self.saved {
            return Ok(());
        }
        self.c
            .prepare_cached(
                "UPDATE room SET name = ?2, head = ?3, posted = ?4, members = ?5, active_at = ?6
                 WHERE key = ?1",
            )?
            .execute(params![
                self.key,
                self.name,
                int(self.head.rev.0),
                int(self.head.posted),
                int(self.members),
                self.active_at.millis(),
            ])?;
        for (user, head) in &self.read {
            let mark = ReadMark {
                rev: head.rev,
                posted: head.posted,
            };
            move_read_mark(self.c, self.key, *user, mark)?;
        }
        Ok(())
    }
}

/// Forward only.
pub(super) fn move_read_mark(
    c: &Connection,
    room: i64,
    user: UserId,
    mark: ReadMark,
) -> StoreResult<()> {
    c.prepare_cached(
        "UPDATE member SET read_rev = ?3, read_posted = ?4
         WHERE user = ?1 AND room = ?2 AND read_rev < ?3",
    )?
    .execute(params![
        user.as_bytes(),
        room,
        int(mark.rev.0),
        int(mark.posted)
    ])?;
    Ok(())
}
