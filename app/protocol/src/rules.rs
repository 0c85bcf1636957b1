//! What people may type: lengths in grapheme clusters, Unicode normalised, nothing invisible.
//! The messages say the rule and what to do.
//!
//! The limits and the error are for everyone. What needs Unicode tables is behind the feature
//! `text`: the browser has those tables itself, and need not download them.

#[cfg(feature = "text")]
mod emoji;
#[cfg(feature = "text")]
mod message;
#[cfg(feature = "text")]
mod names;

use std::fmt;

#[cfg(feature = "text")]
pub use emoji::emoji;
#[cfg(feature = "text")]
pub use message::message;
#[cfg(feature = "text")]
pub use names::{Username, composed, display_name, fold, room_name, username, username_to_find};

use crate::wire::{Broken, Problem, code, rule};

/// In grapheme clusters: what a person would count.
pub const MAX_MESSAGE: usize = 10_000;
/// In bytes, whatever the clusters: one cluster may be as long as its marks are many.
pub const MAX_MESSAGE_BYTES: usize = 128 * 1024;
/// In grapheme clusters, as all that follows unless it says bytes.
pub const MAX_NAME: usize = 40;
pub const MAX_ROOM_NAME: usize = 80;
pub const MIN_USERNAME: usize = 2;
pub const MAX_USERNAME: usize = 32;
pub const MIN_PASSWORD: usize = 8;
pub const MAX_PASSWORD_BYTES: usize = 1024;
/// The longest emoji there are (two people with skin tones and what joins them) take 35.
pub const MAX_EMOJI_BYTES: usize = 64;

/// What the text was meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Message,
    DisplayName,
    RoomName,
    Username,
    Password,
    Emoji,
}

impl Field {
    /// As the JSON calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "body",
            Self::DisplayName => "displayName",
            Self::RoomName => "name",
            Self::Username => "username",
            Self::Password => "password",
            Self::Emoji => "emoji",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message => "A message",
            Self::DisplayName => "A display name",
            Self::RoomName => "A room's name",
            Self::Username => "A username",
            Self::Password => "A password",
            Self::Emoji => "A reaction",
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("{field} needs at least one character that can be seen.")]
    Empty { field: Field },
    #[error("{field} has at least {least} characters; this one has {given}. Make it longer.")]
    TooShort {
        field: Field,
        least: usize,
        given: usize,
    },
    #[error("{field} has at most {limit} characters; this one has {given}. Shorten it.")]
    TooLong {
        field: Field,
        limit: usize,
        given: usize,
    },
    #[error("{field} takes at most {limit} bytes; this one takes {given}. Shorten it.")]
    TooManyBytes {
        field: Field,
        limit: usize,
        given: usize,
    },
    #[error("{field} cannot contain the NUL character (U+0000). Remove it.")]
    Nul { field: Field },
    #[error("{field} cannot contain {}. Remove it.", spelled(*character))]
    BadCharacter { field: Field, character: char },
    #[error(
        "A username is made of letters and digits of any language, `.`, `_` and `-`; it cannot \
         contain {}. Choose another.",
        spelled(*character)
    )]
    BadUsername { character: char },
    #[error("A username needs at least one letter or digit. Choose another.")]
    NoLetter,
    #[error(
        "A username cannot mix letters that are written from the left with letters that are \
         written from the right. Choose one script."
    )]
    MixedDirections,
    #[error(
        "A username cannot mix Latin, Greek and Cyrillic letters, because many of them look the \
         same. Choose one script."
    )]
    MixedScripts,
    #[error("{field} has more marks on one letter than can be read. Remove some.")]
    TooManyMarks { field: Field },
    #[error("A reaction is exactly one emoji. Choose one.")]
    NotEmoji,
}

impl TextError {
    pub fn field(&self) -> Field {
        match self {
            Self::Empty { field }
            | Self::TooShort { field, .. }
            | Self::TooLong { field, .. }
            | Self::TooManyBytes { field, .. }
            | Self::Nul { field }
            | Self::BadCharacter { field, .. }
            | Self::TooManyMarks { field } => *field,
            Self::BadUsername { .. }
            | Self::NoLetter
            | Self::MixedDirections
            | Self::MixedScripts => Field::Username,
            Self::NotEmoji => Field::Emoji,
        }
    }

