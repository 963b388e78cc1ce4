//! Unit vectors as bytes: a quarter of the memory, and dot products of integers, with a bound on what that changes.

use super::code_dot::{byte_dots, byte_dots_of_four};

/// Bytes of a row are padded to a multiple of a cache line, so that rows begin at one.
pub const CACHE_LINE: usize = 64;
/// The byte of the number 0.
const ZERO: i32 = 128;
/// The share of rows whose numbers all fit between the smallest and the largest code. The scale could be chosen so that
/// all do, but then one odd row would coarsen the codes of all others.
const UNCLIPPED: f64 = 0.999;
/// What f32 dot products of unit vectors may be off by.
const ROUNDING: f32 = 1e-5;

/// How numbers become bytes: one scale for all rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantizer {
    /// The number that one step of a code stands for.
    pub scale: f32,
    /// The largest distance between a row and what its codes stand for, rows with clipped numbers left out.
    pub error: f32,
}

/// A query as signed bytes with a scale of its own.
#[derive(Debug, Clone)]
pub struct QueryCode {
    codes: Vec<i8>,
    /// What [`QueryCode::dots`] gives for a similarity of 1, and the bound of its error: both in steps.
    steps_of_one: f32,
    error: f32,
    /// To be taken from a dot product with unsigned bytes.
    offset: i32,
}

/// The codes of rows that are gone through twice, and need not be in memory.
pub(crate) struct RowEncoder {
    quantizer: Quantizer,
    stride: usize,
    /// A row with a larger number is clipped.
    limit: f32,
    codes: Vec<u8>,
    rows: u32,
    clipped: Vec<u32>,
}

/// The largest number of a row, whatever its sign.
pub(crate) fn largest_number(row: &[f32]) -> f32 {
    row.iter().fold(0.0, |largest, x| x.abs().max(largest))
}

impl RowEncoder {
    /// Prepares to encode rows with these [largest numbers](largest_number).
    pub(crate) fn new(dimension: usize, mut largest: Vec<f32>) -> RowEncoder {
        let rows = largest.len();
        let limit = match rows {
            0 => 1.0,
            count => {
                let rank = ((count as f64 * UNCLIPPED) as usize).min(count - 1);
                // Below a thousand rows this is the largest.
                let rank = if count < 1000 { count - 1 } else { rank };
                *largest.select_nth_unstable_by(rank, f32::total_cmp).1
            }
        };
        let quantizer = Quantizer { scale: limit.max(f32::MIN_POSITIVE) / 127.0, error: 0.0 };
        let stride = padded_len(dimension);
        RowEncoder { quantizer, stride, limit, codes: Vec::with_capacity(rows * stride), rows: 0, clipped: Vec::new() }
    }

    /// Encodes rows in memory.
    pub(crate) fn encode<'a>(dimension: usize, rows: impl Iterator<Item = &'a [f32]> + Clone) -> RowEncoder {
        let mut encoder = RowEncoder::new(dimension, rows.clone().map(largest_number).collect());
        rows.for_each(|row| encoder.push(row));
        encoder
    }

    /// Encodes the next row.
    pub(crate) fn push(&mut self, row: &[f32]) {
        let start = self.codes.len();
        self.codes.resize(start + self.stride, ZERO as u8);
        let error = self.quantizer.encode_row(row, &mut self.codes[start..]);
        if row.iter().any(|x| x.abs() > self.limit) {
            self.clipped.push(self.rows);
        } else {
            self.quantizer.error = self.quantizer.error.max(error);
        }
        self.rows += 1;
    }

    /// See [`Quantizer::encode`].
    pub(crate) fn finish(self) -> (Quantizer, Vec<u8>, Vec<u32>) {
        (self.quantizer, self.codes, self.clipped)
    }
}

/// Bytes of a row of this many numbers.
pub fn padded_len(dimension: usize) -> usize {
    dimension.next_multiple_of(CACHE_LINE)
}

impl Quantizer {
    /// A scale for these rows, and the codes of each, padded to [`padded_len`]; third the rows that hold clipped numbers,
    /// ascending: the error bound says nothing of them.
    pub fn encode<'a>(
        dimension: usize,
        rows: impl ExactSizeIterator<Item = &'a [f32]> + Clone,
    ) -> (Quantizer, Vec<u8>, Vec<u32>) {
        RowEncoder::encode(dimension, rows).finish()
    }

    /// Writes the codes of a row; gives its distance to what they stand for.
    fn encode_row(&self, numbers: &[f32], codes: &mut [u8]) -> f32 {
        let mut squares = 0.0;
        for (number, code) in numbers.iter().zip(codes) {
            let step = (number / self.scale).round().clamp(-127.0, 127.0);
            *code = (step as i32 + ZERO) as u8;
            squares += (number - step * self.scale).powi(2);
        }
        squares.sqrt()
    }

    /// A query to compare with rows of these codes.
    pub fn query(&self, query: &[f32]) -> QueryCode {
        let largest = query.iter().fold(f32::MIN_POSITIVE, |largest, x| x.abs().max(largest));
        let scale = largest / 127.0;
        let mut codes = vec![0; padded_len(query.len())];
        let mut squares = 0.0;
        for (number, code) in query.iter().zip(&mut codes) {
            let step = (number / scale).round();
            *code = step as i8;
            squares += (number - step * scale).powi(2);
        }
        let steps_of_one = 1.0 / (scale * self.scale);
        // |q·x - q'·x'| <= |q| |x - x'| + |q - q'| |x'| with |q| = 1 and |x'| <= 1 + |x - x'|.
        let error = self.error + squares.sqrt() * (1.0 + self.error) + ROUNDING;
        let offset = codes.iter().map(|code| i32::from(*code)).sum::<i32>() * ZERO;
        QueryCode { codes, steps_of_one, error: error * steps_of_one, offset }
    }

    /// A row's own codes as a query.
    pub fn query_of_code(&self, codes: &[u8]) -> QueryCode {
        let codes: Vec<i8> = codes.iter().map(|code| (i32::from(*code) - ZERO) as i8).collect();
        let offset = codes.iter().map(|code| i32::from(*code)).sum::<i32>() * ZERO;
        QueryCode { codes, steps_of_one: 1.0 / (self.scale * self.scale), error: 0.0, offset }
    }
}

