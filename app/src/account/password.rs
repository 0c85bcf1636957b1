//! A new password; it ends all other sessions.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::wire::ChangeMe;

use super::profile::{Outcome, OutcomeLine};
use crate::browser::BrowserHandle;
use crate::client::Client;
use crate::common::parts::handler;
use crate::i18n::use_texts;

#[component]
pub fn ChangePassword() -> impl IntoView {
    let client = expect_context::<Client>();
    let browser = expect_context::<BrowserHandle>();
    let texts = use_texts();
    let current = NodeRef::<html::Input>::new();
    let new = NodeRef::<html::Input>::new();
    let outcome = RwSignal::new(Outcome::Nothing);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(current), Some(new), Some(browser)) =
            (current.get_untracked(), new.get_untracked(), browser.get())
        else {
            return;
        };
        if outcome.get_untracked() == Outcome::Busy {
            return;
        }
        outcome.set(Outcome::Busy);
        let change = ChangeMe {
            password: Some(new.value()),
            current_password: Some(current.value()),
            ..ChangeMe::default()
        };
        spawn_local(async move {
            match browser.change_me(change).await {
                Ok(_) => {
                    current.set_value("");
                    new.set_value("");
                    outcome.set(Outcome::Done(texts.settings.password_changed));
                }
                Err(problem) => outcome.set(Outcome::Refused(texts.problem(&problem))),
            }
        });
    };
    let username = client
        .me
        .with_untracked(|me| me.as_ref().map(|me| me.username.clone()));
    view! {
        <section class="card needs-script" aria-labelledby="password-title">
            <h2 id="password-title">{texts.settings.change_password}</h2>
            <form class="settings-form" on:submit=handler(submit)>
                // Password managers learn from it whose password this is.
                <input type="text" name="username" autocomplete="username" value=username hidden readonly/>
                <label class="field">
                    <span>{texts.settings.current_password}</span>
                    <input node_ref=current type="password" autocomplete="current-password" required maxlength="1024"/>
                </label>
                <label class="field">
                    <span>{texts.settings.new_password}</span>
                    <input
                        node_ref=new
                        type="password"
                        autocomplete="new-password"
                        required
                        minlength="8"
                        maxlength="1024"
                        aria-describedby="new-password-hint"
                    />
                </label>
                <p class="field-hint" id="new-password-hint">{texts.account.password_hint}</p>
                <button type="submit" class="button">{texts.settings.change_password}</button>
            </form>
            <OutcomeLine outcome/>
        </section>
    }
    .into_any()
}
