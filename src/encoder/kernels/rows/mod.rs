//! The steps around the products: rows of f32 become words, tiles become rows of f32.

#[cfg(target_arch = "x86_64")]
mod avx512;

use super::cpu::Cpu;
use super::exp::exp;
use super::product::{Rows, Tile};
use super::words::{Kind, bf16, bf16_pair};

/// Compiles a function for each vector width, and picks one by the CPU. With `FMA` the body may contract `a · b + c`.
macro_rules! for_cpu {
    ($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)? = $body:ident) => {
        $(#[$doc])*
        pub(super) fn $name(cpu: Cpu, $($arg: $type),*) $(-> $result)? {
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
                    Cpu::Scalar => {}
                }
            }
            let _ = cpu;
            $body::<false>($($arg),*)
        }
    };
}

/// Lanes that loops are cut into, so that the compiler can hold them in registers.
pub(super) const LANES: usize = 16;

/// `a · b + c`, in one rounding where the CPU has an instruction for it.
#[inline(always)]
pub(super) fn fma<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// What a row of words has to be multiplied with, and what has to be added to each number, to get its numbers back.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Scale {
    pub(super) factor: f32,
    pub(super) offset: f32,
}

/// Makes words of rows of f32, each `depth` numbers out of `stride`; `scales` tells how to get the numbers back. Int8
/// words are unsigned and use the whole range of each row.
pub(super) fn load(
    cpu: Cpu,
    kind: Kind,
    x: &[f32],
    stride: usize,
    depth: usize,
    to: &mut Rows,
    scales: &mut Vec<Scale>,
) {
    let rows = x.len().div_ceil(stride);
    to.resize(kind, rows, depth);
    scales.clear();
    for row in 0..rows {
        let x = &x[row * stride..][..depth];
        let words = to.row_mut(row);
        scales.push(match kind {
            Kind::Int8 => quantise_row(cpu, x, words),
            Kind::Bf16 => {
                bf16_row(cpu, x, words);
                Scale { factor: 1.0, offset: 0.0 }
            }
            Kind::F32 => {
                words[..depth].iter_mut().zip(x).for_each(|(word, x)| *word = x.to_bits());
                words[depth..].fill(0);
                Scale { factor: 1.0, offset: 0.0 }
            }
        });
    }
}

/// Makes int8 words with two digits of rows of `depth` numbers: as many rows of high digits, then as many of low ones.
/// The sum of both rows' products is that of the numbers with 16 bits.
pub(super) fn load_fine(x: &[f32], depth: usize, to: &mut Rows, scales: &mut Vec<Scale>) {
    let rows = x.len() / depth;
    to.resize(Kind::Int8, 2 * rows, depth);
    scales.clear();
    scales.resize(2 * rows, Scale::default());
    for (row, x) in x.chunks_exact(depth).enumerate() {
        let low = x.iter().fold(f32::INFINITY, |low, x| low.min(*x));
        let high = x.iter().fold(f32::NEG_INFINITY, |high, x| high.max(*x));
        let range = if high > low { high - low } else { 1.0 };
        let factor = range / (65_535.0);
        let steps = |x: f32| ((x - low) / factor).round();
        let high_digit = |x: f32| (steps(x) / 256.0).floor();
        digits(x, to.row_mut(row), high_digit);
        digits(x, to.row_mut(rows + row), |x| steps(x) - 256.0 * high_digit(x));
        scales[row] = Scale { factor: 256.0 * factor, offset: low };
        scales[rows + row] = Scale { factor, offset: 0.0 };
    }
}

/// One byte for each number.
fn digits(x: &[f32], words: &mut [u32], digit: impl Fn(f32) -> f32) {
    words.fill(0);
    for (index, x) in x.iter().enumerate() {
        words[index / 4] |= (digit(*x) as u32) << (8 * (index % 4));
    }
}

/// A row as unsigned bytes: `x = byte · factor + offset`.
fn quantise_row(cpu: Cpu, x: &[f32], words: &mut [u32]) -> Scale {
    #[cfg(target_arch = "x86_64")]
    if cpu.has_avx512() {
        // SAFETY: the CPU has AVX-512, as `cpu` is one of `checked` or `detect`.
        return unsafe { avx512::quantise_row(x, words) };
    }
    quantise_row_plain(cpu, x, words)
}

