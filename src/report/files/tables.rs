//! The tables of a report: `docs/report.md` has the meaning of every column.

use super::table::{Table, TableBuilder};
use crate::paper::Paper;
use crate::report::summary::report_date;
use crate::report::{Coverage, CoveredGroup, CoveredPaper, DuplicatePair, PaperGroup, Report, ReportPart};

/// The tables of the parts that a report has.
pub(super) fn tables(report: &Report) -> Vec<Table<'_>> {
    let mut tables = vec![papers(report)];
    let has = |part: ReportPart| report.manifest.parts.contains(&part);
    if has(ReportPart::Neighbors) {
        tables.push(neighbors(report));
    }
    if has(ReportPart::Duplicates) {
        tables.push(duplicates(report));
    }
    if has(ReportPart::Groups) {
        tables.push(groups(report));
    }
    if has(ReportPart::Groups) && has(ReportPart::Trends) {
        tables.push(trends(report));
    }
    if let Some(found) = &report.coverage {
        tables.push(coverage(report, found));
        tables.push(covered_groups(found));
    }
    tables
}

/// A paper a row; those without an embedding have no group and no place.
fn papers(report: &Report) -> Table<'_> {
    let paper = |row: usize| -> &Paper { &report.papers[row] };
    let place = |row: usize| report.places.get(row);
    let mut table = TableBuilder::new("papers", 0..report.papers.len())
        .text("id", move |row| paper(row).id.as_str())
        .text("title", move |row| paper(row).title.as_str())
        .texts("authors", move |row| paper(row).authors.as_slice())
        .date("date", move |row| report_date(paper(row)))
        .text("source", move |row| paper(row).source.as_str())
        .texts("categories", move |row| paper(row).categories.as_slice())
        .optional_text("url", move |row| paper(row).link());
    for (index, level) in report.levels.iter().enumerate() {
        let number = move |row: usize| Some(level.groups[*level.of_paper.get(row)? as usize].number);
        let centrality = move |row: usize| level.centralities.get(row).copied();
        table = table
            .integer(format!("group_{}", index + 1), number)
            .number(format!("centrality_{}", index + 1), centrality);
    }
    if let Some(finest) = report.levels.last() {
        let name = move |row: usize| Some(finest.groups[*finest.of_paper.get(row)? as usize].name.as_str());
        table = table
            .optional_text("group_name", name)
            .number("certainty", move |row| place(row)?.certainty)
            .integer("between", move |row| Some(finest.groups[place(row)?.between? as usize].number));
    }
    table = table
        .number("novelty", move |row| place(row)?.novelty)
        .integer("outlier", move |row| Some(u32::from(place(row)?.is_outlier)))
        .number("x", move |row| Some(place(row)?.place?[0]))
        .number("y", move |row| Some(place(row)?.place?[1]));
    if report.manifest.new_papers.is_some() {
        table = table.integer("new", move |row| Some(u32::from(place(row)?.is_new?)));
    }
    table.build()
}

/// The embedding of a paper a row.
pub(super) fn embeddings(report: &Report) -> Table<'_> {
    TableBuilder::new("embeddings", 0..report.vectors.len())
        .text("id", move |row| report.papers[row].id.as_str())
        .numbers("embedding", report.vectors.dimension(), move |row| report.vectors.row(row))
        .build()
}

/// A neighbor of a paper.
#[derive(Clone, Copy)]
struct NeighborRow {
    paper: u32,
    rank: u32,
    neighbor: u32,
    similarity: f32,
}

/// A neighbor a row, best first.
fn neighbors(report: &Report) -> Table<'_> {
    let of_paper = |paper: usize| {
        let near = (1..).zip(report.neighbors.of(paper).take(report.manifest.neighbors));
        near.map(move |(rank, (neighbor, similarity))| NeighborRow { paper: paper as u32, rank, neighbor, similarity })
    };
    let id = |paper: u32| report.papers[paper as usize].id.as_str();
    TableBuilder::new("neighbors", (0..report.neighbors.len()).flat_map(of_paper))
        .text("id", move |row| id(row.paper))
        .integer("rank", |row| Some(row.rank))
        .text("neighbor_id", move |row| id(row.neighbor))
        .number("similarity", |row| Some(row.similarity))
        .build()
}

