//! Who is writing. The line keeps its place when nobody is, so that nothing moves.

use leptos::prelude::*;

use super::acts::Acts;
use crate::client::Client;
use crate::common::parts::part;
use crate::i18n::use_texts;

#[component]
pub fn TypingLine() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let client = expect_context::<Client>();
    let texts = use_texts();
    let users = Memo::new(move |_| {
        let me = client.my_id();
        acts.with_open(|open| {
            let others = open
                .typing
                .iter()
                .map(|(user, _)| *user)
                .filter(|user| Some(*user) != me);
            others.collect::<Vec<_>>()
        })
        .unwrap_or_default()
    });
    let words = move || {
        users.with(|users| match users.as_slice() {
            [] => String::new(),
            [one] => (texts.room.typing_one)(&client.name_of(*one, texts)),
            [one, two] => {
                (texts.room.typing_two)(&client.name_of(*one, texts), &client.name_of(*two, texts))
            }
            _ => texts.room.typing_many.to_owned(),
        })
    };
    view! { <p class="typing" role="status">{part(words)}</p> }
}
