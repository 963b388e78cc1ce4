//! Dot products of words, lane by lane: the one step that every matrix product is made of, for each CPU.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
#[cfg(target_arch = "aarch64")]
pub(crate) mod neon;
pub(crate) mod scalar;

use super::element::PANEL;

/// One instruction set's way to multiply words of one kind and to add them up, in registers of [`DotKernel::LANES`] lanes.
///
/// All functions are unsafe: the CPU must have the instructions, and pointers must be good for the lanes.
pub(crate) trait DotKernel {
    /// Lanes of a register: 16, 8 or 4.
    const LANES: usize;
    /// A register of words.
    type Word: Copy;
    /// A register of sums: i32 for int8, f32 otherwise.
    type Sum: Copy;

    /// Sums of 0.
    unsafe fn zero() -> Self::Sum;
    /// Words from memory.
    unsafe fn load(words: *const u32) -> Self::Word;
    /// One word in every lane.
    unsafe fn splat(word: *const u32) -> Self::Word;
    /// `sum + a · b`; int8 words are signed in `b`, in `a` unsigned, or signed if `Cpu::has_signed_rows`.
    unsafe fn dot(sum: Self::Sum, a: Self::Word, b: Self::Word) -> Self::Sum;
    /// The bits of the sums to memory.
    unsafe fn store(sums: *mut u32, sum: Self::Sum);
}

/// Steps at a time: addresses are worked out once for all of them.
pub(crate) const UNROLLED: usize = 4;

/// The product of `ROWS` rows and `PANELS` panels, in registers from beginning to end: `tile[row][16 · panel + column]`,
/// rows `tile_stride` words apart.
///
/// # Safety
/// The CPU has the instructions of `D`. `steps` is a multiple of [`UNROLLED`]. `a` is good for `ROWS` rows of `steps`
/// words, `stride` words apart; `b` for `PANELS` panels of `steps` times 16 words, 16 times `stride` words apart; `tile`
/// for `ROWS` rows of `PANELS · 16` words.
#[inline(always)]
pub(crate) unsafe fn tile<D: DotKernel, const ROWS: usize, const REGISTERS: usize>(
    a: *const u32,
    stride: usize,
    b: *const u32,
    steps: usize,
    tile: *mut u32,
    tile_stride: usize,
) {
    let in_panel = PANEL / D::LANES;
    // SAFETY: every pointer stays in what the caller vouches for.
    unsafe {
        let mut sums = [[D::zero(); REGISTERS]; ROWS];
        let rows: [*const u32; ROWS] = std::array::from_fn(|row| a.add(row * stride));
        let columns: [*const u32; REGISTERS] = std::array::from_fn(|register| {
            let (panel, part) = (register / in_panel, register % in_panel);
            b.add(panel * stride * PANEL + part * D::LANES)
        });
        for block in 0..steps / UNROLLED {
            for step in UNROLLED * block..UNROLLED * (block + 1) {
                let right = columns.map(|column| D::load(column.add(step * PANEL)));
                for (sums, row) in sums.iter_mut().zip(rows) {
                    let left = D::splat(row.add(step));
                    for (sum, right) in sums.iter_mut().zip(right) {
                        *sum = D::dot(*sum, left, right);
                    }
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            for (register, sum) in sums.iter().enumerate() {
                D::store(tile.add(row * tile_stride + register * D::LANES), *sum);
            }
        }
    }
}
