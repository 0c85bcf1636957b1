//! Which page is shown. The address alone decides it: a link, a step back and [`Address::go`] change the address, and the
//! pages follow. Everything that they show is in the client already, so that nothing is awaited on the way.

use leptos::ev::{self, MouseEvent};
use leptos::prelude::*;
use web_sys::HtmlAnchorElement;
use web_sys::wasm_bindgen::{JsCast, JsValue};

use crate::common::dom;
use crate::common::parts::watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    Lobby,
    Room,
    Settings,
    Login,
    Register,
    Nowhere,
}

impl Page {
    pub fn at(path: &str) -> Self {
        match path.trim_end_matches('/') {
            "" => Self::Lobby,
            "/settings" => Self::Settings,
            "/login" => Self::Login,
            "/register" => Self::Register,
            path => match path.strip_prefix("/rooms/") {
                Some(room) if !room.contains('/') => Self::Room,
                _ => Self::Nowhere,
            },
        }
    }
}

/// A context of every page.
#[derive(Clone, Copy)]
pub struct Address {
    /// As it is written in the address, percents and all.
    pub path: RwSignal<String>,
    query: StoredValue<String>,
}

impl Address {
    /// On the server: what was asked for.
    pub fn asked(path_and_query: &str) -> Self {
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        Self {
            path: RwSignal::new(path.to_owned()),
            query: StoredValue::new(query.to_owned()),
        }
    }

    /// In the browser: where the page stands.
    pub fn here() -> Self {
        let query = window().location().search().unwrap_or_default();
        Self::asked(&(path_here() + &query))
    }

    pub fn page(self) -> Memo<Page> {
        Memo::new(move |_| self.path.with(|path| Page::at(path)))
    }

    /// The door's address `to`, from which it goes on to what was asked for here. It stands in the
    /// address, so that a refused form and the other door's link keep it; the server alone reads it.
    pub fn leading_on(self, to: &str) -> String {
        let here = self.path.get_untracked();
        let query = match Page::at(&here) {
            // The door stands in place of the room, whose `&` would end the field.
            Page::Room => format!("next={}", here.replace('&', "%26")),
            Page::Login | Page::Register => self.query.get_value(),
            Page::Lobby | Page::Settings | Page::Nowhere => String::new(),
        };
        if query.is_empty() {
            to.to_owned()
        } else {
            format!("{to}?{query}")
        }
    }

    /// Goes to another page of this site.
    pub fn go(self, to: &str) {
        let window = window();
        if let Ok(history) = window.history()
            && to != path_here()
        {
            // It fails only for an address of another site.
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(to));
        }
        self.arrive();
        window.scroll_to_with_x_and_y(0.0, 0.0);
    }

    /// Follows links and the browser's back and forward, without loading anything.
    pub fn follow(self) {
        watch(move || {
            let clicks = window_event_listener(ev::click, move |event| self.clicked(&event));
            let steps = window_event_listener(ev::popstate, move |_| self.arrive());
            on_cleanup(move || {
                clicks.remove();
                steps.remove();
            });
        });
    }

    fn arrive(self) {
        let here = path_here();
        if self.path.with_untracked(|path| *path != here) {
            self.path.set(here);
        }
    }

    fn clicked(self, event: &MouseEvent) {
        let modified = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
        if event.default_prevented() || event.button() != 0 || modified {
            return;
        }
        let link = dom::closest(event.target(), "a[href]")
            .and_then(|link| link.dyn_into::<HtmlAnchorElement>().ok())
            .filter(leads_inside);
        if let Some(link) = link {
            event.prevent_default();
            self.go(&(link.pathname() + &link.search()));
        }
    }
}

/// What the browser does better itself: other sites, other windows, downloads, places on this page, and pages that say that
/// they must come from the server.
fn leads_inside(link: &HtmlAnchorElement) -> bool {
    let external = link
        .rel()
        .split_ascii_whitespace()
        .any(|word| word == "external");
    let same_site = window()
        .location()
        .origin()
        .is_ok_and(|here| here == link.origin());
    same_site
        && !external
        && link.target().is_empty()
        && !link.has_attribute("download")
        && link.hash().is_empty()
}

fn path_here() -> String {
    window().location().pathname().unwrap_or_default()
}

/// Text from an address, without its percents. What is no text stays as it was.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes().iter();
    while let Some(&byte) = rest.next() {
        let escaped = (byte == b'%')
            .then(|| {
                let digits = rest.as_slice().get(..2)?;
                u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
            })
            .flatten();
        match escaped {
            Some(escaped) => {
                bytes.push(escaped);
                rest.nth(1);
            }
            None => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_page() {
        assert_eq!(Page::at("/"), Page::Lobby);
        assert_eq!(Page::at("/rooms/a&b"), Page::Room);
        assert_eq!(Page::at("/settings/"), Page::Settings);
        assert_eq!(Page::at("/rooms/"), Page::Nowhere);
        assert_eq!(Page::at("/rooms/a/b"), Page::Nowhere);
    }

    #[test]
    fn the_door_leads_on_to_what_was_asked_for() {
        Owner::new().with(|| {
            let door = |asked: &str| Address::asked(asked).leading_on("/register");
            assert_eq!(
                door("/login?next=/rooms/a%26b"),
                "/register?next=/rooms/a%26b"
            );
            assert_eq!(door("/rooms/a&b"), "/register?next=/rooms/a%26b");
            for nowhere in ["/login", "/login?", "/?next=/settings"] {
                assert_eq!(door(nowhere), "/register");
            }
        });
    }

    #[test]
    fn percents_that_mean_nothing_stay() {
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%26"), "%zz&");
        assert_eq!(decoded("%ff"), "%ff");
    }
}
