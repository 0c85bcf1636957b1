//! What a client has asked for and was not yet answered; sent again, in order and with the same
//! id, until it is.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use protocol::{OpId, RoomId};

use super::saying::Saying;

#[derive(Clone, Debug)]
pub struct Pending {
    pub op: OpId,
    pub room: RoomId,
    pub saying: Saying,
    /// Turned away for a moment: sent again from then on.
    pub again_at: Option<Instant>,
}

#[derive(Debug)]
pub struct Outbox {
    waiting: VecDeque<Pending>,
    /// Unanswered operations at a time.
    limit: usize,
}

impl Outbox {
    pub fn new(limit: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            limit,
        }
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn is_full(&self) -> bool {
        self.waiting.len() >= self.limit
    }

    pub fn push(&mut self, pending: Pending) {
        self.waiting.push_back(pending);
    }

    /// It is answered for good.
    pub fn settle(&mut self, op: OpId) -> Option<Pending> {
        let index = self.waiting.iter().position(|pending| pending.op == op)?;
        self.waiting.remove(index)
    }

    /// It is to be tried again later.
    pub fn postpone(&mut self, op: OpId, by: Duration) {
        if let Some(pending) = self.waiting.iter_mut().find(|pending| pending.op == op) {
            pending.again_at = Some(Instant::now() + by);
        }
    }

    /// A new connection: everything goes out again, in order.
    pub fn all(&mut self) -> Vec<Pending> {
        for pending in &mut self.waiting {
            pending.again_at = None;
        }
        self.waiting.iter().cloned().collect()
    }

    /// What was postponed until now.
    pub fn due(&mut self) -> Vec<Pending> {
        let now = Instant::now();
        let mut due = Vec::new();
        for pending in &mut self.waiting {
            if pending.again_at.is_some_and(|at| at <= now) {
                pending.again_at = None;
                due.push(pending.clone());
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn pending(n: u128) -> Pending {
        Pending {
            op: OpId(Uuid::from_u128(n)),
            room: RoomId(Uuid::from_u128(0)),
            saying: Saying::Post {
                body: n.to_string(),
            },
            again_at: None,
        }
    }

    #[test]
    fn everything_unanswered_goes_out_again_in_order() {
        let mut outbox = Outbox::new(3);
        for n in 1..=3 {
            outbox.push(pending(n));
        }
        assert!(outbox.is_full());
        outbox.settle(OpId(Uuid::from_u128(2)));
        let ops: Vec<u128> = outbox
            .all()
            .iter()
            .map(|pending| pending.op.0.as_u128())
            .collect();
        assert_eq!(ops, [1, 3]);
    }

    #[test]
    fn what_was_turned_away_for_a_moment_comes_due_once() {
        let mut outbox = Outbox::new(3);
        outbox.push(pending(1));
        outbox.push(pending(2));
        outbox.postpone(OpId(Uuid::from_u128(2)), Duration::ZERO);
        assert_eq!(outbox.due().len(), 1);
        assert!(outbox.due().is_empty());
        assert_eq!(outbox.len(), 2);
    }
}