    pub fn broken(&self) -> Broken {
        match *self {
            Self::Empty { .. } => Broken::new(rule::EMPTY),
            Self::TooShort { least, given, .. } => {
                Broken::limited(rule::TOO_SHORT, least, Some(given))
            }
            Self::TooLong { limit, given, .. } => {
                Broken::limited(rule::TOO_LONG, limit, Some(given))
            }
            Self::TooManyBytes { limit, given, .. } => {
                Broken::limited(rule::TOO_MANY_BYTES, limit, Some(given))
            }
            Self::Nul { .. } | Self::BadCharacter { .. } | Self::BadUsername { .. } => {
                Broken::new(rule::BAD_CHARACTER)
            }
            Self::NoLetter => Broken::new(rule::NO_LETTER),
            Self::MixedDirections => Broken::new(rule::MIXED_DIRECTIONS),
            Self::MixedScripts => Broken::new(rule::MIXED_SCRIPTS),
            Self::TooManyMarks { .. } => Broken::new(rule::TOO_MANY_MARKS),
            Self::NotEmoji => Broken::new(rule::ONE_EMOJI),
        }
    }

    /// One of [`code`]: stable, for programs.
    pub fn code(&self) -> &'static str {
        match (self.field(), self) {
            (Field::Password, _) => code::BAD_PASSWORD,
            (Field::Emoji, _) => code::BAD_EMOJI,
            (_, Self::Empty { .. }) => code::EMPTY,
            (_, Self::TooLong { .. } | Self::TooManyBytes { .. }) => code::TOO_LONG,
            (Field::Message, _) => code::BAD_TEXT,
            (Field::DisplayName | Field::RoomName | Field::Username, _) => code::BAD_NAME,
        }
    }
}

impl From<TextError> for Problem {
    fn from(error: TextError) -> Self {
        Self {
            field: Some(error.field().name().to_owned()),
            ..Self::new(error.code(), error.to_string()).breaking(error.broken())
        }
    }
}

/// Nothing of it would be seen. An empty message is never sent, so the composer asks this too.
pub fn is_blank(text: &str) -> bool {
    text.chars()
        .all(|letter| letter.is_whitespace() || letter.is_control() || is_invisible(letter))
}

/// What of a message's rules can be told without Unicode tables.
pub fn message_bytes(text: &str) -> Result<(), TextError> {
    let field = Field::Message;
    if text.len() > MAX_MESSAGE_BYTES {
        return Err(TextError::TooManyBytes {
            field,
            limit: MAX_MESSAGE_BYTES,
            given: text.len(),
        });
    }
    if text.contains('\0') {
        return Err(TextError::Nul { field });
    }
    if is_blank(text) {
        return Err(TextError::Empty { field });
    }
    Ok(())
}

/// Every character counts in a password, and none is changed: what was typed is what is checked.
pub fn password(text: &str) -> Result<(), TextError> {
    let field = Field::Password;
    let given = text.chars().count();
    if given < MIN_PASSWORD {
        return Err(TextError::TooShort {
            field,
            least: MIN_PASSWORD,
            given,
        });
    }
    if text.len() > MAX_PASSWORD_BYTES {
        return Err(TextError::TooManyBytes {
            field,
            limit: MAX_PASSWORD_BYTES,
            given: text.len(),
        });
    }
    Ok(())
}

/// Unicode's `Default_Ignorable_Code_Point`, and the few blanks that are letters or symbols by name:
/// Hangul fillers and the empty Braille pattern.
fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'
            | '\u{1160}'
            | '\u{17B4}'
            | '\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// A character, also when it cannot be seen or would disturb the sentence around it.
fn spelled(character: char) -> String {
    let code = u32::from(character);
    if character.is_control() || character.is_whitespace() || is_invisible(character) {
        format!("the invisible character U+{code:04X}")
    } else {
        format!("`{character}` (U+{code:04X})")
    }
}

#[cfg(test)]
mod tests;
