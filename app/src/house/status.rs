//! How the connection is, and what was not sent: said only when there is something to say. A short
//! break is nobody's concern.

use std::time::Duration;

use leptos::prelude::*;
use protocol::state::Outbox;

use crate::browser::{BrowserHandle, Intent};
use crate::client::{Client, Link};
use crate::common::dialog::Dialog;
use crate::common::parts::{handler, part, watch};
use crate::i18n::{StateTexts, use_texts};
use crate::talk::Unsent;

/// A break shorter than this is not mentioned.
const PATIENCE: Duration = Duration::from_secs(2);

#[component]
pub fn LinkStatus() -> impl IntoView {
    let client = expect_context::<Client>();
    let browser = expect_context::<BrowserHandle>();
    let texts = use_texts();
    let late = lasting(Memo::new(move |_| {
        client
            .link
            .with(|link| matches!(link, Link::Connecting | Link::CatchingUp))
    }));
    let unsent = unsent(client, &texts.state);
    let listing = RwSignal::new(false);
    let shown = move || match client.link.get() {
        Link::Resting | Link::Up => None,
        Link::Connecting => late.get().then_some(("connecting", texts.state.connecting)),
        Link::CatchingUp => late
            .get()
            .then_some(("catching-up", texts.state.catching_up)),
        Link::Offline => Some(("offline", texts.state.offline)),
        Link::SignedOut => Some(("signed-out", texts.state.signed_out)),
    };
    view! {
        <div class="link-status" role="status">
            {part(move || shown().map(|(kind, words)| view! {
                <p class="link-pill" data-kind=kind>
                    <span class="link-dot" aria-hidden="true"></span>
                    <span>{words}</span>
                    {match kind {
                        "signed-out" => view! {
                            // The whole page is fetched anew, with the new session.
                            <a class="quiet" href="/login" rel="external">{texts.state.log_in_again}</a>
                        }.into_any(),
                        "connecting" | "offline" => view! {
                            <button type="button" class="quiet" on:click=handler(move |_| browser.ask(Intent::Reconnect))>
                                {texts.state.try_now}
                            </button>
                        }.into_any(),
                        _ => ().into_any(),
                    }}
                </p>
            }.into_any()))}
            {part(move || unsent.get().map(|(kind, words)| view! {
                <button type="button" class="link-pill" data-kind=kind on:click=handler(move |_| listing.set(true))>
                    <span class="link-dot" aria-hidden="true"></span>
                    <span>{words}</span>
                </button>
            }.into_any()))}
        </div>
        {part(move || listing.get().then(|| view! {
            <Dialog title=texts.state.unsent on_close=Callback::new(move |()| listing.set(false))>
                <Unsent/>
            </Dialog>
        }.into_any()))}
    }
    .into_any()
}

/// How much waits or was refused, in all rooms together, and which of the two it is.
fn unsent(client: Client, words: &'static StateTexts) -> Memo<Option<(&'static str, String)>> {
    let waiting = Memo::new(move |_| client.outbox.with(Outbox::waiting));
    let late = lasting(Memo::new(move |_| waiting.get() > 0));
    Memo::new(move |_| {
        let waiting = waiting.get();
        let refused = client.outbox.with(|outbox| outbox.iter().count()) - waiting;
        let refused = (refused > 0).then(|| (words.not_sent)(refused));
        let waiting = (waiting > 0 && late.get()).then(|| (words.waiting)(waiting));
        match (refused, waiting) {
            (Some(refused), Some(waiting)) => Some(("refused", format!("{refused} · {waiting}"))),
            (Some(refused), None) => Some(("refused", refused)),
            (None, waiting) => waiting.map(|waiting| ("waiting", waiting)),
        }
    })
}

/// True once it has held for a while.
fn lasting(holds: Memo<bool>) -> RwSignal<bool> {
    let late = RwSignal::new(false);
    watch(move || {
        late.set(false);
        if holds.get()
            && let Ok(timer) = set_timeout_with_handle(move || late.set(true), PATIENCE)
        {
            on_cleanup(move || timer.clear());
        }
    });
    late
}
