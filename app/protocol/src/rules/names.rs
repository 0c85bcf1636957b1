//! Names: one line, nothing invisible, so that what looks like a name is that name.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use super::emoji::is_emoji;
use super::{
    Field, MAX_NAME, MAX_ROOM_NAME, MAX_USERNAME, MIN_USERNAME, TextError, is_blank, is_invisible,
};

/// No living script and no family of emoji needs more code points for what looks like one
/// character.
const MAX_CLUSTER: usize = 16;

/// A username as it is shown, and as it is looked up: two that differ only in case or width are
/// the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username {
    pub shown: String,
    pub folded: String,
}

pub fn display_name(text: &str) -> Result<String, TextError> {
    line(Field::DisplayName, text, MAX_NAME)
}

pub fn room_name(text: &str) -> Result<String, TextError> {
    line(Field::RoomName, text, MAX_ROOM_NAME)
}

/// NFKC; letters and digits of any script, `.`, `_` and `-`; of the scripts whose letters look the
/// same, one.
pub fn username(text: &str) -> Result<Username, TextError> {
    let name = well_formed(text)?;
    let mut scripts = name.shown.chars().filter_map(lookalike);
    let first = scripts.next();
    if scripts.any(|script| Some(script) != first) {
        return Err(TextError::MixedScripts);
    }
    Ok(name)
}

/// As the name is looked up, also where it was made before scripts were kept apart. `None`: nobody
/// can have it.
pub fn username_to_find(text: &str) -> Option<String> {
    well_formed(text).ok().map(|name| name.folded)
}

fn well_formed(text: &str) -> Result<Username, TextError> {
    let field = Field::Username;
    let shown: String = text.trim().nfkc().collect();
    if is_blank(&shown) {
        return Err(TextError::Empty { field });
    }
    let mut previous = None;
    for letter in shown.chars() {
        let fits = !is_invisible(letter)
            && (letter.is_alphanumeric()
                || matches!(letter, '.' | '_' | '-')
                // A mark belongs to a letter: alone, or on a dot, it is only confusing.
                || is_combining_mark(letter)
                    && previous.is_some_and(|previous: char| {
                        previous.is_alphanumeric() || is_combining_mark(previous)
                    }));
        if !fits {
            return Err(TextError::BadUsername { character: letter });
        }
        previous = Some(letter);
    }
    if !shown.chars().any(char::is_alphanumeric) {
        return Err(TextError::NoLetter);
    }
    let from_the_right = |letter: &char| letter.is_alphabetic() && is_right_to_left(*letter);
    let from_the_left = |letter: &char| letter.is_alphabetic() && !is_right_to_left(*letter);
    if shown.chars().any(|letter| from_the_right(&letter))
        && shown.chars().any(|letter| from_the_left(&letter))
    {
        return Err(TextError::MixedDirections);
    }
    let given = length(field, &shown, MAX_USERNAME)?;
    if given < MIN_USERNAME {
        return Err(TextError::TooShort {
            field,
            least: MIN_USERNAME,
            given,
        });
    }
    let folded = fold(&shown);
    Ok(Username { shown, folded })
}

/// For finding: without case and without width. Folding twice changes nothing.
pub fn fold(text: &str) -> String {
    text.nfkc()
        // Letter by letter: a word's last sigma must be found by any sigma.
        .flat_map(char::to_lowercase)
        .map(|letter| if letter == 'ς' { 'σ' } else { letter })
        .nfkc()
        .collect()
}

/// NFC: one text, however a keyboard puts its syllables together.
pub fn composed(text: &str) -> String {
    text.nfc().collect()
}

