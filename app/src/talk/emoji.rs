//! Choosing a reaction: a few at hand, and a field for any other.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use protocol::MessageId;

use super::acts::{Acts, element_id};
use crate::client::Client;
use crate::common::dom;
use crate::common::ime::is_escape;
use crate::common::parts::{handler, watch};
use crate::i18n::use_texts;

const AT_HAND: [&str; 8] = ["👍", "❤️", "😂", "😮", "😢", "🙏", "🎉", "✅"];

/// The height that the picker needs below its message.
const HEIGHT: f64 = 150.0;

#[component]
pub fn EmojiPicker(id: MessageId) -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let texts = use_texts();
    let panel = NodeRef::<html::Div>::new();
    let field = NodeRef::<html::Input>::new();
    watch(move || {
        let first = panel
            .get()
            .and_then(|panel| panel.query_selector("button").ok().flatten());
        if let Some(first) = first.and_then(|first| {
            use web_sys::wasm_bindgen::JsCast;
            first.dyn_into::<web_sys::HtmlElement>().ok()
        }) {
            dom::focus_quietly(&first);
        }
    });
    let choose = move |emoji: &str| {
        let me = client.me.with_untracked(|me| me.as_ref().map(|me| me.id));
        let has = acts.row(id).is_some_and(|row| {
            row.reactions.iter().any(|reaction| {
                reaction.emoji == emoji && reaction.users.iter().any(|user| Some(*user) == me)
            })
        });
        acts.picking.set(None);
        acts.focus_message(id);
        acts.react(id, emoji, !has);
    };
    let typed = move |event: SubmitEvent| {
        event.prevent_default();
        let emoji = field
            .get_untracked()
            .map(|field| field.value())
            .unwrap_or_default();
        let emoji = emoji.trim();
        if !emoji.is_empty() {
            choose(emoji);
        }
    };
    // Near the lower edge it opens upwards, so that it is never cut off.
    let upwards = dom::by_id(&element_id(id)).is_some_and(|message| {
        let room_below = acts
            .scroller
            .log
            .get_untracked()
            .map(|log| dom::bottom_of(&log) - dom::top_of(&message));
        room_below.is_some_and(|room| room < HEIGHT + 48.0)
    });
    let escape = move |event: web_sys::KeyboardEvent| {
        if is_escape(&event) {
            event.stop_propagation();
            acts.step_back();
        }
    };
    view! {
        <div
            class="picker"
            role="group"
            aria-label=texts.message.emoji_picker
            data-upwards=upwards.to_string()
            node_ref=panel
            on:keydown=handler(escape)
        >
            <div class="picker-row">
                {AT_HAND
                    .iter()
                    .map(|emoji| view! {
                        <button type="button" class="picker-emoji" aria-label=*emoji on:click=handler(move |_| choose(emoji))>
                            {*emoji}
                        </button>
                    }.into_any())
                    .collect_view()}
            </div>
            <form class="picker-other" on:submit=handler(typed)>
                <input
                    node_ref=field
                    type="text"
                    autocomplete="off"
                    maxlength="32"
                    aria-label=texts.message.other_emoji
                    placeholder=texts.message.other_emoji
                />
                <button type="submit" class="button small">{texts.message.add_emoji}</button>
            </form>
        </div>
    }
    .into_any()
}
