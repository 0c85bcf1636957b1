//! What the endpoint counts, for Prometheus.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::Endpoint;

#[derive(Debug, Default)]
pub struct Counters {
    messages_received: AtomicU64,
    bytes_received: AtomicU64,
    frames_sent: AtomicU64,
}

impl Counters {
    pub(super) fn received(&self, bytes: usize) {
        self.messages_received.fetch_add(1, Ordering::Relaxed);
        self.bytes_received
            .fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn sent(&self, frames: usize) {
        self.frames_sent.fetch_add(frames as u64, Ordering::Relaxed);
    }
}

/// Reads the counters when they are asked for.
pub struct EndpointMetrics(Weak<Endpoint>);

impl EndpointMetrics {
    pub fn of(endpoint: &Arc<Endpoint>) -> Self {
        Self(Arc::downgrade(endpoint))
    }
}

impl fmt::Debug for EndpointMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EndpointMetrics")
    }
}

impl Collector for EndpointMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(endpoint) = self.0.upgrade() else {
            return Ok(());
        };
        let census = endpoint.hub.census();
        for (name, help, value) in [
            (
                "stomp_connections",
                "Sockets that are signed in",
                census.connections,
            ),
            (
                "live_rooms",
                "Rooms that someone on this node listens to",
                census.rooms,
            ),
        ] {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        let counters = &endpoint.counters;
        for (name, help, value) in [
            (
                "stomp_received_messages",
                "WebSocket messages received",
                &counters.messages_received,
            ),
            (
                "stomp_received_bytes",
                "Bytes received over WebSocket",
                &counters.bytes_received,
            ),
            (
                "stomp_sent_frames",
                "STOMP frames sent",
                &counters.frames_sent,
            ),
        ] {
            let counter = ConstCounter::new(value.load(Ordering::Relaxed));
            let metric = encoder.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(metric)?;
        }
        Ok(())
    }
}
