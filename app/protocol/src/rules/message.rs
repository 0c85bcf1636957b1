//! A message: what was written is kept as it was written, as long as it harms nobody around it.

use unicode_segmentation::UnicodeSegmentation;

use super::names::composed;
use super::{Field, MAX_MESSAGE, MAX_MESSAGE_BYTES, TextError, message_bytes};

/// NFC, with its bidirectional controls balanced.
pub fn message(text: &str) -> Result<String, TextError> {
    message_bytes(text)?;
    let text = balanced(&composed(text));
    let given = text.graphemes(true).count();
    if given > MAX_MESSAGE {
        return Err(TextError::TooLong {
            field: Field::Message,
            limit: MAX_MESSAGE,
            given,
        });
    }
    // Normalising and balancing may both have made it longer.
    if text.len() > MAX_MESSAGE_BYTES {
        return Err(TextError::TooManyBytes {
            field: Field::Message,
            limit: MAX_MESSAGE_BYTES,
            given: text.len(),
        });
    }
    Ok(text)
}

const POP_EMBEDDING: char = '\u{202C}';
const POP_ISOLATE: char = '\u{2069}';

/// Closes what it opens and opens what it closes, so that no message turns the text after it
/// around, nor ends an isolation that the page has put around it.
fn balanced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // The closer of each control that is open, innermost last.
    let mut open: Vec<char> = Vec::new();
    for letter in text.chars() {
        match letter {
            '\u{202A}' | '\u{202B}' | '\u{202D}' | '\u{202E}' => open.push(POP_EMBEDDING),
            '\u{2066}'..='\u{2068}' => open.push(POP_ISOLATE),
            POP_EMBEDDING => match open.last() {
                Some(&POP_EMBEDDING) => {
                    open.pop();
                }
                _ => continue,
            },
            POP_ISOLATE => {
                // It ends the embeddings inside its isolate too.
                match open.iter().rposition(|closer| *closer == POP_ISOLATE) {
                    Some(at) => open.truncate(at),
                    None => continue,
                }
            }
            _ => {}
        }
        out.push(letter);
    }
    out.extend(open.into_iter().rev());
    out
}
