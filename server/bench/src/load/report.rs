//! What a run measured: lines for people, JSON for scripts.

use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use crate::process::{Usage, cpu_model};

/// Latencies in microseconds, up to ten minutes, with three digits.
#[derive(Clone, Debug)]
pub struct Latency(Histogram<u64>);

const LONGEST: u64 = 600_000_000;

impl Latency {
    pub fn new() -> Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, LONGEST, 3)?))
    }

    pub fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(LONGEST);
        self.0.saturating_record(micros.max(1));
    }

    pub fn add(&mut self, other: &Self) -> Result<()> {
        self.0.add(&other.0)?;
        Ok(())
    }

    pub fn count(&self) -> u64 {
        self.0.len()
    }
}

/// A figure, under the name that scripts know it by.
struct Figure {
    key: &'static str,
    label: String,
    shown: String,
    value: Value,
}

pub struct Report {
    scenario: &'static str,
    figures: Vec<Figure>,
}

impl Report {
    pub fn new(scenario: &'static str) -> Self {
        let mut report = Self {
            scenario,
            figures: Vec::new(),
        };
        report.text("machine", "Machine", cpu_model());
        report
    }

    fn put(&mut self, key: &'static str, label: impl Into<String>, shown: String, value: Value) {
        self.figures.push(Figure {
            key,
            label: label.into(),
            shown,
            value,
        });
    }

    pub fn text(&mut self, key: &'static str, label: &str, text: impl Into<String>) {
        let text = text.into();
        self.put(key, label, text.clone(), Value::String(text));
    }

    pub fn count(&mut self, key: &'static str, label: &str, count: u64) {
        self.put(key, label, grouped(count), json!(count));
    }

    pub fn rate(&mut self, key: &'static str, label: &str, count: u64, time: Duration) {
        let rate = count as f64 / time.as_secs_f64().max(1e-9);
        self.put(
            key,
            label,
            format!("{}/s", grouped(rate as u64)),
            json!(rate),
        );
    }

    pub fn time(&mut self, key: &'static str, label: &str, time: Duration) {
        let millis = time.as_secs_f64() * 1e3;
        self.put(key, label, format!("{millis:.2} ms"), json!(millis));
    }

    pub fn bytes(&mut self, key: &'static str, label: &str, bytes: u64) {
        self.put(
            key,
            label,
            format!("{:.1} KB", bytes as f64 / 1024.0),
            json!(bytes),
        );
    }

    pub fn latency(&mut self, key: &'static str, label: &str, latency: &Latency) {
        let millis = |micros: u64| micros as f64 / 1e3;
        let at = |percent: f64| millis(latency.0.value_at_percentile(percent));
        let parts = [
            ("p50", at(50.0)),
            ("p90", at(90.0)),
            ("p99", at(99.0)),
            ("p999", at(99.9)),
            ("max", millis(latency.0.max())),
        ];
        let shown: Vec<String> = parts
            .iter()
            .map(|(name, ms)| format!("{name} {ms:.2}"))
            .collect();
        let mut value: Map<String, Value> = parts
            .iter()
            .map(|(name, ms)| ((*name).to_owned(), json!(ms)))
            .collect();
        value.insert("count".into(), json!(latency.count()));
        self.put(
            key,
            label,
            format!("{} ms", shown.join("  ")),
            Value::Object(value),
        );
    }

    /// What the server and this client used between the two moments.
    pub fn usage(&mut self, before: &Usages, after: &Usages) {
        let spent = |before: Usage, after: Usage| after.cpu.saturating_sub(before.cpu);
        if let (Some(before), Some(after)) = (before.server, after.server) {
            let cpu = spent(before, after).as_secs_f64();
            self.put(
                "serverCpuSeconds",
                "Server CPU",
                format!("{cpu:.2} s"),
                json!(cpu),
            );
            self.bytes("serverRss", "Server memory", after.rss);
            self.bytes("serverPeakRss", "Server memory at most", after.peak_rss);
        }
        let cpu = spent(before.client, after.client).as_secs_f64();
        self.put(
            "clientCpuSeconds",
            "Client CPU",
            format!("{cpu:.2} s"),
            json!(cpu),
        );
    }

    pub fn print(&self, as_json: bool) {
        if as_json {
            let mut object = Map::new();
            object.insert("scenario".into(), json!(self.scenario));
            for figure in &self.figures {
                object.insert(figure.key.into(), figure.value.clone());
            }
            println!("{}", Value::Object(object));
            return;
        }
        println!("{}", self.scenario);
        let width = self
            .figures
            .iter()
            .map(|figure| figure.label.chars().count())
            .max();
        for figure in &self.figures {
            println!(
                "  {:width$}  {}",
                figure.label,
                figure.shown,
                width = width.unwrap_or(0)
            );
        }
    }
}

/// Of both sides at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Usages {
    pub server: Option<Usage>,
    pub client: Usage,
}

impl Usages {
    pub fn now(server: Option<u32>) -> Result<Self> {
        Ok(Self {
            server: server.map(Usage::of).transpose()?,
            client: Usage::of_self()?,
        })
    }
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(123), "123");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn a_latency_beyond_the_scale_counts_as_the_longest() {
        let mut latency = Latency::new().unwrap();
        latency.record(Duration::from_secs(3_600));
        latency.record(Duration::ZERO);
        assert_eq!(latency.count(), 2);
        assert!(latency.0.max() >= LONGEST);
    }
}
