//! Which sessions are still in force: the list of devices, ending one, and the short memory of
//! ended sessions by which an access token is refused without asking the store.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use protocol::wire::{Device, Page, code};
use protocol::{SessionId, Timestamp};
use tokio::sync::broadcast::error::RecvError;

use super::paging::{Cursor, cut};
use super::tokens::{ACCESS_LIFETIME, made_before};
use super::{Chat, Principal, Refused};
use crate::presence::Notice;
use crate::store::StoreResult;

/// How far the clocks of two nodes may be apart.
const CLOCKS: Duration = Duration::from_secs(30);

impl Chat {
    /// Who the access token speaks for. No I/O but a look at the list of ended sessions in memory.
    pub fn authenticate(&self, access_token: &str) -> Result<Principal, Refused> {
        let who = self.tokens.read(access_token, self.now())?;
        if self.ended.has(who.session) {
            Err(session_ended())
        } else {
            Ok(who)
        }
    }

    pub async fn sessions(
        &self,
        who: Principal,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Device>, Refused> {
        self.standing(who).await?;
        let mut devices = self.parts.store.sessions_of(who.user).await?;
        for device in &mut devices {
            device.current = device.id == who.session;
        }
        let place = |device: &Device| Cursor {
            at: device.used_at,
            id: device.id.uuid(),
        };
        let next = cut(&mut devices, place, after, limit);
        Ok(Page {
            next,
            ..Page::whole(devices)
        })
    }

    /// Forgets what has run out in the store, sessions before all.
    pub async fn tidy(&self) -> Result<(), Refused> {
        let idle = self.parts.settings.session_idle;
        Ok(self.parts.store.tidy(self.now(), idle).await?)
    }

    pub async fn end_session(&self, who: Principal, session: SessionId) -> Result<(), Refused> {
        self.standing(who).await?;
        // All nodes are told of it, so nobody may do it without end.
        self.limits.messages.take(who.user, self.now())?;
        let store = Arc::clone(&self.parts.store);
        let ending = async move {
            let ended = store.end_session(who.user, session).await?;
            // It may have ended a moment ago, by an answer that did not come back.
            let over = if ended {
                vec![session]
            } else {
                store.ended_among(&[session]).await?
            };
            Ok((ended, ended_notices(over)))
        };
        if self.ending(ending).await? {
            Ok(())
        } else {
            Err(Refused::new(
                code::NOT_FOUND,
                "You have no such session, or it has ended.",
            ))
        }
    }

    pub async fn logout(&self, who: Principal) -> Result<(), Refused> {
        let store = Arc::clone(&self.parts.store);
        self.ending(async move {
            store.end_session(who.user, who.session).await?;
            Ok(((), ended_notices([who.session])))
        })
        .await
    }

    /// Runs what ends sessions, and then says so: in a task of its own, because what is durable
    /// must be said even when the request that asked for it is given up. Where it is not known
    /// what became of it, everyone is told to look.
    pub(super) async fn ending<T: Send + 'static>(
        &self,
        work: impl Future<Output = StoreResult<(T, Vec<Notice>)>> + Send + 'static,
    ) -> Result<T, Refused> {
        let ended = Arc::clone(&self.ended);
        let presence = Arc::clone(&self.parts.presence);
        let clock = Arc::clone(&self.parts.clock);
        let done = tokio::spawn(async move {
            match work.await {
                Ok((answer, notices)) => {
                    for notice in notices {
                        // From here on its tokens are refused, and its sockets close.
                        if let Notice::Ended { session } = notice {
                            ended.add(session, clock.now());
                        }
                        presence.announce(notice);
                    }
                    Ok(answer)
                }
                Err(error) => {
                    ended.doubt(clock.now());
                    presence.announce(Notice::Untold);
                    Err(error.into())
                }
            }
        });
        done.await.unwrap_or_else(|error| {
            tracing::error!(%error, "the end of a session broke off");
            Err(Refused::new(
                code::INTERNAL,
                "The server could not end the session. Try again.",
            ))
        })
    }

