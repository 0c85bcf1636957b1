//! A server's session: which frame may come when, and what it asks for.
//!
//! What is not supported is refused in words. A client that asked for acknowledgements or a
//! transaction and silently got neither would lose messages without knowing.

use std::collections::{HashMap, HashSet};

use super::{Command, DecodeError, Frame, HeartBeat, Version};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    pub version: Version,
    pub authorization: Option<String>,
    pub login: Option<String>,
    pub passcode: Option<String>,
    pub heart_beat: (u32, u32),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    Connect(Connect),
    Send {
        destination: String,
        body: Vec<u8>,
        receipt: Option<String>,
    },
    /// `after`: the header as it came.
    Subscribe {
        id: String,
        destination: String,
        after: Option<String>,
        receipt: Option<String>,
    },
    /// The subscription's id, also where a 1.0 client named its destination.
    Unsubscribe {
        id: String,
        receipt: Option<String>,
    },
    Disconnect {
        receipt: Option<String>,
    },
}

/// The client broke the protocol: an ERROR frame, then the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub message: String,
    pub detail: String,
    pub receipt: Option<String>,
    /// Name the versions that are spoken.
    pub versions: bool,
}

impl Violation {
    pub fn new(message: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            detail: detail.into(),
            receipt: None,
            versions: false,
        }
    }

    /// The ERROR frame.
    pub fn frame(&self) -> Frame {
        let mut frame = Frame::new(Command::Error).with("message", &self.message);
        if self.versions {
            frame = frame.with("version", Version::ALL.map(Version::tag).join(","));
        }
        if let Some(receipt) = &self.receipt {
            frame = frame.with("receipt-id", receipt);
        }
        frame
            .with("content-type", "text/plain;charset=utf-8")
            .with_body(self.detail.as_bytes())
    }
}

impl From<DecodeError> for Violation {
    fn from(error: DecodeError) -> Self {
        let message = match error {
            DecodeError::TooLong { .. }
            | DecodeError::TooManyHeaders { .. }
            | DecodeError::HeaderTooLong { .. } => "frame too large",
            DecodeError::UnknownCommand { .. } => "unknown command",
            _ => "malformed frame",
        };
        Self::new(message, error.to_string())
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Fresh,
    Connected(Version),
    /// After DISCONNECT; its RECEIPT is still to be written.
    Ended(Version),
}

#[derive(Debug, Default)]
pub struct ServerSession {
    state: State,
    /// The destination by the subscription's id.
    subscriptions: HashMap<String, String>,
    /// Ids whose subscription was refused. The client may end them before it has heard of that.
    refused: HashSet<String>,
    /// Bytes held by both.
    held: usize,
}

impl ServerSession {
    /// What the names of one session's subscriptions may occupy, those that were refused included:
    /// no way to fill the server's memory with long ids.
    pub const SUBSCRIPTION_BYTES: usize = 512 * 1024;

    /// Open subscriptions of one session: each costs work whenever something happens in its room.
    pub const SUBSCRIPTIONS: usize = 500;

    pub fn new() -> Self {
        Self::default()
    }

    /// 1.2 until CONNECT has said otherwise.
    pub fn version(&self) -> Version {
        match self.state {
            State::Connected(version) | State::Ended(version) => version,
            State::Fresh => Version::V1_2,
        }
    }

    /// Frees a subscription's id, when the application refused what it subscribed to and the
    /// session goes on. Whether the client uses it again or ends it, it does nothing wrong.
    pub fn forget(&mut self, id: &str) {
        if let Some((id, destination)) = self.subscriptions.remove_entry(id) {
            self.held = self.held.saturating_sub(destination.len());
            self.refused.insert(id);
        }
    }

    /// Takes the id out of wherever it stands. Whether it stood anywhere.
    fn release(&mut self, id: &str) -> bool {
        if let Some((id, destination)) = self.subscriptions.remove_entry(id) {
            self.held = self.held.saturating_sub(id.len() + destination.len());
            return true;
        }
        let was_refused = self.refused.remove(id);
        if was_refused {
            self.held = self.held.saturating_sub(id.len());
        }
        was_refused
    }

