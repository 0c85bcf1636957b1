//! Accounts, and the devices that are signed in to them.

use mongodb::bson::{Binary, DateTime, Uuid};
use protocol::wire::User;
use serde::{Deserialize, Serialize};

use super::{id, time};
use crate::store::Account;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::store::mongo) struct Person {
    #[serde(rename = "_id")]
    pub(in crate::store::mongo) id: Uuid,
    /// Unique; missing once the account is closed: the name is free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) folded: Option<String>,
    pub(in crate::store::mongo) username: String,
    pub(in crate::store::mongo) display_name: String,
    pub(in crate::store::mongo) folded_display_name: String,
    pub(in crate::store::mongo) password_hash: String,
    /// How often the password was changed. A session of an earlier one has ended, whether its
    /// document is still there or not: what is one write cannot be interrupted in the middle.
    #[serde(default)]
    pub(in crate::store::mongo) passwords: i64,
    /// The session that the last change came from, which goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) kept_session: Option<Uuid>,
    pub(in crate::store::mongo) created_at: DateTime,
    pub(in crate::store::mongo) state: Standing,
    /// Closed: until when late writes are looked for. At first [`NOT_YET`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) watched: Option<DateTime>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::store::mongo) enum Standing {
    Open,
    Closing,
    Closed,
}

impl Person {
    pub(in crate::store::mongo) fn user(&self) -> User {
        User {
            id: id(self.id),
            username: self.username.clone(),
            display_name: self.display_name.clone(),
            deleted: self.state != Standing::Open,
        }
    }

    pub(in crate::store::mongo) fn account(&self) -> Account {
        Account {
            user: self.user(),
            password_hash: self.password_hash.clone(),
            created_at: time(self.created_at),
        }
    }
}

impl Session {
    /// By its account, which says which password is in force.
    pub(in crate::store::mongo) fn is_of(&self, person: &Person) -> bool {
        person.state == Standing::Open
            && (self.passwords >= person.passwords || person.kept_session == Some(self.id))
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::store::mongo) struct Session {
    #[serde(rename = "_id")]
    pub(in crate::store::mongo) id: Uuid,
    pub(in crate::store::mongo) user: Uuid,
    /// Of the account, when it was opened: [`Person::passwords`].
    #[serde(default)]
    pub(in crate::store::mongo) passwords: i64,
    pub(in crate::store::mongo) agent: String,
    pub(in crate::store::mongo) created_at: DateTime,
    pub(in crate::store::mongo) used_at: DateTime,
    pub(in crate::store::mongo) ends_at: DateTime,
}

/// A refresh token, by its hash. It is good while its session is there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::store::mongo) struct Token {
    #[serde(rename = "_id")]
    pub(in crate::store::mongo) hash: Binary,
    pub(in crate::store::mongo) session: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::store::mongo) spent_at: Option<DateTime>,
    /// With its session at the latest.
    pub(in crate::store::mongo) ends_at: DateTime,
}
