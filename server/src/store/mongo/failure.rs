//! What the driver says, in the words of the port.

use mongodb::error::{Error, ErrorKind, WriteFailure};

use crate::store::StoreError;

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        explain(&error)
    }
}

const DUPLICATE_KEY: i32 = 11_000;
const UNAUTHORIZED: i32 = 13;
const OUT_OF_DISK_SPACE: i32 = 14_031;
pub(super) const COMMAND_NOT_FOUND: i32 = 59;

/// The number that the server gave to what went wrong, if it was the server who said so.
pub(super) fn code(error: &Error) -> Option<i32> {
    match error.kind.as_ref() {
        ErrorKind::Command(error) => Some(error.code),
        ErrorKind::Write(WriteFailure::WriteError(error)) => Some(error.code),
        ErrorKind::InsertMany(error) => error.write_errors.as_ref()?.first().map(|it| it.code),
        _ => None,
    }
}

/// A unique index says that it is there already, and nothing else went wrong.
pub(crate) fn is_duplicate(error: &Error) -> bool {
    match error.kind.as_ref() {
        ErrorKind::InsertMany(failed) => {
            let mut refused = failed.write_errors.iter().flatten();
            failed.write_concern_error.is_none() && refused.all(|it| it.code == DUPLICATE_KEY)
        }
        _ => code(error) == Some(DUPLICATE_KEY),
    }
}

fn explain(error: &Error) -> StoreError {
    match code(error) {
        Some(OUT_OF_DISK_SPACE) => StoreError::CannotWrite(
            "MongoDB's disk is full; make room there and it goes on by itself".into(),
        ),
        Some(UNAUTHORIZED) => StoreError::CannotWrite(format!(
            "MongoDB refuses this user ({error}); give it the role readWrite on the database"
        )),
        _ => match error.kind.as_ref() {
            ErrorKind::Bson(error) => StoreError::Corrupt(error.to_string()),
            _ => StoreError::Unavailable(error.to_string()),
        },
    }
}