/// A row as bf16.
fn bf16_row(cpu: Cpu, x: &[f32], words: &mut [u32]) {
    #[cfg(target_arch = "x86_64")]
    if cpu.has_bf16() {
        // SAFETY: the CPU has AVX-512 with bf16, as `cpu` is one of `checked` or `detect`.
        return unsafe { avx512::bf16_row(x, words) };
    }
    bf16_row_plain(cpu, x, words);
}

/// Makes words of the exponentials of `scores` less the highest of them; gives the factor that makes their sum 1.
pub(super) fn exponentials_bf16(cpu: Cpu, scores: &mut [f32], words: &mut [u32]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if cpu.has_bf16() {
        // SAFETY: the CPU has AVX-512 with bf16, as `cpu` is one of `checked` or `detect`.
        return unsafe { avx512::exponentials_bf16(scores, words) };
    }
    exponentials_bf16_plain(cpu, scores, words)
}

for_cpu! {
    /// [`quantise_row`], as it is defined.
    fn quantise_row_plain(x: &[f32], words: &mut [u32]) -> Scale = quantise
}

for_cpu! {
    /// [`bf16_row`], as it is defined.
    fn bf16_row_plain(x: &[f32], words: &mut [u32]) = to_bf16
}

#[inline(always)]
fn quantise<const FMA: bool>(x: &[f32], words: &mut [u32]) -> Scale {
    let (mut low, mut high) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    let (blocks, rest) = x.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            low[lane] = if block[lane] < low[lane] { block[lane] } else { low[lane] };
            high[lane] = if block[lane] > high[lane] { block[lane] } else { high[lane] };
        }
    }
    let low = low.iter().chain(rest).fold(f32::INFINITY, |a, b| a.min(*b));
    let high = high.iter().chain(rest).fold(f32::NEG_INFINITY, |a, b| a.max(*b));
    let range = if high > low { high - low } else { 1.0 };
    let inverse = 255.0 / range;
    // Adding 2²³ to a number below it leaves the number, rounded, in the low bits.
    const ROUND: f32 = 8_388_608.0;
    let byte = |x: f32| fma::<FMA>(x - low, inverse, ROUND).to_bits() as u8;
    let (blocks, rest) = x.as_chunks::<LANES>();
    let (quads, padding) = words.split_at_mut(blocks.len() * LANES / 4);
    for (block, quads) in blocks.iter().zip(quads.as_chunks_mut::<{ LANES / 4 }>().0) {
        let bytes: [u8; LANES] = std::array::from_fn(|lane| byte(block[lane]));
        for (quad, bytes) in quads.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *quad = u32::from_le_bytes(*bytes);
        }
    }
    padding.fill(0);
    for (index, x) in rest.iter().enumerate() {
        padding[index / 4] |= u32::from(byte(*x)) << (8 * (index % 4));
    }
    Scale { factor: range / 255.0, offset: low }
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
    /// Words of two rows' numbers, column by column: `low` in the low half. Missing numbers are 0.
    fn interleave(low: &[f32], high: &[f32], words: &mut [u32; LANES]) = interleaved
}

#[inline(always)]
fn interleaved<const FMA: bool>(low: &[f32], high: &[f32], words: &mut [u32; LANES]) {
    match (low.as_array::<LANES>(), high.as_array::<LANES>()) {
        (Some(low), Some(high)) => {
            for lane in 0..LANES {
                words[lane] = bf16_pair(low[lane], high[lane]);
            }
        }
        _ => {
            let number = |of: &[f32], lane: usize| of.get(lane).copied().unwrap_or(0.0);
            for (lane, word) in words.iter_mut().enumerate() {
                *word = bf16_pair(number(low, lane), number(high, lane));
            }
        }
    }
}

/// What becomes of the sums of a product's columns.
pub(super) struct Finish<'a> {
    /// For each row of words on the left.
    pub(super) scales: &'a [Scale],
    /// For each column, padded: what its words have to be multiplied with.
    pub(super) factors: &'a [f32],
    /// For each column, padded: the sum of its numbers, to account for the rows' offsets.
    pub(super) sums: &'a [f32],
    /// For each column, padded.
    pub(super) bias: &'a [f32],
}

