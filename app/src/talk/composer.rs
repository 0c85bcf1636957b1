//! Where people write. The box is the browser's own: nothing here writes into it while a
//! syllable is being made, and it is emptied only when the message is safely in the outbox.

use leptos::ev::{self, KeyboardEvent, MouseEvent, SubmitEvent};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::MessageId;
use protocol::rules::is_blank;
use protocol::state::{Divider, Draft, PendingChange};
use web_sys::HtmlTextAreaElement;

use super::acts::{Acts, COMPOSER, focus_composer};
use super::grow;
use crate::browser::Intent;
use crate::client::Client;
use crate::common::icon::{Glyph, Icon};
use crate::common::ime::{Ime, enter_here};
use crate::common::keys::Decision;
use crate::common::length;
use crate::common::parts::{handler, part, watch};
use crate::i18n::use_texts;

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
    desk.follow_draft();
    on_cleanup(move || desk.leave());
    let pressed = move |event: KeyboardEvent| {
        let decision = desk.ime.pressed(&event, enter_here(), move || desk.send());
        if decision == Decision::Other && !event.alt_key() {
            match event.key().as_str() {
                "ArrowUp" if desk.is_empty() => {
                    event.prevent_default();
                    acts.edit_my_last();
                }
                // One thing at a time: the next Esc is for the room.
                "Escape" if acts.replying.get_untracked().is_some() => {
                    event.prevent_default();
                    acts.replying.set(None);
                }
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
            {client.form_id.map(|id| view! { <input type="hidden" name="id" value=id.to_string()/> }.into_any())}
            <EditLeft/>
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
                    on:blur=handler(move |_| acts.draft.keep())
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

/// A line above the box: what is being done, with which words, and a way out of it.
fn above(icon: Icon, what: AnyView, words: Option<String>, acts: AnyView) -> AnyView {
    view! {
        <p class="replying">
            <Glyph icon/>
            <span class="replying-words">
                <strong>{what}</strong>
                " "
                <span dir="auto">{words}</span>
            </span>
            {acts}
        </p>
    }
    .into_any()
}

#[component]
fn ReplyingTo() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let texts = use_texts();
    // The message may be none of those held: then whose it is is not said.
    let answered = Memo::new(move |_| {
        let id = acts.replying.get()?;
        let row = acts.rows.with(|rows| rows.get(id).cloned());
        Some(row.map(|row| (row.author, super::rows::excerpt(&row.body))))
    });
    let stop = move |_| {
        acts.replying.set(None);
        focus_composer();
    };
    part(move || {
        let answered = answered.get()?;
        let author = answered.as_ref().map(|(author, _)| *author);
        let name = move || {
            author.map_or_else(
                || texts.message.someone.to_owned(),
                |author| client.name_of(author, texts),
            )
        };
        let close = view! {
            <button
                type="button"
                class="icon-button"
                aria-label=texts.composer.stop_replying
                on:click=handler(stop)
            >
                <Glyph icon=Icon::Close/>
            </button>
        };
        let what = part(move || (texts.composer.replying_to)(&name()));
        let words = answered.map(|(_, words)| words);
        Some(above(Icon::Reply, what, words, close.into_any()))
    })
}

/// An edit of a message that is none of those held: a way to it, where its box then opens.
#[component]
fn EditLeft() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let texts = use_texts();
    let left = Memo::new(move |_| {
        let id = acts.editing.get()?;
        let is_loaded = acts.with_open(|open| open.timeline.is_loaded())?;
        (is_loaded && acts.rows.with(|rows| rows.get(id).is_none())).then_some(id)
    });
    let discard = move |_| {
        acts.editing.set(None);
        focus_composer();
    };
    part(move || {
        let id = left.get()?;
        let ways = view! {
            <button type="button" class="quiet" on:click=handler(move |_| acts.jump(id))>
                {texts.message.original_missing}
            </button>
            <button type="button" class="quiet alert" on:click=handler(discard)>
                {texts.message.discard}
            </button>
        };
        let what = texts.message.edit_box.into_any();
        Some(above(
            Icon::Edit,
            what,
            acts.draft.edited(id),
            ways.into_any(),
        ))
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

    /// Brings back what was being written here, and keeps what is being written.
    fn follow_draft(self) {
        let acts = self.acts;
        watch(move || {
            let reply_to = acts.replying.get();
            acts.draft.change(|draft| draft.reply_to = reply_to);
        });
        watch(move || {
            if acts.editing.get().is_none() {
                acts.draft.change(|draft| draft.editing = None);
            }
        });
        watch(move || {
            let Some(field) = self.field.get() else {
                return;
            };
            grow::fit(&field);
            // It may have been typed before the page came to life.
            acts.draft.change(|draft| draft.text = field.value());
            spawn_local(async move {
                let brought = acts.draft.bring().await;
                if let Some(draft) = brought.filter(|_| acts.is_alive()) {
                    self.take_up(draft);
                }
            });
        });
        // A page that goes away may not come back.
        watch(move || {
            for handle in [
                window_event_listener(ev::pagehide, move |_| acts.draft.keep()),
                window_event_listener(ev::visibilitychange, move |_| acts.draft.keep()),
            ] {
                on_cleanup(move || handle.remove());
            }
        });
    }

    /// Where something is being written already, it stays.
    fn take_up(self, draft: Draft) {
        let acts = self.acts;
        self.write(move |now| now.is_empty().then_some(draft.text));
        if acts.replying.get_untracked().is_none() {
            acts.replying.set(draft.reply_to);
        }
        if let Some((message, _)) = draft.editing
            && acts.editing.get_untracked().is_none()
            && acts.row(message).is_none_or(|row| !row.deleted)
        {
            acts.editing.set(Some(message));
        }
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
        if is_blank(&text) {
            return;
        }
        // The box is emptied a moment later; until then a second Enter is only remembered.
        if self.posting.get_value() {
            self.again.set_value(true);
            return;
        }
        let body = text.trim().to_owned();
        let texts = crate::i18n::Texts::of(self.client.language.get_untracked());
        let refusal = length::refusal(&body, texts);
        if refusal.is_some() {
            self.refused.set(refusal);
            return;
        }
        let Some(browser) = self.acts.browser.get() else {
            return;
        };
        self.posting.set_value(true);
        let reply_to = self.acts.replying.get_untracked();
        let room = self.acts.room;
        spawn_local(async move {
            let post = PendingChange::Post { body, reply_to };
            match browser.put_in(room, post).await {
                Ok(_) if self.acts.is_alive() => self.sent(text, reply_to),
                // Who left the room meanwhile does not find it there once more.
                Ok(_) => {
                    if let Some(mut draft) = browser.draft(room).await
                        && draft.sent(&text)
                    {
                        browser.ask(Intent::KeepDraft { room, draft });
                    }
                }
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
            self.acts.draft.change(|draft| {
                draft.text = rest.clone().unwrap_or_else(|| now.to_owned());
                draft.reply_to = self.acts.replying.get_untracked();
            });
            self.acts.draft.keep();
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
            texts.problem(problem),
            texts.composer.not_kept
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
        self.acts.draft.change(|draft| draft.text = field.value());
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

    fn leave(self) {
        self.acts.draft.keep();
        self.stop_typing();
    }
}
