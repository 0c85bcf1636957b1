//! What the operator's side asks: is it well, clean up, close.

use std::time::Duration;

use async_trait::async_trait;
use mongodb::bson::doc;
use protocol::Timestamp;

use super::MongoStore;
use super::documents::date;
use crate::store::{StoreResult, Upkeep};

#[async_trait]
impl Upkeep for MongoStore {
    /// Writes, and waits for a majority: a set of servers without a primary can be read and not
    /// written.
    async fn ready(&self) -> StoreResult<()> {
        self.call(|core| async move {
            let beat = doc! { "$inc": { "beats": 1_i64 } };
            let pulse = core.all.meta.update_one(doc! { "_id": "pulse" }, beat);
            pulse.upsert(true).await?;
            Ok(())
        })
        .await
    }

    async fn tidy(&self, now: Timestamp, idle: Duration) -> StoreResult<()> {
        self.chore(move |core| async move {
            core.tidy_sessions(date(now), date(now.minus(idle))).await?;
            core.tidy_gone(now).await?;
            core.tidy_closed(now).await
        })
        .await
    }

    async fn close(&self) -> StoreResult<()> {
        self.connection.close().await;
        Ok(())
    }
}
