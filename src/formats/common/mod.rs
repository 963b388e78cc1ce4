//! What several formats share: bytes of an input, XML, JSON, Python literals, and the parts of a record.

pub(crate) mod arxiv_text;
pub(crate) mod authors;
pub(crate) mod clean;
pub(crate) mod dates;
pub(crate) mod encoding;
pub(crate) mod field_names;
pub(crate) mod fields;
pub(crate) mod id_fields;
pub(crate) mod identifiers;
pub(crate) mod input;
pub(crate) mod json_array;
pub(crate) mod python_literal;
pub(crate) mod unpacking;
pub(crate) mod values;
pub(crate) mod work_names;
pub(crate) mod xml;
mod xml_entities;
pub(crate) mod xml_writer;
