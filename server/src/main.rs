//! `madang`: the command line.

use std::process::ExitCode;

use clap::Parser;
use server::config::{Cli, Command, Config, LogFormat, options_table};
use server::server::Server;
use tokio_util::sync::CancellationToken;

/// Gives memory back: the system's allocator keeps what password hashing has used, once for every
/// thread that ever hashed.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::parse().chosen() {
        Command::Serve(config) => logged(config, serve),
        Command::Doctor(config) => logged(config, server::doctor::examine),
        Command::Options => {
            print!("{}", options_table());
            ExitCode::SUCCESS
        }
    }
}

fn logged<F: Future<Output = ExitCode>>(config: Config, task: impl Fn(Config) -> F) -> ExitCode {
    if let Err(error) = begin_logging(&config) {
        eprintln!("madang: {error}");
        return ExitCode::FAILURE;
    }
    in_runtime(task(config))
}

fn in_runtime(task: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime.block_on(task),
        Err(error) => {
            eprintln!("madang: the machine gives no threads to run on: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> ExitCode {
    let stop = CancellationToken::new();
    let server = match Server::start(&config).await {
        Ok(server) => server,
        Err(error) => {
            eprintln!("madang: {error}");
            return ExitCode::FAILURE;
        }
    };
    match server.address() {
        Ok(address) => {
            tracing::info!(%address, data = %config.data.display(), "madang is up: http://{address}");
        }
        Err(error) => tracing::warn!(%error, "the address is not known"),
    }
    tokio::spawn(stop_on_signal(stop.clone()));
    match server.run(stop).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("madang: the server ended: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The first SIGTERM or Ctrl-C drains; a second one ends at once.
async fn stop_on_signal(stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = match (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) {
        (Ok(terminate), Ok(interrupt)) => (terminate, interrupt),
        (Err(error), _) | (_, Err(error)) => {
            tracing::error!(%error, "signals cannot be heard; kill -9 is safe too");
            return;
        }
    };
    for last in [false, true] {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if last {
            // Nothing acknowledged is lost by this: it is in the store.
            std::process::exit(130);
        }
        stop.cancel();
    }
}

fn begin_logging(config: &Config) -> Result<(), String> {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log)
        .map_err(|error| format!("MADANG_LOG is not understood: {error}"))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}
