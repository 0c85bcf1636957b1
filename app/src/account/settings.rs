//! `/settings`.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::delete::DeleteAccount;
use super::devices::Devices;
use super::look::LookForm;
use super::password::ChangePassword;
use super::profile::Profile;
use crate::browser::BrowserHandle;
use crate::client::Client;
use crate::common::icon::{Glyph, Icon};
use crate::common::parts::handler;
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

/// A plain form; with a script, what this browser keeps is forgotten first.
#[component]
fn LogOut() -> impl IntoView {
    let browser = expect_context::<BrowserHandle>();
    let words = &use_texts().settings;
    let form = NodeRef::<html::Form>::new();
    let submit = move |event: SubmitEvent| {
        let (Some(browser), Some(form)) = (browser.get(), form.get_untracked()) else {
            return;
        };
        event.prevent_default();
        spawn_local(async move {
            browser.forget().await;
            // A form on the page can be sent; this does not fire `submit` again.
            let _ = form.submit();
        });
    };
    view! {
        <section class="card">
            <form method="post" action="/logout" node_ref=form on:submit=handler(submit)>
                <button type="submit" class="button plain">{words.log_out}</button>
            </form>
        </section>
    }
}
