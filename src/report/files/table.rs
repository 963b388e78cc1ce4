//! A table whose cells are computed as they are written.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::civil::Date;

/// Columns, and how many rows they have.
pub(super) struct Table<'a> {
    /// The name of its files.
    pub(super) name: &'static str,
    pub(super) rows: usize,
    pub(super) columns: Vec<Column<'a>>,
}

/// A column.
pub(super) struct Column<'a> {
    pub(super) name: String,
    pub(super) cells: Cells<'a>,
}

type CellOf<'a, T> = Box<dyn Fn(usize) -> T + Send + Sync + 'a>;

/// The cells of a column, by row.
pub(super) enum Cells<'a> {
    Text(CellOf<'a, Option<Cow<'a, str>>>),
    Texts(CellOf<'a, Vec<Cow<'a, str>>>),
    Integer(CellOf<'a, Option<i32>>),
    Number(CellOf<'a, Option<f32>>),
    /// `length` of them in every row.
    Numbers {
        length: usize,
        cell: CellOf<'a, &'a [f32]>,
    },
    Date(CellOf<'a, Option<Date>>),
}

/// A table to which columns are added: each is a function of what a row is about.
pub(super) struct TableBuilder<'a, R> {
    name: &'static str,
    rows: Arc<Vec<R>>,
    columns: Vec<Column<'a>>,
}

impl<'a, R: Copy + Send + Sync + 'a> TableBuilder<'a, R> {
    pub(super) fn new(name: &'static str, rows: impl Iterator<Item = R>) -> TableBuilder<'a, R> {
        TableBuilder { name, rows: Arc::new(rows.collect()), columns: Vec::new() }
    }

    pub(super) fn build(self) -> Table<'a> {
        Table { name: self.name, rows: self.rows.len(), columns: self.columns }
    }

    fn cells<T>(&self, cell: impl Fn(R) -> T + Send + Sync + 'a) -> CellOf<'a, T> {
        let rows = self.rows.clone();
        Box::new(move |row| cell(rows[row]))
    }

    fn with(mut self, name: impl Into<String>, cells: Cells<'a>) -> TableBuilder<'a, R> {
        self.columns.push(Column { name: name.into(), cells });
        self
    }

    pub(super) fn text<T: Into<Cow<'a, str>>>(
        self,
        name: &str,
        cell: impl Fn(R) -> T + Send + Sync + 'a,
    ) -> TableBuilder<'a, R> {
        self.optional_text(name, move |row| Some(cell(row)))
    }

    pub(super) fn optional_text<T: Into<Cow<'a, str>>>(
        self,
        name: &str,
        cell: impl Fn(R) -> Option<T> + Send + Sync + 'a,
    ) -> TableBuilder<'a, R> {
        let cells = self.cells(move |row| cell(row).map(Into::into));
        self.with(name, Cells::Text(cells))
    }

    pub(super) fn texts<T: AsRef<str> + 'a>(
        self,
        name: &str,
        cell: impl Fn(R) -> &'a [T] + Send + Sync + 'a,
    ) -> TableBuilder<'a, R> {
        let cells = self.cells(move |row| cell(row).iter().map(|text| Cow::Borrowed(text.as_ref())).collect());
        self.with(name, Cells::Texts(cells))
    }

    pub(super) fn integer(
        self,
        name: impl Into<String>,
        cell: impl Fn(R) -> Option<u32> + Send + Sync + 'a,
    ) -> TableBuilder<'a, R> {
        let cells = self.cells(move |row| cell(row).map(u32::cast_signed));
        self.with(name, Cells::Integer(cells))
    }

    pub(super) fn number(
        self,
        name: impl Into<String>,
        cell: impl Fn(R) -> Option<f32> + Send + Sync + 'a,
    ) -> TableBuilder<'a, R> {
        let cells = self.cells(cell);
        self.with(name, Cells::Number(cells))
    }

    pub(super) fn numbers(
        self,
        name: &str,
        length: usize,
        cell: impl Fn(R) -> &'a [f32] + Send + Sync + 'a,
    ) -> TableBuilder<'a, R> {
        let cell = self.cells(cell);
        self.with(name, Cells::Numbers { length, cell })
    }

    pub(super) fn date(self, name: &str, cell: impl Fn(R) -> Option<Date> + Send + Sync + 'a) -> TableBuilder<'a, R> {
        let cells = self.cells(cell);
        self.with(name, Cells::Date(cells))
    }
}
