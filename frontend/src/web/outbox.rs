//! From the outbox to the server: kept first, sent in order, and gone from here only when it is
//! durable there.

use std::rc::Rc;

use app::browser::Intent;
use app::client::Link;
use leptos::prelude::*;
use protocol::rules::MAX_MESSAGE_BYTES;
use protocol::state::{Pending, PendingChange, PendingState};
use protocol::wire::{Problem, code};
use protocol::{OpId, RoomId};
use uuid::Uuid;
use wasm_bindgen_futures::spawn_local;

use super::clock;
use super::tab::Tab;
use crate::frames;
use crate::sharing::{self, Word};

/// A receipt may come a moment before the event itself. Until then the message stays where it is
/// shown; where no event follows (nothing had to change), this ends it.
const ECHO: u64 = 500;

impl Tab {
    /// Keeps it, then sends it when that may be. `Ok` when it survives a reload.
    pub async fn put_in(
        self: &Rc<Self>,
        room: RoomId,
        change: PendingChange,
    ) -> Result<OpId, Problem> {
        let pending = Pending {
            op: OpId(Uuid::now_v7()),
            room,
            at: clock::timestamp(),
            change,
            state: PendingState::Queued,
        };
        let op = pending.op;
        let held = self.held();
        let kept = self.kept.put_pending(&pending).await;
        let kept = kept.map_err(|_| self.rest.not_kept())?;
        self.client.outbox.update(|outbox| {
            for before in sharing::said_before(kept, &held, room) {
                outbox.add(before);
            }
            outbox.add(pending);
        });
        self.pump();
        Ok(op)
    }

    /// A deletion or a reaction: nobody waits for it.
    pub fn put_in_quietly(self: &Rc<Self>, intent: Intent) {
        let (room, change) = match intent {
            Intent::Delete { room, message } => (room, PendingChange::Delete { message }),
            Intent::React {
                room,
                message,
                emoji,
                on,
            } => (room, PendingChange::React { message, emoji, on }),
            _ => return,
        };
        let tab = Rc::clone(self);
        spawn_local(async move {
            if let Err(problem) = tab.put_in(room, change).await {
                tab.client.tell(problem);
            }
        });
    }

    /// What was left from before, on load.
    pub async fn restore_outbox(self: &Rc<Self>) {
        let Ok(kept) = self.kept.all_pending().await else {
            return;
        };
        self.client.outbox.update(|outbox| {
            let restored = protocol::state::Outbox::restore(kept);
            // What was said while it was read stays behind what was said before.
            let since: Vec<Pending> = outbox.iter().cloned().collect();
            *outbox = restored;
            for pending in since {
                outbox.add(pending);
            }
        });
        self.pump();
    }

    /// Compares with what is kept: other tabs write there too.
    pub async fn share_outbox(self: &Rc<Self>) {
        let held = self.held();
        let Ok(kept) = self.kept.all_pending().await else {
            return;
        };
        let differences = sharing::compare(kept, &held, clock::timestamp());
        if differences == sharing::Differences::default() {
            return;
        }
        // After a log-out of which this tab has not heard, nothing is to be kept.
        if self.client.link.get_untracked() != Link::SignedOut {
            for op in differences.unkept {
                self.keep(op);
            }
        }
        self.client.outbox.update(|outbox| {
            for pending in differences.adopt {
                outbox.add(pending);
            }
            if !self.line.is_up() {
                outbox.disconnected();
            }
        });
        self.pump();
    }

    /// Sends what may go now.
    pub fn pump(self: &Rc<Self>) {
        let may_send = self.line.is_proven() && self.sending.paused_until.get() <= clock::now();
        if !may_send {
            return;
        }
        let mut due = Vec::new();
        self.client.outbox.maybe_update(|outbox| {
            due = outbox.next();
            !due.is_empty()
        });
        for pending in &due {
            let length = pending.change.body().map_or(0, str::len);
            if length > MAX_MESSAGE_BYTES {
                // The server would end the connection, and everything else would wait behind it.
                self.refused(pending.op, self.rest.too_large());
            } else {
                self.line.say(frames::operation(pending));
            }
        }
    }

