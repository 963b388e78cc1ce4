//! The loops that the compiler does not turn into good AVX-512 by itself: they narrow numbers.
//!
//! What they give is what the plain loops beside them give, but for the order of sums.

use std::arch::x86_64::*;
use std::f32::consts::LOG2_E;

use super::RowScale;
use super::epilogue::{Epilogue, GELU};
use super::softmax_weights::{POWER, WeightScale};
use crate::encoder::kernels::exp::EXP2;
use crate::kernels::OutputTile;

/// Lanes of a register.
const LANES: usize = 16;

/// The first `count` lanes.
fn mask(count: usize) -> __mmask16 {
    if count >= LANES { !0 } else { (1 << count) - 1 }
}

/// [`super::quantize_row`].
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn quantize_row(x: &[f32], words: &mut [u32]) -> RowScale {
    let (low, high) = range(x);
    let range = if high > low { high - low } else { 1.0 };
    let inverse = 255.0 / range;
    let (factor, offset) = (_mm512_set1_ps(inverse), _mm512_set1_ps(-low * inverse));
    let scaled = |numbers| _mm512_cvtps_epi32(_mm512_fmadd_ps(numbers, factor, offset));
    // Packing works within quarters of registers: this puts their quarters in order.
    let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    let (groups, rest) = x.as_chunks::<{ 4 * LANES }>();
    let (whole, words) = words.split_at_mut(groups.len() * LANES);
    for (group, words) in groups.iter().zip(whole.as_chunks_mut::<LANES>().0) {
        // SAFETY: a group has as many numbers as four registers; 64 bytes are 16 words.
        unsafe {
            let part = |index: usize| scaled(_mm512_loadu_ps(group[index * LANES..].as_ptr()));
            let shorts = [_mm512_packs_epi32(part(0), part(1)), _mm512_packs_epi32(part(2), part(3))];
            let bytes = _mm512_packus_epi16(shorts[0], shorts[1]);
            _mm512_storeu_si512(words.as_mut_ptr().cast(), _mm512_permutexvar_epi32(order, bytes));
        }
    }
    let (quads, padding) = words.split_at_mut(rest.len().next_multiple_of(LANES) / 4);
    for (block, quads) in rest.chunks(LANES).zip(quads.chunks_exact_mut(LANES / 4)) {
        // SAFETY: only the lanes of the block are read; 16 bytes are written to 4 words.
        unsafe {
            let numbers = scaled(_mm512_maskz_loadu_ps(mask(block.len()), block.as_ptr()));
            let bytes = _mm512_maskz_mov_epi32(mask(block.len()), _mm512_max_epi32(numbers, _mm512_setzero_si512()));
            _mm_storeu_si128(quads.as_mut_ptr().cast(), _mm512_cvtusepi32_epi8(bytes));
        }
    }
    padding.fill(0);
    RowScale { factor: range / 255.0, offset: low }
}

/// The lowest and the highest: of several blocks side by side, as each waits for the one before.
#[inline]
#[target_feature(enable = "avx512f")]
fn range(x: &[f32]) -> (f32, f32) {
    const TOGETHER: usize = 4;
    let mut lowest = [_mm512_set1_ps(f32::INFINITY); TOGETHER];
    let mut highest = [_mm512_set1_ps(f32::NEG_INFINITY); TOGETHER];
    let (groups, rest) = x.as_chunks::<{ TOGETHER * LANES }>();
    for group in groups {
        for (index, block) in group.as_chunks::<LANES>().0.iter().enumerate() {
            // SAFETY: a block has as many numbers as a register.
            let numbers = unsafe { _mm512_loadu_ps(block.as_ptr()) };
            lowest[index] = _mm512_min_ps(lowest[index], numbers);
            highest[index] = _mm512_max_ps(highest[index], numbers);
        }
    }
    for (index, block) in rest.chunks(LANES).enumerate() {
        let lanes = mask(block.len());
        // SAFETY: only the lanes of the block are read.
        let numbers = unsafe { _mm512_maskz_loadu_ps(lanes, block.as_ptr()) };
        lowest[index] = _mm512_mask_min_ps(lowest[index], lanes, lowest[index], numbers);
        highest[index] = _mm512_mask_max_ps(highest[index], lanes, highest[index], numbers);
    }
    let [a, b, c, d] = lowest;
    let low = _mm512_reduce_min_ps(_mm512_min_ps(_mm512_min_ps(a, b), _mm512_min_ps(c, d)));
    let [a, b, c, d] = highest;
    (low, _mm512_reduce_max_ps(_mm512_max_ps(_mm512_max_ps(a, b), _mm512_max_ps(c, d))))
}