for_cpu! {
    /// Writes a tile of int8 sums into rows of `stride` numbers, finished.
    fn finish_int8(tile: &Tile<'_>, finish: &Finish<'_>, out: &mut [f32], stride: usize) = int8_tile
}

for_cpu! {
    /// The same, and the GELU of it within 1e-4: what int8 words keep of it is coarser.
    fn finish_int8_gelu(tile: &Tile<'_>, finish: &Finish<'_>, out: &mut [f32], stride: usize) = int8_gelu_tile
}

for_cpu! {
    /// Writes a tile of f32 sums into rows of `stride` numbers, with the bias added, and the GELU of it within 1e-4: what
    /// bf16 words keep of it is coarser.
    fn finish_float_gelu(tile: &Tile<'_>, finish: &Finish<'_>, out: &mut [f32], stride: usize) = float_gelu_tile
}

for_cpu! {
    /// Writes a tile of f32 sums into rows of `stride` numbers, with the bias added.
    fn finish_float(tile: &Tile<'_>, finish: &Finish<'_>, out: &mut [f32], stride: usize) = float_tile
}

for_cpu! {
    /// Writes the first `columns` of a tile of f32 sums into rows of `stride` numbers, each row times its factor.
    fn finish_scaled(tile: &Tile<'_>, factors: &[f32], columns: usize, out: &mut [f32], stride: usize) = scaled_tile
}

#[inline(always)]
fn int8_tile<const FMA: bool>(tile: &Tile<'_>, finish: &Finish<'_>, out: &mut [f32], stride: usize) {
    linear_tile::<FMA, true>(tile, finish, out, stride, |x| x);
}

#[inline(always)]
fn int8_gelu_tile<const FMA: bool>(tile: &Tile<'_>, finish: &Finish<'_>, out: &mut [f32], stride: usize) {
    linear_tile::<FMA, true>(tile, finish, out, stride, quick_gelu::<FMA>);
}

#[inline(always)]
fn float_tile<const FMA: bool>(tile: &Tile<'_>, finish: &Finish<'_>, out: &mut [f32], stride: usize) {
    linear_tile::<FMA, false>(tile, finish, out, stride, |x| x);
}

#[inline(always)]
fn float_gelu_tile<const FMA: bool>(tile: &Tile<'_>, finish: &Finish<'_>, out: &mut [f32], stride: usize) {
    linear_tile::<FMA, false>(tile, finish, out, stride, quick_gelu::<FMA>);
}

#[inline(always)]
fn linear_tile<const FMA: bool, const INT: bool>(
    tile: &Tile<'_>,
    finish: &Finish<'_>,
    out: &mut [f32],
    stride: usize,
    then: impl Fn(f32) -> f32,
) {
    let column = |of: &'_ [f32], from: usize| -> [f32; LANES] {
        of[tile.column + from..][..LANES].try_into().expect("as many as asked for")
    };
    for from in (0..tile.columns).step_by(LANES) {
        let (factors, sums, bias) =
            (column(finish.factors, from), column(finish.sums, from), column(finish.bias, from));
        for row in 0..tile.rows {
            let Scale { factor, offset } = finish.scales[tile.row + row];
            let words: &[u32; LANES] =
                tile.words[row * tile.columns + from..].first_chunk().expect("a tile has whole panels");
            let out: &mut [f32; LANES] = out[(tile.row + row) * stride + tile.column + from..]
                .first_chunk_mut()
                .expect("rows have room for whole panels");
            for lane in 0..LANES {
                let sum = if INT { words[lane].cast_signed() as f32 } else { f32::from_bits(words[lane]) };
                let x = if INT {
                    fma::<FMA>(sum * factors[lane], factor, fma::<FMA>(offset, sums[lane], bias[lane]))
                } else {
                    sum + bias[lane]
                };
                out[lane] = then(x);
            }
        }
    }
}

#[inline(always)]
fn scaled_tile<const FMA: bool>(tile: &Tile<'_>, factors: &[f32], columns: usize, out: &mut [f32], stride: usize) {
    let width = tile.columns.min(columns.saturating_sub(tile.column));
    for row in 0..tile.rows {
        let factor = factors[tile.row + row];
        let words = &tile.words[row * tile.columns..][..width];
        let out = &mut out[(tile.row + row) * stride + tile.column..][..width];
        out.iter_mut().zip(words).for_each(|(out, word)| *out = factor * f32::from_bits(*word));
    }
}

