//! The methods of `Bus`, passed through. A bus may repeat, so all is published twice; and whoever
//! waits for what comes next may give up and wait anew, so that is done at first.

use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt;
use protocol::wire::Event;
use server::bus::{Bus, BusItem, Tally, Work};

use super::{Around, Wrapped};

#[async_trait]
impl<W: Around> Bus for Wrapped<dyn Bus, W> {
    fn publish(&self, events: &[Arc<Event>]) {
        self.inner.publish(events);
        self.inner.publish(events);
    }

    async fn next(&self) -> BusItem {
        match self.inner.next().now_or_never() {
            Some(item) => item,
            None => self.inner.next().await,
        }
    }

    async fn work(&self, group: &str) -> Result<Box<dyn Work>, String> {
        let work = self.around.around(|| self.inner.work(group)).await?;
        Ok(Box::new(Impatient(work)))
    }

    fn is_well(&self) -> bool {
        self.inner.is_well()
    }

    async fn ready(&self) -> Result<(), String> {
        self.around.around(|| self.inner.ready()).await
    }

    fn tally(&self) -> Tally {
        self.inner.tally()
    }

    async fn close(&self) {
        self.inner.close().await;
        self.inner.close().await;
    }
}

struct Impatient(Box<dyn Work>);

#[async_trait]
impl Work for Impatient {
    async fn next(&mut self) -> Arc<Event> {
        match self.0.next().now_or_never() {
            Some(event) => event,
            None => self.0.next().await,
        }
    }

    fn done(&mut self, event: &Event) {
        self.0.done(event);
    }
}
