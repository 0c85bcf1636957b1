//! Which room this is, and who is here.

use leptos::prelude::*;
use protocol::UserId;

use super::acts::Acts;
use super::room::ShowingMembers;
use crate::client::Client;
use crate::common::avatar::{Face, Presence};
use crate::common::icon::{Glyph, Icon};
use crate::common::parts::{handler, part};
use crate::i18n::use_texts;

/// Its id on the page: the focus comes back to it from the members.
pub const MEMBERS_BUTTON: &str = "members-button";

#[component]
pub fn RoomHeader() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let ShowingMembers(showing) = expect_context();
    let texts = use_texts();
    let room = Memo::new(move |_| client.rooms.with(|rooms| rooms.get(acts.room).cloned()));
    let name = move || {
        room.with(|room| {
            room.as_ref()
                .map(|room| client.room_name(room, texts))
                .unwrap_or_default()
        })
    };
    let peer = Memo::new(move |_| room.with(|room| room.as_ref().and_then(|room| room.peer)));
    let members = move || room.with(|room| room.as_ref().map_or(0, |room| room.members));
    let here = Memo::new(move |_| {
        acts.with_open(|open| client.online.with(|online| open.here(members(), online)))
            .unwrap_or_default()
    });
    view! {
        <header class="room-header">
            <a class="icon-button back" href="/" aria-label=texts.side.back>
                <Glyph icon=Icon::Back/>
            </a>
            {part(move || peer.get().map(|user| view! { <Face user/> }.into_any()))}
            <div class="room-title">
                <h1 dir="auto">{part(name)}</h1>
                <p class="room-about">
                    {part(move || match peer.get() {
                        Some(user) => view! { <PeerState user/> }.into_any(),
                        None => view! {
                            <span>{part(move || (texts.room.member_count)(members()))}</span>
                            {part(move || {
                                let (count, more) = here.get();
                                (count > 0).then(|| view! {
                                    <span class="here">{(texts.room.here_count)(count, more)}</span>
                                }.into_any())
                            })}
                        }
                        .into_any(),
                    })}
                </p>
            </div>
            <button
                type="button"
                class="icon-button"
                id=MEMBERS_BUTTON
                aria-label=texts.room.members
                title=texts.room.members
                aria-expanded=move || showing.get().to_string()
                on:click=handler(move |_| showing.update(|showing| *showing = !*showing))
            >
                <Glyph icon=Icon::People/>
            </button>
        </header>
    }
    .into_any()
}

#[component]
fn PeerState(user: UserId) -> impl IntoView {
    let client = expect_context::<Client>();
    let texts = use_texts();
    let online = move || client.online.with(|online| online.get(&user).copied());
    view! {
        <span dir="auto">{part(move || client.handle_of(user))}</span>
        {part(move || online().map(|online| {
            let word = if online { texts.side.online } else { texts.side.offline };
            view! { <span class="here" data-online=online.to_string()>{word}</span> }.into_any()
        }))}
    }
}

/// Someone in a list: face, presence, name.
#[component]
pub fn Person(user: UserId, #[prop(optional)] note: Option<&'static str>) -> impl IntoView {
    let client = expect_context::<Client>();
    let texts = use_texts();
    view! {
        <span class="person">
            <span class="face-box"><Face user/><Presence user/></span>
            <span class="person-words">
                <span class="person-name" dir="auto">
                    {part(move || client.name_of(user, texts))}
                    {note.map(|note| view! { <span class="note">{note}</span> }.into_any())}
                </span>
                <span class="person-handle" dir="auto">{part(move || client.handle_of(user))}</span>
            </span>
        </span>
    }
}
