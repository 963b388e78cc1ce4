//! Formats of reference managers, and lists of references for people.

pub(crate) mod bibtex;
pub(crate) mod csl_json;
pub(crate) mod endnote_xml;
pub(crate) mod markdown;
#[cfg(feature = "cli")]
pub(crate) mod note;
pub(crate) mod ris;
pub(crate) mod zotero_item;
#[cfg(feature = "fetch")]
pub(crate) mod zotero_json;
pub(crate) mod zotero_rdf;
