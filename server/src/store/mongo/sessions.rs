//! Signed-in devices and the refresh tokens that keep them so.
//!
//! A token is spent by one conditional update of its own document, which only one caller can win.
//! Its successor is put in place before that, so that a crash in between leaves the old one good; an
//! unknown successor harms nobody. Whoever ends a session removes its document; its tokens are good
//! for nothing from then on. A new password ends the sessions of the ones before it by one number in
//! the account's document, which every session is compared with; removing their documents is tidying
//! up.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, DateTime, Document, Uuid, doc};
use protocol::wire::Device;
use protocol::{SessionId, UserId};

use super::documents::{Session, Token, bin, date, id, time};
use super::failure::is_duplicate;
use super::people::{fields, verified_by};
use super::{Core, MongoStore};
use crate::store::{
    PasswordChange, Rotated, Rotation, SessionDraft, SessionRecord, Sessions, StoreResult,
    TokenHash,
};

#[async_trait]
impl Sessions for MongoStore {
    async fn open_session(&self, session: SessionDraft) -> StoreResult<bool> {
        self.call(move |core| async move { core.open_session(session).await })
            .await
    }

    async fn change_password(&self, change: PasswordChange) -> StoreResult<Option<Vec<SessionId>>> {
        self.call(move |core| async move { core.change_password(change).await })
            .await
    }

    async fn rotate(&self, rotation: Rotation) -> StoreResult<Rotated> {
        self.call(move |core| async move { core.rotate(&rotation).await })
            .await
    }

    async fn session(&self, session: SessionId) -> StoreResult<Option<SessionRecord>> {
        self.call(move |core| async move {
            let found = core.find_session(bin(session.as_bytes())).await?;
            Ok(found.map(|session| record(&session)))
        })
        .await
    }

    async fn ended_among(&self, sessions: &[SessionId]) -> StoreResult<Vec<SessionId>> {
        let sessions = sessions.to_vec();
        self.call(move |core| async move { core.ended_among(sessions).await })
            .await
    }

    async fn sessions_of(&self, user: UserId) -> StoreResult<Vec<Device>> {
        self.call(move |core| async move { core.sessions_of(user).await })
            .await
    }

    async fn end_session(&self, user: UserId, session: SessionId) -> StoreResult<bool> {
        let one = doc! { "_id": bin(session.as_bytes()), "user": bin(user.as_bytes()) };
        self.call(move |core| async move { Ok(!core.end_all(one).await?.is_empty()) })
            .await
    }
}

fn record(session: &Session) -> SessionRecord {
    SessionRecord {
        id: id(session.id),
        user: id(session.user),
        ends_at: time(session.ends_at),
    }
}

fn hash(token: &TokenHash) -> Binary {
    Binary {
        subtype: BinarySubtype::Generic,
        bytes: token.to_vec(),
    }
}

impl Core {
    async fn ended_among(&self, mut sessions: Vec<SessionId>) -> StoreResult<Vec<SessionId>> {
        let mut living = HashSet::new();
        for some in sessions.chunks(500) {
            let ids = some.iter().map(|id| bin(id.as_bytes()));
            let these = doc! { "_id": { "$in": ids.collect::<Vec<_>>() } };
            let found = self.in_force(these).await?;
            living.extend(found.into_iter().map(|session| session.id.bytes()));
        }
        sessions.retain(|session| !living.contains(session.as_bytes()));
        Ok(sessions)
    }

    async fn find_session(&self, session: Uuid) -> StoreResult<Option<Session>> {
        Ok(self.in_force(doc! { "_id": session }).await?.pop())
    }

    /// The sessions, latest first, but those of an earlier password.
    async fn in_force(&self, which: Document) -> StoreResult<Vec<Session>> {
        let found = self
            .all
            .sessions
            .find(which)
            .sort(doc! { "used_at": -1, "_id": 1 });
        let mut sessions = found.await?.try_collect::<Vec<Session>>().await?;
        let users = sessions.iter().map(|session| session.user);
        let users = users
            .collect::<HashSet<_>>()
            .into_iter()
            .collect::<Vec<_>>();
        let people = self
            .all
            .users
            .find(doc! { "_id": { "$in": users } })
            .await?;
        let people = people.map_ok(|person| (person.id, person));
        let people = people.try_collect::<HashMap<_, _>>().await?;
        sessions.retain(|session| {
            let person = people.get(&session.user);
            person.is_some_and(|person| session.is_of(person))
        });
        Ok(sessions)
    }

    async fn open_session(&self, draft: SessionDraft) -> StoreResult<bool> {
        let verified = verified_by(draft.user, &draft.verified);
        let Some(person) = self.all.users.find_one(verified).await? else {
            return Ok(false);
        };
        let session = Session {
            id: bin(draft.id.as_bytes()),
            user: person.id,
            passwords: person.passwords,
            agent: draft.agent,
            created_at: date(draft.at),
            used_at: date(draft.at),
            ends_at: date(draft.ends_at),
        };
        match self.all.sessions.insert_one(&session).await {
            // Repeated, it is the same session.
            Err(error) if is_duplicate(&error) => {}
            opened => drop(opened?),
        }
        self.put_token(&draft.token, session.id, session.ends_at)
            .await?;
        // Whoever closed the account or changed its password in between may have looked for
        // sessions before this one. Another hash of the same password changes nothing.
        let now = self.all.users.find_one(doc! { "_id": person.id }).await?;
        let opened = now.is_some_and(|person| session.is_of(&person));
        if !opened {
            self.end_all(doc! { "_id": session.id }).await?;
        }
        Ok(opened)
    }

