//! Opens the data directory: one server at a time, our own database, a schema that we know.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

/// Why the data directory cannot be used, in sentences for whoever starts the server.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "The data directory {} cannot be used: {source}. Give one that this user can write to \
         (MADANG_DATA).", dir.display()
    )]
    Directory { dir: PathBuf, source: io::Error },
    #[error(
        "Another server already uses the data directory {}. Stop it, or give this one a directory \
         of its own (MADANG_DATA).", dir.display()
    )]
    InUse { dir: PathBuf },
    #[error(
        "{} belongs to another program. Give Madang a data directory of its own (MADANG_DATA).",
        file.display()
    )]
    Foreign { file: PathBuf },
    #[error(
        "{} was written by a newer Madang: its schema is version {found}, this one knows up to \
         {known}. Start the newer Madang, or restore a backup from before.", file.display()
    )]
    Newer {
        file: PathBuf,
        found: i64,
        known: i64,
    },
    #[error("The database {} cannot be opened: {source}.", file.display())]
    Database {
        file: PathBuf,
        source: rusqlite::Error,
    },
    #[error("The store's writer cannot be started: {0}.")]
    Thread(io::Error),
}

/// `MDNG`, in the database's header: whose file it is.
const APPLICATION_ID: i64 = 0x4d44_4e47;

/// Of the file, in bytes.
const HEADER: u64 = 100;

/// In order; `user_version` counts those that were applied. One that was released is never
/// changed again.
const MIGRATIONS: &[&str] = &[include_str!("schema/0001_beginning.sql")];

/// What a data directory is to whoever only looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is no store in it yet, nor anything in the way of one.
    Nothing,
    /// A store that may be opened.
    Ours,
    /// The same, and a server has opened it.
    InUse,
}

/// Looks at a data directory and changes nothing in it.
pub(super) fn look(dir: &Path) -> Result<Found, OpenError> {
    let unusable = |source| OpenError::Directory {
        dir: dir.to_owned(),
        source,
    };
    if is_in_use(dir).map_err(unusable)? {
        return Ok(Found::InUse);
    }
    can_make_files(dir).map_err(unusable)?;
    let path = dir.join("madang.db");
    let mut file = match OpenOptions::new().read(true).write(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(unusable(error)),
    };
    let mut header = Vec::new();
    file.by_ref()
        .take(HEADER)
        .read_to_end(&mut header)
        .map_err(unusable)?;
    if header.is_empty() {
        return Ok(Found::Nothing);
    }
    let number = |at: usize| {
        let bytes = header.get(at..at + 4)?;
        Some(i64::from(u32::from_be_bytes(bytes.try_into().ok()?)))
    };
    // As it stands in SQLite's description of its files.
    let (Some(version), Some(owner), true) = (
        number(60),
        number(68),
        header.starts_with(b"SQLite format 3\0"),
    ) else {
        return Err(OpenError::Foreign { file: path });
    };
    // After a crash in its first moment, all of a store may still be in the log.
    let is_begun = owner == 0 && version == 0 && dir.join("madang.db-wal").exists();
    judge(&path, owner, version, is_begun)?;
    Ok(Found::Ours)
}

