//! Finding people by name: a field and what it finds, wherever somebody is to be chosen.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::UserId;
use protocol::wire::User;
use web_sys::KeyboardEvent;

use crate::browser::BrowserHandle;
use crate::client::Client;
use crate::common::icon::{Glyph, Icon};
use crate::common::ime::{Ime, enter_here};
use crate::common::keys::Decision;
use crate::common::names::shown;
use crate::common::parts::{handler, part};
use crate::i18n::use_texts;
use crate::talk::Person;

/// A search begins when the writer pauses this long.
const PAUSE: Duration = Duration::from_millis(180);

#[derive(Clone, PartialEq)]
enum Found {
    Nothing,
    Searching,
    People(Vec<User>),
}

/// `typed` tells what is in the field; `without` leaves people out; `verb` makes the name of a
/// hit's button.
#[component]
pub fn PeopleFinder(
    label: &'static str,
    placeholder: &'static str,
    on_pick: Callback<User>,
    #[prop(optional)] typed: Option<RwSignal<String>>,
    #[prop(optional)] without: Option<Signal<Vec<UserId>>>,
    #[prop(optional)] verb: Option<fn(&str) -> String>,
) -> impl IntoView {
    let client = expect_context::<Client>();
    let browser = expect_context::<BrowserHandle>();
    let texts = use_texts();
    let field = NodeRef::<html::Input>::new();
    let ime = Ime::new();
    let found = RwSignal::new(Found::Nothing);
    // Only the answer to the latest question counts.
    let asked = StoredValue::new(0u32);
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let search = move || {
        let query = field
            .get_untracked()
            .map(|field| field.value().trim().to_owned())
            .unwrap_or_default();
        if let Some(typed) = typed {
            typed.set(query.clone());
        }
        if let Some(Some(timer)) = timer.try_update_value(Option::take) {
            timer.clear();
        }
        asked.update_value(|asked| *asked += 1);
        let question = asked.get_value();
        if query.is_empty() {
            found.set(Found::Nothing);
            return;
        }
        if !matches!(found.get_untracked(), Found::People(_)) {
            found.set(Found::Searching);
        }
        let ask = move || {
            let Some(browser) = browser.get() else {
                return;
            };
            spawn_local(async move {
                let answer = browser.find_people(query).await;
                if asked.try_get_value() != Some(question) {
                    return;
                }
                match answer {
                    Ok(people) => found.set(Found::People(people)),
                    Err(problem) => {
                        found.set(Found::Nothing);
                        client.tell(problem);
                    }
                }
            });
        };
        timer.set_value(set_timeout_with_handle(ask, PAUSE).ok());
    };
    let clear = move || {
        ime.when_idle(move || {
            if let Some(field) = field.try_get_untracked().flatten() {
                field.set_value("");
                search();
            }
        });
    };
    let pick = move |user: User| {
        clear();
        on_pick.run(user);
    };
    let people = Memo::new(move |_| {
        let without = without.map(|without| without.get()).unwrap_or_default();
        match found.get() {
            Found::People(people) => Some(
                people
                    .into_iter()
                    .filter(|user| !without.contains(&user.id))
                    .collect::<Vec<_>>(),
            ),
            Found::Nothing | Found::Searching => None,
        }
    });
    let pick_first = move || {
        if let Some(first) = people
            .get_untracked()
            .and_then(|people| people.into_iter().next())
        {
            pick(first);
        }
    };
    let pressed = move |event: KeyboardEvent| {
        let decision = ime.pressed(&event, enter_here(), pick_first);
        let filled = found.with_untracked(|found| *found != Found::Nothing);
        if decision == Decision::NewLine {
            event.prevent_default();
            pick_first();
        } else if decision == Decision::Other && event.key() == "Escape" && filled {
            event.stop_propagation();
            event.prevent_default();
            clear();
        }
    };
    view! {
        <div class="finder" role="search">
            <div class="finder-field">
                <Glyph icon=Icon::Search/>
                <input
                    node_ref=field
                    type="search"
                    autocomplete="off"
                    spellcheck="false"
                    maxlength="80"
                    aria-label=label
                    placeholder=placeholder
                    on:compositionstart=handler(move |_| ime.started())
                    on:compositionupdate=handler(move |event| ime.updated(&event))
                    on:compositionend=handler(move |event| ime.ended(&event, pick_first))
                    on:keydown=handler(pressed)
                    on:input=handler(move |_| search())
                />
            </div>
            <div class="finder-results" aria-live="polite">
                {part(move || match found.get() {
                    Found::Nothing => ().into_any(),
                    Found::Searching => view! { <p class="finder-note">{texts.side.searching}</p> }.into_any(),
                    Found::People(_) if people.with(|people| people.as_ref().is_none_or(Vec::is_empty)) => {
                        view! { <p class="finder-note">{texts.side.no_hits}</p> }.into_any()
                    }
                    Found::People(_) => view! {
                        <h2 class="finder-title">{texts.side.people}</h2>
                        <ul class="finder-list">
                            {people
                                .get()
                                .unwrap_or_default()
                                .into_iter()
                                .map(|user| {
                                    let name = verb.map(|verb| verb(&shown(&user, texts)));
                                    let picked = user.clone();
                                    view! {
                                        <li>
                                            <button type="button" class="hit" aria-label=name on:click=handler(move |_| pick(picked.clone()))>
                                                <Person user=user.id/>
                                            </button>
                                        </li>
                                    }.into_any()
                                })
                                .collect_view()}
                        </ul>
                    }
                    .into_any(),
                })}
            </div>
        </div>
    }
    .into_any()
}
