//! One connection of a talker, from CONNECTED to its end.

use std::collections::HashMap;
use std::time::Duration;

use protocol::stomp::{Command, Frame};
use protocol::{OpId, Rev, RoomId};
use rand::RngExt;
use rand::seq::IndexedRandom;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use uuid::Uuid;

use super::outbox::Pending;
use super::saying::read_frame;
use super::{Order, Talker};
use crate::check::harness::Phase;
use crate::check::history::What;
use crate::stomp::{Heard, Receiver, Sender};

/// How often it looks whether the other side still lives …
const TICK: Duration = Duration::from_millis(400);
/// … and after how much silence it takes it for dead.
const DEAD_AFTER: Duration = Duration::from_millis(2_000);
const WRITE: Duration = Duration::from_secs(2);
const LAST_WORD: Duration = Duration::from_millis(300);

/// Why the connection is over.
pub(super) enum Over {
    /// The server closed it, or the network did.
    Closed(Option<u16>),
    /// Nothing can be written any more; what the server said last may still be there to be read.
    Deaf,
    /// Nothing came for too long.
    Silent,
}

pub(super) type Outcome<T = ()> = Result<T, Over>;

pub(super) struct Line {
    sender: Sender,
    heard_at: Instant,
    /// Which room a subscription of this connection is for.
    pub(super) subs: HashMap<u32, RoomId>,
}

impl Line {
    async fn send(&mut self, frame: &Frame) -> Outcome {
        match timeout(WRITE, self.sender.send(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over::Deaf),
        }
    }
}

impl Talker {
    /// Talks and listens until the connection ends.
    pub(super) async fn converse(&mut self, sender: Sender, mut receiver: Receiver) -> Option<u16> {
        let mut line = Line {
            sender,
            heard_at: Instant::now(),
            subs: HashMap::new(),
        };
        let over = match self.exchange(&mut line, &mut receiver).await {
            Ok(()) => {
                // Left on purpose: no code came from the server.
                let _ = timeout(WRITE, line.sender.close()).await;
                Some(1000)
            }
            Err(Over::Closed(code)) => code,
            Err(Over::Deaf) => last_word(&mut receiver).await,
            Err(Over::Silent) => None,
        };
        for place in self.places.values_mut() {
            place.sub = None;
            place.live = false;
        }
        over
    }

