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

/// The dot product of a vector with each of some others of its length, in their order: the bits of [`dot`]. With AVX-512
/// four go side by side, in a third of the time: the vector is read once for all of them, and their additions, each of
/// which waits for the one before it, do not wait for each other.
///
/// # Panics
/// If the lengths differ.
pub(crate) fn dots(vector: &[f32], others: &[&[f32]], products: &mut Vec<f32>) {
    let (fours, rest) = others.as_chunks::<4>();
    fours.iter().for_each(|four| products.extend(dot_with_each(vector, *four)));
    products.extend(rest.iter().map(|other| dot(vector, other)));
}

/// Vectors of [`dot_matrix`] that are compared with the same others before the next ones are read: they stay in the fastest cache.
const MATRIX_ROWS: usize = 8;

/// The dot products of each of some vectors with each of some others, vector after vector: the bits of [`dot`]. The others are read
/// once for [`MATRIX_ROWS`] vectors: where they are too many for the fastest cache, reading them is most of the time of [`dots`].
///
/// # Panics
/// If the lengths differ.
pub(crate) fn dot_matrix(vectors: &[&[f32]], others: &[&[f32]]) -> Vec<f32> {
    let mut products = vec![0.0; vectors.len() * others.len()];
    if others.is_empty() {
        return products;
    }
    let (fours, rest) = others.as_chunks::<4>();
    for (vectors, products) in vectors.chunks(MATRIX_ROWS).zip(products.chunks_mut(MATRIX_ROWS * others.len())) {
        for (place, four) in (0..).step_by(4).zip(fours) {
            for (vector, products) in vectors.iter().zip(products.chunks_exact_mut(others.len())) {
                products[place..place + 4].copy_from_slice(&dot_with_each(vector, *four));
            }
        }
        for (vector, products) in vectors.iter().zip(products.chunks_exact_mut(others.len())) {
            let products = products[others.len() - rest.len()..].iter_mut();
            products.zip(rest).for_each(|(product, other)| *product = dot(vector, other));
        }
    }
    products
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
    std::array::from_fn(|place| {
        let tail: f32 = vector[rest..].iter().zip(&others[place][rest..]).map(|(x, y)| x * y).sum();
        let sums = _mm512_add_ps(sums[place][0], sums[place][1]);
        let upper = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(sums)));
        sum_of_eight(_mm256_add_ps(_mm512_castps512_ps256(sums), upper)) + tail
    })
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

/// Dot products of a query of signed bytes with rows of unsigned ones. Every instruction set gives the same.
///
/// # Panics
/// If a row is shorter than the query.
pub(super) fn byte_dots(query: &[i8], rows: &[&[u8]], dots: &mut Vec<i32>) {
    #[cfg(target_arch = "x86_64")]
    {
        if query.len().is_multiple_of(64)
            && is_x86_feature_detected!("avx512vnni")
            && is_x86_feature_detected!("avx512f")
        {
            // SAFETY: the CPU has AVX-512F and VNNI, asked in the line above.
            return unsafe { byte_dots_vnni(query, rows, dots) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, asked in the line above.
            return unsafe { byte_dots_avx2(query, rows, dots) };
        }
    }
    byte_dots_portable(query, rows, dots)
}

#[inline(always)]
fn byte_dots_portable(query: &[i8], rows: &[&[u8]], dots: &mut Vec<i32>) {
    dots.extend(
        rows.iter()
            .map(|row| query.iter().zip(&row[..query.len()]).map(|(q, c)| i32::from(*q) * i32::from(*c)).sum::<i32>()),
    );
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn byte_dots_avx2(query: &[i8], rows: &[&[u8]], dots: &mut Vec<i32>) {
    byte_dots_portable(query, rows, dots)
}

/// `vpdpbusd` multiplies four pairs of bytes and adds them up in one step; the compiler does not find it. Four rows go
/// side by side: their sums stay in registers and are added up together. The query's length is a multiple of 64.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vnni")]
fn byte_dots_vnni(query: &[i8], rows: &[&[u8]], dots: &mut Vec<i32>) {
    use std::arch::x86_64::*;
    // SAFETY: reads 64 bytes that the slice has; alignment is not asked for.
    let load = |bytes: &[u8; 64]| unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) };
    // SAFETY: as above.
    let load_query = |bytes: &[i8; 64]| unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) };
    let (query, _) = query.as_chunks::<64>();
    fn lines(row: &[u8], count: usize) -> &[[u8; 64]] {
        &row.as_chunks::<64>().0[..count]
    }
    let (fours, rest) = rows.as_chunks::<4>();
    for four in fours {
        let rows = four.map(|row| lines(row, query.len()));
        let mut sums = [_mm512_setzero_si512(); 4];
        for (at, query) in query.iter().enumerate() {
            let query = load_query(query);
            for (sum, row) in sums.iter_mut().zip(rows) {
                *sum = _mm512_dpbusd_epi32(*sum, load(&row[at]), query);
            }
        }
        let pair = |a, b| _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
        let (ab, cd) = (pair(sums[0], sums[1]), pair(sums[2], sums[3]));
        // One sum of each row in every quarter of the register.
        let all = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
        let half = _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64::<1>(all));
        let sum = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256::<1>(half));
        dots.extend([
            _mm_extract_epi32::<0>(sum),
            _mm_extract_epi32::<1>(sum),
            _mm_extract_epi32::<2>(sum),
            _mm_extract_epi32::<3>(sum),
        ]);
    }
    for row in rest {
        let mut sum = _mm512_setzero_si512();
        for (codes, query) in lines(row, query.len()).iter().zip(query) {
            sum = _mm512_dpbusd_epi32(sum, load(codes), load_query(query));
        }
        dots.push(_mm512_reduce_add_epi32(sum));
    }
}

