//! Asks before a message disappears for everyone.

use leptos::prelude::*;
use protocol::MessageId;

use super::acts::{Acts, focus_composer};
use crate::browser::Intent;
use crate::common::dialog::{Dialog, Question};
use crate::common::parts::part;
use crate::i18n::use_texts;

#[component]
pub fn DeleteDialog() -> impl IntoView {
    let acts = expect_context::<Acts>();
    let texts = use_texts();
    let closed = Callback::new(move |()| acts.deleting.set(None));
    let delete = move |message: MessageId| {
        let room = acts.room;
        acts.browser.ask(Intent::Delete { room, message });
        focus_composer();
    };
    part(move || {
        acts.deleting.get().map(|id| {
            view! {
                <Dialog title=texts.message.delete_sure on_close=closed>
                    <Question
                        lead=texts.message.delete_lead
                        yes=texts.message.delete
                        on_yes=Callback::new(move |()| delete(id))
                    />
                </Dialog>
            }
            .into_any()
        })
    })
}
