//! What SQLite says, in the words of the port.

use rusqlite::{Error, ErrorCode, ffi};

use crate::store::StoreError;

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        explain(&error)
    }
}

pub(super) fn explain(error: &Error) -> StoreError {
    let Some(code) = error.sqlite_error_code() else {
        return match error {
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..) => StoreError::Corrupt(error.to_string()),
            _ => StoreError::Unavailable(error.to_string()),
        };
    };
    match code {
        ErrorCode::DiskFull => StoreError::CannotWrite(
            "the disk that holds the data directory is full; make room and it goes on by itself"
                .into(),
        ),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => StoreError::CannotWrite(format!(
            "the data directory is read-only for this server ({error}); let its user write there"
        )),
        ErrorCode::CannotOpen => StoreError::CannotWrite(format!(
            "the database cannot be opened ({error}); look whether the data directory is still \
             there and belongs to this server's user"
        )),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Corrupt(format!(
            "{error}; stop the server and restore the data directory from a backup"
        )),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Unavailable(format!(
            "another program holds the database ({error}); close it"
        )),
        _ if sync_failed(error) => StoreError::Unavailable(
            "the disk refused to make a write durable; check the disk, then restart the server"
                .into(),
        ),
        _ => StoreError::Unavailable(error.to_string()),
    }
}

/// After a failed fsync the kernel may have forgotten what it did not write, and a second fsync
/// would succeed without it. This handle must not be believed any more.
pub(super) fn sync_failed(error: &Error) -> bool {
    matches!(
        error.sqlite_error().map(|error| error.extended_code),
        Some(ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)
    )
}
