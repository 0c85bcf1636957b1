//! A bus that does what networks do.

use std::collections::VecDeque;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::*;
use crate::bus::{Tally, Work};

/// One end of a wire between two nodes. By the seed it loses, doubles and holds back what is
/// published; what is held back comes later than what follows it.
pub(super) struct ShakyBus {
    is_well: bool,
    pub(super) other: mpsc::Sender<BusItem>,
    heard: tokio::sync::Mutex<mpsc::Receiver<BusItem>>,
    fate: Mutex<Fate>,
}

struct Fate {
    seed: u64,
    held: VecDeque<Arc<Event>>,
}

impl Fate {
    /// A number below a hundred (xorshift).
    fn next(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed % 100
    }
}

pub(super) fn wire(seed: u64, is_well: bool) -> [Arc<ShakyBus>; 2] {
    let (to_one, at_one) = mpsc::channel(1000);
    let (to_two, at_two) = mpsc::channel(1000);
    [(to_two, at_one, seed), (to_one, at_two, seed * 31)].map(|(other, heard, seed)| {
        Arc::new(ShakyBus {
            is_well,
            other,
            heard: tokio::sync::Mutex::new(heard),
            fate: Mutex::new(Fate {
                seed,
                held: VecDeque::new(),
            }),
        })
    })
}

#[async_trait]
impl Bus for ShakyBus {
    fn publish(&self, events: &[Arc<Event>]) {
        if !self.is_well {
            return;
        }
        let mut fate = self.fate.lock();
        for event in events {
            let copies = match fate.next() {
                0..10 => 0,
                10..20 => 2,
                20..30 => {
                    fate.held.push_back(Arc::clone(event));
                    0
                }
                _ => 1,
            };
            for _ in 0..copies {
                let _ = self.other.try_send(BusItem::Event(Arc::clone(event)));
            }
            if fate.held.len() > 5
                && let Some(late) = fate.held.pop_front()
            {
                let _ = self.other.try_send(BusItem::Event(late));
            }
        }
    }

    async fn next(&self) -> BusItem {
        match self.heard.lock().await.recv().await {
            Some(item) => item,
            None => std::future::pending().await,
        }
    }

    async fn work(&self, _: &str) -> Result<Box<dyn Work>, String> {
        Err(String::from("nobody works in this test"))
    }

    fn is_well(&self) -> bool {
        self.is_well
    }

    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    fn tally(&self) -> Tally {
        Tally::default()
    }

    async fn close(&self) {}
}
