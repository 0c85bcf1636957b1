//! `madang doctor`: says what is well and what is not, and what to do about it.

use std::process::ExitCode;

use tokio::net::TcpListener;

use crate::config::Config;
use crate::secret;
use crate::store::{SqliteStore, Upkeep};

/// Each connection takes one; the limit of many shells is 1024.
const FEW_FILES: u64 = 4096;

/// Prints one line a check, and fails when one of them does.
pub async fn examine(config: Config) -> ExitCode {
    let mut well = true;
    let mut report = |what: &str, found: Result<String, String>| match found {
        Ok(detail) => println!("ok    {what}: {detail}"),
        Err(detail) => {
            well = false;
            println!("WRONG {what}: {detail}");
        }
    };

    match SqliteStore::open(&config.data) {
        Ok(store) => {
            let found = store.ready().await.map_err(|error| error.to_string());
            report(
                "store",
                found.map(|()| format!("{} is readable and writable", config.data.display())),
            );
            report(
                "secret",
                match (&config.secret, secret::kept_in(&config.data)) {
                    (Some(_), _) => Ok("given by the configuration".to_owned()),
                    (None, Ok(_)) => Ok("kept in the data directory".to_owned()),
                    (None, Err(error)) => Err(error.to_string()),
                },
            );
            if let Err(error) = store.close().await {
                report("store", Err(format!("it does not close well: {error}")));
            }
        }
        Err(error) => report("store", Err(error.to_string())),
    }
    report(
        "address",
        match TcpListener::bind(config.addr).await {
            Ok(_) => Ok(format!("{} is free", config.addr)),
            Err(error) => Err(format!("cannot listen on {}: {error}", config.addr)),
        },
    );
    report(
        "open files",
        match open_files() {
            Some(limit) if limit < FEW_FILES => Err(format!(
                "the limit is {limit}, which allows about as many sockets; raise it with `ulimit -n 65536`"
            )),
            Some(limit) => Ok(format!("up to {limit}")),
            None => Ok("the limit is not known on this system".to_owned()),
        },
    );
    report(
        "https",
        Ok(match &config.public_url {
            Some(url) if url.is_https() => format!("people come through {url}; cookies are Secure"),
            Some(url) => format!("people come through {url}, which is not encrypted"),
            None => "MADANG_PUBLIC_URL is not set; set it behind a proxy with https".to_owned(),
        }),
    );
    if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn open_files() -> Option<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}
