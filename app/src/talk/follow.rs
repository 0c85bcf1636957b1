//! Follows the open room while it is on the screen: what has come, what has been seen, when to
//! load more, and where to stand on entering.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use protocol::state::Divider;
use protocol::wire::Message;
use protocol::{Rev, UserId};

use super::acts::{Acts, element_id, focus_composer};
use super::room::Entry;
use super::scroll::Places;
use crate::browser::Intent;
use crate::client::{Client, OpenRoom, RoomState};
use crate::common::dom;
use crate::common::ime::is_touch;
use crate::common::parts::watch;
use crate::house::FirstPage;

/// A message counts as seen after it has been in view this long.
const SEEN_AFTER: Duration = Duration::from_millis(400);

/// With less than this many screens left, more is loaded.
const AHEAD: f64 = 1.5;

/// The window of messages, when it was last looked at.
#[derive(Clone, Copy, PartialEq)]
struct Window {
    first: Rev,
    last: Rev,
}

pub fn follow(acts: Acts, client: Client, entry: Entry) {
    follow_arrivals(acts, client, entry);
    let seen = Seen::new(acts, client);
    provide_context(seen);
    watch(move || {
        acts.rows.track();
        acts.next_frame(move || {
            acts.scroller.settle();
            show_target(acts);
            fill(acts);
            seen.soon();
        });
    });
    // What is in view may have come before the room list knew of it.
    let head = Memo::new(move |_| {
        client
            .rooms
            .with(|rooms| rooms.get(acts.room).map(|room| room.head))
    });
    watch(move || {
        head.track();
        seen.soon();
    });
    Effect::new(move |_| acts.scroller.observe());
    watch(move || {
        let at_end = acts.scroller.at_end().get();
        if let Some(open) = acts.held.get() {
            open.update_untracked(|open| open.at_end = at_end);
        }
    });
    take_a_place(acts);
    // Only in the browser is there a window to listen to.
    watch(move || {
        for handle in [
            window_event_listener(ev::focus, move |_| seen.soon()),
            window_event_listener(ev::visibilitychange, move |_| seen.soon()),
        ] {
            on_cleanup(move || handle.remove());
        }
    });
}

/// Tells the divider what came, and whether someone was watching.
fn follow_arrivals(acts: Acts, client: Client, entry: Entry) {
    Effect::new(move |before: Option<Option<Window>>| {
        let before = before.flatten();
        let me = client.me.with_untracked(|me| me.as_ref().map(|me| me.id))?;
        let now = acts.with_open(window).flatten()?;
        let Some(before) = before else {
            // The room was not loaded when it was entered, or these are its first messages.
            acts.with_open_untracked(|open| {
                acts.divider
                    .set(Divider::enter(me, entry.read, open.timeline.messages()));
            });
            return Some(now);
        };
        if before != now {
            let watching = acts.scroller.at_end().get_untracked() && dom::is_watched();
            acts.with_open_untracked(|open| {
                let arrivals = Arrivals {
                    me,
                    before,
                    entry,
                    watching,
                };
                arrivals.tell(acts, open.timeline.messages());
            });
        }
        Some(now)
    });
}

struct Arrivals {
    me: UserId,
    before: Window,
    entry: Entry,
    watching: bool,
}

impl Arrivals {
    fn tell(&self, acts: Acts, messages: &[Message]) {
        let older = messages.partition_point(|message| message.rev < self.before.first);
        let known = messages.partition_point(|message| message.rev <= self.before.last);
        let mut divider = acts.divider.get_untracked();
        divider.older(&messages[..older]);
        for message in &messages[known..] {
            let watched = self.watching && message.rev > self.entry.head;
            divider.arrived(message, self.me, watched);
        }
        if divider != acts.divider.get_untracked() {
            acts.divider.set(divider);
        }
    }
}

fn window(open: &OpenRoom) -> Option<Window> {
    let messages = open.timeline.messages();
    let (first, last) = (messages.first()?.rev, messages.last()?.rev);
    Some(Window { first, last })
}

