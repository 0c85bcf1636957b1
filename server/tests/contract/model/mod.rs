//! A model of one room that is too simple to be wrong: lists of what happened and what is now.

pub mod random;

use std::collections::BTreeMap;

use protocol::wire::{Edit, Event, EventKind, Message, MessageRef, Reaction};
use protocol::{MessageId, Rev, RoomId, UserId};
use server::store::{Append, Appended, Change, Head, ReadMark, Refusal};

/// One room as a list of what happened and what is now.
pub struct Model {
    room: RoomId,
    /// In the order in which they came, with their read positions.
    pub members: Vec<(UserId, ReadMark)>,
    name: String,
    /// Without their reactions.
    messages: BTreeMap<Rev, Message>,
    /// In the order in which they came.
    reactions: Vec<(MessageId, String, UserId)>,
    /// What is said of a message here is replaced by what it is now when the log is read.
    log: Vec<Event>,
}

impl Model {
    pub fn beginning(created: Event, name: &str, members: &[UserId]) -> Self {
        let read = ReadMark {
            rev: created.rev,
            posted: 0,
        };
        Self {
            room: created.room,
            members: members.iter().map(|user| (*user, read)).collect(),
            name: name.to_owned(),
            messages: BTreeMap::new(),
            reactions: Vec::new(),
            log: vec![created],
        }
    }

    pub fn head(&self) -> Head {
        self.log.last().map_or(Head::default(), |event| Head {
            rev: event.rev,
            posted: event.posted,
        })
    }

    /// A message with its reactions, first comers first.
    fn now(&self, message: &Message) -> Message {
        let mut reactions = Vec::<Reaction>::new();
        for (_, emoji, user) in self.reactions.iter().filter(|(of, ..)| *of == message.id) {
            match reactions
                .iter_mut()
                .find(|reaction| reaction.emoji == *emoji)
            {
                Some(reaction) => reaction.users.push(*user),
                None => reactions.push(Reaction {
                    emoji: emoji.clone(),
                    users: vec![*user],
                }),
            }
        }
        Message {
            reactions,
            ..message.clone()
        }
    }

    pub fn messages(&self) -> Vec<Message> {
        self.messages
            .values()
            .map(|message| self.now(message))
            .collect()
    }

    /// An event as it reads now.
    fn reads(&self, event: &Event) -> Event {
        let now = |id| self.now(self.messages.values().find(|m| m.id == id).unwrap());
        let kind = match &event.kind {
            EventKind::Posted { message } => EventKind::Posted {
                message: now(message.id),
            },
            EventKind::Edited { message } => {
                let now = now(message.id);
                let edited_at = now.edited_at.unwrap_or(event.at);
                EventKind::Edited {
                    message: Edit {
                        id: now.id,
                        body: now.body,
                        edited_at,
                    },
                }
            }
            other => other.clone(),
        };
        Event {
            kind,
            ..event.clone()
        }
    }

    pub fn reading(&self) -> Vec<Event> {
        self.log.iter().map(|event| self.reads(event)).collect()
    }

    fn write(&mut self, append: &Append, kind: EventKind) -> Result<Appended, Refusal> {
        let Head { rev, posted } = self.head();
        let event = Event {
            room: self.room,
            rev: rev.next(),
            at: append.at,
            by: append.by,
            op: append.op,
            posted: posted + u64::from(matches!(kind, EventKind::Posted { .. })),
            kind,
        };
        self.log.push(event.clone());
        Ok(Appended::Written(event))
    }

    fn unchanged(&self) -> Result<Appended, Refusal> {
        Ok(Appended::Unchanged {
            rev: self.head().rev,
        })
    }

    fn is_member(&self, user: UserId) -> bool {
        self.members.iter().any(|(member, _)| *member == user)
    }

    fn find(&mut self, id: MessageId) -> Result<&mut Message, Refusal> {
        self.messages
            .values_mut()
            .find(|message| message.id == id)
            .ok_or(Refusal::NoSuchMessage)
    }

