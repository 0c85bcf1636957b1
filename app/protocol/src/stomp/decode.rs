//! Bytes in, frames out; any split of the bytes gives the same frames, and the same error.
//!
//! The decoder reads each byte once: it remembers how far it has looked and what it has found, so
//! a frame that trickles in byte by byte costs no more than one that comes whole.

use super::error::shown;
use super::frame::unescape;
use super::{Command, DecodeError, Frame, Version};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one accumulated frame, headers and body together.
    pub frame: usize,
    pub headers: usize,
    pub header_line: usize,
}

impl Limits {
    pub const BEFORE_LOGIN: Self = Self {
        frame: 16 * 1024,
        headers: 64,
        header_line: 8 * 1024,
    };
    pub const AFTER_LOGIN: Self = Self {
        frame: 256 * 1024,
        headers: 100,
        header_line: 8 * 1024,
    };
}

/// Longer than any command with its line end; keeps a stream that is not STOMP at all from being
/// collected up to the limit before it is refused.
const COMMAND_LINE: usize = 32;

#[derive(Debug)]
enum Stage {
    /// Before a command: line ends (they are heart-beats) and stray NULs are skipped.
    Between,
    Command,
    Headers {
        frame: Frame,
        length: Option<usize>,
    },
    Body {
        frame: Frame,
        /// Where the body starts.
        from: usize,
        length: Option<usize>,
    },
    /// Waits to be taken by `next_frame`.
    Complete(Frame),
    Failed(DecodeError),
}

#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    version: Version,
    buffer: Vec<u8>,
    /// Where the current frame starts.
    start: usize,
    /// Where the current line starts, while in the head.
    line: usize,
    /// Everything before it has been looked at.
    scanned: usize,
    stage: Stage,
}

