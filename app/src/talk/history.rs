//! The messages of the open room, oldest at the top, and the way back to the latest.

use leptos::ev::{KeyboardEvent, PointerEvent, TouchEvent};
use leptos::prelude::*;
use protocol::{MessageId, Rev};

use super::acts::{Acts, element_id};
use super::follow::{Seen, fill};
use super::message::MessageRow;
use super::rows::{Key, What};
use crate::browser::Intent;
use crate::client::{Client, RoomState};
use crate::common::dom;
use crate::common::icon::{Glyph, Icon};
use crate::common::parts::{Lines, Shown, alive, handler, part, value, watch};
use crate::common::time::Day;
use crate::i18n::use_texts;

#[component]
pub fn History() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let seen = expect_context::<Seen>();
    let texts = use_texts();
    let name = move || {
        client.rooms.with(|rooms| {
            rooms
                .get(acts.room)
                .map(|room| client.room_name(room, texts))
                .unwrap_or_default()
        })
    };
    let direct = move || {
        client
            .rooms
            .with(|rooms| rooms.get(acts.room).is_some_and(|room| room.peer.is_some()))
    };
    let scrolled = move |_| {
        if !acts.is_alive() {
            return;
        }
        acts.scroller.scrolled(acts.is_detached());
        fill(acts);
        seen.soon();
    };
    // The browser takes the finger from the page in order to scroll; a pen has no touches that end.
    let taken = move |event: PointerEvent| {
        acts.scroller
            .moved_by_finger(event.pointer_type() == "touch");
    };
    let let_go = move |event: TouchEvent| {
        acts.scroller.moved_by_finger(event.touches().length() > 0);
    };
    let keys = move |event: KeyboardEvent| moved_by_key(acts, &event);
    view! {
        <div class="history" data-direct=move || direct().to_string()>
            <div
                class="log"
                node_ref=acts.scroller.log
                role="log"
                aria-live="off"
                aria-label=move || (texts.room.messages_in)(&name())
                tabindex="0"
                on:scroll=handler(scrolled)
                on:pointercancel=handler(taken)
                on:touchend=handler(let_go)
                on:touchcancel=handler(let_go)
                on:keydown=handler(keys)
            >
                <div class="rows" node_ref=acts.scroller.content>
                    <Beginning/>
                    <Lines
                        of=move || acts.rows.with(|rows| rows.order.clone())
                        key=Key::to_string
                        line=row
                    />
                    <Shown when=move || acts.with_open(|open| open.timeline.has_newer()).unwrap_or(false)>
                        <Newer/>
                    </Shown>
                    <Trouble/>
                </div>
            </div>
            <UnreadBar/>
            <JumpToLatest/>
            <Announcements/>
        </div>
    }
    .into_any()
}

/// What stands under the last message where there are newer ones.
#[component]
fn Newer() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let texts = use_texts();
    let alive = alive();
    view! {
        <p class="loading-more">
            {part(move || if alive.get() {
                texts.room.loading.into_any()
            } else {
                let latest = format!("/rooms/{}", acts.room);
                view! { <a href=latest rel="external">{texts.room.latest}</a> }.into_any()
            })}
        </p>
    }
}

fn row(key: Key) -> AnyView {
    match key {
        Key::Day(day) => view! { <DayLine day/> }.into_any(),
        Key::Divider => view! { <DividerLine/> }.into_any(),
        Key::Note(rev) => view! { <NoteLine rev/> }.into_any(),
        Key::Message(id) => view! { <MessageRow id/> }.into_any(),
    }
}

#[component]
fn DayLine(day: Day) -> impl IntoView {
    let client = expect_context::<Client>();
    let texts = use_texts();
    view! { <p class="day"><span>{part(move || client.clock(texts).day(day))}</span></p> }
}

#[component]
fn DividerLine() -> impl IntoView {
    let texts = use_texts();
    view! { <p class="divider" id="divider"><span>{texts.room.new_messages}</span></p> }
}

/// Who came or went, or the room's new name.
#[component]
fn NoteLine(rev: Rev) -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let texts = use_texts();
    let words = move || {
        let note = acts.rows.with(|rows| rows.note(rev).cloned())?;
        let by = client.name_of(note.by, texts);
        let words = &texts.room;
        Some(match &note.what {
            What::Joined(users) => {
                let others = users.len().saturating_sub(NAMED);
                let mut names = Vec::new();
                for user in users.iter().take(NAMED) {
                    names.push(client.name_of(*user, texts));
                }
                let names = (words.names)(&names, others);
                if users.contains(&note.by) {
                    (words.joined)(&names)
                } else {
                    (words.brought_in)(&by, &names)
                }
            }
            What::Left(user) => (words.left)(&client.name_of(*user, texts)),
            What::Removed(user) => (words.removed)(&by, &client.name_of(*user, texts)),
            What::Renamed(name) => (words.renamed)(&by, name),
        })
    };
    view! { <p class="happened">{part(words)}</p> }
}

