//! The bus of a server that runs alone: there is nobody to tell, and the work is shared out among
//! the workers of this process.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use parking_lot::Mutex;
use protocol::RoomId;
use protocol::wire::{Event, EventKind};
use tokio::sync::Notify;

use super::{Bus, BusItem, Tally, Work};

/// What may wait for one group's workers. What is beyond it is lost to them, and counted.
const WAITING_BYTES: usize = 16 << 20;

#[derive(Debug, Default)]
pub struct LocalBus {
    /// Kept only while somebody works in them.
    groups: Mutex<HashMap<String, Weak<Group>>>,
    published: AtomicU64,
    dropped: AtomicU64,
}

#[async_trait]
impl Bus for LocalBus {
    fn publish(&self, events: &[Arc<Event>]) {
        self.published
            .fetch_add(events.len() as u64, Ordering::Relaxed);
        for group in self.groups.lock().values().filter_map(Weak::upgrade) {
            let lost = group.put(events);
            self.dropped.fetch_add(lost, Ordering::Relaxed);
        }
    }

    async fn next(&self) -> BusItem {
        std::future::pending().await
    }

    async fn work(&self, group: &str) -> Result<Box<dyn Work>, String> {
        let mut groups = self.groups.lock();
        groups.retain(|_, group| group.strong_count() > 0);
        let group = match groups.get(group).and_then(Weak::upgrade) {
            Some(group) => group,
            None => {
                let fresh = Arc::new(Group::default());
                groups.insert(group.to_owned(), Arc::downgrade(&fresh));
                fresh
            }
        };
        Ok(Box::new(Worker {
            group,
            given: VecDeque::new(),
        }))
    }

    fn is_well(&self) -> bool {
        true
    }

    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    fn tally(&self) -> Tally {
        Tally {
            published: self.published.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            ..Tally::default()
        }
    }

    async fn close(&self) {}
}

/// What waits for the workers of one group.
#[derive(Debug, Default)]
struct Group {
    queue: Mutex<Queue>,
    ready: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Arc<Event>>,
    bytes: usize,
    /// Rooms of which somebody has an event in hand: nobody else may overtake.
    in_hand: HashSet<RoomId>,
}

impl Group {
    /// Answers how many there was no place for.
    fn put(&self, events: &[Arc<Event>]) -> u64 {
        let mut lost = 0;
        let mut queue = self.queue.lock();
        for event in events {
            let weight = weight(event);
            if queue.bytes > 0 && queue.bytes + weight > WAITING_BYTES {
                lost += 1;
                continue;
            }
            queue.bytes += weight;
            queue.waiting.push_back(Arc::clone(event));
        }
        drop(queue);
        self.ready.notify_one();
        lost
    }
}

impl Queue {
    /// The first whose room is free, or is this worker's own already.
    fn take(&mut self, mine: &VecDeque<Arc<Event>>) -> Option<Arc<Event>> {
        let free = |event: &Arc<Event>| {
            !self.in_hand.contains(&event.room) || mine.iter().any(|own| own.room == event.room)
        };
        let place = self.waiting.iter().position(free)?;
        let event = self.waiting.remove(place)?;
        self.bytes -= weight(&event);
        self.in_hand.insert(event.room);
        Some(event)
    }
}

struct Worker {
    group: Arc<Group>,
    given: VecDeque<Arc<Event>>,
}

#[async_trait]
impl Work for Worker {
    async fn next(&mut self) -> Arc<Event> {
        loop {
            if let Some(event) = self.group.queue.lock().take(&self.given) {
                self.given.push_back(Arc::clone(&event));
                // There may be one for another worker as well.
                self.group.ready.notify_one();
                return event;
            }
            self.group.ready.notified().await;
        }
    }

    fn done(&mut self, event: &Event) {
        self.given
            .retain(|given| (given.room, given.rev) != (event.room, event.rev));
        if !self.given.iter().any(|given| given.room == event.room) {
            self.group.queue.lock().in_hand.remove(&event.room);
            self.group.ready.notify_one();
        }
    }
}

impl Drop for Worker {
    /// What was not done goes back to where it was, for the others.
    fn drop(&mut self) {
        let mut queue = self.group.queue.lock();
        for event in self.given.drain(..).rev() {
            queue.in_hand.remove(&event.room);
            queue.bytes += weight(&event);
            queue.waiting.push_front(event);
        }
        drop(queue);
        self.group.ready.notify_one();
    }
}

/// About how much memory an event takes.
fn weight(event: &Event) -> usize {
    let carried = match &event.kind {
        EventKind::Posted { message } => message.body.len(),
        EventKind::Edited { message } => message.body.len(),
        EventKind::Created { members, .. } => size_of_val(members.as_slice()),
        _ => 0,
    };
    size_of::<Event>() + carried
}
