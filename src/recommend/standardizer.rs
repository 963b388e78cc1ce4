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