/// NFC, trimmed, with inner white space as single spaces.
fn line(field: Field, text: &str, limit: usize) -> Result<String, TextError> {
    let composed = composed(text.trim());
    if is_blank(&composed) {
        return Err(TextError::Empty { field });
    }
    if let Some(character) = composed.chars().find(|letter| letter.is_control()) {
        return Err(TextError::BadCharacter { field, character });
    }
    let line = composed.split_whitespace().collect::<Vec<_>>().join(" ");
    for (at, cluster) in line.grapheme_indices(true) {
        if is_emoji(cluster) {
            continue;
        }
        for (offset, letter) in cluster.char_indices() {
            if is_invisible(letter) && !has_work(&line, at + offset, letter) {
                return Err(TextError::BadCharacter {
                    field,
                    character: letter,
                });
            }
        }
    }
    length(field, &line, limit)?;
    Ok(line)
}

/// The length in grapheme clusters, unless it is more than the limit.
fn length(field: Field, text: &str, limit: usize) -> Result<usize, TextError> {
    let mut given = 0;
    for cluster in text.graphemes(true) {
        given += 1;
        if cluster.chars().nth(MAX_CLUSTER).is_some() {
            return Err(TextError::TooManyMarks { field });
        }
    }
    if given > limit {
        return Err(TextError::TooLong {
            field,
            limit,
            given,
        });
    }
    Ok(given)
}

/// The invisible characters that real names need: joiners inside words of the scripts that have
/// them, and selectors of an ideograph's variant, as in Japanese family names.
fn has_work(line: &str, at: usize, letter: char) -> bool {
    let (before, rest) = line.split_at(at);
    let previous = before.chars().next_back();
    let next = rest.chars().nth(1);
    match letter {
        '\u{200C}' | '\u{200D}' => [previous, next]
            .into_iter()
            .all(|letter| letter.is_some_and(is_of_joining_script)),
        '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' => previous.is_some_and(is_ideograph),
        _ => false,
    }
}

/// Arabic and its extensions; the scripts of India and Sri Lanka.
fn is_of_joining_script(letter: char) -> bool {
    matches!(letter, '\u{620}'..='\u{8FF}' | '\u{900}'..='\u{DFF}' | '\u{FB50}'..='\u{FDFF}')
}

fn is_ideograph(letter: char) -> bool {
    matches!(
        letter,
        '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}'
    )
}

#[derive(Clone, Copy, PartialEq)]
enum Lookalike {
    Latin,
    Greek,
    Cyrillic,
}

fn lookalike(letter: char) -> Option<Lookalike> {
    match letter {
        'a'..='z'
        | 'A'..='Z'
        | '\u{AA}'
        | '\u{BA}'
        | '\u{C0}'..='\u{D6}'
        | '\u{D8}'..='\u{F6}'
        | '\u{F8}'..='\u{2AF}'
        | '\u{1D00}'..='\u{1D25}'
        | '\u{1D6B}'..='\u{1D77}'
        | '\u{1D79}'..='\u{1DBE}'
        | '\u{1E00}'..='\u{1EFF}'
        | '\u{2C60}'..='\u{2C7F}'
        | '\u{A722}'..='\u{A7FF}'
        | '\u{AB30}'..='\u{AB64}' => Some(Lookalike::Latin),
        '\u{370}'..='\u{3FF}' | '\u{1D26}'..='\u{1D2A}' | '\u{1F00}'..='\u{1FFF}' => {
            Some(Lookalike::Greek)
        }
        '\u{400}'..='\u{52F}'
        | '\u{1C80}'..='\u{1C8F}'
        | '\u{1D2B}'
        | '\u{1D78}'
        | '\u{2DE0}'..='\u{2DFF}'
        | '\u{A640}'..='\u{A69F}' => Some(Lookalike::Cyrillic),
        _ => None,
    }
}

/// Hebrew, Arabic and the scripts around them.
fn is_right_to_left(letter: char) -> bool {
    matches!(
        letter,
        '\u{590}'..='\u{8FF}'
            | '\u{FB1D}'..='\u{FDFF}'
            | '\u{FE70}'..='\u{FEFE}'
            | '\u{10800}'..='\u{10FFF}'
            | '\u{1E800}'..='\u{1EFFF}'
    )
}
