//! A STOMP client that shows every frame.

use std::net::SocketAddr;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use protocol::stomp::{Command, Decoder, Frame, Limits, Version};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{self, Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async};

/// Longer than anything here takes; a test that gets there has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Stomp {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub protocol: Option<String>,
    version: Version,
}

/// What came.
#[derive(Debug)]
pub enum Came {
    Frame(Frame),
    Closed(u16),
    Gone,
}

impl Stomp {
    pub async fn open(address: SocketAddr) -> Self {
        Self::open_at(address, "/stomp", "v12.stomp, v11.stomp, v10.stomp").await
    }

    /// Whether a socket is given at all.
    pub async fn may_open(address: SocketAddr) -> bool {
        Self::open_if_given(address, None).await.is_some()
    }

    pub async fn open_if_given(
        address: SocketAddr,
        header: Option<(&'static str, &str)>,
    ) -> Option<Self> {
        let mut request = request(address, "/stomp");
        if let Some((name, value)) = header {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        Self::ask(request, address, None).await.ok()
    }

    /// Of a reader for whom the system holds no more than about so many bytes.
    pub async fn open_narrow(address: SocketAddr, receive_buffer: u32) -> Self {
        let request = request(address, "/stomp");
        Self::ask(request, address, Some(receive_buffer))
            .await
            .unwrap()
    }

    pub async fn open_at(address: SocketAddr, path: &str, protocols: &str) -> Self {
        let mut request = request(address, path);
        if !protocols.is_empty() {
            let name = "sec-websocket-protocol";
            request
                .headers_mut()
                .insert(name, protocols.parse().unwrap());
        }
        Self::ask(request, address, None).await.unwrap()
    }

    async fn ask(
        request: Request,
        address: SocketAddr,
        receive_buffer: Option<u32>,
    ) -> tungstenite::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        let stream = MaybeTlsStream::Plain(socket.connect(address).await?);
        let (socket, answer) = client_async(request, stream).await?;
        let protocol = answer.headers().get("sec-websocket-protocol");
        let protocol = protocol.map(|value| value.to_str().unwrap().to_owned());
        Ok(Self {
            socket,
            protocol,
            version: Version::V1_2,
        })
    }

    pub async fn ask_to_connect(&mut self, token: &str) {
        let frame = Frame::new(Command::Connect)
            .with("accept-version", "1.0,1.1,1.2")
            .with("Authorization", format!("Bearer {token}"));
        self.send(&frame).await;
    }

    pub async fn connect(&mut self, token: &str) -> Frame {
        self.ask_to_connect(token).await;
        let connected = self.frame().await;
        assert_eq!(connected.command, Command::Connected, "{connected:?}");
        connected
    }

    pub async fn send(&mut self, frame: &Frame) {
        let text = String::from_utf8(frame.encode(self.version)).unwrap();
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub async fn raw(&mut self, bytes: &[u8]) {
        self.socket
            .send(Message::Binary(Bytes::copy_from_slice(bytes)))
            .await
            .unwrap();
    }

    /// A SEND with a JSON body, and a receipt if one is named.
    pub async fn publish(&mut self, destination: &str, body: &Value, receipt: Option<&str>) {
        let mut frame = Frame::new(Command::Send).with("destination", destination);
        if let Some(receipt) = receipt {
            frame = frame.with("receipt", receipt);
        }
        self.send(&frame.with_body(body.to_string())).await;
    }

    pub async fn subscribe(&mut self, id: &str, destination: &str, after: Option<u64>) {
        let mut frame = Frame::new(Command::Subscribe)
            .with("id", id)
            .with("destination", destination)
            .with("receipt", format!("subscribed-{id}"));
        if let Some(after) = after {
            frame = frame.with("after", after.to_string());
        }
        self.send(&frame).await;
    }

    /// Subscribes and waits for the receipt; what came before it.
    pub async fn subscribed(
        &mut self,
        id: &str,
        destination: &str,
        after: Option<u64>,
    ) -> Vec<Value> {
        self.subscribe(id, destination, after).await;
        let mut before = Vec::new();
        loop {
            let frame = self.frame().await;
            match frame.command {
                Command::Receipt => return before,
                Command::Message => before.push(body(&frame)),
                other => panic!("{other:?} instead of a receipt: {frame:?}"),
            }
        }
    }

    pub async fn came(&mut self) -> Came {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            match next.expect("something comes in time") {
                Some(Ok(Message::Close(close))) => {
                    return Came::Closed(close.map_or(1005, |close| close.code.into()));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => {
                    let mut decoder = Decoder::new(Limits {
                        frame: 8 << 20,
                        ..Limits::AFTER_LOGIN
                    });
                    decoder.set_version(self.version);
                    decoder.feed(&message.into_data()).unwrap();
                    if let Some(frame) = decoder.next_frame().unwrap() {
                        return Came::Frame(frame);
                    }
                }
                Some(Err(_)) | None => return Came::Gone,
            }
        }
    }

    pub async fn frame(&mut self) -> Frame {
        match self.came().await {
            Came::Frame(frame) => frame,
            other => panic!("{other:?} instead of a frame"),
        }
    }

    /// The next MESSAGE; receipts before it are skipped.
    pub async fn message(&mut self) -> Value {
        loop {
            let frame = self.frame().await;
            match frame.command {
                Command::Message => return body(&frame),
                Command::Receipt => {}
                other => panic!("{other:?} instead of a message: {frame:?}"),
            }
        }
    }

    /// The next RECEIPT; messages before it are skipped.
    pub async fn receipt(&mut self) -> String {
        loop {
            let frame = self.frame().await;
            match frame.command {
                Command::Receipt => return frame.header("receipt-id").unwrap().to_owned(),
                Command::Message => {}
                other => panic!("{other:?} instead of a receipt: {frame:?}"),
            }
        }
    }

    /// Everything up to the close, and its code.
    pub async fn until_closed(&mut self) -> (Vec<Frame>, u16) {
        let mut frames = Vec::new();
        loop {
            match self.came().await {
                Came::Frame(frame) => frames.push(frame),
                Came::Closed(code) => return (frames, code),
                Came::Gone => return (frames, 1006),
            }
        }
    }
}

fn request(address: SocketAddr, path: &str) -> Request {
    format!("ws://{address}{path}")
        .into_client_request()
        .unwrap()
}

pub fn body(frame: &Frame) -> Value {
    serde_json::from_slice(&frame.body).unwrap()
}
