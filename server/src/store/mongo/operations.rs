//! What each operation changes, once it is known that its author may: the rule, the line, the event.

use protocol::MessageId;
use protocol::UserId;
use protocol::wire::{Edit, EventKind, Message, MessageRef};

use super::documents::{Entry, Kind, Standing, bin, count, date};
use super::plan::{Plan, Target};
use crate::store::{Appended, Change, MAX_MEMBERS, MAX_REACTIONS, Refusal};

impl Plan<'_> {
    pub(super) fn carry_out(&mut self) -> Result<Appended, Refusal> {
        match self.change().clone() {
            Change::Post { body, reply_to } => self.post(body, reply_to),
            Change::Edit { message, body } => self.edit(message, body),
            Change::Delete { message } => self.delete(message),
            Change::React { message, emoji, on } => self.react(message, emoji, on),
            Change::Join { user } => self.bring_in(user),
            Change::Leave => self.leave(),
            Change::Remove { user } => self.remove(user),
            Change::Rename { name } => self.rename(name),
        }
    }

    fn target(&self, message: MessageId) -> Result<&Target, Refusal> {
        self.state
            .messages
            .get(&message)
            .ok_or(Refusal::NoSuchMessage)
    }

    fn own(&self, message: MessageId) -> Result<&Target, Refusal> {
        let target = self.target(message)?;
        if target.author != self.by() {
            return Err(Refusal::NotAuthor);
        }
        Ok(target)
    }

    fn post(&mut self, body: String, reply_to: Option<MessageId>) -> Result<Appended, Refusal> {
        if let Some(message) = reply_to {
            self.target(message)?;
        }
        let id = MessageId::from(self.op());
        let author = self.by();
        let line = self.line(Kind::Posted);
        let line = Entry {
            message: Some(line.op.id),
            author: Some(line.by),
            body: Some(body.clone()),
            reply_to: reply_to.map(|message| bin(message.as_bytes())),
            changed: Some(line.rev),
            ..line
        };
        let target = Target {
            author,
            body: Some(body.clone()),
        };
        self.state.messages.insert(id, target);
        let message = Message {
            id,
            rev: protocol::Rev(count(line.rev)),
            author,
            at: self.at(),
            body,
            reply_to,
            edited_at: None,
            deleted: false,
            reactions: Vec::new(),
        };
        Ok(self.write(line, EventKind::Posted { message }))
    }

    fn edit(&mut self, message: MessageId, body: String) -> Result<Appended, Refusal> {
        let author = self.by();
        match &self.own(message)?.body {
            None => return Err(Refusal::MessageDeleted),
            Some(current) if *current == body => return Ok(self.unchanged()),
            Some(_) => {}
        }
        let line = Entry {
            of: Some(bin(message.as_bytes())),
            body: Some(body.clone()),
            edited_at: Some(date(self.at())),
            ..self.line(Kind::Edited)
        };
        let target = Target {
            author,
            body: Some(body.clone()),
        };
        self.state.messages.insert(message, target);
        let edit = Edit {
            id: message,
            body,
            edited_at: self.at(),
        };
        Ok(self.write(line, EventKind::Edited { message: edit }))
    }

    fn delete(&mut self, message: MessageId) -> Result<Appended, Refusal> {
        if self.own(message)?.body.is_none() {
            return Ok(self.unchanged());
        }
        let author = self.by();
        self.state
            .messages
            .insert(message, Target { author, body: None });
        self.state.reactions.retain(|(of, ..)| *of != message);
        let line = Entry {
            of: Some(bin(message.as_bytes())),
            ..self.line(Kind::Deleted)
        };
        let message = MessageRef { id: message };
        Ok(self.write(line, EventKind::Deleted { message }))
    }

    fn react(&mut self, message: MessageId, emoji: String, on: bool) -> Result<Appended, Refusal> {
        if self.target(message)?.body.is_none() {
            return Err(Refusal::MessageDeleted);
        }
        let reaction = (message, emoji.clone(), self.by());
        if self.state.reactions.contains(&reaction) == on {
            return Ok(self.unchanged());
        }
        if on {
            let others = self
                .state
                .reactions
                .iter()
                .filter(|(of, ..)| *of == message);
            let mut kinds = others
                .map(|(_, emoji, _)| emoji)
                .collect::<std::collections::HashSet<_>>();
            kinds.insert(&emoji);
            if kinds.len() > MAX_REACTIONS {
                return Err(Refusal::TooManyReactions);
            }
            self.state.reactions.insert(reaction);
        } else {
            self.state.reactions.remove(&reaction);
        }
        let kind = if on { Kind::Reacted } else { Kind::Unreacted };
        let line = Entry {
            of: Some(bin(message.as_bytes())),
            emoji: Some(emoji.clone()),
            ..self.line(kind)
        };
        let message = MessageRef { id: message };
        Ok(self.write(line, EventKind::Reacted { message, emoji, on }))
    }

    fn bring_in(&mut self, user: UserId) -> Result<Appended, Refusal> {
        self.not_direct()?;
        if self.state.members.contains(&user) {
            return Ok(self.unchanged());
        }
        if self.state.people.get(&user) != Some(&Standing::Open) {
            return Err(Refusal::NoSuchUser);
        }
        if usize::try_from(self.state.room.members).unwrap_or(usize::MAX) >= MAX_MEMBERS {
            return Err(Refusal::RoomFull);
        }
        self.state.members.insert(user);
        let line = self.about(user, Kind::Joined);
        Ok(self.write(line, EventKind::Joined { user }))
    }

    fn leave(&mut self) -> Result<Appended, Refusal> {
        self.not_direct()?;
        let user = self.by();
        if !self.state.members.remove(&user) {
            return Ok(self.unchanged());
        }
        let line = self.about(user, Kind::Left);
        Ok(self.write(line, EventKind::Left { user }))
    }

    fn remove(&mut self, user: UserId) -> Result<Appended, Refusal> {
        self.not_direct()?;
        if !self.state.members.remove(&user) {
            return Ok(self.unchanged());
        }
        let line = self.about(user, Kind::Removed);
        Ok(self.write(line, EventKind::Removed { user }))
    }

    fn rename(&mut self, name: String) -> Result<Appended, Refusal> {
        self.not_direct()?;
        if self.state.room.name.as_ref() == Some(&name) {
            return Ok(self.unchanged());
        }
        let line = Entry {
            name: Some(name.clone()),
            ..self.line(Kind::Renamed)
        };
        Ok(self.write(line, EventKind::Renamed { name }))
    }

    fn about(&self, user: UserId, kind: Kind) -> Entry {
        Entry {
            user: Some(bin(user.as_bytes())),
            ..self.line(kind)
        }
    }
}
