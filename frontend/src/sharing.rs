//! One outbox for all tabs of a person. The tab in which something was said sends it; what is
//! still there after a while is sent by whichever tab looks, because its own may be gone. The
//! operation's id makes that harmless: the server answers the second sending as the first. What one
//! tab has said in a room goes before what is said there later in another, which sends both if need
//! be: a person has one order, however many tabs.

use std::collections::HashSet;

use protocol::state::Pending;
use protocol::{OpId, RoomId, Timestamp};
use serde::{Deserialize, Serialize};

/// Younger entries are left to the tab that made them.
const GRACE: u128 = 10_000;

/// What tabs tell each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Word {
    /// Confirmed, or discarded by the person: it is no longer kept.
    Settled(OpId),
    /// Everything kept in this browser is gone: a log-out.
    Forgotten,
}

#[derive(Debug, Default, PartialEq)]
pub struct Differences {
    /// Kept, and not held by this tab.
    pub adopt: Vec<Pending>,
    /// Held by this tab, and not kept. What was settled elsewhere is told by [`Word::Settled`];
    /// that it is not kept may only mean that someone has cleared what sites keep.
    pub unkept: Vec<OpId>,
}

/// `kept` was read after `held` was noted, so that what is added in between is not taken for
/// unkept.
pub fn compare(kept: Vec<Pending>, held: &[OpId], now: Timestamp) -> Differences {
    let ids: HashSet<OpId> = kept.iter().map(|pending| pending.op).collect();
    let unkept = held
        .iter()
        .copied()
        .filter(|op| !ids.contains(op))
        .collect();
    let adopt = kept
        .into_iter()
        .filter(|pending| !held.contains(&pending.op) && now.since(pending.at).as_millis() >= GRACE)
        .collect();
    Differences { adopt, unkept }
}

/// What other tabs had said in the room before, of all that was kept when something new was: it
/// is sent first. `held` was noted before.
pub fn said_before(kept: Vec<Pending>, held: &[OpId], room: RoomId) -> Vec<Pending> {
    let mut before = kept;
    before.retain(|pending| pending.room == room && !held.contains(&pending.op));
    before
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::MessageId;
    use protocol::state::{PendingChange, PendingState};
    use uuid::Uuid;

    fn pending(op: u128, at: i64) -> Pending {
        Pending {
            op: OpId(Uuid::from_u128(op)),
            room: RoomId(Uuid::from_u128(1)),
            at: Timestamp(at),
            change: PendingChange::Delete {
                message: MessageId(Uuid::from_u128(2)),
            },
            state: PendingState::Queued,
        }
    }

    #[test]
    fn what_a_closed_tab_left_behind_is_adopted() {
        let old = pending(1, 0);
        let differences = compare(vec![old.clone()], &[], Timestamp(10_000));
        assert_eq!(differences.adopt, [old]);
    }

    #[test]
    fn what_another_tab_has_just_said_is_left_to_it() {
        let differences = compare(vec![pending(1, 5_000)], &[], Timestamp(10_000));
        assert_eq!(differences, Differences::default());
    }

    #[test]
    fn what_is_no_longer_kept_is_found() {
        let held = [pending(1, 0).op, pending(2, 0).op];
        let differences = compare(vec![pending(2, 0)], &held, Timestamp(10_000));
        assert_eq!(differences.unkept, [pending(1, 0).op]);
        assert!(differences.adopt.is_empty());
    }

    #[test]
    fn what_another_tab_said_in_the_room_goes_before_what_is_said_now() {
        let (mine, theirs) = (pending(1, 0), pending(2, 9_999));
        let elsewhere = Pending {
            room: RoomId(Uuid::from_u128(9)),
            ..pending(3, 0)
        };
        let kept = vec![mine.clone(), theirs.clone(), elsewhere];
        assert_eq!(said_before(kept, &[mine.op], mine.room), [theirs]);
    }
}
