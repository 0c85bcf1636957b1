//! Head, search, rooms, and myself at the foot.

use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::RoomId;
use protocol::wire::{NewRoom, RoomKind, User};

use super::finder::PeopleFinder;
use super::group::GroupDialog;
use super::rooms::RoomList;
use crate::address::Address;
use crate::browser::BrowserHandle;
use crate::client::Client;
use crate::common::avatar::Face;
use crate::common::icon::{Glyph, Icon, Mark};
use crate::common::names::shown;
use crate::common::parts::{handler, part};
use crate::i18n::use_texts;

#[component]
pub fn SidePane() -> impl IntoView {
    let client = expect_context::<Client>();
    let browser = expect_context::<BrowserHandle>();
    let texts = use_texts();
    let address = expect_context::<Address>();
    let making = RwSignal::new(false);
    let query = RwSignal::new(String::new());
    let talk_to = Callback::new(move |user: User| {
        open_direct(client, browser, user, move |room| {
            address.go(&format!("/rooms/{room}"));
        });
    });
    view! {
        <aside class="side" aria-label=texts.side.rooms>
            <header class="side-head">
                <Mark/>
                <h1>{texts.side.title}</h1>
                <button
                    type="button"
                    class="icon-button"
                    aria-label=texts.side.new_group
                    title=texts.side.new_group
                    on:click=handler(move |_| making.set(true))
                >
                    <Glyph icon=Icon::Add/>
                </button>
            </header>
            <PeopleFinder
                label=texts.side.search
                placeholder=texts.side.search
                on_pick=talk_to
                typed=query
            />
            <RoomList query/>
            <footer class="side-foot">
                <a class="me" href="/settings">
                    {part(move || client.me.get().map(|me| {
                        let name = shown(&me, texts);
                        view! {
                            <Face user=me.id/>
                            <span class="me-name" dir="auto">{name}</span>
                        }.into_any()
                    }))}
                    <span class="only-heard">{texts.side.settings}</span>
                    <Glyph icon=Icon::Gear/>
                </a>
            </footer>
            {part(move || making.get().then(|| view! {
                <GroupDialog on_close=Callback::new(move |()| making.set(false))/>
            }.into_any()))}
        </aside>
    }
    .into_any()
}

/// Opens the one room of two people, making it if there is none.
fn open_direct(
    client: Client,
    browser: BrowserHandle,
    user: User,
    go: impl FnOnce(RoomId) + 'static,
) {
    let Some(me) = client.me.with_untracked(|me| me.as_ref().map(|me| me.id)) else {
        return;
    };
    let room = RoomId::direct(me, user.id);
    if client
        .rooms
        .with_untracked(|rooms| rooms.get(room).is_some())
    {
        go(room);
        return;
    }
    let Some(browser) = browser.get() else {
        return;
    };
    let new = NewRoom {
        id: None,
        kind: RoomKind::Direct,
        name: None,
        members: vec![user.id],
    };
    spawn_local(async move {
        match browser.make_room(new).await {
            Ok(room) => go(room.id),
            Err(problem) => client.tell(problem),
        }
    });
}
