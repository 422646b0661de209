//! Digests that say whether something changed.

use super::SessionError;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Returns the SHA-256 of a whole file in hex. Costs about a second for 1-2 GB.
///
/// # Errors
/// Fails where the file cannot be read.
pub fn of_file(path: &Path) -> Result<String, SessionError> {
    let failed = |source| SessionError::Read { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0u8; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => return Ok(hex(&hasher.finalize())),
            n => hasher.update(&buffer[..n]),
        }
    }
}

/// Returns the SHA-256 of a JSON value as it is printed, in hex.
#[must_use]
pub fn of_json(value: &serde_json::Value) -> String {
    hex(&Sha256::digest(value.to_string()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
