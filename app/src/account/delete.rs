//! Deleting the account, after the password has been given again.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::profile::{Outcome, OutcomeLine};
use crate::browser::BrowserHandle;
use crate::common::dialog::{Dialog, DialogHandle};
use crate::common::parts::{handler, part};
use crate::i18n::use_texts;

#[component]
pub fn DeleteAccount() -> impl IntoView {
    let words = &use_texts().settings;
    let asking = RwSignal::new(false);
    view! {
        <section class="card needs-script" aria-labelledby="delete-title">
            <h2 id="delete-title">{words.delete_account}</h2>
            <p class="card-lead">{words.delete_lead}</p>
            <button type="button" class="button plain alert" on:click=handler(move |_| asking.set(true))>
                {words.delete_account}
            </button>
            {part(move || asking.get().then(|| view! {
                <Dialog title=words.delete_account on_close=Callback::new(move |()| asking.set(false))>
                    <Confirm/>
                </Dialog>
            }.into_any()))}
        </section>
    }
    .into_any()
}

#[component]
fn Confirm() -> impl IntoView {
    let browser = expect_context::<BrowserHandle>();
    let dialog = expect_context::<DialogHandle>();
    let texts = use_texts();
    let password = NodeRef::<html::Input>::new();
    let outcome = RwSignal::new(Outcome::Nothing);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(field), Some(browser)) = (password.get_untracked(), browser.get()) else {
            return;
        };
        if outcome.get_untracked() == Outcome::Busy {
            return;
        }
        outcome.set(Outcome::Busy);
        spawn_local(async move {
            match browser.delete_me(field.value()).await {
                // The whole page is fetched anew, as a stranger's; a page can always do that.
                Ok(()) => _ = window().location().assign("/"),
                Err(problem) => _ = outcome.try_set(Outcome::Refused(texts.problem(&problem))),
            }
        });
    };
    view! {
        <form class="settings-form" on:submit=handler(submit)>
            <p>{texts.settings.delete_lead}</p>
            <label class="field">
                <span>{texts.settings.delete_confirm}</span>
                <input node_ref=password type="password" autocomplete="current-password" required maxlength="1024"/>
            </label>
            <OutcomeLine outcome/>
            <p class="dialog-acts">
                <button type="button" class="button plain" on:click=handler(move |_| dialog.close())>{texts.side.cancel}</button>
                <button type="submit" class="button alert">{texts.settings.delete_final}</button>
            </p>
        </form>
    }
    .into_any()
}
