//! Language and theme: buttons that post, so that one press is enough, with or without a script;
//! and what Enter does.

use leptos::prelude::*;
use protocol::wire::{Language, Theme};

use crate::address::Address;
use crate::client::Client;
use crate::common::ime::{choose_enter, enter_here, is_touch};
use crate::common::keys::Enter;
use crate::common::parts::{Shown, handler, watch};
use crate::i18n::use_texts;

/// What Enter does where there is a keyboard. Only a script hears of keys, so that without one
/// there is nothing to choose.
#[component]
pub fn EnterChoice() -> impl IntoView {
    let words = &use_texts().settings;
    let chosen = RwSignal::new(None::<Enter>);
    watch(move || chosen.set((!is_touch()).then(enter_here)));
    let choice = move |enter: Enter, name: &'static str| {
        let choose = move |_| {
            choose_enter(enter);
            chosen.set(Some(enter_here()));
        };
        view! {
            <button
                type="button"
                aria-pressed=move || (chosen.get() == Some(enter)).to_string()
                on:click=handler(choose)
            >
                {name}
            </button>
        }
        .into_any()
    };
    view! {
        <Shown when=move || chosen.get().is_some()>
            <div class="choice" role="group" aria-label=words.enter>
                {choice(Enter::Sends, words.enter_sends)}
                {choice(Enter::BreaksLine, words.control_enter_sends)}
            </div>
        </Shown>
    }
    .into_any()
}

#[component]
pub fn LookForm() -> impl IntoView {
    let client = expect_context::<Client>();
    let texts = use_texts();
    let words = &texts.settings;
    let (language, theme) = (
        client.language.get_untracked(),
        client.theme.get_untracked(),
    );
    let address = expect_context::<Address>();
    let here = address.leading_on(&address.path.get_untracked());
    let languages =
        [(Language::Korean, "한국어"), (Language::English, "English")].map(|(choice, name)| {
            view! {
                <button
                    type="submit"
                    name="language"
                    value=choice.tag()
                    lang=choice.tag()
                    aria-pressed=(choice == language).to_string()
                >
                    {name}
                </button>
            }
            .into_any()
        });
    let themes = [
        (Theme::System, words.theme_system),
        (Theme::Light, words.theme_light),
        (Theme::Dark, words.theme_dark),
    ]
    .map(|(choice, name)| {
        view! {
            <button type="submit" name="theme" value=choice.tag() aria-pressed=(choice == theme).to_string()>
                {name}
            </button>
        }.into_any()
    });
    view! {
        <form class="look" method="post" action="/settings">
            <input type="hidden" name="next" value=here/>
            <div class="choice" role="group" aria-label=words.language>{languages.collect_view()}</div>
            <div class="choice" role="group" aria-label=words.theme>{themes.collect_view()}</div>
        </form>
    }
    .into_any()
}