/// The dot product of two rows of codes, in which 128 stands for 0. Every instruction set gives the same.
///
/// # Panics
/// If the lengths differ.
pub fn code_dot(a: &[u8], b: &[u8]) -> i32 {
    assert_eq!(a.len(), b.len(), "codes of one length");
    #[cfg(target_arch = "x86_64")]
    {
        if a.len().is_multiple_of(64) && is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx512f") {
            // SAFETY: the CPU has AVX-512F and VNNI, asked in the line above.
            return unsafe { code_dot_vnni(a, b) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, asked in the line above.
            return unsafe { code_dot_avx2(a, b) };
        }
    }
    code_dot_portable(a, b)
}

#[inline(always)]
fn code_dot_portable(a: &[u8], b: &[u8]) -> i32 {
    a.iter().zip(b).map(|(a, b)| (i32::from(*a) - 128) * (i32::from(*b) - 128)).sum()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn code_dot_avx2(a: &[u8], b: &[u8]) -> i32 {
    code_dot_portable(a, b)
}

/// As [`byte_dots_vnni`]; what the unsigned bytes of `a` have too much is a product with 128, and taken off again.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vnni")]
fn code_dot_vnni(a: &[u8], b: &[u8]) -> i32 {
    use std::arch::x86_64::*;
    // SAFETY: reads 64 bytes that the slice has; alignment is not asked for.
    let load = |bytes: &[u8; 64]| unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) };
    let sign = _mm512_set1_epi8(i8::MIN);
    let (mut sum, mut too_much) = (_mm512_setzero_si512(), _mm512_setzero_si512());
    for (a, b) in a.as_chunks::<64>().0.iter().zip(b.as_chunks::<64>().0) {
        let b = _mm512_xor_si512(load(b), sign);
        sum = _mm512_dpbusd_epi32(sum, load(a), b);
        too_much = _mm512_dpbusd_epi32(too_much, sign, b);
    }
    _mm512_reduce_add_epi32(_mm512_sub_epi32(sum, too_much))
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
            let pairs = others.iter().flat_map(|vector| others.iter().map(move |other| dot_portable(vector, other).to_bits()));
            let matrix = dot_matrix(&others, &others);
            prop_assert_eq!(matrix.iter().map(|product| product.to_bits()).collect::<Vec<_>>(), pairs.collect::<Vec<_>>());
        }
    }

    proptest! {
        #[test]
        fn byte_dots_are_the_same_on_every_path(
            (query, codes, rows) in (0usize..6, 1usize..20).prop_flat_map(|(lines, rows)| {
                let length = 64 * lines + if rows == 7 { 13 } else { 0 };
                (
                    proptest::collection::vec(any::<i8>(), length),
                    proptest::collection::vec(any::<u8>(), length * rows),
                    proptest::collection::vec(0..rows, 0..40),
                )
            })
        ) {
            let rows: Vec<&[u8]> = rows.iter().map(|row| &codes[row * query.len()..][..query.len()]).collect();
            let (mut portable, mut chosen) = (Vec::new(), Vec::new());
            byte_dots_portable(&query, &rows, &mut portable);
            byte_dots(&query, &rows, &mut chosen);
            prop_assert_eq!(&portable, &chosen);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                let mut avx2 = Vec::new();
                // SAFETY: the CPU has AVX2, asked in the line above.
                unsafe { byte_dots_avx2(&query, &rows, &mut avx2) };
                prop_assert_eq!(&portable, &avx2);
            }
        }
    }

    proptest! {
        #[test]
        fn code_dots_are_the_same_on_every_path(
            (a, b) in (0usize..6, any::<bool>()).prop_flat_map(|(lines, odd)| {
                let codes = || proptest::collection::vec(any::<u8>(), 64 * lines + 13 * usize::from(odd));
                (codes(), codes())
            })
        ) {
            let portable = code_dot_portable(&a, &b);
            prop_assert_eq!(code_dot(&a, &b), portable);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the CPU has AVX2, asked in the line above.
                prop_assert_eq!(unsafe { code_dot_avx2(&a, &b) }, portable);
            }
        }
    }
}
