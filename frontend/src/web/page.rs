//! The page around the app: what the window tells (network, visibility), and its clock.

use std::rc::Rc;

use app::client::Client;
use js_sys::{Function, Promise, Reflect};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Event, EventTarget, HtmlDocument, VisibilityState, Window};

use super::clock;
use super::tab::Tab;
use crate::link::Input;

const MINUTE: u64 = 60_000;
/// How often the outbox is compared with what other tabs have left.
const SHARING: u64 = 30_000;

pub fn is_online(window: &Window) -> bool {
    window.navigator().on_line()
}

/// Tells the link when a person or the network comes back.
pub fn listen(window: &Window, tab: &Rc<Tab>) {
    let told = |name: &str, target: &EventTarget, input: fn() -> Input| {
        let tab = Rc::clone(tab);
        on(target, name, move |_| tab.line.tell(input()));
    };
    told("online", window, || Input::Network(true));
    told("offline", window, || Input::Network(false));
    told("pageshow", window, || Input::Wake);
    told("focus", window, || Input::Wake);
    let leaving = Rc::clone(tab);
    on(window, "pagehide", move |_| leaving.flush_all_marks());
    let typed = Rc::clone(tab);
    on(window, "beforeunload", move |event| {
        if typed.would_lose_drafts() {
            // The browser asks, in its own words.
            event.prevent_default();
        }
    });
    if let Some(document) = window.document() {
        let tab = Rc::clone(tab);
        let looked_at = document.clone();
        on(&document, "visibilitychange", move |_| {
            if looked_at.visibility_state() == VisibilityState::Visible {
                tab.line.tell(Input::Wake);
                let tab = Rc::clone(&tab);
                spawn_local(async move { tab.share_outbox().await });
            } else {
                tab.flush_all_marks();
            }
        });
    }
}

/// Into the clipboard. Not every browser has one, and not for every page.
pub async fn copy(text: &str) -> Option<()> {
    let navigator = web_sys::window()?.navigator();
    let clipboard = Reflect::get(&navigator, &"clipboard".into()).ok()?;
    let write: Function = Reflect::get(&clipboard, &"writeText".into())
        .ok()?
        .dyn_into()
        .ok()?;
    let written: Promise = write
        .call1(&clipboard, &text.into())
        .ok()?
        .dyn_into()
        .ok()?;
    JsFuture::from(written).await.ok().map(drop)
}

fn on(target: &EventTarget, name: &str, act: impl FnMut(Event) + 'static) {
    let closure = Closure::<dyn FnMut(Event)>::new(act);
    // Listening fails for no name that this file uses.
    let _ = target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
    // As long as the page.
    closure.forget();
}

/// Looks after what other tabs left behind, for as long as the page lives.
pub async fn share(tab: Rc<Tab>) {
    loop {
        clock::sleep(SHARING).await;
        tab.share_outbox().await;
    }
}

/// What "today" means, and where on earth.
pub async fn keep_time(client: Client, window: Window) {
    loop {
        client.now.set(clock::timestamp());
        keep_offset(client, &window);
        clock::sleep(MINUTE - clock::now() % MINUTE).await;
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "minutes of an offset: less than a day"
)]
fn keep_offset(client: Client, window: &Window) {
    let offset = -js_sys::Date::new_0().get_timezone_offset() as i32;
    if client.utc_offset.get_untracked() != offset {
        client.utc_offset.set(offset);
    }
    // For the server, which draws the next page's times with it.
    let document = window
        .document()
        .and_then(|document| document.dyn_into::<HtmlDocument>().ok());
    if let Some(document) = document {
        let cookie = format!("madang_utc_offset={offset}; path=/; max-age=31536000; samesite=lax");
        let _ = document.set_cookie(&cookie);
    }
}
