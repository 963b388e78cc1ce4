//! From one vector for each word piece to one for the text.

use crate::string_enum::string_enum;

/// How the word pieces' vectors become the text's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// The first word piece's.
    Cls,
    /// Their mean.
    Mean,
    /// Their maximum, number by number.
    Max,
}

// The names in fingerprints and in `pooling_mode`.
string_enum!(Pooling, "a pooling", { Mean => "mean", Cls => "cls", Max => "max" });

impl Pooling {
    /// Pools one text's rows, `[word pieces, size]`, at least one row: those after the first `left_out`, or at least the last one.
    /// Not normalized.
    pub(super) fn pool(self, rows: &[f32], size: usize, left_out: usize) -> Vec<f32> {
        let rows = &rows[left_out.min(rows.len() / size - 1) * size..];
        let mut pooled = rows[..size].to_vec();
        let rest = rows[size..].chunks_exact(size);
        match self {
            Pooling::Cls => {}
            Pooling::Mean => {
                let count = rows.len() / size;
                rest.for_each(|row| pooled.iter_mut().zip(row).for_each(|(sum, x)| *sum += x));
                pooled.iter_mut().for_each(|sum| *sum /= count as f32);
            }
            Pooling::Max => rest.for_each(|row| pooled.iter_mut().zip(row).for_each(|(max, x)| *max = max.max(*x))),
        }
        pooled
    }
}

#[cfg(test)]
mod tests {
    use super::Pooling;

    #[test]
    fn three_ways() {
        let rows = [1.0, 5.0, 3.0, 1.0];
        assert_eq!(Pooling::Cls.pool(&rows, 2, 0), [1.0, 5.0]);
        assert_eq!(Pooling::Mean.pool(&rows, 2, 0), [2.0, 3.0]);
        assert_eq!(Pooling::Max.pool(&rows, 2, 0), [3.0, 5.0]);
        assert_eq!(Pooling::Mean.pool(&rows, 4, 0), rows);
        assert_eq!(Pooling::Cls.pool(&rows, 2, 1), [3.0, 1.0]);
        assert_eq!(Pooling::Mean.pool(&rows, 2, 1), [3.0, 1.0]);
        assert_eq!(Pooling::Max.pool(&rows, 2, 7), [3.0, 1.0]);
    }
}
