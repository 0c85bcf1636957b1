//! What the history shows, in order: days, runs by one author, the divider, and what is still on
//! its way. A pure function of what is known, so that it is tested without a page.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use protocol::state::{Pending, PendingChange};
use protocol::wire::{Event, EventKind, Message, Reaction};
use protocol::{MessageId, Rev, Timestamp, UserId};

use crate::common::time::{Day, day_of};

/// A run ends after this long a silence.
const RUN: i64 = 5 * 60_000;

/// How much of a quoted message is shown.
const QUOTE: usize = 140;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Day(Day),
    Divider,
    Note(Rev),
    /// A message on its way has the key it will keep, so that its row never changes places.
    Message(MessageId),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "day {day}"),
            Self::Divider => f.write_str("divider"),
            Self::Note(rev) => write!(f, "note {rev}"),
            Self::Message(id) => id.fmt(f),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub id: MessageId,
    /// `None` while it is on its way.
    pub rev: Option<Rev>,
    pub author: UserId,
    pub at: Timestamp,
    pub body: String,
    pub deleted: bool,
    pub edited: bool,
    pub mine: bool,
    pub starts_run: bool,
    pub reply: Option<Quote>,
    pub reactions: Vec<Reaction>,
    pub state: Delivery,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Quote {
    pub id: MessageId,
    /// `None`: the message is not in the window.
    pub known: Option<Quoted>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Quoted {
    pub author: UserId,
    pub text: String,
    pub deleted: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    Done,
    /// The message, or a change of it, is in the outbox.
    Waiting,
    /// Refused: the message never left, or the change was not taken.
    Failed(Box<Pending>),
}

/// What happened in the room beside the messages.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    pub by: UserId,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Of many who came one after the other, and were brought by the same person, it is said once.
    Joined(Vec<UserId>),
    Left(UserId),
    Removed(UserId),
    Renamed(String),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    pub order: Vec<Key>,
    by_id: HashMap<MessageId, Arc<Row>>,
    notes: HashMap<Rev, Note>,
}

pub struct Sources<'a> {
    pub messages: &'a [Message],
    /// What happened between them, oldest first.
    pub notes: Vec<&'a Event>,
    /// Of this room, in the order in which they were said.
    pub pending: Vec<&'a Pending>,
    /// Whether there are newer messages than those held: then what I say does not follow them.
    pub detached: bool,
    pub me: Option<UserId>,
    /// Minutes east of UTC.
    pub offset: i32,
    pub divider: Option<MessageId>,
}

impl Rows {
    pub fn get(&self, id: MessageId) -> Option<&Arc<Row>> {
        self.by_id.get(&id)
    }

    pub fn note(&self, rev: Rev) -> Option<&Note> {
        self.notes.get(&rev)
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The messages, first to last.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Arc<Row>> {
        self.order.iter().filter_map(|key| match key {
            Key::Message(id) => self.by_id.get(id),
            Key::Day(_) | Key::Divider | Key::Note(_) => None,
        })
    }

    pub fn of(sources: &Sources<'_>) -> Self {
        let mut rows = Self::default();
        let mut last: Option<(UserId, Timestamp)> = None;
        let mut days = Days::new(sources.offset);
        let mut notes = sources.notes.iter().peekable();
        let overlays = overlays(&sources.pending);
        let quotes = Quotes::new(sources);
        let held = sources
            .messages
            .iter()
            .map(|message| Row::held(message, sources, &quotes));
        let on_their_way = sources
            .pending
            .iter()
            .filter(|_| !sources.detached)
            .filter_map(|pending| Row::on_its_way(pending, sources, &quotes));
        for mut row in held.chain(on_their_way) {
            if rows.by_id.contains_key(&row.id) {
                continue;
            }
            for pending in overlays.get(&row.id).into_iter().flatten() {
                row.overlay(pending, sources.me);
            }
            // What is on its way comes after all that has happened.
            let earlier = |note: &&&Event| row.rev.is_none_or(|rev| note.rev < rev);
            while let Some(note) = notes.next_if(earlier) {
                rows.add_note(note, &mut days);
                last = None;
            }
            if days.begins(row.at, &mut rows.order) {
                last = None;
            }
            if sources.divider == Some(row.id) {
                last = None;
                rows.order.push(Key::Divider);
            }
            row.starts_run = row.reply.is_some()
                || last.is_none_or(|(author, at)| {
                    author != row.author || (row.at.millis() - at.millis()) > RUN
                });
            last = Some((row.author, row.at));
            rows.order.push(Key::Message(row.id));
            rows.by_id.insert(row.id, Arc::new(row));
        }
        for note in notes {
            rows.add_note(note, &mut days);
        }
        rows
    }

    fn add_note(&mut self, event: &Event, days: &mut Days) {
        let what = match &event.kind {
            EventKind::Joined { user } => What::Joined(vec![*user]),
            EventKind::Left { user } => What::Left(*user),
            EventKind::Removed { user } => What::Removed(*user),
            EventKind::Renamed { name } => What::Renamed(name.clone()),
            _ => return,
        };
        days.begins(event.at, &mut self.order);
        if let (What::Joined(users), Some(Key::Note(before))) = (&what, self.order.last())
            && let Some(before) = self.notes.get_mut(before)
            && before.by == event.by
            && let What::Joined(came) = &mut before.what
        {
            came.extend(users);
            return;
        }
        self.order.push(Key::Note(event.rev));
        self.notes.insert(event.rev, Note { by: event.by, what });
    }
}

/// Where in the history a day begins.
struct Days {
    offset: i32,
    current: Option<Day>,
}

impl Days {
    fn new(offset: i32) -> Self {
        Self {
            offset,
            current: None,
        }
    }

