//! Keeps still what a person reads. The history is laid out from its end (`column-reverse`), so
//! that it opens at its end without a script and does not move when older messages come in
//! front. Whatever else changes a height (a new message while reading further up, a growing
//! composer, a keyboard) is undone here, before the browser paints: the first message in view
//! stays where it was.

use leptos::html;
use leptos::prelude::*;
use protocol::RoomId;
use std::collections::HashMap;
use std::time::Duration;
use web_sys::wasm_bindgen::JsCast;
use web_sys::wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlElement};

use crate::common::dom;

/// Nearer than this to the end, coming towards it, counts as being there.
const NEAR_END: f64 = 80.0;

/// A history that a finger has let go rests after this long without a step.
const RESTS_AFTER: Duration = Duration::from_millis(150);

/// What was in view, and how far below the upper edge of the view.
#[derive(Clone, Debug, PartialEq)]
pub struct Anchor {
    id: String,
    /// Of its lower edge: what stands above a message may go when older ones come.
    offset: f64,
}

/// Where each room was left, for coming back.
#[derive(Clone, Copy)]
pub struct Places(StoredValue<HashMap<RoomId, Anchor>>);

impl Places {
    pub fn new() -> Self {
        Self(StoredValue::new(HashMap::new()))
    }

    pub fn left(self, room: RoomId, anchor: Option<Anchor>) {
        self.0.update_value(|places| {
            match anchor {
                Some(anchor) => places.insert(room, anchor),
                None => places.remove(&room),
            };
        });
    }

    pub fn of(self, room: RoomId) -> Option<Anchor> {
        self.0.with_value(|places| places.get(&room).cloned())
    }
}

impl Default for Places {
    fn default() -> Self {
        Self::new()
    }
}

/// A finger moves the history, or has flung it. To write where it stands would stop that, so it
/// settles only once it rests.
#[derive(Clone, Copy, Default)]
struct Fling {
    steps: u32,
    /// The finger is still on it, whether it moves or not.
    held: bool,
    put_off: bool,
}

impl Fling {
    fn moved(&mut self) -> u32 {
        self.steps += 1;
        self.steps
    }

    /// Whether to settle now; else it is put off.
    fn may_settle(&mut self) -> bool {
        self.put_off = self.steps > 0;
        !self.put_off
    }

    /// Time has passed since that step. Whether to settle, because it was put off and nothing
    /// has moved any more.
    fn rests(&mut self, step: u32) -> bool {
        !self.held && self.steps == step && std::mem::take(self).put_off
    }
}

type Observer = (web_sys::ResizeObserver, Closure<dyn FnMut()>);

#[derive(Clone, Copy)]
pub struct Scroller {
    pub log: NodeRef<html::Div>,
    pub content: NodeRef<html::Div>,
    /// At the end, and staying there.
    at_end: RwSignal<bool>,
    distance: StoredValue<f64>,
    anchor: StoredValue<Option<Anchor>>,
    observer: StoredValue<Option<Observer>, LocalStorage>,
    fling: StoredValue<Fling>,
}

impl Scroller {
    pub fn new(at_end: bool) -> Self {
        Self {
            log: NodeRef::new(),
            content: NodeRef::new(),
            at_end: RwSignal::new(at_end),
            distance: StoredValue::new(0.0),
            anchor: StoredValue::new(None),
            observer: StoredValue::new_local(None),
            fling: StoredValue::new(Fling::default()),
        }
    }

    /// A finger has begun to move it and holds it, or has let it go.
    pub fn moved_by_finger(self, held: bool) {
        self.fling.update_value(|fling| fling.held = held);
        self.stepped();
    }

    fn stepped(self) {
        let Some(step) = self.fling.try_update_value(Fling::moved) else {
            return;
        };
        set_timeout(
            move || {
                if self.fling.try_update_value(|fling| fling.rests(step)) == Some(true) {
                    self.settle();
                }
            },
            RESTS_AFTER,
        );
    }

    pub fn at_end(self) -> ReadSignal<bool> {
        self.at_end.read_only()
    }

