//! An open loop: messages are due at their times, whether or not the server keeps up. Latency is
//! counted from when a message was due, so that a pause of the server is not left out of the
//! figures (coordinated omission).

use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

/// When the message with this number is due, after the start.
pub fn due(number: u64, rate: f64) -> Duration {
    Duration::from_secs_f64(number as f64 / rate)
}

/// Hands the due times out to the publishers in turn. A thread of its own, because the timers of
/// the runtime are only good to a millisecond; when all publishers are gone, it ends.
pub fn start(
    start: Instant,
    rate: f64,
    duration: Duration,
    publishers: Vec<mpsc::Sender<Duration>>,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for number in 0.. {
            let due = due(number, rate);
            if due >= duration || publishers.is_empty() {
                return;
            }
            while let Some(wait) = (start + due).checked_duration_since(Instant::now()) {
                if wait.is_zero() {
                    break;
                }
                // Wakes too early now and then, hence the loop.
                thread::park_timeout(wait);
            }
            let index = usize::try_from(number).unwrap_or(0) % publishers.len();
            // A full queue holds the clock up, and the due times stay what they are.
            if publishers[index].blocking_send(due).is_err() {
                return;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_times_are_even() {
        assert_eq!(due(0, 100.0), Duration::ZERO);
        assert_eq!(due(50, 100.0), Duration::from_millis(500));
    }

    #[tokio::test]
    async fn publishers_take_turns_and_the_end_is_the_end() {
        let (first, mut firsts) = mpsc::channel(64);
        let (second, mut seconds) = mpsc::channel(64);
        let pacer = start(
            Instant::now(),
            1_000.0,
            Duration::from_millis(10),
            vec![first, second],
        );
        let mut dues = Vec::new();
        while let Some(due) = firsts.recv().await {
            dues.push(due.as_millis());
        }
        assert_eq!(dues, [0, 2, 4, 6, 8]);
        assert_eq!(seconds.recv().await, Some(Duration::from_millis(1)));
        pacer.join().unwrap();
    }
}
