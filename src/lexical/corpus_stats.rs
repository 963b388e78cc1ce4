//! How a collection uses its words: what TF-IDF, BM25 and contrasts with ordinary papers need to know.

use std::sync::LazyLock;

use super::bm25;
use super::{TermMap, TermSlice};

/// How many times the mean variance of a term is added to that of each: the larger, the less a contrast tells common
/// terms from rare ones beyond their inverse document frequency.
const VARIANCE_SHRINKAGE: f32 = 30.0;

/// Term numbers and weights, in ascending order of the numbers.
pub type SparseVector = Vec<(u32, f32)>;

/// The statistics of some texts that stand for a collection.
///
/// ```
/// use paperkin::lexical::{CorpusStats, TermVector};
///
/// let documents = ["graph networks", "speech networks"].map(TermVector::from_text);
/// let stats = CorpusStats::from_documents(&documents.each_ref().map(TermVector::as_slice));
/// assert!(stats.idf(TermVector::term_id("graph")) > stats.idf(TermVector::term_id("network")));
/// ```
#[derive(Debug, Clone, Default)]
pub struct CorpusStats {
    terms: TermMap<TermStats>,
    doc_count: f32,
    mean_length: f32,
    /// See [`CorpusStats::squared_background`].
    squared_background: f32,
}

/// What turns the terms of one text into its TF-IDF vector, and what is usual of that.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TermNorm {
    /// One over the length of the vector before it is a unit vector; 0 for a text without terms.
    pub inverse: f32,
    /// See [`CorpusStats::background_overlap`].
    pub background_overlap: f32,
}

/// What is known of a term.
#[derive(Debug, Clone, Copy, Default, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(crate) struct TermStats {
    /// In how many texts it is.
    doc_freq: f32,
    /// How rare that is.
    pub(crate) idf: f32,
    /// The mean of its weight in the texts' vectors.
    mean_weight: f32,
    /// What a difference from the mean counts in a contrast: 1 for a term that no text has, less for one that varies.
    pub(crate) inverse_variance: f32,
}

/// What is known of a term, with its number.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(crate) struct StoredTermStats {
    number: u32,
    stats: TermStats,
}

