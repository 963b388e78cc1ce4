//! Dot products, compiled once for each instruction set and chosen by what the CPU has.

/// Partial sums kept apart, so that the compiler can hold them in vector registers: 16 is one AVX-512 register.
const LANES: usize = 16;

/// The dot product of two vectors of one length. Every instruction set gives the same bits: the order of the
/// additions is fixed.
///
/// ```
/// assert_eq!(paperkin::vector::dot(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]), 32.0);
/// ```
///
/// # Panics
/// If the lengths differ.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "vectors of one dimension");
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the CPU has AVX-512F and so AVX2, asked in the line above.
            return unsafe { dots_avx512(a, [b]) }[0];
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, asked in the line above.
            return unsafe { dot_avx2(a, b) };
        }
    }
    dot_portable(a, b)
}

/// The dot product of a vector with each of some others of its length, in their order: the bits of [`dot`].
///
/// # Panics
/// If the lengths differ.
pub(crate) fn dots(vector: &[f32], others: &[&[f32]], products: &mut Vec<f32>) {
    let (fours, rest) = others.as_chunks::<4>();
    fours.iter().for_each(|four| products.extend(dot_tile([vector], *four)[0]));
    products.extend(rest.iter().map(|other| dot(vector, other)));
}

/// Vectors of [`dot_matrix`] that are compared with the same others before the next ones are read: they stay in the fastest cache.
const MATRIX_ROWS: usize = 12;
/// Vectors in a tile of [`dot_matrix`]: their sums with four others fill the registers.
const TILE_ROWS: usize = 3;

/// The dot products of each of some vectors with each of some others, vector after vector: the bits of [`dot`]. Three vectors go
/// with four others, and the others are read once for [`MATRIX_ROWS`] vectors: where there are many, reading them is most of the
/// time of [`dots`].
///
/// # Panics
/// If the lengths differ.
pub(crate) fn dot_matrix(vectors: &[&[f32]], others: &[&[f32]]) -> Vec<f32> {
    let count = others.len();
    if let [other] = others {
        let mut products = Vec::with_capacity(vectors.len());
        dots(other, vectors, &mut products);
        return products;
    }
    let mut products = vec![0.0; vectors.len() * count];
    if others.is_empty() {
        return products;
    }
    let (fours, rest) = others.as_chunks::<4>();
    for (vectors, products) in vectors.chunks(MATRIX_ROWS).zip(products.chunks_mut(MATRIX_ROWS * count)) {
        let (tiles, last_vectors) = vectors.as_chunks::<TILE_ROWS>();
        for (place, four) in (0..).step_by(4).zip(fours) {
            let mut rows = products.chunks_exact_mut(count).map(|row| &mut row[place..place + 4]);
            for tile in tiles {
                let tile = dot_tile(*tile, *four);
                rows.by_ref().take(TILE_ROWS).zip(tile).for_each(|(row, products)| row.copy_from_slice(&products));
            }
            for (vector, row) in last_vectors.iter().zip(rows) {
                row.copy_from_slice(&dot_tile([*vector], *four)[0]);
            }
        }
        for (vector, products) in vectors.iter().zip(products.chunks_exact_mut(count)) {
            let products = products[count - rest.len()..].iter_mut();
            products.zip(rest).for_each(|(product, other)| *product = dot(vector, other));
        }
    }
    products
}

/// The dot products of each of some vectors with four others: the bits of [`dot`]. With AVX-512 they take a third to a fifth of
/// the time: all are read once, and additions, each of which waits for the one before it, do not wait for those of others.
///
/// # Panics
/// If the lengths differ.
fn dot_tile<const N: usize>(vectors: [&[f32]; N], others: [&[f32]; 4]) -> [[f32; 4]; N] {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the CPU has AVX-512F, asked in the line above.
        return unsafe { dot_tile_avx512(vectors, others) };
    }
    vectors.map(|vector| others.map(|other| dot(vector, other)))
}

/// Adds numbers, each multiplied by a factor, to sums. Every instruction set gives the same bits.
///
/// # Panics
/// If there are not as many numbers as sums.
pub(crate) fn add_scaled(sums: &mut [f32], factor: f32, numbers: &[f32]) {
    assert_eq!(sums.len(), numbers.len(), "a number for each sum");
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the CPU has AVX-512F, asked in the line above.
            return unsafe { add_scaled_avx512(sums, factor, numbers) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, asked in the line above.
            return unsafe { add_scaled_avx2(sums, factor, numbers) };
        }
    }
    add_scaled_portable(sums, factor, numbers)
}

