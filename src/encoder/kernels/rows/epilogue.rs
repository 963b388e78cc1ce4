//! Tiles of sums become rows of f32, finished.

#[cfg(target_arch = "x86_64")]
use super::avx512;
use super::{Cpu, LANES, RowScale, fma, for_cpu};
use crate::kernels::OutputTile;

/// What becomes of the sums of a product's columns.
pub(in crate::encoder::kernels) struct Epilogue<'a> {
    /// How many there are; what a panel has beyond them is left out.
    pub(in crate::encoder::kernels) columns: usize,
    /// Rows of words for each row of numbers: with 2, the first has int8 digits that count 256 times as much.
    pub(in crate::encoder::kernels) digits: usize,
    /// For each row of numbers on the left.
    pub(in crate::encoder::kernels) scales: &'a [RowScale],
    /// For each column, padded: what its words have to be multiplied with.
    pub(in crate::encoder::kernels) factors: &'a [f32],
    /// For each column, padded: the sum of its numbers, to account for the rows' offsets.
    pub(in crate::encoder::kernels) sums: &'a [f32],
    /// For each column, padded.
    pub(in crate::encoder::kernels) bias: &'a [f32],
}

/// Writes a tile of int8 sums into rows of `stride` numbers, finished; with `GELU` the GELU of it within 2e-4: what int8 words
/// keep of it is coarser.
pub(in crate::encoder::kernels) fn finish_int8<const GELU: bool>(
    cpu: Cpu,
    tile: &OutputTile<'_>,
    finish: &Epilogue<'_>,
    out: &mut [f32],
    stride: usize,
) {
    #[cfg(target_arch = "x86_64")]
    if cpu.has_avx512() && finish.takes_whole(tile) {
        // SAFETY: the CPU has AVX-512, as `cpu` is one of `checked` or `detect`.
        return unsafe { avx512::finish_int8::<GELU>(tile, finish, out, stride) };
    }
    match GELU {
        true => finish_int8_gelu_plain(cpu, tile, finish, out, stride),
        false => finish_int8_plain(cpu, tile, finish, out, stride),
    }
}

#[cfg(target_arch = "x86_64")]
impl Epilogue<'_> {
    /// Whether a tile is of one digit and of whole panels.
    fn takes_whole(&self, tile: &OutputTile<'_>) -> bool {
        self.digits == 1 && tile.column + tile.columns <= self.columns
    }
}

for_cpu! {
    /// [`finish_int8`], as it is defined.
    fn finish_int8_plain(tile: &OutputTile<'_>, finish: &Epilogue<'_>, out: &mut [f32], stride: usize) = int8_tile
}

for_cpu! {
    /// [`finish_int8`] with the GELU, as it is defined.
    fn finish_int8_gelu_plain(
        tile: &OutputTile<'_>,
        finish: &Epilogue<'_>,
        out: &mut [f32],
        stride: usize,
    ) = int8_gelu_tile
}

for_cpu! {
    /// Writes a tile of f32 sums into rows of `stride` numbers: each row times its factor, with the bias added.
    fn finish_float(tile: &OutputTile<'_>, finish: &Epilogue<'_>, out: &mut [f32], stride: usize) = float_tile
}

for_cpu! {
    /// The same, and the GELU of it within 2e-4: what bf16 words keep of it is coarser.
    fn finish_float_gelu(tile: &OutputTile<'_>, finish: &Epilogue<'_>, out: &mut [f32], stride: usize) = float_gelu_tile
}

#[inline(always)]
fn int8_tile<const FMA: bool>(tile: &OutputTile<'_>, finish: &Epilogue<'_>, out: &mut [f32], stride: usize) {
    match finish.digits {
        2 => linear_tile::<FMA, true, 2>(tile, finish, out, stride, |x| x),
        _ => linear_tile::<FMA, true, 1>(tile, finish, out, stride, |x| x),
    }
}

#[inline(always)]
fn int8_gelu_tile<const FMA: bool>(tile: &OutputTile<'_>, finish: &Epilogue<'_>, out: &mut [f32], stride: usize) {
    linear_tile::<FMA, true, 1>(tile, finish, out, stride, quick_gelu::<FMA>);
}

#[inline(always)]
fn float_tile<const FMA: bool>(tile: &OutputTile<'_>, finish: &Epilogue<'_>, out: &mut [f32], stride: usize) {
    linear_tile::<FMA, false, 1>(tile, finish, out, stride, |x| x);
}

