//! Finding people by name: a field and what it finds, wherever somebody is to be chosen.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::UserId;
use protocol::wire::{Problem, User};
use web_sys::KeyboardEvent;

use crate::browser::BrowserHandle;
use crate::client::Client;
use crate::common::hangul;
use crate::common::icon::{Glyph, Icon};
use crate::common::ime::{Ime, is_touch};
use crate::common::keys::{Decision, Enter};
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
    Failed(Problem),
}

/// Questions and their answers. Only the answer to the latest question counts; and whoever presses
/// Enter before it has come means the first of those whom it will name, not of those still shown.
#[derive(Clone, Copy, Default)]
struct Asking {
    asked: u32,
    answered: u32,
    picks: bool,
}

impl Asking {
    fn ask(&mut self) -> u32 {
        self.asked += 1;
        self.picks = false;
        self.asked
    }

    /// Whether the first can be picked now. If not, it is as soon as the answer is here.
    fn pick(&mut self) -> bool {
        self.picks = self.answered != self.asked;
        !self.picks
    }

    /// Whether the first is to be picked; `None` of an answer that nobody waits for.
    fn answered(&mut self, question: u32) -> Option<bool> {
        if question != self.asked {
            return None;
        }
        self.answered = question;
        Some(std::mem::take(&mut self.picks))
    }
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
    let browser = expect_context::<BrowserHandle>();
    let client = expect_context::<Client>();
    let texts = use_texts();
    let field = NodeRef::<html::Input>::new();
    let ime = Ime::new();
    let found = RwSignal::new(Found::Nothing);
    let asking = StoredValue::new(Asking::default());
    let query = StoredValue::new(String::new());
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let people = Memo::new(move |_| {
        let without = without.map(|without| without.get()).unwrap_or_default();
        match found.get() {
            Found::People(people) => Some(
                people
                    .into_iter()
                    .filter(|user| !without.contains(&user.id))
                    .collect::<Vec<_>>(),
            ),
            Found::Nothing | Found::Searching | Found::Failed(_) => None,
        }
    });
    let in_field = move || {
        field
            .get_untracked()
            .map(|field| field.value().trim().to_owned())
            .unwrap_or_default()
    };
    // Whether a question was still to be asked.
    let hold = move || {
        let timer = timer.try_update_value(Option::take).flatten();
        timer.map(|timer| timer.clear()).is_some()
    };
    let search = Callback::new(move |()| {
        let text = in_field();
        query.set_value(text.clone());
        if let Some(typed) = typed {
            typed.set(text.clone());
        }
        hold();
        let question = asking.try_update_value(Asking::ask).unwrap_or_default();
        if text.is_empty() {
            asking.update_value(|asking| {
                asking.answered(question);
            });
            found.set(Found::Nothing);
        } else if !matches!(found.get_untracked(), Found::People(_)) {
            found.set(Found::Searching);
        }
    });
    let clear = move || {
        ime.when_idle(move || {
            if let Some(field) = field.try_get_untracked().flatten() {
                field.set_value("");
                search.run(());
            }
        });
    };
    let pick = move |user: User| {
        clear();
        on_pick.run(user);
    };
    let first = move || people.get_untracked()?.into_iter().next();
    let ask = move || {
        let (Some(browser), text) = (browser.get(), query.get_value()) else {
            return;
        };
        let question = asking.get_value().asked;
        spawn_local(async move {
            let asked = text.clone();
            let answer = browser.find_people(text).await;
            let answer = answer.map(|found| with_known(found, &asked, client));
            let answered = asking.try_update_value(|asking| asking.answered(question));
            let Some(picks) = answered.flatten() else {
                return;
            };
            found.set(answer.map_or_else(Found::Failed, Found::People));
            if let Some(first) = first().filter(|_| picks) {
                pick(first);
            }
        });
    };
    let ask_soon = move || {
        search.run(());
        if !query.with_value(String::is_empty) {
            let ask = move || {
                if hold() {
                    ask();
                }
            };
            timer.set_value(set_timeout_with_handle(ask, PAUSE).ok());
        }
    };
    let pick_first = move || {
        let failed = found.with_untracked(|found| matches!(found, Found::Failed(_)));
        // The last syllable may only just have come into the field.
        if failed || query.with_value(|query| *query != in_field()) {
            ask_soon();
        }
        if asking.try_update_value(Asking::pick) == Some(true) {
            if let Some(first) = first() {
                pick(first);
            }
        } else if hold() {
            ask();
        }
    };
    let pressed = move |event: KeyboardEvent| {
        // Whatever is chosen for messages, on a keyboard Enter picks.
        let enter = if is_touch() {
            Enter::BreaksLine
        } else {
            Enter::Sends
        };
        let decision = ime.pressed(&event, enter, pick_first);
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
                    on:input=handler(move |_| ask_soon())
                />
            </div>
            <div class="finder-results" aria-live="polite">
                {part(move || match found.get() {
                    Found::Nothing | Found::Failed(_) => ().into_any(),
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
            // An alert is read out by itself, and inside of what is read out once more.
            {part(move || match found.get() {
                Found::Failed(problem) => Some(view! { <p class="field-error" role="alert">{texts.problem(&problem)}</p> }.into_any()),
                _ => None,
            })}
        </div>
    }
    .into_any()
}

/// The server does not look for initial consonants; those whose names are known here are found by
/// them all the same.
fn with_known(mut found: Vec<User>, query: &str, client: Client) -> Vec<User> {
    if hangul::has_initials(query) {
        let first = found.len();
        client.people.with_untracked(|people| {
            for user in people.values() {
                let is_there = found.iter().any(|known| known.id == user.id);
                if user.deleted || is_there || !hangul::finds(query, &user.display_name) {
                    continue;
                }
                let after = found.iter().skip(first);
                let at = after.take_while(|known| known.display_name < user.display_name);
                found.insert(first + at.count(), user.clone());
            }
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_before_the_answer_waits_for_it() {
        let mut asking = Asking::default();
        let first = asking.ask();
        assert_eq!(asking.answered(first), Some(false));
        assert!(asking.pick(), "what is shown is what was asked for");

        let stale = asking.ask();
        let latest = asking.ask();
        assert!(!asking.pick(), "those shown are of another question");
        assert_eq!(asking.answered(stale), None);
        assert_eq!(asking.answered(latest), Some(true));
        assert!(asking.pick());
    }

    #[test]
    fn whoever_types_on_has_not_chosen_yet() {
        let mut asking = Asking::default();
        asking.ask();
        assert!(!asking.pick());
        let next = asking.ask();
        assert_eq!(asking.answered(next), Some(false));
    }
}
