//! Printing: results to standard output, diagnostics and progress to standard error.

mod add_summary;
mod answer;
mod confirm;
mod diagnostic;
mod dropped_fields;
mod field_list;
mod formats;
mod papers;
mod progress;
mod serialize;
mod stdout;
mod table;

pub(crate) use add_summary::AddOutput;
pub(crate) use answer::print_answer;
pub(crate) use confirm::confirm;
pub(crate) use diagnostic::{Severity, diagnostic, reject};
pub(crate) use dropped_fields::{count_dropped, warn_of_dropped};
pub(crate) use field_list::{FieldList, field_values, record_values};
pub(crate) use formats::{OutputFormat, SummaryFormat, VectorFormat};
pub(crate) use papers::{PaperFormat, print_paper, print_papers, write_wrapped};
pub(crate) use progress::CommandProgress;
#[cfg(feature = "fetch")]
pub(crate) use stdout::json;
pub(crate) use stdout::{is_broken_pipe, print, print_summary, write_to};
pub(crate) use table::ReasonDisplay;
