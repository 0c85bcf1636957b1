//! A STOMP client over one WebSocket, for any STOMP server.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;

use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use protocol::stomp::{Command, Decoder, Frame, Limits, Version};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// The library's own 128 KiB for each connection would make the client the largest process.
const BUFFER: usize = 4 << 10;
/// Frames of a server under test may be larger than those it takes.
const LIMITS: Limits = Limits {
    frame: 8 << 20,
    headers: 200,
    header_line: 64 << 10,
};

/// Where, and with which words, a connection is opened.
#[derive(Clone, Debug)]
pub struct Greeting {
    /// `host:port`.
    pub host: String,
    pub path: String,
    /// The WebSocket subprotocol to offer; none where empty.
    pub subprotocol: String,
    /// Headers of the CONNECT frame.
    pub headers: Vec<(String, String)>,
    /// The socket's receive buffer, for readers that are slow on purpose.
    pub receive_buffer: Option<u32>,
}

impl Greeting {
    /// As a program greets Madang.
    pub fn madang(address: SocketAddr, token: &str) -> Self {
        Self {
            host: address.to_string(),
            path: "/stomp".into(),
            subprotocol: Version::V1_2.subprotocol().into(),
            headers: vec![
                ("accept-version".into(), "1.2".into()),
                ("host".into(), "madang".into()),
                ("heart-beat".into(), "0,0".into()),
                ("Authorization".into(), format!("Bearer {token}")),
            ],
            receive_buffer: None,
        }
    }
}

/// Why there is no connection.
#[derive(Debug)]
pub enum NotConnected {
    /// The server said no, in an ERROR frame or with a close code.
    Refused { message: String, code: Option<u16> },
    /// The network said no.
    Failed(String),
}

impl fmt::Display for NotConnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { message, code } => write!(f, "refused ({code:?}): {message}"),
            Self::Failed(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for NotConnected {}

fn failed(error: impl fmt::Display) -> NotConnected {
    NotConnected::Failed(error.to_string())
}

/// What came in.
#[derive(Debug)]
pub enum Heard {
    Frame(Frame),
    /// A MESSAGE frame, alone in its WebSocket message and not parsed further.
    Message(Utf8Bytes),
    /// A sign of life: a heart-beat, a ping or a pong.
    Alive,
    /// The end. Without a code the connection broke.
    Closed(Option<u16>),
}

pub struct Sender {
    sink: SplitSink<WebSocketStream<TcpStream>, Message>,
    version: Version,
}

pub struct Receiver {
    stream: SplitStream<WebSocketStream<TcpStream>>,
    decoder: Decoder,
    frames: VecDeque<Frame>,
    /// Whether the decoder may hold the beginning of a frame.
    within_frame: bool,
    closed: Option<Option<u16>>,
}

/// Opens the socket, greets, and waits for CONNECTED.
pub async fn connect(greeting: &Greeting) -> Result<(Sender, Receiver), NotConnected> {
    let stream = open(greeting).await?;
    let url = format!("ws://{}{}", greeting.host, greeting.path);
    let mut request = url.into_client_request().map_err(failed)?;
    if !greeting.subprotocol.is_empty() {
        let offered = HeaderValue::from_str(&greeting.subprotocol).map_err(failed)?;
        request
            .headers_mut()
            .insert(SEC_WEBSOCKET_PROTOCOL, offered);
    }
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(64 << 20);
    let (socket, _) = client_async_with_config(request, stream, Some(config))
        .await
        .map_err(failed)?;
    let (sink, stream) = socket.split();
    let mut sender = Sender {
        sink,
        version: Version::V1_2,
    };
    let mut receiver = Receiver {
        stream,
        decoder: Decoder::new(LIMITS),
        frames: VecDeque::new(),
        within_frame: false,
        closed: None,
    };
    let mut connect = Frame::new(Command::Connect);
    connect.headers.clone_from(&greeting.headers);
    sender.send(&connect).await.map_err(failed)?;
    let version = connected(&mut receiver).await?;
    sender.version = version;
    receiver.decoder.set_version(version);
    Ok((sender, receiver))
}

async fn open(greeting: &Greeting) -> Result<TcpStream, NotConnected> {
    let address = lookup_host(&greeting.host)
        .await
        .map_err(failed)?
        .next()
        .ok_or_else(|| failed(format!("{} has no address", greeting.host)))?;
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }
    .map_err(failed)?;
    if let Some(bytes) = greeting.receive_buffer {
        socket.set_recv_buffer_size(bytes).map_err(failed)?;
    }
    let stream = socket.connect(address).await.map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    Ok(stream)
}

