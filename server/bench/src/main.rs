//! `bench` shows what the server promises and what it costs, from the outside: it speaks only the
//! public protocol. `bench check` looks for broken promises under faults, `bench load` measures.

mod api;
mod check;
mod http;
mod load;
mod process;
mod stomp;

use std::process::ExitCode;

use clap::Parser;

/// Check what Madang promises, and measure what it costs.
#[derive(Parser)]
#[command(version)]
enum Bench {
    /// Break a server on purpose while clients talk, then verify promises 1 to 8 of the design.
    Check(check::Options),
    /// Put load on this server, or on any other that speaks STOMP over WebSocket.
    Load(load::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    process::raise_open_files();
    let outcome = match Bench::parse() {
        Bench::Check(options) => check::run(options).await,
        Bench::Load(options) => load::run(options).await,
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Bench::command().debug_assert();
    }

    #[test]
    fn every_scenario_takes_the_options_of_its_target() {
        for scenario in ["fanout", "burst", "storm", "idle", "pages"] {
            let line = ["bench", "load", scenario, "--spawn", "madang", "--json"];
            assert!(Bench::try_parse_from(line).is_ok(), "{scenario}");
            let line = ["bench", "load", "--url", "ws://x:1/ws", scenario];
            assert!(Bench::try_parse_from(line).is_ok(), "{scenario}");
        }
    }
}