/// Where to stand on entering: where the room was left, or at the first unread message, or at
/// the end. The first page stays as the server drew it, since it has been painted already.
fn take_a_place(acts: Acts) {
    let places = expect_context::<Places>();
    let first_page = expect_context::<FirstPage>().is_now();
    let done = StoredValue::new(first_page);
    watch(move || {
        if done.get_value() || acts.rows.with(super::rows::Rows::is_empty) {
            return;
        }
        done.set_value(true);
        // Writing comes next; but a phone's keyboard would cover what there is to read.
        if !is_touch() && dom::may_take_focus() {
            focus_composer();
        }
        acts.next_frame(move || {
            if acts
                .divider
                .with_untracked(|divider| divider.before().is_some())
            {
                if acts.scroller.is_above("divider") {
                    acts.scroller.begin_at("divider");
                }
            } else if let Some(anchor) = places.of(acts.room) {
                acts.scroller.come_back(anchor);
            }
        });
    });
    on_cleanup(move || places.left(acts.room, acts.scroller.place_now()));
}

fn show_target(acts: Acts) {
    let Some(id) = acts.target.try_get_untracked().flatten() else {
        return;
    };
    if acts.rows.with_untracked(|rows| rows.get(id).is_some()) {
        acts.target.set(None);
        acts.scroller.show(&element_id(id));
    }
}

/// Loads more where the view nears an end of what is held.
pub fn fill(acts: Acts) {
    let Some((above, below)) = acts.scroller.screens_left() else {
        return;
    };
    let more = acts.with_open_untracked(|open| {
        let ready = matches!(open.state, RoomState::Ready);
        (
            ready && open.timeline.has_older(),
            ready && open.timeline.has_newer(),
        )
    });
    match more {
        Some((true, _)) if above < AHEAD => acts.browser.ask(Intent::Older(acts.room)),
        Some((_, true)) if below < AHEAD => acts.browser.ask(Intent::Newer(acts.room)),
        _ => {}
    }
}

/// Moves my read position to what has really been in view.
#[derive(Clone, Copy)]
pub struct Seen {
    acts: Acts,
    client: Client,
    /// What is in view and waits to be seen.
    waiting: StoredValue<Option<Rev>>,
}

impl Seen {
    fn new(acts: Acts, client: Client) -> Self {
        Self {
            acts,
            client,
            waiting: StoredValue::new(None),
        }
    }

    pub fn soon(self) {
        if self.waiting.try_get_value() != Some(None) || !dom::is_watched() {
            return;
        }
        self.waiting.set_value(Some(self.in_view()));
        set_timeout(
            move || {
                // The room may have been left in the meantime.
                if let Some(Some(waited)) = self.waiting.try_get_value() {
                    self.waiting.set_value(None);
                    self.tell(waited);
                }
            },
            SEEN_AFTER,
        );
    }

    fn tell(self, waited: Rev) {
        if !dom::is_watched() {
            return;
        }
        let acts = self.acts;
        if acts.scroller.at_end().get_untracked() {
            acts.divider.update_untracked(Divider::passed);
        }
        let known = self
            .client
            .rooms
            .with_untracked(|rooms| rooms.get(acts.room).map_or(Rev::ZERO, |room| room.read));
        let in_view = self.in_view();
        let rev = waited.min(in_view);
        if rev > known {
            acts.browser.ask(Intent::Seen {
                room: acts.room,
                rev,
            });
        }
        // What came into view meanwhile has yet to be there as long.
        if in_view > waited {
            self.soon();
        }
    }

    /// The last that is in view.
    fn in_view(self) -> Rev {
        let acts = self.acts;
        let last = if acts.scroller.at_end().get_untracked() {
            acts.with_open_untracked(|open| open.timeline.position())
        } else {
            acts.scroller
                .last_in_view()
                .and_then(|id| id.strip_prefix("m-")?.parse().ok())
                .and_then(|id| acts.rev_of(id))
        };
        last.unwrap_or_default()
    }
}
