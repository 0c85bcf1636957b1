//! `/settings`.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::delete::DeleteAccount;
use super::devices::Devices;
use super::look::{EnterChoice, LookForm};
use super::password::ChangePassword;
use super::profile::{Outcome, OutcomeLine, Profile};
use crate::browser::BrowserHandle;
use crate::client::Client;
use crate::common::dialog::{Dialog, DialogHandle};
use crate::common::icon::{Glyph, Icon};
use crate::common::parts::{handler, part};
use crate::i18n::use_texts;

#[component]
pub fn SettingsPage() -> impl IntoView {
    let client = expect_context::<Client>();
    let texts = use_texts();
    let words = &texts.settings;
    let member = client.me.with_untracked(Option::is_some);
    view! {
        <div class="settings">
            <header class="settings-head">
                <a class="icon-button back" href="/" aria-label=texts.side.back>
                    <Glyph icon=Icon::Back/>
                </a>
                <h1>{words.title}</h1>
            </header>
            <div class="settings-body">
                <section class="card" aria-labelledby="look-title">
                    <h2 id="look-title">{words.look}</h2>
                    <LookForm/>
                    {member.then(|| view! { <EnterChoice/> }.into_any())}
                </section>
                {member.then(|| view! {
                    <noscript><p class="card">{words.needs_script}</p></noscript>
                    <Profile/>
                    <ChangePassword/>
                    <Devices/>
                    <LogOut/>
                    <DeleteAccount/>
                }.into_any())}
            </div>
        </div>
    }
    .into_any()
}

/// A plain form; with a script, what this browser keeps is forgotten once the session has ended,
/// and not without a question while some of it is not sent.
#[component]
fn LogOut() -> impl IntoView {
    let browser = expect_context::<BrowserHandle>();
    let client = expect_context::<Client>();
    let texts = use_texts();
    let words = &texts.settings;
    let asking = RwSignal::new(false);
    let outcome = RwSignal::new(Outcome::Nothing);
    let leave = Callback::new(move |()| {
        let Some(browser) = browser.get() else {
            return;
        };
        if outcome.get_untracked() == Outcome::Busy {
            return;
        }
        outcome.set(Outcome::Busy);
        spawn_local(async move {
            match browser.log_out().await {
                // The whole page is fetched anew, as a stranger's; a page can always do that.
                Ok(()) => _ = window().location().assign("/"),
                Err(problem) => _ = outcome.try_set(Outcome::Refused(texts.problem(&problem))),
            }
        });
    });
    let submit = move |event: SubmitEvent| {
        if browser.get().is_none() {
            return;
        }
        event.prevent_default();
        if unsent(client) > 0 {
            asking.set(true);
        } else {
            leave.run(());
        }
    };
    view! {
        <section class="card">
            <form method="post" action="/logout" on:submit=handler(submit)>
                <button type="submit" class="button plain">{words.log_out}</button>
            </form>
            <OutcomeLine outcome/>
            {part(move || asking.get().then(|| view! {
                <Dialog title=words.log_out_sure on_close=Callback::new(move |()| asking.set(false))>
                    <LogOutQuestion leave/>
                </Dialog>
            }.into_any()))}
        </section>
    }
    .into_any()
}

#[component]
fn LogOutQuestion(leave: Callback<()>) -> impl IntoView {
    let client = expect_context::<Client>();
    let dialog = expect_context::<DialogHandle>();
    let texts = use_texts();
    let go = move |_| {
        dialog.close();
        leave.run(());
    };
    view! {
        <p>{(texts.settings.log_out_unsent)(unsent(client))}</p>
        <p class="dialog-acts">
            <button type="button" class="button plain" on:click=handler(move |_| dialog.close())>{texts.side.cancel}</button>
            <button type="button" class="button alert" on:click=handler(go)>{texts.settings.log_out}</button>
        </p>
    }
    .into_any()
}

/// What waits, and what was refused.
fn unsent(client: Client) -> usize {
    client.outbox.with_untracked(|outbox| outbox.iter().count())
}
