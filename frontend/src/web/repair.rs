//! Gaps in a room's log, closed from the store.

use std::rc::Rc;

use leptos::prelude::*;
use protocol::RoomId;
use protocol::wire::code;
use wasm_bindgen_futures::spawn_local;

use super::clock;
use super::tab::Tab;
use crate::errands::Errand;
use crate::pace::Backoff;

/// More missing events than this, in pages, and the window is loaded afresh instead.
const PAGES: usize = 10;

impl Tab {
    /// Fetches the events that are missing, in order, until none is.
    pub fn repair(self: &Rc<Self>, room: RoomId) {
        let Some(opened) = self.opened(room) else {
            return;
        };
        let gap = move || opened.with_untracked(|open| open.timeline.gap());
        // A window on its way closes every gap by itself.
        if gap().is_none() || self.errands.borrow().is_out(room, Errand::Window) {
            return;
        }
        let Some(ticket) = self.errands.borrow_mut().begin(room, Errand::Repair) else {
            return;
        };
        let tab = Rc::clone(self);
        spawn_local(async move {
            let mut backoff = Backoff::default();
            let mut pages = 0;
            while let Some(after) = gap() {
                if pages == PAGES {
                    tab.errands.borrow_mut().end(&ticket);
                    return tab.load_latest(room).await;
                }
                let answer = tab.rest.events(room, after).await;
                if !tab.errands.borrow().wanted(&ticket) {
                    return;
                }
                match answer {
                    Ok(page) => {
                        pages += 1;
                        tab.meet(page.users);
                        tab.events(room, &page.items);
                        // Nothing came of it: the store of the node that was asked may be behind.
                        if gap() == Some(after) {
                            clock::sleep(250 + backoff.next(clock::random())).await;
                        }
                    }
                    Err(problem) if problem.is_passing() => {
                        clock::sleep(250 + backoff.next(clock::random())).await;
                    }
                    Err(problem) if problem.code == code::ROOM_NOT_FOUND => {
                        tab.errands.borrow_mut().end(&ticket);
                        return tab.room_is_gone(room);
                    }
                    // An event that this version cannot read: the messages themselves it can.
                    Err(_) => {
                        tab.errands.borrow_mut().end(&ticket);
                        return tab.load_latest(room).await;
                    }
                }
                if !tab.errands.borrow().wanted(&ticket) {
                    return;
                }
            }
            tab.errands.borrow_mut().end(&ticket);
        });
    }
}
