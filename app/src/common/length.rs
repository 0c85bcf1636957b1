//! How long a message is, counted as people count: in grapheme clusters; and in bytes, since one
//! cluster may be as long as its marks are many.

use protocol::rules::{MAX_MESSAGE, MAX_MESSAGE_BYTES};

use crate::i18n::Texts;

/// Why the message is too long to be sent, if it is.
pub fn refusal(text: &str, texts: &Texts) -> Option<String> {
    if let Some(have) = too_long(text) {
        return Some((texts.composer.too_long)(have, MAX_MESSAGE));
    }
    too_large(text).map(|have| (texts.composer.too_large)(have, MAX_MESSAGE_BYTES / KB))
}

const KB: usize = 1024;

/// How many kilobytes, if they are too many.
fn too_large(text: &str) -> Option<usize> {
    (text.len() > MAX_MESSAGE_BYTES).then(|| text.len().div_ceil(KB))
}

/// How many too many, or `None` when the message may be sent. Almost every message is decided
/// by its number of code points alone, since a cluster has at least one; only a longer one asks
/// the browser, which knows clusters, so that their tables need not be downloaded.
fn too_long(text: &str) -> Option<usize> {
    if text.chars().count() <= MAX_MESSAGE {
        return None;
    }
    let clusters = clusters(text);
    (clusters > MAX_MESSAGE).then_some(clusters)
}

#[cfg(target_arch = "wasm32")]
fn clusters(text: &str) -> usize {
    count_in_browser(text).unwrap_or_else(|| text.chars().count())
}

#[cfg(not(target_arch = "wasm32"))]
fn clusters(text: &str) -> usize {
    text.chars().count()
}

/// `[...new Intl.Segmenter().segment(text)].length`
#[cfg(target_arch = "wasm32")]
fn count_in_browser(text: &str) -> Option<usize> {
    use js_sys::{Array, Function, Reflect};
    use wasm_bindgen::{JsCast, JsValue};

    let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let segmenter: Function = Reflect::get(&intl, &"Segmenter".into())
        .ok()?
        .dyn_into()
        .ok()?;
    let segmenter = Reflect::construct(&segmenter, &Array::new()).ok()?;
    let segment: Function = Reflect::get(&segmenter, &"segment".into())
        .ok()?
        .dyn_into()
        .ok()?;
    let segments = segment.call1(&segmenter, &JsValue::from_str(text)).ok()?;
    usize::try_from(Array::from(&segments).length()).ok()
}

#[cfg(test)]
mod tests {
    use protocol::wire::Language;

    use super::*;

    #[test]
    fn the_longest_message_may_be_sent_and_one_more_may_not() {
        assert_eq!(too_long(&"가".repeat(MAX_MESSAGE)), None);
        assert_eq!(
            too_long(&"가".repeat(MAX_MESSAGE + 1)),
            Some(MAX_MESSAGE + 1)
        );
    }

    #[test]
    fn few_characters_may_still_be_too_many_bytes() {
        let marks = |bytes: usize| "\u{301}".repeat(bytes / 2);
        assert_eq!(too_large(&marks(MAX_MESSAGE_BYTES)), None);
        assert_eq!(too_large(&marks(MAX_MESSAGE_BYTES + 2)), Some(129));
    }

    #[test]
    fn a_refusal_says_the_limit_in_either_language() {
        for texts in [Language::English, Language::Korean].map(Texts::of) {
            assert_eq!(refusal("hello", texts), None);
            let why = refusal(&"a".repeat(MAX_MESSAGE + 1), texts).unwrap();
            assert!(why.contains("10001") && why.contains("10000"), "{why}");
            assert!((texts.composer.too_large)(129, 128).contains("128"));
        }
    }
}
