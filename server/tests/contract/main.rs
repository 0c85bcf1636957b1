//! What every adapter of a port must do, written once and run on each of them: the store's suite
//! also through a wrapper that fails, delays and doubles calls, as networks do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bus;
mod disk;
mod files;
mod kafka;
mod model;
mod mongo;
mod presence;
mod proxy;
mod quota;
mod redis;
mod sqlite;
mod store;
#[path = "../common/proxy.rs"]
mod way;
mod wrap;

use std::sync::Arc;

use server::bus::{Bus, LocalBus};
use server::presence::{LocalPresence, Presence};
use server::quota::{LocalQuota, Quota};
use store::{Made, World};

store::suite!(on_sqlite, async || World::exact(sqlite::fresh()));
store::suite!(on_sqlite_that_fails, async || World::repeating(unreliable(
    sqlite::fresh()
)));
store::suite!(mongo_store, async || World::exact(mongo::fresh().await));
store::suite!(mongo_store_that_fails, async || World::repeating(
    unreliable(mongo::fresh().await)
));

presence::suite!(on_local_presence, async || {
    Arc::new(LocalPresence::new()) as Arc<dyn Presence>
});
quota::suite!(on_local_quota, async || {
    Arc::new(LocalQuota::default()) as Arc<dyn Quota>
});
files::suite!(on_disk, async || disk::fresh());
files::suite!(mongo_files, mongo::files::fresh);
bus::suite!(on_local_bus, async || {
    Arc::new(LocalBus::default()) as Arc<dyn Bus>
});

/// A store behind calls that fail, and a caller who repeats them, as the port allows.
fn unreliable((store, keep): Made) -> Made {
    let failing = Arc::new(wrap::Wrapped::new(
        store,
        wrap::Faults::seeded(0x6d61_6461_6e67),
    ));
    (Arc::new(wrap::Wrapped::new(failing, wrap::Repeats)), keep)
}
