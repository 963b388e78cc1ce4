//! Answers and pages of public services: arXiv, Hugging Face, OpenAlex, PubMed, Semantic Scholar.

pub(crate) mod arxiv_atom;
pub(crate) mod hf_daily;
pub(crate) mod hf_html;
pub(crate) mod hf_page;
pub(crate) mod json_answers;
pub(crate) mod pubmed;
