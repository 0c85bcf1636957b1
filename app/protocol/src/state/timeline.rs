//! One room's messages as a client holds them: a window onto the log, brought forward by events.
//!
//! Two streams meet here that know nothing of each other: events, one by one, and pages of
//! messages, each true at the head it was read at. Three rules let them meet in any order.
//! Events are applied by `rev` without a hole. Each row remembers as of which `rev` it is true,
//! so that an older event never undoes it. And what was applied lately is remembered, so that a
//! page read a moment earlier is brought forward before it is joined.

use std::collections::{BTreeMap, VecDeque};

use crate::wire::{Event, EventKind, Message, Reaction};
use crate::{MessageId, Rev, RoomId, UserId};

/// What an event did.
#[derive(Clone, Debug, PartialEq)]
pub enum Applied {
    /// It was the next one. The ids of the messages whose row changed or came (none: the event
    /// concerned no message of the window), those of events that had been held back included.
    Changed(Vec<MessageId>),
    /// It was known already.
    Repeat,
    /// Something between is missing: it is held back; fetch the events after `after`, then apply
    /// them.
    Gap { after: Rev },
}

/// How many applied events are remembered for pages that were read earlier.
const RECENT: usize = 256;

/// How many events are held back behind a gap. What does not fit is fetched again: see
/// [`Timeline::gap`].
const HELD: usize = 512;

/// Beyond this many notes only those of the window are remembered; and of those the last.
const NOTES: usize = 1_000;

#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    room: RoomId,
    loaded: bool,
    messages: Vec<Message>,
    /// As of which rev each row is true, in step with `messages`.
    as_of: Vec<Rev>,
    older: bool,
    newer: bool,
    position: Rev,
    /// The last rev known to exist.
    heard: Rev,
    /// The last message known to exist, in the window or beyond its end.
    last_posted: Rev,
    held: BTreeMap<Rev, Event>,
    /// The last applied events, oldest first, without a hole up to `position`.
    recent: VecDeque<Event>,
    /// Who came and went, and the room's names. A note never changes, so what is known of them
    /// needs no window; what is shown of them does.
    notes: BTreeMap<Rev, Event>,
}

impl Timeline {
    pub fn new(room: RoomId) -> Self {
        Self {
            room,
            loaded: false,
            messages: Vec::new(),
            as_of: Vec::new(),
            older: false,
            newer: false,
            position: Rev::ZERO,
            heard: Rev::ZERO,
            last_posted: Rev::ZERO,
            held: BTreeMap::new(),
            recent: VecDeque::new(),
            notes: BTreeMap::new(),
        }
    }

    pub fn room(&self) -> RoomId {
        self.room
    }

    /// Starts afresh from a contiguous window taken at `head`. `older`/`newer`: whether there are
    /// messages beyond its ends. Events after `head` that are known already are applied again.
    pub fn load(&mut self, messages: Vec<Message>, head: Rev, older: bool, newer: bool) {
        self.heard = self.heard.max(self.position).max(head);
        self.held
            .extend(self.recent.drain(..).map(|event| (event.rev, event)));
        self.held.retain(|rev, _| *rev > head);
        self.loaded = true;
        self.as_of = vec![head; messages.len()];
        self.last_posted = messages.last().map_or(Rev::ZERO, |last| last.rev);
        self.messages = messages;
        self.older = older;
        self.newer = newer;
        self.position = head;
        self.release_held(&mut Vec::new());
    }

    /// Joins a page in front, read "before the first message I hold". Refused (false) when it is
    /// not adjacent (`before` must still be the rev of the first message held) or was read too
    /// long ago to be brought forward: read it again.
    pub fn prepend(&mut self, before: Rev, page: Vec<Message>, head: Rev, older: bool) -> bool {
        let adjacent = self.messages.first().map(|first| first.rev) == Some(before)
            && ascending(&page)
            && page.last().is_none_or(|last| last.rev < before);
        // A replica that lags behind does not know yet what lies in front.
        let complete = head >= before.previous();
        if !adjacent || !complete {
            return false;
        }
        let Some((page, as_of)) = self.brought_forward(page, head) else {
            return false;
        };
        self.messages.splice(..0, page);
        self.as_of.splice(..0, as_of);
        self.older = older;
        true
    }

