//! What a process has used so far, read from `/proc`.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Processor time and memory of one process at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage {
    pub cpu: Duration,
    pub rss: u64,
    pub peak_rss: u64,
}

impl Usage {
    pub fn of(pid: u32) -> Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))
            .with_context(|| format!("there is no process {pid} to watch"))?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let ticks = cpu_ticks(&stat).context("/proc/<pid>/stat has an unknown form")?;
        let per_second = rustix::param::clock_ticks_per_second().max(1);
        Ok(Self {
            cpu: Duration::from_micros(ticks.saturating_mul(1_000_000) / per_second),
            rss: kilobytes(&status, "VmRSS:").unwrap_or(0) * 1024,
            peak_rss: kilobytes(&status, "VmHWM:").unwrap_or(0) * 1024,
        })
    }

    /// Of the bench itself: the load generator shares the machine with the server.
    pub fn of_self() -> Result<Self> {
        Self::of(std::process::id())
    }
}

/// Resident memory in bytes; `None` when the process is gone.
pub fn rss(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    kilobytes(&status, "VmRSS:").map(|kilobytes| kilobytes * 1024)
}

pub fn cpu_model() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split_once(": "))
        .map_or("unknown processor", |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {cores} cores")
}

/// User and system time. The name of the process is in parentheses and may hold anything, so the
/// fields are counted from the last parenthesis.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_process_name() {
        let stat = "42 (a) b) S 1 42 42 0 -1 4194560 500 0 0 0 120 30 0 0 20 0 4 0 100";
        assert_eq!(cpu_ticks(stat), Some(150));
    }

    #[test]
    fn memory_is_read_in_kilobytes() {
        assert_eq!(
            kilobytes("VmHWM:\t  900 kB\nVmRSS:\t  123 kB\n", "VmRSS:"),
            Some(123)
        );
        assert_eq!(kilobytes("Name: x\n", "VmRSS:"), None);
    }

    #[test]
    fn the_bench_can_watch_itself() {
        assert!(Usage::of_self().unwrap().rss > 0);
    }
}
