//! The socket itself: it does what `link` decides, turns bytes into frames, and hands on what they
//! mean. One loop owns everything, so that nothing is ever heard from a connection given up.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures::channel::mpsc::UnboundedReceiver;
use futures::{FutureExt, SinkExt, StreamExt};
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, State, WebSocketError};
use gloo_timers::future::TimeoutFuture;
use protocol::stomp::{Decoder, Frame, Limits, Version};

use super::clock;
use super::line::Mail;
use super::tab::Tab;
use crate::frames::{self, Heard};
use crate::link::{Input, Link, Output};

/// What the server says is believed to be what it meant to say; the bound is only there so that
/// nonsense ends.
const LIMITS: Limits = Limits {
    frame: 4 << 20,
    headers: 100,
    header_line: 16 << 10,
};
/// How many messages are taken at once before the page is drawn.
const BATCH: usize = 256;
/// The server closes so when a frame was too large.
const TOO_LARGE: u16 = 1009;
/// A socket that broke without saying why.
const BROKEN: u16 = 1006;

struct Socket {
    websocket: WebSocket,
    decoder: Decoder,
    is_open: bool,
}

enum Happened {
    Mail(Mail),
    Opened,
    /// What came, and the code of the end if it came too.
    Came(Vec<Message>, Option<u16>),
    Tick,
}

pub struct Driver {
    tab: Rc<Tab>,
    link: Link,
    socket: Option<Socket>,
    /// Counts the logins.
    connection: u32,
    /// What the link has yet to be told.
    inputs: VecDeque<Input>,
}

impl Driver {
    pub fn new(tab: Rc<Tab>, online: bool) -> Self {
        Self {
            tab,
            link: Link::new(clock::now(), online),
            socket: None,
            connection: 0,
            inputs: VecDeque::new(),
        }
    }

    pub async fn run(mut self, mut mailbox: UnboundedReceiver<Mail>) {
        loop {
            match self.next(&mut mailbox).await {
                Happened::Mail(Mail::Input(input)) => self.inputs.push_back(input),
                Happened::Mail(Mail::Say { connection, frame }) => {
                    if connection == self.connection && self.tab.line.is_up() {
                        self.say(&frame);
                    }
                }
                Happened::Opened => self.inputs.push_back(Input::Opened),
                Happened::Came(messages, end) => {
                    self.came(messages);
                    if let Some(code) = end {
                        if code == TOO_LARGE {
                            self.tab.said_too_much();
                        }
                        self.give_up();
                        self.inputs.push_back(Input::Closed { code });
                    }
                }
                Happened::Tick => self.inputs.push_back(Input::Tick),
            }
            while let Some(input) = self.inputs.pop_front() {
                for output in self.link.on(input, clock::now(), clock::random()) {
                    self.act(output);
                }
            }
        }
    }

    async fn next(&mut self, mailbox: &mut UnboundedReceiver<Mail>) -> Happened {
        let mut timer: Option<TimeoutFuture> = self
            .link
            .deadline()
            .map(|at| clock::sleep(at.saturating_sub(clock::now())));
        poll_fn(|context| {
            if let Poll::Ready(Some(mail)) = mailbox.poll_next_unpin(context) {
                return Poll::Ready(Happened::Mail(mail));
            }
            if let Some(socket) = &mut self.socket
                && let Poll::Ready(happened) = socket.poll(context)
            {
                return Poll::Ready(happened);
            }
            match &mut timer {
                Some(timer) => timer.poll_unpin(context).map(|()| Happened::Tick),
                None => Poll::Pending,
            }
        })
        .await
    }

    fn act(&mut self, output: Output) {
        match output {
            Output::Open => match Socket::open() {
                Some(socket) => self.socket = Some(socket),
                None => self.inputs.push_back(Input::Closed { code: BROKEN }),
            },
            Output::LogIn => self.say(&frames::connect(&host())),
            Output::Beat => self.write("\n".to_owned()),
            Output::CatchUp => {
                self.connection = self.connection.wrapping_add(1);
                self.tab.line.connected(self.connection);
                self.tab.connected();
            }
            Output::CheckSession => self.tab.check_session(),
            Output::Drop => self.give_up(),
            Output::Show(standing) => self.tab.show(standing),
        }
    }