impl Decoder {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            version: Version::V1_2,
            buffer: Vec::new(),
            start: 0,
            line: 0,
            scanned: 0,
            stage: Stage::Between,
        }
    }

    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Whose escaping the frames that follow use.
    pub fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    /// Takes bytes in. Looks no further than the end of the first complete frame, so that the
    /// version and the limits that this frame brings hold for the next one.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        if let Stage::Failed(error) = &self.stage {
            return Err(error.clone());
        }
        self.forget_taken();
        self.buffer.extend_from_slice(bytes);
        self.advance()
    }

    /// The next complete frame. After an error there is none any more: the stream has lost its
    /// frame boundaries, and the same error is answered for ever.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, DecodeError> {
        self.advance()?;
        if !matches!(self.stage, Stage::Complete(_)) {
            return Ok(None);
        }
        match std::mem::replace(&mut self.stage, Stage::Between) {
            Stage::Complete(frame) => {
                self.start = self.scanned;
                Ok(Some(frame))
            }
            stage => {
                self.stage = stage;
                Ok(None)
            }
        }
    }

    /// Gives up the bytes of frames that were taken. Only when they are at least half of the
    /// buffer, so that each byte is moved a bounded number of times.
    fn forget_taken(&mut self) {
        if self.start == self.buffer.len() {
            // Most connections are idle most of the time; those keep no buffer.
            self.buffer = Vec::new();
        } else if self.start * 2 >= self.buffer.len() {
            self.buffer.drain(..self.start);
        } else {
            return;
        }
        self.line = self.line.saturating_sub(self.start);
        self.scanned = self.scanned.saturating_sub(self.start);
        if let Stage::Body { from, .. } = &mut self.stage {
            *from = from.saturating_sub(self.start);
        }
        self.start = 0;
    }

    /// Looks on until a frame is complete, the bytes are used up, or something is wrong.
    fn advance(&mut self) -> Result<(), DecodeError> {
        loop {
            match self.step() {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => {
                    self.buffer = Vec::new();
                    self.stage = Stage::Failed(error.clone());
                    return Err(error);
                }
            }
        }
    }

    /// One step; false when there is nothing to be done without more bytes.
    fn step(&mut self) -> Result<bool, DecodeError> {
        match &self.stage {
            Stage::Complete(_) => Ok(false),
            Stage::Failed(error) => Err(error.clone()),
            Stage::Between => Ok(self.skip_noise()),
            Stage::Command => {
                let version = self.version;
                let Some(line) = self.line(COMMAND_LINE)? else {
                    return Ok(false);
                };
                let command = command(line, version)?;
                self.next_line();
                self.stage = Stage::Headers {
                    frame: Frame::new(command),
                    length: None,
                };
                Ok(true)
            }
            Stage::Headers { .. } => self.header(),
            Stage::Body { .. } => self.body(),
        }
    }

    fn skip_noise(&mut self) -> bool {
        let rest = self.buffer.get(self.scanned..).unwrap_or_default();
        let noise = rest
            .iter()
            .take_while(|byte| matches!(byte, b'\n' | b'\r' | 0))
            .count();
        let found = noise < rest.len();
        self.scanned += noise;
        self.start = self.scanned;
        self.line = self.scanned;
        if found {
            self.stage = Stage::Command;
        } else {
            self.forget_taken();
        }
        found
    }

    /// The current line without its LF, once it is there whole.
    fn line(&mut self, limit: usize) -> Result<Option<&[u8]>, DecodeError> {
        // Looking no further than the limits makes the answer independent of the split.
        let line_end = self.line.saturating_add(limit).saturating_add(1);
        let frame_end = self
            .start
            .saturating_add(self.limits.frame)
            .saturating_add(1);
        let horizon = self.buffer.len().min(line_end).min(frame_end);
        let fresh = self.buffer.get(self.scanned..horizon).unwrap_or_default();
        match fresh.iter().position(|byte| matches!(byte, b'\n' | 0)) {
            Some(at) if fresh.get(at) == Some(&0) => Err(DecodeError::NulInHead),
            Some(at) => {
                let end = self.scanned + at;
                self.scanned = end + 1;
                Ok(self.buffer.get(self.line..end))
            }
            None if horizon == frame_end => Err(DecodeError::TooLong {
                limit: self.limits.frame,
            }),
            None if horizon == line_end => Err(match self.stage {
                Stage::Command => DecodeError::UnknownCommand {
                    given: shown(self.buffer.get(self.line..horizon).unwrap_or_default()),
                },
                _ => DecodeError::HeaderTooLong { limit },
            }),
            None => {
                self.scanned = horizon.max(self.scanned);
                Ok(None)
            }
        }
    }

    fn next_line(&mut self) {
        self.line = self.scanned;
    }

    fn header(&mut self) -> Result<bool, DecodeError> {
        let version = self.version;
        let limits = self.limits;
        // The stage is put back at the end; until then it cannot be borrowed beside the buffer.
        let stage = std::mem::replace(&mut self.stage, Stage::Between);
        let Stage::Headers {
            mut frame,
            mut length,
        } = stage
        else {
            self.stage = stage;
            return Ok(false);
        };
        let greeting = frame.command.is_greeting();
        let line = match self.line(limits.header_line)? {
            None => {
                self.stage = Stage::Headers { frame, length };
                return Ok(false);
            }
            Some(line) if greeting || version == Version::V1_2 => without_cr(line)?,
            Some(line) => line,
        };
        let escaping = if greeting { Version::V1_0 } else { version };
        let header = if line.is_empty() {
            None
        } else {
            Some(name_and_value(line, escaping)?)
        };
        self.next_line();
        let Some((name, value)) = header else {
            let from = self.scanned;
            if let Some(length) = length {
                let whole = (from - self.start).saturating_add(length);
                if whole > limits.frame {
                    return Err(DecodeError::TooLong {
                        limit: limits.frame,
                    });
                }
            }
            self.stage = Stage::Body {
                frame,
                from,
                length,
            };
            return Ok(true);
        };
        if frame.headers.len() == limits.headers {
            return Err(DecodeError::TooManyHeaders {
                limit: limits.headers,
            });
        }
        if name == "content-length" && length.is_none() {
            length = Some(content_length(&value)?);
        }
        frame.headers.push((name, value));
        self.stage = Stage::Headers { frame, length };
        Ok(true)
    }

    fn body(&mut self) -> Result<bool, DecodeError> {
        let Stage::Body {
            frame,
            from,
            length,
        } = &mut self.stage
        else {
            return Ok(false);
        };
        let end = match *length {
            Some(length) => {
                let end = from.saturating_add(length);
                match self.buffer.get(end) {
                    None => return Ok(false),
                    Some(0) => end,
                    Some(_) => return Err(DecodeError::NoNul { length }),
                }
            }
            None => {
                let frame_end = self
                    .start
                    .saturating_add(self.limits.frame)
                    .saturating_add(1);
                let horizon = self.buffer.len().min(frame_end);
                let fresh = self.buffer.get(self.scanned..horizon).unwrap_or_default();
                match fresh.iter().position(|byte| *byte == 0) {
                    Some(at) => self.scanned + at,
                    None if horizon == frame_end => {
                        return Err(DecodeError::TooLong {
                            limit: self.limits.frame,
                        });
                    }
                    None => {
                        self.scanned = horizon.max(self.scanned);
                        return Ok(false);
                    }
                }
            }
        };
        let command = frame.command;
        let mut frame = std::mem::replace(frame, Frame::new(command));
        if end > *from {
            // 1.0 lets any frame carry one; nobody reads it.
            if !command.may_have_body() && (command.is_greeting() || self.version > Version::V1_0) {
                return Err(DecodeError::BodyNotAllowed { command });
            }
            frame.body = self.buffer.get(*from..end).unwrap_or_default().to_vec();
        }
        self.scanned = end + 1;
        self.stage = Stage::Complete(frame);
        Ok(true)
    }
}

fn command(line: &[u8], version: Version) -> Result<Command, DecodeError> {
    let unknown = || DecodeError::UnknownCommand { given: shown(line) };
    let stripped = line.strip_suffix(b"\r").unwrap_or(line);
    let command = Command::from_name(stripped).ok_or_else(unknown)?;
    // A line ends in CR LF in 1.2 only, and in what is read before the version is known.
    let may_have_cr = version == Version::V1_2 || command.is_greeting();
    if stripped.len() < line.len() && !may_have_cr {
        return Err(unknown());
    }
    Ok(command)
}

fn without_cr(line: &[u8]) -> Result<&[u8], DecodeError> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.contains(&b'\r') {
        return Err(DecodeError::BadHeader { line: shown(line) });
    }
    Ok(line)
}

/// Splits at the first colon, so that a colon in the value need not be escaped: many clients don't.
fn name_and_value(line: &[u8], version: Version) -> Result<(String, String), DecodeError> {
    let text = std::str::from_utf8(line).map_err(|_| DecodeError::NotUtf8)?;
    let (name, value) = text
        .split_once(':')
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| DecodeError::BadHeader { line: shown(line) })?;
    match (unescape(name, version), unescape(value, version)) {
        (Some(name), Some(value)) => Ok((name, value)),
        _ => Err(DecodeError::BadEscape {
            line: shown(line),
            version,
        }),
    }
}

fn content_length(value: &str) -> Result<usize, DecodeError> {
    let digits = value.trim_matches(' ');
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits
        .then(|| digits.parse().ok())
        .flatten()
        .ok_or_else(|| DecodeError::BadContentLength {
            given: shown(value.as_bytes()),
        })
}

#[cfg(test)]
mod tests;
