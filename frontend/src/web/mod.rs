//! The shell around the decisions: everything that touches the browser.

mod clock;
mod drafts;
mod hear;
mod intents;
mod kept;
mod line;
mod outbox;
mod page;
mod pages;
mod repair;
mod rest;
mod rooms;
mod session;
mod socket;
mod tab;
mod tabs;
mod watch;

use std::rc::Rc;

use app::App;
use app::address::Address;
use app::browser::BrowserHandle;
use app::client::Client;
use futures::channel::mpsc;
use leptos::prelude::*;
use protocol::wire::Boot;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Document, Window};

/// Takes over the page that the server has drawn; runs as soon as the module is there.
#[wasm_bindgen(start)]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    let Some(window) = web_sys::window() else {
        return;
    };
    let Some(document) = window.document() else {
        return;
    };
    match read_boot(&document) {
        Ok(boot) => take_over(window, &document, boot),
        // The page stays as it was drawn: readable, and its forms work.
        Err(why) => web_sys::console::error_1(&why.into()),
    }
}

fn read_boot(document: &Document) -> Result<Boot, String> {
    let element = document
        .get_element_by_id("boot")
        .ok_or("the page carries no boot data")?;
    let text = element.text_content().unwrap_or_default();
    protocol::json::read(&text).map_err(|error| format!("the boot data is unreadable: {error}"))
}

fn take_over(window: Window, document: &Document, boot: Boot) {
    let root = document.document_element();
    leptos::mount::hydrate_body(move || {
        let me = boot.me.as_ref().map(|me| me.id);
        let client = Client::from_boot(boot);
        let browser = match me {
            Some(me) => start(me, client, &window),
            // A stranger's page has nothing but forms and links.
            None => BrowserHandle::none(),
        };
        provide_context(client);
        provide_context(browser);
        provide_context(Address::here());
        // After the first drawing, which must equal the server's.
        spawn_local(page::keep_time(client, window));
        view! { <App /> }
    });
    // Tests wait for it before they touch anything.
    if let Some(root) = root {
        let _ = root.set_attribute("data-hydrated", "true");
    }
}

fn start(me: protocol::UserId, client: Client, window: &Window) -> BrowserHandle {
    let (mailbox, mail) = mpsc::unbounded();
    let tab = tab::Tab::new(me, client, mailbox);
    page::listen(window, &tab);
    spawn_local(socket::Driver::new(Rc::clone(&tab), page::is_online(window)).run(mail));
    spawn_local(page::share(Rc::clone(&tab)));
    let restoring = Rc::clone(&tab);
    spawn_local(async move { restoring.restore_outbox().await });
    BrowserHandle::new(Rc::new(intents::Desk(tab)))
}
