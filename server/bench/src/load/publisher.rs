//! One who sends: on a schedule, or as fast as the server acknowledges.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::sleep;

use super::fanout::Course;
use super::target::{Guest, Target};
use crate::stomp::Sender;

pub struct Publisher<'a> {
    pub target: &'a Target,
    pub guest: Guest,
    pub room: &'a str,
    pub subscribers: u64,
    pub pad: String,
    pub sender: Sender,
    pub course: Arc<Course>,
    pub due: mpsc::Receiver<Duration>,
    pub permits: Arc<Semaphore>,
}

impl Publisher<'_> {
    pub async fn by_schedule(mut self) -> Result<()> {
        let mut dues = Vec::new();
        while self.due.recv_many(&mut dues, 64).await > 0 {
            for due in dues.drain(..) {
                self.send(due).await?;
            }
            self.sender.flush().await?;
        }
        Ok(())
    }

    pub async fn until_the_end(mut self) -> Result<()> {
        sleep(self.course.start.saturating_duration_since(Instant::now())).await;
        while self.course.start.elapsed() < self.course.counted.end {
            if self.target.has_receipts() {
                let permits = Arc::clone(&self.permits);
                let permit = match permits.try_acquire() {
                    Ok(permit) => permit,
                    // Nothing more may be sent, so what was sent must go out.
                    Err(_) => {
                        self.sender.flush().await?;
                        permits.acquire().await?
                    }
                };
                // Given back when the receipt comes.
                permit.forget();
            }
            self.send(self.course.start.elapsed()).await?;
        }
        self.sender.flush().await?;
        Ok(())
    }

    async fn send(&mut self, meant_at: Duration) -> Result<()> {
        let mark = self.course.mark.write(meant_at);
        let frame = self
            .target
            .message(&self.guest, self.room, &mark, &self.pad);
        self.course.sent.fetch_add(1, Ordering::Relaxed);
        self.course
            .expected
            .fetch_add(self.subscribers, Ordering::Relaxed);
        self.sender
            .feed(&frame)
            .await
            .context("a publisher lost its connection")
    }
}
