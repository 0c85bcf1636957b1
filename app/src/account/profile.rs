//! The name that others see.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::wire::ChangeMe;

use crate::browser::BrowserHandle;
use crate::client::Client;
use crate::common::parts::{handler, part};
use crate::i18n::use_texts;

/// What came of a form: said beside it.
#[derive(Clone, PartialEq)]
pub enum Outcome {
    Nothing,
    Busy,
    Done(&'static str),
    Refused(String),
}

#[component]
pub fn OutcomeLine(outcome: RwSignal<Outcome>) -> impl IntoView {
    view! {
        <div class="outcome" role="status">
            {part(move || match outcome.get() {
                Outcome::Nothing | Outcome::Busy => ().into_any(),
                Outcome::Done(words) => view! { <p class="done">{words}</p> }.into_any(),
                Outcome::Refused(why) => view! { <p class="field-error">{why}</p> }.into_any(),
            })}
        </div>
    }
}

#[component]
pub fn Profile() -> impl IntoView {
    let client = expect_context::<Client>();
    let browser = expect_context::<BrowserHandle>();
    let texts = use_texts();
    let name = NodeRef::<html::Input>::new();
    let outcome = RwSignal::new(Outcome::Nothing);
    let me = client.me.get_untracked();
    let username = me.as_ref().map(|me| format!("@{}", me.username));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(field), Some(browser)) = (name.get_untracked(), browser.get()) else {
            return;
        };
        if outcome.get_untracked() == Outcome::Busy {
            return;
        }
        outcome.set(Outcome::Busy);
        let change = ChangeMe {
            display_name: Some(field.value().trim().to_owned()),
            ..ChangeMe::default()
        };
        spawn_local(async move {
            match browser.change_me(change).await {
                Ok(me) => {
                    client.people.update(|people| {
                        people.insert(me.id, me.clone());
                    });
                    client.me.set(Some(me));
                    outcome.set(Outcome::Done(texts.settings.saved));
                }
                Err(problem) => outcome.set(Outcome::Refused(texts.problem(&problem))),
            }
        });
    };
    view! {
        <section class="card needs-script" aria-labelledby="profile-title">
            <h2 id="profile-title">{texts.settings.profile}</h2>
            <p class="handle" dir="auto">{username}</p>
            <form class="settings-form" on:submit=handler(submit)>
                <label class="field">
                    <span>{texts.account.display_name}</span>
                    <input
                        node_ref=name
                        type="text"
                        autocomplete="name"
                        required
                        maxlength="80"
                        value=me.map(|me| me.display_name)
                    />
                </label>
                <button type="submit" class="button">{texts.settings.save}</button>
            </form>
            <OutcomeLine outcome/>
        </section>
    }
    .into_any()
}
