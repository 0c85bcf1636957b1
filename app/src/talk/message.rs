//! One message: who, when, what, and what can be done with it.

use std::sync::Arc;

use leptos::prelude::*;
use protocol::MessageId;
use protocol::state::{Pending, PendingChange};
use protocol::wire::COUNTED_READERS;
use web_sys::PointerEvent;

use super::actions::Actions;
use super::acts::{Acts, element_id};
use super::body::{Body, body_id};
use super::editing::EditBox;
use super::quote::QuoteLine;
use super::reactions::Reactions;
use super::rows::{Delivery, Row};
use super::unsent::UnsentActs;
use crate::client::Client;
use crate::common::avatar::Face;
use crate::common::dom;
use crate::common::icon::{Glyph, Icon};
use crate::common::parts::{Shown, handler, part, value};
use crate::i18n::use_texts;

#[component]
pub fn MessageRow(id: MessageId) -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let texts = use_texts();
    // A row that is being taken away keeps what it showed last.
    let row = Memo::new(move |before: Option<&Option<Arc<Row>>>| {
        acts.rows
            .with(|rows| rows.get(id).cloned())
            .or_else(|| before.cloned().flatten())
    });
    let Some(first) = row.get_untracked() else {
        return ().into_any();
    };
    let (author, mine) = (first.author, first.mine);
    let starts = Memo::new(move |_| of(row, |row| row.starts_run));
    let at = Memo::new(move |_| of(row, |row| row.at));
    let state = move || {
        of(row, |row| match row.state {
            Delivery::Done => "done",
            Delivery::Waiting => "waiting",
            Delivery::Failed(_) => "failed",
        })
    };
    let time = move || client.time_of_day(at.get(), texts);
    let label = move || (texts.message.by_at)(&client.name_of(author, texts), &time());
    let is_active = move || {
        let me = Some(id);
        acts.hovered.get() == me || acts.focused.get() == me || acts.picking.get() == me
    };
    let editing = Memo::new(move |_| acts.editing.get() == Some(id));
    let usable = Memo::new(move |_| of(row, |row| row.rev.is_some() && !row.deleted));
    let enter = move |event: PointerEvent| {
        if event.pointer_type() != "touch" {
            acts.hovered.set(Some(id));
        }
    };
    let leave = move |event: PointerEvent| {
        if event.pointer_type() != "touch"
            && acts.is_alive()
            && acts.hovered.get_untracked() == Some(id)
        {
            acts.hovered.set(None);
        }
    };
    let focus_out = move |event: web_sys::FocusEvent| {
        let inside = dom::closest(event.related_target(), ".message")
            .is_some_and(|element| element.id() == element_id(id));
        if !inside && acts.is_alive() && acts.focused.get_untracked() == Some(id) {
            acts.focused.set(None);
            if acts.picking.get_untracked() == Some(id) {
                acts.picking.set(None);
            }
        }
    };
    view! {
        <article
            class="message"
            id=element_id(id)
            tabindex="-1"
            aria-label=value(label)
            aria-describedby=body_id(id)
            data-mine=mine.to_string()
            data-starts=move || starts.get().to_string()
            data-state=value(state)
            on:pointerenter=handler(enter)
            on:pointerleave=handler(leave)
            on:focusin=handler(move |_| acts.focused.set(Some(id)))
            on:focusout=handler(focus_out)
        >
            <div class="gutter">
                {part(move || if starts.get() {
                    view! { <Face user=author/> }.into_any()
                } else {
                    view! { <time class="gutter-time" datetime=move || at.get().to_string()>{part(time)}</time> }.into_any()
                })}
            </div>
            <div class="content">
                <Shown when=move || starts.get()>
                    <p class="byline">
                        <span class="author" dir="auto">{part(move || client.name_of(author, texts))}</span>
                        <time datetime=move || at.get().to_string()>{part(time)}</time>
                    </p>
                </Shown>
                <QuoteLine row/>
                <div class="body-line">
                    {part(move || if editing.get() {
                        view! { <EditBox id/> }.into_any()
                    } else {
                        view! { <Body row/> }.into_any()
                    })}
                    <Shown when=move || !editing.get()>
                        <Marks row/>
                    </Shown>
                </div>
                <Reactions row/>
                <Failure row/>
            </div>
            <Shown when=move || is_active() && usable.get() && !editing.get()>
                <Actions id mine/>
            </Shown>
        </article>
    }
    .into_any()
}

