//! A child server on a free port with a data directory of its own, to be killed and started again.

use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::http;

/// How long a start may take before it counts as failed.
const START: Duration = Duration::from_secs(60);

/// A directory that outlives the run only when somebody keeps it.
pub fn scratch() -> Result<TempDir> {
    tempfile::Builder::new()
        .prefix("madang-bench-")
        .tempdir()
        .context("no temporary directory could be made")
}

/// How a server ended after SIGTERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// `None`: by a signal, or not at all within the time.
    pub code: Option<i32>,
    pub took: Duration,
}

/// Variables of the environment, by which a server is configured.
pub type Settings = Vec<(String, String)>;

pub struct Server {
    binary: PathBuf,
    settings: Settings,
    folder: PathBuf,
    pub address: SocketAddr,
    child: Option<Child>,
    /// From the start of the process until `/readyz` said yes.
    pub ready_after: Duration,
}

impl Server {
    /// Keeps its data in `folder/data` and its output in `folder/server.log`.
    pub async fn start(binary: &Path, folder: &Path, settings: Settings) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let binary = binary
            .canonicalize()
            .with_context(|| format!("there is no server at {}", binary.display()))?;
        let mut server = Self {
            binary,
            settings,
            folder: folder.to_owned(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            child: None,
            ready_after: Duration::ZERO,
        };
        server.again().await?;
        Ok(server)
    }

    pub fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// Starts it again on the same data and the same port, and waits until it is ready.
    pub async fn again(&mut self) -> Result<()> {
        let log: File = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())?;
        let started = Instant::now();
        let child = Command::new(&self.binary)
            .arg("serve")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .env("MADANG_ADDR", self.address.to_string())
            .env("MADANG_DATA", self.folder.join("data"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} could not be started", self.binary.display()))?;
        self.child = Some(child);
        while started.elapsed() < START {
            if let Some(status) = self.exited()? {
                bail!(
                    "the server ended at its start ({status}); its log is {}",
                    self.log().display()
                );
            }
            let ready = http::Request::get("/readyz").once(self.address);
            if let Ok(Ok(response)) = timeout(Duration::from_secs(2), ready).await
                && response.status == 200
            {
                self.ready_after = started.elapsed();
                return Ok(());
            }
            sleep(Duration::from_millis(5)).await;
        }
        bail!(
            "the server was not ready within {START:?}; its log is {}",
            self.log().display()
        )
    }

    /// `kill -9`.
    pub async fn kill(&mut self) -> Result<()> {
        self.signal(Signal::KILL)?;
        if let Some(mut child) = self.child.take() {
            child.wait().await?;
        }
        Ok(())
    }

    /// Freezes it, as a suspended virtual machine would.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// SIGTERM, and how it ended; killed where it does not end in time.
    pub async fn terminate(&mut self, within: Duration) -> Result<Exit> {
        let asked = Instant::now();
        self.signal(Signal::TERM)?;
        let Some(mut child) = self.child.take() else {
            bail!("there is no server to stop");
        };
        let code = match timeout(within, child.wait()).await {
            Ok(status) => status?.code(),
            Err(_) => {
                child.kill().await?;
                None
            }
        };
        Ok(Exit {
            code,
            took: asked.elapsed(),
        })
    }

    fn exited(&mut self) -> Result<Option<std::process::ExitStatus>> {
        match &mut self.child {
            Some(child) => Ok(child.try_wait()?),
            None => Ok(None),
        }
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = self
            .pid()
            .and_then(|pid| Pid::from_raw(pid.cast_signed()))
            .context("the server is not running: it must have ended by itself")?;
        kill_process(pid, signal).context("the server cannot be signalled")
    }
}
