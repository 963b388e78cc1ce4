//! Work on all pairs as it stands, to be saved and gone on with.

use super::lists::Key;

/// Which block rows are through, and the lists so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairState {
    pub(super) finished: Vec<bool>,
    pub(super) keys: Vec<Key>,
}

impl PairState {
    /// The state as bytes: how many block rows there are, a byte for each, and the lists, little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let PairState { finished, keys } = self;
        let mut bytes = Vec::with_capacity(size_of::<u64>() * (1 + keys.len()) + finished.len());
        bytes.extend((finished.len() as u64).to_le_bytes());
        bytes.extend(finished.iter().map(|finished| u8::from(*finished)));
        bytes.extend(keys.iter().flat_map(|key| key.to_le_bytes()));
        bytes
    }

    /// The state of [`to_bytes`](PairState::to_bytes); `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<PairState> {
        let (blocks, rest) = bytes.split_first_chunk()?;
        let (finished, keys) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*blocks)).ok()?)?;
        let (keys, []) = keys.as_chunks() else { return None };
        Some(PairState {
            finished: finished.iter().map(|finished| *finished != 0).collect(),
            keys: keys.iter().map(|key| u64::from_le_bytes(*key)).collect(),
        })
    }
}