    /// Settles after every change of a height, before it is painted.
    pub fn observe(self) {
        let (Some(log), Some(content)) = (self.log.get(), self.content.get()) else {
            return;
        };
        let settle = Closure::<dyn FnMut()>::new(move || self.settle());
        let Ok(observer) = web_sys::ResizeObserver::new(settle.as_ref().unchecked_ref()) else {
            return;
        };
        observer.observe(&log);
        observer.observe(&content);
        self.observer.set_value(Some((observer, settle)));
        on_cleanup(move || {
            if let Some(Some((observer, _))) = self.observer.try_update_value(Option::take) {
                observer.disconnect();
            }
        });
    }

    /// The person (or this) has scrolled.
    pub fn scrolled(self, detached: bool) {
        let Some(log) = self.log.get_untracked() else {
            return;
        };
        let distance = distance(&log);
        let before = self.distance.get_value();
        let at_end = !detached && ends(self.at_end.get_untracked(), before, distance);
        self.distance.set_value(distance);
        if self.fling.with_value(|fling| fling.steps > 0) {
            self.stepped();
        }
        if self.at_end.get_untracked() != at_end {
            self.at_end.set(at_end);
        }
        self.anchor.set_value(self.first_in_view());
    }

    pub fn settle(self) {
        let Some(log) = self.log.try_get_untracked().flatten() else {
            return;
        };
        if self.fling.try_update_value(Fling::may_settle) != Some(true) {
            return;
        }
        if self.at_end.try_get_untracked().unwrap_or(true) {
            if distance(&log) > 0.5 {
                log.set_scroll_top(0);
            }
            return;
        }
        match self.anchor.get_value() {
            Some(anchor) => {
                self.place(&log, &anchor);
            }
            // A page of older messages, which nobody has scrolled yet.
            None => self.anchor.set_value(self.first_in_view()),
        }
    }

    fn place(self, log: &HtmlElement, anchor: &Anchor) -> bool {
        let Some(element) = dom::by_id(&anchor.id) else {
            return false;
        };
        let moved = dom::bottom_of(&element) - dom::top_of(log) - anchor.offset;
        if moved.abs() >= 0.5 {
            log.scroll_by_with_x_and_y(0.0, moved);
        }
        true
    }

    pub fn to_end(self) {
        self.at_end.set(true);
        self.distance.set_value(0.0);
        if let Some(log) = self.log.get_untracked() {
            log.set_scroll_top(0);
        }
    }

    /// Brings an element to the upper third, and keeps it there while the rest settles.
    pub fn begin_at(self, id: &str) {
        let Some(log) = self.log.get_untracked() else {
            return;
        };
        let height = dom::by_id(id).map_or(0, |element| element.offset_height());
        let offset = f64::from(log.client_height()) / 4.0 + f64::from(height);
        let anchor = Anchor {
            id: id.to_owned(),
            offset,
        };
        if self.place(&log, &anchor) {
            self.anchor.set_value(Some(anchor));
            self.at_end.set(distance(&log) <= 2.0);
        }
    }

    /// Comes back to where the room was left.
    pub fn come_back(self, anchor: Anchor) -> bool {
        let Some(log) = self.log.get_untracked() else {
            return false;
        };
        let placed = self.place(&log, &anchor);
        if placed {
            self.anchor.set_value(Some(anchor));
            self.at_end.set(distance(&log) <= 2.0);
        }
        placed
    }

    /// Brings a message to the middle, marks it for a moment and gives it the focus.
    pub fn show(self, id: &str) {
        let (Some(log), Some(element)) = (self.log.get_untracked(), dom::by_id(id)) else {
            return;
        };
        self.at_end.set(false);
        let height = f64::from(element.offset_height());
        let above = (f64::from(log.client_height()) - height).max(0.0) / 2.0;
        let anchor = Anchor {
            id: id.to_owned(),
            offset: above + height,
        };
        self.place(&log, &anchor);
        self.anchor.set_value(Some(anchor));
        dom::focus_quietly(&element);
        // A class list refuses only malformed names.
        let _ = element.class_list().add_1("found");
        set_timeout(
            move || {
                let _ = element.class_list().remove_1("found");
            },
            Duration::from_millis(1600),
        );
    }

