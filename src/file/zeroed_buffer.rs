//! Memory for what is built.

use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;

/// Memory of zeros, in large pages where the system has them: what is read here and there in it is found faster.
#[derive(Debug)]
pub(crate) struct ZeroedBuffer {
    /// At least a byte: none cannot be mapped.
    pub(super) map: MmapMut,
    length: usize,
}

impl ZeroedBuffer {
    /// So many bytes.
    ///
    /// # Panics
    /// When there is no memory left, as any allocation does.
    pub(crate) fn zeros(length: usize) -> ZeroedBuffer {
        let map = MmapMut::map_anon(length.max(1)).expect("memory for what is built");
        #[cfg(target_os = "linux")]
        // A wish: without large pages it is slower, and right.
        let _ = map.advise(memmap2::Advice::HugePage);
        ZeroedBuffer { map, length }
    }
}

impl Deref for ZeroedBuffer {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.map[..self.length]
    }
}

impl DerefMut for ZeroedBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.map[..self.length]
    }
}
