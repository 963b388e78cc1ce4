//! What citation links say of a candidate and a history. How links are found is not decided here.

use std::ops::Add;

use serde::Serialize;

/// What each kind of link counts in [`CitationEvidence::total`]. Measured: `docs/evaluation.md`.
const COCITATION_WEIGHT: f32 = 2.5;
const NEAR_CITATION_WEIGHT: f32 = 0.3;
const DIRECT_WEIGHT: f32 = 0.1;
const COUPLING_WEIGHT: f32 = 0.5;
/// The share of papers with references at which evidence counts half: below a few in a hundred, that a paper has links says
/// more of where it came from than of what it is about.
const HALF_TRUST_SHARE: f32 = 0.01;

/// The citation links between a candidate and a history of size `n`: sums over links, each divided by the roots of the
/// lengths of the lists that it is in, so that neither a paper that everybody cites nor one that cites everything is near to
/// all.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CitationEvidence {
    /// Co-citation: works that cite the candidate together with papers of the history.
    pub cocitation: f32,
    /// Citations by the papers whose texts are nearest to the history, each times its z-score.
    pub near_citation: f32,
    /// Direct citation, in either direction.
    pub direct: f32,
    /// Bibliographic coupling: references that the candidate shares with papers of the history.
    pub coupling: f32,
}

impl CitationEvidence {
    /// All kinds of links together: 0 for none.
    pub fn total(self) -> f32 {
        COCITATION_WEIGHT * self.cocitation
            + NEAR_CITATION_WEIGHT * self.near_citation
            + DIRECT_WEIGHT * self.direct
            + COUPLING_WEIGHT * self.coupling
    }

    /// The evidence with what comes from lists of references, co-citation and citations by near papers, times `scale`.
    pub fn scale_lists(self, scale: f32) -> CitationEvidence {
        let CitationEvidence { cocitation, near_citation, .. } = self;
        CitationEvidence { cocitation: cocitation * scale, near_citation: near_citation * scale, ..self }
    }

    /// What the evidence adds to a score, in standard deviations of the background's scores, in a library in which a share
    /// of the papers has references: 0 without evidence, and each further link counts less. `weight` is that of
    /// [`RankingWeights`](super::RankingWeights).
    pub fn score(self, weight: f32, share_with_references: f32) -> f32 {
        let trust = share_with_references / (share_with_references + HALF_TRUST_SHARE);
        if share_with_references > 0.0 { weight * trust * self.total().ln_1p() } else { 0.0 }
    }
}

impl Add for CitationEvidence {
    type Output = CitationEvidence;

    fn add(self, other: CitationEvidence) -> CitationEvidence {
        CitationEvidence {
            cocitation: self.cocitation + other.cocitation,
            near_citation: self.near_citation + other.near_citation,
            direct: self.direct + other.direct,
            coupling: self.coupling + other.coupling,
        }
    }
}

/// The citation links between a candidate and one paper of the history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CitationCounts {
    /// Works that cite both.
    pub cocited_by: u32,
    /// References that both have.
    pub shared_references: u32,
    /// Whether the candidate cites the history paper.
    pub cites: bool,
    /// Whether the history paper cites the candidate.
    pub cited: bool,
}

impl CitationCounts {
    /// Whether there is any link.
    pub fn any(self) -> bool {
        self != CitationCounts::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_adds_up_and_saturates() {
        let one = CitationEvidence { cocitation: 1.0, ..CitationEvidence::default() };
        let two = CitationEvidence { cocitation: 2.0, ..one };
        let all = CitationEvidence { near_citation: 1.0, direct: 1.0, coupling: 1.0, ..one };
        assert!((all.total() - 3.4).abs() < 1e-6);
        let score = |evidence: CitationEvidence| evidence.score(6.0, 0.5);
        assert!(score(one) > 0.0 && score(two) > score(one) && score(two) < 2.0 * score(one));
        assert_eq!(CitationEvidence::default().score(6.0, 0.5), 0.0);
    }

    #[test]
    fn few_links_count_less() {
        let evidence = CitationEvidence { cocitation: 1.0, ..CitationEvidence::default() };
        let scores = [0.0, 0.001, 0.01, 0.1, 1.0].map(|share| evidence.score(6.0, share));
        assert_eq!(scores[0], 0.0);
        assert!(scores.is_sorted());
        assert!((scores[2] - 3.0 * 3.5f32.ln()).abs() < 1e-5);
    }
}
