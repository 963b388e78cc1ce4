//! `paperkin add --dry-run`: what would be read.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};

use serde::Serialize;

use super::by_id::{self, IdsToFetch};
use super::input::{CategoryFilter, open, vector_model};
use super::links::{self, LinkFileSummary};
use crate::cli::args::{AddArgs, GlobalArgs};
use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{self, CommandProgress, FieldList, field_values, record_values};
use crate::error::{Error, RecordPosition, Result};
use crate::formats::PaperRecord;
use crate::library::{Library, PaperChange};
use crate::paper::{Paper, PaperId};
use crate::text::visible;

/// Records shown of each file.
const SHOWN: usize = 3;
/// Problems listed of each file: the others are counted.
const MAX_PROBLEMS: usize = 1000;
/// Names of fields of the file that are counted for one field of the papers.
const MAX_NAMES: usize = 20;

/// What would be read of some files.
#[derive(Default, Serialize)]
struct DryRunSummary {
    files: Vec<FileSummary>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<LinkFileSummary>,
}

/// What would be read of a file.
#[derive(Default, Serialize)]
struct FileSummary {
    file: String,
    /// `None` if the file cannot be read.
    format: Option<String>,
    papers: usize,
    /// `None` if there is no library.
    known: Option<usize>,
    rejected: usize,
    dropped_fields: usize,
    fields: Vec<FieldUse>,
    first: Vec<ReadRecord>,
    problems: Vec<ReadProblem>,
}

/// How many papers have a field, and which fields of the file it is read from.
#[derive(Serialize)]
struct FieldUse {
    field: &'static str,
    papers: usize,
    from: BTreeMap<String, usize>,
}

/// A record with its place in the file.
#[derive(Serialize)]
struct ReadRecord {
    position: RecordPosition,
    paper: Paper,
}

/// A record or a field that cannot be used.
#[derive(Serialize)]
struct ReadProblem {
    /// `None` if it is the whole file.
    position: Option<RecordPosition>,
    /// `None` if it is the whole record.
    field: Option<String>,
    reason: String,
}

/// The papers that would not be new: those of the library, and those of the records so far.
struct KnownPapers {
    library: Library,
    read: HashSet<PaperId>,
}

