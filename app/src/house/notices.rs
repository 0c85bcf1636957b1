//! What was refused elsewhere than at a message. A notice stays until it is closed.

use leptos::prelude::*;
use protocol::wire::Problem;

use crate::client::Client;
use crate::common::icon::{Glyph, Icon};
use crate::common::parts::{Lines, handler};
use crate::i18n::use_texts;

#[component]
pub fn Notices() -> impl IntoView {
    let client = expect_context::<Client>();
    let texts = use_texts();
    view! {
        <div class="notices" role="status" aria-label=texts.state.notices>
            <Lines
                of=move || client.notices.get()
                key=|notice| format!("{} {:?}", notice.code, notice.detail)
                line=move |notice: Problem| {
                    let words = texts.problem(&notice);
                    let close = move |_| {
                        client.notices.update(|notices| notices.retain(|other| *other != notice));
                    };
                    view! {
                        <div class="notice">
                            <Glyph icon=Icon::Warning/>
                            <p>{words}</p>
                            <button type="button" class="icon-button" aria-label=texts.state.close_notice on:click=handler(close)>
                                <Glyph icon=Icon::Close/>
                            </button>
                        </div>
                    }
                }
            />
        </div>
    }
}
