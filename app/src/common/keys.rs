//! What Enter means while people write Korean, Japanese or anything else through an input
//! method: the one place that decides it, for every text box whose Enter a script hears. A field
//! of a plain form is left to the browser, which submits no form on an input method's own Enter.
//!
//! Browsers and systems report one physical Enter in at least six different orders (the tests
//! replay them). The rule that is right under all of them: an Enter that ends a Hangul syllable
//! also sends, but only after the input method has written the syllable into the box; whichever
//! of the two possible triggers comes first sends, and the other finds an empty box, which never
//! sends.

/// One `keydown`, as far as the decision needs it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Press<'a> {
    pub key: &'a str,
    pub code: &'a str,
    pub composing: bool,
    pub key_code: u32,
    pub shift: bool,
    pub ctrl: bool,
    pub alt: bool,
    pub meta: bool,
    pub repeat: bool,
}

/// What Enter alone does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enter {
    Sends,
    /// On touch keyboards, where there is no Shift to hold: the button sends. Elsewhere by choice:
    /// Ctrl and Enter send.
    BreaksLine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The input method's own key: leave it alone, and let no shortcut act on it.
    Owned,
    /// No Enter: shortcuts may look at it.
    Other,
    /// Leave it to the browser, which breaks the line.
    NewLine,
    /// Keep it from the browser, and do nothing.
    Swallow,
    /// Keep it from the browser, and send now.
    Send,
    /// Keep it from the browser; `Composition::ended` will say to send.
    SendAfterCommit,
    /// Keep it from the browser; the syllable was committed just before, send in a moment.
    SendSoon,
}

/// What a text box's input method is doing.
#[derive(Clone, Debug, Default)]
pub struct Composition {
    active: bool,
    /// The text being composed, kept after its end: one order reports Enter only then.
    text: String,
    /// A Hanja conversion was asked for: Enter picks the candidate.
    converting: bool,
    send_waits: bool,
}

impl Composition {
    pub fn is_active(&self) -> bool {
        self.active
    }

    pub fn started(&mut self) {
        *self = Self {
            active: true,
            ..Self::default()
        };
    }

    pub fn updated(&mut self, text: &str) {
        self.active = true;
        self.text = text.to_owned();
    }

    /// Whether to send, once the browser has finished with this event.
    #[must_use]
    pub fn ended(&mut self, text: &str) -> bool {
        self.active = false;
        if !text.is_empty() {
            self.text = text.to_owned();
        }
        std::mem::take(&mut self.send_waits)
    }

    pub fn pressed(&mut self, press: Press<'_>, enter: Enter) -> Decision {
        let owned = self.active || is_owned(press.composing, press.key_code);
        if owned && is_hanja(press) {
            self.converting = true;
        }
        if !is_enter(press) {
            return if owned {
                Decision::Owned
            } else {
                Decision::Other
            };
        }
        let sends = match enter {
            Enter::Sends => !press.shift && !press.alt,
            Enter::BreaksLine => press.ctrl || press.meta,
        };
        if !sends {
            return if owned {
                Decision::Owned
            } else {
                Decision::NewLine
            };
        }
        if owned {
            return self.owned_enter(press);
        }
        if press.repeat {
            Decision::Swallow
        } else {
            Decision::Send
        }
    }

    fn owned_enter(&mut self, press: Press<'_>) -> Decision {
        if self.converting || !is_hangul(&self.text) {
            return Decision::Owned;
        }
        if press.repeat {
            return Decision::Swallow;
        }
        if self.active {
            self.send_waits = true;
            Decision::SendAfterCommit
        } else {
            Decision::SendSoon
        }
    }
}

/// Whether a key is an input method's own, as far as the key alone tells. Where the composition
/// ends before its last key is told of, as in Safari, only the key's code says so.
pub fn is_owned(composing: bool, key_code: u32) -> bool {
    composing || key_code == 229
}

fn is_enter(press: Press<'_>) -> bool {
    press.key == "Enter"
        || (press.key == "Process" && matches!(press.code, "Enter" | "NumpadEnter"))
}

fn is_hanja(press: Press<'_>) -> bool {
    press.key == "HanjaMode" || matches!(press.code, "Lang2" | "F9")
}

/// Hangul composes without candidates, so its Enter can only mean "send".
fn is_hangul(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| {
            matches!(c,
                '\u{1100}'..='\u{11FF}'
                | '\u{3130}'..='\u{318F}'
                | '\u{A960}'..='\u{A97F}'
                | '\u{AC00}'..='\u{D7A3}'
                | '\u{D7B0}'..='\u{D7FF}')
        })
}

#[cfg(test)]
mod tests;