/// [`super::softmax_weights::sum_of_weights`]: 32 scores at once.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn sum_of_weights(scores: &[u32], scale: WeightScale, words: &mut [u32]) -> u32 {
    let powers = WeightTable::below(highest(scores), scale);
    let ones = _mm512_set1_epi16(1);
    let mut sum = _mm512_setzero_si512();
    let (blocks, rest) = scores.as_chunks::<{ 2 * LANES }>();
    let (whole, padding) = words.split_at_mut(blocks.len() * LANES);
    for (block, words) in blocks.iter().zip(whole.as_chunks_mut::<LANES>().0) {
        // SAFETY: a block has as many scores as two registers; 32 weights are 16 words.
        unsafe {
            let weights = powers
                .of(_mm512_loadu_si512(block.as_ptr().cast()), _mm512_loadu_si512(block[LANES..].as_ptr().cast()));
            sum = _mm512_add_epi32(sum, _mm512_madd_epi16(weights, ones));
            _mm512_storeu_si512(words.as_mut_ptr().cast(), weights);
        }
    }
    if !rest.is_empty() {
        let (first, second) = rest.split_at(rest.len().min(LANES));
        // SAFETY: only the lanes of the rest are read; `words` has whole blocks of 32 weights.
        unsafe {
            let weights = powers.of(
                _mm512_maskz_loadu_epi32(mask(first.len()), first.as_ptr().cast()),
                _mm512_maskz_loadu_epi32(mask(second.len()), second.as_ptr().cast()),
            );
            let weights = _mm512_maskz_mov_epi16((1 << rest.len()) - 1, weights);
            sum = _mm512_add_epi32(sum, _mm512_madd_epi16(weights, ones));
            _mm512_storeu_si512(padding[..LANES].as_mut_ptr().cast(), weights);
        }
    }
    _mm512_reduce_add_epi32(sum).cast_unsigned()
}

/// What weights are made with.
struct WeightTable {
    top: __m512,
    step: __m512,
    polynomial: [__m512i; 4],
    order: __m512i,
}

impl WeightTable {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn below(highest: i32, scale: WeightScale) -> WeightTable {
        WeightTable {
            top: _mm512_set1_ps(scale.top(highest)),
            step: _mm512_set1_ps(-scale.step),
            polynomial: POWER.map(|c| _mm512_set1_epi16(c.cast_signed())),
            // Packing works within quarters of registers: this puts their halves in order.
            order: _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7),
        }
    }

    /// 32 weights.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn of(&self, first: __m512i, second: __m512i) -> __m512i {
        let distance = _mm512_packus_epi32(self.distance(first), self.distance(second));
        let distance = _mm512_permutexvar_epi64(self.order, distance);
        let fraction = _mm512_slli_epi16::<4>(distance);
        let [c0, c1, c2, c3] = self.polynomial;
        let power = _mm512_sub_epi16(c2, _mm512_mulhi_epu16(fraction, c3));
        let power = _mm512_sub_epi16(c1, _mm512_mulhi_epu16(fraction, power));
        let power = _mm512_sub_epi16(c0, _mm512_mulhi_epu16(fraction, power));
        let whole = _mm512_srli_epi16::<12>(distance);
        // 2^(n - 1) rounds what is shifted right by n. The compiler makes more instructions of `_mm512_avg_epu16`.
        let half = _mm512_srlv_epi16(_mm512_set1_epi16(i16::MIN), _mm512_sub_epi16(_mm512_set1_epi16(16), whole));
        _mm512_srlv_epi16(_mm512_add_epi16(power, half), whole)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn distance(&self, scores: __m512i) -> __m512i {
        _mm512_cvtps_epi32(_mm512_fmadd_ps(_mm512_cvtepi32_ps(scores), self.step, self.top))
    }
}

