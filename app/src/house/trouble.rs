//! In place of every page while the server cannot even tell who is there.

use leptos::prelude::*;

use crate::address::Address;
use crate::common::icon::Mark;
use crate::common::refusal::Refusal;
use crate::i18n::use_texts;

#[component]
pub fn Trouble() -> impl IntoView {
    let texts = use_texts();
    let path = expect_context::<Address>().path.get_untracked();
    view! {
        <main class="plain-page lobby" id="main">
            <Mark/>
            <h1>{texts.state.trouble}</h1>
            <Refusal/>
            <p><a class="button" href=path rel="external">{texts.room.try_again}</a></p>
        </main>
    }
    .into_any()
}
