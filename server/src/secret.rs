//! The secret that signs access tokens: given by the operator, or made once and kept in the data
//! directory.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use crate::chat::Secret;

const FILE: &str = "secret";

/// A secret from the configuration. Never shown.
#[derive(Clone)]
pub struct GivenSecret(pub Secret);

#[derive(Debug, thiserror::Error)]
#[error("a secret is 64 hexadecimal digits; `openssl rand -hex 32` makes one")]
pub struct BadSecret;

impl FromStr for GivenSecret {
    type Err = BadSecret;

    fn from_str(text: &str) -> Result<Self, BadSecret> {
        read_hex(text.trim())
            .map(|bytes| Self(Secret(bytes)))
            .ok_or(BadSecret)
    }
}

impl fmt::Debug for GivenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GivenSecret(…)")
    }
}

/// The secret of this data directory; made when there is none.
pub fn kept_in(data: &Path) -> io::Result<Secret> {
    match found_in(data)? {
        Some(secret) => Ok(secret),
        None => make(data),
    }
}

/// The secret of this data directory, if one was made.
pub fn found_in(data: &Path) -> io::Result<Option<Secret>> {
    let path = data.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) => match read_hex(text.trim()) {
            Some(bytes) => Ok(Some(Secret(bytes))),
            None => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{} does not hold a secret: {BadSecret}", path.display()),
            )),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// One that nobody has used.
pub fn fresh() -> io::Result<[u8; 32]> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| io::Error::other(format!("no random numbers: {error}")))?;
    Ok(bytes)
}

fn make(data: &Path) -> io::Result<Secret> {
    let bytes = fresh()?;
    // Written beside and renamed, so that a crash leaves a whole secret or none.
    let half = data.join("secret.new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&half)?;
    file.write_all(write_hex(&bytes).as_bytes())?;
    file.sync_all()?;
    fs::rename(&half, data.join(FILE))?;
    File::open(data)?.sync_all()?;
    Ok(Secret(bytes))
}

fn read_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0u8; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(bytes)
}

fn write_hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_only_its_owner_reads_it() {
        let data = tempfile::tempdir().unwrap();
        let made = kept_in(data.path()).unwrap();
        let found = kept_in(data.path()).unwrap();
        assert_eq!(made.0, found.0);
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(data.path().join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_secret_is_not_replaced_behind_the_operators_back() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join(FILE), "short").unwrap();
        assert!(kept_in(data.path()).is_err());
    }

    #[test]
    fn a_given_secret_is_never_printed() {
        let secret: GivenSecret = "ab".repeat(32).parse().unwrap();
        assert_eq!(secret.0.0, [0xab; 32]);
        assert!(!format!("{secret:?}").contains("ab"));
        assert!("xyz".parse::<GivenSecret>().is_err());
    }
}