async fn connected(receiver: &mut Receiver) -> Result<Version, NotConnected> {
    let mut refusal = None;
    loop {
        match receiver.next().await {
            Heard::Frame(frame) if frame.command == Command::Connected => {
                // A server of 1.0 names no version.
                let tag = frame.header("version").unwrap_or("1.0");
                return Version::from_tag(tag)
                    .ok_or_else(|| failed(format!("the server chose STOMP {tag}")));
            }
            Heard::Frame(frame) if frame.command == Command::Error => {
                refusal = frame.header("message").map(str::to_owned);
            }
            Heard::Closed(code) => {
                return match (refusal, code) {
                    (None, None) => Err(failed("closed before CONNECTED")),
                    (message, code) => Err(NotConnected::Refused {
                        message: message.unwrap_or_default(),
                        code,
                    }),
                };
            }
            Heard::Frame(_) | Heard::Message(_) | Heard::Alive => {}
        }
    }
}

impl Sender {
    pub async fn send(&mut self, frame: &Frame) -> Result<(), NotConnected> {
        self.feed(frame).await?;
        self.flush().await
    }

    /// Puts it into the buffer; several frames then leave with one flush.
    pub async fn feed(&mut self, frame: &Frame) -> Result<(), NotConnected> {
        let message = match Utf8Bytes::try_from(frame.encode(self.version)) {
            Ok(text) => Message::Text(text),
            Err(_) => Message::Binary(frame.encode(self.version).into()),
        };
        self.sink.feed(message).await.map_err(failed)
    }

    pub async fn flush(&mut self) -> Result<(), NotConnected> {
        self.sink.flush().await.map_err(failed)
    }

    /// STOMP's heart-beat.
    pub async fn beat(&mut self) -> Result<(), NotConnected> {
        let beat = Message::Text(Utf8Bytes::from_static("\n"));
        self.sink.send(beat).await.map_err(failed)
    }

    /// Asks whether the other side is still there.
    pub async fn ping(&mut self) -> Result<(), NotConnected> {
        let ping = Message::Ping(Bytes::new());
        self.sink.send(ping).await.map_err(failed)
    }

    pub async fn close(&mut self) {
        // A peer that is gone cannot be told goodbye, and need not be.
        let _ = self.sink.send(Message::Close(None)).await;
    }
}