#[inline(always)]
fn float_gelu_tile<const FMA: bool>(tile: &OutputTile<'_>, finish: &Epilogue<'_>, out: &mut [f32], stride: usize) {
    linear_tile::<FMA, false, 1>(tile, finish, out, stride, quick_gelu::<FMA>);
}

#[inline(always)]
fn linear_tile<const FMA: bool, const INT: bool, const DIGITS: usize>(
    tile: &OutputTile<'_>,
    finish: &Epilogue<'_>,
    out: &mut [f32],
    stride: usize,
    then: impl Fn(f32) -> f32,
) {
    let (row, width) = (tile.row / DIGITS, tile.columns.min(finish.columns - tile.column));
    let (factors, sums, bias) =
        (of_columns(tile, finish.factors), of_columns(tile, finish.sums), of_columns(tile, finish.bias));
    let rows = tile.words.chunks_exact(DIGITS * tile.columns).take(tile.rows / DIGITS);
    let outs = out[row * stride + tile.column..].chunks_mut(stride);
    for ((words, scale), out) in rows.zip(&finish.scales[row..]).zip(outs) {
        let (high, low) = (words.as_chunks::<LANES>().0, words[words.len() - tile.columns..].as_chunks::<LANES>().0);
        let (whole, rest) = out[..width].as_chunks_mut::<LANES>();
        let panels = high.iter().zip(low).zip(factors.iter().zip(sums).zip(bias));
        for (out, (words, columns)) in whole.iter_mut().zip(panels.clone()) {
            *out = finished::<FMA, INT, DIGITS>(words, columns, *scale, &then);
        }
        if let Some((words, columns)) = panels.clone().nth(whole.len()) {
            let numbers = finished::<FMA, INT, DIGITS>(words, columns, *scale, &then);
            rest.copy_from_slice(&numbers[..rest.len()]);
        }
    }
}

/// 16 words of a row, or of both digits of it, finished with the factors, sums and bias of their columns.
#[inline(always)]
fn finished<const FMA: bool, const INT: bool, const DIGITS: usize>(
    (high, low): (&[u32; LANES], &[u32; LANES]),
    ((factors, sums), bias): ((&[f32; LANES], &[f32; LANES]), &[f32; LANES]),
    scale: RowScale,
    then: &impl Fn(f32) -> f32,
) -> [f32; LANES] {
    let mut numbers = [0.0; LANES];
    for lane in 0..LANES {
        let (high, low) = match INT {
            true => (high[lane].cast_signed() as f32, low[lane].cast_signed() as f32),
            false => (0.0, f32::from_bits(low[lane])),
        };
        let sum = if DIGITS == 2 { fma::<FMA>(256.0, high, low) } else { low };
        numbers[lane] = then(if INT {
            fma::<FMA>(sum * factors[lane], scale.factor, fma::<FMA>(scale.offset, sums[lane], bias[lane]))
        } else {
            fma::<FMA>(sum, scale.factor, bias[lane])
        });
    }
    numbers
}

/// What belongs to a tile's columns, panel by panel.
#[inline(always)]
fn of_columns<'a>(tile: &OutputTile<'_>, numbers: &'a [f32]) -> &'a [[f32; LANES]] {
    numbers[tile.column..][..tile.columns].as_chunks().0
}

/// The polynomial p of [`quick_gelu`], the highest power's coefficient first.
pub(super) const GELU: [f32; 7] =
    [2.278_147e-8, -1.598_604e-6, 4.795_555e-5, -8.140_157e-4, 8.772_389e-3, -6.457_311e-2, 3.978_833_5e-1];

/// The exact GELU within 2e-4: `x (1/2 + y p(y²))` with y = x between -4 and 4, where the polynomial p is fitted to make
/// the largest error smallest.
#[inline(always)]
fn quick_gelu<const FMA: bool>(x: f32) -> f32 {
    let y = if x < 4.0 { x } else { 4.0 };
    let y = if y > -4.0 { y } else { -4.0 };
    let square = y * y;
    let [mut p, rest @ ..] = GELU;
    for c in rest {
        p = fma::<FMA>(p, square, c);
    }
    x * fma::<FMA>(p, y, 0.5)
}

#[cfg(test)]
mod tests {
    use crate::encoder::kernels::activation;

    #[test]
    fn quick_gelu_is_near_the_gelu() {
        for step in -1200..=1200 {
            let x = step as f32 / 100.0;
            let mut exact = [x];
            activation::gelu(&mut exact);
            for got in [super::quick_gelu::<true>(x), super::quick_gelu::<false>(x)] {
                assert!((got - exact[0]).abs() < 2e-4, "{x}: {got} {exact:?}");
            }
        }
    }
}