/// The highest score: of several blocks side by side, as each waits for the one before.
#[inline]
#[target_feature(enable = "avx512f")]
fn highest(scores: &[u32]) -> i32 {
    const TOGETHER: usize = 4;
    let lowest = _mm512_set1_epi32(i32::MIN);
    let mut highest = [lowest; TOGETHER];
    let (groups, rest) = scores.as_chunks::<{ TOGETHER * LANES }>();
    for group in groups {
        for (highest, block) in highest.iter_mut().zip(group.as_chunks::<LANES>().0) {
            // SAFETY: a block has as many scores as a register.
            *highest = _mm512_max_epi32(*highest, unsafe { _mm512_loadu_si512(block.as_ptr().cast()) });
        }
    }
    let [a, b, c, d] = highest;
    let mut highest = _mm512_max_epi32(_mm512_max_epi32(a, b), _mm512_max_epi32(c, d));
    let (blocks, rest) = rest.as_chunks::<LANES>();
    for block in blocks {
        // SAFETY: as above.
        highest = _mm512_max_epi32(highest, unsafe { _mm512_loadu_si512(block.as_ptr().cast()) });
    }
    // SAFETY: only the lanes of the rest are read.
    let rest = unsafe { _mm512_mask_loadu_epi32(lowest, mask(rest.len()), rest.as_ptr().cast()) };
    _mm512_reduce_max_epi32(_mm512_max_epi32(highest, rest))
}

/// [`super::epilogue::finish_int8`] and [`super::epilogue::finish_int8_gelu`], of one digit, for whole panels: panel by
/// panel, so that what belongs to its columns stays in registers.
#[target_feature(enable = "avx512f")]
pub(super) fn finish_int8<const GELU: bool>(
    tile: &OutputTile<'_>,
    finish: &Epilogue<'_>,
    out: &mut [f32],
    stride: usize,
) {
    let columns = tile.column..tile.column + tile.columns;
    let [factors, sums, bias] = [finish.factors, finish.sums, finish.bias].map(|all| &all[columns.clone()]);
    let scales = &finish.scales[tile.row..][..tile.rows];
    let out = &mut out[tile.row * stride + tile.column..][..(tile.rows - 1) * stride + tile.columns];
    assert!(
        tile.columns.is_multiple_of(LANES) && tile.words.len() >= tile.rows * tile.columns,
        "a tile of whole panels"
    );
    for column in (0..tile.columns).step_by(LANES) {
        // SAFETY: every panel has a register's numbers in each of the slices above, and in each of their rows.
        unsafe {
            let columns = [factors, sums, bias].map(|all| _mm512_loadu_ps(all.as_ptr().add(column)));
            for (row, scale) in scales.iter().enumerate() {
                let words = tile.words.as_ptr().add(row * tile.columns + column);
                let numbers = finished(_mm512_loadu_si512(words.cast()), columns, *scale);
                let numbers = if GELU { quick_gelu(numbers) } else { numbers };
                _mm512_storeu_ps(out.as_mut_ptr().add(row * stride + column), numbers);
            }
        }
    }
}

/// Sums with the factors, the sums and the bias of their columns.
#[inline]
#[target_feature(enable = "avx512f")]
fn finished(sums: __m512i, [factors, column_sums, bias]: [__m512; 3], scale: RowScale) -> __m512 {
    let numbers = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), factors);
    let offset = _mm512_fmadd_ps(_mm512_set1_ps(scale.offset), column_sums, bias);
    _mm512_fmadd_ps(numbers, _mm512_set1_ps(scale.factor), offset)
}

/// [`super::epilogue::quick_gelu`].
#[inline]
#[target_feature(enable = "avx512f")]
fn quick_gelu(x: __m512) -> __m512 {
    let y = _mm512_max_ps(_mm512_min_ps(x, _mm512_set1_ps(4.0)), _mm512_set1_ps(-4.0));
    let square = _mm512_mul_ps(y, y);
    let mut p = _mm512_set1_ps(GELU[0]);
    for c in &GELU[1..] {
        p = _mm512_fmadd_ps(p, square, _mm512_set1_ps(*c));
    }
    _mm512_mul_ps(x, _mm512_fmadd_ps(p, y, _mm512_set1_ps(0.5)))
}

