//! The steps around the products: rows of f32 become words here, tiles become rows of f32 in `finish`.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod columns;
mod epilogue;
mod exponentials;
mod softmax_weights;

use crate::kernels::{Cpu, ElementType, PaddedRows, bf16, bf16_pair};

/// Compiles a function for each vector width, and picks one by the CPU. With `FMA` the body may contract `a · b + c`.
macro_rules! for_cpu {
    ($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)? = $body:ident) => {
        $(#[$doc])*
        pub(in crate::encoder::kernels) fn $name(cpu: Cpu, $($arg: $type),*) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
                fn avx512($($arg: $type),*) $(-> $result)? {
                    $body::<true>($($arg),*)
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($arg: $type),*) $(-> $result)? {
                    $body::<true>($($arg),*)
                }
                match cpu {
                    // SAFETY: a `Cpu` other than Scalar is made by `checked` or `detect` only if the machine has it.
                    Cpu::Amx | Cpu::Avx512Bf16 | Cpu::Avx512Vnni | Cpu::Avx512 => return unsafe { avx512($($arg),*) },
                    // SAFETY: as above.
                    Cpu::Avx2Vnni | Cpu::Avx2 => return unsafe { avx2($($arg),*) },
                    Cpu::NeonBf16 | Cpu::NeonDot | Cpu::Neon | Cpu::Scalar => {}
                }
            }
            // Every CPU of this architecture has NEON, and fused operations with it.
            #[cfg(target_arch = "aarch64")]
            if cpu != Cpu::Scalar {
                return $body::<true>($($arg),*);
            }
            let _ = cpu;
            $body::<false>($($arg),*)
        }
    };
}

use for_cpu;

use columns::padded;
pub(super) use columns::{ColumnScales, column_ranges, load_columns, pack_columns};
pub(super) use epilogue::{Epilogue, finish_float, finish_float_gelu, finish_int8};
pub(super) use exponentials::exponentials;
pub(super) use softmax_weights::{WeightScale, sum_of_weights, weights_in_range};

/// Lanes that loops are cut into, so that the compiler can hold them in registers.
pub(super) const LANES: usize = 16;

/// `a · b + c`, in one rounding where the CPU has an instruction for it.
#[inline(always)]
pub(super) fn fma<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// What a row of words has to be multiplied with, and what has to be added to each number, to get its numbers back.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct RowScale {
    pub(super) factor: f32,
    pub(super) offset: f32,
}

/// Rows of `columns` numbers, `stride` numbers apart.
#[derive(Clone, Copy)]
pub(super) struct StridedRows<'a> {
    /// From the first number of the first row to the last one of the last row.
    pub(super) numbers: &'a [f32],
    pub(super) stride: usize,
    pub(super) columns: usize,
}

impl<'a> StridedRows<'a> {
    /// How many.
    pub(super) fn count(self) -> usize {
        self.numbers.len().div_ceil(self.stride)
    }

    pub(super) fn row(self, row: usize) -> &'a [f32] {
        &self.numbers[row * self.stride..][..self.columns]
    }

    /// Some of the rows.
    pub(super) fn part(self, start: usize, count: usize) -> StridedRows<'a> {
        let numbers = &self.numbers[start * self.stride..][..(count - 1) * self.stride + self.columns];
        StridedRows { numbers, ..self }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = &'a [f32]> {
        self.numbers.chunks(self.stride).map(move |row| &row[..self.columns])
    }
}

/// Makes words of rows of f32; `scales` tells how to get the numbers back. Int8 words use the whole range of each row.
pub(super) fn load(
    cpu: Cpu,
    kind: ElementType,
    rows: StridedRows<'_>,
    to: &mut PaddedRows,
    scales: &mut Vec<RowScale>,
) {
    let depth = rows.columns;
    to.resize(kind, rows.count(), depth);
    scales.clear();
    for (row, x) in rows.iter().enumerate() {
        let words = to.row_mut(row);
        scales.push(match kind {
            ElementType::Int8 | ElementType::Int16 => {
                let scale = quantize_row(cpu, kind, x, words);
                multiplied_by(cpu, kind, words, scale)
            }
            ElementType::Bf16 => {
                bf16_row(cpu, x, words);
                RowScale { factor: 1.0, offset: 0.0 }
            }
            ElementType::F32 => {
                words[..depth].iter_mut().zip(x).for_each(|(word, x)| *word = x.to_bits());
                words[depth..].fill(0);
                RowScale { factor: 1.0, offset: 0.0 }
            }
        });
    }
}

