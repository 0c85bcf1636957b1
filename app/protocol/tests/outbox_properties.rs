//! What must hold for the outbox however answers come, or don't.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use protocol::state::{Outbox, Pending, PendingChange, PendingState};
use protocol::wire::{Problem, code};
use protocol::{MessageId, OpId, RoomId, Timestamp};
use uuid::Uuid;

/// What happens to an outbox.
#[derive(Clone, Debug)]
enum Post {
    Add(u8),
    Send,
    /// One that is on its way arrives; its confirmation may be lost.
    Arrives {
        which: Index,
        confirmed: bool,
    },
    RefusedForNow(Index),
    RefusedForGood(Index),
    Disconnected,
    Reload,
    Retry(Index),
    Discard(Index),
}

fn post(failures: bool) -> impl Strategy<Value = Post> {
    let rare = u32::from(failures);
    prop_oneof![
        6 => (0..3_u8).prop_map(Post::Add),
        6 => Just(Post::Send),
        6 => (any::<Index>(), any::<bool>()).prop_map(|(which, confirmed)| Post::Arrives { which, confirmed }),
        2 => any::<Index>().prop_map(Post::RefusedForNow),
        1 => Just(Post::Disconnected),
        1 => Just(Post::Reload),
        rare => any::<Index>().prop_map(Post::RefusedForGood),
        rare => any::<Index>().prop_map(Post::Retry),
        rare => any::<Index>().prop_map(Post::Discard),
    ]
}

/// An outbox, and what the server and the person know of it.
#[derive(Default)]
struct Exchange {
    outbox: Outbox,
    added: Vec<Pending>,
    stored: Vec<OpId>,
    confirmed: Vec<OpId>,
    discarded: Vec<OpId>,
}

impl Exchange {
    fn take(&mut self, post: Post) {
        match post {
            Post::Add(room) => {
                let pending = Pending {
                    op: OpId(Uuid::from_u128(self.added.len() as u128)),
                    room: RoomId(Uuid::from_u128(room.into())),
                    at: Timestamp(0),
                    change: PendingChange::Delete {
                        message: MessageId(Uuid::nil()),
                    },
                    state: PendingState::Queued,
                };
                self.added.push(pending.clone());
                self.outbox.add(pending);
            }
            Post::Send => {
                self.outbox.next();
            }
            Post::Arrives { which, confirmed } => {
                if let Some(op) = self.chosen(which, |state| *state == PendingState::Sending) {
                    if !self.stored.contains(&op) {
                        self.stored.push(op);
                    }
                    if confirmed {
                        self.outbox.confirmed(op);
                        self.confirmed.push(op);
                    }
                }
            }
            Post::RefusedForNow(which) => self.refuse(which, code::BUSY),
            Post::RefusedForGood(which) => self.refuse(which, code::FORBIDDEN),
            Post::Disconnected => self.outbox.disconnected(),
            Post::Reload => self.outbox = Outbox::restore(self.outbox.iter().cloned().collect()),
            Post::Retry(which) => {
                if let Some(op) = self.chosen(which, |_| true) {
                    self.outbox.retry(op);
                }
            }
            Post::Discard(which) => {
                if let Some(op) = self.chosen(which, |_| true) {
                    self.outbox.discard(op);
                    self.discarded.push(op);
                }
            }
        }
    }

    fn refuse(&mut self, which: Index, code: &str) {
        if let Some(op) = self.chosen(which, |state| *state == PendingState::Sending) {
            self.outbox.refused(op, Problem::new(code, "no"));
        }
    }

    fn chosen(&self, which: Index, fits: impl Fn(&PendingState) -> bool) -> Option<OpId> {
        let fitting: Vec<OpId> = self
            .outbox
            .iter()
            .filter(|pending| fits(&pending.state))
            .map(|pending| pending.op)
            .collect();
        (!fitting.is_empty()).then(|| *which.get(&fitting))
    }
}

proptest! {
    #[test]
    fn an_outbox_loses_nothing_and_sends_one_of_a_room_at_a_time(posts in vec(post(true), 0..80)) {
        let mut exchange = Exchange::default();
        for post in posts {
            exchange.take(post);
            let mut sending: HashMap<RoomId, usize> = HashMap::new();
            for pending in exchange.outbox.iter() {
                if pending.state == PendingState::Sending {
                    *sending.entry(pending.room).or_default() += 1;
                }
            }
            prop_assert!(sending.values().all(|count| *count == 1));
        }
        for pending in &exchange.added {
            let known = exchange.outbox.get(pending.op).is_some();
            let settled = exchange.confirmed.contains(&pending.op)
                || exchange.discarded.contains(&pending.op);
            prop_assert!(known != settled);
        }
    }

    #[test]
    fn what_is_never_refused_for_good_is_stored_in_the_order_it_was_said(
        posts in vec(post(false), 0..80),
    ) {
        let mut exchange = Exchange::default();
        for post in posts {
            exchange.take(post);
        }
        while exchange.outbox.waiting() > 0 {
            exchange.outbox.disconnected();
            for sent in exchange.outbox.next() {
                if !exchange.stored.contains(&sent.op) {
                    exchange.stored.push(sent.op);
                }
                exchange.outbox.confirmed(sent.op);
            }
        }
        for room in (0..3_u128).map(|room| RoomId(Uuid::from_u128(room))) {
            let said: Vec<OpId> = exchange
                .added
                .iter()
                .filter(|pending| pending.room == room)
                .map(|pending| pending.op)
                .collect();
            let mut stored = exchange.stored.clone();
            stored.retain(|op| said.contains(op));
            prop_assert_eq!(stored, said);
        }
    }
}
