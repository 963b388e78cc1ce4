//! Texts of one batch on a device, padded to one length: a GPU is fast in few large steps, and slow in many small ones.

use candle_core::{D, DType, Device, Result, Tensor};

use crate::encoder::pooling::Pooling;

/// Lengths are rounded up to a multiple of it: the matrix units of GPUs take numbers in groups of eight.
pub(super) const LENGTH_STEP: usize = 8;

/// Added to an attention score that must not count: its weight is 0 in every precision, and no step is infinite, because an
/// infinity times 0 would not be a number.
pub(super) const MASKED_SCORE: f64 = -1e4;

/// The word pieces of some texts on a device. "Rows" are those of all of them, padding included, one text after the other.
pub(super) struct PaddedBatch {
    texts: usize,
    /// Word pieces of each text, with padding.
    pub(super) length: usize,
    /// `[rows]`.
    ids: Tensor,
    /// 1 where there is padding and 0 elsewhere, `[rows]`; `None` if there is none.
    padding: Option<Tensor>,
    /// 1 where a word piece has no part in the pooling and 0 elsewhere, `[rows]`; `None` if all have.
    not_pooled: Option<Tensor>,
    /// Each text's first row in the pooling.
    first_rows: Vec<u32>,
}

impl PaddedBatch {
    /// Pads texts of at least one word piece with an id. The first `left_out` word pieces of each have no part in the pooling, as
    /// in [`Pooling::pool`].
    pub(super) fn new(texts: &[&[u32]], padding_id: u32, left_out: usize, device: &Device) -> Result<PaddedBatch> {
        let longest = texts.iter().map(|ids| ids.len()).max().unwrap_or_default();
        let length = longest.next_multiple_of(LENGTH_STEP);
        let is_padded = texts.iter().any(|ids| ids.len() < length);
        let first = |ids: &[u32]| left_out.min(ids.len() - 1);
        let mut batch = PaddedBatch {
            texts: texts.len(),
            length,
            ids: padded(texts, length, padding_id, |ids| ids.iter().copied(), device)?,
            padding: None,
            not_pooled: None,
            first_rows: (0..).step_by(length).zip(texts).map(|(start, ids)| start + first(ids) as u32).collect(),
        };
        batch.padding = is_padded.then(|| batch.ids.eq(padding_id)).transpose()?;
        batch.not_pooled = if left_out == 0 {
            batch.padding.clone()
        } else {
            let is_left_out = |ids: &[u32]| {
                let first = first(ids);
                (0..ids.len()).map(move |row| u32::from(row < first))
            };
            Some(padded(texts, length, 1, is_left_out, device)?)
        };
        Ok(batch)
    }

    /// For each row that of a table, `[rows, hidden]`; padding has the table's last.
    pub(super) fn look_up(&self, table: &Tensor) -> Result<Tensor> {
        table.index_select(&self.ids, 0)
    }

    /// What is added to attention scores, `[texts, 1, 1, length]`; `None` if there is no padding.
    pub(super) fn padding_scores(&self, dtype: DType) -> Result<Option<Tensor>> {
        let Some(padding) = &self.padding else { return Ok(None) };
        let scores = padding.to_dtype(dtype)?.affine(MASKED_SCORE, 0.0)?;
        scores.reshape((self.texts, 1, 1, self.length)).map(Some)
    }

    /// Queries, keys and values apart, for each head: from `[rows, 3 hidden]` to `[3, texts, heads, length, hidden / heads]`.
    pub(super) fn split_heads(&self, projected: &Tensor, heads: usize) -> Result<Tensor> {
        let size = projected.dim(D::Minus1)? / 3;
        projected.reshape((self.texts, self.length, 3, heads, size / heads))?.permute((2, 0, 3, 1, 4))?.contiguous()
    }

