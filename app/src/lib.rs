//! The pages: rendered on the server, hydrated in the browser, from the same code.
//!
//! Both sides provide a [`client::Client`] and a [`browser::BrowserHandle`] and render [`App`]:
//! the server through [`shell::shell`], the browser by hydrating the body. Everything that a page
//! needs is in the client from the start, so nothing is awaited while rendering.
#![recursion_limit = "256"]

mod account;
pub mod address;
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

use account::{LoginPage, RegisterPage};
use address::{Address, Page};
use common::parts::part;
use house::{FirstPage, House};

pub use i18n::Texts;

/// Where the browser finds what it loads; hashed names in a release.
#[derive(Clone, Debug, PartialEq)]
pub struct Assets {
    pub script: String,
    pub wasm: String,
    pub style: String,
    pub icon: String,
}

/// Expects `Client`, `BrowserHandle` and `Address` as context.
#[component]
pub fn App() -> impl IntoView {
    provide_context(FirstPage::new());
    let address = expect_context::<Address>();
    address.follow();
    let page = address.page();
    // The house stays while the address changes inside it.
    let outer = Memo::new(move |_| match page.get() {
        Page::Lobby | Page::Room | Page::Settings => Outer::House,
        Page::Login => Outer::Login,
        Page::Register => Outer::Register,
        Page::Nowhere => Outer::Nowhere,
    });
    part(move || match outer.get() {
        Outer::House => view! { <House page/> }.into_any(),
        Outer::Login => view! { <LoginPage/> }.into_any(),
        Outer::Register => view! { <RegisterPage/> }.into_any(),
        Outer::Nowhere => view! { <NoSuchPage/> }.into_any(),
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Outer {
    House,
    Login,
    Register,
    Nowhere,
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
