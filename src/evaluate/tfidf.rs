//! TF-IDF: the baseline of words.

use std::collections::HashMap;

use crate::lexical::is_stop_word;

/// Sparse unit vectors of documents: sublinear term frequencies times smoothed inverse document frequencies, as
/// scikit-learn's `TfidfVectorizer(sublinear_tf=True, stop_words=...)` makes them.
#[derive(Debug, Clone, Default)]
pub struct TfIdf {
    terms: HashMap<String, usize>,
    idf: Vec<f64>,
}

/// A document's terms and weights, sorted by term; of length 1 unless the document has no known term.
pub type Sparse = Vec<(usize, f64)>;

impl TfIdf {
    /// Learns terms and their frequencies from documents.
    pub fn fit<'a>(documents: impl IntoIterator<Item = &'a str>) -> TfIdf {
        let mut model = TfIdf::default();
        let mut frequencies: Vec<f64> = Vec::new();
        let mut count = 0.0;
        for document in documents {
            count += 1.0;
            let mut terms: Vec<usize> = words(document)
                .map(|word| {
                    let next = model.terms.len();
                    *model.terms.entry(word).or_insert(next)
                })
                .collect();
            terms.sort_unstable();
            terms.dedup();
            frequencies.resize(model.terms.len(), 0.0);
            terms.iter().for_each(|term| frequencies[*term] += 1.0);
        }
        model.idf = frequencies.iter().map(|frequency| ((1.0 + count) / (1.0 + frequency)).ln() + 1.0).collect();
        model
    }

    /// The vector of a document; terms that were not learnt are left out.
    pub fn vector(&self, document: &str) -> Sparse {
        let mut counts: HashMap<usize, f64> = HashMap::new();
        words(document)
            .filter_map(|word| self.terms.get(&word))
            .for_each(|term| *counts.entry(*term).or_default() += 1.0);
        let mut vector: Sparse = counts.into_iter().map(|(term, n)| (term, (1.0 + n.ln()) * self.idf[term])).collect();
        vector.sort_unstable_by_key(|(term, _)| *term);
        normalize(vector)
    }

    /// The cosine similarity of two vectors, 0 to 1.
    pub fn cosine(a: &Sparse, b: &Sparse) -> f64 {
        let (mut i, mut j, mut sum) = (0, 0, 0.0);
        while let (Some((term_a, x)), Some((term_b, y))) = (a.get(i), b.get(j)) {
            if term_a == term_b {
                sum += x * y;
            }
            i += usize::from(term_a <= term_b);
            j += usize::from(term_b <= term_a);
        }
        sum
    }

    /// The mean of vectors, scaled to length 1.
    pub fn mean<'a>(vectors: impl IntoIterator<Item = &'a Sparse>) -> Sparse {
        let mut sum: HashMap<usize, f64> = HashMap::new();
        for (term, weight) in vectors.into_iter().flatten() {
            *sum.entry(*term).or_default() += weight;
        }
        let mut mean: Sparse = sum.into_iter().collect();
        mean.sort_unstable_by_key(|(term, _)| *term);
        normalize(mean)
    }
}

fn normalize(mut vector: Sparse) -> Sparse {
    let norm = vector.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
    if norm > 0.0 {
        vector.iter_mut().for_each(|(_, weight)| *weight /= norm);
    }
    vector
}

/// Words of two characters and more, in lower case, without stop words.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| word.chars().nth(1).is_some())
        .map(str::to_lowercase)
        .filter(|word| !is_stop_word(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_words_weigh_more() {
        let documents = ["graphs and networks", "networks of words", "words, words and the zebra"];
        let model = TfIdf::fit(documents);
        let vectors: Vec<Sparse> = documents.iter().map(|document| model.vector(document)).collect();
        assert!((TfIdf::cosine(&vectors[0], &vectors[0]) - 1.0).abs() < 1e-12);
        assert_eq!(TfIdf::cosine(&vectors[0], &vectors[2]), 0.0);
        let query = model.vector("zebra words");
        assert!(TfIdf::cosine(&query, &vectors[2]) > TfIdf::cosine(&query, &vectors[1]));
        assert_eq!(TfIdf::mean([]), Sparse::new());
    }
}
