//! Kafka, Redis and MongoDB, as `deploy/servers` has started them: where they listen, and how they
//! are killed and brought back.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use super::Settings;

/// The script that owns the servers.
const SCRIPT: &str = "deploy/servers";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Kafka,
    Redis,
}

impl Backend {
    pub fn name(self) -> &'static str {
        match self {
            Self::Kafka => "kafka",
            Self::Redis => "redis",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Backends {
    folder: PathBuf,
    /// What the nodes are told of them.
    pub settings: Settings,
}

impl Backends {
    /// Those that `deploy/servers start FOLDER` started.
    pub fn at(folder: &Path) -> Result<Self> {
        let file = folder.join("env");
        let lines = std::fs::read_to_string(&file).with_context(|| {
            let (file, folder) = (file.display(), folder.display());
            format!("{file} cannot be read; `{SCRIPT} start {folder}` writes it")
        })?;
        let settings = lines
            .lines()
            .filter_map(|line| line.strip_prefix("export ")?.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned()))
            .collect();
        Ok(Self {
            folder: folder.to_owned(),
            settings,
        })
    }

    /// Whether it was started there. One that was given runs elsewhere, and is left alone.
    pub fn owns(&self, backend: Backend) -> bool {
        self.folder.join(backend.name()).is_dir()
    }

    /// `kill -9`.
    pub async fn kill(&self, backend: Backend) -> Result<()> {
        self.run("kill", backend).await
    }

    /// On the same port, with what it kept.
    pub async fn revive(&self, backend: Backend) -> Result<()> {
        self.run("revive", backend).await
    }

    async fn run(&self, command: &str, backend: Backend) -> Result<()> {
        let status = Command::new(SCRIPT)
            .arg(command)
            .arg(&self.folder)
            .arg(backend.name())
            .stdin(Stdio::null())
            .status()
            .await
            .with_context(|| format!("{SCRIPT} could not be run"))?;
        ensure!(
            status.success(),
            "{SCRIPT} could not {command} {}",
            backend.name()
        );
        Ok(())
    }
}