    /// The same behind, read "after the last message I hold".
    pub fn append(&mut self, after: Rev, page: Vec<Message>, head: Rev, newer: bool) -> bool {
        let adjacent = self.messages.last().map(|last| last.rev) == Some(after)
            && ascending(&page)
            && page.first().is_none_or(|first| first.rev > after);
        if !adjacent {
            return false;
        }
        let Some((page, as_of)) = self.brought_forward(page, head) else {
            return false;
        };
        self.messages.extend(page);
        self.as_of.extend(as_of);
        let end = self.messages.last().map_or(Rev::ZERO, |last| last.rev);
        self.last_posted = self.last_posted.max(end);
        // The page may have been read before a message that has been passed over since.
        self.newer = newer || self.last_posted > end;
        true
    }

    pub fn apply(&mut self, event: &Event) -> Applied {
        // An event of another room changes nothing here, as if it were known.
        if event.room != self.room || event.rev <= self.position {
            return Applied::Repeat;
        }
        self.heard = self.heard.max(event.rev);
        if event.rev > self.position.next() {
            self.hold(event);
            return Applied::Gap {
                after: self.position,
            };
        }
        let mut changed = Vec::from_iter(self.step(event.clone()));
        self.release_held(&mut changed);
        Applied::Changed(changed)
    }

    /// Last rev applied without a gap: what to resume `after`.
    pub fn position(&self) -> Rev {
        self.position
    }

    /// What is still missing: fetch the events after it. `None` while nothing is known to be.
    pub fn gap(&self) -> Option<Rev> {
        (self.heard > self.position).then_some(self.position)
    }

    /// Whether a `load` has happened.
    pub fn is_loaded(&self) -> bool {
        self.loaded
    }

    pub fn has_older(&self) -> bool {
        self.older
    }

    /// Whether the window is detached from the head (a permalink window).
    pub fn has_newer(&self) -> bool {
        self.newer
    }

    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// What happened between the messages of the window, oldest first.
    pub fn notes(&self) -> impl Iterator<Item = &Event> {
        let first = if self.older {
            self.messages.first()
        } else {
            None
        };
        let first = first.map_or(Rev::ZERO, |first| first.rev);
        let last = if self.newer {
            self.messages.last()
        } else {
            None
        };
        let last = last.map_or(Rev(u64::MAX), |last| last.rev);
        self.notes
            .values()
            .filter(move |note| first < note.rev && note.rev < last)
    }

    /// Learns of notes, as they come with every page of messages. Those that the window does not
    /// show come again with the page that they belong to, so not many are kept.
    pub fn learn(&mut self, notes: Vec<Event>) {
        self.notes
            .extend(notes.into_iter().map(|note| (note.rev, note)));
        if self.notes.len() > NOTES {
            let shown = self.notes().map(|note| note.rev).collect::<Vec<_>>();
            self.notes.retain(|rev, _| shown.binary_search(rev).is_ok());
            while self.notes.len() > NOTES {
                self.notes.pop_first();
            }
        }
    }

    pub fn get(&self, id: MessageId) -> Option<&Message> {
        self.index(id).and_then(|index| self.messages.get(index))
    }

    /// How many messages follow `rev`: with the room's `posted` it says how many had been posted
    /// at `rev`. `None` where the window does not reach from `rev` to the end.
    pub fn posted_after(&self, rev: Rev) -> Option<u64> {
        let first = self.messages.first().map_or(Rev::ZERO, |first| first.rev);
        if self.newer || (self.older && rev < first.previous()) {
            return None;
        }
        let before = self.messages.partition_point(|message| message.rev <= rev);
        u64::try_from(self.messages.len() - before).ok()
    }

    /// Keeps at most `keep` messages, dropping from the front (`older` becomes true) or the back.
    pub fn trim_front(&mut self, keep: usize) {
        let surplus = self.messages.len().saturating_sub(keep);
        if surplus > 0 {
            self.messages.drain(..surplus);
            self.as_of.drain(..surplus);
            self.older = true;
        }
    }

    pub fn trim_back(&mut self, keep: usize) {
        if self.messages.len() > keep {
            self.messages.truncate(keep);
            self.as_of.truncate(keep);
            self.newer = true;
        }
    }

    fn index(&self, id: MessageId) -> Option<usize> {
        // From the end: most events concern what was said last.
        self.messages.iter().rposition(|message| message.id == id)
    }

    fn hold(&mut self, event: &Event) {
        if self.held.len() >= HELD {
            // What comes soonest is worth most: it is the first to be released.
            match self.held.last_entry() {
                Some(last) if *last.key() > event.rev => {
                    last.remove();
                }
                _ => return,
            }
        }
        self.held.insert(event.rev, event.clone());
    }

