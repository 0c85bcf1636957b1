//! How often each side speaks.

use std::time::Duration;

/// Milliseconds. Whoever beats more rarely is not believed to be there because of it.
const LONGEST: u32 = 120_000;

/// From the server's side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeartBeat {
    /// Send something at least this often.
    pub send: Option<Duration>,
    /// Something will come at least this often.
    pub expect: Option<Duration>,
}

impl HeartBeat {
    /// `cx,cy` in milliseconds: what the speaker can do, and what it wants. A number too large to
    /// be counted means "hardly ever", which is not an error.
    pub fn parse(header: &str) -> Option<(u32, u32)> {
        let (can, wants) = header.split_once(',')?;
        Some((millis(can)?, millis(wants)?))
    }

    /// What the server says to a client of these numbers. Beats that come so rarely that they
    /// prove nothing are not asked for.
    pub fn offer(client: (u32, u32), server: (u32, u32)) -> (u32, u32) {
        let wants = if client.0 > LONGEST { 0 } else { server.1 };
        (server.0, wants)
    }

    pub fn negotiate(client: (u32, u32), server: (u32, u32)) -> Self {
        Self {
            send: period(server.0, client.1),
            expect: period(client.0, server.1),
        }
    }
}

fn millis(text: &str) -> Option<u32> {
    let digits = text.trim_matches(' ');
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().unwrap_or(u32::MAX))
}

/// Zero on either side: no beats in that direction.
fn period(can: u32, wants: u32) -> Option<Duration> {
    (can != 0 && wants != 0).then(|| Duration::from_millis(u64::from(can.max(wants))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slower_side_sets_the_pace_of_each_direction() {
        let beat = HeartBeat::negotiate((5_000, 20_000), (10_000, 10_000));
        assert_eq!(beat.send, Some(Duration::from_secs(20)));
        assert_eq!(beat.expect, Some(Duration::from_secs(10)));
    }

    #[test]
    fn a_zero_on_either_side_turns_a_direction_off() {
        let beat = HeartBeat::negotiate((0, 10_000), (10_000, 10_000));
        assert_eq!(beat.expect, None);
        assert!(beat.send.is_some());
        assert_eq!(
            HeartBeat::negotiate((0, 0), (10_000, 10_000)),
            HeartBeat::default()
        );
        assert_eq!(HeartBeat::negotiate((5, 5), (0, 0)), HeartBeat::default());
    }

    #[test]
    fn beats_that_would_hardly_ever_come_are_not_asked_for() {
        let server = (10_000, 10_000);
        assert_eq!(HeartBeat::offer((120_000, 0), server), server);
        let rare = (u32::MAX, u32::MAX);
        let offer = HeartBeat::offer(rare, server);
        assert_eq!(offer, (10_000, 0));
        assert_eq!(HeartBeat::negotiate(rare, offer).expect, None);
    }

    #[test]
    fn only_two_counts_are_a_heart_beat_header() {
        assert_eq!(HeartBeat::parse("10000,0"), Some((10_000, 0)));
        assert_eq!(HeartBeat::parse("10000, 5"), Some((10_000, 5)));
        assert_eq!(
            HeartBeat::parse("99999999999999999999,1"),
            Some((u32::MAX, 1))
        );
        for bad in ["", "1", "1,", ",1", "-1,0", "+1,0", "1,2,3", "a,b", "1.5,0"] {
            assert_eq!(HeartBeat::parse(bad), None, "{bad}");
        }
    }
}
