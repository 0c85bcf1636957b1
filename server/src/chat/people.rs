//! Finding people, naming them, and knowing who is here.

use std::collections::BTreeSet;

use protocol::UserId;
use protocol::rules;
use protocol::wire::{Page, User, code};

use super::{Chat, Principal, Refused, page_size};
use crate::store::Refusal;

/// How many people can be asked for by their ids at once.
const MAX_ASKED: usize = 5_000;
/// Longer than any name: such a text finds nobody.
const MAX_QUERY_BYTES: usize = 512;

impl Chat {
    pub async fn find_people(
        &self,
        who: Principal,
        query: &str,
        limit: usize,
    ) -> Result<Page<User>, Refused> {
        self.standing(who).await?;
        self.limits.searches.take(who.user, self.now())?;
        let query = query.trim();
        if query.len() > MAX_QUERY_BYTES {
            return Ok(Page::whole(Vec::new()));
        }
        let found = self
            .parts
            .store
            .find_users(&rules::fold(query), page_size(limit))
            .await?;
        Ok(Page::whole(found))
    }

    pub async fn users(&self, who: Principal, ids: &[UserId]) -> Result<Page<User>, Refused> {
        self.standing(who).await?;
        if ids.len() > MAX_ASKED {
            return Err(Refused::new(
                code::TOO_LARGE,
                format!("At most {MAX_ASKED} people can be asked for at once."),
            ));
        }
        Ok(Page::whole(
            self.named(ids.iter().copied().collect()).await?,
        ))
    }

    /// Of these, who is online; `None` when it is not known.
    pub async fn online(&self, users: &[UserId]) -> Option<Vec<UserId>> {
        self.parts.presence.online(users).await
    }

    /// Those of them that exist, deleted ones as such.
    pub(super) async fn named(&self, ids: BTreeSet<UserId>) -> Result<Vec<User>, Refused> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<UserId> = ids.into_iter().collect();
        Ok(self.parts.store.users(&ids).await?)
    }

    /// Refuses unless each of them has an account now.
    pub(super) async fn all_exist(&self, ids: &[UserId]) -> Result<(), Refused> {
        let users = self.parts.store.users(ids).await?;
        let living: BTreeSet<UserId> = users
            .iter()
            .filter(|user| !user.deleted)
            .map(|user| user.id)
            .collect();
        match ids.iter().find(|id| !living.contains(id)) {
            None => Ok(()),
            Some(_) => Err(Refusal::NoSuchUser.into()),
        }
    }
}