    /// Applies what was held back, as far as it follows without a hole, and notes whose rows
    /// changed.
    fn release_held(&mut self, changed: &mut Vec<MessageId>) {
        while let Some(entry) = self.held.first_entry() {
            if *entry.key() > self.position.next() {
                break;
            }
            let event = entry.remove();
            if event.rev <= self.position {
                continue;
            }
            if let Some(id) = self.step(event).filter(|id| !changed.contains(id)) {
                changed.push(id);
            }
        }
    }

    /// Applies the event that is next; the id of the message whose row changed or came.
    fn step(&mut self, event: Event) -> Option<MessageId> {
        self.position = event.rev;
        self.heard = self.heard.max(event.rev);
        let changed = match &event.kind {
            EventKind::Posted { message } => self.posted(message, event.rev),
            _ => event
                .message()
                .and_then(|id| self.index(id))
                .and_then(|at| {
                    let row = self.messages.get_mut(at)?;
                    let as_of = self.as_of.get_mut(at)?;
                    bring_forward(row, as_of, &event).then_some(row.id)
                }),
        };
        if event.is_note() {
            self.learn(vec![event.clone()]);
        }
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(event);
        changed
    }

    fn posted(&mut self, message: &Message, rev: Rev) -> Option<MessageId> {
        let end = self.messages.last().map_or(Rev::ZERO, |last| last.rev);
        self.last_posted = self.last_posted.max(message.rev);
        // Already in the window by a page that was read later; or the window ends earlier, and
        // a row here would hide what lies between.
        if message.rev <= end || self.newer {
            return None;
        }
        // Read from the log, the message is as it stands now. Its reactions follow one by one;
        // applied to what they led to, they would end in another order.
        self.messages.push(Message {
            reactions: Vec::new(),
            ..message.clone()
        });
        self.as_of.push(rev);
        Some(message.id)
    }

    /// The page's rows, with the events applied to them that were applied here since the page was
    /// read. `None` when those are no longer remembered.
    fn brought_forward(
        &self,
        mut page: Vec<Message>,
        head: Rev,
    ) -> Option<(Vec<Message>, Vec<Rev>)> {
        let remembered = match self.recent.front() {
            Some(oldest) => oldest.rev.previous(),
            None => self.position,
        };
        if head < remembered {
            return None;
        }
        let mut as_of = vec![head; page.len()];
        for event in self.recent.iter().filter(|event| event.rev > head) {
            let Some(id) = event.message() else { continue };
            for (row, as_of) in page.iter_mut().zip(&mut as_of) {
                if row.id == id {
                    bring_forward(row, as_of, event);
                }
            }
        }
        Some((page, as_of))
    }
}

fn ascending(page: &[Message]) -> bool {
    page.is_sorted_by(|earlier, later| earlier.rev < later.rev)
}

/// Whether the event changed the row; one that the row already includes does not.
fn bring_forward(row: &mut Message, as_of: &mut Rev, event: &Event) -> bool {
    if event.rev <= *as_of {
        return false;
    }
    *as_of = event.rev;
    // What is deleted stays deleted, whatever else the log still says about it.
    if row.deleted {
        return false;
    }
    match &event.kind {
        EventKind::Edited { message } => {
            row.body.clone_from(&message.body);
            row.edited_at = Some(message.edited_at);
            true
        }
        EventKind::Deleted { .. } => {
            row.body.clear();
            row.reactions.clear();
            row.deleted = true;
            true
        }
        EventKind::Reacted { emoji, on, .. } => react(&mut row.reactions, emoji, event.by, *on),
        _ => false,
    }
}

fn react(reactions: &mut Vec<Reaction>, emoji: &str, user: UserId, on: bool) -> bool {
    let at = reactions
        .iter()
        .position(|reaction| reaction.emoji == emoji);
    let users = match at.and_then(|at| reactions.get_mut(at)) {
        Some(reaction) => &mut reaction.users,
        None if on => {
            reactions.push(Reaction {
                emoji: emoji.to_owned(),
                users: vec![user],
            });
            return true;
        }
        None => return false,
    };
    match (on, users.iter().position(|known| *known == user)) {
        (true, None) => users.push(user),
        (false, Some(at)) => {
            users.remove(at);
        }
        _ => return false,
    }
    reactions.retain(|reaction| !reaction.users.is_empty());
    true
}

#[cfg(test)]
mod tests;
