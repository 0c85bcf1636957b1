//! What waits to be written to one socket, bounded in bytes for each of them and for all.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::ws::Utf8Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::chat::Principal;

/// A socket that has this much waiting cannot keep up; it is closed and resumes from the store.
/// Most of it is shared with the other subscribers of the room.
pub const OUTBOUND_BYTES: usize = 4 << 20;
/// What each socket may have waiting whatever the others have …
const OWN_BYTES: usize = 64 << 10;
/// … and what all of them together may have waiting beyond that. Where it is used up, whoever needs
/// more of it cannot keep up either.
const COMMON_BYTES: usize = 512 << 20;
/// Taken out at once, if it is more than one frame: what a slow line can carry in good time.
const TAKEN_BYTES: usize = 256 << 10;

/// Why a connection must end, although its client did nothing wrong with the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It reads slower than it is written to.
    Slow,
    /// Its session or its account has ended.
    SignedOut,
}

impl End {
    /// The close code and its words. Both say what to do next.
    pub fn close(self) -> (u16, &'static str) {
        match self {
            Self::Slow => (4000, "too slow: resume from your last rev"),
            Self::SignedOut => (4401, "the session has ended: log in again"),
        }
    }
}

/// One signed-in socket, as the rest of the node knows it.
#[derive(Debug)]
pub struct Connection {
    pub id: u64,
    pub who: Principal,
    pub outbound: Arc<Outbound>,
}

#[derive(Debug, Default)]
pub struct Outbound {
    state: Mutex<State>,
    /// There is something to write, or the end.
    ready: Notify,
    /// Something was taken out.
    taken: Notify,
}

#[derive(Debug, Default)]
struct State {
    frames: VecDeque<Utf8Bytes>,
    bytes: usize,
    /// What the sockets of this node have waiting beyond their own bytes.
    common: Arc<AtomicUsize>,
    end: Option<End>,
}

impl Outbound {
    /// Those of one node share what is common to them.
    pub fn sharing(common: &Arc<AtomicUsize>) -> Self {
        let outbound = Self::default();
        outbound.state.lock().common = Arc::clone(common);
        outbound
    }

    /// Never waits: one slow socket must not hold up the room. One frame always fits.
    pub fn push(&self, frame: Utf8Bytes) {
        let mut state = self.state.lock();
        if state.end.is_some() {
            return;
        }
        let is_first = state.bytes == 0;
        let bytes = state.bytes + frame.len();
        let is_room = state.hold(bytes) && bytes <= OUTBOUND_BYTES;
        if is_room || is_first {
            state.frames.push_back(frame);
        } else {
            state.end_with(End::Slow);
        }
        drop(state);
        self.ready.notify_one();
    }

    pub fn end(&self, end: End) {
        self.state.lock().end_with(end);
        self.ready.notify_one();
        self.taken.notify_one();
    }

    pub fn ended(&self) -> Option<End> {
        self.state.lock().end
    }

    pub fn is_empty(&self) -> bool {
        self.state.lock().frames.is_empty()
    }

    pub fn len(&self) -> usize {
        self.state.lock().frames.len()
    }

    /// Waits for something to write, or for the end.
    pub async fn ready(&self) {
        loop {
            {
                let state = self.state.lock();
                if !state.frames.is_empty() || state.end.is_some() {
                    return;
                }
            }
            self.ready.notified().await;
        }
    }

    /// Waits for the end.
    pub async fn ending(&self) -> End {
        loop {
            if let Some(end) = self.ended() {
                return end;
            }
            self.ready.notified().await;
        }
    }

    /// Moves up to `many` frames out, in order.
    pub fn take(&self, many: usize, into: &mut Vec<Utf8Bytes>) {
        let mut state = self.state.lock();
        let mut bytes = 0;
        for _ in 0..many {
            let fits = |frame: &Utf8Bytes| bytes == 0 || bytes + frame.len() <= TAKEN_BYTES;
            if !state.frames.front().is_some_and(fits) {
                break;
            }
            if let Some(frame) = state.frames.pop_front() {
                bytes += frame.len();
                into.push(frame);
            }
        }
        let left = state.bytes - bytes;
        state.hold(left);
        if state.frames.is_empty() {
            // An idle connection keeps no buffer.
            state.frames = VecDeque::new();
        }
        drop(state);
        self.taken.notify_one();
    }

    /// Waits until less than half of what is allowed waits here: for those who can wait, which is
    /// whoever replays history. They leave the other half of what is common to those who cannot.
    pub async fn spacious(&self) {
        loop {
            {
                let state = self.state.lock();
                let is_scarce = state.common.load(Ordering::Relaxed) > COMMON_BYTES / 2;
                let most = if is_scarce { OWN_BYTES } else { OUTBOUND_BYTES };
                if state.bytes < most / 2 || state.end.is_some() {
                    return;
                }
            }
            self.taken.notified().await;
        }
    }
}

