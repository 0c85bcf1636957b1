//! What a message answers, in one line; a way there.

use std::sync::Arc;

use leptos::prelude::*;

use super::acts::Acts;
use super::rows::{Quote, Row};
use crate::client::Client;
use crate::common::icon::{Glyph, Icon};
use crate::common::parts::{handler, part};
use crate::i18n::use_texts;

#[component]
pub fn QuoteLine(row: Memo<Option<Arc<Row>>>) -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let texts = use_texts();
    let quote =
        Memo::new(move |_| row.with(|row| row.as_deref().and_then(|row| row.reply.clone())));
    part(move || {
        quote.get().map(|Quote { id, known }| {
            let line = match known {
                None => view! { <span class="quote-text">{texts.message.original_missing}</span> }.into_any(),
                Some(quoted) => {
                    let author = quoted.author;
                    let text = if quoted.deleted { texts.message.deleted.to_owned() } else { quoted.text };
                    view! {
                        <span class="quote-author" dir="auto">{part(move || client.name_of(author, texts))}</span>
                        " "
                        <span class="quote-text" dir="auto">{text}</span>
                    }
                    .into_any()
                }
            };
            view! {
                <button type="button" class="quote" title=texts.message.go_to_original on:click=handler(move |_| acts.jump(id))>
                    <Glyph icon=Icon::Reply/>
                    {line}
                </button>
            }.into_any()
        })
    })
}
