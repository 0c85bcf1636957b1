//! Signed-in devices and the refresh tokens that keep them so.

use async_trait::async_trait;
use protocol::wire::Device;
use protocol::{SessionId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteStore;
use super::people::{put_change, put_hash};
use super::rows;
use crate::store::{
    PasswordChange, Rotated, Rotation, SessionDraft, SessionRecord, Sessions, StoreResult,
    TokenHash,
};

#[async_trait]
impl Sessions for SqliteStore {
    async fn open_session(&self, session: SessionDraft) -> StoreResult<bool> {
        self.write(move |c| {
            // Repeated, it is the same session.
            c.prepare_cached(
                "INSERT INTO session SELECT ?1, ?2, ?3, ?4, ?4, ?5 FROM user
                 WHERE id = ?2 AND state = 'open' AND password_hash = ?6 ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                session.id.as_bytes(),
                session.user.as_bytes(),
                session.agent,
                session.at.millis(),
                session.ends_at.millis(),
                session.verified,
            ])?;
            put_token(c, &session.token, session.id)?;
            exists(c, session.id)
        })
        .await
    }

    async fn change_password(&self, change: PasswordChange) -> StoreResult<Option<Vec<SessionId>>> {
        self.write(move |c| {
            if !put_hash(c, change.user, &change.verified, &change.next)? {
                return Ok(None);
            }
            put_change(c, change.user, change.beside)?;
            let mut delete =
                c.prepare_cached("DELETE FROM session WHERE user = ?1 AND id <> ?2 RETURNING id")?;
            let which = [change.user.as_bytes(), change.keep.as_bytes()];
            let ended = delete.query_map(which, |row| rows::uuid(row, 0).map(SessionId))?;
            Ok(Some(ended.collect::<Result<_, _>>()?))
        })
        .await
    }

    async fn rotate(&self, rotation: Rotation) -> StoreResult<Rotated> {
        self.write(move |c| rotate(c, &rotation)).await
    }

    async fn session(&self, session: SessionId) -> StoreResult<Option<SessionRecord>> {
        self.read(move |c| {
            let mut query =
                c.prepare_cached("SELECT id, user, ends_at FROM session WHERE id = ?1")?;
            Ok(query.query_row([session.as_bytes()], record).optional()?)
        })
        .await
    }

    async fn ended_among(&self, sessions: &[SessionId]) -> StoreResult<Vec<SessionId>> {
        let sessions = sessions.to_vec();
        self.read(move |c| {
            let mut ended = Vec::new();
            for session in sessions {
                if !exists(c, session)? {
                    ended.push(session);
                }
            }
            Ok(ended)
        })
        .await
    }

    async fn sessions_of(&self, user: UserId) -> StoreResult<Vec<Device>> {
        self.read(move |c| {
            let mut query = c.prepare_cached(
                "SELECT id, agent, created_at, used_at FROM session WHERE user = ?1
                 ORDER BY used_at DESC, id",
            )?;
            let devices = query.query_map([user.as_bytes()], |row| {
                Ok(Device {
                    id: SessionId(rows::uuid(row, 0)?),
                    agent: row.get(1)?,
                    created_at: rows::time(row, 2)?,
                    used_at: rows::time(row, 3)?,
                    current: false,
                })
            })?;
            Ok(devices.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn end_session(&self, user: UserId, session: SessionId) -> StoreResult<bool> {
        self.write(move |c| {
            let mut delete = c.prepare_cached("DELETE FROM session WHERE id = ?1 AND user = ?2")?;
            Ok(delete.execute([session.as_bytes(), user.as_bytes()])? > 0)
        })
        .await
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<SessionRecord> {
    Ok(SessionRecord {
        id: SessionId(rows::uuid(row, 0)?),
        user: UserId(rows::uuid(row, 1)?),
        ends_at: rows::time(row, 2)?,
    })
}

fn exists(c: &Connection, session: SessionId) -> StoreResult<bool> {
    let mut query = c.prepare_cached("SELECT 1 FROM session WHERE id = ?1")?;
    Ok(query.exists([session.as_bytes()])?)
}

fn put_token(c: &Connection, token: &TokenHash, session: SessionId) -> StoreResult<()> {
    c.prepare_cached(
        "INSERT INTO token SELECT ?1, id, NULL FROM session WHERE id = ?2 ON CONFLICT DO NOTHING",
    )?
    .execute(params![token, session.as_bytes()])?;
    Ok(())
}

fn rotate(c: &Connection, rotation: &Rotation) -> StoreResult<Rotated> {
    let mut query = c.prepare_cached(
        "SELECT s.id, s.user, s.ends_at, s.used_at, t.spent_at
         FROM token t JOIN session s ON s.id = t.session WHERE t.hash = ?1",
    )?;
    let found = query
        .query_row([rotation.spent], |row| {
            let spent_at = row.get::<_, Option<i64>>(4)?.map(Timestamp);
            Ok((record(row)?, rows::time(row, 3)?, spent_at))
        })
        .optional()?;
    let Some((session, used_at, spent_at)) = found else {
        return Ok(Rotated::Unknown);
    };
    if rotation.at >= session.ends_at || rotation.at.since(used_at) > rotation.idle {
        end(c, session.id)?;
        return Ok(Rotated::Unknown);
    }
    let parallel = match spent_at {
        None => false,
        Some(spent_at) if rotation.at.since(spent_at) <= rotation.grace => true,
        Some(_) => {
            end(c, session.id)?;
            return Ok(Rotated::Reused(session));
        }
    };
    c.prepare_cached("UPDATE token SET spent_at = ?2 WHERE hash = ?1 AND spent_at IS NULL")?
        .execute(params![rotation.spent, rotation.at.millis()])?;
    c.prepare_cached("UPDATE session SET used_at = max(used_at, ?2) WHERE id = ?1")?
        .execute(params![session.id.as_bytes(), rotation.at.millis()])?;
    put_token(c, &rotation.next, session.id)?;
    Ok(if parallel {
        Rotated::Parallel(session)
    } else {
        Rotated::Fresh(session)
    })
}

/// Its tokens go with it.
fn end(c: &Connection, session: SessionId) -> StoreResult<()> {
    c.prepare_cached("DELETE FROM session WHERE id = ?1")?
        .execute([session.as_bytes()])?;
    Ok(())
}
