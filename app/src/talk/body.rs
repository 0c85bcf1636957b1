//! The text of a message. People's text only ever becomes text nodes.

use std::sync::Arc;

use leptos::prelude::*;
use protocol::MessageId;

use super::message::of;
use super::rows::Row;
use crate::common::links::{Piece, pieces};
use crate::common::parts::{handler, part};
use crate::i18n::use_texts;

/// A text longer than this, or of more lines, is folded.
const FOLDED_CHARS: usize = 1_200;
const FOLDED_LINES: usize = 24;

#[derive(Clone, PartialEq, Default)]
struct Shown {
    body: String,
    deleted: bool,
    edited: bool,
}

/// What describes the message to whoever hears it.
pub fn body_id(message: MessageId) -> String {
    format!("b-{message}")
}

#[component]
pub fn Body(row: Memo<Option<Arc<Row>>>) -> impl IntoView {
    let texts = use_texts();
    let shown = Memo::new(move |_| {
        of(row, |row| Shown {
            body: row.body.clone(),
            deleted: row.deleted,
            edited: row.edited,
        })
    });
    let open = RwSignal::new(false);
    let id = move || row.with_untracked(|row| row.as_ref().map(|row| body_id(row.id)));
    part(move || {
        let Shown {
            body,
            deleted,
            edited,
        } = shown.get();
        if deleted {
            return view! { <p class="body deleted" id=id()>{texts.message.deleted}</p> }
                .into_any();
        }
        let long = is_long(&body);
        let size = if is_only_emoji(&body) {
            "large"
        } else {
            "text"
        };
        let text = pieces(&body).into_iter().map(piece).collect_view();
        view! {
            <div class="body-box">
                <p class="body" id=id() dir="auto" data-size=size data-folded=move || (long && !open.get()).to_string()>
                    {text}
                    {edited.then(|| view! { <span class="edited">{texts.message.edited}</span> }.into_any())}
                </p>
                {long.then(|| view! {
                    <button
                        type="button"
                        class="quiet fold"
                        aria-expanded=move || open.get().to_string()
                        on:click=handler(move |_| open.update(|open| *open = !*open))
                    >
                        {part(move || if open.get() { texts.message.show_less } else { texts.message.show_more })}
                    </button>
                }.into_any())}
            </div>
        }
        .into_any()
    })
}

fn piece(piece: Piece) -> AnyView {
    match piece {
        Piece::Text(text) => text.into_any(),
        Piece::Link(link) => view! {
            <a href=link.clone() target="_blank" rel="noopener noreferrer nofollow">{link.clone()}</a>
        }
        .into_any(),
    }
}

fn is_long(body: &str) -> bool {
    body.len() > FOLDED_CHARS && body.chars().count() > FOLDED_CHARS
        || body.bytes().filter(|byte| *byte == b'\n').count() >= FOLDED_LINES
}

/// A few emoji and nothing else are shown larger.
fn is_only_emoji(body: &str) -> bool {
    let mut emoji = 0;
    for c in body.chars() {
        match c {
            // The tones of skin belong to the emoji before them.
            '\u{1F3FB}'..='\u{1F3FF}' => {}
            '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' => {
                emoji += 1;
            }
            '\u{200D}' | '\u{FE0F}' | ' ' => {}
            _ => return false,
        }
    }
    (1..=6).contains(&emoji)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_emoji_alone_are_large() {
        assert!(is_only_emoji("🍵"));
        assert!(is_only_emoji("👩‍👩‍👧 🎉"));
        assert!(!is_only_emoji("🍵 tea"));
        assert!(!is_only_emoji("1"));
        assert!(!is_only_emoji(""));
        assert!(!is_only_emoji(&"🍵".repeat(20)));
    }

    #[test]
    fn a_long_text_is_folded() {
        assert!(!is_long("short"));
        assert!(is_long(&"가".repeat(FOLDED_CHARS + 1)));
        assert!(is_long(&"\n".repeat(FOLDED_LINES)));
    }
}
