//! `paperkin add --explain`: where the fields of one record come from.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::input::{CategoryFilter, open};
use crate::cli::args::AddArgs;
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, CommandProgress, FieldList, record_values};
use crate::error::{Error, RecordPosition, Result};
use crate::formats::{FieldOrigin, PaperRecord};
use crate::paper::{CitationLinks, Paper, PaperId};
use crate::text::visible;

/// A record, and how it was read.
#[derive(Serialize)]
struct ExplainedRecord {
    file: String,
    position: RecordPosition,
    paper: Paper,
    #[serde(skip)]
    links: CitationLinks,
    origins: Vec<FieldOrigin>,
    dropped: Vec<ExplainedDrop>,
}

/// A field that was dropped.
#[derive(Serialize)]
struct ExplainedDrop {
    field: String,
    reason: String,
}

pub(super) fn run(args: &AddArgs) -> Result<CommandOutcome> {
    let mut records = Vec::new();
    let mut outcome = CommandOutcome::Complete;
    for path in &args.files {
        match find(path, args) {
            Ok(record) => records.push(record),
            Err(error) => {
                output::reject(&error);
                outcome = CommandOutcome::Incomplete;
            }
        }
    }
    output::print_summary(args.format, &records, |out, records| {
        records.iter().enumerate().try_for_each(|(index, record)| {
            if index > 0 {
                writeln!(out)?;
            }
            record.write(out)
        })
    })?;
    Ok(outcome)
}

/// Returns the record of a file that is to be explained.
fn find(path: &Path, args: &AddArgs) -> Result<ExplainedRecord> {
    let bar = CommandProgress::of_file(path);
    let file = path.display().to_string();
    let filter = CategoryFilter::new(args);
    let mut read = 0;
    let mut found = None;
    for record in filter.keep(open(path, args, None, &bar)?) {
        read += 1;
        if is_wanted(&record, read, &args.record) {
            found = Some(record);
            break;
        }
    }
    bar.finish();
    let Some(record) = found else {
        let reason = format!("none of its {read} records is number `{0}` or has `{0}` in its title or id", args.record);
        return Err(Error::BadFile { file, reason });
    };
    let PaperRecord { paper, links, position, origins, dropped, .. } = record?;
    let dropped = dropped.into_iter().filter_map(|error| match error {
        Error::BadField { field, reason, .. } => Some(ExplainedDrop { field, reason }),
        _ => None,
    });
    Ok(ExplainedRecord { file, position, paper, links, origins, dropped: dropped.collect() })
}

/// Whether this is the record with a number or with a text in its title or one of its ids.
fn is_wanted(record: &Result<PaperRecord>, number: usize, wanted: &str) -> bool {
    if let Ok(wanted) = wanted.parse::<usize>() {
        return wanted == number;
    }
    let Ok(PaperRecord { paper, .. }) = record else { return false };
    let id = PaperId::parse(wanted).ok();
    let wanted = wanted.to_lowercase();
    paper.title.to_lowercase().contains(&wanted)
        || paper.all_ids().any(|known| Some(known) == id.as_ref() || known.as_str().to_lowercase().contains(&wanted))
}

impl ExplainedRecord {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let ExplainedRecord { file, position, paper, links, origins, dropped } = self;
        writeln!(out, "{}, {position}\n", visible(file))?;
        let mut list = FieldList::default();
        list.row(["field", "read from", "value"]);
        for (field, value) in record_values(paper, links).into_iter().filter(|(_, value)| !value.is_empty()) {
            let from: Vec<&str> =
                origins.iter().filter(|origin| origin.field == field).map(|origin| &*origin.from).collect();
            list.row([field, &from.join(", "), &value]);
        }
        list.write(out)?;
        if !dropped.is_empty() {
            writeln!(out, "\ndropped")?;
        }
        dropped.iter().try_for_each(|ExplainedDrop { field, reason }| {
            writeln!(out, "  {}", visible(&format!("`{field}`: {reason}")))
        })
    }
}
