//! Changing a message in its place.

use leptos::html;
use leptos::prelude::*;
use protocol::MessageId;
use web_sys::KeyboardEvent;

use super::acts::{Acts, focus_composer};
use super::grow;
use crate::browser::Intent;
use crate::common::dom;
use crate::common::ime::{Ime, enter_here};
use crate::common::keys::Decision;
use crate::common::length::{LONGEST, too_long};
use crate::common::parts::{handler, part, watch};
use crate::i18n::use_texts;

#[component]
pub fn EditBox(id: MessageId) -> impl IntoView {
    let acts = expect_context::<Acts>();
    let texts = use_texts();
    let field = NodeRef::<html::Textarea>::new();
    let ime = Ime::new();
    let refused = RwSignal::new(None::<String>);
    // The text is set as a value, never rendered: a text area's children are not escaped.
    watch(move || {
        if let (Some(field), Some(row)) = (field.get(), acts.row(id)) {
            field.set_value(&row.body);
            grow::fit(&field);
            dom::focus_quietly(&field);
        }
    });
    let stop = move || {
        acts.editing.set(None);
        focus_composer();
    };
    let save = move || {
        let Some(field) = field.get_untracked() else {
            return;
        };
        let body = field.value().trim().to_owned();
        if let Some(have) = too_long(&body) {
            refused.set(Some((texts.composer.too_long)(have, LONGEST)));
            return;
        }
        let changed = acts.row(id).is_some_and(|row| row.body != body);
        if changed && !body.is_empty() {
            acts.browser.ask(Intent::Edit {
                room: acts.room,
                message: id,
                body,
            });
        }
        stop();
    };
    let pressed = move |event: KeyboardEvent| {
        let decision = ime.pressed(&event, enter_here(), save);
        if decision == Decision::Other && event.key() == "Escape" {
            stop();
        }
        event.stop_propagation();
    };
    let save_by_button = move |_| {
        if let Some(field) = field.get_untracked() {
            ime.commit_then(&field, save);
        }
    };
    view! {
        <div class="edit-box">
            <textarea
                node_ref=field
                rows="1"
                dir="auto"
                aria-label=texts.message.edit_box
                on:compositionstart=handler(move |_| ime.started())
                on:compositionupdate=handler(move |event| ime.updated(&event))
                on:compositionend=handler(move |event| ime.ended(&event, save))
                on:keydown=handler(pressed)
                on:input=handler(move |_| {
                    if let Some(field) = field.get_untracked() {
                        grow::fit(&field);
                    }
                })
            ></textarea>
            {part(move || refused.get().map(|why| view! { <p class="field-error" role="alert">{why}</p> }.into_any()))}
            <p class="edit-acts">
                <button type="button" class="button small" on:click=handler(save_by_button)>{texts.message.save_edit}</button>
                <button type="button" class="quiet" on:click=handler(move |_| stop())>{texts.side.cancel}</button>
            </p>
        </div>
    }
    .into_any()
}
