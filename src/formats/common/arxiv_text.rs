//! The texts of arXiv's metadata: Unicode with TeX's accents, which arXiv's own pages show as letters.

use std::borrow::Cow;

use crate::paper::RawPaper;
use crate::text::latex;

/// Returns a paper with the accents in its title, its abstract and its names as letters; formulas stay as they are.
pub(crate) fn read_accents(mut raw_paper: RawPaper) -> RawPaper {
    let RawPaper { title, abstract_text, authors, .. } = &mut raw_paper;
    for text in [title, abstract_text].into_iter().chain(authors) {
        if let Cow::Owned(read) = latex::read_accents(text) {
            *text = read;
        }
    }
    raw_paper
}
