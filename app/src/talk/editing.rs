//! Changing a message in its place.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::MessageId;
use protocol::rules::is_blank;
use protocol::state::PendingChange;
use web_sys::KeyboardEvent;

use super::acts::{Acts, focus_composer};
use super::grow;
use crate::common::dom;
use crate::common::ime::{Ime, enter_here};
use crate::common::keys::Decision;
use crate::common::length;
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
        let (Some(field), Some(row)) = (field.get(), acts.row(id)) else {
            return;
        };
        let left = acts.draft.edited(id);
        // Who comes back to it may be about to do something else.
        let is_new = left.is_none();
        field.set_value(&left.unwrap_or_else(|| row.body.clone()));
        grow::fit(&field);
        keep(acts, id, &field);
        if is_new {
            dom::focus_quietly(&field);
        }
    });
    let stop = move || {
        acts.editing.set(None);
        focus_composer();
    };
    let save = move || {
        let (Some(field), Some(browser)) = (field.get_untracked(), acts.browser.get()) else {
            return;
        };
        let text = field.value();
        let body = text.trim().to_owned();
        let refusal = if is_blank(&body) {
            Some(texts.message.edit_empty.to_owned())
        } else {
            length::refusal(&body, texts)
        };
        if refusal.is_some() {
            refused.set(refusal);
            return;
        }
        if acts.row(id).is_some_and(|row| row.body == body) {
            return stop();
        }
        spawn_local(async move {
            let edit = PendingChange::Edit { message: id, body };
            match browser.put_in(acts.room, edit).await {
                // The box closes only now, and not over what was typed meanwhile.
                Ok(_) => {
                    let is_open = acts.editing.try_get_untracked() == Some(Some(id));
                    if is_open && field.value() == text {
                        stop();
                    }
                }
                Err(problem) => _ = refused.try_set(Some(texts.problem(&problem))),
            }
        });
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
                        keep(acts, id, &field);
                    }
                    if refused.get_untracked().is_some() {
                        refused.set(None);
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

fn keep(acts: Acts, id: MessageId, field: &web_sys::HtmlTextAreaElement) {
    let text = field.value();
    acts.draft.change(|draft| draft.editing = Some((id, text)));
}
