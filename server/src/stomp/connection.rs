//! One WebSocket: reads it into the session, writes what waits for it, keeps the time.

use std::sync::Arc;
use std::time::Duration;

use axum::Error;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures::SinkExt;
use protocol::stomp::HeartBeat;
use tokio::time::{Instant, timeout};

use super::Endpoint;
use super::places::Place;
use super::session::{Closing, Session};
use crate::chat::Principal;
use crate::live::Outbound;

/// A socket that does not sign in within this time is closed.
const LOGIN: Duration = Duration::from_secs(10);
/// A write that takes longer means that the reader is gone or too slow.
const WRITE: Duration = Duration::from_secs(10);
/// How long the last frames may take, and how long a client may take to close from its side.
const LINGER: Duration = Duration::from_secs(2);
/// Clients without heart-beats are asked this often whether they are still there …
const PING: Duration = Duration::from_secs(30);
/// … and are taken for gone after this silence.
const SILENCE: Duration = Duration::from_secs(90);
/// A client may be late by this factor before its silence counts.
const TOLERANCE: u32 = 3;
/// Frames that go out with one flush.
const BURST: usize = 32;

/// So soon after a flush the next one waits a moment for more to come. What comes now and then goes
/// out at once; where much comes, a flush carries several frames, and the processors have time for
/// more than system calls.
const GATHER: Duration = Duration::from_millis(1);

/// How the exchange ended.
enum Ended {
    /// The socket is gone.
    Gone,
    Close(Closing),
}

/// When this side last spoke and last heard.
struct Clock {
    opened: Instant,
    flushed: Instant,
    spoke: Instant,
    heard: Instant,
}

pub async fn serve(
    mut socket: WebSocket,
    endpoint: Arc<Endpoint>,
    cookie: Option<Principal>,
    place: Place,
) {
    let mut session = Session::new(Arc::clone(&endpoint), cookie, place);
    let ended = exchange(&mut socket, &mut session, &endpoint).await;
    session.end();
    if let Ended::Close(closing) = ended {
        close(&mut socket, closing).await;
    }
}

async fn exchange(socket: &mut WebSocket, session: &mut Session, endpoint: &Endpoint) -> Ended {
    let outbound = Arc::clone(session.outbound());
    let now = Instant::now();
    let mut clock = Clock {
        opened: now,
        flushed: now,
        spoke: now,
        heard: now,
    };
    let mut burst = Vec::new();
    let mut draining = false;
    loop {
        if outbound.is_empty() {
            if let Some(end) = outbound.ended() {
                return Ended::Close(end.close());
            }
            if let Some(closing) = session.closing() {
                return Ended::Close(closing);
            }
        }
        let strikes = clock.next(session);
        tokio::select! {
            biased;
            () = due(&outbound, clock.flushed) => {
                outbound.take(BURST, &mut burst);
                endpoint.counters.sent(burst.len());
                let written = tokio::select! {
                    written = timeout(WRITE, write(socket, &mut burst)) => written,
                    // The write goes on as long as nobody ends the connection meanwhile.
                    end = outbound.ending() => return Ended::Close(end.close()),
                };
                match written {
                    Ok(Ok(())) => {
                        clock.flushed = Instant::now();
                        clock.spoke = clock.flushed;
                    }
                    Ok(Err(_)) => return Ended::Gone,
                    Err(_) => return Ended::Close(crate::live::End::Slow.close()),
                }
                if burst.capacity() > BURST {
                    burst = Vec::new();
                }
            }
            () = session.progress(), if session.has_pipeline() => {}
            message = socket.recv(), if session.is_reading() => {
                clock.heard = Instant::now();
                match message {
                    Some(Ok(Message::Text(text))) => {
                        endpoint.counters.received(text.len());
                        session.feed(text.as_bytes());
                    }
                    Some(Ok(Message::Binary(bytes))) => {
                        endpoint.counters.received(bytes.len());
                        session.feed(&bytes);
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_))) | None => return Ended::Gone,
                    Some(Err(error)) => return refused_by_socket(error),
                }
            }
            () = endpoint.drain.cancelled(), if !draining => {
                draining = true;
                session.drain();
            }
            () = tokio::time::sleep_until(strikes) => {
                match clock.strike(session) {
                    Strike::Nothing => {}
                    Strike::Speak(beat) => {
                        let sent = tokio::select! {
                            sent = speak(socket, beat) => sent,
                            end = outbound.ending() => return Ended::Close(end.close()),
                        };
                        if !sent {
                            return Ended::Gone;
                        }
                        clock.spoke = Instant::now();
                    }
                    Strike::TooLate(closing) => return Ended::Close(closing),
                }
            }
        }
    }
}

