//! Where people write. The box is the browser's own: nothing here writes into it while a
//! syllable is being made, and it is emptied only when the message is safely in the outbox.

use std::time::Duration;

use leptos::ev::{KeyboardEvent, MouseEvent, SubmitEvent};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::MessageId;
use protocol::state::Divider;
use web_sys::HtmlTextAreaElement;

use super::acts::{Acts, COMPOSER};
use super::grow;
use crate::browser::Intent;
use crate::client::Client;
use crate::common::icon::{Glyph, Icon};
use crate::common::ime::{Ime, enter_here};
use crate::common::keys::Decision;
use crate::common::length::{LONGEST, too_long};
use crate::common::parts::{handler, part, watch};
use crate::i18n::use_texts;

/// A draft is kept when the writer pauses this long.
const DRAFT_AFTER: Duration = Duration::from_millis(400);

#[component]
pub fn Composer() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let texts = use_texts();
    let name = move || {
        client.rooms.with(|rooms| {
            rooms
                .get(acts.room)
                .map(|room| client.room_name(room, texts))
                .unwrap_or_default()
        })
    };
    let desk = Desk::new(acts, client);
    desk.bring_draft();
    on_cleanup(move || desk.leave());
    let pressed = move |event: KeyboardEvent| {
        let decision = desk.ime.pressed(&event, enter_here(), move || desk.send());
        if decision == Decision::Other && !event.alt_key() {
            match event.key().as_str() {
                "ArrowUp" if desk.is_empty() => {
                    event.prevent_default();
                    acts.edit_my_last();
                }
                "Escape" => acts.replying.set(None),
                _ => {}
            }
        }
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(field) = desk.field.get_untracked() {
            desk.ime.commit_then(&field, move || desk.send());
        }
    };
    view! {
        <form class="composer" method="post" action=format!("/rooms/{}", acts.room) on:submit=handler(submit)>
            <ReplyingTo/>
            {part(move || desk.refused.get().map(|why| view! { <p class="field-error" role="alert">{why}</p> }.into_any()))}
            <div class="composer-box">
                <textarea
                    id=COMPOSER
                    name="body"
                    rows="1"
                    dir="auto"
                    autocomplete="off"
                    enterkeyhint="enter"
                    aria-label=texts.composer.label
                    placeholder=move || (texts.composer.placeholder)(&name())
                    node_ref=desk.field
                    on:compositionstart=handler(move |_| desk.ime.started())
                    on:compositionupdate=handler(move |event| desk.ime.updated(&event))
                    on:compositionend=handler(move |event| desk.ime.ended(&event, move || desk.send()))
                    on:keydown=handler(pressed)
                    on:input=handler(move |_| desk.changed())
                    on:blur=handler(move |_| desk.keep_draft())
                ></textarea>
                // Pressing the button must not take the focus, or a phone's keyboard goes away.
                <button
                    type="submit"
                    class="send"
                    aria-label=texts.composer.send
                    title=texts.composer.send
                    on:mousedown=handler(move |event: MouseEvent| event.prevent_default())
                >
                    <Glyph icon=Icon::Send/>
                </button>
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn ReplyingTo() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let texts = use_texts();
    part(move || {
        let id = acts.replying.get()?;
        let row = acts.row(id)?;
        let author = row.author;
        Some(view! {
            <p class="replying">
                <Glyph icon=Icon::Reply/>
                <span class="replying-words">
                    <strong>{part(move || (texts.composer.replying_to)(&client.name_of(author, texts)))}</strong>
                    " "
                    <span dir="auto">{super::rows::excerpt(&row.body)}</span>
                </span>
                <button
                    type="button"
                    class="icon-button"
                    aria-label=texts.composer.stop_replying
                    on:click=handler(move |_| acts.step_back())
                >
                    <Glyph icon=Icon::Close/>
                </button>
            </p>
        }.into_any())
    })
}

/// The box and what is going on in it.
#[derive(Clone, Copy)]
struct Desk {
    acts: Acts,
    client: Client,
    field: NodeRef<html::Textarea>,
    ime: Ime,
    refused: RwSignal<Option<String>>,
    /// A message is being put into the outbox.
    posting: StoredValue<bool>,
    /// Send was asked for meanwhile.
    again: StoredValue<bool>,
    draft_timer: StoredValue<Option<TimeoutHandle>>,
    /// Others have been told that I write.
    writes: StoredValue<bool>,
}

impl Desk {
    fn new(acts: Acts, client: Client) -> Self {
        Self {
            acts,
            client,
            field: NodeRef::new(),
            ime: Ime::new(),
            refused: RwSignal::new(None),
            posting: StoredValue::new(false),
            again: StoredValue::new(false),
            draft_timer: StoredValue::new(None),
            writes: StoredValue::new(false),
        }
    }

