//! Documents as counted words: term statistics, TF-IDF vectors, BM25.

use std::collections::HashMap;

use crate::lexical::{TermCounts, bm25, smoothed_idf, sublinear_tf};
use crate::linear_model::SparseFeatures;

/// The terms of all documents, numbered from 0 in the order in which they were first seen.
#[derive(Debug, Clone, Default)]
pub struct TermVocabulary {
    numbers: HashMap<String, u32>,
}

/// How often a document has each of its terms, sorted by the terms' numbers.
pub type DocumentTerms = Vec<(u32, f32)>;

/// A document's terms and their weights, sorted by the terms' numbers; of length 1 unless no term is known.
pub type WeightedTerms = Vec<(u32, f32)>;

impl TermVocabulary {
    /// Counts a document's terms.
    pub fn count(&mut self, document: &str) -> DocumentTerms {
        let terms = TermCounts::from_text(document);
        let mut terms: Vec<(&str, u32)> = terms.counts().collect();
        terms.sort_unstable();
        let mut counts: DocumentTerms = Vec::with_capacity(terms.len());
        for (term, count) in terms {
            let next = self.numbers.len() as u32;
            let number = match self.numbers.get(term) {
                Some(number) => *number,
                None => *self.numbers.entry(term.to_owned()).or_insert(next),
            };
            counts.push((number, count as f32));
        }
        counts.sort_unstable_by_key(|(number, _)| *number);
        counts
    }
}

/// In how many documents each word is, and how long they are.
#[derive(Debug, Clone, Default)]
pub struct DocumentStats {
    documents: f32,
    words: f64,
    frequencies: Vec<f32>,
}

impl DocumentStats {
    /// The statistics of some documents. Words of none of them have no weight.
    pub fn of<'a>(documents: impl IntoIterator<Item = &'a DocumentTerms>) -> DocumentStats {
        let mut statistics = DocumentStats::default();
        for document in documents {
            statistics.documents += 1.0;
            statistics.words += length(document);
            let words = document.last().map_or(0, |(last, _)| *last as usize + 1);
            if words > statistics.frequencies.len() {
                statistics.frequencies.resize(words, 0.0);
            }
            document.iter().for_each(|(word, _)| statistics.frequencies[*word as usize] += 1.0);
        }
        statistics
    }

    /// How many numbers of words there are.
    pub fn dimension(&self) -> usize {
        self.frequencies.len()
    }

    /// In how many documents a word is; `None` for those of no document.
    fn frequency(&self, word: u32) -> Option<f32> {
        self.frequencies.get(word as usize).copied().filter(|frequency| *frequency > 0.0)
    }

    /// A document's unit vector: sublinear term frequencies times smoothed inverse document frequencies, as
    /// scikit-learn's `TfidfVectorizer(sublinear_tf=True)` makes it.
    pub fn tfidf(&self, document: &DocumentTerms) -> WeightedTerms {
        let weight = |(word, count): &(u32, f32)| {
            Some((*word, sublinear_tf(*count) * smoothed_idf(self.documents, self.frequency(*word)?)))
        };
        let mut vector: WeightedTerms = document.iter().filter_map(weight).collect();
        let norm = vector.as_slice().squared().sqrt() as f32;
        vector.iter_mut().for_each(|(_, weight)| *weight /= norm);
        vector
    }

    /// What each word weighs in a query of documents, for [`DocumentStats::bm25`]: its count times its inverse document
    /// frequency.
    pub fn query<'a>(&self, documents: impl IntoIterator<Item = &'a DocumentTerms>) -> Vec<f64> {
        let mut weights = vec![0.0; self.dimension()];
        for (word, count) in documents.into_iter().flatten() {
            if let Some(frequency) = self.frequency(*word) {
                weights[*word as usize] += f64::from(count * bm25::idf(self.documents, frequency));
            }
        }
        weights
    }

    /// BM25 (Robertson and Zaragoza 2009) of a document for a query's weights.
    pub fn bm25(&self, query: &[f64], document: &DocumentTerms) -> f64 {
        let (words, mean) = (length(document) as f32, (self.words.max(1.0) / f64::from(self.documents)) as f32);
        let part = |(word, count): &(u32, f32)| {
            let weight = query.get(*word as usize).copied().unwrap_or_default();
            weight * f64::from(bm25::tf_saturation(*count, words, mean))
        };
        document.iter().map(part).sum()
    }
}

fn length(document: &DocumentTerms) -> f64 {
    document.iter().map(|(_, count)| f64::from(*count)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear_model::mean;

    const DOCUMENTS: [&str; 3] = ["graphs and networks", "networks of words", "words, Words and the zebra"];

    fn counted(vocabulary: &mut TermVocabulary) -> Vec<DocumentTerms> {
        DOCUMENTS.iter().map(|document| vocabulary.count(document)).collect()
    }

    #[test]
    fn words_are_counted() {
        let mut vocabulary = TermVocabulary::default();
        assert_eq!(
            counted(&mut vocabulary),
            [vec![(0, 1.0), (1, 1.0)], vec![(1, 1.0), (2, 1.0)], vec![(2, 2.0), (3, 1.0)]]
        );
        assert_eq!(vocabulary.count("of a the x"), []);
    }

    #[test]
    fn tfidf_by_hand() {
        let documents = counted(&mut TermVocabulary::default());
        let statistics = DocumentStats::of(&documents);
        // (1 + ln 2) (ln(4/3) + 1) for the word that is there twice, ln(4/2) + 1 for the one that no other has.
        let (words, zebra) = ((1.0 + 2f64.ln()) * ((4f64 / 3.0).ln() + 1.0), 2f64.ln() + 1.0);
        let norm = words.hypot(zebra);
        let vector = statistics.tfidf(&documents[2]);
        assert!((f64::from(vector[0].1) - words / norm).abs() < 1e-6);
        assert!((f64::from(vector[1].1) - zebra / norm).abs() < 1e-6);
        assert_eq!(statistics.tfidf(&vec![(9, 1.0)]), [], "a word that is in none of them");
    }

    #[test]
    fn rare_words_weigh_more() {
        let mut vocabulary = TermVocabulary::default();
        let documents = counted(&mut vocabulary);
        let statistics = DocumentStats::of(&documents);
        let query = [vocabulary.count("zebra words")];
        let mean = mean(query.iter().map(|query| statistics.tfidf(query)), statistics.dimension());
        let cosine = |document| statistics.tfidf(document).as_slice().dot(&mean);
        let weights = statistics.query(&query);
        for (a, b) in [(2, 1), (1, 0)] {
            assert!(cosine(&documents[a]) > cosine(&documents[b]));
            assert!(statistics.bm25(&weights, &documents[a]) > statistics.bm25(&weights, &documents[b]));
        }
        assert_eq!((cosine(&documents[0]), statistics.bm25(&weights, &documents[0])), (0.0, 0.0));
    }

    #[test]
    fn bm25_by_hand() {
        let documents = counted(&mut TermVocabulary::default());
        let statistics = DocumentStats::of(&documents);
        let weights = statistics.query([&vec![(2, 1.0)]]);
        // The word is in 2 of 3 documents, twice in one of 3 words where 7/3 are usual.
        let idf = (1.0 + 1.5f64 / 2.5).ln();
        let expected = idf * 2.0 / (2.0 + 1.2 * (0.25 + 0.75 * 3.0 * 3.0 / 7.0));
        assert!((statistics.bm25(&weights, &documents[2]) - expected).abs() < 1e-6);
    }
}
