//! Which keys do what.

use leptos::prelude::*;

use crate::common::dialog::Dialog;
use crate::common::ime::enter_here;
use crate::common::keys::Enter;
use crate::i18n::use_texts;

#[component]
pub fn KeysHelp(on_close: Callback<()>) -> impl IntoView {
    let texts = use_texts();
    let enter = enter_here();
    let rows = texts
        .keys
        .rows
        .iter()
        .map(|(keys, what)| {
            // The first two, where Enter alone does not send.
            let keys = match (*keys, enter) {
                ("Enter", Enter::BreaksLine) => "Ctrl + Enter",
                ("Shift + Enter", Enter::BreaksLine) => "Enter",
                (keys, _) => keys,
            };
            view! { <div><dt><kbd>{keys}</kbd></dt><dd>{*what}</dd></div> }.into_any()
        })
        .collect_view();
    view! {
        <Dialog title=texts.keys.title on_close>
            <dl class="keys">{rows}</dl>
        </Dialog>
    }
}