    pub fn on_frame(&mut self, frame: Frame) -> Result<Request, Violation> {
        let receipt = frame.header("receipt").map(str::to_owned);
        self.request(frame).map_err(|violation| Violation {
            receipt,
            ..violation
        })
    }

    fn request(&mut self, frame: Frame) -> Result<Request, Violation> {
        let greeting = matches!(frame.command, Command::Connect | Command::Stomp);
        match self.state {
            State::Fresh if greeting => self.connect(&frame),
            State::Fresh => Err(Violation::new(
                "not connected",
                format!(
                    "{} came before CONNECT; send CONNECT first.",
                    frame.command.name()
                ),
            )),
            State::Connected(_) if greeting => Err(Violation::new(
                "already connected",
                "CONNECT came a second time; open another connection for another session.",
            )),
            State::Connected(version) => self.in_session(frame, version),
            State::Ended(_) => Err(Violation::new(
                "disconnected",
                "Nothing may follow DISCONNECT; open another connection.",
            )),
        }
    }

    fn connect(&mut self, frame: &Frame) -> Result<Request, Violation> {
        let version = match frame.header("accept-version") {
            // Before 1.1 there was nothing to choose from, and no header to choose with.
            None => Version::V1_0,
            Some(accepted) => accepted
                .split(',')
                .filter_map(|tag| Version::from_tag(tag.trim()))
                .max()
                .ok_or_else(|| Violation {
                    versions: true,
                    ..Violation::new(
                        "no common version",
                        format!("Spoken here: STOMP 1.0, 1.1 and 1.2; accepted there: {accepted}."),
                    )
                })?,
        };
        let beats = match frame.header("heart-beat") {
            None => (0, 0),
            Some(header) => HeartBeat::parse(header).ok_or_else(|| {
                Violation::new(
                    "malformed heart-beat",
                    format!("`{header}` is not `cx,cy`, two counts of milliseconds."),
                )
            })?,
        };
        // Header names are case-sensitive, but people know this one from HTTP, where it is not.
        let authorization = frame
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("authorization"))
            .map(|(_, value)| value.trim().to_owned())
            .filter(|value| !value.is_empty());
        let given = |name| {
            value(frame, name, version)
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
        };
        let connect = Connect {
            version,
            authorization,
            login: given("login"),
            passcode: given("passcode"),
            // 1.0 has no heart-beats.
            heart_beat: if version == Version::V1_0 {
                (0, 0)
            } else {
                beats
            },
        };
        self.state = State::Connected(version);
        Ok(Request::Connect(connect))
    }

    fn in_session(&mut self, frame: Frame, version: Version) -> Result<Request, Violation> {
        if frame.header("transaction").is_some() {
            return Err(Violation::new(
                "transactions are not supported",
                format!(
                    "{} carries a `transaction` header; send it without, each SEND stands for itself.",
                    frame.command.name()
                ),
            ));
        }
        let receipt = frame.header("receipt").map(str::to_owned);
        match frame.command {
            Command::Send => Ok(Request::Send {
                destination: required(&frame, "destination", version)?,
                body: frame.body,
                receipt,
            }),
            Command::Subscribe => self.subscribe(&frame, version, receipt),
            Command::Unsubscribe => self.unsubscribe(&frame, version, receipt),
            Command::Disconnect => {
                self.state = State::Ended(version);
                Ok(Request::Disconnect { receipt })
            }
            Command::Ack | Command::Nack => Err(Violation::new(
                "acknowledgements are not supported",
                "Subscriptions are ack:auto here, so there is nothing to acknowledge; resume a room with the `after` header instead.",
            )),
            Command::Begin | Command::Commit | Command::Abort => Err(Violation::new(
                "transactions are not supported",
                format!(
                    "{} is not spoken here; each SEND stands for itself.",
                    frame.command.name()
                ),
            )),
            Command::Connect
            | Command::Stomp
            | Command::Connected
            | Command::Message
            | Command::Receipt
            | Command::Error => Err(Violation::new(
                "not a client's command",
                format!("{} is for the server to send.", frame.command.name()),
            )),
        }
    }