/// The exact GELU within 1e-4: `x σ(x q(x²))`, where the polynomial q is fitted to make the largest error smallest.
#[inline(always)]
fn quick_gelu<const FMA: bool>(x: f32) -> f32 {
    let square = x * x;
    // From 6 on the result is x or 0 whatever q is, as long as it is large.
    let square = if square < 36.0 { square } else { 36.0 };
    // The coefficients of q hold log2 e.
    let q = fma::<FMA>(fma::<FMA>(-1.014_481_8e-3, square, 1.067_767_3e-1), square, 2.301_120_6);
    let t = -x * q;
    x * quick_inverse::<FMA>(1.0 + quick_exp2::<FMA>(if t < 30.0 { t } else { 30.0 }))
}

/// `1 / x` within 3e-5 of it, for normal positive x below 2⁶⁰: a guess from the bits, and two steps of Newton's.
#[inline(always)]
fn quick_inverse<const FMA: bool>(x: f32) -> f32 {
    let guess = f32::from_bits(0x7ef3_11c7 - x.to_bits());
    let better = guess * fma::<FMA>(-x, guess, 2.0);
    better * fma::<FMA>(-x, better, 2.0)
}

/// 2^r for |r| <= 1/2, minimax of degree 3: the highest power's coefficient first.
const EXP2: [f32; 4] = [5.517_140_8e-2, 2.426_107_5e-1, 6.932_61e-1, 9.999_281e-1];

/// `2^t` within 1e-4 of it, for t up to 127; 2⁻¹²⁶ below.
#[inline(always)]
fn quick_exp2<const FMA: bool>(t: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    let t = if t > -126.0 { t } else { -126.0 };
    let shifted = t + ROUND;
    let r = t - (shifted - ROUND);
    let [mut p, rest @ ..] = EXP2;
    for c in rest {
        p = fma::<FMA>(p, r, c);
    }
    // The low bits of `shifted` hold the whole part: it is added to the exponent.
    f32::from_bits(p.to_bits().wrapping_add(shifted.to_bits() << 23))
}

for_cpu! {
    /// [`exponentials_bf16`], as it is defined.
    fn exponentials_bf16_plain(scores: &mut [f32], words: &mut [u32]) -> f32 = to_exponentials_bf16
}

for_cpu! {
    /// [`exponentials_bf16`] with words of f32.
    fn exponentials_f32(scores: &mut [f32], words: &mut [u32]) -> f32 = to_exponentials_f32
}

#[inline(always)]
fn to_exponentials_bf16<const FMA: bool>(scores: &mut [f32], words: &mut [u32]) -> f32 {
    use std::f32::consts::LOG2_E;
    let factor = exponentials(scores, |x, highest| quick_exp2::<FMA>(fma::<FMA>(x, LOG2_E, -highest * LOG2_E)));
    to_bf16::<FMA>(scores, words);
    factor
}

#[inline(always)]
fn to_exponentials_f32<const FMA: bool>(scores: &mut [f32], words: &mut [u32]) -> f32 {
    let factor = exponentials(scores, |x, highest| exp(x - highest));
    words[..scores.len()].iter_mut().zip(&*scores).for_each(|(word, x)| *word = x.to_bits());
    words[scores.len()..].fill(0);
    factor
}

#[inline(always)]
fn exponentials(scores: &mut [f32], exp: impl Fn(f32, f32) -> f32) -> f32 {
    let mut highest = [f32::NEG_INFINITY; LANES];
    let (blocks, rest) = scores.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            highest[lane] = if block[lane] > highest[lane] { block[lane] } else { highest[lane] };
        }
    }
    let highest = highest.iter().chain(rest).fold(f32::NEG_INFINITY, |a, b| a.max(*b));
    let mut sums = [0.0; LANES];
    let (blocks, rest) = scores.as_chunks_mut::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            block[lane] = exp(block[lane], highest);
            sums[lane] += block[lane];
        }
    }
    let mut sum: f32 = sums.iter().sum();
    for x in rest {
        *x = exp(*x, highest);
        sum += *x;
    }
    1.0 / sum
}