enum Strike {
    Nothing,
    Speak(HeartBeat),
    TooLate(Closing),
}

impl Clock {
    /// How often this side must speak, and how long the other may be silent.
    fn periods(beat: HeartBeat) -> (Duration, Duration) {
        (
            beat.send.map_or(PING, |send| send.min(PING)),
            beat.expect.map_or(SILENCE, |expect| expect * TOLERANCE),
        )
    }

    fn next(&self, session: &Session) -> Instant {
        let Some(beat) = session.heart_beat() else {
            return self.opened + LOGIN;
        };
        let (speak, hear) = Self::periods(beat);
        (self.spoke + speak).min(self.heard + hear)
    }

    fn strike(&self, session: &Session) -> Strike {
        let now = Instant::now();
        let Some(beat) = session.heart_beat() else {
            return Strike::TooLate((1008, "no CONNECT came in time"));
        };
        let (speak, hear) = Self::periods(beat);
        if now >= self.heard + hear && session.is_reading() {
            return Strike::TooLate((1002, "no heart-beat came in time"));
        }
        if now >= self.spoke + speak {
            return Strike::Speak(beat);
        }
        Strike::Nothing
    }
}

/// Waits until something is to be written now. Cancel-safe.
async fn due(outbound: &Outbound, flushed: Instant) {
    outbound.ready().await;
    let now = Instant::now();
    if now < flushed + GATHER && outbound.len() < BURST {
        tokio::time::sleep_until(flushed + GATHER).await;
    }
}

async fn write(socket: &mut WebSocket, burst: &mut Vec<Utf8Bytes>) -> Result<(), Error> {
    for frame in burst.drain(..) {
        socket.feed(Message::Text(frame)).await?;
    }
    socket.flush().await
}

/// A beat for the client that wants one, which a page sees; a ping to the client that does not
/// beat, which has to answer it.
async fn speak(socket: &mut WebSocket, beat: HeartBeat) -> bool {
    let asked = beat.expect.is_some() || send(socket, Message::Ping(bytes::Bytes::new())).await;
    let text = Message::Text(Utf8Bytes::from_static("\n"));
    asked && (beat.send.is_none() || send(socket, text).await)
}

async fn send(socket: &mut WebSocket, message: Message) -> bool {
    matches!(timeout(WRITE, socket.send(message)).await, Ok(Ok(())))
}

/// What the WebSocket layer itself would not take.
fn refused_by_socket(error: Error) -> Ended {
    use tokio_tungstenite::tungstenite::Error as Cause;
    tracing::debug!(%error, "a socket failed");
    match error.into_inner().downcast_ref::<Cause>() {
        Some(Cause::Capacity(_)) => Ended::Close((1009, "message too long")),
        Some(Cause::Utf8(_)) => Ended::Close((1007, "text must be UTF-8")),
        Some(Cause::Protocol(_)) => Ended::Close((1002, "not WebSocket")),
        _ => Ended::Gone,
    }
}

/// Says goodbye, and lingers until the client has read it: a socket dropped with unread input
/// would take the last frames with it.
async fn close(socket: &mut WebSocket, (code, reason): Closing) {
    let frame = CloseFrame {
        code,
        reason: Utf8Bytes::from_static(reason),
    };
    let goodbye = async {
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(message)) = socket.recv().await {
                if matches!(message, Message::Close(_)) {
                    break;
                }
            }
        }
    };
    // A client that does not answer is left behind; nothing of it is lost.
    let _ = timeout(LINGER, goodbye).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_does_not_beat_is_asked_before_the_silence_counts() {
        for send in [None, Some(PING / 3), Some(SILENCE * 100)] {
            let beat = HeartBeat { send, expect: None };
            let (speak, hear) = Clock::periods(beat);
            assert!(speak * 2 < hear, "{send:?}");
        }
    }
}
