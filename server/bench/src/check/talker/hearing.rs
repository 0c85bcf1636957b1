//! What a talker makes of what it is told.

use std::time::Duration;

use protocol::stomp::{Command, Frame};
use protocol::wire::{Delivery, Problem};
use protocol::{OpId, Rev, RoomId};

use super::Talker;
use super::line::{Line, Outcome};
use super::saying::Saying;
use crate::check::history::{Entry, What};

/// A passing refusal that names no time is repeated after this.
const AGAIN: Duration = Duration::from_millis(300);

impl Talker {
    pub(super) async fn hear(&mut self, line: &mut Line, frame: &Frame) -> Outcome {
        match frame.command {
            Command::Receipt => self.receipt(frame.header("receipt-id").unwrap_or_default()),
            Command::Message => match frame.header("subscription") {
                Some("errors") => self.problem(&frame.body),
                Some(id) => {
                    let sub = id.strip_prefix("room-").and_then(|sub| sub.parse().ok());
                    // What still comes on a subscription that was given up counts no more.
                    if let Some((sub, room)) =
                        sub.and_then(|sub| line.subs.get(&sub).map(|room| (sub, *room)))
                    {
                        self.delivery(line, sub, room, &frame.body).await?;
                    }
                }
                None => {}
            },
            Command::Error => {
                let message = frame.header("message").unwrap_or_default().to_owned();
                self.note(What::Errored {
                    conn: self.conn,
                    message,
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn receipt(&mut self, id: &str) {
        if let Some(op) = id
            .strip_prefix("op:")
            .and_then(|op| op.parse::<OpId>().ok())
        {
            self.note(What::Acked { op });
            if let Some(pending) = self.outbox.settle(op) {
                if let (Saying::Post { .. }, Some(place)) =
                    (&pending.saying, self.places.get_mut(&pending.room))
                {
                    place.mind.acked(op);
                }
                self.answered = Some(pending);
            }
            self.count();
        } else if let Some(sub) = id
            .strip_prefix("sub:")
            .and_then(|sub| sub.parse::<u32>().ok())
        {
            for place in self
                .places
                .values_mut()
                .filter(|place| place.sub == Some(sub))
            {
                place.live = true;
            }
        } else if let Some((room, rev)) = id
            .strip_prefix("read:")
            .and_then(|read| read.split_once(':'))
            && let (Ok(room), Ok(rev)) = (room.parse(), rev.parse())
        {
            self.note(What::ReadAcked { room, rev });
        }
    }

    fn problem(&mut self, body: &[u8]) {
        let Ok(problem) = serde_json::from_slice::<Problem>(body) else {
            return;
        };
        let Some(op) = problem.id else {
            // A subscription was refused; it is tried again while we are a member.
            for place in self.places.values_mut().filter(|place| !place.live) {
                place.sub = None;
            }
            return;
        };
        let passing = problem.is_passing();
        let code = problem.code.clone();
        self.note(What::Refused { op, code, passing });
        if passing {
            let by = problem.retry_after.map_or(AGAIN, Duration::from_secs);
            self.outbox.postpone(op, by);
        } else {
            self.outbox.settle(op);
        }
        self.count();
    }

    async fn delivery(&mut self, line: &mut Line, sub: u32, room: RoomId, body: &[u8]) -> Outcome {
        let conn = self.conn;
        match serde_json::from_slice(body) {
            Ok(Delivery::Event(event)) => {
                let entry = Entry::from(&*event);
                let rev = entry.rev;
                let Some(place) = self.places.get_mut(&room) else {
                    return Ok(());
                };
                place.mind.hear(&entry);
                let expected = place.position.next();
                if rev == expected {
                    place.position = rev;
                }
                self.note(What::Delivered { conn, sub, entry });
                if rev > expected {
                    // The verification will speak of it; a client repairs it and goes on.
                    self.subscribe(line, room).await?;
                }
                Ok(())
            }
            Ok(Delivery::Reset { .. }) => {
                self.note(What::Reset { conn, sub });
                self.reload(line, room).await
            }
            Err(error) => {
                let message = format!("a delivery that cannot be read: {error}");
                self.note(What::Errored { conn, message });
                Ok(())
            }
        }
    }

    /// Too far behind to be told one by one: reads the log over REST and resumes from its end.
    async fn reload(&mut self, line: &mut Line, room: RoomId) -> Outcome {
        let position = self
            .places
            .get(&room)
            .map_or(Rev::ZERO, |place| place.position);
        let api = self.world.api;
        if let Ok(events) = api.events(self.account.token(), room, position).await {
            let contiguous = (position.0 + 1..)
                .zip(&events)
                .all(|(rev, event)| rev == event.rev.0);
            if let (true, Some(last)) = (contiguous, events.last()) {
                self.note(What::Loaded { room, to: last.rev });
                if let Some(place) = self.places.get_mut(&room) {
                    place.position = last.rev;
                }
            }
        }
        self.subscribe(line, room).await
    }
}
