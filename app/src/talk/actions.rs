//! The bar of actions over the message that is pointed at or chosen.

use leptos::prelude::*;
use protocol::MessageId;

use super::acts::Acts;
use super::emoji::EmojiPicker;
use crate::common::icon::{Glyph, Icon};
use crate::common::parts::{Shown, handler};
use crate::i18n::use_texts;

#[component]
pub fn Actions(id: MessageId, mine: bool) -> impl IntoView {
    let acts = expect_context::<Acts>();
    let texts = use_texts();
    let picking = Memo::new(move |_| acts.picking.get() == Some(id));
    let pick = move |_| acts.picking.set((!picking.get_untracked()).then_some(id));
    view! {
        <div class="actions" role="toolbar" aria-label=texts.message.actions>
            <button
                type="button"
                class="icon-button"
                aria-label=texts.message.react
                title=texts.message.react
                aria-expanded=move || picking.get().to_string()
                on:click=handler(pick)
            >
                <Glyph icon=Icon::Smile/>
            </button>
            <button
                type="button"
                class="icon-button"
                aria-label=texts.message.reply
                title=texts.message.reply
                on:click=handler(move |_| acts.reply(id))
            >
                <Glyph icon=Icon::Reply/>
            </button>
            {mine.then(|| view! {
                <button
                    type="button"
                    class="icon-button"
                    aria-label=texts.message.edit
                    title=texts.message.edit
                    on:click=handler(move |_| acts.edit(id))
                >
                    <Glyph icon=Icon::Edit/>
                </button>
                <button
                    type="button"
                    class="icon-button alert"
                    aria-label=texts.message.delete
                    title=texts.message.delete
                    on:click=handler(move |_| acts.ask_to_delete(id))
                >
                    <Glyph icon=Icon::Delete/>
                </button>
            }.into_any())}
        </div>
        <Shown when=move || picking.get()>
            <EmojiPicker id/>
        </Shown>
    }
    .into_any()
}