/// Of many who came at once, so many are named.
const NAMED: usize = 3;

/// Why the room cannot be read now, and what can be done; it is also tried again by itself.
#[component]
fn Trouble() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let texts = use_texts();
    let trouble = Memo::new(move |_| acts.with_open(|open| open.trouble().cloned()).flatten());
    // The button goes with what it says; what comes instead has the focus.
    let again = move |_| {
        if let Some(log) = acts.scroller.log.get_untracked() {
            dom::focus_quietly(&log);
        }
        acts.browser.ask(Intent::Open(acts.room));
    };
    part(move || {
        trouble.get().map(|problem| {
            view! {
                <div class="failure trouble" role="alert">
                    <p>
                        <Glyph icon=Icon::Warning/>
                        <strong>{texts.room.failed}</strong>
                        " "
                        <span>{texts.problem(&problem)}</span>
                    </p>
                    <button type="button" class="quiet" on:click=handler(again)>
                        {texts.room.try_again}
                    </button>
                </div>
            }
            .into_any()
        })
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Top {
    Nothing,
    Loading,
    Empty,
    Begins,
    More { loading: bool },
}

/// What stands above the first message.
#[component]
fn Beginning() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let texts = use_texts();
    let top = Memo::new(move |_| {
        let empty = acts.rows.with(super::rows::Rows::is_empty);
        acts.with_open(|open| {
            if !open.timeline.is_loaded() && open.trouble().is_some() {
                Top::Nothing
            } else if !open.timeline.is_loaded() || (open.state == RoomState::Loading && empty) {
                Top::Loading
            } else if open.timeline.has_older() {
                Top::More {
                    loading: open.state == RoomState::LoadingOlder,
                }
            } else if empty {
                Top::Empty
            } else {
                Top::Begins
            }
        })
        .unwrap_or(Top::Loading)
    });
    let alive = alive();
    let earlier = move || {
        let first = acts.with_open(|open| open.timeline.messages().first().map(|first| first.rev));
        format!(
            "/rooms/{}?before={}",
            acts.room,
            first.flatten().unwrap_or_default()
        )
    };
    part(move || {
        match top.get() {
        Top::Nothing => ().into_any(),
        Top::Loading => view! { <Skeleton/> }.into_any(),
        Top::Empty => view! { <p class="empty-room">{texts.room.empty}</p> }.into_any(),
        Top::Begins => view! { <p class="room-begins">{texts.room.begins}</p> }.into_any(),
        Top::More { .. } if !alive.get() => view! {
            <p class="load-older">
                <a class="quiet" href=earlier() rel="external">{texts.room.earlier}</a>
            </p>
        }
        .into_any(),
        Top::More { loading } => view! {
            <p class="load-older" data-loading=loading.to_string()>
                <button type="button" class="quiet" on:click=handler(move |_| acts.browser.ask(Intent::Older(acts.room)))>
                    {if loading { texts.room.loading } else { texts.room.load_older }}
                </button>
            </p>
        }
        .into_any(),
    }
    })
}

/// The shape of messages to come; the style sheet shows it only when they take their time.
#[component]
fn Skeleton() -> impl IntoView {
    let texts = use_texts();
    view! {
        <div class="skeletons">
            <p class="only-heard" role="status">{texts.room.loading}</p>
            {(0..6).map(|at| view! { <div class="skeleton" data-at=at.to_string() aria-hidden="true"></div> }.into_any()).collect_view()}
        </div>
    }
}

/// Says that the new messages begin further up.
#[component]
fn UnreadBar() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let texts = use_texts();
    let above = RwSignal::new(false);
    let closed = RwSignal::new(false);
    watch(move || {
        acts.rows.track();
        acts.scroller.at_end().track();
        acts.next_frame(move || {
            let is_above = acts.scroller.is_above("divider");
            // The history may have gone although the room is still there.
            if above.try_get_untracked().is_some_and(|was| was != is_above) {
                above.set(is_above);
            }
        });
    });
    let count = move || {
        let before = acts.divider.with(protocol::state::Divider::before)?;
        let me = client.my_id()?;
        acts.with_open(|open| {
            let first = open.timeline.get(before)?.rev;
            let new =
                open.timeline.messages().iter().filter(|message| {
                    message.rev >= first && message.author != me && !message.deleted
                });
            u64::try_from(new.count()).ok()
        })
        .flatten()
    };
    let shown = move || above.get() && !closed.get();
    view! {
        <Shown when=shown>
            <p class="unread-bar">
                <button
                    type="button"
                    on:click=handler(move |_| {
                        acts.scroller.begin_at("divider");
                        closed.set(true);
                    })
                >
                    <Glyph icon=Icon::Up/>
                    <span>{part(move || count().map(texts.room.new_since))}</span>
                </button>
                <button type="button" class="icon-button" aria-label=texts.side.close on:click=handler(move |_| closed.set(true))>
                    <Glyph icon=Icon::Close/>
                </button>
            </p>
        </Shown>
    }
}