/// Makes int8 words with two digits of rows of `depth` numbers: 16 bits of each number.
pub(super) fn load_fine(
    cpu: Cpu,
    kind: ElementType,
    x: &[f32],
    depth: usize,
    to: &mut PaddedRows,
    scales: &mut Vec<RowScale>,
) {
    let rows = x.len() / depth;
    to.resize(kind, 2 * rows, depth);
    scales.clear();
    for (row, x) in x.chunks_exact(depth).enumerate() {
        let [high_digits, low_digits] = to.digits_mut(row);
        let RowScale { factor, offset } = two_digits(cpu, kind, x, high_digits, low_digits);
        let scale = multiplied_by(cpu, kind, high_digits, RowScale { factor: 256.0 * factor, offset });
        scales.push(multiplied_by(cpu, kind, low_digits, RowScale { factor, ..scale }));
    }
}

/// Unsigned bytes as the CPU multiplies them: those that are signed are less by 128, which the offset accounts for.
fn multiplied_by(cpu: Cpu, kind: ElementType, words: &mut [u32], RowScale { factor, offset }: RowScale) -> RowScale {
    if kind != ElementType::Int8 || !cpu.has_signed_rows() {
        return RowScale { factor, offset };
    }
    words.iter_mut().for_each(|word| *word ^= 0x8080_8080);
    RowScale { factor, offset: offset + 128.0 * factor }
}

/// A row as unsigned bytes: `x = byte · factor + offset`.
fn quantize_row(cpu: Cpu, kind: ElementType, x: &[f32], words: &mut [u32]) -> RowScale {
    #[cfg(target_arch = "x86_64")]
    if cpu.has_avx512() && kind == ElementType::Int8 {
        // SAFETY: the CPU has AVX-512, as `cpu` is one of `checked` or `detect`.
        return unsafe { avx512::quantize_row(x, words) };
    }
    #[cfg(target_arch = "x86_64")]
    if cpu != Cpu::Scalar && x.len().is_multiple_of(LANES) {
        // SAFETY: every CPU but plain Rust has AVX2 and FMA, as `cpu` is one of `checked` or `detect`.
        return unsafe { avx2::quantize_row(kind, x, words) };
    }
    quantize_row_plain(cpu, kind, x, words)
}

/// A row as bf16.
fn bf16_row(cpu: Cpu, x: &[f32], words: &mut [u32]) {
    #[cfg(target_arch = "x86_64")]
    if cpu.has_avx512_bf16() {
        // SAFETY: the CPU has AVX-512 with bf16, as `cpu` is one of `checked` or `detect`.
        return unsafe { avx512::bf16_row(x, words) };
    }
    bf16_row_plain(cpu, x, words);
}

for_cpu! {
    /// [`quantize_row`], as it is defined.
    fn quantize_row_plain(kind: ElementType, x: &[f32], words: &mut [u32]) -> RowScale = quantize
}

for_cpu! {
    /// A row as two digits of unsigned bytes: `x = (256 · high + low) · factor + offset`. Short texts have few rows, and
    /// this was a quarter of the time that they take before the compiler could make vectors of it.
    fn two_digits(kind: ElementType, x: &[f32], high: &mut [u32], low: &mut [u32]) -> RowScale = quantize_in_two
}

for_cpu! {
    /// [`bf16_row`], as it is defined.
    fn bf16_row_plain(x: &[f32], words: &mut [u32]) = to_bf16
}

#[inline(always)]
fn quantize<const FMA: bool>(kind: ElementType, x: &[f32], words: &mut [u32]) -> RowScale {
    let (low, range) = extent(x);
    let inverse = 255.0 / range;
    to_bytes(kind, x, words, |x| fma::<FMA>(x - low, inverse, ROUND));
    RowScale { factor: range / 255.0, offset: low }
}

#[inline(always)]
fn quantize_in_two<const FMA: bool>(kind: ElementType, x: &[f32], high: &mut [u32], low: &mut [u32]) -> RowScale {
    let (lowest, range) = extent(x);
    let inverse = 65_535.0 / range;
    let steps = |x: f32| fma::<FMA>(x - lowest, inverse, ROUND);
    to_bytes(kind, x, high, |x| f32::from_bits(steps(x).to_bits() >> 8));
    to_bytes(kind, x, low, steps);
    RowScale { factor: range / 65_535.0, offset: lowest }
}

