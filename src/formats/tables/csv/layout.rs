//! How a table is laid out: what separates its cells, and where its header is.

use std::borrow::Cow;

use csv::{ByteRecord, ReaderBuilder};

use crate::formats::common::field_names::FieldRole;
use crate::formats::input_format::InputFormat;
use crate::formats::tables::columns::ColumnMap;

/// What separates cells in a file of CSV, the most usual first: commas, semicolons where commas are in numbers, tabs in
/// Excel's "Unicode text", bars.
const DELIMITERS: [u8; 4] = *b",;\t|";
/// How many records are searched for the header.
const MAX_REMARKS: usize = 10;

/// How a table is laid out.
#[derive(Debug)]
pub(crate) struct TableLayout {
    pub(crate) delimiter: u8,
    /// How many records, remarks of the program that wrote the file, are before the header.
    pub(crate) header: usize,
    /// The names of the columns.
    pub(crate) names: Vec<String>,
    /// Whether a cell in quotes may span lines. In TSV it may not, unless something else than tabs separates the cells.
    pub(crate) quoting: bool,
}

impl TableLayout {
    /// Returns the layout in which there is a column for title or abstract beside others. If there is none, that of the
    /// most usual delimiter.
    pub(crate) fn of(head: &[u8], format: InputFormat, columns: &ColumnMap) -> TableLayout {
        let fitting = TableLayout::candidates(head, format).find(|layout| layout.is_table(columns));
        fitting.or_else(|| TableLayout::after_remarks(head, format, columns)).unwrap_or_else(|| {
            let first = TableLayout::candidates(head, format).next();
            first.unwrap_or(TableLayout { delimiter: b',', header: 0, names: Vec::new(), quoting: true })
        })
    }

    /// The layouts with the first record as the header.
    fn candidates(head: &[u8], format: InputFormat) -> impl Iterator<Item = TableLayout> {
        let declared = declared_delimiter(head);
        let delimiters = declared.map_or(DELIMITERS.to_vec(), |delimiter| vec![delimiter]);
        let tabs = (format == InputFormat::Tsv).then_some((b'\t', false));
        let kinds = tabs.into_iter().chain(delimiters.into_iter().map(|delimiter| (delimiter, true)));
        kinds.filter_map(move |(delimiter, quoting)| {
            let header = usize::from(quoting && declared.is_some());
            let layout = TableLayout { delimiter, header, names: Vec::new(), quoting };
            let names = layout.records(head).nth(header)?;
            Some(TableLayout { names, ..layout })
        })
    }

    /// The layout whose header follows some remarks: `About the data: exported on ...` of Dimensions.
    fn after_remarks(head: &[u8], format: InputFormat, columns: &ColumnMap) -> Option<TableLayout> {
        TableLayout::candidates(head, format).find_map(|layout| {
            let records = layout.records(head).enumerate().skip(layout.header + 1).take(MAX_REMARKS);
            let mut layouts = records.map(|(header, names)| TableLayout { header, names, ..layout });
            layouts.find(|layout| layout.is_likely_table(columns))
        })
    }

    /// The records at the start of a file.
    fn records(&self, head: &[u8]) -> impl Iterator<Item = Vec<String>> {
        let mut reader = self.builder().from_reader(head);
        let mut record = ByteRecord::new();
        std::iter::from_fn(move || {
            let found = reader.read_byte_record(&mut record).unwrap_or(false);
            let names = record.iter().map(|name| unquoted(&String::from_utf8_lossy(name)).trim().to_owned());
            found.then(|| names.collect())
        })
    }

    /// Whether one of several columns holds titles or abstracts.
    fn is_table(&self, columns: &ColumnMap) -> bool {
        self.names.len() > 1 && self.fields(columns).iter().any(|field| FieldRole::is_text(field))
    }

    /// Whether several columns are fields of a paper.
    fn is_likely_table(&self, columns: &ColumnMap) -> bool {
        self.is_table(columns) && self.fields(columns).iter().filter(|field| FieldRole::is_known(field)).count() > 1
    }

    fn fields(&self, columns: &ColumnMap) -> Vec<String> {
        let fields = columns.fields(&self.names).or_else(|_| ColumnMap::default().fields(&self.names));
        fields.unwrap_or_default()
    }

    /// Returns what reads the records, remarks and the header among them.
    pub(crate) fn builder(&self) -> ReaderBuilder {
        let mut builder = ReaderBuilder::new();
        builder.delimiter(self.delimiter).flexible(true).has_headers(false).quoting(self.quoting);
        builder
    }
}

/// The delimiter in a first line `sep=;`, which is for Excel.
fn declared_delimiter(head: &[u8]) -> Option<u8> {
    let line = head.split(|byte| *byte == b'\n').next()?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line.trim_ascii_start() {
        [s, e, p, b'=', delimiter] if [*s, *e, *p].eq_ignore_ascii_case(b"sep") => Some(*delimiter),
        _ => None,
    }
}

/// Whether the first line names several columns, one of them for title or abstract.
pub(crate) fn is_table(head: &[u8], format: InputFormat, columns: &ColumnMap) -> bool {
    // A file of commas is CSV, whatever its name says.
    let most = if format == InputFormat::Tsv { 1 } else { usize::MAX };
    TableLayout::candidates(head, format).take(most).any(|layout| match layout.delimiter {
        // Bars are common in prose: `Summary | My page`.
        b'|' => layout.is_likely_table(columns),
        _ => layout.is_table(columns),
    })
}

/// What stands between the quotes of a cell that is quoted as a whole, quotes inside being doubled.
pub(crate) fn unquoted(cell: &str) -> Cow<'_, str> {
    let inside = cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inside.filter(|inside| !inside.replace("\"\"", "").contains('"')) {
        Some(inside) => Cow::Owned(inside.replace("\"\"", "\"")),
        None => Cow::Borrowed(cell),
    }
}
