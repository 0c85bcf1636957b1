//! What a session says back.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use protocol::stomp::{Command, Connect, DecodeError, Frame, HeartBeat, Limits, Violation};
use protocol::wire::code;

use super::{Done, HEART_BEAT, Login, Outcome, Session};
use crate::chat::{Principal, Refused};
use crate::live::Address;
use crate::stomp::operation::Rejected;

impl Session {
    pub(super) fn settle(&mut self, done: Done) {
        self.pipeline_bytes -= done.bytes;
        match done.outcome {
            Outcome::Nothing => {}
            Outcome::SignedIn(principal, connect) => return self.signed_in(principal, &connect),
            Outcome::NotSignedIn(refused) => return self.not_signed_in(&refused),
            Outcome::Entered(entered) => {
                if let Some(login) = &self.login {
                    self.answer(login.enters.as_deref(), &entered);
                }
            }
            // Its id is durable, so there is a receipt; its text is not, so that is said first.
            Outcome::Otherwise(rejected) => self.rejected(&rejected),
            // No receipt: it was not done.
            Outcome::Rejected(rejected) => return self.rejected(&rejected),
            Outcome::NotSubscribed {
                id,
                destination,
                refused,
            } => {
                return self.not_subscribed(&id, &destination, &refused, done.receipt);
            }
        }
        self.receipt(done.receipt);
    }

    fn signed_in(&mut self, principal: Principal, connect: &Connect) {
        if !self.place.is_of(principal.user) {
            let Some(place) = self.endpoint.places.person(principal.user) else {
                return self.not_signed_in(&Refused::new(
                    code::BUSY,
                    "You have too many connections. Close one and try again.",
                ));
            };
            self.place = place;
        }
        let offer = HeartBeat::offer(connect.heart_beat, HEART_BEAT);
        let heart_beat = HeartBeat::negotiate(connect.heart_beat, offer);
        self.decoder.set_limits(Limits::AFTER_LOGIN);
        let connection = self
            .endpoint
            .hub
            .connect(principal, Arc::clone(&self.outbound));
        let connected = Frame::new(Command::Connected)
            .with("version", connect.version.tag())
            .with("heart-beat", format!("{},{}", offer.0, offer.1))
            .with("server", concat!("madang/", env!("CARGO_PKG_VERSION")))
            .with("session", connection.id.to_string())
            .with("user-name", principal.user.to_string());
        self.login = Some(Login {
            connection,
            heart_beat,
            subscriptions: HashMap::new(),
            errors: None,
            enters: None,
        });
        self.push(&connected);
    }

    fn not_signed_in(&mut self, refused: &Refused) {
        let violation = Violation::new(refused.code, refused.detail.clone());
        self.push(&violation.frame());
        // A store that does not answer is no reason to sign anybody out.
        self.closing = Some(if refused.code == code::UNAUTHENTICATED {
            (4401, "the session has ended: log in again")
        } else {
            (1013, "try again")
        });
    }

    fn rejected(&self, rejected: &Rejected) {
        if let Some(login) = &self.login {
            self.answer(
                login.errors.as_deref(),
                &rejected.refused.problem(rejected.op),
            );
        }
    }

    /// Without a subscription to `/user/queue/errors` there is no other way to say it than ERROR.
    fn not_subscribed(
        &mut self,
        id: &str,
        destination: &str,
        refused: &Refused,
        receipt: Option<String>,
    ) {
        // It may have begun before it failed.
        self.unsubscribe(id);
        self.rules.forget(id);
        let Some(login) = &self.login else { return };
        let mut problem = refused.problem(None);
        problem.detail = format!("{destination}: {}", problem.detail);
        if let Some(errors) = login.errors.clone() {
            self.answer(Some(&errors), &problem);
        } else {
            let mut violation = Violation::new(refused.code, problem.detail);
            violation.receipt = receipt;
            self.violated(&violation);
        }
    }

    /// A message of the server's own to one of this session's queues.
    fn answer<T: serde::Serialize>(&self, address: Option<&Address>, body: &T) {
        let Some(address) = address else { return };
        match serde_json::to_string(body) {
            Ok(json) => {
                self.outbound
                    .push(address.frame(&self.endpoint.hub.next_message_id(), &json));
            }
            Err(error) => tracing::error!(%error, "an answer could not be written as JSON"),
        }
    }

    pub(super) fn receipt(&self, receipt: Option<String>) {
        if let Some(receipt) = receipt {
            self.push(&Frame::new(Command::Receipt).with("receipt-id", receipt));
        }
    }

    pub(super) fn undecodable(&mut self, error: &DecodeError) {
        let too_long = matches!(error, DecodeError::TooLong { .. });
        self.violated(&Violation::new("malformed frame", error.to_string()));
        if too_long {
            self.closing = Some((1009, "frame too long"));
        }
    }

    pub(super) fn violated(&mut self, violation: &Violation) {
        tracing::debug!(message = violation.message, "a client broke the protocol");
        self.push(&violation.frame());
        self.closing = Some((1002, "protocol error"));
    }

    fn push(&self, frame: &Frame) {
        match String::from_utf8(frame.encode(self.rules.version())) {
            Ok(text) => self.outbound.push(Utf8Bytes::from(text)),
            Err(error) => tracing::error!(%error, "a frame of the server's own is not UTF-8"),
        }
    }
}