    fn came(&mut self, messages: Vec<Message>) {
        self.inputs.push_back(Input::Heard);
        let mut heard = Vec::new();
        let mut is_broken = false;
        if let Some(socket) = &mut self.socket {
            for message in messages {
                is_broken |= socket.decode(&message, &mut heard).is_err();
            }
        }
        // The login first, so that what comes with it finds a connection.
        heard.retain(|heard| match heard {
            Heard::LoggedIn { beat, user } => {
                if self.tab.is_me(*user) {
                    self.inputs.push_back(Input::LoggedIn(*beat));
                } else {
                    self.tab.reload();
                }
                false
            }
            _ => true,
        });
        self.tab.heard(heard);
        if is_broken {
            self.give_up();
            self.inputs.push_back(Input::Closed { code: BROKEN });
        }
    }

    fn give_up(&mut self) {
        self.socket = None;
        if self.tab.line.is_up() {
            self.tab.line.disconnected();
            self.tab.disconnected();
        }
    }

    fn say(&mut self, frame: &Frame) {
        match String::from_utf8(frame.encode(Version::V1_2)) {
            Ok(text) => self.write(text),
            // Our bodies are JSON and our headers strings, so there is no other way to encode.
            Err(error) => web_sys::console::error_1(&error.to_string().into()),
        }
    }

    fn write(&mut self, text: String) {
        let Some(socket) = &mut self.socket else {
            return;
        };
        // A socket that is closing refuses; its end is heard of next.
        let sent = socket.websocket.start_send_unpin(Message::Text(text));
        if sent.is_ok() {
            self.inputs.push_back(Input::Said);
        }
    }
}

impl Socket {
    fn open() -> Option<Self> {
        let location = web_sys::window()?.location();
        let scheme = if location.protocol().ok()? == "https:" {
            "wss"
        } else {
            "ws"
        };
        let url = format!("{scheme}://{}/stomp", location.host().ok()?);
        let websocket = WebSocket::open_with_protocol(&url, Version::V1_2.subprotocol()).ok()?;
        let mut decoder = Decoder::new(LIMITS);
        decoder.set_version(Version::V1_2);
        Some(Self {
            websocket,
            decoder,
            is_open: false,
        })
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Happened> {
        let mut came = Vec::new();
        let mut end = None;
        while came.len() < BATCH && end.is_none() {
            match self.websocket.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(message))) => came.push(message),
                Poll::Ready(Some(Err(WebSocketError::ConnectionClose(close)))) => {
                    end = Some(close.code);
                }
                // The close event, with its code, follows.
                Poll::Ready(Some(Err(_))) => {}
                Poll::Ready(None) => end = Some(BROKEN),
                Poll::Pending => break,
            }
        }
        if !came.is_empty() || end.is_some() {
            return Poll::Ready(Happened::Came(came, end));
        }
        // Ready also means closing; then there is nothing to be said any more.
        let is_ready = Pin::new(&mut self.websocket)
            .poll_ready_unpin(context)
            .is_ready();
        if is_ready && !self.is_open && matches!(self.websocket.state(), State::Open) {
            self.is_open = true;
            return Poll::Ready(Happened::Opened);
        }
        Poll::Pending
    }

    fn decode(
        &mut self,
        message: &Message,
        heard: &mut Vec<Heard>,
    ) -> Result<(), protocol::stomp::DecodeError> {
        let bytes = match message {
            Message::Text(text) => text.as_bytes(),
            Message::Bytes(bytes) => bytes,
        };
        self.decoder.feed(bytes)?;
        while let Some(frame) = self.decoder.next_frame()? {
            heard.push(frames::read(&frame));
        }
        Ok(())
    }
}

fn host() -> String {
    web_sys::window()
        .and_then(|window| window.location().hostname().ok())
        .unwrap_or_default()
}
