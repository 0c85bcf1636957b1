//! An account of the run, and the token that speaks for it.

use std::time::{Duration, Instant};

use protocol::UserId;
use protocol::wire::SignedIn;

use super::history::Who;
use crate::api::{Answer, Api, insist};

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub struct Account {
    pub who: Who,
    pub user: UserId,
    pub username: String,
    pub password: String,
    access: String,
    refresh: String,
    /// When to ask for the next token.
    stale_at: Instant,
}

impl Account {
    pub async fn register(api: Api, who: Who, username: String) -> Answer<Self> {
        // Long enough for any rule, and not in any list of bad ones.
        let password = format!("열려라 참깨 {username} 7319");
        let (signed_in, _) = insist(PATIENCE, || api.register(&username, &password)).await?;
        let mut account = Self {
            who,
            user: signed_in.user.id,
            username,
            password,
            access: String::new(),
            refresh: String::new(),
            stale_at: Instant::now(),
        };
        account.take(signed_in);
        Ok(account)
    }

    /// The same person on another device.
    pub async fn another_session(&self, api: Api) -> Answer<Self> {
        let mut account = self.clone();
        account.sign_in(api).await?;
        Ok(account)
    }

    pub fn token(&self) -> &str {
        &self.access
    }

    /// A token that is good for a while: asks for a new one before the old one ends.
    pub async fn fresh_token(&mut self, api: Api) -> Answer<&str> {
        if Instant::now() >= self.stale_at {
            match api.refresh(&self.refresh).await {
                Ok(signed_in) => self.take(signed_in),
                // The answer to an earlier refresh may have been lost, and with it the chain.
                Err(failure) if !failure.is_passing() => self.sign_in(api).await?,
                Err(failure) => return Err(failure),
            }
        }
        Ok(&self.access)
    }

    pub async fn sign_in(&mut self, api: Api) -> Answer<()> {
        let signed_in = insist(PATIENCE, || api.login(&self.username, &self.password)).await?;
        self.take(signed_in);
        Ok(())
    }

    fn take(&mut self, signed_in: SignedIn) {
        let lifetime = Duration::from_secs(signed_in.expires_in);
        self.stale_at = Instant::now() + lifetime / 2;
        self.access = signed_in.access_token;
        self.refresh = signed_in.refresh_token;
    }
}
