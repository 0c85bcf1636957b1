//! The main pane while no room is open, or none can be.

use leptos::prelude::*;

use crate::client::Client;
use crate::common::icon::{Glyph, Icon, Mark};
use crate::common::parts::part;
use crate::i18n::use_texts;

/// `/` for members. On a phone only the side pane is shown there.
#[component]
pub fn Lobby() -> impl IntoView {
    let client = expect_context::<Client>();
    let texts = use_texts();
    let words = move || {
        let none = client.rooms.with(|rooms| rooms.iter().next().is_none());
        match client.me.get().filter(|_| none) {
            Some(me) => (
                texts.side.first_room,
                (texts.side.first_room_lead)(&me.username),
            ),
            None => (
                texts.side.choose_room,
                texts.side.choose_room_lead.to_owned(),
            ),
        }
    };
    view! {
        <section class="lobby">
            <Mark/>
            <h2>{part(move || words().0)}</h2>
            <p>{part(move || words().1)}</p>
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
