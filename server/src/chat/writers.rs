//! One writer a room: what arrives while its previous write is in flight goes into the next one.
//!
//! A writer is a task that lives as long as its room has something to write. It belongs to nobody
//! who asked, so a caller that goes away (a socket that closes) never leaves a write half done.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use protocol::RoomId;
use protocol::wire::{Event, code};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use super::Refused;
use crate::store::{Append, Appended, Change, Store};

/// Hears what was appended, after it is durable, each room's events in the order of their revs;
/// an event may be heard again when someone repeats what they asked for.
pub trait Sink: Send + Sync + 'static {
    fn appended(&self, events: &[Arc<Event>]);

    /// The store did not answer, so something may have been appended that nobody was told of.
    fn may_have_appended(&self);
}

/// Operations in one write, and bytes, if they are more than one operation's: what is written
/// together is told together, and must leave room in the queues of those who read as it comes.
const BATCH: usize = 512;
const BATCH_BYTES: usize = 1 << 20;
/// What may wait for one room, and for all rooms together, in bytes of memory.
const ROOM_BYTES: usize = 8 << 20;
const ALL_BYTES: usize = 64 << 20;

pub struct Writers {
    store: Arc<dyn Store>,
    sink: Arc<dyn Sink>,
    waiting: Mutex<Waiting>,
    tasks: TaskTracker,
}

#[derive(Default)]
struct Waiting {
    rooms: HashMap<RoomId, Queue>,
    bytes: usize,
}

/// A room that has a writer; it is removed when the writer finds nothing more to do.
#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    bytes: usize,
}

struct Job {
    append: Append,
    bytes: usize,
    answer: oneshot::Sender<Result<Appended, Refused>>,
}

impl Writers {
    pub fn new(store: Arc<dyn Store>, sink: Arc<dyn Sink>) -> Arc<Self> {
        Arc::new(Self {
            store,
            sink,
            waiting: Mutex::default(),
            tasks: TaskTracker::new(),
        })
    }

    /// Appends one operation. It takes its place in the room's order when this is called, not
    /// when the future is first polled, so that one person's sends keep their order.
    pub fn append(
        self: &Arc<Self>,
        room: RoomId,
        append: Append,
    ) -> impl Future<Output = Result<Appended, Refused>> + Send + use<> {
        let answer = self.enqueue(room, append);
        async move {
            match answer {
                Ok(answer) => answer.await.unwrap_or_else(|_| Err(lost())),
                Err(refused) => Err(refused),
            }
        }
    }

    /// What was appended by other means than [`Self::append`]: a room's first event.
    pub fn tell(&self, event: Arc<Event>) {
        self.sink.appended(&[event]);
    }