/// [`super::exponentials::exponentials_f32`]; the exponential is within 2 units in the last place of its range.
#[target_feature(enable = "avx512f,avx512dq")]
pub(super) fn exponentials_f32(scores: &[f32], words: &mut [u32]) -> f32 {
    // Cephes' `exp2f`.
    const CEPHES_EXP2: [f32; 7] =
        [1.535_336_2e-4, 1.339_887_5e-3, 9.618_437e-3, 5.550_332_5e-2, 2.402_264_8e-1, 6.931_472e-1, 1.0];
    let lowest = _mm512_set1_ps(f32::NEG_INFINITY);
    let powers = ExpTable::below(range(scores).1, CEPHES_EXP2);
    let mut sum = _mm512_setzero_ps();
    let (ones, padding) = words.split_at_mut(scores.len().next_multiple_of(LANES));
    for (block, ones) in scores.chunks(LANES).zip(ones.chunks_exact_mut(LANES)) {
        // SAFETY: only the lanes of the block are read; 64 bytes are written to 16 words.
        unsafe {
            let power = powers.of(_mm512_mask_loadu_ps(lowest, mask(block.len()), block.as_ptr()));
            sum = _mm512_add_ps(sum, power);
            _mm512_storeu_ps(ones.as_mut_ptr().cast(), power);
        }
    }
    padding.fill(0);
    1.0 / _mm512_reduce_add_ps(sum)
}

/// [`super::bf16_row`].
#[target_feature(enable = "avx512f,avx512bf16,avx512vl")]
pub(super) fn bf16_row(x: &[f32], words: &mut [u32]) {
    let (halves, padding) = words.split_at_mut(x.len().next_multiple_of(LANES) / 2);
    for (block, halves) in x.chunks(LANES).zip(halves.chunks_exact_mut(LANES / 2)) {
        // SAFETY: only the lanes of the block are read; 32 bytes are written to 8 words.
        unsafe {
            let numbers = _mm512_maskz_loadu_ps(mask(block.len()), block.as_ptr());
            _mm256_storeu_si256(halves.as_mut_ptr().cast(), narrowed(numbers));
        }
    }
    padding.fill(0);
}

/// [`super::exponentials_bf16`]; the exponential is within 1e-4.
#[target_feature(enable = "avx512f,avx512dq,avx512bf16,avx512vl")]
pub(super) fn exponentials_bf16(scores: &[f32], words: &mut [u32]) -> f32 {
    let lowest = _mm512_set1_ps(f32::NEG_INFINITY);
    let powers = ExpTable::below(range(scores).1, EXP2);
    let mut sum = _mm512_setzero_ps();
    let (halves, padding) = words.split_at_mut(scores.len().next_multiple_of(LANES) / 2);
    for (block, halves) in scores.chunks(LANES).zip(halves.chunks_exact_mut(LANES / 2)) {
        // SAFETY: only the lanes of the block are read; 32 bytes are written to 8 words.
        unsafe {
            let power = powers.of(_mm512_mask_loadu_ps(lowest, mask(block.len()), block.as_ptr()));
            sum = _mm512_add_ps(sum, power);
            _mm256_storeu_si256(halves.as_mut_ptr().cast(), narrowed(power));
        }
    }
    padding.fill(0);
    1.0 / _mm512_reduce_add_ps(sum)
}

/// The exponentials of numbers less the highest of them, by a polynomial for 2^r with |r| <= 1/2.
struct ExpTable<const N: usize> {
    shift: __m512,
    polynomial: [__m512; N],
}

impl<const N: usize> ExpTable<N> {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn below(highest: f32, polynomial: [f32; N]) -> ExpTable<N> {
        ExpTable { shift: _mm512_set1_ps(-highest), polynomial: polynomial.map(|c| _mm512_set1_ps(c)) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512dq")]
    fn of(&self, x: __m512) -> __m512 {
        let t = _mm512_mul_ps(_mm512_add_ps(x, self.shift), _mm512_set1_ps(LOG2_E));
        // Missing lanes are minus infinity.
        let t = _mm512_max_ps(t, _mm512_set1_ps(-1000.0));
        // What is left of the nearest whole number, which is the power of two at the end.
        let r = _mm512_reduce_ps(t, 0);
        let mut p = self.polynomial[0];
        for c in &self.polynomial[1..] {
            p = _mm512_fmadd_ps(p, r, *c);
        }
        _mm512_scalef_ps(p, _mm512_sub_ps(t, r))
    }
}

/// Numbers rounded to bf16.
#[target_feature(enable = "avx512f,avx512bf16,avx512vl")]
fn narrowed(numbers: __m512) -> __m256i {
    // SAFETY: both types are 32 bytes of numbers.
    unsafe { std::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(numbers)) }
}
