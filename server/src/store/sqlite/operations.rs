//! What each operation changes, once it is known who asks: the rule, the rows, the event.

use protocol::wire::{Edit, Event, EventKind, Message, MessageRef, RoomKind};
use protocol::{MessageId, OpId, Rev, Timestamp, UserId};
use rusqlite::{OptionalExtension, params};

use super::append::Stop;
use super::open_log::{Entry, OpenLog};
use super::rows::{self, int};
use crate::store::{Appended, Change, MAX_MEMBERS, MAX_REACTIONS, Refusal};

/// Who does it, under which id, when.
pub(super) struct Author {
    pub(super) by: UserId,
    pub(super) op: OpId,
    pub(super) at: Timestamp,
}

impl Author {
    pub(super) fn carry_out(
        &self,
        log: &mut OpenLog<'_>,
        change: Change,
    ) -> Result<Appended, Stop> {
        match change {
            Change::Post { body, reply_to } => self.post(log, body, reply_to),
            Change::Edit { message, body } => self.edit(log, message, body),
            Change::Delete { message } => self.delete(log, message),
            Change::React { message, emoji, on } => self.react(log, message, emoji, on),
            Change::Join { user } => self.bring_in(log, user),
            Change::Leave => self.leave(log),
            Change::Remove { user } => self.remove(log, user),
            Change::Rename { name } => self.rename(log, name),
        }
    }

    fn write(
        &self,
        log: &mut OpenLog<'_>,
        entry: &Entry<'_>,
        kind: impl FnOnce(Rev) -> EventKind,
    ) -> Result<Appended, Stop> {
        let rev = log.push(self.by, self.op, self.at, entry)?;
        Ok(Appended::Written(Event {
            room: log.id,
            rev,
            at: self.at,
            by: self.by,
            op: self.op,
            posted: log.head.posted,
            kind: kind(rev),
        }))
    }

    fn post(
        &self,
        log: &mut OpenLog<'_>,
        body: String,
        reply_to: Option<MessageId>,
    ) -> Result<Appended, Stop> {
        if let Some(message) = reply_to {
            rows::message_rev(log.c, log.key, message)?.ok_or(Refusal::NoSuchMessage)?;
        }
        let rev = log.head.rev.next();
        let id = MessageId::from(self.op);
        log.c
            .prepare_cached("INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)")?
            .execute(params![
                log.key,
                int(rev.0),
                id.as_bytes(),
                self.by.as_bytes(),
                self.at.millis(),
                body,
                reply_to.as_ref().map(MessageId::as_bytes),
            ])?;
        let entry = Entry {
            message: Some(rev),
            ..Entry::new("posted")
        };
        let written = self.write(log, &entry, |rev| EventKind::Posted {
            message: Message {
                id,
                rev,
                author: self.by,
                at: self.at,
                body,
                reply_to,
                edited_at: None,
                deleted: false,
                reactions: Vec::new(),
            },
        })?;
        log.has_read(self.by);
        Ok(written)
    }

    fn edit(
        &self,
        log: &mut OpenLog<'_>,
        message: MessageId,
        body: String,
    ) -> Result<Appended, Stop> {
        let target = Target::of(log, message)?;
        if target.author != self.by {
            return Err(Refusal::NotAuthor.into());
        }
        match target.body {
            None => return Err(Refusal::MessageDeleted.into()),
            Some(current) if current == body => return Ok(log.unchanged()),
            Some(_) => {}
        }
        log.c
            .prepare_cached(
                "UPDATE message SET body = ?3, edited_at = ?4 WHERE room = ?1 AND rev = ?2",
            )?
            .execute(params![log.key, int(target.rev.0), body, self.at.millis()])?;
        let entry = Entry {
            message: Some(target.rev),
            ..Entry::new("edited")
        };
        self.write(log, &entry, |_| EventKind::Edited {
            message: Edit {
                id: message,
                body,
                edited_at: self.at,
            },
        })
    }

    fn delete(&self, log: &mut OpenLog<'_>, message: MessageId) -> Result<Appended, Stop> {
        let target = Target::of(log, message)?;
        if target.author != self.by {
            return Err(Refusal::NotAuthor.into());
        }
        if target.body.is_none() {
            return Ok(log.unchanged());
        }
        log.c
            .prepare_cached(
                "UPDATE message SET body = NULL, reply_to = NULL, edited_at = NULL
                 WHERE room = ?1 AND rev = ?2",
            )?
            .execute(params![log.key, int(target.rev.0)])?;
        log.c
            .prepare_cached("DELETE FROM reaction WHERE room = ?1 AND message = ?2")?
            .execute(params![log.key, int(target.rev.0)])?;
        let entry = Entry {
            message: Some(target.rev),
            ..Entry::new("deleted")
        };
        self.write(log, &entry, |_| EventKind::Deleted {
            message: MessageRef { id: message },
        })
    }

