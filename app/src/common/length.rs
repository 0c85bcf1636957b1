//! How long a message is, counted as people count: in grapheme clusters.

/// The longest message, in grapheme clusters.
pub const LONGEST: usize = 10_000;

/// How many too many, or `None` when the message may be sent. Almost every message is decided
/// by its number of code points alone, since a cluster has at least one; only a longer one asks
/// the browser, which knows clusters, so that their tables need not be downloaded.
pub fn too_long(text: &str) -> Option<usize> {
    if text.chars().count() <= LONGEST {
        return None;
    }
    let clusters = clusters(text);
    (clusters > LONGEST).then_some(clusters)
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
    use super::*;

    #[test]
    fn the_longest_message_may_be_sent_and_one_more_may_not() {
        assert_eq!(too_long(&"가".repeat(LONGEST)), None);
        assert_eq!(too_long(&"가".repeat(LONGEST + 1)), Some(LONGEST + 1));
    }
}
