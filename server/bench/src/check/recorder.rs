//! Where everybody in a run writes down what happened: in memory for the verification, and in a
//! file for whoever wants to know afterwards.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};

use super::history::{Record, What, Who, micros};

/// Where everybody writes; cheap to clone.
#[derive(Clone)]
pub struct History {
    inner: Arc<Mutex<Inner>>,
    began: Instant,
}

struct Inner {
    records: Vec<Record>,
    /// Written along, so that a run that is itself killed leaves its history behind.
    file: BufWriter<File>,
    path: PathBuf,
    failed: Option<std::io::Error>,
}

impl History {
    pub fn in_file(path: PathBuf) -> Result<Self> {
        let file =
            File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self {
            inner: Arc::new(Mutex::new(Inner {
                records: Vec::new(),
                file: BufWriter::new(file),
                path,
                failed: None,
            })),
            began: Instant::now(),
        })
    }

    pub fn now(&self) -> u64 {
        micros(self.began.elapsed())
    }

    pub fn note(&self, who: Who, what: What) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        // The time is taken under the lock: the order of the lines is the order of the times.
        let record = Record {
            at: self.now(),
            who,
            what,
        };
        if inner.failed.is_none() {
            let written = serde_json::to_writer(&mut inner.file, &record)
                .map_err(std::io::Error::from)
                .and_then(|()| inner.file.write_all(b"\n"));
            inner.failed = written.err();
        }
        inner.records.push(record);
    }

    /// Everything so far, with the file brought up to date.
    pub fn records(&self) -> Result<(Vec<Record>, PathBuf)> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = inner.failed.take() {
            return Err(error).context("the history could not be written");
        }
        inner.file.flush()?;
        Ok((inner.records.clone(), inner.path.clone()))
    }
}

/// Reads a history that a run left behind.
pub fn read(path: &Path) -> Result<Vec<Record>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    text.lines()
        .enumerate()
        .map(|(number, line)| {
            serde_json::from_str(line)
                .with_context(|| format!("{}:{}: not a record", path.display(), number + 1))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::history::{Change, Digest, Entry, HARNESS};
    use protocol::{MessageId, OpId, Rev, RoomId, UserId};
    use uuid::Uuid;

    #[test]
    fn a_history_can_be_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("h.jsonl");
        let history = History::in_file(path.clone()).unwrap();
        let room = RoomId(Uuid::from_u128(1));
        history.note(
            3,
            What::Delivered {
                conn: 1,
                sub: 2,
                entry: Entry {
                    room,
                    rev: Rev(7),
                    op: OpId(Uuid::from_u128(9)),
                    by: UserId(Uuid::from_u128(2)),
                    posted: 5,
                    change: Change::Posted {
                        message: MessageId(Uuid::from_u128(9)),
                        body: Digest::of("안녕"),
                        deleted: false,
                    },
                },
            },
        );
        history.note(HARNESS, What::Settled);
        let (records, _) = history.records().unwrap();
        assert_eq!(read(&path).unwrap(), records);
    }
}
