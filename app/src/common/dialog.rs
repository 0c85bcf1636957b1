//! A modal dialog: the browser's own, which keeps the focus inside, closes on Esc and gives the
//! focus back.

use leptos::ev::Event;
use leptos::html;
use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use super::parts::{handler, watch};
use crate::i18n::use_texts;

/// Closes the dialog from inside, so that the browser gives the focus back before it goes.
#[derive(Clone, Copy)]
pub struct DialogHandle(NodeRef<html::Dialog>);

impl DialogHandle {
    pub fn close(self) {
        if let Some(dialog) = self.0.try_get_untracked().flatten() {
            dialog.close();
        }
    }
}

/// Shown as long as it is rendered; `on_close` must take it away.
#[component]
pub fn Dialog(
    #[prop(into)] title: String,
    on_close: Callback<()>,
    children: Children,
) -> impl IntoView {
    let texts = use_texts();
    let node = NodeRef::<html::Dialog>::new();
    provide_context(DialogHandle(node));
    watch(move || {
        if let Some(dialog) = node.get()
            && !dialog.open()
        {
            // It fails only for a dialog that is open already or not on the page.
            let _ = dialog.show_modal();
        }
    });
    let closed = move |_: Event| on_close.run(());
    // Outside the panel, the dialog itself is hit, whose panel covers all else of it. Whoever drags a selection out of a
    // field, or back into one, does not mean to close it.
    let is_outside = move |event: &web_sys::MouseEvent| {
        node.get_untracked().is_some_and(|dialog| {
            event.target().as_ref() == Some(AsRef::<web_sys::EventTarget>::as_ref(&dialog))
        })
    };
    let began_outside = StoredValue::new(false);
    let pressed = move |event: web_sys::MouseEvent| {
        began_outside.set_value(event.button() == 0 && is_outside(&event));
    };
    let released = move |event: web_sys::MouseEvent| {
        if began_outside.get_value() && is_outside(&event) {
            DialogHandle(node).close();
        }
    };
    view! {
        <dialog
            class="dialog"
            node_ref=node
            aria-labelledby="dialog-title"
            on:close=handler(closed)
            on:mousedown=handler(pressed)
            on:mouseup=handler(released)
        >
            <div class="dialog-panel">
                <header class="dialog-head">
                    <h2 id="dialog-title">{title}</h2>
                    <button
                        type="button"
                        class="icon-button"
                        aria-label=texts.side.close
                        on:click=handler(move |_| DialogHandle(node).close())
                    >
                        <Glyph icon=Icon::Close/>
                    </button>
                </header>
                {children()}
            </div>
        </dialog>
    }
    .into_any()
}

/// What a dialog asks before something that cannot be taken back. The dialog is closed by then.
#[component]
pub fn Question(lead: &'static str, yes: &'static str, on_yes: Callback<()>) -> impl IntoView {
    let dialog = expect_context::<DialogHandle>();
    let texts = use_texts();
    let done = move |_| {
        dialog.close();
        on_yes.run(());
    };
    view! {
        <p>{lead}</p>
        <p class="dialog-acts">
            <button type="button" class="button plain" on:click=handler(move |_| dialog.close())>{texts.side.cancel}</button>
            <button type="button" class="button alert" on:click=handler(done)>{yes}</button>
        </p>
    }
    .into_any()
}
