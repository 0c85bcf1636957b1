//! The main pane while no room is open, or none can be.

use leptos::prelude::*;
use protocol::wire::{Problem, code};

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
pub fn NoSuchRoom(problem: Option<Problem>) -> impl IntoView {
    let texts = use_texts();
    let elsewhere = problem.filter(|problem| {
        !matches!(
            problem.code.as_str(),
            code::ROOM_NOT_FOUND | code::NOT_FOUND | code::FORBIDDEN
        )
    });
    let (title, lead) = match &elsewhere {
        Some(problem) => (texts.room.failed, texts.problem(problem)),
        None => (texts.room.not_found, texts.room.not_found_lead.to_owned()),
    };
    view! {
        <section class="lobby">
            <Glyph icon=Icon::Warning/>
            <h1>{title}</h1>
            <p>{lead}</p>
            <p><a class="button" href="/">{texts.side.back}</a></p>
        </section>
    }
}