    /// Attention within each text, with `scores` added to its own: from `[texts, heads, length, hidden / heads]` each to
    /// `[rows, hidden]`.
    pub(super) fn attend(
        &self,
        query: &Tensor,
        key: &Tensor,
        value: &Tensor,
        scores: Option<&Tensor>,
    ) -> Result<Tensor> {
        let own_scores = query.matmul(&key.transpose(D::Minus2, D::Minus1)?)?;
        let scores = match scores {
            Some(scores) => own_scores.broadcast_add(scores)?,
            None => own_scores,
        };
        let context = candle_nn::ops::softmax_last_dim(&scores)?.matmul(value)?;
        context.transpose(1, 2)?.reshape((self.texts * self.length, ()))
    }

    /// One vector for each text, in f32: from `[rows, hidden]` to `[texts, hidden]`.
    pub(super) fn pooled(&self, hidden: &Tensor, pooling: Pooling) -> Result<Tensor> {
        let rows = || hidden.to_dtype(DType::F32)?.reshape((self.texts, self.length, ()));
        let not_pooled = match &self.not_pooled {
            Some(not_pooled) => Some(not_pooled.to_dtype(DType::F32)?.reshape((self.texts, self.length, 1))?),
            None => None,
        };
        match (pooling, not_pooled) {
            (Pooling::Cls, _) => {
                let first_rows = Tensor::new(&self.first_rows[..], hidden.device())?;
                hidden.index_select(&first_rows, 0)?.to_dtype(DType::F32)
            }
            (Pooling::Mean, None) => rows()?.mean(1),
            (Pooling::Mean, Some(not_pooled)) => {
                let pooled = not_pooled.affine(-1.0, 1.0)?;
                rows()?.broadcast_mul(&pooled)?.sum(1)?.broadcast_div(&pooled.sum(1)?)
            }
            (Pooling::Max, None) => rows()?.max(1),
            // Far below every number of a row, and finite.
            (Pooling::Max, Some(not_pooled)) => rows()?.broadcast_add(&not_pooled.affine(-1e30, 0.0)?)?.max(1),
        }
    }
}

/// A number for each word piece, and one for padding: `[rows]`.
pub(super) fn padded<'t, Numbers: Iterator<Item = u32>>(
    texts: &[&'t [u32]],
    length: usize,
    padding: u32,
    numbers: impl Fn(&'t [u32]) -> Numbers,
    device: &Device,
) -> Result<Tensor> {
    let of_text = |ids: &&'t [u32]| numbers(ids).chain(std::iter::repeat_n(padding, length - ids.len()));
    let rows: Vec<u32> = texts.iter().flat_map(of_text).collect();
    Tensor::from_vec(rows, texts.len() * length, device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    #[test]
    fn pooling_is_that_of_the_host() {
        let (lengths, size, padding) = ([5, 1, 8, 3], 3, 99);
        let texts: Vec<Vec<u32>> = lengths.into_iter().map(|length| (0..length).collect()).collect();
        let texts: Vec<&[u32]> = texts.iter().map(|ids| &ids[..]).collect();
        let mut random = SplitMix64::new(7);
        let rows: Vec<f32> = (0..texts.len() * 8 * size).map(|_| random.unit() as f32 - 0.5).collect();
        let hidden = Tensor::from_slice(&rows, (texts.len() * 8, size), &Device::Cpu).unwrap();
        // Also as many as a text has, and more.
        for left_out in [0, 2, 3, 9] {
            let batch = PaddedBatch::new(&texts, padding, left_out, &Device::Cpu).unwrap();
            assert_eq!(batch.length, 8);
            for pooling in Pooling::ALL {
                let pooled: Vec<Vec<f32>> = batch.pooled(&hidden, pooling).unwrap().to_vec2().unwrap();
                for ((ids, rows), got) in texts.iter().zip(rows.chunks(8 * size)).zip(pooled) {
                    let expect = pooling.pool(&rows[..ids.len() * size], size, left_out);
                    let is_near = got.iter().zip(&expect).all(|(a, b)| (a - b).abs() < 1e-6);
                    assert!(is_near, "{pooling} without {left_out} of {}: {got:?}, not {expect:?}", ids.len());
                }
            }
        }
    }
}
