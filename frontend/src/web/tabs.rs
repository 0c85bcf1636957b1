//! The other tabs of the same person in this browser.

use std::rc::{Rc, Weak};

use protocol::UserId;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BroadcastChannel, MessageEvent};

use super::tab::Tab;
use crate::sharing::Word;

/// `None` in browsers without it: then another tab may send once more what is settled, and is
/// answered as before.
pub struct Tabs(Option<BroadcastChannel>);

impl Tabs {
    pub fn of(me: UserId, tab: Weak<Tab>) -> Self {
        let Ok(channel) = BroadcastChannel::new(&format!("madang-{me}")) else {
            return Self(None);
        };
        let hear = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let word = event
                .data()
                .as_string()
                .and_then(|json| protocol::json::read(json).ok());
            if let (Some(tab), Some(word)) = (tab.upgrade(), word) {
                tab.hear_tab(&word);
            }
        });
        channel.set_onmessage(Some(hear.as_ref().unchecked_ref()));
        // As long as the page.
        hear.forget();
        Self(Some(channel))
    }

    pub fn say(&self, word: &Word) {
        if let (Some(channel), Ok(json)) = (&self.0, serde_json::to_string(word)) {
            let _ = channel.post_message(&json.into());
        }
    }
}

impl Tab {
    /// What this tab held is settled here too: it may have been written back a moment before.
    fn hear_tab(self: &Rc<Self>, word: &Word) {
        match word {
            Word::Settled(op) => self.confirmed(&[*op]),
            Word::Forgotten => {
                self.drafts.borrow_mut().clear();
                self.confirmed(&self.held());
            }
        }
    }
}
