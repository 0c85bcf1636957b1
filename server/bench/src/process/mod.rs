//! The server as a process: started, stopped, killed, and watched through `/proc`.

mod backends;
mod server;
mod usage;

pub use backends::{Backend, Backends};
pub use server::{Exit, Server, Settings, scratch};
pub use usage::{Usage, cpu_model, rss};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Every client is a socket, and a run may have thousands. Where it may not be raised, the run
/// goes on with what there is and says itself which connection failed.
pub fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    );
}
