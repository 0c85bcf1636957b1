//! What the rest of the page says to the socket: frames for the connection that stands now, and
//! news for the link. What was meant for a connection that is gone is dropped with it.

use std::cell::Cell;

use futures::channel::mpsc::UnboundedSender;
use protocol::stomp::Frame;

use crate::link::Input;

#[derive(Debug)]
pub enum Mail {
    Input(Input),
    Say { connection: u32, frame: Frame },
}

pub struct Line {
    mailbox: UnboundedSender<Mail>,
    /// The number of the connection that is logged in.
    connection: Cell<Option<u32>>,
    /// It is known whose it is: what was written may be sent.
    proven: Cell<bool>,
}

impl Line {
    pub fn new(mailbox: UnboundedSender<Mail>) -> Self {
        Self {
            mailbox,
            connection: Cell::new(None),
            proven: Cell::new(false),
        }
    }

    /// Whether there was a connection to say it on. It may still be lost.
    pub fn say(&self, frame: Frame) -> bool {
        match self.connection.get() {
            Some(connection) => self
                .mailbox
                .unbounded_send(Mail::Say { connection, frame })
                .is_ok(),
            None => false,
        }
    }

    pub fn tell(&self, input: Input) {
        // The link lives as long as the page.
        let _ = self.mailbox.unbounded_send(Mail::Input(input));
    }

    pub fn connection(&self) -> Option<u32> {
        self.connection.get()
    }

    pub fn is_up(&self) -> bool {
        self.connection.get().is_some()
    }

    pub fn is_proven(&self) -> bool {
        self.proven.get()
    }

    pub fn connected(&self, connection: u32) {
        self.connection.set(Some(connection));
        self.proven.set(false);
    }

    pub fn prove(&self) {
        self.proven.set(self.is_up());
    }

    pub fn disconnected(&self) {
        self.connection.set(None);
        self.proven.set(false);
    }
}
