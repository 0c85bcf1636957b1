//! The reactions under a message.

use std::sync::Arc;

use leptos::prelude::*;
use protocol::UserId;

use super::acts::Acts;
use super::message::of;
use super::rows::Row;
use crate::client::Client;
use crate::common::parts::{Lines, Shown, handler, part, value};
use crate::i18n::use_texts;

#[component]
pub fn Reactions(row: Memo<Option<Arc<Row>>>) -> impl IntoView {
    let texts = use_texts();
    let emoji = Memo::new(move |_| {
        of(row, |row| {
            row.reactions
                .iter()
                .map(|reaction| reaction.emoji.clone())
                .collect::<Vec<_>>()
        })
    });
    view! {
        <Shown when=move || emoji.with(|emoji| !emoji.is_empty())>
            <ul class="reactions" aria-label=texts.message.react>
                <Lines of=move || emoji.get() key=String::clone line=move |emoji| view! { <Pill row emoji/> }/>
            </ul>
        </Shown>
    }
}

#[component]
fn Pill(row: Memo<Option<Arc<Row>>>, emoji: String) -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let texts = use_texts();
    let emoji = StoredValue::new(emoji);
    let users = Memo::new(move |before: Option<&Vec<UserId>>| {
        let now = row.with(|row| {
            row.as_ref().and_then(|row| {
                emoji
                    .with_value(|emoji| {
                        row.reactions
                            .iter()
                            .find(|reaction| reaction.emoji == *emoji)
                    })
                    .map(|reaction| reaction.users.clone())
            })
        });
        // A pill that is being taken away keeps what it showed last.
        now.or_else(|| before.cloned()).unwrap_or_default()
    });
    let mine = Memo::new(move |_| {
        let me = client.my_id();
        users.with(|users| users.iter().any(|user| Some(*user) == me))
    });
    let count = move || users.with(Vec::len);
    let names = move || {
        let mut names: Vec<_> = users.with(|users| {
            users
                .iter()
                .take(12)
                .map(|user| client.name_of(*user, texts))
                .collect()
        });
        if count() > names.len() {
            names.push("…".to_owned());
        }
        names.join(", ")
    };
    let pressed = move |_| {
        if let Some(row) = row.get_untracked() {
            emoji.with_value(|emoji| acts.react(row.id, emoji, !mine.get_untracked()));
        }
    };
    view! {
        <li>
            <button
                type="button"
                class="pill"
                aria-pressed=move || mine.get().to_string()
                aria-label=move || emoji.with_value(|emoji| (texts.message.reaction)(emoji, count()))
                title=value(names)
                on:click=handler(pressed)
            >
                <span class="pill-emoji">{emoji.get_value()}</span>
                <span class="pill-count">{part(count)}</span>
            </button>
        </li>
    }
}
