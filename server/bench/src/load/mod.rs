//! `bench load`: puts load on a STOMP server and measures what comes of it.

mod burst;
mod crowd;
mod fanout;
mod pace;
mod pages;
mod publisher;
mod report;
mod target;
mod template;

use anyhow::Result;
use clap::Subcommand;

use report::Report;
use target::{Target, Where};

#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    at: Where,
    /// JSON for scripts instead of lines for people.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Subcommand)]
enum Scenario {
    /// Publishers send to rooms, and everybody who subscribed is told: throughput and latency.
    Fanout(fanout::Fanout),
    /// Each client sends all its messages at once; the time until the last one is acknowledged.
    Burst(burst::Burst),
    /// Many connections as quickly as possible.
    Storm(crowd::Storm),
    /// Many connections that do nothing: the server's memory for each.
    Idle(crowd::Idle),
    /// The first HTML of pages, warm; and the bytes of a first visit.
    Pages(pages::Pages),
}

/// Whether everything that was sent was answered and delivered.
pub async fn run(options: Options) -> Result<bool> {
    let target = Target::find(options.at).await?;
    let outcome = match options.scenario {
        Scenario::Fanout(scenario) => fanout::run(&target, &scenario).await,
        Scenario::Burst(scenario) => burst::run(&target, &scenario).await,
        Scenario::Storm(scenario) => crowd::storm(&target, &scenario).await,
        Scenario::Idle(scenario) => crowd::idle(&target, &scenario).await,
        Scenario::Pages(scenario) => pages::run(&target, &scenario).await,
    };
    let ready_after = target.ready_after();
    // The server is stopped also where the scenario failed.
    let stopped = target.stop().await;
    let Measured {
        mut report,
        complete,
    } = outcome?;
    if let Some(ready_after) = ready_after {
        report.time("readyAfterMs", "Server ready after", ready_after);
    }
    report.print(options.json);
    stopped?;
    Ok(complete)
}

/// A report, and whether nothing is missing from it.
struct Measured {
    report: Report,
    complete: bool,
}
