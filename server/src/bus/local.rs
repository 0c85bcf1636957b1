//! The bus of a server that runs alone: there is nobody to tell.

use std::sync::Arc;

use async_trait::async_trait;
use protocol::wire::Event;

use super::{Bus, BusItem};

#[derive(Debug, Default)]
pub struct LocalBus;

#[async_trait]
impl Bus for LocalBus {
    fn publish(&self, _events: &[Arc<Event>]) {}

    async fn next(&self) -> BusItem {
        std::future::pending().await
    }

    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    async fn close(&self) {}
}