    /// Runs to its end what changes a room by other means than [`Self::append`], also when whoever
    /// asked for it goes away.
    pub async fn see_through<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Refused>> + Send + 'static,
    ) -> Result<T, Refused> {
        self.tasks.spawn(work).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a change of a room broke off");
            Err(lost())
        })
    }

    /// Waits until everything that was taken is written and answered.
    pub async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn enqueue(
        self: &Arc<Self>,
        room: RoomId,
        append: Append,
    ) -> Result<oneshot::Receiver<Result<Appended, Refused>>, Refused> {
        let bytes = weight(&append);
        let (answer, receiver) = oneshot::channel();
        let job = Job {
            append,
            bytes,
            answer,
        };

        let mut waiting = self.waiting.lock();
        if waiting.bytes + bytes > ALL_BYTES {
            return Err(busy());
        }
        match waiting.rooms.entry(room) {
            Entry::Occupied(mut entry) => {
                let queue = entry.get_mut();
                if queue.bytes + bytes > ROOM_BYTES {
                    return Err(busy());
                }
                queue.bytes += bytes;
                queue.jobs.push_back(job);
            }
            Entry::Vacant(entry) => {
                let queue = entry.insert(Queue::default());
                queue.bytes = bytes;
                queue.jobs.push_back(job);
                self.tasks.spawn(Arc::clone(self).write(room));
            }
        }
        waiting.bytes += bytes;
        Ok(receiver)
    }

    /// The room's writer.
    async fn write(self: Arc<Self>, room: RoomId) {
        while let Some(jobs) = self.take(room) {
            let bytes: usize = jobs.iter().map(|job| job.bytes).sum();
            let (appends, answers): (Vec<_>, Vec<_>) =
                jobs.into_iter().map(|job| (job.append, job.answer)).unzip();
            let written = self.store.append(room, appends).await;
            self.settle(answers, written);
            self.release(room, bytes);
        }
    }

    fn settle(
        &self,
        answers: Vec<oneshot::Sender<Result<Appended, Refused>>>,
        written: crate::store::StoreResult<Vec<Result<Appended, crate::store::Refusal>>>,
    ) {
        match written {
            Ok(results) => {
                let mut events = Vec::with_capacity(results.len());
                for (answer, result) in answers.into_iter().zip(results) {
                    // A repeat may be of one that was written by a node that died before it told
                    // anybody; whoever knows it already drops it.
                    if let Ok(Appended::Written(event) | Appended::Repeated(event)) = &result {
                        events.push(Arc::new(event.clone()));
                    }
                    // Whoever asked may be gone; what they asked for is done all the same.
                    let _ = answer.send(result.map_err(Refused::from));
                }
                if !events.is_empty() {
                    self.sink.appended(&events);
                }
            }
            Err(error) => {
                self.sink.may_have_appended();
                let refused = Refused::from(error);
                for answer in answers {
                    let _ = answer.send(Err(refused.clone()));
                }
            }
        }
    }

    fn take(&self, room: RoomId) -> Option<Vec<Job>> {
        let mut waiting = self.waiting.lock();
        let queue = waiting.rooms.get_mut(&room)?;
        if queue.jobs.is_empty() {
            waiting.rooms.remove(&room);
            return None;
        }
        let many = batch(queue.jobs.iter().map(|job| job.bytes));
        Some(queue.jobs.drain(..many).collect())
    }

    /// Only what is written frees its place, so that the bound holds for what is in flight too.
    fn release(&self, room: RoomId, bytes: usize) {
        let mut waiting = self.waiting.lock();
        waiting.bytes -= bytes;
        if let Some(queue) = waiting.rooms.get_mut(&room) {
            queue.bytes -= bytes;
        }
    }
}

/// How many of these go into one write.
fn batch(sizes: impl Iterator<Item = usize>) -> usize {
    let mut bytes = 0;
    let fitting = sizes.take(BATCH).take_while(|size| {
        let is_first = bytes == 0;
        bytes += size;
        is_first || bytes <= BATCH_BYTES
    });
    fitting.count()
}

fn weight(append: &Append) -> usize {
    let text = match &append.change {
        Change::Post { body, .. } | Change::Edit { body, .. } => body.len(),
        Change::React { emoji, .. } => emoji.len(),
        Change::Rename { name } => name.len(),
        Change::Delete { .. } | Change::Join { .. } | Change::Leave | Change::Remove { .. } => 0,
    };
    text + size_of::<Job>()
}

fn busy() -> Refused {
    Refused::new(
        code::BUSY,
        "The server has more to write than it can take at the moment. Nothing was stored; send \
         it again in a moment.",
    )
    .after(1)
}

fn lost() -> Refused {
    Refused::new(
        code::UNAVAILABLE,
        "The server stopped before it could answer. Send it again with the same id.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_bounded_in_operations_and_in_bytes_but_takes_one_whatever_its_size() {
        let of = |count, size| batch(std::iter::repeat_n(size, count));
        assert_eq!(of(BATCH + 1, 10), BATCH);
        assert_eq!(of(5, BATCH_BYTES / 2), 2);
        assert_eq!(of(5, BATCH_BYTES * 2), 1);
        assert_eq!(of(0, 1), 0);
    }
}