#[inline(always)]
fn add_scaled_portable(sums: &mut [f32], factor: f32, numbers: &[f32]) {
    sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += factor * number);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_scaled_avx2(sums: &mut [f32], factor: f32, numbers: &[f32]) {
    add_scaled_portable(sums, factor, numbers)
}

/// The compiler does not use registers of 512 bits by itself.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn add_scaled_avx512(sums: &mut [f32], factor: f32, numbers: &[f32]) {
    use std::arch::x86_64::*;
    let factors = _mm512_set1_ps(factor);
    let (blocks, rest) = sums.as_chunks_mut::<LANES>();
    let (number_blocks, other_numbers) = numbers.as_chunks::<LANES>();
    for (sums, numbers) in blocks.iter_mut().zip(number_blocks) {
        // SAFETY: reads and writes 16 numbers that the slices have; alignment is not asked for.
        unsafe {
            let products = _mm512_mul_ps(factors, _mm512_loadu_ps(numbers.as_ptr()));
            _mm512_storeu_ps(sums.as_mut_ptr(), _mm512_add_ps(_mm512_loadu_ps(sums.as_ptr()), products));
        }
    }
    add_scaled_portable(rest, factor, other_numbers);
}

/// [`dots`] with a few vectors, whose number is known.
///
/// # Panics
/// If the lengths differ.
pub(crate) fn dot_with_each<const N: usize>(vector: &[f32], others: [&[f32]; N]) -> [f32; N] {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") {
        assert!(others.iter().all(|other| other.len() == vector.len()), "vectors of one dimension");
        // SAFETY: the CPU has AVX-512F and so AVX2, asked above.
        return unsafe { dots_avx512(vector, others) };
    }
    others.map(|other| dot(vector, other))
}

#[inline(always)]
fn dot_portable(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [[0.0f32; LANES]; 2];
    let (a_blocks, b_blocks) = (a.chunks_exact(2 * LANES), b.chunks_exact(2 * LANES));
    let tail: f32 = a_blocks.remainder().iter().zip(b_blocks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_blocks.zip(b_blocks) {
        for half in 0..2 {
            for lane in 0..LANES {
                sums[half][lane] += x[half * LANES + lane] * y[half * LANES + lane];
            }
        }
    }
    let mut folded: [f32; LANES] = std::array::from_fn(|lane| sums[0][lane] + sums[1][lane]);
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            folded[lane] += folded[lane + width];
        }
        width /= 2;
    }
    folded[0] + tail
}

/// [`dot_portable`] with each of some vectors of the same length. The compiler would keep the sums in memory: it takes more
/// than twice the time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn dots_avx512<const N: usize>(vector: &[f32], others: [&[f32]; N]) -> [f32; N] {
    use std::arch::x86_64::*;
    // SAFETY: reads 16 numbers that the slice has; alignment is not asked for.
    let load = |numbers: &[f32; LANES]| unsafe { _mm512_loadu_ps(numbers.as_ptr()) };
    let blocks = vector.as_chunks::<LANES>().0.as_chunks::<2>().0;
    let pairs = others.map(|other| &other.as_chunks::<LANES>().0.as_chunks::<2>().0[..blocks.len()]);
    let mut sums = [[_mm512_setzero_ps(); 2]; N];
    for (at, block) in blocks.iter().enumerate() {
        for half in 0..2 {
            let x = load(&block[half]);
            for (sums, other) in sums.iter_mut().zip(pairs) {
                sums[half] = _mm512_add_ps(sums[half], _mm512_mul_ps(x, load(&other[at][half])));
            }
        }
    }
    let rest = blocks.len() * 2 * LANES;
    // Side by side: each addition of a sum waits for the one before it.
    let mut tails = [0.0; N];
    for (at, x) in vector.iter().enumerate().skip(rest) {
        for (tail, other) in tails.iter_mut().zip(&others) {
            *tail += x * other[at];
        }
    }
    let mut products = tails;
    for (product, [low, high]) in products.iter_mut().zip(&sums) {
        let sums = _mm512_add_ps(*low, *high);
        let upper = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(sums)));
        *product += sum_of_eight(_mm256_add_ps(_mm512_castps512_ps256(sums), upper));
    }
    products
}