/// The lowest number, and the distance of the highest from it: 1 if there is none.
#[inline(always)]
fn extent(x: &[f32]) -> (f32, f32) {
    let low = extreme(x, f32::INFINITY, |x, low| if x < low { x } else { low });
    let high = extreme(x, f32::NEG_INFINITY, |x, high| if x > high { x } else { high });
    (low, if high > low { high - low } else { 1.0 })
}

/// Adding it to a number below leaves the number, rounded, in the low bits: 1.5 · 2²³.
const ROUND: f32 = 12_582_912.0;

/// One byte for each number: the lowest of what `of` gives.
#[inline(always)]
fn to_bytes(kind: ElementType, x: &[f32], words: &mut [u32], of: impl Fn(f32) -> f32) {
    let byte = |x: f32| of(x).to_bits() as u8;
    let (blocks, rest) = x.as_chunks::<LANES>();
    let (whole, padding) = words.split_at_mut(blocks.len() * LANES / kind.per_word());
    if kind == ElementType::Int16 {
        for (block, pairs) in blocks.iter().zip(whole.as_chunks_mut::<{ LANES / 2 }>().0) {
            for (pair, x) in pairs.iter_mut().zip(block.as_chunks::<2>().0) {
                *pair = u32::from(byte(x[0])) | u32::from(byte(x[1])) << 16;
            }
        }
    } else {
        for (block, quads) in blocks.iter().zip(whole.as_chunks_mut::<{ LANES / 4 }>().0) {
            let bytes: [u8; LANES] = std::array::from_fn(|lane| byte(block[lane]));
            for (quad, bytes) in quads.iter_mut().zip(bytes.as_chunks::<4>().0) {
                *quad = u32::from_le_bytes(*bytes);
            }
        }
    }
    padding.fill(0);
    for (word, x) in padding.iter_mut().zip(rest.chunks(kind.per_word())) {
        *word = kind.word(x.iter().map(|x| byte(*x).into()));
    }
}

/// What is left of all numbers if `of` keeps one of any two; `start` is what it never keeps. With two extremes in one
/// loop the compiler would not use NEON's vectors.
#[inline(always)]
fn extreme(x: &[f32], start: f32, of: impl Fn(f32, f32) -> f32) -> f32 {
    let mut extremes = [start; LANES];
    let (blocks, rest) = x.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            extremes[lane] = of(block[lane], extremes[lane]);
        }
    }
    extremes.iter().chain(rest).fold(start, |extreme, x| of(*x, extreme))
}

#[inline(always)]
fn to_bf16<const FMA: bool>(x: &[f32], words: &mut [u32]) {
    let (blocks, rest) = x.as_chunks::<LANES>();
    let (halves, padding) = words.split_at_mut(blocks.len() * LANES / 2);
    for (block, halves) in blocks.iter().zip(halves.as_chunks_mut::<{ LANES / 2 }>().0) {
        let numbers: [u16; LANES] = std::array::from_fn(|lane| bf16(block[lane]) as u16);
        for (word, pair) in halves.iter_mut().zip(numbers.as_chunks::<2>().0) {
            *word = u32::from(pair[0]) | u32::from(pair[1]) << 16;
        }
    }
    padding.fill(0);
    for (word, pair) in padding.iter_mut().zip(rest.chunks(2)) {
        *word = bf16_pair(pair[0], pair.get(1).copied().unwrap_or(0.0));
    }
}

for_cpu! {
    /// Words of as many rows' numbers as a word has, column by column: the first row in the lowest part. Missing
    /// numbers are 0.
    fn interleave(kind: ElementType, rows: &[&[f32]], words: &mut [u32; LANES]) = interleaved
}

#[inline(always)]
fn interleaved<const FMA: bool>(kind: ElementType, rows: &[&[f32]], words: &mut [u32; LANES]) {
    let row = |index: usize| padded(rows.get(index).copied().unwrap_or_default());
    match kind {
        ElementType::Bf16 => {
            let [low, high] = [row(0), row(1)];
            for lane in 0..LANES {
                words[lane] = bf16_pair(low[lane], high[lane]);
            }
        }
        ElementType::F32 => *words = row(0).map(f32::to_bits),
        ElementType::Int8 | ElementType::Int16 => unreachable!("integers are packed by `pack_columns`"),
    }
}
