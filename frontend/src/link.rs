//! When to connect, when to wait, when to give a connection up: the life of the socket as a plain
//! state machine. It is told what happened and at what time; it answers what to do. The socket
//! itself, the clock and chance are handed in by `web::socket`.

#[cfg(test)]
mod tests;

use std::time::Duration;

use protocol::stomp::HeartBeat;

use crate::pace::Backoff;

/// Until CONNECTED has come, from the first step of opening.
const LOGIN_TIME: u64 = 10_000;
/// A connection that lived this long was a good one: the next failure is a first one.
const STABLE: u64 = 3_000;
/// What was in flight when the network was said to be gone proves nothing; later bytes do.
const ECHO: u64 = 2_000;

/// The server closes so when this client reads too slowly: resume at once.
const CLOSED_SLOW: u16 = 4000;
/// The server closes so when the session has ended.
const CLOSED_SESSION: u16 = 4401;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// Someone looks at the page again, or asks for it: try now.
    Wake,
    /// The browser says whether there is a network.
    Network(bool),
    /// The WebSocket is open.
    Opened,
    /// CONNECTED came.
    LoggedIn(HeartBeat),
    /// Bytes came.
    Heard,
    /// Bytes went.
    Said,
    /// What was missed has been read.
    CaughtUp,
    Closed {
        code: u16,
    },
    Session(Session),
    /// The deadline has passed.
    Tick,
}

/// What a look at the session showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    Good,
    Ended,
    /// The server could not be asked.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    Open,
    /// Send CONNECT.
    LogIn,
    /// Send one line feed.
    Beat,
    /// Subscribe, and read what was missed.
    CatchUp,
    CheckSession,
    /// Give the socket up; nothing more is heard from it.
    Drop,
    Show(Standing),
}

/// What to tell the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Connecting,
    CatchingUp,
    Up,
    Offline,
    SignedOut,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Waiting {
        until: u64,
    },
    Checking,
    Opening {
        since: u64,
    },
    Up {
        since: u64,
        heard: u64,
        said: u64,
        beat: HeartBeat,
        caught_up: bool,
    },
    SignedOut,
}

#[derive(Debug)]
pub struct Link {
    state: State,
    backoff: Backoff,
    /// The session may have ended: look before opening. A browser does not say why an upgrade
    /// was refused.
    doubt: bool,
    /// It was looked into since the last login.
    doubted: bool,
    offline_since: Option<u64>,
    shown: Option<Standing>,
}

impl Link {
    /// Wants to connect at once: its deadline is `now`.
    pub fn new(now: u64, online: bool) -> Self {
        Self {
            state: State::Waiting { until: now },
            backoff: Backoff::default(),
            doubt: false,
            doubted: false,
            offline_since: (!online).then_some(now),
            shown: None,
        }
    }

    /// When to say [`Input::Tick`].
    pub fn deadline(&self) -> Option<u64> {
        match self.state {
            State::Waiting { until } => Some(until),
            State::Opening { since } => Some(since + LOGIN_TIME),
            State::Up {
                heard, said, beat, ..
            } => {
                let speak = beat.send.map(|every| said + millis(every));
                let dead = beat.expect.map(|every| heard + dead_after(every));
                speak.into_iter().chain(dead).min()
            }
            State::Checking | State::SignedOut => None,
        }
    }