    async fn exchange(&mut self, line: &mut Line, receiver: &mut Receiver) -> Outcome {
        self.begin(line).await?;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut next_saying = self.next_saying();
        loop {
            let talking = *self.phase.borrow() == Phase::Talk;
            tokio::select! {
                heard = receiver.next() => {
                    line.heard_at = Instant::now();
                    match heard {
                        Heard::Frame(frame) => self.hear(line, &frame).await?,
                        Heard::Closed(code) => return Err(Over::Closed(code)),
                        Heard::Alive | Heard::Message(_) => {}
                    }
                }
                () = sleep_until(next_saying), if talking => {
                    self.say(line).await?;
                    next_saying = self.next_saying();
                }
                Some(order) = self.orders.recv() => self.obey(line, order).await?,
                _ = tick.tick() => self.look_around(line).await?,
                _ = self.phase.changed() => {
                    if *self.phase.borrow() == Phase::Over {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn begin(&mut self, line: &mut Line) -> Outcome {
        let errors = Frame::new(Command::Subscribe)
            .with("id", "errors")
            .with("destination", "/user/queue/errors");
        line.send(&errors).await?;
        let rooms: Vec<(RoomId, bool)> = self
            .places
            .iter()
            .map(|(room, place)| (*room, place.member))
            .collect();
        for (room, member) in rooms {
            // Sometimes it tries the door of a room that it was taken out of.
            if member || self.dice.random_bool(0.3) {
                self.subscribe(line, room).await?;
            }
        }
        for pending in self.outbox.all() {
            self.send(line, &pending).await?;
        }
        Ok(())
    }

    pub(super) async fn subscribe(&mut self, line: &mut Line, room: RoomId) -> Outcome {
        let Some(place) = self.places.get_mut(&room) else {
            return Ok(());
        };
        let (sub, conn, after) = (self.subs + 1, self.conn, place.position);
        let before = place.sub.replace(sub);
        place.live = false;
        self.subs = sub;
        if let Some(before) = before {
            line.subs.remove(&before);
            let end = Frame::new(Command::Unsubscribe).with("id", format!("room-{before}"));
            line.send(&end).await?;
        }
        line.subs.insert(sub, room);
        self.note(What::Subscribed {
            conn,
            sub,
            room,
            after,
        });
        let frame = Frame::new(Command::Subscribe)
            .with("id", format!("room-{sub}"))
            .with("destination", format!("/sub/chat/room/{room}"))
            .with("after", after.to_string())
            .with("receipt", format!("sub:{sub}"));
        line.send(&frame).await
    }

    async fn send(&mut self, line: &mut Line, pending: &Pending) -> Outcome {
        let (op, room) = (pending.op, pending.room);
        self.note(What::Sent {
            op,
            room,
            ask: pending.saying.ask(),
        });
        line.send(&pending.saying.frame(op, room)).await
    }

    async fn say(&mut self, line: &mut Line) -> Outcome {
        let rooms: Vec<RoomId> = self
            .places
            .iter()
            .filter(|(_, place)| place.member)
            .map(|(room, _)| *room)
            .collect();
        let Some(room) = rooms.choose(&mut self.dice).copied() else {
            return Ok(());
        };
        let Some(place) = self.places.get_mut(&room) else {
            return Ok(());
        };
        if self.dice.random_bool(0.1) && place.position > Rev::ZERO {
            let frame = read_frame(room, place.position);
            return line.send(&frame).await;
        }
        if self.outbox.is_full() {
            return Ok(());
        }
        let name = format!("c{}", self.account.who);
        let saying = place.mind.decide(&name, &mut self.dice);
        let op = OpId(Uuid::now_v7());
        let pending = Pending {
            op,
            room,
            saying,
            again_at: None,
        };
        self.outbox.push(pending.clone());
        self.count();
        self.send(line, &pending).await
    }

    async fn obey(&mut self, line: &mut Line, order: Order) -> Outcome {
        match order {
            Order::Enter(room) => {
                self.places.entry(room).or_default().member = true;
                self.subscribe(line, room).await
            }
            Order::Leave(room) => {
                // The subscription stays: what it is told from now on would be a leak.
                if let Some(place) = self.places.get_mut(&room) {
                    place.member = false;
                }
                Ok(())
            }
            Order::Repeat => match self.answered.clone() {
                Some(pending) => self.send(line, &pending).await,
                None => Ok(()),
            },
        }
    }

    async fn look_around(&mut self, line: &mut Line) -> Outcome {
        if line.heard_at.elapsed() > DEAD_AFTER {
            return Err(Over::Silent);
        }
        if !matches!(timeout(WRITE, line.sender.ping()).await, Ok(Ok(()))) {
            return Err(Over::Deaf);
        }
        let missing: Vec<RoomId> = self
            .places
            .iter()
            .filter(|(_, place)| place.member && place.sub.is_none())
            .map(|(room, _)| *room)
            .collect();
        for room in missing {
            self.subscribe(line, room).await?;
        }
        for pending in self.outbox.due() {
            self.send(line, &pending).await?;
        }
        Ok(())
    }

    fn next_saying(&mut self) -> Instant {
        let jitter = self.dice.random_range(0.2..1.8);
        Instant::now() + Duration::from_secs_f64(jitter / self.manner.rate.max(0.01))
    }
}

/// The close code, if the server sent one before nothing could be written to it any more.
async fn last_word(receiver: &mut Receiver) -> Option<u16> {
    let words = async {
        loop {
            if let Heard::Closed(code) = receiver.next().await {
                return code;
            }
        }
    };
    timeout(LAST_WORD, words).await.ok().flatten()
}