impl QueryCode {
    /// Similarities to rows of codes, in steps.
    ///
    /// # Panics
    /// If a row is shorter than [`QueryCode::code_bytes`].
    pub fn dots(&self, rows: &[&[u8]], dots: &mut Vec<i32>) {
        dots.clear();
        byte_dots(&self.codes, rows, dots);
        dots.iter_mut().for_each(|dot| *dot -= self.offset);
    }

    /// [`QueryCode::dots`] of several queries of one length: with four of them, each row is read once.
    ///
    /// # Panics
    /// If there are not as many results as queries, or a row is shorter than [`QueryCode::code_bytes`].
    pub(crate) fn dots_of_each(queries: &[QueryCode], rows: &[&[u8]], dots: &mut [Vec<i32>]) {
        assert_eq!(queries.len(), dots.len(), "a result for each query");
        let (fours, rest) = queries.as_chunks::<4>();
        let (dots_of_fours, dots_of_rest) = dots.as_chunks_mut::<4>();
        for (four, dots) in fours.iter().zip(dots_of_fours) {
            dots.iter_mut().for_each(Vec::clear);
            byte_dots_of_four(four.each_ref().map(|query| &query.codes[..]), rows, dots.each_mut());
            for (query, dots) in four.iter().zip(dots) {
                dots.iter_mut().for_each(|dot| *dot -= query.offset);
            }
        }
        rest.iter().zip(dots_of_rest).for_each(|(query, dots)| query.dots(rows, dots));
    }

    /// Bytes of a row of codes that it can be compared with.
    pub fn code_bytes(&self) -> usize {
        self.codes.len()
    }

    /// By how many steps a similarity of codes may be off, either way.
    pub fn error(&self) -> i32 {
        self.error.ceil() as i32
    }

    /// A cosine in steps.
    pub fn steps(&self, cosine: f32) -> i32 {
        (cosine * self.steps_of_one).floor() as i32
    }

    /// Steps as a cosine.
    pub fn cosine(&self, steps: i32) -> f32 {
        steps as f32 / self.steps_of_one
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::{Embedding, dot};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn codes_are_off_by_no_more_than_they_say(
            rows in (1usize..150).prop_flat_map(|n| proptest::collection::vec(proptest::collection::vec(-1.0f32..1.0, n), 2..20))
        ) {
            let rows: Vec<Embedding> = rows.into_iter().filter_map(Embedding::normalize).collect();
            prop_assume!(!rows.is_empty());
            let dimension = rows[0].dimension();
            let (quantizer, codes, clipped) = Quantizer::encode(dimension, rows.iter().map(Embedding::as_slice));
            prop_assert!(clipped.is_empty());
            let query = quantizer.query(rows[0].as_slice());
            let all: Vec<&[u8]> = codes.chunks_exact(query.code_bytes()).collect();
            let mut dots = Vec::new();
            query.dots(&all, &mut dots);
            let queries: Vec<QueryCode> = rows.iter().map(|row| quantizer.query(row.as_slice())).collect();
            let mut of_each = vec![vec![1]; queries.len()];
            QueryCode::dots_of_each(&queries, &all, &mut of_each);
            prop_assert_eq!(&of_each[0], &dots);
            for (query, of_query) in queries.iter().zip(&of_each) {
                query.dots(&all, &mut dots);
                prop_assert_eq!(of_query, &dots);
            }
            query.dots(&all, &mut dots);
            for (row, steps) in rows.iter().zip(dots) {
                let exact = dot(rows[0].as_slice(), row.as_slice());
                let bound = query.cosine(query.error()) + 1e-5;
                prop_assert!((query.cosine(steps) - exact).abs() <= bound, "{} for {exact}, {bound}", query.cosine(steps));
            }
        }
    }

    #[test]
    fn an_odd_row_coarsens_no_others() {
        let mut rows: Vec<Vec<f32>> =
            (0..2_000).map(|n| (0..64).map(|i| ((n * 31 + i * 17) % 13) as f32 - 6.0).collect()).collect();
        rows.push((0..64).map(|i| if i == 5 { 1.0 } else { 0.0 }).collect());
        let rows: Vec<Embedding> = rows.into_iter().filter_map(Embedding::normalize).collect();
        let (quantizer, _, clipped) = Quantizer::encode(64, rows.iter().map(Embedding::as_slice));
        assert!(clipped.contains(&2_000) && clipped.len() <= 4, "{clipped:?}");
        assert!(quantizer.scale < 0.5 / 127.0 && quantizer.error < 0.02, "{quantizer:?}");
    }
}
