//! Dot products of codes, compiled once for each instruction set and chosen by what the CPU has.

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
            return unsafe { byte_dots_vnni([query], rows, [dots]) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, asked in the line above.
            return unsafe { byte_dots_avx2(query, rows, dots) };
        }
    }
    byte_dots_portable(query, rows, dots)
}

/// [`byte_dots`] of four queries of one length.
///
/// # Panics
/// If the lengths of the queries differ, or a row is shorter than they are.
pub(super) fn byte_dots_of_four(queries: [&[i8]; 4], rows: &[&[u8]], dots: [&mut Vec<i32>; 4]) {
    let length = queries[0].len();
    assert!(queries.iter().all(|query| query.len() == length), "queries of one length");
    #[cfg(target_arch = "x86_64")]
    if length.is_multiple_of(64) && is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx512f") {
        // SAFETY: the CPU has AVX-512F and VNNI, asked in the line above.
        return unsafe { byte_dots_vnni(queries, rows, dots) };
    }
    queries.into_iter().zip(dots).for_each(|(query, dots)| byte_dots(query, rows, dots));
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

/// [`byte_dots`] of several queries. `vpdpbusd` multiplies four pairs of bytes and adds them up in one step; the compiler does
/// not find it. Four rows go side by side, with each query: their sums stay in registers and are added up together, and rows
/// and queries are read once for all of their products. The queries' length is a multiple of 64.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vnni")]
fn byte_dots_vnni<const N: usize>(queries: [&[i8]; N], rows: &[&[u8]], mut dots: [&mut Vec<i32>; N]) {
    use std::arch::x86_64::*;
    // SAFETY: reads 64 bytes that the slice has; alignment is not asked for.
    let load = |bytes: &[u8; 64]| unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) };
    // SAFETY: as above.
    let load_query = |bytes: &[i8; 64]| unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) };
    fn lines<T>(numbers: &[T], count: usize) -> &[[T; 64]] {
        &numbers.as_chunks::<64>().0[..count]
    }
    let count = queries.first().map_or(0, |query| query.len() / 64);
    let queries = queries.map(|query| lines(query, count));
    let (fours, rest) = rows.as_chunks::<4>();
    for four in fours {
        let rows = four.map(|row| lines(row, count));
        let mut sums = [[_mm512_setzero_si512(); 4]; N];
        for at in 0..count {
            let codes = [load(&rows[0][at]), load(&rows[1][at]), load(&rows[2][at]), load(&rows[3][at])];
            for (sums, query) in sums.iter_mut().zip(queries) {
                let query = load_query(&query[at]);
                sums.iter_mut().zip(codes).for_each(|(sum, codes)| *sum = _mm512_dpbusd_epi32(*sum, codes, query));
            }
        }
        for (sums, dots) in sums.iter().zip(&mut dots) {
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
    }
    for (query, dots) in queries.iter().zip(dots) {
        for row in rest {
            let mut sum = _mm512_setzero_si512();
            for (codes, query) in lines(row, count).iter().zip(*query) {
                sum = _mm512_dpbusd_epi32(sum, load(codes), load_query(query));
            }
            dots.push(_mm512_reduce_add_epi32(sum));
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
            let reversed: Vec<i8> = query.iter().rev().copied().collect();
            let (mut of_reversed, mut of_four) = (Vec::new(), [const { Vec::new() }; 4]);
            byte_dots_portable(&reversed, &rows, &mut of_reversed);
            byte_dots_of_four([&query, &reversed, &reversed, &query], &rows, of_four.each_mut());
            prop_assert_eq!([&portable, &of_reversed, &of_reversed, &portable], of_four.each_ref());
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
