//! Pages: how soon the first HTML is there when the server is warm, and how many bytes a first
//! visit takes over the wire.

use std::collections::BTreeSet;
use std::time::Instant;

use anyhow::{Result, bail};

use super::Measured;
use super::report::{Latency, Report, Usages};
use super::target::Target;
use super::template::{Fill, fill};
use crate::http::Connection;

#[derive(clap::Args)]
pub struct Pages {
    /// Of each kind.
    #[arg(long, default_value_t = 200)]
    requests: usize,
    /// Requests before it is measured.
    #[arg(long, default_value_t = 20)]
    warmup: usize,
    /// What a stranger asks for.
    #[arg(long, default_value = "/")]
    path: String,
    /// What a member asks for; `{room}` is a room of theirs.
    #[arg(long, default_value = "/")]
    member_path: String,
}

pub async fn run(target: &Target, options: &Pages) -> Result<Measured> {
    let mut report = Report::new("pages");
    let before = Usages::now(target.pid())?;
    let stranger = measure(target, options, &options.path, "").await?;
    report.latency("strangerMs", "A stranger's page after", &stranger);
    if target.is_madang() {
        let guests = target.guests(2).await?;
        let room = target.rooms(1, &guests).await?.swap_remove(0);
        let path = fill(
            &options.member_path,
            Fill {
                room: &room,
                ..Fill::default()
            },
        );
        let member = measure(target, options, &path, &guests[0].cookies).await?;
        report.latency("memberMs", "A member's page after", &member);
    }
    let (bytes, files) = first_visit(target, &options.path).await?;
    report.bytes("firstVisitBytes", "First visit over the wire", bytes);
    report.count("firstVisitFiles", "First visit, files", files);
    report.usage(&before, &Usages::now(target.pid())?);
    Ok(Measured {
        report,
        complete: true,
    })
}

async fn measure(target: &Target, options: &Pages, path: &str, cookies: &str) -> Result<Latency> {
    let mut connection = Connection::open(target.address).await?;
    let request = target.page(path, cookies);
    let mut latency = Latency::new()?;
    for number in 0..options.warmup + options.requests {
        let began = Instant::now();
        let response = connection.send(&request).await?;
        if !response.is_success() {
            bail!("{path} answers {}", response.status);
        }
        if number >= options.warmup {
            latency.record(began.elapsed());
        }
    }
    Ok(latency)
}

/// The page and what it names, compressed as for a browser; and how many files that is.
async fn first_visit(target: &Target, path: &str) -> Result<(u64, u64)> {
    let mut connection = Connection::open(target.address).await?;
    let compressed = |path: &str| target.page(path, "").header("accept-encoding", "br, gzip");
    // Once plain, to be read; once compressed, to be weighed.
    let html = connection.send(&target.page(path, "")).await?;
    let mut bytes = connection.send(&compressed(path)).await?.body.len() as u64;
    let named = named_files(&String::from_utf8_lossy(&html.body));
    let files = 1 + named.len() as u64;
    for file in named {
        bytes += connection.send(&compressed(&file)).await?.body.len() as u64;
    }
    Ok((bytes, files))
}

/// Scripts, styles, modules and fonts of this server that the page refers to.
fn named_files(html: &str) -> BTreeSet<String> {
    const ENDINGS: [&str; 6] = [".js", ".css", ".wasm", ".woff2", ".svg", ".ico"];
    html.split(['"', '\'', '`'])
        .filter(|part| part.starts_with('/') && !part.starts_with("//"))
        .filter(|part| ENDINGS.iter().any(|ending| part.ends_with(ending)))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_page_are_each_counted_once() {
        let html = r#"<link rel="preload" href="/pkg/a.wasm"><link href="/pkg/a.wasm">
            <script>import("/pkg/a.js")</script><a href="/login">x</a><img src="//other/x.svg">"#;
        let files: Vec<String> = named_files(html).into_iter().collect();
        assert_eq!(files, ["/pkg/a.js", "/pkg/a.wasm"]);
    }
}
