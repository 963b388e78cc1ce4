//! The steps around the products: rows of f32 become words, tiles become rows of f32.

use super::cpu::Cpu;
use super::exp::exp;
use super::product::{Rows, Tile};
use super::words::{Kind, bf16_pair};

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

/// Makes words of `rows` rows of f32, each `depth` numbers out of `stride`; `scales` tells how to get the numbers back.
/// Int8 words are unsigned and use the whole range of each row.
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
            Kind::Int8 => quantise_row(cpu, x, words, cpu.levels()),
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

for_cpu! {
    /// A row as unsigned bytes from 0 to `levels`: `x = byte · factor + offset`.
    fn quantise_row(x: &[f32], words: &mut [u32], levels: f32) -> Scale = quantise
}

for_cpu! {
    /// A row as bf16.
    fn bf16_row(x: &[f32], words: &mut [u32]) = to_bf16
}

#[inline(always)]
fn quantise<const FMA: bool>(x: &[f32], words: &mut [u32], levels: f32) -> Scale {
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
    let inverse = levels / range;
    // Adding 2²³ to a number below it leaves the number, rounded, in the low bits.
    const ROUND: f32 = 8_388_608.0;
    let byte = |x: f32| fma::<FMA>(x - low, inverse, ROUND).to_bits() & 0xff;
    let (quads, rest) = x.as_chunks::<4>();
    for (word, quad) in words.iter_mut().zip(quads) {
        *word = byte(quad[0]) | byte(quad[1]) << 8 | byte(quad[2]) << 16 | byte(quad[3]) << 24;
    }
    words[quads.len()..].fill(0);
    for (index, x) in rest.iter().enumerate() {
        words[quads.len()] |= byte(*x) << (8 * index);
    }
    Scale { factor: range / levels, offset: low }
}

#[inline(always)]
fn to_bf16<const FMA: bool>(x: &[f32], words: &mut [u32]) {
    let (pairs, rest) = x.as_chunks::<2>();
    for (word, pair) in words.iter_mut().zip(pairs) {
        *word = bf16_pair(pair[0], pair[1]);
    }
    words[pairs.len()..].fill(0);
    if let [last] = rest {
        words[pairs.len()] = bf16_pair(*last, 0.0);
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
    let q = fma::<FMA>(fma::<FMA>(-7.031_852e-4, square, 7.401_199e-2), square, 1.595_015_2);
    x / (1.0 + quick_exp::<FMA>(-x * q))
}

/// `e^x` within 1e-4 of it, for x up to 88; 2⁻¹²⁶ below -87.3.
#[inline(always)]
pub(super) fn quick_exp<const FMA: bool>(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    let t = x.clamp(-87.3, 88.0) * std::f32::consts::LOG2_E;
    let shifted = t + ROUND;
    let r = t - (shifted - ROUND);
    // 2^r for |r| <= 1/2: minimax of degree 3.
    let mut p = 5.517_140_8e-2;
    for c in [2.426_107_5e-1, 6.932_61e-1, 9.999_281e-1] {
        p = fma::<FMA>(p, r, c);
    }
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    p * power
}

for_cpu! {
    /// Makes words of the exponentials of `scores` less the highest of them; gives the factor that makes their sum 1.
    fn exponentials_bf16(scores: &mut [f32], words: &mut [u32]) -> f32 = to_exponentials_bf16
}

for_cpu! {
    /// The same with words of f32.
    fn exponentials_f32(scores: &mut [f32], words: &mut [u32]) -> f32 = to_exponentials_f32
}

#[inline(always)]
fn to_exponentials_bf16<const FMA: bool>(scores: &mut [f32], words: &mut [u32]) -> f32 {
    let factor = exponentials(scores, quick_exp::<FMA>);
    to_bf16::<FMA>(scores, words);
    factor
}

#[inline(always)]
fn to_exponentials_f32<const FMA: bool>(scores: &mut [f32], words: &mut [u32]) -> f32 {
    let factor = exponentials(scores, exp);
    words[..scores.len()].iter_mut().zip(&*scores).for_each(|(word, x)| *word = x.to_bits());
    words[scores.len()..].fill(0);
    factor
}

#[inline(always)]
fn exponentials(scores: &mut [f32], exp: impl Fn(f32) -> f32) -> f32 {
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
            block[lane] = exp(block[lane] - highest);
            sums[lane] += block[lane];
        }
    }
    let mut sum: f32 = sums.iter().sum();
    for x in rest {
        *x = exp(*x - highest);
        sum += *x;
    }
    1.0 / sum
}
