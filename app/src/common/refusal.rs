//! What was wrong with the form that was sent, or with the address, on the page that answers it. Whoever goes on from there
//! leaves it behind.

use leptos::prelude::*;

use crate::client::Client;
use crate::house::FirstPage;
use crate::i18n::use_texts;

#[component]
pub fn Refusal() -> impl IntoView {
    let client = expect_context::<Client>();
    let texts = use_texts();
    let here = expect_context::<FirstPage>().is_now();
    let problem = client.problem.get_untracked().filter(|_| here)?;
    // As text of its own: a box would have to hold it unescaped.
    let unsent = client.typed_body.get_untracked().map(|body| {
        // Under the same id, in case it was kept although the answer is no.
        let again = client.typed_id.filter(|_| problem.is_passing()).map(|id| {
            view! {
                <form method="post">
                    <input type="hidden" name="id" value=id.to_string()/>
                    <input type="hidden" name="body" value=body.clone()/>
                    <button class="button plain">{texts.room.try_again}</button>
                </form>
            }
            .into_any()
        });
        view! {
            <p>{texts.composer.not_sent}</p>
            <blockquote dir="auto">{body}</blockquote>
            {again}
        }
        .into_any()
    });
    Some(
        view! {
            <div class="field-error" role="alert">
                <p>{texts.problem(&problem)}</p>
                {unsent}
            </div>
        }
        .into_any(),
    )
}