    fn subscribe(
        &mut self,
        frame: &Frame,
        version: Version,
        receipt: Option<String>,
    ) -> Result<Request, Violation> {
        let destination = required(frame, "destination", version)?;
        let id = match value(frame, "id", version) {
            None if version == Version::V1_0 => destination.clone(),
            _ => required(frame, "id", version)?,
        };
        match value(frame, "ack", version) {
            None | Some("auto") => {}
            Some(mode @ ("client" | "client-individual")) => {
                return Err(Violation::new(
                    "acknowledgements are not supported",
                    format!(
                        "`ack:{mode}` is not supported; subscribe with `ack:auto` and resume a room with the `after` header."
                    ),
                ));
            }
            Some(mode) => {
                return Err(Violation::new(
                    "unknown ack mode",
                    format!("`ack:{mode}` is unknown; `ack:auto` is supported."),
                ));
            }
        }
        if self.subscriptions.contains_key(&id) {
            return Err(Violation::new(
                "duplicate subscription",
                format!("The id `{id}` is in use; UNSUBSCRIBE it first, or choose another."),
            ));
        }
        // One that was refused may be tried again.
        self.release(&id);
        let bytes = id.len() + destination.len();
        if self.subscriptions.len() >= Self::SUBSCRIPTIONS
            || self.held + bytes > Self::SUBSCRIPTION_BYTES
        {
            return Err(Violation::new(
                "too many subscriptions",
                format!(
                    "{} subscriptions are open; UNSUBSCRIBE those that are no longer needed.",
                    self.subscriptions.len()
                ),
            ));
        }
        self.held += bytes;
        self.subscriptions.insert(id.clone(), destination.clone());
        Ok(Request::Subscribe {
            id,
            destination,
            after: value(frame, "after", version).map(str::to_owned),
            receipt,
        })
    }

    fn unsubscribe(
        &mut self,
        frame: &Frame,
        version: Version,
        receipt: Option<String>,
    ) -> Result<Request, Violation> {
        let id = match value(frame, "id", version) {
            None if version == Version::V1_0 => {
                let destination = required(frame, "destination", version)?;
                self.subscription_to(&destination).unwrap_or(destination)
            }
            _ => required(frame, "id", version)?,
        };
        if !self.release(&id) {
            return Err(Violation::new(
                "unknown subscription",
                format!("There is no subscription `{id}` in this session."),
            ));
        }
        Ok(Request::Unsubscribe { id, receipt })
    }

    /// The id under which a destination was subscribed to: its own name before any other.
    fn subscription_to(&self, destination: &str) -> Option<String> {
        if self.subscriptions.contains_key(destination) {
            return Some(destination.to_owned());
        }
        self.subscriptions
            .iter()
            .filter(|(_, to)| *to == destination)
            .map(|(id, _)| id)
            .min()
            .cloned()
    }
}

/// 1.0's own examples pad values (`login: <user>`); the later versions forbid to trim.
fn value<'a>(frame: &'a Frame, name: &str, version: Version) -> Option<&'a str> {
    let value = frame.header(name)?;
    Some(match version {
        Version::V1_0 => value.trim_matches(' '),
        Version::V1_1 | Version::V1_2 => value,
    })
}

fn required(frame: &Frame, name: &str, version: Version) -> Result<String, Violation> {
    value(frame, name, version)
        .filter(|value| !value.is_empty())
        .map(str::to_owned)
        .ok_or_else(|| {
            Violation::new(
                format!("missing header: {name}"),
                format!(
                    "{} needs the header `{name}` in STOMP {}.",
                    frame.command.name(),
                    version.tag()
                ),
            )
        })
}

#[cfg(test)]
mod tests;
