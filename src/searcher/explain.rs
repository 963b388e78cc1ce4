//! Explanations: the sentences that match.

use unicode_segmentation::UnicodeSegmentation;

use super::Engine;
use crate::error::Result;
use crate::paper::Paper;
use crate::recommend::{Recommendation, SentenceMatch};
use crate::vector::Embedding;

/// Shorter pieces, in characters, say nothing: they are what abbreviations leave.
const MIN_SENTENCE_CHARS: usize = 25;

impl Engine {
    /// Finds in each paper the sentence that is most like a sentence of the text asked for, or else of the first of the
    /// history papers behind it.
    pub(super) fn explain(&self, text: Option<&str>, results: &mut [Recommendation]) -> Result<()> {
        let mut others = Vec::with_capacity(results.len());
        for result in &*results {
            let first = result.reasons.first().and_then(|because| because.id.as_ref());
            let paper = first.map(|id| self.library.paper(id)).transpose()?.flatten();
            others.push(match (text, paper) {
                (Some(text), _) => sentences(text),
                (None, Some(stored)) => paper_sentences(&stored.paper),
                (None, None) => Vec::new(),
            });
        }
        let own: Vec<Vec<String>> = results.iter().map(|result| paper_sentences(&result.paper)).collect();
        let mut all: Vec<&String> = own.iter().chain(&others).flatten().collect();
        all.sort_unstable();
        all.dedup();
        let embeddings = self.embed_texts(&all, &|_| ())?;
        let embedding = |sentence: &String| -> Option<&Embedding> {
            all.binary_search(&sentence).ok().map(|place| &embeddings[place])
        };
        for ((result, own), others) in results.iter_mut().zip(&own).zip(&others) {
            let pairs = own.iter().flat_map(|own| others.iter().map(move |other| (own, other)));
            let matched = pairs.filter_map(|(sentence, with)| {
                let similarity = embedding(sentence)?.cosine(embedding(with)?);
                Some(SentenceMatch { sentence: sentence.clone(), matched_sentence: with.clone(), similarity })
            });
            result.sentence_match = matched.max_by(|a, b| a.similarity.total_cmp(&b.similarity));
        }
        Ok(())
    }
}

/// Sentences of an abstract, or else the title.
fn paper_sentences(paper: &Paper) -> Vec<String> {
    if paper.abstract_text.is_empty() { vec![paper.title.clone()] } else { sentences(&paper.abstract_text) }
}

/// Sentences, each at least of a few words; a text of a few words is one.
fn sentences(text: &str) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    for piece in text.unicode_sentences() {
        let piece = piece.trim();
        match sentences.last_mut().filter(|last| last.chars().count() < MIN_SENTENCE_CHARS) {
            Some(last) => {
                last.push(' ');
                last.push_str(piece);
            }
            None => sentences.push(piece.to_owned()),
        }
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_a_few_words_and_more() {
        let text =
            "Robots slip. They fall more often on wet floors than on dry ones! Dr. A knew. How do they stand up again?";
        let expected = [
            "Robots slip. They fall more often on wet floors than on dry ones!",
            "Dr. A knew. How do they stand up again?",
        ];
        assert_eq!(sentences(text), expected);
        assert_eq!(sentences("sparse attention"), ["sparse attention"]);
        assert!(sentences("").is_empty());
    }
}