/// A pair of papers a row; pairs that are connected have the same number.
fn duplicates(report: &Report) -> Table<'_> {
    type Row<'a> = (u32, &'a DuplicatePair);
    let rows =
        (1..).zip(&report.duplicates).flat_map(|(number, group)| group.pairs.iter().map(move |pair| (number, pair)));
    let paper = |paper: u32| -> &Paper { &report.papers[paper as usize] };
    TableBuilder::new("duplicates", rows)
        .integer("number", |(number, _): Row<'_>| Some(number))
        .text("id", move |(_, pair)| paper(pair.one).id.as_str())
        .text("other_id", move |(_, pair)| paper(pair.other).id.as_str())
        .text("reason", |(_, pair)| pair.reason.name())
        .number("score", |(_, pair)| Some(pair.score))
        .texts("differences", |(_, pair)| pair.differences.as_slice())
        .text("title", move |(_, pair)| paper(pair.one).title.as_str())
        .text("other_title", move |(_, pair)| paper(pair.other).title.as_str())
        .build()
}

/// A group with the index of its level.
type GroupRow<'a> = (usize, &'a PaperGroup);

fn all_groups(report: &Report) -> impl Iterator<Item = GroupRow<'_>> {
    report.levels.iter().enumerate().flat_map(|(index, level)| level.groups.iter().map(move |group| (index, group)))
}

/// A group a row, coarsest level first.
fn groups(report: &Report) -> Table<'_> {
    let parent = move |(index, group): GroupRow<'_>| {
        let coarser = &report.levels[index.checked_sub(1)?];
        Some(coarser.groups[group.parent? as usize].number)
    };
    let representative = move |(_, group): GroupRow<'_>| report.papers[group.representative as usize].id.as_str();
    let mut table = TableBuilder::new("groups", all_groups(report))
        .integer("level", |(index, _): GroupRow<'_>| Some(index as u32 + 1))
        .integer("number", |(_, group)| Some(group.number))
        .integer("parent", parent)
        .text("name", |(_, group)| group.name.as_str())
        .texts("labels", |(_, group)| group.labels.as_slice())
        .integer("papers", |(_, group)| Some(group.papers))
        .number("certainty", |(_, group)| Some(group.certainty))
        .text("representative", representative)
        .date("first_month", |(_, group)| group.first_month)
        .text("trend", |(_, group)| group.trend.name())
        .number("x", |(_, group)| Some(group.place?[0]))
        .number("y", |(_, group)| Some(group.place?[1]));
    if report.manifest.new_papers.is_some() {
        table = table.integer("new_papers", |(_, group)| group.new_papers);
    }
    table.build()
}

/// A group and the index of a month that it has papers of.
#[derive(Clone, Copy)]
struct TrendRow<'a> {
    level: u32,
    group: &'a PaperGroup,
    month: usize,
}

/// A month of a group a row; months without a paper of the group are left out.
fn trends<'r>(report: &'r Report) -> Table<'r> {
    let of_group = |(index, group): GroupRow<'r>| {
        let months = (0..group.by_month.len()).filter(|month| group.by_month[*month] > 0);
        months.map(move |month| TrendRow { level: index as u32 + 1, group, month })
    };
    let rows = all_groups(report).flat_map(of_group);
    let share = move |row: TrendRow<'_>| row.group.by_month[row.month] as f32 / report.by_month[row.month] as f32;
    TableBuilder::new("trends", rows)
        .integer("level", |row: TrendRow<'_>| Some(row.level))
        .integer("number", |row| Some(row.group.number))
        .text("name", |row| row.group.name.as_str())
        .date("month", move |row| Some(report.months[row.month]))
        .integer("papers", |row| Some(row.group.by_month[row.month]))
        .number("share", move |row| Some(share(row)))
        .build()
}

/// A paper a row: what the other collection has of it.
fn coverage<'r>(report: &'r Report, coverage: &'r Coverage) -> Table<'r> {
    let rows = report.embedded_papers().iter().zip(&coverage.papers);
    TableBuilder::new("coverage", rows)
        .text("id", |(paper, _): (&'r Paper, &'r CoveredPaper)| paper.id.as_str())
        .text("title", |(paper, _)| paper.title.as_str())
        .text("state", |(_, covered)| covered.state.name())
        .optional_text("nearest_id", |(_, covered)| covered.nearest.as_ref().map(|(id, _)| id.as_str()))
        .number("similarity", |(_, covered)| covered.nearest.as_ref().map(|(_, cosine)| *cosine))
        .build()
}

/// A group of the other collection a row.
fn covered_groups(coverage: &Coverage) -> Table<'_> {
    TableBuilder::new("covered_groups", coverage.groups.iter())
        .text("name", |group: &CoveredGroup| group.name.as_str())
        .integer("papers", |group| Some(group.papers))
        .integer("matched", |group| Some(group.matched))
        .build()
}