#[component]
fn JumpToLatest() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let texts = use_texts();
    let last_rev = move || {
        acts.with_open_untracked(|open| open.timeline.messages().last().map(|message| message.rev))
            .flatten()
            .unwrap_or_default()
    };
    let left_at = RwSignal::new(last_rev());
    watch(move || {
        acts.scroller.at_end().track();
        left_at.set(last_rev());
    });
    let new = Memo::new(move |_| {
        let left = left_at.get();
        let me = client.my_id();
        acts.with_open(|open| {
            let new = open
                .timeline
                .messages()
                .iter()
                .rev()
                .take_while(|message| message.rev > left);
            new.filter(|message| Some(message.author) != me && !message.deleted)
                .count()
        })
        .and_then(|new| u64::try_from(new).ok())
        .unwrap_or(0)
    });
    let away = move || {
        !acts.scroller.at_end().get()
            || acts
                .with_open(|open| open.timeline.has_newer())
                .unwrap_or(false)
    };
    let label = move || match new.get() {
        0 => texts.room.jump_latest.to_owned(),
        new => (texts.room.jump_new)(new),
    };
    view! {
        <Shown when=away>
            <button type="button" class="jump" aria-label=value(label) on:click=handler(move |_| acts.to_latest())>
                <Glyph icon=Icon::Down/>
                <Shown when=move || new.get().gt(&0)>
                    <span class="jump-count" aria-hidden="true">{part(move || crate::side::capped(new.get()))}</span>
                </Shown>
            </button>
        </Shown>
    }
}

/// Says aloud what others write, while the log itself stays silent: it would also read out the
/// history as it is loaded.
#[component]
fn Announcements() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let texts = use_texts();
    let spoken = RwSignal::new(String::new());
    Effect::new(move |before: Option<Option<protocol::Rev>>| {
        let last = acts
            .with_open(|open| {
                let last = open
                    .timeline
                    .messages()
                    .last()
                    .filter(|_| !open.timeline.has_newer())?;
                Some((last.rev, last.author, last.body.clone(), last.deleted))
            })
            .flatten();
        let (rev, author, body, deleted) = last?;
        let known = before.flatten();
        let mine = client
            .me
            .with_untracked(|me| me.as_ref().is_some_and(|me| me.id == author));
        if known.is_some_and(|known| rev > known) && !mine && !deleted {
            let name = untrack(|| client.name_of(author, texts));
            let mut said = (texts.message.said)(&name, &super::rows::excerpt(&body));
            spoken.update(|before| {
                // The same again is read out only where it is another text.
                if *before == said {
                    said.push('\u{a0}');
                }
                *before = said;
            });
        }
        Some(known.map_or(rev, |known| known.max(rev)))
    });
    view! { <p class="only-heard" role="status">{part(move || spoken.get())}</p> }
}

fn chosen(event: &KeyboardEvent) -> Option<MessageId> {
    let element = dom::closest(event.target(), ".message")?;
    element.id().strip_prefix("m-")?.parse().ok()
}

/// Arrows move between messages; letters act on the chosen one.
fn moved_by_key(acts: Acts, event: &KeyboardEvent) {
    let on_a_row = event.target() == event.current_target()
        || dom::closest(event.target(), ".message").map(web_sys::EventTarget::from)
            == event.target();
    if !on_a_row || event.is_composing() || event.ctrl_key() || event.meta_key() || event.alt_key()
    {
        return;
    }
    let now = chosen(event);
    let handled = match (event.key().as_str(), now) {
        ("ArrowUp" | "ArrowDown" | "Home" | "End", _) => step(acts, now, &event.key()),
        ("r" | "R" | "ㄱ", Some(id)) => {
            acts.reply(id);
            true
        }
        ("e" | "E" | "ㄷ", Some(id)) => {
            acts.edit(id);
            true
        }
        ("Delete", Some(id)) => {
            acts.ask_to_delete(id);
            true
        }
        _ => false,
    };
    if handled {
        event.prevent_default();
        event.stop_propagation();
    }
}

fn step(acts: Acts, now: Option<MessageId>, key: &str) -> bool {
    let next = acts.rows.with_untracked(|rows| {
        let ids: Vec<_> = rows.messages().map(|row| row.id).collect();
        let at = now.and_then(|now| ids.iter().position(|id| *id == now));
        let next = match (key, at) {
            ("Home", _) => 0,
            ("ArrowUp", Some(at)) => at.saturating_sub(1),
            ("ArrowDown", Some(at)) => at + 1,
            _ => ids.len().saturating_sub(1),
        };
        ids.get(next).or(ids.last()).copied()
    });
    let Some(element) = next.and_then(|id| dom::by_id(&element_id(id))) else {
        return false;
    };
    // Only as far as needed for it to be in view.
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    element.scroll_into_view_with_scroll_into_view_options(&options);
    dom::focus_quietly(&element);
    true
}
