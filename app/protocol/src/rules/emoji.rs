//! A reaction: one emoji, in one spelling, so that a heart is counted with the other hearts.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::emoji::{
    EmojiStatus, UnicodeEmoji, is_emoji_presentation_selector, is_regional_indicator,
    is_tag_character, is_zwj,
};
use unicode_segmentation::UnicodeSegmentation;

use super::{Field, MAX_EMOJI_BYTES, TextError};

const AS_EMOJI: char = '\u{FE0F}';
const KEYCAP: char = '\u{20E3}';
const BLACK_FLAG: char = '🏴';

/// The emoji, written so that it is shown as one: `❤` and `❤️` are the same reaction.
pub fn emoji(text: &str) -> Result<String, TextError> {
    if text.is_empty() {
        return Err(TextError::Empty {
            field: Field::Emoji,
        });
    }
    if text.len() > MAX_EMOJI_BYTES {
        return Err(TextError::TooManyBytes {
            field: Field::Emoji,
            limit: MAX_EMOJI_BYTES,
            given: text.len(),
        });
    }
    let mut emoji: String = text.nfc().collect();
    let mut letters = emoji.chars();
    let first = letters.next();
    match (first, letters.next(), letters.next()) {
        (Some(only), None, _) if is_text_by_default(only) => emoji.push(AS_EMOJI),
        (Some(key), Some(KEYCAP), None) => emoji = String::from_iter([key, AS_EMOJI, KEYCAP]),
        _ => {}
    }
    if is_emoji(&emoji) {
        Ok(emoji)
    } else {
        Err(TextError::NotEmoji)
    }
}

/// Whether it is one emoji and nothing else.
pub(super) fn is_emoji(text: &str) -> bool {
    let mut clusters = text.graphemes(true);
    let (Some(cluster), None) = (clusters.next(), clusters.next()) else {
        return false;
    };
    let mut letters = cluster.chars();
    let Some(first) = letters.next() else {
        return false;
    };
    let rest = letters.as_str();
    match first {
        '0'..='9' | '#' | '*' => rest.chars().eq([AS_EMOJI, KEYCAP]),
        _ if is_regional_indicator(first) => {
            let mut rest = rest.chars();
            rest.next().is_some_and(is_regional_indicator) && rest.next().is_none()
        }
        // A lone text symbol is not an emoji before it is asked to be shown as one.
        _ if rest.is_empty() => first.is_emoji_char() && !is_text_by_default(first),
        _ => {
            first.is_emoji_char()
                && !rest.ends_with(is_zwj)
                && rest.chars().all(|letter| {
                    is_zwj(letter)
                        || is_emoji_presentation_selector(letter)
                        || (first == BLACK_FLAG && is_tag_character(letter))
                        || (letter.is_emoji_char() && !letter.is_ascii())
                })
        }
    }
}

fn is_text_by_default(letter: char) -> bool {
    matches!(
        letter.emoji_status(),
        EmojiStatus::EmojiOther | EmojiStatus::EmojiModifierBase
    )
}
