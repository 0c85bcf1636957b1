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
    // A click outside the panel hits the dialog itself, whose panel covers all else of it.
    let clicked = move |event: web_sys::MouseEvent| {
        if let (Some(dialog), Some(target)) = (node.get_untracked(), event.target())
            && &target == AsRef::<web_sys::EventTarget>::as_ref(&dialog)
        {
            dialog.close();
        }
    };
    view! {
        <dialog class="dialog" node_ref=node aria-labelledby="dialog-title" on:close=handler(closed) on:click=handler(clicked)>
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