    fn react(
        &self,
        log: &mut OpenLog<'_>,
        message: MessageId,
        emoji: String,
        on: bool,
    ) -> Result<Appended, Stop> {
        let target = Target::of(log, message)?;
        if target.body.is_none() {
            return Err(Refusal::MessageDeleted.into());
        }
        let reactions = rows::reactions(log.c, log.key, target.rev)?;
        let same = reactions.iter().find(|reaction| reaction.emoji == emoji);
        if same.is_some_and(|reaction| reaction.users.contains(&self.by)) == on {
            return Ok(log.unchanged());
        }
        if on && same.is_none() && reactions.len() >= MAX_REACTIONS {
            return Err(Refusal::TooManyReactions.into());
        }
        if on {
            log.c
                .prepare_cached("INSERT INTO reaction VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![
                    log.key,
                    int(target.rev.0),
                    emoji,
                    self.by.as_bytes(),
                    int(log.head.rev.next().0),
                ])?;
        } else {
            log.c
                .prepare_cached(
                    "DELETE FROM reaction
                     WHERE room = ?1 AND message = ?2 AND emoji = ?3 AND user = ?4",
                )?
                .execute(params![
                    log.key,
                    int(target.rev.0),
                    emoji,
                    self.by.as_bytes()
                ])?;
        }
        let entry = Entry {
            message: Some(target.rev),
            detail: Some(&emoji),
            ..Entry::new(if on { "reacted" } else { "unreacted" })
        };
        self.write(log, &entry, |_| EventKind::Reacted {
            message: MessageRef { id: message },
            emoji: emoji.clone(),
            on,
        })
    }

    fn bring_in(&self, log: &mut OpenLog<'_>, user: UserId) -> Result<Appended, Stop> {
        not_direct(log)?;
        if log.standing(user)?.is_some() {
            return Ok(log.unchanged());
        }
        match rows::user_by_id(log.c, user)? {
            Some(found) if !found.deleted => {}
            _ => return Err(Refusal::NoSuchUser.into()),
        }
        if usize::try_from(log.members).unwrap_or(usize::MAX) >= MAX_MEMBERS {
            return Err(Refusal::RoomFull.into());
        }
        let entry = Entry {
            user: Some(user),
            ..Entry::new("joined")
        };
        let written = self.write(log, &entry, |_| EventKind::Joined { user })?;
        log.seat(user, true)?;
        Ok(written)
    }

    fn leave(&self, log: &mut OpenLog<'_>) -> Result<Appended, Stop> {
        not_direct(log)?;
        log.unseat(self.by)?;
        let entry = Entry {
            user: Some(self.by),
            ..Entry::new("left")
        };
        self.write(log, &entry, |_| EventKind::Left { user: self.by })
    }

    fn remove(&self, log: &mut OpenLog<'_>, user: UserId) -> Result<Appended, Stop> {
        not_direct(log)?;
        if log.standing(user)?.is_none() {
            return Ok(log.unchanged());
        }
        log.unseat(user)?;
        let entry = Entry {
            user: Some(user),
            ..Entry::new("removed")
        };
        self.write(log, &entry, |_| EventKind::Removed { user })
    }

    fn rename(&self, log: &mut OpenLog<'_>, name: String) -> Result<Appended, Stop> {
        not_direct(log)?;
        if log.name.as_ref() == Some(&name) {
            return Ok(log.unchanged());
        }
        log.name = Some(name.clone());
        let entry = Entry {
            detail: Some(&name),
            ..Entry::new("renamed")
        };
        self.write(log, &entry, |_| EventKind::Renamed { name: name.clone() })
    }
}

fn not_direct(log: &OpenLog<'_>) -> Result<(), Refusal> {
    match log.kind {
        RoomKind::Direct => Err(Refusal::DirectRoom),
        RoomKind::Group | RoomKind::Channel => Ok(()),
    }
}

/// The message that an operation is about.
struct Target {
    rev: Rev,
    author: UserId,
    /// `None`: deleted.
    body: Option<String>,
}

impl Target {
    fn of(log: &OpenLog<'_>, message: MessageId) -> Result<Self, Stop> {
        let rev = rows::message_rev(log.c, log.key, message)?.ok_or(Refusal::NoSuchMessage)?;
        let mut query = log
            .c
            .prepare_cached("SELECT author, body FROM message WHERE room = ?1 AND rev = ?2")?;
        let found = query
            .query_row(params![log.key, int(rev.0)], |row| {
                Ok(Self {
                    rev,
                    author: UserId(rows::uuid(row, 0)?),
                    body: row.get(1)?,
                })
            })
            .optional()?;
        Ok(found.ok_or(Refusal::NoSuchMessage)?)
    }
}
