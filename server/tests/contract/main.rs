//! What every adapter of a port must do, written once and run on each of them, and again through a
//! wrapper that fails, delays and doubles calls, as networks do: all but the quota's, where to take
//! twice is to take two.

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
mod wrap;

use std::sync::Arc;

use server::bus::{Bus, LocalBus};
use server::files::Files;
use server::presence::{LocalPresence, Presence};
use server::quota::{LocalQuota, Quota};
use store::{Made, World};
use wrap::{unreliable_bus, unreliable_files, unreliable_presence, unreliable_store};

store::suite!(on_sqlite, async || World::exact(sqlite::fresh()));
store::suite!(on_sqlite_that_fails, async || failing(sqlite::fresh()));
store::suite!(mongo_store, async || World::exact(mongo::fresh().await));
store::suite!(mongo_store_that_fails, async || failing(
    mongo::fresh().await
));

presence::suite!(on_local_presence, async || local_presence());
presence::suite!(on_local_presence_that_fails, async || {
    unreliable_presence(local_presence())
});
quota::suite!(on_local_quota, async || {
    Arc::new(LocalQuota::default()) as Arc<dyn Quota>
});
files::suite!(on_disk, async || boxed(disk::fresh()));
files::suite!(on_a_disk_that_fails, async || failing_files(boxed(
    disk::fresh()
)));
files::suite!(mongo_files, async || boxed(mongo::files::fresh().await));
files::suite!(mongo_files_that_fail, async || failing_files(boxed(
    mongo::files::fresh().await
)));
bus::suite!(on_local_bus, async || local_bus());
bus::suite!(
    on_local_bus_that_fails,
    async || unreliable_bus(local_bus())
);

fn failing((store, keep): Made) -> World {
    World::repeating((unreliable_store(store), keep))
}

fn local_presence() -> Arc<dyn Presence> {
    Arc::new(LocalPresence::new())
}

fn local_bus() -> Arc<dyn Bus> {
    Arc::new(LocalBus::default())
}

fn boxed<K>((files, keep): (impl Files, K)) -> (Arc<dyn Files>, K) {
    (Arc::new(files), keep)
}

fn failing_files<K>((files, keep): (Arc<dyn Files>, K)) -> (Arc<dyn Files>, K) {
    (unreliable_files(files), keep)
}
