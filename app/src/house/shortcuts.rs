//! Keys that work wherever one is.

use leptos::ev::{self, KeyboardEvent};
use leptos::prelude::*;
use protocol::RoomId;

use crate::address::Address;
use crate::browser::{BrowserHandle, Intent};
use crate::client::Client;
use crate::common::dom;
use crate::common::ime::{is_escape, is_typed_into};
use crate::common::parts::watch;
use crate::side::room_in;
use crate::talk::focus_composer;

pub fn listen(client: Client, helping: RwSignal<bool>) {
    let address = expect_context::<Address>();
    let browser = expect_context::<BrowserHandle>();
    watch(move || {
        let handle = window_event_listener(ev::keydown, move |event: KeyboardEvent| {
            pressed(client, browser, helping, address, &event);
        });
        on_cleanup(move || handle.remove());
    });
}

fn pressed(
    client: Client,
    browser: BrowserHandle,
    helping: RwSignal<bool>,
    address: Address,
    event: &KeyboardEvent,
) {
    if event.default_prevented() || event.is_composing() || dom::dialog_is_open() {
        return;
    }
    let typing = is_typed_into(event.target());
    match event.key().as_str() {
        "ArrowUp" | "ArrowDown" if event.alt_key() && !event.ctrl_key() && !event.meta_key() => {
            let step = if event.key() == "ArrowUp" { -1 } else { 1 };
            let now = address.path.with_untracked(|path| room_in(path));
            if let Some(room) = neighbour(client, now, step) {
                event.prevent_default();
                address.go(&format!("/rooms/{room}"));
            }
        }
        _ if is_escape(event) => {
            focus_composer();
            mark_read(client, browser, address);
        }
        "?" if !typing => {
            event.prevent_default();
            helping.set(true);
        }
        // The letter itself then goes into the box, Hangul through the input method as well.
        _ if !typing && starts_text(event) && dom::nothing_focused() => focus_composer(),
        _ => {}
    }
}

/// Everything in the open room has been read, whatever was in view.
fn mark_read(client: Client, browser: BrowserHandle, address: Address) {
    let room = address.path.with_untracked(|path| room_in(path));
    let head = |room| {
        client
            .rooms
            .with_untracked(|rooms| rooms.get(room).map(|room| room.head))
    };
    if let Some(room) = room
        && let Some(rev) = head(room)
    {
        browser.ask(Intent::Seen { room, rev });
    }
}

fn starts_text(event: &KeyboardEvent) -> bool {
    let letter = event.key().chars().count() == 1 && event.key() != " ";
    let by_input_method = event.key_code() == 229;
    (letter || by_input_method) && !event.ctrl_key() && !event.meta_key() && !event.alt_key()
}

fn neighbour(client: Client, now: Option<RoomId>, step: isize) -> Option<RoomId> {
    client.rooms.with_untracked(|rooms| {
        let ids: Vec<_> = rooms.iter().map(|room| room.id).collect();
        let at = now.and_then(|now| ids.iter().position(|id| *id == now));
        let next = match at {
            Some(at) => at.checked_add_signed(step)?,
            None => 0,
        };
        ids.get(next).copied()
    })
}
