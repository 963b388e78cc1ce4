//! Mean and deviation of values: what units that differ are made comparable by.

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

    /// Those of each column of some rows, each deviation at least so much: as [`Standardizer::from_values`] of each. All columns are
    /// added up at once: the additions of one column wait for each other.
    pub(super) fn of_columns<const N: usize>(rows: &[[f32; N]], least: [f32; N]) -> [Standardizer; N] {
        let count = rows.len() as f32;
        if count == 0.0 {
            return [Standardizer::default(); N];
        }
        let (mut means, mut variances) = ([0.0f32; N], [0.0f32; N]);
        for row in rows {
            means.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        means.iter_mut().for_each(|sum| *sum /= count);
        for row in rows {
            let deviations = row.iter().zip(&means).map(|(value, mean)| (value - mean) * (value - mean));
            variances.iter_mut().zip(deviations).for_each(|(sum, square)| *sum += square);
        }
        std::array::from_fn(|at| Standardizer {
            mean: means[at],
            deviation: (variances[at] / count).sqrt().max(least[at]),
        })
    }

    /// The mean.
    pub(super) fn mean(self) -> f32 {
        self.mean
    }

    /// Whether anything deviates.
    pub(super) fn has_variance(self) -> bool {
        self.deviation > 1e-6
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn columns_are_standardized_as_values_are(
            rows in prop::collection::vec(prop::array::uniform3(-9.0f32..9.0), 0..40),
            least in prop::array::uniform3(0.0f32..4.0),
        ) {
            let expected: [Standardizer; 3] =
                std::array::from_fn(|at| Standardizer::from_values(rows.iter().map(|row| row[at]), least[at]));
            prop_assert_eq!(Standardizer::of_columns(&rows, least), expected);
        }
    }
}