/// [`dot_portable`] of each of some vectors with four others.
///
/// # Panics
/// If the lengths differ.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn dot_tile_avx512<const N: usize>(vectors: [&[f32]; N], others: [&[f32]; 4]) -> [[f32; 4]; N] {
    use std::arch::x86_64::*;
    let length = others[0].len();
    assert!(vectors.iter().chain(&others).all(|vector| vector.len() == length), "vectors of one dimension");
    let rest = length - length % (2 * LANES);
    // SAFETY: reads 16 numbers that all vectors have: `at` is below `rest`, and both are multiples of 16. Checking each vector
    // each time would take a tenth of the time.
    let load = |vector: &[f32], at: usize| unsafe { _mm512_loadu_ps(vector.as_ptr().add(at)) };
    let mut sums = [[[_mm512_setzero_ps(); 4]; 2]; N];
    for block in (0..rest).step_by(2 * LANES) {
        for half in 0..2 {
            let at = block + half * LANES;
            let others = [load(others[0], at), load(others[1], at), load(others[2], at), load(others[3], at)];
            for (sums, vector) in sums.iter_mut().zip(&vectors) {
                let x = load(vector, at);
                for (sum, other) in sums[half].iter_mut().zip(others) {
                    *sum = _mm512_add_ps(*sum, _mm512_mul_ps(x, other));
                }
            }
        }
    }
    let mut products = [[0.0; 4]; N];
    for ((products, sums), vector) in products.iter_mut().zip(&sums).zip(&vectors) {
        *products = sums_of_four(sums);
        for (product, other) in products.iter_mut().zip(&others) {
            *product += vector[rest..].iter().zip(&other[rest..]).map(|(x, y)| x * y).sum::<f32>();
        }
    }
    products
}

/// Halves are added up until one number is left, as in [`dot_portable`], for four sums in two registers each. Where there are
/// few lanes left to add, the four share a register.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f")]
fn sums_of_four([low, high]: &[[std::arch::x86_64::__m512; 4]; 2]) -> [f32; 4] {
    use std::arch::x86_64::*;
    let sum = |at: usize| _mm512_add_ps(low[at], high[at]);
    // Eight lanes of two sums, then four lanes of four, then two, then one.
    let eights = |a, b| _mm512_add_ps(_mm512_shuffle_f32x4::<0x44>(a, b), _mm512_shuffle_f32x4::<0xee>(a, b));
    let (ab, cd) = (eights(sum(0), sum(1)), eights(sum(2), sum(3)));
    let fours = _mm512_add_ps(_mm512_shuffle_f32x4::<0x88>(ab, cd), _mm512_shuffle_f32x4::<0xdd>(ab, cd));
    let twos = _mm512_add_ps(fours, _mm512_permute_ps::<0b11_10_11_10>(fours));
    let ones = _mm512_add_ps(twos, _mm512_movehdup_ps(twos));
    let lane = |lanes| _mm_cvtss_f32(lanes);
    [
        lane(_mm512_castps512_ps128(ones)),
        lane(_mm512_extractf32x4_ps::<1>(ones)),
        lane(_mm512_extractf32x4_ps::<2>(ones)),
        lane(_mm512_extractf32x4_ps::<3>(ones)),
    ]
}

/// [`dot_portable`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn dot_avx2(a: &[f32], b: &[f32]) -> f32 {
    use std::arch::x86_64::*;
    // SAFETY: reads 8 numbers that the slice has; alignment is not asked for.
    let load = |numbers: &[f32; 8]| unsafe { _mm256_loadu_ps(numbers.as_ptr()) };
    let ([a, b], tail) = pairs_of_blocks(a, b);
    let mut sums = [[_mm256_setzero_ps(); 2]; 2];
    for (x, y) in a.iter().zip(b) {
        for half in 0..2 {
            for (sum, (x, y)) in sums[half].iter_mut().zip(x[half].as_chunks().0.iter().zip(y[half].as_chunks().0)) {
                *sum = _mm256_add_ps(*sum, _mm256_mul_ps(load(x), load(y)));
            }
        }
    }
    let [low, high] = [0, 1].map(|part| _mm256_add_ps(sums[0][part], sums[1][part]));
    sum_of_eight(_mm256_add_ps(low, high)) + tail
}