/// Something of the row; the default while there is none.
pub fn of<T: Default>(row: Memo<Option<Arc<Row>>>, f: impl FnOnce(&Row) -> T) -> T {
    row.with(|row| row.as_deref().map(f).unwrap_or_default())
}

/// What became of my own message: on its way, or how many have not read it yet.
#[component]
fn Marks(row: Memo<Option<Arc<Row>>>) -> impl IntoView {
    let acts = expect_context::<Acts>();
    let texts = use_texts();
    let own = Memo::new(move |_| {
        of(row, |row| {
            row.mine.then_some((
                row.rev,
                row.author,
                row.deleted,
                row.state == Delivery::Waiting,
            ))
        })
    });
    let mark = Memo::new(move |_| {
        let (rev, author, deleted, waiting) = own.get()?;
        if waiting {
            return Some(None);
        }
        let rev = rev.filter(|_| !deleted)?;
        acts.with_open(|open| {
            let others = open.members.len().saturating_sub(1);
            if others == 0 || others >= COUNTED_READERS {
                return None;
            }
            let unread = open
                .members
                .iter()
                .filter(|seat| seat.user != author && seat.read < rev);
            Some(Some(unread.count()))
        })
        .flatten()
        // That all have read it is said of the last one only: it holds for those before.
        .filter(|mark| *mark != Some(0) || is_my_last(acts, row))
    });
    part(move || {
        mark.get().map(|mark| match mark {
            None => view! {
                <span class="mark-line" data-kind="waiting" title=texts.message.sending>
                    <Glyph icon=Icon::Clock/>
                    <span class="only-heard">{texts.message.sending}</span>
                </span>
            }
            .into_any(),
            Some(0) => view! {
                <span class="mark-line" data-kind="read" title=texts.message.read_by_all>
                    <Glyph icon=Icon::Check/>
                    <span class="only-heard">{texts.message.read_by_all}</span>
                </span>
            }
            .into_any(),
            Some(unread) => view! {
                <span class="mark-line" data-kind="unread" title=(texts.message.not_read_by)(unread)>
                    <span aria-hidden="true">{unread}</span>
                    <span class="only-heard">{(texts.message.not_read_by)(unread)}</span>
                </span>
            }
            .into_any(),
        })
    })
}

fn is_my_last(acts: Acts, row: Memo<Option<Arc<Row>>>) -> bool {
    let id = row.with(|row| row.as_ref().map(|row| row.id));
    acts.rows.with(|rows| {
        let last = rows
            .messages()
            .rev()
            .find(|row| row.mine && row.rev.is_some() && !row.deleted);
        last.map(|row| row.id) == id
    })
}

/// A refusal, where it happened: one that will pass, or one with what can be done.
#[component]
fn Failure(row: Memo<Option<Arc<Row>>>) -> impl IntoView {
    let acts = expect_context::<Acts>();
    let texts = use_texts();
    let client = expect_context::<Client>();
    // Said once, at the first that waits.
    let held_up = move || {
        let problem = client.held_up.get()?;
        let first = acts.rows.with(|rows| {
            let mut rows = rows.messages();
            rows.find(|row| row.state == Delivery::Waiting)
                .map(|row| row.id)
        })?;
        of(row, |row| row.id == first).then(|| {
            view! { <p class="held-up" role="status">{texts.problem(&problem)}</p> }.into_any()
        })
    };
    view! {
        {part(held_up)}
        <Failed row/>
    }
}

#[component]
fn Failed(row: Memo<Option<Arc<Row>>>) -> impl IntoView {
    let texts = use_texts();
    let failed = Memo::new(move |_| {
        row.with(|row| match row.as_deref().map(|row| &row.state) {
            Some(Delivery::Failed(pending)) => Some(Pending::clone(pending)),
            _ => None,
        })
    });
    part(move || {
        failed.get().map(|pending| {
            let why = pending.problem().map(|problem| texts.problem(problem));
            // A message stands in its row; an edit that was refused stands nowhere else.
            let (what, edit) = match &pending.change {
                PendingChange::Post { .. } => (texts.message.not_sent, None),
                change => (texts.message.change_failed, change.body().map(str::to_owned)),
            };
            view! {
                <div class="failure" role="alert">
                    <p>
                        <Glyph icon=Icon::Warning/>
                        <strong>{what}</strong>
                        " "
                        <span>{why}</span>
                    </p>
                    {edit.map(|text| view! { <p class="unsent-text" dir="auto">{text}</p> }.into_any())}
                    <UnsentActs pending/>
                </div>
            }.into_any()
        })
    })
}
