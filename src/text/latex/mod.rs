//! LaTeX as Unicode, for two purposes: [`field_text`] reads a value of a BibTeX field and keeps its formulas;
//! [`readable`] writes titles and abstracts for people, formulas included.

mod bibtex;
mod readable;
mod symbols;

pub(crate) use bibtex::field_text;
pub(crate) use readable::readable;
