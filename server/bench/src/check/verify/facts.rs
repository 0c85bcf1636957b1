//! The history, sorted by what it is about: operations, subscriptions, memberships, disturbances.

use std::collections::{BTreeMap, HashMap};

use protocol::{OpId, Rev, RoomId, UserId};

use crate::check::history::{Ask, Change, Entry, Record, Role, Standing, What, Who};

#[derive(Debug)]
pub struct Op<'a> {
    pub id: OpId,
    pub who: Who,
    pub room: RoomId,
    pub ask: &'a Ask,
    pub first_sent: u64,
    pub attempts: u32,
    pub acked: Option<u64>,
    pub refusals: Vec<Refusal<'a>>,
}

#[derive(Debug)]
pub struct Refusal<'a> {
    pub code: &'a str,
    pub passing: bool,
    /// Attempts made by then: only the refusal of an only attempt says that nothing was done.
    pub attempts: u32,
}

impl Op<'_> {
    /// Whether the server has said for certain that it did not do it.
    pub fn certainly_refused(&self) -> Option<&Refusal<'_>> {
        self.refusals
            .iter()
            .find(|refusal| !refusal.passing && refusal.attempts == 1)
    }

    pub fn is_answered(&self) -> bool {
        self.acked.is_some() || self.refusals.iter().any(|refusal| !refusal.passing)
    }
}

#[derive(Debug)]
pub struct Subscription<'a> {
    pub who: Who,
    pub conn: u32,
    pub sub: u32,
    pub room: RoomId,
    pub after: Rev,
    pub at: u64,
    pub delivered: Vec<(u64, &'a Entry)>,
    /// How many had been delivered when the client was told to load the room anew; it goes on
    /// further up.
    pub resets: Vec<usize>,
}

#[derive(Debug)]
pub struct Disturbance {
    /// `None`: the server, and so everybody.
    pub client: Option<Who>,
    pub from: u64,
    pub to: u64,
}

#[derive(Debug)]
pub struct MembershipStep {
    pub room: RoomId,
    pub user: UserId,
    pub member: bool,
    pub done: bool,
    pub at: u64,
}

#[derive(Debug, Default)]
pub struct Facts<'a> {
    /// For what has no sorting of its own.
    pub records: &'a [Record],
    pub people: BTreeMap<Who, (UserId, Role)>,
    pub numbers: HashMap<UserId, Who>,
    /// In the order of their first sending.
    pub ops: Vec<Op<'a>>,
    pub op_index: HashMap<OpId, usize>,
    pub subscriptions: Vec<Subscription<'a>>,
    pub disturbances: Vec<Disturbance>,
    pub memberships: Vec<MembershipStep>,
    /// As it was read, in that order.
    pub log: BTreeMap<RoomId, Vec<&'a Entry>>,
    /// Where an operation stands in the log: the first place.
    pub places: HashMap<OpId, (RoomId, Rev)>,
    pub states: BTreeMap<RoomId, Vec<&'a Standing>>,
    pub settled: Option<u64>,
}

impl<'a> Facts<'a> {
    pub fn gather(records: &'a [Record]) -> Self {
        let mut facts = Self {
            records,
            ..Self::default()
        };
        let mut open = HashMap::new();
        for record in records {
            facts.take(record, &mut open);
        }
        facts
    }

