//! The pages: rendered on the server, hydrated in the browser, from the same code.
//!
//! Both sides provide a [`client::Client`] and a [`browser::BrowserHandle`] and render [`App`]:
//! the server through [`shell::shell`], the browser by hydrating the body. Everything that a page
//! needs is in the client from the start, so nothing is awaited while rendering.
#![recursion_limit = "256"]

mod account;
pub mod browser;
pub mod client;
mod common;
mod house;
mod i18n;
pub mod shell;
mod side;
mod talk;
#[cfg(test)]
mod testing;
mod welcome;

use leptos::prelude::*;
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::path;

use account::{LoginPage, RegisterPage, SettingsPage};
use house::{FirstPage, House};
use talk::{Lobby, RoomPage};

pub use i18n::Texts;

/// Where the browser finds what it loads; hashed names in a release.
#[derive(Clone, Debug, PartialEq)]
pub struct Assets {
    pub script: String,
    pub wasm: String,
    pub style: String,
    pub icon: String,
}

/// Expects `Client` and `BrowserHandle` as context, and on the server the router's `RequestUrl`.
#[component]
pub fn App() -> impl IntoView {
    provide_context(FirstPage::new());
    view! {
        <Router>
            <Routes fallback=NoSuchPage>
                <ParentRoute path=path!("/") view=House>
                    <Route path=path!("") view=Lobby/>
                    <Route path=path!("rooms/:room") view=RoomPage/>
                    <Route path=path!("settings") view=SettingsPage/>
                </ParentRoute>
                <Route path=path!("/login") view=LoginPage/>
                <Route path=path!("/register") view=RegisterPage/>
            </Routes>
        </Router>
    }
    .into_any()
}

#[component]
fn NoSuchPage() -> impl IntoView {
    let words = &i18n::use_texts().room;
    view! {
        <main class="plain-page lobby" id="main">
            <common::icon::Mark/>
            <h1>{words.page_not_found}</h1>
            <p>{words.page_not_found_lead}</p>
            <p><a class="button" href="/" rel="external">{words.to_start}</a></p>
        </main>
    }
    .into_any()
}
