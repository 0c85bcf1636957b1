//! A frame, and how it is written.

/// The three versions, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    V1_0,
    V1_1,
    V1_2,
}

impl Version {
    pub const ALL: [Self; 3] = [Self::V1_0, Self::V1_1, Self::V1_2];

    /// `1.0`, `1.1`, `1.2`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
        }
    }

    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.tag() == tag)
    }

    /// `v10.stomp` …
    pub fn subprotocol(self) -> &'static str {
        match self {
            Self::V1_0 => "v10.stomp",
            Self::V1_1 => "v11.stomp",
            Self::V1_2 => "v12.stomp",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    Connect,
    Stomp,
    Connected,
    Send,
    Subscribe,
    Unsubscribe,
    Ack,
    Nack,
    Begin,
    Commit,
    Abort,
    Disconnect,
    Message,
    Receipt,
    Error,
}

impl Command {
    pub const ALL: [Self; 15] = [
        Self::Connect,
        Self::Stomp,
        Self::Connected,
        Self::Send,
        Self::Subscribe,
        Self::Unsubscribe,
        Self::Ack,
        Self::Nack,
        Self::Begin,
        Self::Commit,
        Self::Abort,
        Self::Disconnect,
        Self::Message,
        Self::Receipt,
        Self::Error,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Stomp => "STOMP",
            Self::Connected => "CONNECTED",
            Self::Send => "SEND",
            Self::Subscribe => "SUBSCRIBE",
            Self::Unsubscribe => "UNSUBSCRIBE",
            Self::Ack => "ACK",
            Self::Nack => "NACK",
            Self::Begin => "BEGIN",
            Self::Commit => "COMMIT",
            Self::Abort => "ABORT",
            Self::Disconnect => "DISCONNECT",
            Self::Message => "MESSAGE",
            Self::Receipt => "RECEIPT",
            Self::Error => "ERROR",
        }
    }

    /// Commands are case-sensitive: `send` is not one.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|command| command.name().as_bytes() == name)
    }

    pub fn may_have_body(self) -> bool {
        matches!(self, Self::Send | Self::Message | Self::Error)
    }

    /// CONNECT and CONNECTED are read before the version is agreed upon, so no version's escaping
    /// can hold for them.
    pub(super) fn is_greeting(self) -> bool {
        matches!(self, Self::Connect | Self::Stomp | Self::Connected)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub command: Command,
    /// In wire order; the first of a repeated name counts.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Frame {
    pub fn new(command: Command) -> Self {
        Self {
            command,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    }

    /// With the version's escaping, `content-length` whenever there is a body, and the final NUL.
    /// UTF-8 as long as the body is.
    pub fn encode(&self, version: Version) -> Vec<u8> {
        let escaping = if self.command.is_greeting() {
            Version::V1_0
        } else {
            version
        };
        let mut head = String::with_capacity(128);
        head.push_str(self.command.name());
        head.push('\n');
        for (name, value) in &self.headers {
            // The length is what the body has, never what somebody noted.
            if name == "content-length" {
                continue;
            }
            escape_into(&mut head, name, escaping);
            head.push(':');
            escape_into(&mut head, value, escaping);
            head.push('\n');
        }
        if !self.body.is_empty() {
            head.push_str("content-length:");
            head.push_str(&self.body.len().to_string());
            head.push('\n');
        }
        head.push('\n');
        let mut bytes = head.into_bytes();
        bytes.reserve_exact(self.body.len() + 1);
        bytes.extend_from_slice(&self.body);
        bytes.push(0);
        bytes
    }
}

/// Appends a header name or value with the version's escaping: for those who write frames by hand.
///
/// What a version cannot spell is replaced, because a raw line break or NUL would forge another
/// header or end the frame: in 1.0 (and in CONNECTED, which is written as 1.0) a line break becomes
/// a space; a NUL becomes U+FFFD in every version.
pub fn escape_into(out: &mut String, text: &str, version: Version) {
    for letter in text.chars() {
        match (letter, version) {
            ('\0', _) => out.push(char::REPLACEMENT_CHARACTER),
            ('\n' | '\r', Version::V1_0) => out.push(' '),
            ('\n', _) => out.push_str("\\n"),
            ('\r', Version::V1_2) => out.push_str("\\r"),
            (':', Version::V1_1 | Version::V1_2) => out.push_str("\\c"),
            ('\\', Version::V1_1 | Version::V1_2) => out.push_str("\\\\"),
            _ => out.push(letter),
        }
    }
}

/// The reverse; `None` where the version does not know the escape.
pub(super) fn unescape(text: &str, version: Version) -> Option<String> {
    if version == Version::V1_0 || !text.contains('\\') {
        return Some(text.to_owned());
    }
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            plain.push(letter);
            continue;
        }
        plain.push(match (letters.next()?, version) {
            ('n', _) => '\n',
            ('c', _) => ':',
            ('\\', _) => '\\',
            ('r', Version::V1_2) => '\r',
            _ => return None,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(version: Version) -> String {
        let frame = Frame::new(Command::Message).with("a:b", "c:d\\e\nf\rg");
        String::from_utf8(frame.encode(version)).unwrap()
    }

    #[test]
    fn each_version_escapes_in_its_own_way() {
        assert_eq!(
            written(Version::V1_2),
            "MESSAGE\na\\cb:c\\cd\\\\e\\nf\\rg\n\n\0"
        );
        assert_eq!(
            written(Version::V1_1),
            "MESSAGE\na\\cb:c\\cd\\\\e\\nf\rg\n\n\0"
        );
        assert_eq!(written(Version::V1_0), "MESSAGE\na:b:c:d\\e f g\n\n\0");
    }

    #[test]
    fn connected_is_never_escaped() {
        let frame = Frame::new(Command::Connected).with("server", "madang\\0.1:x");
        assert_eq!(
            frame.encode(Version::V1_2),
            b"CONNECTED\nserver:madang\\0.1:x\n\n\0"
        );
    }

    #[test]
    fn no_value_can_forge_a_header_or_end_the_frame() {
        for version in Version::ALL {
            let frame = Frame::new(Command::Error).with("message", "a\nb:c\0d");
            let bytes = frame.encode(version);
            assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 3);
            assert_eq!(bytes.iter().filter(|byte| **byte == 0).count(), 1);
        }
    }

    #[test]
    fn the_length_written_is_the_length_of_the_body() {
        let frame = Frame::new(Command::Send)
            .with("content-length", "9999")
            .with_body("a\0b");
        assert_eq!(
            frame.encode(Version::V1_2),
            b"SEND\ncontent-length:3\n\na\0b\0"
        );
    }

    #[test]
    fn the_first_of_a_repeated_header_counts() {
        let frame = Frame::new(Command::Send).with("a", "1").with("a", "2");
        assert_eq!(frame.header("a"), Some("1"));
        assert_eq!(frame.header("A"), None);
    }

    #[test]
    fn an_escape_that_the_version_does_not_know_is_refused() {
        assert_eq!(unescape("a\\rb", Version::V1_2).as_deref(), Some("a\rb"));
        assert_eq!(unescape("a\\rb", Version::V1_1), None);
        assert_eq!(
            unescape("a\\rb\\", Version::V1_0).as_deref(),
            Some("a\\rb\\")
        );
        assert_eq!(unescape("a\\t", Version::V1_2), None);
        assert_eq!(unescape("a\\", Version::V1_2), None);
    }

    #[test]
    fn versions_and_commands_are_known_by_their_names() {
        for version in Version::ALL {
            assert_eq!(Version::from_tag(version.tag()), Some(version));
        }
        assert_eq!(Version::from_tag("2.0"), None);
        for command in Command::ALL {
            assert_eq!(Command::from_name(command.name().as_bytes()), Some(command));
        }
        assert_eq!(Command::from_name(b"send"), None);
    }
}
