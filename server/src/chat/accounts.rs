//! Accounts: made, entered, changed, left.

use std::sync::Arc;

use protocol::rules::{self, MAX_PASSWORD_BYTES};
use protocol::wire::{
    Broken, ChangeMe, DeleteMe, Login, Register, RoomKind, Signal, SignedIn, User, UserDetails,
    code, rule,
};
use protocol::{SessionId, UserId};

use super::limits::network;
use super::passwords::{Asker, Verdict};
use super::sessions::{ended_notices, session_ended};
use super::tokens::{ACCESS_LIFETIME, hash_refresh_token, new_refresh_token};
use super::{Chat, Principal, Refused, Visitor};
use crate::presence::Notice;
use crate::store::{
    Account, PasswordChange, Refusal, Rotated, Rotation, SessionDraft, UserChange, UserDraft,
};

/// For how long a refresh token that was just spent is still taken, because tabs that wake
/// together refresh together.
const GRACE: std::time::Duration = std::time::Duration::from_secs(15);

/// What a device may call itself, in characters.
const MAX_AGENT: usize = 200;

impl Chat {
    pub async fn register(&self, form: Register, from: &Visitor) -> Result<SignedIn, Refused> {
        if !self.parts.settings.registration_open {
            return Err(Refused::new(
                code::FORBIDDEN,
                "This server takes no new accounts. Ask whoever runs it.",
            )
            .breaking(Broken::new(rule::REGISTRATION_CLOSED)));
        }
        let now = self.now();
        self.limits.registration(from.ip, now).await?;
        let name = rules::username(&form.username)?;
        rules::password(&form.password)?;
        let display_name = match form.display_name.as_deref().map(str::trim) {
            None | Some("") => name.shown.clone(),
            Some(text) => rules::display_name(text)?,
        };
        // The store decides; asking first saves the work of a hash for a name that is taken.
        if self
            .parts
            .store
            .account_by_name(&name.folded)
            .await?
            .is_some()
        {
            return Err(name_taken());
        }

        let user = User {
            id: UserId(self.new_id()),
            username: name.shown,
            display_name,
            deleted: false,
        };
        let draft = UserDraft {
            id: user.id,
            username: user.username.clone(),
            folded: name.folded,
            display_name: user.display_name.clone(),
            folded_display_name: rules::fold(&user.display_name),
            password_hash: self.hash_for(from, form.password).await?,
            at: now,
        };
        let verified = draft.password_hash.clone();
        match self.parts.store.create_user(draft).await? {
            Ok(()) => {}
            Err(Refusal::NameTaken) => return Err(name_taken()),
            Err(refusal) => return Err(refusal.into()),
        }
        tracing::info!(user.id = %user.id, "an account was made");
        let signed_in = self.sign_in(user, verified, from).await?;
        signed_in.ok_or_else(session_ended)
    }

    pub async fn login(&self, form: Login, from: &Visitor) -> Result<SignedIn, Refused> {
        // A name that breaks the rules belongs to nobody, and is answered like any unknown one.
        let name = rules::username_to_find(&form.username);
        let throttled = name.as_deref().unwrap_or_default();
        let attempt = self
            .limits
            .logins
            .take(throttled, from.ip, self.now())
            .await?;
        match self
            .try_password(name.as_deref(), form.password, from)
            .await
        {
            Ok(Some(signed_in)) => {
                self.limits.logins.give_back(attempt.guess()).await;
                Ok(signed_in)
            }
            Ok(None) => {
                tracing::info!(client.ip = %from.ip, "a log-in was refused");
                Err(wrong_login())
            }
            Err(refused) => {
                self.limits.logins.give_back(attempt).await;
                Err(refused)
            }
        }
    }

    /// `None`: the name or the password is wrong.
    async fn try_password(
        &self,
        name: Option<&str>,
        password: String,
        from: &Visitor,
    ) -> Result<Option<SignedIn>, Refused> {
        // While a password is compared, its hash may be renewed by another log-in, or it may be
        // changed: once more, and it is known which.
        for _ in 0..2 {
            let account = match name {
                Some(name) => self.parts.store.account_by_name(name).await?,
                None => None,
            };
            let account = account.filter(|account| !account.user.deleted);
            let asker = Asker::Network(network(from.ip));
            let verdict = self.compare(&password, account.as_ref(), asker).await?;
            let Some(account) = account.filter(|_| verdict != Verdict::Wrong) else {
                return Ok(None);
            };
            let (user, verified) = (account.user, account.password_hash);
            let id = user.id;
            let Some(signed_in) = self.sign_in(user, verified.clone(), from).await? else {
                continue;
            };
            if verdict == Verdict::RightButOld {
                self.renew_hash(id, verified, password, asker).await;
            }
            return Ok(Some(signed_in));
        }
        Ok(None)
    }

