//! How the connection is, said only when there is something to say: a short break is nobody's
//! concern.

use std::time::Duration;

use leptos::prelude::*;

use crate::browser::{BrowserHandle, Intent};
use crate::client::{Client, Link};
use crate::common::parts::{handler, part, watch};
use crate::i18n::use_texts;

/// A break shorter than this is not mentioned.
const PATIENCE: Duration = Duration::from_secs(2);

#[component]
pub fn LinkStatus() -> impl IntoView {
    let client = expect_context::<Client>();
    let browser = expect_context::<BrowserHandle>();
    let texts = use_texts();
    let late = RwSignal::new(false);
    let unsettled = Memo::new(move |_| {
        client
            .link
            .with(|link| matches!(link, Link::Connecting | Link::CatchingUp))
    });
    watch(move || {
        late.set(false);
        if unsettled.get()
            && let Ok(timer) = set_timeout_with_handle(move || late.set(true), PATIENCE)
        {
            on_cleanup(move || timer.clear());
        }
    });
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
        </div>
    }
}
