//! SHA-256 as text.

use sha2::{Digest, Sha256};

/// The SHA-256 as 64 hex digits.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