    pub fn append(&mut self, append: &Append) -> Result<Appended, Refusal> {
        if let Some(seen) = self
            .log
            .iter()
            .find(|e| e.op == append.op && e.by == append.by)
        {
            return match same(&seen.kind, &append.change) {
                true => Ok(Appended::Repeated(self.reads(seen))),
                false => Err(Refusal::IdTaken),
            };
        }
        let id = MessageId::from(append.op);
        if matches!(append.change, Change::Post { .. }) && self.find(id).is_ok() {
            return Err(Refusal::IdTaken);
        }
        if !self.is_member(append.by) {
            return Err(Refusal::NotMember);
        }
        match append.change.clone() {
            Change::Post { body, reply_to } => self.post(append, body, reply_to),
            Change::Edit { message: id, body } => {
                let message = self.find(id)?;
                if message.author != append.by {
                    return Err(Refusal::NotAuthor);
                } else if message.deleted {
                    return Err(Refusal::MessageDeleted);
                } else if message.body == body {
                    return self.unchanged();
                }
                message.body.clone_from(&body);
                message.edited_at = Some(append.at);
                let edit = Edit {
                    id,
                    body,
                    edited_at: append.at,
                };
                self.write(append, EventKind::Edited { message: edit })
            }
            Change::Delete { message: id } => {
                let message = self.find(id)?;
                if message.author != append.by {
                    return Err(Refusal::NotAuthor);
                } else if message.deleted {
                    return self.unchanged();
                }
                *message = Message {
                    body: String::new(),
                    reply_to: None,
                    edited_at: None,
                    deleted: true,
                    ..message.clone()
                };
                self.reactions.retain(|(of, ..)| *of != id);
                self.write(
                    append,
                    EventKind::Deleted {
                        message: MessageRef { id },
                    },
                )
            }
            Change::React { message, emoji, on } => self.react(append, message, emoji, on),
            Change::Join { user } if self.is_member(user) => self.unchanged(),
            Change::Join { user } => {
                let answer = self.write(append, EventKind::Joined { user });
                let Head { rev, posted } = self.head();
                self.members.push((user, ReadMark { rev, posted }));
                answer
            }
            Change::Leave => {
                self.members.retain(|(member, _)| *member != append.by);
                self.write(append, EventKind::Left { user: append.by })
            }
            Change::Remove { user } if !self.is_member(user) => self.unchanged(),
            Change::Remove { user } => {
                self.members.retain(|(member, _)| *member != user);
                self.write(append, EventKind::Removed { user })
            }
            Change::Rename { name } if name == self.name => self.unchanged(),
            Change::Rename { name } => {
                self.name.clone_from(&name);
                self.write(append, EventKind::Renamed { name })
            }
        }
    }

    fn post(
        &mut self,
        append: &Append,
        body: String,
        reply_to: Option<MessageId>,
    ) -> Result<Appended, Refusal> {
        if let Some(id) = reply_to {
            self.find(id)?;
        }
        let message = Message {
            id: append.op.into(),
            rev: self.head().rev.next(),
            author: append.by,
            at: append.at,
            body,
            reply_to,
            edited_at: None,
            deleted: false,
            reactions: Vec::new(),
        };
        self.messages.insert(message.rev, message.clone());
        let answer = self.write(append, EventKind::Posted { message });
        let head = self.head();
        let read = ReadMark {
            rev: head.rev,
            posted: head.posted,
        };
        let author = self
            .members
            .iter_mut()
            .find(|(member, _)| *member == append.by);
        author.unwrap().1 = read;
        answer
    }

    fn react(
        &mut self,
        append: &Append,
        id: MessageId,
        emoji: String,
        on: bool,
    ) -> Result<Appended, Refusal> {
        if self.find(id)?.deleted {
            return Err(Refusal::MessageDeleted);
        }
        let reaction = (id, emoji.clone(), append.by);
        if self.reactions.contains(&reaction) == on {
            return self.unchanged();
        }
        if on {
            self.reactions.push(reaction);
        } else {
            self.reactions.retain(|other| *other != reaction);
        }
        let message = MessageRef { id };
        self.write(append, EventKind::Reacted { message, emoji, on })
    }

    pub fn read(&mut self, user: UserId, rev: Rev) -> Result<ReadMark, Refusal> {
        let head = self.head().rev;
        let at = self.log.iter().find(|event| event.rev == rev.min(head));
        let asked = at.map_or(ReadMark::default(), |e| ReadMark {
            rev: e.rev,
            posted: e.posted,
        });
        let member = self.members.iter_mut().find(|(member, _)| *member == user);
        let (_, read) = member.ok_or(Refusal::NotMember)?;
        if asked.rev > read.rev {
            *read = asked;
        }
        Ok(*read)
    }
}

fn same(kind: &EventKind, change: &Change) -> bool {
    match (kind, change) {
        (EventKind::Posted { .. }, Change::Post { .. })
        | (EventKind::Left { .. }, Change::Leave)
        | (EventKind::Renamed { .. }, Change::Rename { .. }) => true,
        (EventKind::Edited { message: a }, Change::Edit { message: b, .. }) => a.id == *b,
        (EventKind::Deleted { message: a }, Change::Delete { message: b }) => a.id == *b,
        (
            EventKind::Reacted {
                message: a,
                emoji: x,
                on: was,
            },
            Change::React {
                message: b,
                emoji: y,
                on,
            },
        ) => a.id == *b && x == y && was == on,
        (EventKind::Joined { user: a }, Change::Join { user: b })
        | (EventKind::Removed { user: a }, Change::Remove { user: b }) => a == b,
        _ => false,
    }
}
