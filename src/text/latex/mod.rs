//! LaTeX as Unicode, for three purposes: [`field_text`] reads a value of a BibTeX field and keeps its formulas;
//! [`read_accents`] reads the letters in texts that are no LaTeX otherwise; [`readable`] writes titles and abstracts for
//! people, formulas included.

mod accents;
mod bibtex;
mod readable;
mod symbols;

pub(crate) use accents::read_accents;
pub(crate) use bibtex::{field_text, verbatim_text};
pub(crate) use readable::readable;
