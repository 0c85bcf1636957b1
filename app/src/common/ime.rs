//! Ties [`Composition`] to a text box on the page.

use std::time::Duration;

use leptos::prelude::*;
use web_sys::wasm_bindgen::JsCast;

use super::keys::{self, Composition, Decision, Enter, Press};

type Later = Box<dyn FnOnce()>;

/// What the input method does in one text box, and what waits for it to finish. Nothing writes
/// into a box that is composing: the half-made syllable would be lost or doubled.
#[derive(Clone, Copy)]
pub struct Ime {
    composition: StoredValue<Composition, LocalStorage>,
    waiting: StoredValue<Vec<Later>, LocalStorage>,
}

impl Ime {
    pub fn new() -> Self {
        Self {
            composition: StoredValue::new_local(Composition::default()),
            waiting: StoredValue::new_local(Vec::new()),
        }
    }

    pub fn is_composing(self) -> bool {
        self.composition
            .try_with_value(Composition::is_active)
            .unwrap_or(false)
    }

    pub fn started(self) {
        self.composition.update_value(Composition::started);
    }

    pub fn updated(self, event: &web_sys::CompositionEvent) {
        let text = event.data().unwrap_or_default();
        self.composition.update_value(|c| c.updated(&text));
    }

    pub fn ended(self, event: &web_sys::CompositionEvent, send: impl FnOnce() + 'static) {
        let text = event.data().unwrap_or_default();
        let sends = self
            .composition
            .try_update_value(|c| c.ended(&text))
            .unwrap_or(false);
        let waiting = self
            .waiting
            .try_update_value(std::mem::take)
            .unwrap_or_default();
        if sends || !waiting.is_empty() {
            soon(move || {
                for write in waiting {
                    self.when_idle(write);
                }
                if sends {
                    send();
                }
            });
        }
    }

    /// Decides, keeps the browser from what is decided here, and sends.
    pub fn pressed(
        self,
        event: &web_sys::KeyboardEvent,
        enter: Enter,
        send: impl FnOnce() + 'static,
    ) -> Decision {
        let (key, code) = (event.key(), event.code());
        let press = Press {
            key: &key,
            code: &code,
            composing: event.is_composing(),
            key_code: event.key_code(),
            shift: event.shift_key(),
            ctrl: event.ctrl_key(),
            alt: event.alt_key(),
            meta: event.meta_key(),
            repeat: event.repeat(),
        };
        let decision = self
            .composition
            .try_update_value(|c| c.pressed(press, enter))
            .unwrap_or(Decision::Owned);
        match decision {
            Decision::Send => {
                event.prevent_default();
                send();
            }
            Decision::SendSoon => {
                event.prevent_default();
                soon(send);
            }
            Decision::Swallow | Decision::SendAfterCommit => event.prevent_default(),
            Decision::Owned | Decision::Other | Decision::NewLine => {}
        }
        decision
    }

    /// Writes now, or when the syllable in the making is done.
    pub fn when_idle(self, write: impl FnOnce() + 'static) {
        if self.is_composing() {
            self.waiting
                .update_value(|waiting| waiting.push(Box::new(write)));
        } else {
            write();
        }
    }

    /// For a send button: makes the input method write what it has, then goes on.
    pub fn commit_then(self, field: &web_sys::HtmlElement, then: impl FnOnce() + 'static) {
        if self.is_composing() {
            // A failure to move the focus only means that there was none to move.
            let _ = field.blur();
            let _ = field.focus();
            soon(then);
        } else {
            then();
        }
    }
}

impl Default for Ime {
    fn default() -> Self {
        Self::new()
    }
}

/// Esc, where it is meant for the page: what an input method does with it is its own.
pub fn is_escape(event: &web_sys::KeyboardEvent) -> bool {
    event.key() == "Escape" && !keys::is_owned(event.is_composing(), event.key_code())
}

/// After the browser has finished with the current event.
pub fn soon(then: impl FnOnce() + 'static) {
    set_timeout(then, Duration::ZERO);
}

/// A screen to write on by touch.
pub fn is_touch() -> bool {
    window()
        .match_media("(pointer: coarse)")
        .ok()
        .flatten()
        .is_some_and(|query| query.matches())
}

/// Where this browser keeps whether Enter alone sends.
const KEPT: &str = "madang-enter";
const BREAKS_LINE: &str = "breaks-line";

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

/// What Enter alone does on this device.
pub fn enter_here() -> Enter {
    let kept = storage().and_then(|storage| storage.get_item(KEPT).ok()?);
    if is_touch() || kept.as_deref() == Some(BREAKS_LINE) {
        Enter::BreaksLine
    } else {
        Enter::Sends
    }
}

/// Chooses it. Where the browser keeps nothing, it stays as it is.
pub fn choose_enter(enter: Enter) {
    let kept = match enter {
        Enter::Sends => "sends",
        Enter::BreaksLine => BREAKS_LINE,
    };
    if let Some(storage) = storage() {
        let _ = storage.set_item(KEPT, kept);
    }
}

/// Whether the event came from somewhere that people type into.
pub fn is_typed_into(target: Option<web_sys::EventTarget>) -> bool {
    target
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
        .is_some_and(|element| {
            matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
        })
}
