//! `/` for strangers: what this is, and the two ways in.

use leptos::prelude::*;

use crate::account::look::LookForm;
use crate::common::icon::Mark;
use crate::i18n::use_texts;

#[component]
pub fn Welcome() -> impl IntoView {
    let texts = use_texts();
    let words = &texts.welcome;
    view! {
        <div class="welcome">
            <header class="welcome-head">
                <p class="brand"><Mark/><span>{texts.brand}</span></p>
                <a class="quiet" href="/login" rel="external">{words.log_in}</a>
            </header>
            <main class="welcome-main" id="main">
                <div class="welcome-words">
                    <h1>{words.heading}</h1>
                    <p class="lead">{words.lead}</p>
                    <p class="welcome-acts">
                        <a class="button large" href="/register" rel="external">{words.register}</a>
                        <a class="button plain large" href="/login" rel="external">{words.log_in}</a>
                    </p>
                </div>
                <Picture/>
                <ul class="points">
                    {words.points
                        .iter()
                        .map(|(title, text)| view! { <li><h2>{*title}</h2><p>{*text}</p></li> }.into_any())
                        .collect_view()}
                </ul>
            </main>
            <footer class="welcome-foot"><LookForm/></footer>
        </div>
    }
    .into_any()
}

/// A few lines of a conversation, as it would look.
#[component]
fn Picture() -> impl IntoView {
    let words = &use_texts().welcome;
    let lines = words.picture.iter().enumerate().map(|(at, line)| {
        let other = at % 2;
        let name = words.picture_names.get(other).copied().unwrap_or_default();
        let initial = crate::common::avatar::initial(name);
        view! {
            <p class="picture-line" data-side=if other == 0 { "left" } else { "right" }>
                <span class="face" data-hue=if other == 0 { "4" } else { "9" }>{initial}</span>
                <span class="picture-bubble">{*line}</span>
            </p>
        }
        .into_any()
    });
    view! { <div class="picture" aria-hidden="true">{lines.collect_view()}</div> }
}