    /// Hears from the other nodes which sessions ended. Runs for as long as the server does.
    pub async fn follow_ended_sessions(&self) {
        let mut notices = self.parts.presence.listen();
        loop {
            match notices.recv().await {
                Ok(Notice::Ended { session }) => self.ended.add(session, self.now()),
                // What was missed may have been an end: older tokens are looked up once more.
                Ok(Notice::Away | Notice::Back | Notice::Untold) | Err(RecvError::Lagged(_)) => {
                    self.ended.doubt(self.now());
                }
                Ok(_) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Whether the session is in force now. Every operation begins with it, because a socket
    /// outlives the moment at which it was let in.
    ///
    /// A token made since this server began is judged from memory. One made before may belong to
    /// a session that ended while nobody here listened, so the store is asked once.
    pub async fn standing(&self, who: Principal) -> Result<(), Refused> {
        if self.ended.has(who.session) {
            return Err(session_ended());
        }
        let Some(doubted) = self.ended.doubts(who) else {
            return Ok(());
        };
        let _lane = self.lanes.enter(who.session).await;
        if self.ended.vouched(who.session) {
            return Ok(());
        }
        match self.parts.store.session(who.session).await? {
            Some(session) if session.user == who.user && session.ends_at > self.now() => {
                self.ended.vouch(who.session, doubted);
                Ok(())
            }
            _ => {
                self.ended.add(who.session, self.now());
                Err(session_ended())
            }
        }
    }
}

pub(super) fn ended_notices(sessions: impl IntoIterator<Item = SessionId>) -> Vec<Notice> {
    let sessions = sessions.into_iter();
    sessions.map(|session| Notice::Ended { session }).collect()
}

pub(super) fn session_ended() -> Refused {
    Refused::new(
        code::UNAUTHENTICATED,
        "This session has ended. Log in again.",
    )
}

/// What is known in memory about ended sessions.
pub(super) struct Ended(Mutex<Known>);

struct Known {
    /// With the time at which the last of their access tokens has ended by every node's clock; then
    /// they are forgotten.
    ended: HashMap<SessionId, Timestamp>,
    /// When to look next for those to be forgotten.
    tidy_at: usize,
    /// Tokens made before this moment must be vouched for by the store.
    since: Timestamp,
    vouched: HashSet<SessionId>,
}

/// Below this many, looking for those to be forgotten is not worth it.
const FEW: usize = 1024;
/// How many sessions are remembered as vouched for; beyond it the store is asked again.
const MAX_VOUCHED: usize = 100_000;

impl Ended {
    pub(super) fn new(now: Timestamp) -> Self {
        Self(Mutex::new(Known {
            ended: HashMap::new(),
            tidy_at: FEW,
            since: now,
            vouched: HashSet::new(),
        }))
    }

    fn add(&self, session: SessionId, now: Timestamp) {
        let mut known = self.0.lock();
        known.vouched.remove(&session);
        let until = now.plus(ACCESS_LIFETIME + CLOCKS);
        known.ended.insert(session, until);
        if known.ended.len() >= known.tidy_at {
            known.ended.retain(|_, until| *until > now);
            known.tidy_at = (known.ended.len() * 2).max(FEW);
        }
    }

    fn has(&self, session: SessionId) -> bool {
        self.0.lock().ended.contains_key(&session)
    }

    /// Trusts nothing that was vouched for until now.
    fn doubt(&self, now: Timestamp) {
        let mut known = self.0.lock();
        known.since = now;
        known.vouched.clear();
    }

    /// Since when, if the token may have been made before that. Another node made it by its clock.
    fn doubts(&self, who: Principal) -> Option<Timestamp> {
        let since = self.0.lock().since;
        made_before(who, since.plus(CLOCKS)).then_some(since)
    }

    fn vouched(&self, session: SessionId) -> bool {
        self.0.lock().vouched.contains(&session)
    }

    /// Unless there is a new doubt by now: the store was asked before it.
    fn vouch(&self, session: SessionId, doubted: Timestamp) {
        let mut known = self.0.lock();
        if known.since != doubted {
            return;
        }
        if known.vouched.len() >= MAX_VOUCHED {
            known.vouched.clear();
        }
        known.vouched.insert(session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::UserId;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn session(n: u128) -> SessionId {
        SessionId(Uuid::from_u128(n))
    }

    #[test]
    fn an_ended_session_is_remembered_for_as_long_as_its_tokens_could_last() {
        let ended = Ended::new(NOW);
        ended.add(session(0), NOW);
        // The last of them was made by a node whose clock is ahead.
        let last = NOW.plus(ACCESS_LIFETIME + Duration::from_secs(20));
        for n in 1..5000 {
            ended.add(session(n), last);
        }
        assert!(ended.has(session(0)));
    }

    #[test]
    fn sessions_that_ended_long_ago_take_no_memory() {
        let ended = Ended::new(NOW);
        for n in 0..50_000u32 {
            let later = NOW.plus(std::time::Duration::from_secs(u64::from(n)));
            ended.add(session(u128::from(n)), later);
        }
        assert!(ended.0.lock().ended.len() <= 2 * FEW);
    }

    #[test]
    fn what_was_vouched_for_is_doubted_again_after_something_was_missed() {
        let ended = Ended::new(NOW);
        ended.vouch(session(1), NOW);
        assert!(ended.vouched(session(1)));
        let later = NOW.plus(Duration::from_secs(1));
        ended.doubt(later);
        assert!(!ended.vouched(session(1)));
        // An answer of the store to a question from before.
        ended.vouch(session(1), NOW);
        assert!(!ended.vouched(session(1)));
    }

    #[test]
    fn a_token_of_a_node_whose_clock_is_ahead_is_not_taken_for_a_new_one() {
        let ended = Ended::new(NOW);
        let made_at = |seconds| Principal {
            user: UserId(Uuid::from_u128(7)),
            session: session(1),
            until: NOW.plus(Duration::from_secs(seconds)).plus(ACCESS_LIFETIME),
        };
        assert!(ended.doubts(made_at(20)).is_some());
        assert!(ended.doubts(made_at(60)).is_none());
    }
}
