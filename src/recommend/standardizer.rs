//! Mean and deviation of values: what units that differ are made comparable by.

/// A smaller deviation is one of rounding.
const MIN_VARYING: f32 = 1e-6;

/// Mean and deviation.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Standardizer {
    mean: f32,
    deviation: f32,
}

impl Standardizer {
    /// Those of some values, the deviation at least `least` if there are any.
    pub(super) fn from_values(values: impl Iterator<Item = f32> + Clone, least: f32) -> Standardizer {
        let count = values.clone().count() as f32;
        if count == 0.0 {
            return Standardizer::default();
        }
        let mean = values.clone().sum::<f32>() / count;
        let variance = values.map(|value| (value - mean) * (value - mean)).sum::<f32>() / count;
        Standardizer { mean, deviation: variance.sqrt().max(least) }
    }

    /// The mean.
    pub(super) fn mean(self) -> f32 {
        self.mean
    }

    /// Whether anything deviates.
    pub(super) fn has_variance(self) -> bool {
        self.deviation > MIN_VARYING
    }

    /// What a unit is in deviations; 1 where nothing deviates.
    pub(super) fn inverse_deviation(self) -> f32 {
        if self.has_variance() { 1.0 / self.deviation } else { 1.0 }
    }

    /// How many deviations a value is above the mean; 0 where nothing deviates.
    pub(super) fn z_score(self, value: f32) -> f32 {
        if self.has_variance() { (value - self.mean) / self.deviation } else { 0.0 }
    }
}

/// A [`Standardizer`] for each column of some rows. All columns are worked on at once: the additions of one column wait for each
/// other, and the compiler divides several columns at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ColumnStandardizers<const N: usize> {
    means: [f32; N],
    deviations: [f32; N],
}

impl<const N: usize> ColumnStandardizers<N> {
    /// Those of some rows, each deviation at least so much if there are any: as [`Standardizer::from_values`] of each column.
    pub(super) fn from_rows(rows: &[[f32; N]], least: [f32; N]) -> ColumnStandardizers<N> {
        let (mut means, mut deviations) = ([0.0f32; N], [0.0f32; N]);
        let count = rows.len() as f32;
        if count == 0.0 {
            return ColumnStandardizers { means, deviations };
        }
        for row in rows {
            means.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        means.iter_mut().for_each(|sum| *sum /= count);
        for row in rows {
            let differences = row.iter().zip(&means).map(|(value, mean)| (value - mean) * (value - mean));
            deviations.iter_mut().zip(differences).for_each(|(sum, square)| *sum += square);
        }
        let deviations = std::array::from_fn(|at| (deviations[at] / count).sqrt().max(least[at]));
        ColumnStandardizers { means, deviations }
    }

    /// Those of a column.
    pub(super) fn column(&self, at: usize) -> Standardizer {
        Standardizer { mean: self.means[at], deviation: self.deviations[at] }
    }

    /// A row in deviations above the mean: as [`Standardizer::z_score`] of each column.
    #[inline]
    pub(super) fn z_scores(&self, row: &[f32; N]) -> [f32; N] {
        std::array::from_fn(|at| {
            let deviation = self.deviations[at];
            // What is divided by infinity is 0.
            let divisor = if deviation > MIN_VARYING { deviation } else { f32::INFINITY };
            (row[at] - self.means[at]) / divisor
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn columns_are_standardized_as_values_are(
            rows in prop::collection::vec(prop::array::uniform3(-9.0f32..9.0), 0..40),
            constant: bool,
            least in prop::array::uniform3(0.0f32..4.0),
        ) {
            let constant_column = |row: [f32; 3]| if constant { [row[0], 2.0, row[2]] } else { row };
            let rows: Vec<[f32; 3]> = rows.into_iter().map(constant_column).collect();
            let least = if constant { [0.0; 3] } else { least };
            let columns = ColumnStandardizers::from_rows(&rows, least);
            for at in 0..3 {
                let expected = Standardizer::from_values(rows.iter().map(|row| row[at]), least[at]);
                prop_assert_eq!(columns.column(at), expected);
                for row in &rows {
                    prop_assert_eq!(columns.z_scores(row)[at], expected.z_score(row[at]));
                }
            }
        }
    }
}
