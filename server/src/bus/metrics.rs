//! What a bus counts, for Prometheus.

use std::fmt;
use std::sync::{Arc, Weak};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::Bus;

/// Since the bus began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events taken on their way to other nodes.
    pub published: u64,
    /// Events that could not be handed over; other nodes find them in the store.
    pub dropped: u64,
    /// Events heard from other nodes.
    pub received: u64,
    /// How often the heads had to be compared with the store, because something may be missing.
    pub gaps: u64,
}

/// Reads the tally when it is asked for.
pub struct BusMetrics(Weak<dyn Bus>);

impl BusMetrics {
    pub fn of(bus: &Arc<dyn Bus>) -> Self {
        Self(Arc::downgrade(bus))
    }
}

impl fmt::Debug for BusMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BusMetrics")
    }
}

impl Collector for BusMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(bus) = self.0.upgrade() else {
            return Ok(());
        };
        let tally = bus.tally();
        for (name, help, value) in [
            ("bus_published", "Events handed to the bus", tally.published),
            (
                "bus_dropped",
                "Events that the bus could not carry; other nodes find them in the store",
                tally.dropped,
            ),
            (
                "bus_received",
                "Events heard from other nodes",
                tally.received,
            ),
            (
                "bus_gaps",
                "How often heads were compared with the store because the bus may have lost something",
                tally.gaps,
            ),
        ] {
            let counter = ConstCounter::new(value);
            let metric = encoder.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(metric)?;
        }
        let well = ConstGauge::new(u64::from(bus.is_well()));
        let metric = encoder.encode_descriptor(
            "bus_well",
            "Whether what is published reaches other nodes",
            None,
            well.metric_type(),
        )?;
        well.encode(metric)
    }
}