    fn text(self) -> String {
        self.field
            .try_get_untracked()
            .flatten()
            .map(|field| field.value())
            .unwrap_or_default()
    }

    fn is_empty(self) -> bool {
        self.text().is_empty()
    }

    /// Brings back what was being written here, unless something is in the box already: it may
    /// have been typed before the page came to life.
    fn bring_draft(self) {
        watch(move || {
            let (Some(field), Some(browser)) = (self.field.get(), self.acts.browser.get()) else {
                return;
            };
            grow::fit(&field);
            spawn_local(async move {
                if let Some(draft) = browser.draft(self.acts.room).await
                    && self.is_empty()
                {
                    self.write(move |_| Some(draft));
                }
            });
        });
    }

    /// Changes the text, now or when no syllable is in the making.
    fn write(self, change: impl FnOnce(&str) -> Option<String> + 'static) {
        self.ime.when_idle(move || {
            let Some(field) = self.field.try_get_untracked().flatten() else {
                return;
            };
            if let Some(text) = change(&field.value()) {
                field.set_value(&text);
                grow::fit(&field);
            }
        });
    }

    fn send(self) {
        let text = self.text();
        if text.trim().is_empty() {
            return;
        }
        // The box is emptied a moment later; until then a second Enter is only remembered.
        if self.posting.get_value() {
            self.again.set_value(true);
            return;
        }
        let body = text.trim().to_owned();
        if let Some(have) = too_long(&body) {
            let texts = crate::i18n::Texts::of(self.client.language.get_untracked());
            self.refused
                .set(Some((texts.composer.too_long)(have, LONGEST)));
            return;
        }
        let Some(browser) = self.acts.browser.get() else {
            return;
        };
        self.posting.set_value(true);
        let reply_to = self.acts.replying.get_untracked();
        spawn_local(async move {
            let posted = browser.post(self.acts.room, body, reply_to).await;
            match posted {
                Ok(_) => self.sent(text, reply_to),
                Err(problem) => self.not_kept(&problem),
            }
        });
    }

    /// It is in the outbox: takes exactly what was sent out of the box.
    fn sent(self, text: String, reply_to: Option<MessageId>) {
        if self.posting.try_get_value().is_none() {
            return;
        }
        self.refused.set(None);
        if self.acts.replying.get_untracked() == reply_to {
            self.acts.replying.set(None);
        }
        self.acts.divider.update(Divider::sent);
        self.acts.to_latest();
        self.stop_typing();
        self.write(move |now| {
            self.posting.set_value(false);
            let rest = now.strip_prefix(text.as_str()).map(str::to_owned);
            let empty = rest.as_ref().is_some_and(String::is_empty);
            self.keep(if empty {
                String::new()
            } else {
                rest.clone().unwrap_or_else(|| now.to_owned())
            });
            if self.again.try_update_value(std::mem::take).unwrap_or(false)
                && !empty
                && rest.is_some()
            {
                crate::common::ime::soon(move || self.send());
            }
            rest
        });
    }

    fn not_kept(self, problem: &protocol::wire::Problem) {
        if self.posting.try_get_value().is_none() {
            return;
        }
        self.posting.set_value(false);
        self.again.set_value(false);
        let texts = crate::i18n::Texts::of(self.client.language.get_untracked());
        self.refused.set(Some(format!(
            "{} {}",
            texts.composer.not_kept,
            texts.problem(problem)
        )));
    }

    fn changed(self) {
        let Some(field) = self.field.get_untracked() else {
            return;
        };
        grow::fit(&field);
        if self.refused.get_untracked().is_some() {
            self.refused.set(None);
        }
        self.say_typing(&field);
        self.cancel_draft_timer();
        let timer = set_timeout_with_handle(move || self.keep_draft(), DRAFT_AFTER).ok();
        self.draft_timer.set_value(timer);
    }

    fn say_typing(self, field: &HtmlTextAreaElement) {
        if field.value().trim().is_empty() {
            self.stop_typing();
            return;
        }
        self.writes.set_value(true);
        self.acts.browser.ask(Intent::Typing {
            room: self.acts.room,
            on: true,
        });
    }

    fn stop_typing(self) {
        if self.writes.try_get_value() == Some(true) {
            self.writes.set_value(false);
            self.acts.browser.ask(Intent::Typing {
                room: self.acts.room,
                on: false,
            });
        }
    }

    fn cancel_draft_timer(self) {
        if let Some(Some(timer)) = self.draft_timer.try_update_value(Option::take) {
            timer.clear();
        }
    }

    fn keep_draft(self) {
        if self.draft_timer.try_get_value().flatten().is_some() {
            self.keep(self.text());
        }
    }

    fn keep(self, text: String) {
        self.cancel_draft_timer();
        self.acts.browser.ask(Intent::KeepDraft {
            room: self.acts.room,
            text,
        });
    }

    fn leave(self) {
        self.keep_draft();
        self.stop_typing();
    }
}
