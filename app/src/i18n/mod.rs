//! Every word that a person reads, in each language. A text that one language lacks does not
//! compile, and no component carries words of its own.

mod en;
mod ko;
mod problems;

use leptos::prelude::*;
use protocol::wire::{Language, Problem};

use crate::client::Client;

/// The words of one language. Functions where a name or a number goes into the sentence, since
/// the order of words is the language's own.
pub struct Texts {
    pub language: Language,
    pub brand: &'static str,
    pub tagline: &'static str,
    pub welcome: WelcomeTexts,
    pub account: AccountTexts,
    pub settings: SettingsTexts,
    pub side: SideTexts,
    pub room: RoomTexts,
    pub message: MessageTexts,
    pub composer: ComposerTexts,
    pub state: StateTexts,
    pub keys: KeyTexts,
}

pub struct WelcomeTexts {
    pub heading: &'static str,
    pub lead: &'static str,
    pub points: [(&'static str, &'static str); 3],
    pub log_in: &'static str,
    pub register: &'static str,
    /// What the lines of the picture of a chat say, between two people.
    pub picture: [&'static str; 3],
    pub picture_names: [&'static str; 2],
}

pub struct AccountTexts {
    pub log_in: &'static str,
    pub register: &'static str,
    pub username: &'static str,
    pub username_hint: &'static str,
    pub display_name: &'static str,
    pub display_name_hint: &'static str,
    pub password: &'static str,
    pub password_hint: &'static str,
    pub no_account: &'static str,
    pub have_account: &'static str,
    pub already_in: &'static str,
    pub go_to_chat: &'static str,
}

pub struct SettingsTexts {
    pub title: &'static str,
    pub look: &'static str,
    pub language: &'static str,
    pub theme: &'static str,
    pub theme_system: &'static str,
    pub theme_light: &'static str,
    pub theme_dark: &'static str,
    pub enter: &'static str,
    pub enter_sends: &'static str,
    pub control_enter_sends: &'static str,
    pub profile: &'static str,
    pub save: &'static str,
    pub saved: &'static str,
    pub change_password: &'static str,
    pub current_password: &'static str,
    pub new_password: &'static str,
    pub password_changed: &'static str,
    pub devices: &'static str,
    pub devices_lead: &'static str,
    pub this_device: &'static str,
    pub unknown_device: &'static str,
    pub last_used: fn(&str) -> String,
    pub end_session: &'static str,
    pub end_session_of: fn(&str) -> String,
    pub log_out: &'static str,
    pub log_out_sure: &'static str,
    pub log_out_unsent: fn(usize) -> String,
    pub delete_account: &'static str,
    pub delete_lead: &'static str,
    pub delete_confirm: &'static str,
    pub delete_final: &'static str,
    pub needs_script: &'static str,
}

pub struct SideTexts {
    pub title: &'static str,
    pub rooms: &'static str,
    pub search: &'static str,
    pub results: &'static str,
    pub your_rooms: &'static str,
    pub people: &'static str,
    pub no_hits: &'static str,
    pub searching: &'static str,
    pub new_group: &'static str,
    pub settings: &'static str,
    pub no_rooms: &'static str,
    pub no_rooms_lead: &'static str,
    pub nothing_said: &'static str,
    pub you_said: fn(&str) -> String,
    pub someone_said: fn(&str, &str) -> String,
    pub unread: fn(u64) -> String,
    pub online: &'static str,
    pub offline: &'static str,
    pub yourself: &'static str,
    pub first_room: &'static str,
    pub first_room_lead: fn(&str) -> String,
    pub choose_room: &'static str,
    pub choose_room_lead: &'static str,
    pub group_name: &'static str,
    pub group_people: &'static str,
    pub group_people_hint: &'static str,
    pub make_group: &'static str,
    pub remove_person: fn(&str) -> String,
    pub add_person: fn(&str) -> String,
    pub cancel: &'static str,
    pub close: &'static str,
    pub back: &'static str,
}

pub struct RoomTexts {
    pub skip: &'static str,
    pub messages_in: fn(&str) -> String,
    pub members: &'static str,
    pub member_count: fn(u64) -> String,
    /// And whether there can be more.
    pub here_count: fn(u64, bool) -> String,
    pub you: &'static str,
    pub add_people: &'static str,
    pub rename: &'static str,
    pub room_name: &'static str,
    pub leave: &'static str,
    pub leave_sure: &'static str,
    pub leave_lead: &'static str,
    pub remove: &'static str,
    pub remove_member: fn(&str) -> String,
    pub remove_lead: &'static str,
    pub empty: &'static str,
    pub begins: &'static str,
    pub loading: &'static str,
    pub load_older: &'static str,
    /// Links, where there is no script to load more.
    pub earlier: &'static str,
    pub latest: &'static str,
    pub new_messages: &'static str,
    pub new_since: fn(u64) -> String,
    pub jump_latest: &'static str,
    pub jump_new: fn(u64) -> String,
    pub typing_one: fn(&str) -> String,
    pub typing_two: fn(&str, &str) -> String,
    pub typing_many: &'static str,
    /// Some names, and how many more there are.
    pub names: fn(&[String], usize) -> String,
    pub joined: fn(&str) -> String,
    pub brought_in: fn(&str, &str) -> String,
    pub left: fn(&str) -> String,
    pub removed: fn(&str, &str) -> String,
    pub renamed: fn(&str, &str) -> String,
    pub not_found: &'static str,
    pub not_found_lead: &'static str,
    pub failed: &'static str,
    pub try_again: &'static str,
    pub page_not_found: &'static str,
    pub page_not_found_lead: &'static str,
    pub to_start: &'static str,
}

pub struct MessageTexts {
    pub by_at: fn(&str, &str) -> String,
    pub said: fn(&str, &str) -> String,
    pub deleted: &'static str,
    pub edited: &'static str,
    pub actions: &'static str,
    pub react: &'static str,
    pub reply: &'static str,
    pub edit: &'static str,
    pub delete: &'static str,
    pub delete_sure: &'static str,
    pub delete_lead: &'static str,
    pub reply_to: fn(&str) -> String,
    pub original_missing: &'static str,
    pub go_to_original: &'static str,
    pub reaction: fn(&str, usize) -> String,
    pub emoji_picker: &'static str,
    pub other_emoji: &'static str,
    pub add_emoji: &'static str,
    pub sending: &'static str,
    pub not_sent: &'static str,
    pub change_failed: &'static str,
    pub retry: &'static str,
    pub discard: &'static str,
    pub copy: &'static str,
    pub copied: &'static str,
    pub not_read_by: fn(usize) -> String,
    pub read_by_all: &'static str,
    pub show_more: &'static str,
    pub show_less: &'static str,
    pub edit_box: &'static str,
    pub save_edit: &'static str,
    pub edit_empty: &'static str,
    pub deleted_person: &'static str,
    pub someone: &'static str,
}

pub struct ComposerTexts {
    pub label: &'static str,
    pub placeholder: fn(&str) -> String,
    pub send: &'static str,
    pub replying_to: fn(&str) -> String,
    pub stop_replying: &'static str,
    pub too_long: fn(usize, usize) -> String,
    /// In kilobytes.
    pub too_large: fn(usize, usize) -> String,
    pub not_kept: &'static str,
    pub not_sent: &'static str,
}

pub struct StateTexts {
    pub connecting: &'static str,
    pub catching_up: &'static str,
    pub offline: &'static str,
    pub signed_out: &'static str,
    pub log_in_again: &'static str,
    pub try_now: &'static str,
    pub waiting: fn(usize) -> String,
    pub not_sent: fn(usize) -> String,
    pub unsent: &'static str,
    pub trouble: &'static str,
    pub close_notice: &'static str,
    pub notices: &'static str,
}

pub struct KeyTexts {
    pub title: &'static str,
    pub rows: [(&'static str, &'static str); 8],
}

impl Texts {
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &en::ENGLISH,
            Language::Korean => &ko::KOREAN,
        }
    }

    /// What was refused, in the words of this language.
    pub fn problem(&self, problem: &Problem) -> String {
        problems::words(self.language, problem)
    }
}

/// The words of the page. Another language is another page, so this never changes under a
/// component.
pub fn use_texts() -> &'static Texts {
    let language = expect_context::<Client>().language.get_untracked();
    Texts::of(language)
}
