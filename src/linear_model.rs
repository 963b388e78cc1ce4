//! Linear models: means, and classifiers fitted by dual coordinate descent as in LIBLINEAR (Hsieh et al. 2008; Yu, Huang
//! and Lin 2011).

use crate::random::SplitMix64;

/// A classifier is fitted when no step changes the gradient of the dual by more than this.
const TOLERANCE: f64 = 1e-3;
/// Passes over the examples after which fitting ends in any case.
const MAX_EPOCHS: usize = 200;
/// Newton steps for one example; three or four are usual.
const MAX_NEWTON_STEPS: usize = 50;

/// The numbers of one example.
pub trait SparseFeatures {
    /// The product with a model's weights; numbers beyond them count nothing.
    fn dot(&self, weights: &[f64]) -> f64;
    /// Adds the numbers, scaled, to weights.
    fn add_to(&self, weights: &mut [f64], scale: f64);
    /// The square of the length.
    fn squared(&self) -> f64;
}

impl SparseFeatures for [f32] {
    fn dot(&self, weights: &[f64]) -> f64 {
        self.iter().zip(weights).map(|(x, weight)| f64::from(*x) * weight).sum()
    }

    fn add_to(&self, weights: &mut [f64], scale: f64) {
        self.iter().zip(weights).for_each(|(x, weight)| *weight += scale * f64::from(*x));
    }

    fn squared(&self) -> f64 {
        self.iter().map(|x| f64::from(*x) * f64::from(*x)).sum()
    }
}

/// Pairs of place and number.
impl SparseFeatures for [(u32, f32)] {
    fn dot(&self, weights: &[f64]) -> f64 {
        let weight = |place: u32| weights.get(place as usize).copied().unwrap_or(0.0);
        self.iter().map(|(place, x)| f64::from(*x) * weight(*place)).sum()
    }

    fn add_to(&self, weights: &mut [f64], scale: f64) {
        self.iter().for_each(|(place, x)| weights[*place as usize] += scale * f64::from(*x));
    }

    fn squared(&self) -> f64 {
        self.iter().map(|(_, x)| f64::from(*x) * f64::from(*x)).sum()
    }
}

/// The mean of examples, scaled to length 1 unless it is zero.
pub fn mean<F: AsRef<[T]>, T>(examples: impl IntoIterator<Item = F>, dimension: usize) -> Vec<f64>
where
    [T]: SparseFeatures,
{
    weighted_mean(examples.into_iter().map(|example| (example, 1.0)), dimension)
}

/// The mean of weighted examples, scaled to length 1 unless it is zero.
pub fn weighted_mean<F: AsRef<[T]>, T>(examples: impl IntoIterator<Item = (F, f64)>, dimension: usize) -> Vec<f64>
where
    [T]: SparseFeatures,
{
    let mut mean = vec![0.0; dimension];
    examples.into_iter().for_each(|(example, weight)| example.as_ref().add_to(&mut mean, weight));
    let norm = mean.iter().map(|x| x * x).sum::<f64>().sqrt();
    if norm > 0.0 {
        mean.iter_mut().for_each(|x| *x /= norm);
    }
    mean
}

/// What a wrong score costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossFunction {
    /// The logarithm of the odds: logistic regression.
    Logistic,
    /// The square of what is missing to a margin of 1: the linear support vector machine of LIBLINEAR and scikit-learn.
    SquaredHinge,
}

/// One example to learn from.
#[derive(Debug, Clone, Copy)]
pub struct TrainingExample<'a, T> {
    /// Its numbers.
    pub features: &'a [T],
    /// Whether it is of the kind that is looked for.
    pub target: bool,
    /// What its loss counts against the length of the weights (`C` in LIBLINEAR), above 0.
    pub cost: f64,
}

/// A separating plane.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LinearModel {
    /// One weight for each number of an example.
    pub weights: Vec<f64>,
    /// The score of an example without numbers.
    pub bias: f64,
}