impl CorpusStats {
    /// The statistics of texts.
    pub fn from_documents(texts: &[TermSlice<'_>]) -> CorpusStats {
        let count = texts.len() as f32;
        let words: u64 = texts.iter().map(|text| u64::from(text.length)).sum();
        let mut usage =
            CorpusStats { doc_count: count, mean_length: words as f32 / count.max(1.0), ..CorpusStats::default() };
        for (number, _) in texts.iter().copied().flat_map(TermSlice::counts) {
            usage.terms.entry(number).or_default().doc_freq += 1.0;
        }
        usage.terms.values_mut().for_each(|term| term.idf = smoothed_idf(count, term.doc_freq));
        // Sums of weights and of their squares become mean and variance.
        let mut squares: TermMap<f32> = TermMap::default();
        for text in texts {
            for (number, weight) in usage.tfidf(*text) {
                usage.terms.entry(number).or_default().mean_weight += weight / count;
                *squares.entry(number).or_default() += weight * weight / count;
            }
        }
        let mut numbers: Vec<u32> = usage.terms.keys().copied().collect();
        numbers.sort_unstable();
        let variance = |number: &u32| {
            let mean = usage.terms[number].mean_weight;
            (squares.get(number).copied().unwrap_or_default() - mean * mean).max(0.0)
        };
        let variances: Vec<f32> = numbers.iter().map(variance).collect();
        let usual = VARIANCE_SHRINKAGE * variances.iter().sum::<f32>() / numbers.len().max(1) as f32;
        for (number, variance) in numbers.iter().zip(variances) {
            let term = usage.terms.entry(*number).or_default();
            term.inverse_variance = if usual > 0.0 { usual / (variance + usual) } else { 1.0 };
        }
        let squares = numbers.iter().map(|number| usage.background_weight(*number).powi(2));
        usage.squared_background = squares.sum();
        usage
    }

    /// All numbers: of all texts, and of each term, in ascending order.
    pub(crate) fn to_numbers(&self) -> ([f32; 3], Vec<StoredTermStats>) {
        let mut terms: Vec<StoredTermStats> =
            self.terms.iter().map(|(number, stats)| StoredTermStats { number: *number, stats: *stats }).collect();
        terms.sort_unstable_by_key(|term| term.number);
        ([self.doc_count, self.mean_length, self.squared_background], terms)
    }

    /// The statistics that these are the [numbers](CorpusStats::to_numbers) of.
    pub(crate) fn from_numbers(totals: [f32; 3], terms: Vec<StoredTermStats>) -> CorpusStats {
        let [doc_count, mean_length, squared_background] = totals;
        let terms = terms.into_iter().map(|term| (term.number, term.stats)).collect();
        CorpusStats { terms, doc_count, mean_length, squared_background }
    }

    /// What is known of a term.
    pub(crate) fn term(&self, number: u32) -> TermStats {
        self.terms.get(&number).copied().unwrap_or(TermStats {
            inverse_variance: 1.0,
            idf: smoothed_idf(self.doc_count, 0.0),
            ..TermStats::default()
        })
    }

    /// How rare a term is.
    pub fn idf(&self, number: u32) -> f32 {
        self.term(number).idf
    }

    /// A text's unit vector: sublinear term frequencies times inverse document frequencies.
    ///
    /// ```
    /// use paperkin::lexical::{CorpusStats, TermVector};
    ///
    /// let stats = CorpusStats::default();
    /// let vector = stats.tfidf(TermVector::from_text("graph networks").as_slice());
    /// let norm: f32 = vector.iter().map(|(_, weight)| weight * weight).sum();
    /// assert!((norm - 1.0).abs() < 1e-6);
    /// ```
    pub fn tfidf(&self, text: TermSlice<'_>) -> SparseVector {
        let unknown = smoothed_idf(self.doc_count, 0.0);
        let weight = |(number, count): (u32, u32)| {
            let idf = self.terms.get(&number).map_or(unknown, |term| term.idf);
            (number, tf_factor(count) * idf)
        };
        let mut vector: SparseVector = text.counts().map(weight).collect();
        let norm = vector.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
        vector.iter_mut().for_each(|(_, weight)| *weight /= norm);
        vector
    }

    /// What the weights of a text's terms are divided by in [`CorpusStats::tfidf`], and the text's
    /// [`CorpusStats::background_overlap`], without the vector itself.
    pub fn term_norm(&self, text: TermSlice<'_>) -> TermNorm {
        let unknown =
            TermStats { inverse_variance: 1.0, idf: smoothed_idf(self.doc_count, 0.0), ..TermStats::default() };
        let (mut squares, mut overlap) = (0.0f32, 0.0f32);
        for (number, count) in text.counts() {
            let term = self.terms.get(&number).unwrap_or(&unknown);
            let weight = tf_factor(count) * term.idf;
            squares += weight * weight;
            overlap += weight * (term.mean_weight * term.inverse_variance);
        }
        let norm = squares.sqrt();
        match norm > 0.0 {
            true => TermNorm { inverse: 1.0 / norm, background_overlap: overlap / norm },
            false => TermNorm::default(),
        }
    }

    /// What a text's vector has in common with that of an ordinary text, each term as much as it counts in a contrast.
    pub fn background_overlap(&self, vector: &[(u32, f32)]) -> f32 {
        let part = |(number, weight): &(u32, f32)| weight * self.background_weight(*number);
        vector.iter().map(part).sum()
    }

    /// What an ordinary text has of a term, as much as it counts in a contrast.
    pub fn background_weight(&self, number: u32) -> f32 {
        let term = self.term(number);
        term.mean_weight * term.inverse_variance
    }

    /// The sum of the squares of [`CorpusStats::background_weight`] over all terms.
    pub fn squared_background(&self) -> f32 {
        self.squared_background
    }

    /// What a difference in a term counts in a contrast.
    pub fn inverse_variance(&self, number: u32) -> f32 {
        self.term(number).inverse_variance
    }

    /// What each term of a question weighs, for [`CorpusStats::bm25`].
    pub fn query_weights(&self, text: TermSlice<'_>) -> SparseVector {
        let weight = |(number, count): (u32, u32)| {
            (number, sublinear_tf(count as f32) * bm25::idf(self.doc_count, self.term(number).doc_freq))
        };
        text.counts().map(weight).collect()
    }

    /// BM25 of a text for a question's weights.
    ///
    /// ```
    /// use paperkin::lexical::{CorpusStats, TermVector};
    ///
    /// let documents = ["graph networks", "speech networks"].map(TermVector::from_text);
    /// let stats = CorpusStats::from_documents(&documents.each_ref().map(TermVector::as_slice));
    /// let query = stats.query_weights(TermVector::from_text("graph").as_slice());
    /// assert!(stats.bm25(&query, documents[0].as_slice()) > stats.bm25(&query, documents[1].as_slice()));
    /// ```
    pub fn bm25(&self, question: &[(u32, f32)], text: TermSlice<'_>) -> f32 {
        // A question has few terms, a text many.
        let part = |(number, weight): &(u32, f32)| match text.count(*number) {
            0 => 0.0,
            count => weight * self.tf_saturation(count, text.length),
        };
        question.iter().map(part).sum()
    }

    /// What occurrences of a term in a text of so many words count in BM25: 0 to 1.
    pub fn tf_saturation(&self, count: u32, words: u32) -> f32 {
        bm25::tf_saturation(count as f32, words as f32, self.mean_length.max(1.0))
    }
}

/// What occurrences of a term count in a vector: the second less than the first.
///
/// ```
/// assert_eq!(paperkin::lexical::sublinear_tf(1.0), 1.0);
/// ```
pub fn sublinear_tf(count: f32) -> f32 {
    1.0 + count.ln()
}

/// [`sublinear_tf`] of all counts that a [`TermVector`](super::TermVector) has.
static TF_FACTORS: LazyLock<[f32; 256]> = LazyLock::new(|| std::array::from_fn(|count| sublinear_tf(count as f32)));

/// [`sublinear_tf`] of a count of a [`TermVector`](super::TermVector): looked up, for a logarithm takes longer than the rest of
/// what is done with a term.
#[inline]
pub(crate) fn tf_factor(count: u32) -> f32 {
    TF_FACTORS.get(count as usize).copied().unwrap_or_else(|| sublinear_tf(count as f32))
}

/// How rare a term is that so many of the texts have: scikit-learn's smoothed inverse document frequency.
///
/// ```
/// // One of three documents has the term.
/// let idf = paperkin::lexical::smoothed_idf(3.0, 1.0);
/// assert!((idf - (2f32.ln() + 1.0)).abs() < 1e-6);
/// ```
pub fn smoothed_idf(texts: f32, frequency: f32) -> f32 {
    ((1.0 + texts) / (1.0 + frequency)).ln() + 1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical::{TermCounts, TermVector};

    fn bags(texts: &[&str]) -> Vec<TermVector> {
        texts.iter().map(|text| TermVector::from(&TermCounts::from_text(text))).collect()
    }

    fn stats(texts: &[&str]) -> CorpusStats {
        CorpusStats::from_documents(&bags(texts).iter().map(TermVector::as_slice).collect::<Vec<_>>())
    }

    #[test]
    fn by_hand() {
        let usage = stats(&["graph network", "network word", "word words zebra"]);
        let weight = |vector: &SparseVector, term| {
            vector.iter().find(|(number, _)| *number == TermVector::term_id(term)).unwrap().1
        };
        // (1 + ln 2) (ln(4/3) + 1) for the word that is there twice, ln(4/2) + 1 for the one that no other text has.
        let (word, zebra) = ((1.0 + 2f32.ln()) * ((4f32 / 3.0).ln() + 1.0), 2f32.ln() + 1.0);
        let vector = usage.tfidf(bags(&["word words zebra"])[0].as_slice());
        assert!((weight(&vector, "word") - word / word.hypot(zebra)).abs() < 1e-6);
        assert!((weight(&vector, "zebra") - zebra / word.hypot(zebra)).abs() < 1e-6);
        // The word is in 2 of 3 texts, twice in one of 3 words where 7/3 are usual.
        let question = usage.query_weights(bags(&["word"])[0].as_slice());
        let expected = (1.0 + 1.5f32 / 2.5).ln() * 2.0 / (2.0 + 1.2 * (0.25 + 0.75 * 3.0 * 3.0 / 7.0));
        assert!((usage.bm25(&question, bags(&["word words zebra"])[0].as_slice()) - expected).abs() < 1e-6);
    }

    #[test]
    fn what_varies_counts_less_and_what_is_unknown_counts_in_full() {
        let usage = stats(&["model graph", "model zebra", "graph tree", "model lake"]);
        let precision = |term| usage.inverse_variance(TermVector::term_id(term));
        assert!(precision("graph") < precision("model"), "in all but one text, and alike in them");
        assert!(precision("model") < precision("unknown"));
        assert_eq!(precision("unknown"), 1.0);
        let ordinariness = |text| usage.background_overlap(&usage.tfidf(bags(&[text])[0].as_slice()));
        assert!(ordinariness("model") > ordinariness("model unknown"));
        assert_eq!(ordinariness("unknown"), 0.0);
    }

    #[test]
    fn a_norm_is_that_of_the_vector() {
        let stats = stats(&["model graph", "model zebra", "graph graph tree", "model lake"]);
        for text in ["graph graph zebra", "lake", "unknown words of a model", ""] {
            let terms = &bags(&[text])[0];
            let (vector, norm) = (stats.tfidf(terms.as_slice()), stats.term_norm(terms.as_slice()));
            for ((number, weight), (_, count)) in vector.iter().zip(terms.counts()) {
                assert!((tf_factor(count) * stats.idf(*number) * norm.inverse - weight).abs() < 1e-6, "{text}");
            }
            assert!((norm.background_overlap - stats.background_overlap(&vector)).abs() < 1e-6, "{text}");
        }
    }

    #[test]
    fn no_texts_and_no_words() {
        for usage in [stats(&[]), stats(&["", ""])] {
            let text = &bags(&["word"])[0];
            let text = text.as_slice();
            assert_eq!(usage.tfidf(text), [(TermVector::term_id("word"), 1.0)]);
            assert!(usage.bm25(&usage.query_weights(text), text).is_finite());
            assert_eq!(usage.tfidf(TermSlice::default()), []);
        }
    }
}