/// Blocks of two vectors two by two, and the sum of products of what is left.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn pairs_of_blocks<'a>(a: &'a [f32], b: &'a [f32]) -> ([&'a [[[f32; LANES]; 2]]; 2], f32) {
    let pairs = [a, b].map(|numbers| numbers.as_chunks::<LANES>().0.as_chunks::<2>().0);
    let rest = pairs[0].len() * 2 * LANES;
    (pairs, a[rest..].iter().zip(&b[rest..]).map(|(x, y)| x * y).sum())
}

/// Halves are added up until one number is left, as in [`dot_portable`].
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
fn sum_of_eight(eight: std::arch::x86_64::__m256) -> f32 {
    use std::arch::x86_64::*;
    let four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
}

/// Asks for the cache lines of some bytes, which will be read soon. Bytes that are not there are not asked for.
#[inline]
pub(crate) fn prefetch<T>(slice: &[T]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let bytes = size_of_val(slice);
        for at in (0..bytes).step_by(64) {
            // SAFETY: the address lies in the slice; a prefetch reads nothing that a program can see.
            unsafe { _mm_prefetch(slice.as_ptr().cast::<i8>().add(at), _MM_HINT_T0) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = slice;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_path_gives_the_bits_of_the_portable_one(
            (a, b) in (0usize..200).prop_flat_map(|n| {
                let numbers = || proptest::collection::vec(-1.0f32..1.0, n);
                (numbers(), numbers())
            })
        ) {
            let portable = dot_portable(&a, &b);
            prop_assert_eq!(dot(&a, &b).to_bits(), portable.to_bits());
            let exact: f64 = a.iter().zip(&b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            prop_assert!((f64::from(portable) - exact).abs() < 1e-4);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the CPU has AVX2, asked in the line above.
                prop_assert_eq!(unsafe { dot_avx2(&a, &b) }.to_bits(), portable.to_bits());
            }
        }
    }

    proptest! {
        #[test]
        fn every_path_adds_the_same(
            (sums, numbers, factor) in (0usize..80).prop_flat_map(|n| {
                let numbers = || proptest::collection::vec(-1.0f32..1.0, n);
                (numbers(), numbers(), -2.0f32..2.0)
            })
        ) {
            let bits = |sums: &[f32]| sums.iter().map(|sum| sum.to_bits()).collect::<Vec<u32>>();
            let (mut portable, mut chosen) = (sums.clone(), sums.clone());
            add_scaled_portable(&mut portable, factor, &numbers);
            add_scaled(&mut chosen, factor, &numbers);
            prop_assert_eq!(bits(&chosen), bits(&portable));
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                let mut avx2 = sums.clone();
                // SAFETY: the CPU has AVX2, asked in the line above.
                unsafe { add_scaled_avx2(&mut avx2, factor, &numbers) };
                prop_assert_eq!(bits(&avx2), bits(&portable));
            }
        }
    }

    proptest! {
        #[test]
        fn many_at_once_give_the_same_bits(
            vectors in (0usize..100).prop_flat_map(|n| {
                proptest::collection::vec(proptest::collection::vec(-1.0f32..1.0, n), 1..22)
            })
        ) {
            let (vector, others) = (&vectors[0], vectors.iter().map(Vec::as_slice).collect::<Vec<_>>());
            let mut products = Vec::new();
            dots(vector, &others, &mut products);
            products.extend(dot_with_each(vector, [others[0], vector, others[others.len() - 1]]));
            let all = others.iter().copied().chain([others[0], vector, others[others.len() - 1]]);
            let expected: Vec<u32> = all.map(|other| dot_portable(vector, other).to_bits()).collect();
            prop_assert_eq!(products.iter().map(|product| product.to_bits()).collect::<Vec<_>>(), expected);
            for few in [&others[..1], &others] {
                let pairs = others.iter().flat_map(|vector| few.iter().map(|other| dot_portable(vector, other).to_bits()));
                let matrix = dot_matrix(&others, few);
                prop_assert_eq!(matrix.iter().map(|product| product.to_bits()).collect::<Vec<_>>(), pairs.collect::<Vec<_>>());
            }
        }
    }
}