impl LinearModel {
    /// The plane with the least `(weights² + bias²) / 2 + Σ cost · loss` over the examples, which have up to `dimension`
    /// numbers. The seed decides the order of steps, hardly the result.
    pub fn fit<T>(examples: &[TrainingExample<'_, T>], dimension: usize, loss: LossFunction, seed: u64) -> LinearModel
    where
        [T]: SparseFeatures,
    {
        let mut model = LinearModel { weights: vec![0.0; dimension], bias: 0.0 };
        let lengths: Vec<f64> = examples.iter().map(|example| example.features.squared() + 1.0).collect();
        let mut dual: Vec<f64> = examples.iter().map(|example| loss.start(example.cost)).collect();
        for (example, dual) in examples.iter().zip(&dual) {
            model.step(example, *dual);
        }
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let mut random = SplitMix64::new(seed);
        for _ in 0..MAX_EPOCHS {
            random.shuffle(&mut order);
            let mut largest = 0.0f64;
            for &at in &order {
                let example = &examples[at];
                let margin = sign(example.target) * model.score(example.features);
                let (next, gradient) = loss.minimize(dual[at], margin, lengths[at], example.cost);
                largest = largest.max(gradient.abs());
                model.step(example, next - dual[at]);
                dual[at] = next;
            }
            if largest < TOLERANCE {
                break;
            }
        }
        model
    }

    /// How far on the wanted side an example is.
    pub fn score<T>(&self, features: &[T]) -> f64
    where
        [T]: SparseFeatures,
    {
        features.dot(&self.weights) + self.bias
    }

    fn step<T>(&mut self, example: &TrainingExample<'_, T>, change: f64)
    where
        [T]: SparseFeatures,
    {
        if change != 0.0 {
            let change = sign(example.target) * change;
            example.features.add_to(&mut self.weights, change);
            self.bias += change;
        }
    }
}

/// Weighted examples of two sides whose costs add up to the same, `cost` an example on average.
pub(crate) fn balanced<'a, T: 'a>(
    wanted: impl ExactSizeIterator<Item = (&'a [T], f64)> + Clone,
    unwanted: impl ExactSizeIterator<Item = (&'a [T], f64)> + Clone,
    cost: f64,
) -> Vec<TrainingExample<'a, T>> {
    let half = (wanted.len() + unwanted.len()) as f64 / 2.0 * cost;
    let mut examples = Vec::with_capacity(wanted.len() + unwanted.len());
    let sum = |weights: &mut dyn Iterator<Item = (&'a [T], f64)>| weights.map(|(_, weight)| weight).sum::<f64>();
    let per_weight = half / sum(&mut wanted.clone());
    examples.extend(wanted.map(|(features, weight)| TrainingExample {
        features,
        target: true,
        cost: weight * per_weight,
    }));
    let per_weight = half / sum(&mut unwanted.clone());
    let example = |(features, weight)| TrainingExample { features, target: false, cost: weight * per_weight };
    examples.extend(unwanted.map(example));
    examples
}

fn sign(wanted: bool) -> f64 {
    if wanted { 1.0 } else { -1.0 }
}

impl LossFunction {
    /// The dual variable to begin with.
    fn start(self, cost: f64) -> f64 {
        match self {
            LossFunction::SquaredHinge => 0.0,
            LossFunction::Logistic => (1e-3 * cost).min(1e-8),
        }
    }

    /// The best value of one dual variable, given the example's margin and squared length, and the gradient before the
    /// step.
    fn minimize(self, dual: f64, margin: f64, length: f64, cost: f64) -> (f64, f64) {
        match self {
            LossFunction::SquaredHinge => {
                let diagonal = 0.5 / cost;
                let gradient = margin - 1.0 + dual * diagonal;
                let next = (dual - gradient / (length + diagonal)).max(0.0);
                (next, if dual == 0.0 { gradient.min(0.0) } else { gradient })
            }
            LossFunction::Logistic => {
                // Newton's method for whichever of `dual` and `cost - dual` ends below half of the cost: the other's
                // logarithm is tame there.
                let flip = 0.5 * length * (cost - 2.0 * dual) + margin < 0.0;
                let (start, margin) = if flip { (cost - dual, -margin) } else { (dual, margin) };
                // Above 0 by rounding too.
                let start = start.max(cost * f64::EPSILON);
                let slope = |z: f64| length * (z - start) + margin + (z / (cost - z)).ln();
                let mut z = if cost - start < 0.5 * cost { 0.1 * start } else { start };
                for _ in 0..MAX_NEWTON_STEPS {
                    let gradient = slope(z);
                    if gradient.abs() < 0.1 * TOLERANCE {
                        break;
                    }
                    let next = z - gradient / (length + cost / (cost - z) / z);
                    z = if next <= 0.0 { 0.1 * z } else { next };
                }
                (if flip { cost - z } else { z }, slope(start))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn example<T>(features: &[T], wanted: bool, cost: f64) -> TrainingExample<'_, T> {
        TrainingExample { features, target: wanted, cost }
    }

    /// `(weights² + bias²) / 2 + Σ cost · loss`.
    fn objective(model: &LinearModel, examples: &[TrainingExample<'_, f32>], loss: LossFunction) -> f64 {
        let losses = examples.iter().map(|example| {
            let margin = sign(example.target) * model.score(example.features);
            example.cost
                * match loss {
                    LossFunction::Logistic => (-margin).exp().ln_1p(),
                    LossFunction::SquaredHinge => (1.0 - margin).max(0.0).powi(2),
                }
        });
        let length: f64 = model.weights.iter().map(|x| x * x).sum();
        (length + model.bias * model.bias) / 2.0 + losses.sum::<f64>()
    }

    #[test]
    fn two_points_by_hand() {
        // By symmetry the bias is 0 and the weight w has the least w²/2 + 2 (1 - w)², at w = 4/5; for the logistic loss
        // w = 2 / (1 + exp w).
        let points = [example(&[1.0f32], true, 1.0), example(&[-1.0], false, 1.0)];
        let svm = LinearModel::fit(&points, 1, LossFunction::SquaredHinge, 1);
        assert!((svm.weights[0] - 0.8).abs() < 1e-3 && svm.bias.abs() < 1e-3, "{svm:?}");
        let logistic = LinearModel::fit(&points, 1, LossFunction::Logistic, 1);
        let weight = logistic.weights[0];
        assert!((weight - 2.0 / (1.0 + weight.exp())).abs() < 1e-3 && logistic.bias.abs() < 1e-3, "{logistic:?}");
    }

    #[test]
    fn sparse_is_dense() {
        let dense = [[1.0f32, 0.0, 2.0], [0.0, -1.0, 0.5], [0.0, 1.0, 0.0]];
        let sparse = [vec![(0, 1.0f32), (2, 2.0)], vec![(1, -1.0), (2, 0.5)], vec![(1, 1.0)]];
        for loss in [LossFunction::Logistic, LossFunction::SquaredHinge] {
            let of_dense: Vec<_> = dense.iter().map(|x| example(x.as_slice(), x[0] > 0.0, 2.0)).collect();
            let of_sparse: Vec<_> = sparse.iter().map(|x| example(x.as_slice(), x[0].0 == 0, 2.0)).collect();
            let (a, b) = (LinearModel::fit(&of_dense, 3, loss, 7), LinearModel::fit(&of_sparse, 3, loss, 7));
            a.weights.iter().zip(&b.weights).for_each(|(a, b)| assert!((a - b).abs() < 1e-9));
        }
    }

    #[test]
    fn means() {
        assert_eq!(mean([[3.0f32, 0.0], [0.0, 4.0]], 2), [0.6, 0.8]);
        assert_eq!(weighted_mean([([(1u32, 3.0f32)], 2.0)], 3), [0.0, 1.0, 0.0]);
        assert_eq!(mean(Vec::<Vec<f32>>::new(), 2), [0.0, 0.0]);
    }

    proptest! {
        #[test]
        fn no_neighbor_is_better(
            points in proptest::collection::vec((proptest::array::uniform3(-1.0f32..1.0), any::<bool>(), 0.05f64..5.0), 1..20),
            nudge in proptest::array::uniform4(-0.2f64..0.2),
        ) {
            let examples: Vec<_> = points.iter().map(|(x, wanted, cost)| example(x.as_slice(), *wanted, *cost)).collect();
            for loss in [LossFunction::Logistic, LossFunction::SquaredHinge] {
                let model = LinearModel::fit(&examples, 3, loss, 3);
                let mut other = model.clone();
                other.weights.iter_mut().zip(&nudge).for_each(|(weight, nudge)| *weight += nudge);
                other.bias += nudge[3];
                prop_assert!(objective(&model, &examples, loss) <= objective(&other, &examples, loss) + 5e-3);
            }
        }

        #[test]
        fn a_copy_is_a_double_cost(
            points in proptest::collection::vec((proptest::array::uniform2(-1.0f32..1.0), any::<bool>()), 2..10),
        ) {
            for loss in [LossFunction::Logistic, LossFunction::SquaredHinge] {
                let double: Vec<_> = points.iter().map(|(x, wanted)| example(x.as_slice(), *wanted, 2.0)).collect();
                let twice: Vec<_> = points.iter().flat_map(|(x, wanted)| [example(x.as_slice(), *wanted, 1.0); 2]).collect();
                let (a, b) = (LinearModel::fit(&double, 2, loss, 1), LinearModel::fit(&twice, 2, loss, 2));
                let near = |a: f64, b: f64| (a - b).abs() < 2e-2;
                prop_assert!(near(a.bias, b.bias) && a.weights.iter().zip(&b.weights).all(|(a, b)| near(*a, *b)));
            }
        }
    }
}
