//! A process of the binary that cargo built.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::common::Http;

pub struct Madang {
    child: Child,
    address: SocketAddr,
}

/// How a process ended that did not come up.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub said: String,
}

pub fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_madang"))
}

/// The same binary in another folder. It is linked where that is possible: a file that was just written cannot always be run.
pub fn binary_in(folder: &Path) -> PathBuf {
    let place = folder.join("madang");
    fs::hard_link(binary(), &place)
        .or_else(|_| fs::copy(binary(), &place).map(drop))
        .unwrap();
    place
}

/// Without any option from outside.
pub fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MADANG_") {
            command.env_remove(name);
        }
    }
    command.env("NO_COLOR", "1");
    command
}

/// `madang serve` on a free port.
pub fn serve(data: &Path) -> Command {
    let mut command = command(binary());
    command.args(["serve", "--addr", "127.0.0.1:0", "--data"]);
    command.arg(data);
    command
}

impl Madang {
    /// Waits until it serves, or has ended.
    pub fn start(mut command: Command) -> Result<Self, Ended> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        for line in lines.by_ref() {
            let line = line.unwrap();
            if let Some((_, rest)) = line.split_once("madang is up: http://") {
                let address = rest.split_whitespace().next().unwrap().parse().unwrap();
                // Nobody reads the rest, and the pipe must not fill up.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(Self { child, address });
            }
            said.push_str(&line);
            said.push('\n');
        }
        let code = child.wait().unwrap().code();
        Err(Ended { code, said })
    }

    pub fn http(&self) -> Http {
        Http::new(self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Madang {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
