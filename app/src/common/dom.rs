//! Small dealings with the page that Leptos leaves to us.

use leptos::prelude::*;
use web_sys::wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

pub fn by_id(id: &str) -> Option<HtmlElement> {
    document()
        .get_element_by_id(id)
        .and_then(|element| element.dyn_into().ok())
}

/// Moves the focus without moving the page.
pub fn focus_quietly(element: &HtmlElement) {
    let options = web_sys::FocusOptions::new();
    options.set_prevent_scroll(true);
    // A failure only means that there was nothing to focus.
    let _ = element.focus_with_options(&options);
}

/// Nothing in particular has the focus.
pub fn nothing_focused() -> bool {
    document()
        .active_element()
        .is_none_or(|element| element.tag_name() == "BODY")
}

/// Nobody is writing anything, and no dialog is open.
pub fn may_take_focus() -> bool {
    let writing = document().active_element().is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
    });
    !writing && !dialog_is_open()
}

/// Whether a person can be looking at this page now.
pub fn is_watched() -> bool {
    let document = document();
    !document.hidden() && document.has_focus().unwrap_or(false)
}

pub fn closest(target: Option<web_sys::EventTarget>, selector: &str) -> Option<Element> {
    target?
        .dyn_into::<Element>()
        .ok()?
        .closest(selector)
        .ok()
        .flatten()
}

pub fn top_of(element: &Element) -> f64 {
    element.get_bounding_client_rect().top()
}

pub fn bottom_of(element: &Element) -> f64 {
    element.get_bounding_client_rect().bottom()
}

/// A modal dialog is open: keys are its own.
pub fn dialog_is_open() -> bool {
    document()
        .query_selector("dialog[open]")
        .ok()
        .flatten()
        .is_some()
}
