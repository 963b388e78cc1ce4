//! Step 6 of a ranking: papers, reasons, and the sentences that match.

use std::borrow::Cow;
use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation;

use super::Searcher;
use super::select::{CachedRanking, RankedPaper};
use crate::encoder::TextSide;
use crate::error::Result;
use crate::library::{StoredModel, StoredPaper};
use crate::paper::Paper;
use crate::recommend::{Reason, Recommendation, Relevance, Request, SentenceMatch};
use crate::vector::Embedding;

/// Shorter pieces, in characters, are joined to their neighbors: they are what abbreviations leave.
const MIN_SENTENCE_CHARS: usize = 25;
/// Results whose sentences are compared: a thousand sentences are embedded in some seconds.
const MAX_EXPLAINED: usize = 100;
/// Sentences of a text that are compared: as many as its first pages have.
const MAX_SENTENCES: usize = 200;
/// Sentences that are embedded before the next look whether somebody waits for them: some tenths of a second.
const EMBEDDED_AT_ONCE: usize = 128;

/// The results of a ranking: their papers, the history papers behind them, and, if the request asks for explanations,
/// their matching sentences.
///
/// # Errors
/// When the library's file cannot be read, or the sentences cannot be embedded.
pub(super) fn explain(
    searcher: &Searcher<'_>,
    request: &Request,
    ranking: &CachedRanking,
    model: Option<&StoredModel>,
) -> Result<Vec<Recommendation>> {
    let is_fitted = model.is_some_and(|model: &StoredModel| Relevance::is_fitted_to(&model.name));
    let keys: Vec<i64> = ranking.results.iter().map(|result| result.key).collect();
    let papers = papers(searcher, &keys)?;
    let recommendation = |((rank, result), paper): ((usize, &RankedPaper), Arc<Paper>)| {
        searcher.library.check_canceled()?;
        let reasons = result.reasons.iter().map(|contribution| {
            let (id, title) = ranking.history[contribution.history_index].clone();
            let citations = Some(contribution.citations).filter(|counts| counts.any());
            let borrowed = contribution.borrowed;
            Reason { id, title, contribution: contribution.amount, borrowed, citations }
        });
        Ok(Recommendation {
            rank,
            // The sum of the parts may be rounded to more.
            score: result.breakdown.total().min(1.0),
            similarity: result.relevance_features.map(|features| features.similarity),
            term_similarity: result.relevance_features.map(|features| features.term_similarity),
            relevance: result.relevance_features.filter(|_| is_fitted).map(Relevance::new),
            paper,
            breakdown: result.breakdown,
            reasons: reasons.collect(),
            interest: result.interest.clone(),
            sentence_match: None,
        })
    };
    let mut results = (1..).zip(&ranking.results).zip(papers).map(recommendation).collect::<Result<Vec<_>>>()?;
    if request.explain {
        let first = results.len().min(MAX_EXPLAINED);
        match_sentences(searcher, request.text.as_deref(), &mut results[..first])?;
    }
    Ok(results)
}

/// The papers with these keys, in their order. No key is given twice.
fn papers(searcher: &Searcher<'_>, keys: &[i64]) -> Result<Vec<Arc<Paper>>> {
    let Searcher { library, snapshot, caches, .. } = searcher;
    let cached = caches.papers.get_or_build(snapshot.generation, || Ok(Default::default()))?;
    let mut papers: Vec<Option<Arc<Paper>>> = keys.iter().map(|key| cached.get(key)).collect();
    let missing: Vec<i64> =
        keys.iter().zip(&papers).filter(|(_, paper)| paper.is_none()).map(|(key, _)| *key).collect();
    let read = library.papers_at(&missing)?;
    for (paper, StoredPaper { key, paper: read }) in papers.iter_mut().filter(|paper| paper.is_none()).zip(read) {
        *paper = Some(cached.insert(key, read, Paper::size_bytes));
    }
    Ok(papers.into_iter().flatten().collect())
}

/// Finds in each paper the sentence that is most similar to a sentence of the text, or else of the first of the history
/// papers behind it.
fn match_sentences(searcher: &Searcher<'_>, text: Option<&str>, results: &mut [Recommendation]) -> Result<()> {
    let mut of_text = text.map(sentences).unwrap_or_default();
    of_text.truncate(MAX_SENTENCES);
    let mut others = Vec::with_capacity(results.len());
    for result in &*results {
        let first = result.reasons.first().and_then(|reason| reason.id.as_ref());
        let paper = first.map(|id| searcher.library.paper(id)).transpose()?.flatten();
        others.push(match (text, paper) {
            (Some(_), _) => Cow::Borrowed(of_text.as_slice()),
            (None, Some(stored)) => Cow::Owned(paper_sentences(&stored.paper)),
            (None, None) => Cow::default(),
        });
    }
    let own: Vec<Vec<String>> = results.iter().map(|result| paper_sentences(&result.paper)).collect();
    let mut all: Vec<&String> =
        own.iter().map(Vec::as_slice).chain(others.iter().map(AsRef::as_ref)).flatten().collect();
    all.sort_unstable();
    all.dedup();
    let mut embeddings = Vec::with_capacity(all.len());
    for texts in all.chunks(EMBEDDED_AT_ONCE) {
        searcher.library.check_canceled()?;
        embeddings.extend(searcher.embedder.embed_all(searcher.library, TextSide::Document, texts, &|_| ())?);
    }
    let embedding =
        |sentence: &String| -> Option<&Embedding> { all.binary_search(&sentence).ok().map(|index| &embeddings[index]) };
    for ((result, own), others) in results.iter_mut().zip(&own).zip(&others) {
        let pairs = own.iter().flat_map(|own| others.iter().map(move |other| (own, other)));
        let matches = pairs.filter_map(|(sentence, other)| {
            let similarity = embedding(sentence)?.cosine(embedding(other)?);
            Some(SentenceMatch { sentence: sentence.clone(), matched_sentence: other.clone(), similarity })
        });
        result.sentence_match = matches.max_by(|a, b| a.similarity.total_cmp(&b.similarity));
    }
    Ok(())
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
