//! What I have said and the server does not have: all of it, wherever it was said, and what can be
//! done with it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::state::{Pending, PendingChange, PendingState};

use crate::browser::{BrowserHandle, Intent};
use crate::client::Client;
use crate::common::dialog::DialogHandle;
use crate::common::parts::{Lines, handler, part, watch};
use crate::i18n::use_texts;

/// For a dialog, which closes when nothing is left.
#[component]
pub fn Unsent() -> impl IntoView {
    let client = expect_context::<Client>();
    let dialog = expect_context::<DialogHandle>();
    let all = Memo::new(move |_| {
        client
            .outbox
            .with(|outbox| outbox.iter().cloned().collect::<Vec<_>>())
    });
    watch(move || {
        if all.with(Vec::is_empty) {
            dialog.close();
        }
    });
    view! {
        <ul class="unsent">
            <Lines
                of=move || all.get()
                key=|pending| format!("{} {}", pending.op, pending.state.name())
                line=|pending| view! { <Item pending/> }
            />
        </ul>
    }
    .into_any()
}

#[component]
fn Item(pending: Pending) -> impl IntoView {
    let client = expect_context::<Client>();
    let texts = use_texts();
    let room = client.rooms.with_untracked(|rooms| {
        rooms
            .get(pending.room)
            .map(|room| client.room_name(room, texts))
    });
    let what = match &pending.change {
        PendingChange::Post { body, .. } | PendingChange::Edit { body, .. } => body.clone(),
        PendingChange::Delete { .. } => texts.message.delete.to_owned(),
        PendingChange::React { emoji, .. } => emoji.clone(),
    };
    let how = match &pending.state {
        PendingState::Failed { problem } => texts.problem(problem),
        PendingState::Queued | PendingState::Sending => texts.message.sending.to_owned(),
    };
    view! {
        <li>
            <strong dir="auto">{room.unwrap_or_else(|| texts.room.not_found.to_owned())}</strong>
            <p class="unsent-text" dir="auto">{what}</p>
            <p class="failure" data-state=pending.state.name()>{how}</p>
            <UnsentActs pending/>
        </li>
    }
    .into_any()
}

/// Again, elsewhere, or not at all.
#[component]
pub fn UnsentActs(pending: Pending) -> impl IntoView {
    let browser = expect_context::<BrowserHandle>();
    let texts = use_texts();
    let op = pending.op;
    let failed = matches!(pending.state, PendingState::Failed { .. });
    // What is on its way may have arrived already, and is not to be taken back.
    let discards = pending.state != PendingState::Sending;
    let copied = RwSignal::new(false);
    // Elsewhere a browser has no clipboard for pages.
    let copies = window().is_secure_context();
    let body = pending.change.body().filter(|_| copies).map(str::to_owned);
    let body = StoredValue::new(body);
    let copy = move |_| {
        let (Some(text), Some(browser)) = (body.get_value(), browser.get()) else {
            return;
        };
        spawn_local(async move {
            let done = browser.copy(text).await;
            copied.try_set(done);
        });
    };
    view! {
        <p class="failure-acts">
            {failed.then(|| view! {
                <button type="button" class="quiet" on:click=handler(move |_| browser.ask(Intent::Retry(op)))>
                    {texts.message.retry}
                </button>
            }.into_any())}
            {body.with_value(Option::is_some).then(|| view! {
                <button type="button" class="quiet" on:click=handler(copy)>
                    {part(move || if copied.get() { texts.message.copied } else { texts.message.copy })}
                </button>
            }.into_any())}
            {discards.then(|| view! {
                <button type="button" class="quiet alert" on:click=handler(move |_| browser.ask(Intent::Discard(op)))>
                    {texts.message.discard}
                </button>
            }.into_any())}
        </p>
    }
    .into_any()
}
