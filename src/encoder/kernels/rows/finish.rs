//! Tiles of sums become rows of f32, finished.

use super::exponentials::quick_exp2;
use super::{Cpu, LANES, Scale, fma, for_cpu};
use crate::encoder::kernels::product::Tile;

/// What becomes of the sums of a product's columns.
pub(in crate::encoder::kernels) struct Finish<'a> {
    /// For each row of words on the left.
    pub(in crate::encoder::kernels) scales: &'a [Scale],
    /// For each column, padded: what its words have to be multiplied with.
    pub(in crate::encoder::kernels) factors: &'a [f32],
    /// For each column, padded: the sum of its numbers, to account for the rows' offsets.
    pub(in crate::encoder::kernels) sums: &'a [f32],
    /// For each column, padded.
    pub(in crate::encoder::kernels) bias: &'a [f32],
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
