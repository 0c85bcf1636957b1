//! The frame around the pages of members: two panes, on a phone one at a time, and what is true
//! everywhere: the link's state, notices, keys, the title.

mod keys_help;
mod notices;
mod shortcuts;
mod status;
mod title;
mod trouble;

use leptos::prelude::*;

use crate::account::{LoginPage, SettingsPage};
use crate::address::{Address, Page};
use crate::browser::{BrowserHandle, Intent};
use crate::client::Client;
use crate::common::parts::{part, value, watch};
use crate::common::refusal::Refusal;
use crate::i18n::use_texts;
use crate::side::{SidePane, room_in};
use crate::talk::{Lobby, Places, RoomPage};
use crate::welcome::Welcome;
use keys_help::KeysHelp;
use notices::Notices;
use status::LinkStatus;
use trouble::Trouble;

/// Whether this is the page that the server drew: it has been painted already, so that nothing
/// on it may jump.
#[derive(Clone, Copy)]
pub struct FirstPage(StoredValue<bool>);

impl FirstPage {
    pub fn new() -> Self {
        let first = StoredValue::new(true);
        Effect::new(move |_| first.set_value(false));
        Self(first)
    }

    pub fn is_now(self) -> bool {
        self.0.get_value()
    }
}

impl Default for FirstPage {
    fn default() -> Self {
        Self::new()
    }
}

/// Around `/`, `/rooms/…` and `/settings`.
#[component]
pub fn House(page: Memo<Page>) -> impl IntoView {
    let client = expect_context::<Client>();
    // One answer, so that the panes stay while the address changes.
    let frame = Memo::new(move |_| {
        let member = client.me.with(Option::is_some);
        match (member, page.get() == Page::Settings) {
            (true, _) => Frame::Panes,
            (false, _) if cannot_tell(client) => Frame::Trouble,
            (false, _) if client.typed_body.with(Option::is_some) => Frame::Door,
            (false, true) => Frame::Settings,
            (false, false) => Frame::Welcome,
        }
    });
    part(move || match frame.get() {
        Frame::Panes => view! { <Panes page/> }.into_any(),
        Frame::Settings => {
            view! { <main class="plain-page" id="main"><Refusal/><SettingsPage/></main> }.into_any()
        }
        Frame::Door => view! { <LoginPage/> }.into_any(),
        Frame::Trouble => view! { <Trouble/> }.into_any(),
        Frame::Welcome => view! { <Welcome/> }.into_any(),
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Frame {
    Panes,
    /// Language and theme are for strangers too.
    Settings,
    Welcome,
    /// A stranger has written something: first they log in.
    Door,
    /// Nobody knows whether this is a stranger.
    Trouble,
}

/// Whether who is there is unknown for the server's own reasons (too much to do, or something broken), and not because
/// something was wrong with what was asked.
fn cannot_tell(client: Client) -> bool {
    client.problem.with(|problem| {
        let status = problem.as_ref().and_then(|problem| problem.status);
        status.is_some_and(|status| status == 429 || status >= 500)
    })
}

#[component]
fn Panes(page: Memo<Page>) -> impl IntoView {
    let client = expect_context::<Client>();
    let texts = use_texts();
    let path = expect_context::<Address>().path;
    let screen = move || path.with(|path| if path == "/" { "side" } else { "main" });
    let helping = RwSignal::new(false);
    provide_context(Places::new());
    shortcuts::listen(client, helping);
    title::follow(client);
    let browser = expect_context::<BrowserHandle>();
    let in_a_room = Memo::new(move |_| path.with(|path| room_in(path).is_some()));
    watch(move || {
        if !in_a_room.get() {
            browser.ask(Intent::Close);
        }
    });
    view! {
        <a class="skip" href="#main">{texts.room.skip}</a>
        <div class="house" data-screen=value(screen)>
            <SidePane/>
            <main class="main" id="main" tabindex="-1">
                {part(move || match page.get() {
                    Page::Room => view! { <RoomPage/> }.into_any(),
                    Page::Settings => view! { <Refusal/><SettingsPage/> }.into_any(),
                    _ => view! { <Refusal/><Lobby/> }.into_any(),
                })}
            </main>
        </div>
        <LinkStatus/>
        <Notices/>
        {part(move || helping.get().then(|| view! {
            <KeysHelp on_close=Callback::new(move |()| helping.set(false))/>
        }.into_any()))}
    }
    .into_any()
}
