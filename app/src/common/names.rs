//! Who someone is, in words, and what time it is for the reader.

use leptos::prelude::*;
use protocol::wire::{Room, RoomKind, User};
use protocol::{Timestamp, UserId};

use super::time::Clock;
use crate::client::Client;
use crate::i18n::Texts;

/// The name to show; a deleted account has lost its own.
pub fn shown(user: &User, texts: &Texts) -> String {
    if user.deleted {
        texts.message.deleted_person.to_owned()
    } else if user.display_name.is_empty() {
        user.username.clone()
    } else {
        user.display_name.clone()
    }
}

impl Client {
    /// Follows changes of the name.
    pub fn name_of(&self, user: UserId, texts: &Texts) -> String {
        self.people.with(|people| {
            people.get(&user).map_or_else(
                || texts.message.someone.to_owned(),
                |user| shown(user, texts),
            )
        })
    }

    /// Follows, too; nobody finds a deleted account by it.
    pub fn handle_of(&self, user: UserId) -> Option<String> {
        self.people.with(|people| {
            let user = people.get(&user).filter(|user| !user.deleted)?;
            Some(format!("@{}", user.username))
        })
    }

    pub fn room_name(&self, room: &Room, texts: &Texts) -> String {
        if room.kind == RoomKind::Direct && room.peer.is_some_and(|peer| self.is_me(peer)) {
            return texts.side.yourself.to_owned();
        }
        if room.name.is_empty() {
            texts.message.deleted_person.to_owned()
        } else {
            room.name.clone()
        }
    }

    pub fn is_me(&self, user: UserId) -> bool {
        self.me
            .with(|me| me.as_ref().is_some_and(|me| me.id == user))
    }

    pub fn my_id(&self) -> Option<UserId> {
        self.me.with(|me| me.as_ref().map(|me| me.id))
    }

    /// The clock of the reader; follows the minutes.
    pub fn clock(&self, texts: &Texts) -> Clock {
        Clock {
            language: texts.language,
            offset: self.utc_offset.get(),
            now: self.now.get(),
        }
    }

    /// A time of day does not change when a minute passes.
    pub fn time_of_day(&self, at: Timestamp, texts: &Texts) -> String {
        Clock {
            language: texts.language,
            offset: self.utc_offset.get(),
            now: at,
        }
        .time(at)
    }
}