impl Receiver {
    /// The next frame, parsed.
    pub async fn next(&mut self) -> Heard {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Heard::Frame(frame);
            }
            if let Some(code) = self.closed {
                return Heard::Closed(code);
            }
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => self.decode(text.as_bytes()),
                Some(Ok(Message::Binary(bytes))) => self.decode(&bytes),
                other => self.signs(other),
            }
            if self.frames.is_empty() && self.closed.is_none() {
                return Heard::Alive;
            }
        }
    }

    /// The same for those who count: a MESSAGE that stands alone is handed out as it came.
    pub async fn next_quickly(&mut self) -> Heard {
        if !self.frames.is_empty() || self.closed.is_some() || self.within_frame {
            return self.next().await;
        }
        match self.stream.next().await {
            Some(Ok(Message::Text(text))) if stands_alone(&text) => Heard::Message(text),
            Some(Ok(Message::Binary(bytes))) => match Utf8Bytes::try_from(bytes.clone()) {
                Ok(text) if stands_alone(&text) => Heard::Message(text),
                _ => {
                    self.decode(&bytes);
                    self.decoded()
                }
            },
            Some(Ok(Message::Text(text))) => {
                self.decode(text.as_bytes());
                self.decoded()
            }
            other => {
                self.signs(other);
                self.decoded()
            }
        }
    }

    fn decoded(&mut self) -> Heard {
        match (self.frames.pop_front(), self.closed) {
            (Some(frame), _) => Heard::Frame(frame),
            (None, Some(code)) => Heard::Closed(code),
            (None, None) => Heard::Alive,
        }
    }

    fn decode(&mut self, bytes: &[u8]) {
        self.within_frame = !matches!(bytes.last(), None | Some(0 | b'\n'));
        let mut outcome = self.decoder.feed(bytes);
        while outcome.is_ok() {
            match self.decoder.next_frame() {
                Ok(Some(frame)) => self.frames.push_back(frame),
                Ok(None) => return,
                Err(error) => outcome = Err(error),
            }
        }
        // What cannot be read is the end of a connection, for a client too.
        self.closed = Some(None);
    }

    fn signs(&mut self, message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>) {
        match message {
            Some(Ok(Message::Close(frame))) => {
                self.closed = Some(Some(frame.map_or(1005, |frame| frame.code.into())));
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => self.closed = Some(None),
        }
    }
}

/// Whether a WebSocket message is exactly one MESSAGE frame.
fn stands_alone(text: &str) -> bool {
    let text = text.trim_end_matches('\n');
    text.starts_with("MESSAGE\n") && text.find('\0') == Some(text.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::net::TcpListener;
    use tokio::time::timeout;
    use tokio_tungstenite::tungstenite::protocol::CloseFrame;

    /// A server that says these things after CONNECT, and then closes with 4000.
    async fn saying(words: &'static [&'static str]) -> Greeting {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
            let hello = socket.next().await.unwrap().unwrap();
            assert!(hello.into_text().unwrap().starts_with("CONNECT\n"));
            for word in words {
                socket.send(Message::text(*word)).await.unwrap();
            }
            let close = CloseFrame {
                code: 4000.into(),
                reason: "slow".into(),
            };
            let _ = socket.close(Some(close)).await;
            let _ = socket.next().await;
        });
        Greeting {
            subprotocol: String::new(),
            ..Greeting::madang(address, "t")
        }
    }

    async fn soon<T>(future: impl Future<Output = T>) -> T {
        timeout(Duration::from_secs(5), future).await.unwrap()
    }

    #[tokio::test]
    async fn frames_come_out_in_any_packing() {
        let greeting = saying(&[
            "CONNECTED\nversion:1.2\n\n\0",
            "RECEIPT\nreceipt-id:1\n\n\0MESSAGE\nsubscription:0\n",
            "\nhi\0",
            "MESSAGE\nsubscription:1\n\nho\0",
        ])
        .await;
        let (_sender, mut receiver) = soon(connect(&greeting)).await.unwrap();
        let mut seen = Vec::new();
        loop {
            match soon(receiver.next_quickly()).await {
                Heard::Frame(frame) => seen.push(frame.command.name()),
                Heard::Message(_) => seen.push("whole"),
                Heard::Alive => {}
                Heard::Closed(code) => {
                    assert_eq!(code, Some(4000));
                    break;
                }
            }
        }
        assert_eq!(seen, ["RECEIPT", "MESSAGE", "whole"]);
    }

    #[tokio::test]
    async fn a_refused_greeting_says_why() {
        let greeting = saying(&["ERROR\nmessage:unauthenticated\n\n\0"]).await;
        match soon(connect(&greeting)).await {
            Err(NotConnected::Refused { message, code }) => {
                assert_eq!((message.as_str(), code), ("unauthenticated", Some(4000)));
            }
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("connected"),
        }
    }
}
