//! The methods of `Presence`, passed through. Coming and going have no answer, so each is said twice.

use async_trait::async_trait;
use protocol::UserId;
use server::presence::{Connection, Notice, Presence};
use tokio::sync::broadcast;

use super::{Around, NotKnown, Wrapped};

#[async_trait]
impl<W: Around> Presence for Wrapped<dyn Presence, W> {
    fn arrive(&self, connection: Connection) {
        self.inner.arrive(connection);
        self.inner.arrive(connection);
    }

    fn depart(&self, connection: Connection) {
        self.inner.depart(connection);
        self.inner.depart(connection);
    }

    async fn online(&self, users: &[UserId]) -> Option<Vec<UserId>> {
        let ask = || async { self.inner.online(users).await.ok_or(NotKnown) };
        self.around.around(ask).await.ok()
    }

    fn announce(&self, notice: Notice) {
        self.inner.announce(notice);
    }

    fn listen(&self) -> broadcast::Receiver<Notice> {
        self.inner.listen()
    }

    async fn ready(&self) -> Result<(), String> {
        self.inner.ready().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