    /// Where to come back to; nothing when it was left at its end.
    pub fn place_now(self) -> Option<Anchor> {
        if self.at_end.try_get_untracked().unwrap_or(true) {
            return None;
        }
        self.anchor.try_get_value().flatten()
    }

    /// How much history is left above and below what is in view, in screens.
    pub fn screens_left(self) -> Option<(f64, f64)> {
        let log = self.log.get_untracked()?;
        let screen = f64::from(log.client_height()).max(1.0);
        let below = distance(&log);
        let above = f64::from(log.scroll_height() - log.client_height()) - below;
        Some((above / screen, below / screen))
    }

    pub fn is_above(self, id: &str) -> bool {
        let (Some(log), Some(element)) = (self.log.get_untracked(), dom::by_id(id)) else {
            return false;
        };
        dom::bottom_of(&element) < dom::top_of(&log)
    }

    fn rows(self) -> Option<web_sys::HtmlCollection> {
        self.content
            .get_untracked()
            .map(|content| content.children())
    }

    fn first_in_view(self) -> Option<Anchor> {
        let log = self.log.get_untracked()?;
        let edge = dom::top_of(&log);
        let rows = self.rows()?;
        let first = first_where(rows.length(), |at| {
            rows.item(at).is_some_and(|row| dom::top_of(&row) >= edge)
        });
        (first..rows.length())
            .filter_map(|at| rows.item(at))
            .find(has_id)
            .map(|row| Anchor {
                offset: dom::bottom_of(&row) - edge,
                id: row.id(),
            })
    }

    /// The id of the last row whose lower edge is in view.
    pub fn last_in_view(self) -> Option<String> {
        let log = self.log.get_untracked()?;
        let edge = dom::bottom_of(&log) + 1.0;
        let rows = self.rows()?;
        let beyond = first_where(rows.length(), |at| {
            rows.item(at).is_some_and(|row| dom::bottom_of(&row) > edge)
        });
        (0..beyond)
            .rev()
            .filter_map(|at| rows.item(at))
            .find(has_id)
            .map(|row| row.id())
    }
}

fn has_id(row: &Element) -> bool {
    row.id().starts_with("m-")
}

/// How far the view is from the end. The end is 0; further up, browsers count below zero.
fn distance(log: &HtmlElement) -> f64 {
    (-f64::from(log.scroll_top())).max(0.0)
}

/// Whether the view stays at the end: it does when it is there, or comes near to it; it does not
/// when it is moved away, by however little.
fn ends(was: bool, before: f64, now: f64) -> bool {
    if now <= 2.0 {
        true
    } else if now > before {
        false
    } else {
        was || now <= NEAR_END
    }
}

/// The first index for which it holds, of a list that begins with those for which it does not.
fn first_where(length: u32, holds: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (0, length);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_away_from_the_end_by_a_little_leaves_it() {
        assert!(!ends(true, 0.0, 10.0));
    }

    #[test]
    fn coming_near_the_end_is_being_there() {
        assert!(ends(false, 200.0, 60.0));
        assert!(!ends(false, 400.0, 200.0));
        assert!(ends(false, 60.0, 1.0));
    }

    #[test]
    fn nothing_settles_until_a_fling_is_over_and_then_what_was_put_off() {
        let mut fling = Fling::default();
        assert!(fling.may_settle());
        let first = fling.moved();
        assert!(!fling.may_settle());
        let last = fling.moved();
        assert!(!fling.rests(first), "it has moved since");
        assert!(fling.rests(last) && fling.may_settle());

        let step = fling.moved();
        assert!(!fling.rests(step), "nothing was put off");
        assert!(fling.may_settle());
    }

    #[test]
    fn a_finger_that_rests_on_the_history_has_not_let_it_go() {
        let mut fling = Fling {
            held: true,
            ..Fling::default()
        };
        let step = fling.moved();
        assert!(!fling.may_settle());
        assert!(!fling.rests(step) && !fling.may_settle());

        fling.held = false;
        let let_go = fling.moved();
        assert!(fling.rests(let_go) && fling.may_settle());
    }

    #[test]
    fn the_first_row_in_view_is_found() {
        for length in 0..9 {
            for first in 0..=length {
                assert_eq!(first_where(length, |at| at >= first), first);
            }
        }
    }
}