    fn begins(&mut self, at: Timestamp, order: &mut Vec<Key>) -> bool {
        let day = day_of(at, self.offset);
        // Clocks of nodes differ a little; a day once begun does not end again.
        let begins = self.current.is_none_or(|current| day > current);
        if begins {
            self.current = Some(day);
            order.push(Key::Day(day));
        }
        begins
    }
}

/// The changes of messages that are on their way.
fn overlays<'a>(pending: &[&'a Pending]) -> HashMap<MessageId, Vec<&'a Pending>> {
    let mut overlays: HashMap<_, Vec<_>> = HashMap::new();
    for pending in pending {
        let message = match &pending.change {
            PendingChange::Post { .. } => continue,
            PendingChange::Edit { message, .. }
            | PendingChange::Delete { message }
            | PendingChange::React { message, .. } => *message,
        };
        overlays.entry(message).or_default().push(*pending);
    }
    overlays
}

struct Quotes<'a>(HashMap<MessageId, &'a Message>);

impl<'a> Quotes<'a> {
    fn new(sources: &Sources<'a>) -> Self {
        let quoted = sources
            .messages
            .iter()
            .any(|message| message.reply_to.is_some())
            || sources.pending.iter().any(|pending| {
                matches!(
                    pending.change,
                    PendingChange::Post {
                        reply_to: Some(_),
                        ..
                    }
                )
            });
        if quoted {
            Self(
                sources
                    .messages
                    .iter()
                    .map(|message| (message.id, message))
                    .collect(),
            )
        } else {
            Self(HashMap::new())
        }
    }

    fn quote(&self, id: MessageId) -> Quote {
        let known = self.0.get(&id).map(|message| Quoted {
            author: message.author,
            text: excerpt(&message.body),
            deleted: message.deleted,
        });
        Quote { id, known }
    }
}

/// One line of a text.
pub fn excerpt(body: &str) -> String {
    let mut line = String::new();
    for (at, c) in body.trim().chars().enumerate() {
        if at == QUOTE {
            line.push('…');
            break;
        }
        line.push(if c.is_whitespace() { ' ' } else { c });
    }
    line
}

impl Row {
    fn held(message: &Message, sources: &Sources<'_>, quotes: &Quotes<'_>) -> Self {
        Self {
            id: message.id,
            rev: Some(message.rev),
            author: message.author,
            at: message.at,
            body: message.body.clone(),
            deleted: message.deleted,
            edited: message.edited_at.is_some(),
            mine: sources.me == Some(message.author),
            starts_run: false,
            reply: message
                .reply_to
                .filter(|_| !message.deleted)
                .map(|id| quotes.quote(id)),
            reactions: message.reactions.clone(),
            state: Delivery::Done,
        }
    }

    fn on_its_way(pending: &Pending, sources: &Sources<'_>, quotes: &Quotes<'_>) -> Option<Self> {
        let PendingChange::Post { body, reply_to } = &pending.change else {
            return None;
        };
        let id = MessageId::from(pending.op);
        let mut row = Self {
            id,
            rev: None,
            author: sources.me?,
            at: pending.at,
            body: body.clone(),
            deleted: false,
            edited: false,
            mine: true,
            starts_run: false,
            reply: reply_to.map(|id| quotes.quote(id)),
            reactions: Vec::new(),
            state: Delivery::Waiting,
        };
        row.state = Delivery::of(pending);
        Some(row)
    }

    /// Shows a change before the server has confirmed it; one that was refused is not shown, but
    /// said, whatever was done after it.
    fn overlay(&mut self, pending: &Pending, me: Option<UserId>) {
        let state = Delivery::of(pending);
        let is_refused = matches!(state, Delivery::Failed(_));
        // A reaction is answered at once and needs no sign that it is on its way.
        let is_said = !matches!(pending.change, PendingChange::React { .. });
        if is_refused || (is_said && !matches!(self.state, Delivery::Failed(_))) {
            self.state = state;
        }
        if is_refused {
            return;
        }
        match &pending.change {
            PendingChange::Post { .. } => {}
            PendingChange::Edit { body, .. } => {
                self.body.clone_from(body);
                self.edited = true;
            }
            PendingChange::Delete { .. } => {
                self.deleted = true;
                self.body.clear();
                self.reply = None;
                self.reactions.clear();
            }
            PendingChange::React { emoji, on, .. } => {
                if let Some(me) = me {
                    react(&mut self.reactions, emoji, me, *on);
                }
            }
        }
    }
}

fn react(reactions: &mut Vec<Reaction>, emoji: &str, me: UserId, on: bool) {
    let found = reactions
        .iter_mut()
        .find(|reaction| reaction.emoji == emoji);
    match (found, on) {
        (Some(reaction), true) if !reaction.users.contains(&me) => reaction.users.push(me),
        (Some(reaction), false) => reaction.users.retain(|user| *user != me),
        (None, true) => {
            reactions.push(Reaction {
                emoji: emoji.to_owned(),
                users: vec![me],
            });
        }
        (Some(_), true) | (None, false) => {}
    }
    reactions.retain(|reaction| !reaction.users.is_empty());
}

impl Delivery {
    fn of(pending: &Pending) -> Self {
        if pending.problem().is_some() {
            Self::Failed(Box::new(pending.clone()))
        } else {
            Self::Waiting
        }
    }
}

#[cfg(test)]
mod tests;
