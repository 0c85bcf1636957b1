//! What every adapter of a port must do, written once and run on each of them: the store's suite
//! also through a wrapper that fails, delays and doubles calls, as networks do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bus;
mod disk;
mod files;
mod kafka;
mod model;
mod presence;
mod proxy;
mod quota;
mod redis;
mod sqlite;
mod store;
mod wrap;

use std::sync::Arc;

use server::bus::{Bus, LocalBus};
use server::presence::{LocalPresence, Presence};
use server::quota::{LocalQuota, Quota};
use store::{Made, World};

store::suite!(on_sqlite, || World::exact(sqlite::fresh));
store::suite!(on_sqlite_that_fails, || World::repeating(unreliable));

presence::suite!(on_local_presence, async || {
    Arc::new(LocalPresence::new()) as Arc<dyn Presence>
});
quota::suite!(on_local_quota, async || {
    Arc::new(LocalQuota::default()) as Arc<dyn Quota>
});
files::suite!(on_disk, disk::fresh);
bus::suite!(on_local_bus, async || {
    Arc::new(LocalBus::default()) as Arc<dyn Bus>
});

/// SQLite behind calls that fail, and a caller who repeats them, as the port allows.
fn unreliable() -> Made {
    let (store, keep) = sqlite::fresh();
    let failing = Arc::new(wrap::Wrapped::new(
        store,
        wrap::Faults::seeded(0x6d61_6461_6e67),
    ));
    (Arc::new(wrap::Wrapped::new(failing, wrap::Repeats)), keep)
}
