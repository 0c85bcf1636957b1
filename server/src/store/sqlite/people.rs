//! Accounts: made, found, changed, and erased in steps that survive a restart.

use async_trait::async_trait;
use protocol::wire::{RoomKind, User};
use protocol::{MessageId, OpId, Rev, RoomId, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::SqliteStore;
use super::append::{Stop, answer};
use super::open_log::{Entry, OpenLog};
use super::rows::{self, USER_COLUMNS, int, limited};
use crate::store::{Account, People, Refusal, StoreResult, UserChange, UserDraft};

#[async_trait]
impl People for SqliteStore {
    async fn create_user(&self, user: UserDraft) -> StoreResult<Result<(), Refusal>> {
        self.write(move |c| answer(create(c, &user))).await
    }

    async fn users(&self, ids: &[UserId]) -> StoreResult<Vec<User>> {
        let ids = ids.to_vec();
        self.read(move |c| {
            let mut users = Vec::with_capacity(ids.len());
            for id in ids {
                users.extend(rows::user_by_id(c, id)?);
            }
            Ok(users)
        })
        .await
    }

    async fn account(&self, user: UserId) -> StoreResult<Option<Account>> {
        self.read(move |c| {
            let sql =
                format!("SELECT {ACCOUNT_COLUMNS} FROM user WHERE id = ?1 AND state = 'open'");
            Ok(c.prepare_cached(&sql)?
                .query_row([user.as_bytes()], account)
                .optional()?)
        })
        .await
    }

    async fn account_by_name(&self, folded: &str) -> StoreResult<Option<Account>> {
        let folded = folded.to_owned();
        self.read(move |c| {
            let sql =
                format!("SELECT {ACCOUNT_COLUMNS} FROM user WHERE folded = ?1 AND state = 'open'");
            Ok(c.prepare_cached(&sql)?
                .query_row([folded], account)
                .optional()?)
        })
        .await
    }

    async fn find_users(&self, folded: &str, limit: usize) -> StoreResult<Vec<User>> {
        let folded = folded.to_owned();
        self.read(move |c| find(c, &folded, limit)).await
    }

    async fn change_user(&self, user: UserId, change: UserChange) -> StoreResult<()> {
        self.write(move |c| put_change(c, user, change)).await
    }

    async fn renew_hash(&self, user: UserId, verified: &str, next: &str) -> StoreResult<()> {
        let (verified, next) = (verified.to_owned(), next.to_owned());
        self.write(move |c| put_hash(c, user, &verified, &next).map(drop))
            .await
    }

    async fn close_account(&self, user: UserId) -> StoreResult<()> {
        self.erase(move |c| {
            c.execute(
                "UPDATE user SET folded = NULL, username = '', display_name = '',
                        folded_display_name = '', password_hash = '', state = 'closing'
                 WHERE id = ?1 AND state = 'open'",
                [user.as_bytes()],
            )?;
            c.execute("DELETE FROM session WHERE user = ?1", [user.as_bytes()])?;
            Ok(())
        })
        .await
    }

    async fn closing_accounts(&self) -> StoreResult<Vec<UserId>> {
        self.read(move |c| {
            let mut query = c.prepare_cached("SELECT id FROM user WHERE state = 'closing'")?;
            let ids = query.query_map([], |row| rows::uuid(row, 0).map(UserId))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn messages_by(
        &self,
        author: UserId,
        limit: usize,
    ) -> StoreResult<Vec<(RoomId, MessageId)>> {
        self.read(move |c| {
            let mut query = c.prepare_cached(
                "SELECT r.id, m.id FROM message m JOIN room r ON r.key = m.room
                 WHERE m.author = ?1 AND m.body IS NOT NULL AND r.id IS NOT NULL LIMIT ?2",
            )?;
            let found = query.query_map(params![author.as_bytes(), limited(limit)], |row| {
                Ok((RoomId(rows::uuid(row, 0)?), MessageId(rows::uuid(row, 1)?)))
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn finish_closing(&self, user: UserId) -> StoreResult<()> {
        self.erase(move |c| finish(c, user)).await
    }
}

pub(super) fn put_change(c: &Connection, user: UserId, change: UserChange) -> StoreResult<()> {
    let (name, folded) = change.display_name.unzip();
    c.prepare_cached(
        "UPDATE user SET display_name = coalesce(?2, display_name),
                folded_display_name = coalesce(?3, folded_display_name)
         WHERE id = ?1 AND state = 'open'",
    )?
    .execute(params![user.as_bytes(), name, folded])?;
    Ok(())
}

/// Puts a hash in the place of another. `false`: that one is not there. Repeated, it was put.
pub(super) fn put_hash(
    c: &Connection,
    user: UserId,
    verified: &str,
    next: &str,
) -> StoreResult<bool> {
    let put = c
        .prepare_cached(
            "UPDATE user SET password_hash = ?3
             WHERE id = ?1 AND state = 'open' AND password_hash IN (?2, ?3)",
        )?
        .execute(params![user.as_bytes(), verified, next])?;
    Ok(put > 0)
}

const ACCOUNT_COLUMNS: &str =
    "id, username, display_name, state <> 'open', password_hash, created_at";

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        user: rows::user(row)?,
        password_hash: row.get(4)?,
        created_at: rows::time(row, 5)?,
    })
}

fn create(c: &Connection, draft: &UserDraft) -> Result<(), Stop> {
    let mut query = c.prepare_cached("SELECT id FROM user WHERE folded = ?1")?;
    let owner = query
        .query_row([&draft.folded], |row| rows::uuid(row, 0))
        .optional()?;
    if owner == Some(draft.id.uuid()) {
        return Ok(());
    }
    if owner.is_some() {
        return Err(Refusal::NameTaken.into());
    }
    if rows::user_by_id(c, draft.id)?.is_some() {
        return Err(Refusal::IdTaken.into());
    }
    c.prepare_cached("INSERT INTO user VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'open')")?
        .execute(params![
            draft.id.as_bytes(),
            draft.folded,
            draft.username,
            draft.display_name,
            draft.folded_display_name,
            draft.password_hash,
            draft.at.millis(),
        ])?;
    Ok(())
}

fn find(c: &Connection, folded: &str, limit: usize) -> StoreResult<Vec<User>> {
    let sql = format!(
        "SELECT {USER_COLUMNS} FROM user
         WHERE state = 'open' AND (instr(folded, ?1) > 0 OR instr(folded_display_name, ?1) > 0)
         ORDER BY instr(folded, ?1) = 1 OR instr(folded_display_name, ?1) = 1 DESC, folded
         LIMIT ?2"
    );
    let mut query = c.prepare_cached(&sql)?;
    let users = query.query_map(params![folded, limited(limit)], rows::user)?;
    Ok(users.collect::<Result<_, _>>()?)
}

/// Reactions are taken back and groups are left by events, like anything that changes a room:
/// whoever replays the log arrives at what the store holds. Direct rooms stay with the other
/// person, with nobody's name on the other side.
fn finish(c: &Connection, user: UserId) -> StoreResult<()> {
    let mut closing = c.prepare_cached("SELECT 1 FROM user WHERE id = ?1 AND state = 'closing'")?;
    if !closing.exists([user.as_bytes()])? {
        return Ok(());
    }
    let mut rooms = c.prepare_cached(
        "SELECT id FROM room WHERE id IS NOT NULL AND key IN
             (SELECT room FROM reaction WHERE user = ?1
              UNION SELECT room FROM member WHERE user = ?1)",
    )?;
    let rooms = rooms
        .query_map([user.as_bytes()], |row| rows::uuid(row, 0).map(RoomId))?
        .collect::<Result<Vec<_>, _>>()?;
    for room in rooms {
        withdraw(c, room, user)?;
    }
    c.execute(
        "UPDATE user SET state = 'closed', created_at = 0 WHERE id = ?1",
        [user.as_bytes()],
    )?;
    Ok(())
}

fn withdraw(c: &Connection, room: RoomId, user: UserId) -> StoreResult<()> {
    let Some(mut log) = OpenLog::of(c, room)? else {
        return Ok(());
    };
    let mut reactions =
        c.prepare_cached("SELECT message, emoji FROM reaction WHERE user = ?1 AND room = ?2")?;
    let reactions = reactions
        .query_map(params![user.as_bytes(), log.key], |row| {
            Ok((rows::rev(row, 0)?, row.get::<_, String>(1)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    for (message, emoji) in reactions {
        c.prepare_cached(
            "DELETE FROM reaction WHERE room = ?1 AND message = ?2 AND emoji = ?3 AND user = ?4",
        )?
        .execute(params![log.key, int(message.0), emoji, user.as_bytes()])?;
        let entry = Entry {
            message: Some(message),
            detail: Some(&emoji),
            ..Entry::new("unreacted")
        };
        push(&mut log, user, &entry)?;
    }
    if log.kind != RoomKind::Direct && log.standing(user)?.is_some() {
        log.unseat(user)?;
        push(
            &mut log,
            user,
            &Entry {
                user: Some(user),
                ..Entry::new("left")
            },
        )?;
    }
    log.save()
}

/// The store speaks for someone who is gone: at the time of the room's latest event, under an
/// id that follows from the place in the log.
fn push(log: &mut OpenLog<'_>, user: UserId, entry: &Entry<'_>) -> StoreResult<Rev> {
    let at = rows::event_at(log.c, log.key, log.id, log.head.rev)?.map(|event| event.at);
    let place = format!("{user} withdraws at {}", log.head.rev.next());
    let op = OpId(Uuid::new_v5(&log.id.uuid(), place.as_bytes()));
    log.push(user, op, at.unwrap_or_default(), entry)
}