    fn take(&mut self, record: &'a Record, open: &mut HashMap<(Who, u32, u32), usize>) {
        let (at, who) = (record.at, record.who);
        match &record.what {
            What::Is { user, role } => {
                self.people.insert(who, (*user, *role));
                self.numbers.insert(*user, who);
            }
            What::Sent { op, room, ask } => self.sent(at, who, *op, *room, ask),
            What::Acked { op } => {
                if let Some(op) = self.op(*op) {
                    op.acked.get_or_insert(at);
                }
            }
            What::Refused { op, code, passing } => {
                if let Some(op) = self.op(*op) {
                    op.refusals.push(Refusal {
                        code,
                        passing: *passing,
                        attempts: op.attempts,
                    });
                }
            }
            What::Subscribed {
                conn,
                sub,
                room,
                after,
            } => {
                open.insert((who, *conn, *sub), self.subscriptions.len());
                self.subscriptions.push(Subscription {
                    who,
                    conn: *conn,
                    sub: *sub,
                    room: *room,
                    after: *after,
                    at,
                    delivered: Vec::new(),
                    resets: Vec::new(),
                });
            }
            What::Reset { conn, sub } => {
                if let Some(index) = open.get(&(who, *conn, *sub)) {
                    let subscription = &mut self.subscriptions[*index];
                    subscription.resets.push(subscription.delivered.len());
                }
            }
            What::Delivered { conn, sub, entry } => {
                if let Some(index) = open.get(&(who, *conn, *sub)) {
                    self.subscriptions[*index].delivered.push((at, entry));
                }
            }
            What::Disturbed {
                client, from, to, ..
            } => self.disturbances.push(Disturbance {
                client: *client,
                from: *from,
                to: *to,
            }),
            What::MembershipAsked { room, user, member }
            | What::MembershipDone { room, user, member } => {
                self.memberships.push(MembershipStep {
                    room: *room,
                    user: *user,
                    member: *member,
                    done: matches!(record.what, What::MembershipDone { .. }),
                    at,
                });
            }
            What::Log { entry } => {
                self.log.entry(entry.room).or_default().push(entry);
                self.places
                    .entry(entry.op)
                    .or_insert((entry.room, entry.rev));
            }
            What::State { room, message } => self.states.entry(*room).or_default().push(message),
            What::Settled => self.settled = Some(at),
            _ => {}
        }
    }

    fn sent(&mut self, at: u64, who: Who, id: OpId, room: RoomId, ask: &'a Ask) {
        if let Some(index) = self.op_index.get(&id) {
            self.ops[*index].attempts += 1;
            return;
        }
        self.op_index.insert(id, self.ops.len());
        self.ops.push(Op {
            id,
            who,
            room,
            ask,
            first_sent: at,
            attempts: 1,
            acked: None,
            refusals: Vec::new(),
        });
    }

    fn op(&mut self, id: OpId) -> Option<&mut Op<'a>> {
        self.op_index
            .get(&id)
            .and_then(|index| self.ops.get_mut(*index))
    }

    pub fn find_op(&self, id: OpId) -> Option<&Op<'a>> {
        self.op_index.get(&id).map(|index| &self.ops[*index])
    }

    pub fn user(&self, who: Who) -> Option<UserId> {
        self.people.get(&who).map(|(user, _)| *user)
    }

    pub fn entry(&self, room: RoomId, rev: Rev) -> Option<&'a Entry> {
        let log = self.log.get(&room)?;
        let guess = usize::try_from(rev.0.checked_sub(1)?).ok()?;
        match log.get(guess) {
            Some(entry) if entry.rev == rev => Some(entry),
            _ => log.iter().find(|entry| entry.rev == rev).copied(),
        }
    }

    /// When this person was a member, as revs: from the event that brought them in to the one
    /// that took them out.
    pub fn intervals(&self, room: RoomId, user: UserId) -> Vec<(Rev, Option<Rev>)> {
        let mut intervals: Vec<(Rev, Option<Rev>)> = Vec::new();
        for entry in self.log.get(&room).into_iter().flatten() {
            let inside = matches!(intervals.last(), Some((_, None)));
            match &entry.change {
                Change::Created { members } if members.contains(&user) || entry.by == user => {
                    intervals.push((entry.rev, None));
                }
                Change::Joined { user: who } if *who == user && !inside => {
                    intervals.push((entry.rev, None));
                }
                Change::Gone { user: who } if *who == user => {
                    if let Some(last) = intervals.last_mut() {
                        last.1.get_or_insert(entry.rev);
                    }
                }
                _ => {}
            }
        }
        intervals
    }

    /// Whether `who` could have been hindered at some time between the two.
    pub fn disturbed(&self, who: Who, from: u64, to: u64) -> bool {
        self.disturbances.iter().any(|disturbance| {
            disturbance.client.is_none_or(|client| client == who)
                && disturbance.from <= to
                && from <= disturbance.to
        })
    }

    /// How much of the time between the two the server was not in order.
    pub fn outage(&self, from: u64, to: u64) -> u64 {
        self.disturbances
            .iter()
            .filter(|disturbance| disturbance.client.is_none())
            .map(|disturbance| {
                disturbance
                    .to
                    .min(to)
                    .saturating_sub(disturbance.from.max(from))
            })
            .sum()
    }
}
