//! What other nodes wrote, followed in memory: a writer that comes second in a busy room needs to
//! read only the lines that are new to it.

use protocol::UserId;

use super::Core;
use super::current::STEP;
use super::documents::{Entry, Kind, Room, id};
use super::plan::{State, Target};
use crate::store::StoreResult;

/// A room as a writer knows it.
pub(super) struct View {
    pub(super) state: State,
    /// The room up to where all is applied …
    pub(super) base: Room,
    /// … and what is not, or not known to be.
    pub(super) pending: Vec<Entry>,
}

impl View {
    pub(super) fn of(state: State) -> Self {
        Self {
            base: state.room.clone(),
            pending: Vec::new(),
            state,
        }
    }

    /// Whoever wrote the lines up to this rev, or somebody else, has applied them.
    fn is_applied(&mut self, rev: i64) {
        let applied = self.pending.iter().take_while(|line| line.rev <= rev);
        let applied = applied.count();
        for line in self.pending.drain(..applied) {
            self.base.advance(&line);
        }
    }
}

impl Core {
    /// Brings the view up to the end of the log. `false`: it cannot be; all is to be read anew.
    pub(super) async fn follow(&self, view: &mut View) -> StoreResult<bool> {
        let room = &view.state.room;
        let (there, lines) = futures::join!(self.find_room(room.id()), self.beyond(room));
        let (there, lines) = (there?, lines?);
        let Some(there) = there.filter(|there| there.key == room.key) else {
            return Ok(false);
        };
        let many = usize::try_from(STEP).is_ok_and(|step| lines.len() >= step);
        if lines.is_empty() || many || there.applied < view.base.applied {
            return Ok(false);
        }
        for line in lines {
            if !view.state.follow(&line) {
                return Ok(false);
            }
            view.pending.push(line);
        }
        view.is_applied(there.applied);
        Ok(true)
    }
}

impl State {
    /// What the next line makes of it. The documents that it was read from may have been brought up
    /// to this line or a later one already; in the order of the log it comes to the same.
    /// `false`: the text of an edit is not in its line any more, or only newer versions know what
    /// the line says.
    fn follow(&mut self, line: &Entry) -> bool {
        let of = line.of.map(id);
        match line.kind {
            Kind::Posted => {
                let target = Target {
                    author: id(line.op.by),
                    body: line.body.clone(),
                };
                self.messages
                    .extend(line.message.map(|message| (id(message), target)));
            }
            Kind::Edited => {
                let known = of.and_then(|of| self.messages.get_mut(&of));
                // Deleted stays deleted: an edit is not written after that.
                if let Some(target) = known.filter(|target| target.body.is_some()) {
                    if line.body.is_none() {
                        return false;
                    }
                    target.body.clone_from(&line.body);
                }
            }
            Kind::Deleted => {
                if let Some(target) = of.and_then(|of| self.messages.get_mut(&of)) {
                    target.body = None;
                }
                self.reactions.retain(|(message, ..)| Some(*message) != of);
            }
            Kind::Reacted | Kind::Unreacted => {
                if let (Some(of), Some(emoji)) = (of, &line.emoji) {
                    let reaction = (of, emoji.clone(), id(line.by));
                    if line.kind == Kind::Reacted {
                        self.reactions.insert(reaction);
                    } else {
                        self.reactions.remove(&reaction);
                    }
                }
            }
            Kind::Joined => self.members.extend(line.user.map(id::<UserId>)),
            Kind::Left | Kind::Removed => {
                if let Some(user) = line.user {
                    self.members.remove(&id(user));
                }
            }
            Kind::Created | Kind::Renamed => {}
            // Whatever it changed is in the documents.
            Kind::Unknown => return false,
        }
        self.room.advance(line);
        self.seen.push(line.clone());
        true
    }
}
