//! The main pane while no room is open, or none can be.

use leptos::prelude::*;

use crate::common::icon::{Glyph, Icon, Mark};
use crate::i18n::use_texts;

/// `/` for members. On a phone only the side pane is shown there.
#[component]
pub fn Lobby() -> impl IntoView {
    let texts = use_texts();
    view! {
        <section class="lobby">
            <Mark/>
            <h2>{texts.side.choose_room}</h2>
            <p>{texts.side.choose_room_lead}</p>
        </section>
    }
}

#[component]
pub fn NoSuchRoom() -> impl IntoView {
    let texts = use_texts();
    view! {
        <section class="lobby">
            <Glyph icon=Icon::Warning/>
            <h1>{texts.room.not_found}</h1>
            <p>{texts.room.not_found_lead}</p>
            <p><a class="button" href="/">{texts.side.back}</a></p>
        </section>
    }
}