impl State {
    /// So many bytes wait from now on. Answers whether that leaves enough for the others.
    fn hold(&mut self, bytes: usize) -> bool {
        let had = self.bytes.saturating_sub(OWN_BYTES);
        let needs = bytes.saturating_sub(OWN_BYTES);
        self.bytes = bytes;
        if needs > had {
            let more = needs - had;
            return self.common.fetch_add(more, Ordering::Relaxed) + more <= COMMON_BYTES;
        }
        if had > needs {
            self.common.fetch_sub(had - needs, Ordering::Relaxed);
        }
        true
    }

    /// The first reason stands. What waited is given up: the client resumes from the store.
    fn end_with(&mut self, end: End) {
        if self.end.is_none() {
            self.end = Some(end);
            self.frames = VecDeque::new();
            self.hold(0);
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.hold(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_reader_is_ended_and_holds_no_memory() {
        let outbound = Outbound::default();
        let frame = Utf8Bytes::from("x".repeat(OUTBOUND_BYTES / 4));
        for _ in 0..4 {
            outbound.push(frame.clone());
        }
        assert_eq!(outbound.ended(), None);
        outbound.push(frame);
        assert_eq!(outbound.ended(), Some(End::Slow));
        assert!(outbound.is_empty());
    }

    /// As many sockets with this much waiting as fill what is common to all.
    fn crowd(common: &Arc<AtomicUsize>) -> Vec<Outbound> {
        let frame = Utf8Bytes::from("x".repeat(OUTBOUND_BYTES / 4));
        let crowd = (0..COMMON_BYTES / OUTBOUND_BYTES + 4).map(|_| {
            let outbound = Outbound::sharing(common);
            for _ in 0..4 {
                outbound.push(frame.clone());
            }
            outbound
        });
        crowd.collect()
    }

    #[test]
    fn all_sockets_together_hold_no_more_than_what_is_common_to_them() {
        let common = Arc::default();
        let crowd = crowd(&common);
        let slow = crowd.iter().filter(|outbound| outbound.ended().is_some());
        assert!(slow.count() > 0);
        assert!(common.load(Ordering::Relaxed) <= COMMON_BYTES);
        drop(crowd);
        assert_eq!(common.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn whoever_keeps_up_does_not_suffer_from_the_others() {
        let common = Arc::default();
        let crowd = crowd(&common);
        let swift = Outbound::sharing(&common);
        for _ in 0..1_000 {
            swift.push(Utf8Bytes::from("x".repeat(OWN_BYTES / 2)));
            swift.push(Utf8Bytes::from("x".repeat(OWN_BYTES / 2)));
            swift.take(2, &mut Vec::new());
        }
        assert_eq!(swift.ended(), None);
        // What the others give back is there for whoever needs it.
        crowd.iter().for_each(|outbound| outbound.end(End::Slow));
        for _ in 0..4 {
            swift.push(Utf8Bytes::from("x".repeat(OUTBOUND_BYTES / 4)));
        }
        assert_eq!(swift.ended(), None);
    }

    #[test]
    fn one_frame_always_fits() {
        let outbound = Outbound::default();
        outbound.push(Utf8Bytes::from("x".repeat(OUTBOUND_BYTES * 2)));
        assert_eq!(outbound.ended(), None);
    }

    #[test]
    fn large_frames_leave_a_few_at_a_time() {
        let outbound = Outbound::default();
        let frame = Utf8Bytes::from("x".repeat(TAKEN_BYTES / 2));
        for _ in 0..3 {
            outbound.push(frame.clone());
        }
        outbound.push(Utf8Bytes::from("x".repeat(TAKEN_BYTES + 1)));
        let taken = || {
            let mut frames = Vec::new();
            outbound.take(32, &mut frames);
            frames.len()
        };
        assert_eq!([taken(), taken(), taken(), taken()], [2, 1, 1, 0]);
    }

    #[test]
    fn frames_leave_in_the_order_in_which_they_came() {
        let outbound = Outbound::default();
        for text in ["a", "b", "c"] {
            outbound.push(Utf8Bytes::from_static(text));
        }
        let mut first = Vec::new();
        outbound.take(2, &mut first);
        let mut rest = Vec::new();
        outbound.take(2, &mut rest);
        first.append(&mut rest);
        assert_eq!(first, ["a", "b", "c"].map(Utf8Bytes::from_static));
    }
}