    pub fn on(&mut self, input: Input, now: u64, random: f64) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Wake => self.wake(now, &mut out),
            Input::Network(false) => {
                self.offline_since.get_or_insert(now);
            }
            Input::Network(true) => {
                self.offline_since = None;
                // A socket from before is of another network; resuming is cheap, waiting for
                // it to be found dead is not.
                if matches!(self.state, State::Up { .. } | State::Opening { .. }) {
                    out.push(Output::Drop);
                    self.attempt(now, &mut out);
                } else if matches!(self.state, State::Waiting { .. }) {
                    self.attempt(now, &mut out);
                }
            }
            Input::Opened => {
                if matches!(self.state, State::Opening { .. }) {
                    out.push(Output::LogIn);
                }
            }
            Input::LoggedIn(beat) => {
                if matches!(self.state, State::Opening { .. }) {
                    self.doubted = false;
                    self.state = State::Up {
                        since: now,
                        heard: now,
                        said: now,
                        beat,
                        caught_up: false,
                    };
                    out.push(Output::CatchUp);
                }
            }
            Input::Heard => self.heard(now, &mut out),
            Input::Said => {
                if let State::Up { said, .. } = &mut self.state {
                    *said = now;
                }
            }
            Input::CaughtUp => {
                if let State::Up { caught_up, .. } = &mut self.state {
                    *caught_up = true;
                    self.backoff.ease();
                }
            }
            Input::Closed { code } => self.closed(code, now, random, &mut out),
            Input::Session(session) => self.session(session, now, random, &mut out),
            Input::Tick => self.tick(now, random, &mut out),
        }
        let standing = self.standing();
        if self.shown != Some(standing) {
            self.shown = Some(standing);
            out.push(Output::Show(standing));
        }
        out
    }

    fn standing(&self) -> Standing {
        match self.state {
            State::SignedOut => Standing::SignedOut,
            _ if self.offline_since.is_some() => Standing::Offline,
            State::Up {
                caught_up: true, ..
            } => Standing::Up,
            State::Up { .. } => Standing::CatchingUp,
            _ => Standing::Connecting,
        }
    }

    fn attempt(&mut self, now: u64, out: &mut Vec<Output>) {
        if self.doubt {
            self.state = State::Checking;
            out.push(Output::CheckSession);
        } else {
            self.state = State::Opening { since: now };
            out.push(Output::Open);
        }
    }

    fn wait(&mut self, now: u64, random: f64) {
        self.state = State::Waiting {
            until: now + self.backoff.next(random),
        };
    }

    fn wake(&mut self, now: u64, out: &mut Vec<Output>) {
        match self.state {
            State::Waiting { .. } => self.attempt(now, out),
            // Someone may have logged in again in another tab.
            State::SignedOut => {
                self.doubt = true;
                self.attempt(now, out);
            }
            State::Up { heard, beat, .. } => {
                // After a sleep the timers are late; the clock is not.
                let late = beat
                    .expect
                    .is_some_and(|every| now.saturating_sub(heard) > millis(every) * 6 / 5);
                if late {
                    out.push(Output::Drop);
                    self.attempt(now, out);
                }
            }
            State::Checking | State::Opening { .. } => {}
        }
    }

    fn heard(&mut self, now: u64, out: &mut Vec<Output>) {
        if let State::Up {
            heard, said, beat, ..
        } = &mut self.state
        {
            *heard = now;
            // A hidden page's timers are held back to one a minute, its messages are not: the
            // server's beat is answered, so that it does not take us for dead.
            let due = beat
                .send
                .is_some_and(|every| now.saturating_sub(*said) >= millis(every) * 7 / 10);
            if due {
                out.push(Output::Beat);
            }
            if self.offline_since.is_some_and(|since| now >= since + ECHO) {
                self.offline_since = None;
            }
        }
    }

    fn closed(&mut self, code: u16, now: u64, random: f64, out: &mut Vec<Output>) {
        match self.state {
            State::Opening { .. } => {
                // The first time it is said outright, it is looked into at once.
                let look = code == CLOSED_SESSION && !self.doubted;
                self.doubt = true;
                self.doubted = true;
                if look {
                    self.attempt(now, out);
                } else {
                    self.wait(now, random);
                }
            }
            State::Up { since, .. } => {
                let was_stable = now.saturating_sub(since) >= STABLE;
                if was_stable {
                    self.backoff.reset();
                }
                self.doubt = code == CLOSED_SESSION;
                if was_stable && matches!(code, CLOSED_SLOW | CLOSED_SESSION) {
                    self.attempt(now, out);
                } else {
                    self.wait(now, random);
                }
            }
            State::Waiting { .. } | State::Checking | State::SignedOut => {}
        }
    }

    fn session(&mut self, session: Session, now: u64, random: f64, out: &mut Vec<Output>) {
        match (session, self.state) {
            (Session::Good, State::Checking) => {
                self.doubt = false;
                self.attempt(now, out);
            }
            (Session::Unknown, State::Checking) => self.wait(now, random),
            (Session::Ended, State::SignedOut) => {}
            (Session::Ended, _) => {
                self.state = State::SignedOut;
                out.push(Output::Drop);
            }
            (Session::Good | Session::Unknown, _) => {}
        }
    }

    fn tick(&mut self, now: u64, random: f64, out: &mut Vec<Output>) {
        match self.state {
            State::Waiting { until } if now >= until => self.attempt(now, out),
            State::Opening { since } if now >= since + LOGIN_TIME => {
                out.push(Output::Drop);
                self.wait(now, random);
            }
            State::Up {
                heard, said, beat, ..
            } => {
                if beat
                    .expect
                    .is_some_and(|every| now >= heard + dead_after(every))
                {
                    out.push(Output::Drop);
                    self.attempt(now, out);
                } else if beat.send.is_some_and(|every| now >= said + millis(every)) {
                    out.push(Output::Beat);
                }
            }
            _ => {}
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX / 8)
}

/// Two missed beats and a half: one may be late, two are not.
fn dead_after(every: Duration) -> u64 {
    millis(every) * 5 / 2
}