impl KnownPapers {
    /// Opens the library, if there is one.
    fn of(common: &GlobalArgs) -> Result<Option<KnownPapers>> {
        match Library::preview(&common.directory()?) {
            Ok(library) => Ok(Some(KnownPapers { library, read: HashSet::new() })),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a paper is among them; it is from now on.
    fn meet(&mut self, paper: &Paper) -> Result<bool> {
        let is_in_library = !matches!(self.library.plan_upsert(paper.clone())?, PaperChange::New(_));
        let was_read = paper.all_ids().any(|id| self.read.contains(id));
        self.read.extend(paper.all_ids().cloned());
        Ok(is_in_library || was_read)
    }
}

pub(super) fn run(common: &GlobalArgs, args: &AddArgs, ids: IdsToFetch) -> Result<CommandOutcome> {
    let mut summary = DryRunSummary::default();
    let mut known = KnownPapers::of(common)?;
    let vectors = vector_model(common, args)?;
    let filter = CategoryFilter::new(args);
    for path in &args.files {
        let bar = CommandProgress::of_file(path);
        let mut file = FileSummary { file: path.display().to_string(), ..FileSummary::default() };
        match open(path, args, vectors.as_ref(), &bar) {
            Ok(records) => {
                file.format = Some(records.format().to_string());
                filter.keep(records).try_for_each(|record| file.add(record, known.as_mut()))?;
            }
            Err(error) => file.reject(error),
        }
        file.fields.retain(|field| field.papers > 0);
        bar.finish();
        summary.files.push(file);
    }
    let mut fetched: Vec<FileSummary> = Vec::new();
    let missing = by_id::fetch(ids, args, &mut |_, source, records| {
        let is_new = fetched.last().is_none_or(|file| file.file != source);
        if is_new {
            fetched.push(FileSummary { file: source.to_owned(), ..FileSummary::default() });
        }
        let Some(file) = fetched.last_mut() else { return Ok(()) };
        filter.keep(records.into_iter()).try_for_each(|record| file.add(record, known.as_mut()))
    })?;
    missing.iter().for_each(output::reject);
    filter.warn_of_nothing();
    fetched.iter_mut().for_each(|file| file.fields.retain(|field| field.papers > 0));
    summary.files.extend(fetched);
    for path in &args.links {
        summary.links.push(links::read(path, args, known.as_ref().map(|known| &known.library))?);
    }
    output::print_summary(args.format, &summary, |out, summary| {
        for (index, file) in summary.files.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            file.write(out)?;
        }
        if !(summary.files.is_empty() || summary.links.is_empty()) {
            writeln!(out)?;
        }
        summary.links.iter().try_for_each(|file| file.write(out))
    })?;
    let is_valid = |file: &FileSummary| file.rejected == 0 && !(args.strict && file.dropped_fields > 0);
    let links_are_valid = summary.links.iter().all(|file| file.rejected == 0);
    let all_are_known = missing.is_empty();
    Ok(CommandOutcome::complete_if(all_are_known && links_are_valid && summary.files.iter().all(is_valid)))
}

impl FileSummary {
    fn add(&mut self, record: Result<PaperRecord>, known: Option<&mut KnownPapers>) -> Result<()> {
        let PaperRecord { paper, links, position, origins, dropped, .. } = match record {
            Ok(record) => record,
            Err(error) => {
                self.reject(error);
                return Ok(());
            }
        };
        self.papers += 1;
        if let Some(known) = known {
            *self.known.get_or_insert(0) += usize::from(known.meet(&paper)?);
        }
        self.dropped_fields += dropped.len();
        let values = record_values(&paper, &links);
        if self.fields.is_empty() {
            let field_use = |(field, _): &(&'static str, String)| FieldUse { field, papers: 0, from: BTreeMap::new() };
            self.fields = values.iter().map(field_use).collect();
        }
        for (FieldUse { field, papers, from }, (_, value)) in self.fields.iter_mut().zip(values) {
            *papers += usize::from(!value.is_empty());
            for origin in origins.iter().filter(|origin| origin.field == *field && !value.is_empty()) {
                let name = if from.len() < MAX_NAMES { &*origin.from } else { "others" };
                *from.entry(name.to_owned()).or_default() += 1;
            }
        }
        dropped.into_iter().for_each(|error| self.note(error));
        if self.first.len() < SHOWN {
            self.first.push(ReadRecord { position, paper });
        }
        Ok(())
    }

    fn reject(&mut self, error: Error) {
        self.rejected += 1;
        self.note(error);
    }

    fn note(&mut self, error: Error) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(match error {
                Error::BadRecord { place, reason, .. } => ReadProblem { position: Some(place), field: None, reason },
                Error::BadField { place, field, reason, .. } => {
                    ReadProblem { position: Some(place), field: Some(field), reason }
                }
                Error::BadFile { reason, .. } => ReadProblem { position: None, field: None, reason },
                other => ReadProblem { position: None, field: None, reason: other.one_line() },
            });
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let FileSummary { file, format, papers, known, rejected, dropped_fields, .. } = self;
        let format = format.as_deref().map(|format| format!("{format}, ")).unwrap_or_default();
        write!(out, "{}: {format}{papers} {}", visible(file), if *papers == 1 { "paper" } else { "papers" })?;
        if let Some(known) = known {
            write!(out, " ({} new, {known} already in the library)", papers - known)?;
        }
        writeln!(
            out,
            ", {rejected} rejected, {dropped_fields} {} dropped",
            if *dropped_fields == 1 { "field" } else { "fields" }
        )?;
        if *papers > 0 {
            writeln!(out)?;
            let mut list = FieldList::default();
            list.row(["field", "papers", "read from"]);
            for FieldUse { field, papers, from } in &self.fields {
                let mut from: Vec<(&String, &usize)> = from.iter().collect();
                from.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
                let name = |(name, count): &(&String, &usize)| {
                    if from.len() == 1 { name.to_string() } else { format!("{name} {count}") }
                };
                list.row([field, &papers.to_string(), &from.iter().map(name).collect::<Vec<_>>().join(", ")]);
            }
            list.write(out)?;
        }
        for ReadRecord { position, paper } in &self.first {
            writeln!(out, "\n{position}")?;
            let mut list = FieldList::default();
            field_values(paper)
                .iter()
                .filter(|(_, value)| !value.is_empty())
                .for_each(|(field, value)| list.row([field, value]));
            list.write(out)?;
        }
        if !self.problems.is_empty() {
            writeln!(out, "\nrejected and dropped")?;
        }
        for ReadProblem { position, field, reason } in &self.problems {
            let position = position.map(|position| format!("{position}: ")).unwrap_or_default();
            let field = field.as_ref().map(|field| format!("`{field}`: ")).unwrap_or_default();
            writeln!(out, "  {}", visible(&format!("{position}{field}{reason}")))?;
        }
        match (rejected + dropped_fields).saturating_sub(self.problems.len()) {
            0 => Ok(()),
            more => writeln!(out, "  and {more} more"),
        }
    }
}
