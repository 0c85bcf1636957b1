//! What is done beside the conversation, from the same events and on nobody's way. The nodes with
//! the role `worker` share each work out among themselves, room by room; when one dies, the others
//! are given its rooms. An event may be given again, so a worker must not mind a repeat.

mod abuse;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use protocol::wire::Event;

use crate::bus::Bus;
pub use abuse::AbuseObserver;

/// How long until work is asked for again, where it was refused.
const AGAIN: Duration = Duration::from_secs(5);

pub trait Worker: Debug + Send {
    /// Under which its nodes share the work; also the name that an operator reads.
    const NAME: &'static str;

    fn heed(&mut self, event: &Event);
}

/// Works until the future is dropped.
pub async fn run<W: Worker>(bus: Arc<dyn Bus>, mut worker: W) {
    loop {
        let mut work = match bus.work(W::NAME).await {
            Ok(work) => work,
            Err(why) => {
                tracing::warn!(
                    worker = W::NAME,
                    why,
                    "there is no work to be had; asking again"
                );
                tokio::time::sleep(AGAIN).await;
                continue;
            }
        };
        loop {
            let event = work.next().await;
            worker.heed(&event);
            work.done(&event);
        }
    }
}
