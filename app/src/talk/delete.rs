//! Asks before a message disappears for everyone.

use leptos::prelude::*;
use protocol::MessageId;

use super::acts::{Acts, focus_composer};
use crate::browser::Intent;
use crate::common::dialog::{Dialog, DialogHandle};
use crate::common::parts::{handler, part};
use crate::i18n::use_texts;

#[component]
pub fn DeleteDialog() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let texts = use_texts();
    let closed = Callback::new(move |()| acts.deleting.set(None));
    part(move || {
        acts.deleting.get().map(|id| {
            view! {
                <Dialog title=texts.message.delete_sure on_close=closed>
                    <Question id/>
                </Dialog>
            }
            .into_any()
        })
    })
}

#[component]
fn Question(id: MessageId) -> impl IntoView {
    let acts = expect_context::<Acts>();
    let dialog = expect_context::<DialogHandle>();
    let texts = use_texts();
    let delete = move |_| {
        acts.browser.ask(Intent::Delete {
            room: acts.room,
            message: id,
        });
        dialog.close();
        focus_composer();
    };
    view! {
        <p>{texts.message.delete_lead}</p>
        <p class="dialog-acts">
            <button type="button" class="button plain" on:click=handler(move |_| dialog.close())>{texts.side.cancel}</button>
            <button type="button" class="button alert" on:click=handler(delete)>{texts.message.delete}</button>
        </p>
    }
}