fn is_in_use(dir: &Path) -> io::Result<bool> {
    match OpenOptions::new().read(true).open(dir.join("madang.lock")) {
        Ok(lock) => match lock.try_lock_shared() {
            Ok(()) => {
                drop(Lock(lock));
                Ok(false)
            }
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether files can be made there, or where it would be made itself.
fn can_make_files(dir: &Path) -> io::Result<()> {
    let mut places = dir.ancestors().map(|place| match place.as_os_str().len() {
        0 => Path::new("."),
        _ => place,
    });
    let place = places.find(|place| place.exists()).unwrap_or(dir);
    let probe = place.join(format!("madang.probe-{}", std::process::id()));
    private_file(&probe)?;
    fs::remove_file(probe)
}

/// The data directory while this process owns it.
pub(super) struct Place {
    pub(super) file: PathBuf,
    /// Held for as long as anything may be written.
    pub(super) lock: Lock,
}

/// Let go by name and not by closing the file: a child process that is just being started holds
/// the same open file for a moment, and would keep the lock with it.
pub(super) struct Lock(pub(super) File);

impl Drop for Lock {
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the data directory's lock goes only when the process ends");
        }
    }
}

impl Place {
    pub(super) fn take(dir: &Path) -> Result<Self, OpenError> {
        let unusable = |source| OpenError::Directory {
            dir: dir.to_owned(),
            source,
        };
        make_private_dir(dir).map_err(unusable)?;
        let lock = private_file(&dir.join("madang.lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse {
                    dir: dir.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        let file = dir.join("madang.db");
        private_file(&file).map_err(unusable)?;
        Ok(Self {
            file,
            lock: Lock(lock),
        })
    }

    /// The one connection that writes, with the schema brought up to date.
    pub(super) fn writer(&self) -> Result<Connection, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection =
            Connection::open_with_flags(&self.file, flags).map_err(|e| self.unopenable(e))?;
        self.recognise(&connection)?;
        // FULL and WAL together: one fsync of the log makes a commit durable. What was deleted
        // is overwritten, not only forgotten; the log is emptied after it. Checkpoints are the
        // writer's own affair, so that nobody waits for one with an answer that is already durable.
        connection
            .execute_batch(
                "PRAGMA busy_timeout = 5000;
                 PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = FULL;
                 PRAGMA foreign_keys = ON;
                 PRAGMA secure_delete = ON;
                 PRAGMA temp_store = MEMORY;
                 PRAGMA cache_size = -32768;
                 PRAGMA wal_autocheckpoint = 0;",
            )
            .map_err(|e| self.unopenable(e))?;
        migrate(&mut connection).map_err(|e| self.unopenable(e))?;
        connection.set_prepared_statement_cache_capacity(128);
        Ok(connection)
    }

    /// A connection that cannot write.
    pub(super) fn reader(&self) -> Result<Connection, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(&self.file, flags).map_err(|e| self.unopenable(e))?;
        connection
            .execute_batch(
                "PRAGMA busy_timeout = 5000;
                 PRAGMA query_only = ON;
                 PRAGMA temp_store = MEMORY;
                 PRAGMA cache_size = -8192;",
            )
            .map_err(|e| self.unopenable(e))?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    }

    /// A file without owner and without tables is new; anything else must say that it is ours.
    fn recognise(&self, connection: &Connection) -> Result<(), OpenError> {
        let ask = |question: &str| {
            connection
                .query_row(question, [], |row| row.get::<_, i64>(0))
                .map_err(|error| match error.sqlite_error_code() {
                    Some(rusqlite::ErrorCode::NotADatabase) => OpenError::Foreign {
                        file: self.file.clone(),
                    },
                    _ => self.unopenable(error),
                })
        };
        let owner = ask("PRAGMA application_id")?;
        let found = ask("PRAGMA user_version")?;
        let tables = ask("SELECT count(*) FROM sqlite_schema")?;
        let new = owner == 0 && found == 0 && tables == 0;
        judge(&self.file, owner, found, new)
    }

    fn unopenable(&self, source: rusqlite::Error) -> OpenError {
        OpenError::Database {
            file: self.file.clone(),
            source,
        }
    }
}

/// By what the database says of itself.
fn judge(file: &Path, owner: i64, found: i64, new: bool) -> Result<(), OpenError> {
    let file = file.to_owned();
    if owner != APPLICATION_ID && !new {
        return Err(OpenError::Foreign { file });
    }
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(OpenError::Newer { file, found, known });
    }
    Ok(())
}

fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let applied = connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))?;
    for (version, migration) in (1_i64..).zip(MIGRATIONS) {
        if version > applied {
            let transaction = connection.transaction()?;
            transaction.execute_batch(migration)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", version)?;
            transaction.commit()?;
        }
    }
    Ok(())
}

/// What is in the data directory is for this user alone.
fn make_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
