//! Hashes of texts: FNV-1a, the same on every machine.

/// The hash of no text.
pub(super) const EMPTY: u64 = 0xcbf2_9ce4_8422_2325;

/// The hash of a text.
pub(super) fn hashed(text: &str) -> u64 {
    extended(EMPTY, text)
}

/// The hash of a text and another one behind it.
pub(super) fn extended(hash: u64, text: &str) -> u64 {
    text.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_numbers() {
        assert_eq!([hashed(""), hashed("a"), hashed("foobar")], [EMPTY, 0xaf63_dc4c_8601_ec8c, 0x8594_4171_f739_67e8]);
        assert_eq!(extended(hashed("foo"), "bar"), hashed("foobar"));
    }
}