    pub async fn refresh(&self, token: &str, from: &Visitor) -> Result<SignedIn, Refused> {
        let now = self.now();
        self.limits.refresh(from.ip, now).await?;
        let spent = hash_refresh_token(token).ok_or_else(session_ended)?;
        let (refresh_token, next) = new_refresh_token()?;
        let rotation = Rotation {
            spent,
            next,
            at: now,
            idle: self.parts.settings.session_idle,
            grace: GRACE,
        };
        let store = Arc::clone(&self.parts.store);
        let rotated = self.ending(async move {
            let rotated = store.rotate(rotation).await;
            let over = match &rotated {
                Ok(Rotated::Reused(session)) => Some(session.id),
                _ => None,
            };
            // So few rotations end a session that one of unknown outcome is not told to everyone.
            Ok((rotated, ended_notices(over)))
        });
        let session = match rotated.await?? {
            Rotated::Fresh(session) | Rotated::Parallel(session) => session,
            Rotated::Reused(session) => {
                tracing::warn!(
                    user.id = %session.user,
                    session.id = %session.id,
                    "a refresh token was used twice; its session is ended"
                );
                return Err(Refused::new(
                    code::UNAUTHENTICATED,
                    "This session was ended, because its token was used a second time. Log in \
                     again, and change your password if that was not you.",
                ));
            }
            Rotated::Unknown => return Err(session_ended()),
        };
        match self.parts.store.account(session.user).await? {
            Some(account) if !account.user.deleted => {
                self.signed_in(account.user, session.id, refresh_token, from)
            }
            _ => Err(session_ended()),
        }
    }

    pub async fn me(&self, who: Principal) -> Result<UserDetails, Refused> {
        self.standing(who).await?;
        let account = self.own_account(who).await?;
        Ok(UserDetails {
            user: account.user,
            created_at: account.created_at,
            session: who.session,
        })
    }

    pub async fn change_me(&self, who: Principal, change: ChangeMe) -> Result<User, Refused> {
        self.standing(who).await?;
        self.limits.messages.take(who.user, self.now())?;
        let mut account = self.own_account(who).await?;
        let renamed = match &change.display_name {
            Some(text) => {
                let name = rules::display_name(text)?;
                let folded = rules::fold(&name);
                Some((name, folded))
            }
            None => None,
        };
        let naming = UserChange {
            display_name: renamed.clone(),
        };
        if let Some(password) = change.password {
            rules::password(&password)?;
            let current = change.current_password.unwrap_or_default();
            self.prove(&account, &current, "currentPassword").await?;
            let asker = Asker::Person(who.user);
            let change = PasswordChange {
                user: who.user,
                verified: account.password_hash.clone(),
                next: self.passwords.hash(password, asker).await?,
                keep: who.session,
                beside: naming,
            };
            let store = Arc::clone(&self.parts.store);
            let changed = self.ending(async move {
                let over = store.change_password(change).await?;
                Ok((over.is_some(), ended_notices(over.unwrap_or_default())))
            });
            if !changed.await? {
                return Err(not_proved("currentPassword"));
            }
            tracing::info!(user.id = %who.user, "a password was changed");
        } else if renamed.is_some() {
            self.parts.store.change_user(who.user, naming).await?;
        }
        if let Some((name, _)) = renamed {
            account.user.display_name = name;
            self.show_new_name(&account.user).await?;
        }
        Ok(account.user)
    }

    /// Deletes the account for good. Once it is closed, which is durable, the rest is done even
    /// if this request, or this process, ends before.
    pub async fn delete_me(&self, who: Principal, form: DeleteMe) -> Result<(), Refused> {
        self.standing(who).await?;
        let account = self.own_account(who).await?;
        self.prove(&account, &form.password, "password").await?;

        let (store, deletion) = (Arc::clone(&self.parts.store), Arc::clone(&self.deletion));
        let ending = self.ending(async move {
            let devices = store.sessions_of(who.user).await?;
            store.close_account(who.user).await?;
            tracing::info!(user.id = %who.user, "an account is being deleted");
            let sessions = devices.into_iter().map(|device| device.id);
            let mut notices = ended_notices(sessions.chain([who.session]));
            notices.push(Notice::Erased { user: who.user });
            let deleting = tokio::spawn(async move { deletion.run(who.user).await });
            Ok((deleting, notices))
        });
        // However it ends, the account is closed, and the log says what became of the rest.
        let _ = ending.await?.await;
        Ok(())
    }

