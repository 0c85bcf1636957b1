//! What can be wrong with the bytes, in words that can be sent back to whoever wrote them.

use super::{Command, Version};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("the frame is longer than the {limit} bytes that are allowed")]
    TooLong { limit: usize },
    #[error("the frame has more than the {limit} headers that are allowed")]
    TooManyHeaders { limit: usize },
    #[error("a header line is longer than the {limit} bytes that are allowed")]
    HeaderTooLong { limit: usize },
    #[error("`{given}` is not a STOMP command; commands are written in capital letters")]
    UnknownCommand { given: String },
    #[error("the header line `{line}` is not `name:value`")]
    BadHeader { line: String },
    #[error("the header line `{line}` has an escape that STOMP {} does not know", version.tag())]
    BadEscape { line: String, version: Version },
    #[error("the command and the headers must be UTF-8")]
    NotUtf8,
    #[error("a NUL ends a frame and cannot stand in its command or headers")]
    NulInHead,
    #[error("`{given}` is not a content-length; a count of bytes was expected")]
    BadContentLength { given: String },
    #[error("a NUL must follow the {length} bytes that content-length announced")]
    NoNul { length: usize },
    #[error("{} cannot have a body; only SEND, MESSAGE and ERROR can", command.name())]
    BodyNotAllowed { command: Command },
}

/// What came, short and printable: it goes into the answer and the log.
pub(super) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut short: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    if text.chars().nth(40).is_some() {
        short.push('…');
    }
    short
}