    /// The connection ends because one of the frames on it was too large. Sent again it would
    /// end the next one too.
    pub fn said_too_much(self: &Rc<Self>) {
        let longest = self
            .client
            .outbox
            .with_untracked(protocol::state::Outbox::longest_on_its_way);
        if let Some(op) = longest {
            self.refused(op, self.rest.too_large());
        }
    }

    /// Durable at the server, by receipt.
    pub fn receipted(self: &Rc<Self>, op: OpId) {
        self.sending.backoff.borrow_mut().reset();
        self.client.held_up.maybe_update(|why| why.take().is_some());
        let Some(room) = self
            .client
            .outbox
            .with_untracked(|outbox| outbox.get(op).map(|pending| pending.room))
        else {
            return;
        };
        let is_shown = self.subscribed.borrow().rooms.contains_key(&room);
        if !is_shown {
            return self.confirmed(&[op]);
        }
        self.sending.awaiting_echo.borrow_mut().insert(op);
        let tab = Rc::clone(self);
        spawn_local(async move {
            clock::sleep(ECHO).await;
            if tab.sending.awaiting_echo.borrow_mut().remove(&op) {
                tab.confirmed(&[op]);
            }
        });
    }

    /// It is in the log, or there is nothing that would have to be.
    pub fn confirmed(self: &Rc<Self>, ops: &[OpId]) {
        let mut gone = Vec::new();
        self.client.outbox.maybe_update(|outbox| {
            for op in ops {
                self.sending.awaiting_echo.borrow_mut().remove(op);
                gone.extend(outbox.confirmed(*op));
            }
            !gone.is_empty()
        });
        for pending in gone {
            self.settle(pending.op);
        }
        self.pump();
    }

    pub fn refused(self: &Rc<Self>, op: OpId, problem: Problem) {
        let is_passing = problem.is_passing();
        let pause = problem.retry_after.map(|seconds| seconds * 1_000);
        // One's own pace needs no words: a moment later it goes on.
        if is_passing && problem.code != code::TOO_FAST {
            self.client.held_up.set(Some(problem.clone()));
        }
        self.client.outbox.maybe_update(|outbox| {
            outbox.refused(op, problem);
            outbox.get(op).is_some()
        });
        if is_passing {
            let wait = self.sending.backoff.borrow_mut().next(clock::random());
            let wait = wait.max(pause.unwrap_or(0)) + 50;
            self.sending.paused_until.set(clock::now() + wait);
            let tab = Rc::clone(self);
            spawn_local(async move {
                clock::sleep(wait + 1).await;
                tab.pump();
            });
        } else {
            // Kept as it is now, so that a reload shows why it was not sent.
            self.keep(op);
            self.pump();
        }
    }

    pub fn retry(self: &Rc<Self>, op: OpId) {
        self.client.outbox.update(|outbox| outbox.retry(op));
        self.keep(op);
        self.pump();
    }

    pub fn discard(self: &Rc<Self>, op: OpId) {
        self.client.outbox.update(|outbox| {
            outbox.discard(op);
        });
        self.settle(op);
        self.pump();
    }

    /// Whatever this tab still has to send, and what was refused.
    pub fn held(&self) -> Vec<OpId> {
        self.client
            .outbox
            .with_untracked(|outbox| outbox.iter().map(|pending| pending.op).collect())
    }

    /// Keeps it as it is now, if it is still here.
    fn keep(self: &Rc<Self>, op: OpId) {
        let pending = self
            .client
            .outbox
            .with_untracked(|outbox| outbox.get(op).cloned());
        let Some(mut pending) = pending else {
            return;
        };
        if pending.state == PendingState::Sending {
            // Of this connection only; another tab's may have to send it.
            pending.state = PendingState::Queued;
        }
        let tab = Rc::clone(self);
        spawn_local(async move {
            // It is still here; at worst what became of it is forgotten with this page.
            let _ = tab.kept.put_pending(&pending).await;
        });
    }

    /// No longer kept, and the other tabs hear of it.
    fn settle(self: &Rc<Self>, op: OpId) {
        let tab = Rc::clone(self);
        spawn_local(async move {
            // At worst it is sent once more after a reload, and answered as before.
            let _ = tab.kept.drop_pending(op).await;
            tab.tabs.say(&Word::Settled(op));
        });
    }
}