    async fn change_password(&self, change: PasswordChange) -> StoreResult<Option<Vec<SessionId>>> {
        let user = bin(change.user.as_bytes());
        let kept = bin(change.keep.as_bytes());
        let mut set = fields(change.beside);
        set.insert("password_hash", &change.next);
        set.insert("kept_session", kept);
        let next = doc! { "$set": set, "$inc": { "passwords": 1_i64 } };
        let verified = verified_by(change.user, &change.verified);
        self.all.users.update_one(verified, next).await?;
        // Repeated, it is not counted twice.
        let changed = verified_by(change.user, &change.next);
        let Some(person) = self.all.users.find_one(changed).await? else {
            return Ok(None);
        };
        let earlier = doc! {
            "user": user,
            "_id": { "$ne": kept },
            "$or": [{ "passwords": { "$lt": person.passwords } }, { "passwords": null }],
        };
        Ok(Some(self.end_all(earlier).await?))
    }

    async fn put_token(
        &self,
        token: &TokenHash,
        session: Uuid,
        ends_at: DateTime,
    ) -> StoreResult<()> {
        let token = Token {
            hash: hash(token),
            session,
            spent_at: None,
            ends_at,
        };
        match self.all.tokens.insert_one(&token).await {
            Err(error) if is_duplicate(&error) => Ok(()),
            put => Ok(put.map(drop)?),
        }
    }

    async fn rotate(&self, rotation: &Rotation) -> StoreResult<Rotated> {
        let spent = doc! { "_id": hash(&rotation.spent) };
        loop {
            let Some(token) = self.all.tokens.find_one(spent.clone()).await? else {
                return Ok(Rotated::Unknown);
            };
            let Some(session) = self.find_session(token.session).await? else {
                return Ok(Rotated::Unknown);
            };
            let idle = rotation.at.since(time(session.used_at)) > rotation.idle;
            if idle || rotation.at >= time(session.ends_at) {
                self.end_all(doc! { "_id": session.id }).await?;
                return Ok(Rotated::Unknown);
            }
            let spent_ago = token.spent_at.map(|at| rotation.at.since(time(at)));
            if spent_ago.is_some_and(|ago| ago > rotation.grace) {
                self.end_all(doc! { "_id": session.id }).await?;
                return Ok(Rotated::Reused(record(&session)));
            }
            self.put_token(&rotation.next, session.id, session.ends_at)
                .await?;
            if spent_ago.is_none() {
                let mut unspent = spent.clone();
                unspent.insert("spent_at", mongodb::bson::Bson::Null);
                let spend = doc! { "$set": { "spent_at": date(rotation.at) } };
                let spending = self.all.tokens.update_one(unspent, spend).await?;
                if spending.matched_count == 0 {
                    // A parallel tab was first.
                    continue;
                }
            }
            // The session may have been ended meanwhile; then none of its tokens is good.
            let used = doc! { "$max": { "used_at": date(rotation.at) } };
            let using = self
                .all
                .sessions
                .update_one(doc! { "_id": session.id }, used)
                .await?;
            return Ok(match spent_ago {
                _ if using.matched_count == 0 => Rotated::Unknown,
                None => Rotated::Fresh(record(&session)),
                Some(_) => Rotated::Parallel(record(&session)),
            });
        }
    }

    async fn sessions_of(&self, user: UserId) -> StoreResult<Vec<Device>> {
        let found = self.in_force(doc! { "user": bin(user.as_bytes()) }).await?;
        let devices = found.into_iter().map(|session| Device {
            id: id(session.id),
            agent: session.agent,
            created_at: time(session.created_at),
            used_at: time(session.used_at),
            current: false,
        });
        Ok(devices.collect())
    }

    /// Ends the sessions and answers those that it ended.
    pub(super) async fn end_all(&self, which: Document) -> StoreResult<Vec<SessionId>> {
        let found = self.all.sessions.find(which).await?;
        let mut ended = Vec::new();
        for session in found.try_collect::<Vec<_>>().await? {
            let one = doc! { "_id": session.id };
            if self.all.sessions.delete_one(one).await?.deleted_count > 0 {
                ended.push(id(session.id));
            }
            self.all
                .tokens
                .delete_many(doc! { "session": session.id })
                .await?;
        }
        Ok(ended)
    }

    pub(super) async fn tidy_sessions(&self, now: DateTime, unused: DateTime) -> StoreResult<()> {
        self.end_all(doc! { "used_at": { "$lt": unused } }).await?;
        let ended = doc! { "ends_at": { "$lte": now } };
        self.all.sessions.delete_many(ended.clone()).await?;
        self.all.tokens.delete_many(ended).await?;
        Ok(())
    }
}