    /// How many passwords were compared with a hash so far, for the metrics.
    pub fn password_checks(&self) -> u64 {
        self.passwords.checked()
    }

    /// `None`: the hash that was verified is not the account's any more.
    async fn sign_in(
        &self,
        user: User,
        verified: String,
        from: &Visitor,
    ) -> Result<Option<SignedIn>, Refused> {
        let now = self.now();
        let (refresh_token, token) = new_refresh_token()?;
        let session = SessionDraft {
            id: SessionId(self.new_id()),
            user: user.id,
            verified,
            agent: agent(&from.agent),
            token,
            at: now,
            ends_at: now.plus(self.parts.settings.session_lifetime),
        };
        let id = session.id;
        if !self.parts.store.open_session(session).await? {
            return Ok(None);
        }
        self.signed_in(user, id, refresh_token, from).map(Some)
    }

    fn signed_in(
        &self,
        user: User,
        session: SessionId,
        refresh_token: String,
        from: &Visitor,
    ) -> Result<SignedIn, Refused> {
        let name = rules::fold(&user.username);
        self.limits.logins.came_in(name, from.ip);
        let access_token = self.tokens.sign(user.id, session, self.now())?;
        Ok(SignedIn {
            user,
            access_token,
            expires_in: ACCESS_LIFETIME.as_secs(),
            refresh_token,
        })
    }

    /// Of someone who registers. Where the server is too busy for it, the registration was none.
    async fn hash_for(&self, from: &Visitor, password: String) -> Result<String, Refused> {
        let hash = self
            .passwords
            .hash(password, Asker::Network(network(from.ip)))
            .await;
        if hash.is_err() {
            self.limits.no_registration(from.ip).await;
        }
        hash
    }

    /// What cannot be renewed now is renewed at the next log-in; this one is in.
    async fn renew_hash(&self, user: UserId, verified: String, password: String, asker: Asker) {
        let Ok(next) = self.passwords.hash(password, asker).await else {
            return;
        };
        if let Err(error) = self.parts.store.renew_hash(user, &verified, &next).await {
            tracing::warn!(%error, user.id = %user, "the hash of a password was not renewed");
        }
    }

    async fn own_account(&self, who: Principal) -> Result<Account, Refused> {
        let account = self.parts.store.account(who.user).await?;
        account
            .filter(|account| !account.user.deleted)
            .ok_or_else(session_ended)
    }

    async fn compare(
        &self,
        password: &str,
        account: Option<&Account>,
        asker: Asker,
    ) -> Result<Verdict, Refused> {
        // Longer than any password can be: it is wrong, and not worth hashing at its length.
        let (password, account) = if password.len() > MAX_PASSWORD_BYTES {
            ("", None)
        } else {
            (password, account)
        };
        let hash = account.map(|account| account.password_hash.clone());
        self.passwords.check(password.to_owned(), hash, asker).await
    }

    /// Asks for the password once more, before something that a borrowed device must not do.
    async fn prove(
        &self,
        account: &Account,
        password: &str,
        field: &'static str,
    ) -> Result<(), Refused> {
        let user = account.user.id;
        let attempt = self.limits.logins.prove(user, self.now()).await?;
        let verdict = self
            .compare(password, Some(account), Asker::Person(user))
            .await;
        if !matches!(verdict, Ok(Verdict::Wrong)) {
            self.limits.logins.give_back(attempt).await;
        }
        match verdict? {
            Verdict::Wrong => Err(not_proved(field)),
            Verdict::Right | Verdict::RightButOld => Ok(()),
        }
    }

    /// Whoever looks at a room with this person; and direct rooms are shown under the other
    /// person's name.
    async fn show_new_name(&self, user: &User) -> Result<(), Refused> {
        for mine in self.parts.store.rooms_of(user.id).await? {
            let (room, user) = (mine.room.id, user.clone());
            let signal = Signal::Named { user };
            self.parts.presence.announce(Notice::Room { room, signal });
            if let (RoomKind::Direct, Some(peer)) = (mine.room.kind, &mine.peer) {
                self.side_changed(peer.id, mine.room.id);
            }
        }
        Ok(())
    }
}

fn name_taken() -> Refused {
    Refused::from(Refusal::NameTaken).in_field("username")
}

/// One answer for a wrong name and a wrong password.
fn wrong_login() -> Refused {
    Refused::new(code::WRONG_LOGIN, "The name or the password is not right.")
}

fn not_proved(field: &'static str) -> Refused {
    Refused::new(code::WRONG_LOGIN, "The current password is not right.").in_field(field)
}

/// What a device calls itself is shown to its owner: one short line.
fn agent(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .take(MAX_AGENT)
        .collect()
}
