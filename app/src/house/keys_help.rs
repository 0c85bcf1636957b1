//! Which keys do what.

use leptos::prelude::*;

use crate::common::dialog::Dialog;
use crate::i18n::use_texts;

#[component]
pub fn KeysHelp(on_close: Callback<()>) -> impl IntoView {
    let texts = use_texts();
    let rows = texts
        .keys
        .rows
        .iter()
        .map(|(keys, what)| {
            view! { <div><dt><kbd>{*keys}</kbd></dt><dd>{*what}</dd></div> }.into_any()
        })
        .collect_view();
    view! {
        <Dialog title=texts.keys.title on_close>
            <dl class="keys">{rows}</dl>
        </Dialog>
    }
}
