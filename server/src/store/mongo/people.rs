//! Accounts: made, found, changed.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::bson::{Document, Regex, doc};
use protocol::wire::User;
use protocol::{MessageId, RoomId, UserId};

use super::documents::{Person, Standing, bin, date, limited};
use super::failure::is_duplicate;
use super::{Core, MongoStore};
use crate::store::{Account, People, Refusal, StoreError, StoreResult, UserChange, UserDraft};

#[async_trait]
impl People for MongoStore {
    async fn create_user(&self, user: UserDraft) -> StoreResult<Result<(), Refusal>> {
        self.call(move |core| async move { core.create_user(user).await })
            .await
    }

    async fn users(&self, ids: &[UserId]) -> StoreResult<Vec<User>> {
        let ids = ids.iter().map(|id| bin(id.as_bytes())).collect::<Vec<_>>();
        self.call(move |core| async move { Ok(core.users(&ids).await?.into_values().collect()) })
            .await
    }

    async fn account(&self, user: UserId) -> StoreResult<Option<Account>> {
        let open = doc! { "_id": bin(user.as_bytes()), "state": "open" };
        self.call(move |core| async move { core.account(open).await })
            .await
    }

    async fn account_by_name(&self, folded: &str) -> StoreResult<Option<Account>> {
        let open = doc! { "folded": folded, "state": "open" };
        self.call(move |core| async move { core.account(open).await })
            .await
    }

    async fn find_users(&self, folded: &str, limit: usize) -> StoreResult<Vec<User>> {
        let folded = folded.to_owned();
        self.call(move |core| async move { core.find_users(&folded, limit).await })
            .await
    }

    async fn change_user(&self, user: UserId, change: UserChange) -> StoreResult<()> {
        self.call(move |core| async move { core.change_user(user, change).await })
            .await
    }

    async fn renew_hash(&self, user: UserId, verified: &str, next: &str) -> StoreResult<()> {
        let verified = verified_by(user, verified);
        let renewal = doc! { "$set": { "password_hash": next } };
        self.call(move |core| async move {
            core.all.users.update_one(verified, renewal).await?;
            Ok(())
        })
        .await
    }

    async fn close_account(&self, user: UserId) -> StoreResult<()> {
        self.chore(move |core| async move { core.close_account(user).await })
            .await
    }

    async fn closing_accounts(&self) -> StoreResult<Vec<UserId>> {
        self.call(move |core| async move { core.closing_accounts().await })
            .await
    }

    async fn messages_by(
        &self,
        author: UserId,
        limit: usize,
    ) -> StoreResult<Vec<(RoomId, MessageId)>> {
        self.call(move |core| async move { core.messages_by(author, limit).await })
            .await
    }

    async fn finish_closing(&self, user: UserId) -> StoreResult<()> {
        self.chore(move |core| async move { core.finish_closing(user).await })
            .await
    }
}

impl Core {
    /// The unique indexes decide; what they refused is looked at to say why.
    async fn create_user(&self, draft: UserDraft) -> StoreResult<Result<(), Refusal>> {
        let person = Person {
            id: bin(draft.id.as_bytes()),
            folded: Some(draft.folded),
            username: draft.username,
            display_name: draft.display_name,
            folded_display_name: draft.folded_display_name,
            password_hash: draft.password_hash,
            passwords: 0,
            kept_session: None,
            created_at: date(draft.at),
            state: Standing::Open,
            watched: None,
        };
        match self.all.users.insert_one(&person).await {
            Err(error) if is_duplicate(&error) => {}
            made => return made.map(|_| Ok(())).map_err(StoreError::from),
        }
        let owner = self
            .all
            .users
            .find_one(doc! { "folded": person.folded })
            .await?;
        Ok(match owner {
            Some(owner) if owner.id == person.id => Ok(()),
            Some(_) => Err(Refusal::NameTaken),
            None => Err(Refusal::IdTaken),
        })
    }

    async fn account(&self, which: Document) -> StoreResult<Option<Account>> {
        let found = self.all.users.find_one(which).await?;
        Ok(found.map(|person| person.account()))
    }

    /// Those whose names begin with the text, then those that contain it.
    async fn find_users(&self, folded: &str, limit: usize) -> StoreResult<Vec<User>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let Some((beginning, anywhere)) = patterns(folded) else {
            return Ok(Vec::new());
        };
        let mut found = self.people_like(&beginning, limit).await?;
        if found.len() < limit {
            // Those that begin with it come again.
            let wanted = limit.saturating_add(found.len());
            for person in self.people_like(&anywhere, wanted).await? {
                if found.len() < limit && found.iter().all(|other| other.id != person.id) {
                    found.push(person);
                }
            }
        }
        Ok(found.iter().map(Person::user).collect())
    }

    async fn people_like(&self, pattern: &Regex, limit: usize) -> StoreResult<Vec<Person>> {
        let like = doc! {
            "state": "open",
            "$or": [{ "folded": pattern }, { "folded_display_name": pattern }],
        };
        let found = self.all.users.find(like).sort(doc! { "folded": 1 });
        Ok(found.limit(limited(limit)).await?.try_collect().await?)
    }

    async fn change_user(&self, user: UserId, change: UserChange) -> StoreResult<()> {
        let set = fields(change);
        if !set.is_empty() {
            let open = doc! { "_id": bin(user.as_bytes()), "state": "open" };
            self.all
                .users
                .update_one(open, doc! { "$set": set })
                .await?;
        }
        Ok(())
    }
}

pub(super) fn fields(change: UserChange) -> Document {
    let mut set = Document::new();
    if let Some((name, folded)) = change.display_name {
        set.insert("display_name", name);
        set.insert("folded_display_name", folded);
    }
    set
}

/// The account, if its password is still the one that was verified.
pub(super) fn verified_by(user: UserId, hash: &str) -> Document {
    doc! { "_id": bin(user.as_bytes()), "state": "open", "password_hash": hash }
}

/// The text as it is, at the beginning and anywhere. `None`: nobody's name can contain it.
fn patterns(text: &str) -> Option<(Regex, Regex)> {
    let mut literal = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() && !c.is_ascii_alphanumeric() {
            literal.push('\\');
        }
        literal.push(c);
    }
    let regex = |pattern: String| {
        Some(Regex {
            pattern: pattern.try_into().ok()?,
            options: String::new().try_into().ok()?,
        })
    };
    Some((regex(format!("^{literal}"))?, regex(literal)?))
}
