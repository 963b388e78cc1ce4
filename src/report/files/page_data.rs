//! The data of `report.html`.
//!
//! Numbers are little-endian. Rows are sorted by group, so that columns compress well, and every index is one of a row.
//! Texts have no line breaks within, and one between them.

use std::cmp::Reverse;

use serde_json::{Value, json};

use crate::paper::Paper;
use crate::present;
use crate::report::summary::report_date;
use crate::report::{Coverage, CoverageState, MapPlace, PaperGroup, Report};
use crate::text::visible;

/// Papers that a page has at most: more would make a file of tens of megabytes.
const MAX_PAPERS: usize = 50_000;
/// Names of authors, where there are more than four.
const NAMED_AUTHORS: usize = 3;
/// Characters of the title of the page.
const MAX_TITLE: usize = 300;
/// What stands for the id of a paper in its link, so that all links look the same.
const ID_IN_LINK: &str = "\u{1}";
const NO_GROUP: u16 = u16::MAX;

/// The blocks of the page.
pub(super) struct PageData {
    pub(super) title: String,
    /// What the first picture needs.
    pub(super) first: Vec<(&'static str, Vec<u8>)>,
    /// What else there is.
    pub(super) rest: Vec<(&'static str, Vec<u8>)>,
}

/// The papers of a page.
struct PageRows<'r> {
    report: &'r Report,
    /// The index in the report of the paper of each row.
    papers: Vec<u32>,
    /// The row of each paper; `None` for papers that are not shown.
    rows: Vec<Option<u32>>,
    /// The sources of the papers, ascending.
    sources: Vec<&'r str>,
}

/// A neighbor of a row and its cosine as a byte; `None` where there are fewer, or where one is not shown.
type ShownNeighbor = Option<(u32, u8)>;

impl PageData {
    /// The data of a report, with so many characters of each abstract.
    pub(super) fn new(report: &Report, snippet: usize) -> PageData {
        let rows = PageRows::new(report);
        let k = report.manifest.neighbors.min(report.neighbors.k());
        let title: String = report.manifest.title.chars().take(MAX_TITLE).collect();
        let overview = serde_json::to_vec(&rows.overview(&title, k)).expect("text and numbers are JSON");
        let first = vec![("report", overview), ("places", rows.places()), ("groups", rows.groups())];
        let neighbors = rows.neighbor_rows(k);
        let mut rest = vec![
            ("titles", rows.texts(|paper| paper.title.clone())),
            ("ids", rows.texts(|paper| paper.id.to_string())),
            ("dates", rows.texts(|paper| report_date(paper).map(|date| date.to_string()).unwrap_or_default())),
            ("authors", rows.texts(authors)),
            ("links", rows.lines(link)),
            ("sources", rows.sources()),
            ("certainty", rows.bytes(|row| row.certainty.unwrap_or_default())),
            ("novelty", rows.novelty()),
            ("between", rows.between()),
            ("neighbors", rows.neighbors(&neighbors)),
            ("scores", score_steps(&neighbors, k)),
        ];
        if let Some(coverage) = &report.coverage {
            let state = |paper: &u32| coverage.papers[*paper as usize].state as u8;
            rest.push(("coverage", rows.papers.iter().map(state).collect()));
        }
        if snippet > 0 {
            rest.push(("snippets", rows.texts(|paper| shortened(&paper.abstract_text, snippet))));
        }
        PageData { title, first, rest }
    }
}

impl<'r> PageRows<'r> {
    fn new(report: &'r Report) -> PageRows<'r> {
        let mut papers: Vec<u32> = (0..report.places.len() as u32).collect();
        if papers.len() > MAX_PAPERS {
            // Of equal certainty, as floats have no order of their own: by their bits, which are those of numbers above 0.
            let certainty = |paper: &u32| report.places[*paper as usize].certainty.unwrap_or_default().to_bits();
            papers.sort_by_key(|paper| (Reverse(certainty(paper)), *paper));
            papers.truncate(MAX_PAPERS);
        }
        let groups = |paper: u32| report.levels.iter().map(move |level| level.of_paper[paper as usize]);
        papers.sort_by_cached_key(|paper| (groups(*paper).collect::<Vec<u32>>(), *paper));
        let mut rows = vec![None; report.places.len()];
        for (row, paper) in (0u32..).zip(&papers) {
            rows[*paper as usize] = Some(row);
        }
        let mut sources: Vec<&str> =
            papers.iter().map(|paper| report.papers[*paper as usize].source.as_str()).collect();
        sources.sort_unstable();
        sources.dedup();
        PageRows { report, papers, rows, sources }
    }

    fn of(&self, papers: &[u32]) -> Vec<u32> {
        papers.iter().filter_map(|paper| self.rows[*paper as usize]).collect()
    }

    /// What the page says of the collection and its groups.
    fn overview(&self, title: &str, k: usize) -> Value {
        let PageRows { report, papers, .. } = self;
        let scale = MapScale::new(report);
        let month = |month: &jiff::civil::Date| month.strftime("%Y-%m").to_string();
        let group = |group: &PaperGroup| {
            json!({
                "number": group.number,
                "name": group.name,
                "labels": group.labels,
                "count": group.papers,
                "new": group.new_papers,
                "parent": group.parent,
                "certainty": group.certainty,
                "representative": self.rows[group.representative as usize],
                "places": scale.point(group.place.unwrap_or_default()),
                "months": group.by_month,
                "trend": group.trend.name(),
                "first_month": group.first_month.as_ref().map(month),
            })
        };
        let levels =
            report.levels.iter().map(|level| json!({"groups": level.groups.iter().map(group).collect::<Vec<Value>>()}));
        let duplicates = report.duplicates.iter().filter_map(|group| {
            let rows = self.of(&group.papers);
            (rows.len() > 1)
                .then(|| json!({"reason": group.reason().name(), "papers": rows, "differences": group.differences()}))
        });
        let shown = papers.len();
        let note = (shown < report.places.len()).then(|| {
            format!(
                "{shown} of {} papers are shown, those that are surest of their groups: papers.parquet has all of them.",
                report.places.len()
            )
        });
        json!({
            "title": title,
            "program": format!("paperkin {}", report.manifest.paperkin),
            "model": report.manifest.model,
            "made": null,
            "papers": report.papers.len(),
            "shown": shown,
            "note": note,
            "map": report.places.iter().any(|place| place.place.is_some()),
            "neighbors": k,
            "findings": report.findings,
            "months": report.months.iter().map(month).collect::<Vec<String>>(),
            "sources": self.sources.iter().map(|source| present::source_name(source)).collect::<Vec<String>>(),
            "levels": levels.collect::<Vec<Value>>(),
            "outliers": self.of(&report.outliers),
            "novel": self.of(&report.novel),
            "duplicates": duplicates.collect::<Vec<Value>>(),
            "coverage": report.coverage.as_ref().map(|coverage| self.coverage_overview(coverage)),
        })
    }

    /// How many papers of each state there are in each of the coarsest groups.
    fn coverage_overview(&self, coverage: &Coverage) -> Value {
        let mut counts =
            vec![[0u32; CoverageState::ALL.len()]; self.report.levels.first().map_or(0, |level| level.groups.len())];
        for (group, covered) in
            self.report.levels.iter().take(1).flat_map(|level| &level.of_paper).zip(&coverage.papers)
        {
            counts[*group as usize][covered.state as usize] += 1;
        }
        let groups = counts.iter().enumerate().map(|(group, counts)| json!({"group": group, "counts": counts}));
        json!({
            "other": coverage.other,
            "words": CoverageState::ALL.map(CoverageState::name),
            "groups": groups.collect::<Vec<Value>>(),
        })
    }

    /// Places on the map, from 0 to 65,535: first all of one axis, then all of the other.
    fn places(&self) -> Vec<u8> {
        let scale = MapScale::new(self.report);
        let point = |paper: &u32| scale.point(self.report.places[*paper as usize].place.unwrap_or_default());
        let points: Vec<[u16; 2]> = self.papers.iter().map(point).collect();
        [0, 1].iter().flat_map(|axis| points.iter().flat_map(move |point| point[*axis].to_le_bytes())).collect()
    }

    fn groups(&self) -> Vec<u8> {
        let of_level = |of_paper: &'r Vec<u32>| {
            self.papers.iter().flat_map(move |paper| (of_paper[*paper as usize] as u16).to_le_bytes())
        };
        self.report.levels.iter().flat_map(|level| of_level(&level.of_paper)).collect()
    }

    fn texts(&self, text: impl Fn(&Paper) -> String) -> Vec<u8> {
        self.lines(|paper| visible(&text(paper)).into_owned())
    }

    fn lines(&self, text: impl Fn(&Paper) -> String) -> Vec<u8> {
        let line = |paper: &u32| text(&self.report.papers[*paper as usize]);
        self.papers.iter().map(line).collect::<Vec<String>>().join("\n").into_bytes()
    }

    /// Numbers from 0 to 1 as bytes.
    fn bytes(&self, number: impl Fn(&crate::report::PaperPlace) -> f32) -> Vec<u8> {
        let byte = |paper: &u32| as_byte(number(&self.report.places[*paper as usize]));
        self.papers.iter().map(byte).collect()
    }

    /// Novelty between the first and the last percent of all papers, so that a few odd ones do not take all colors.
    fn novelty(&self) -> Vec<u8> {
        let mut all: Vec<f32> = self.report.places.iter().filter_map(|place| place.novelty).collect();
        all.sort_by(f32::total_cmp);
        let at = |share: usize| all.get(all.len().saturating_sub(1) * share / 100).copied().unwrap_or_default();
        let [low, high] = [at(1), at(99)];
        self.bytes(|place| (place.novelty.unwrap_or(low) - low) / (high - low).max(f32::MIN_POSITIVE))
    }

    fn between(&self) -> Vec<u8> {
        let group = |paper: &u32| self.report.places[*paper as usize].between.map_or(NO_GROUP, |group| group as u16);
        self.papers.iter().flat_map(|paper| group(paper).to_le_bytes()).collect()
    }

    fn sources(&self) -> Vec<u8> {
        let number = |paper: &u32| self.sources.binary_search(&self.report.papers[*paper as usize].source.as_str());
        self.papers.iter().map(|paper| number(paper).unwrap_or_default().min(255) as u8).collect()
    }

    /// `k` neighbors of each row.
    fn neighbor_rows(&self, k: usize) -> Vec<ShownNeighbor> {
        let of_paper = |paper: &u32| {
            let near = self.report.neighbors.of(*paper as usize).take(k);
            let shown = near.filter_map(|(other, cosine)| Some((self.rows[other as usize]?, as_byte(cosine))));
            shown.map(Some).chain(std::iter::repeat(None)).take(k).collect::<Vec<_>>()
        };
        self.papers.iter().flat_map(of_paper).collect()
    }

    /// The lowest bytes of all neighbors, then the second ones, and so on: as many as the number of rows needs. All bits set:
    /// none.
    fn neighbors(&self, neighbors: &[ShownNeighbor]) -> Vec<u8> {
        let planes = match self.papers.len() {
            0..=0xffff => 2,
            0x1_0000..=0xff_ffff => 3,
            _ => 4,
        };
        let byte = |row: &ShownNeighbor, plane: usize| row.map_or(u32::MAX, |(row, _)| row).to_le_bytes()[plane];
        (0..planes).flat_map(|plane| neighbors.iter().map(move |row| byte(row, plane))).collect()
    }
}

/// Of each row the first score, and then by how much each is lower than the one before.
fn score_steps(neighbors: &[ShownNeighbor], k: usize) -> Vec<u8> {
    let of_row = |row: &[ShownNeighbor]| {
        let mut before: Option<u8> = None;
        let step = |neighbor: &ShownNeighbor| {
            let score = neighbor.map(|(_, score)| score).or(before).unwrap_or_default();
            before.replace(score).map_or(score, |before| before.saturating_sub(score))
        };
        row.iter().map(step).collect::<Vec<u8>>()
    };
    neighbors.chunks(k.max(1)).flat_map(of_row).collect()
}

/// How places become numbers from 0 to 65,535, with the same scale on both axes.
struct MapScale {
    middle: MapPlace,
    span: f32,
}

impl MapScale {
    fn new(report: &Report) -> MapScale {
        let places = || report.places.iter().filter_map(|place| place.place);
        let range = |axis: usize| {
            let values = places().map(move |place| place[axis]);
            values.fold([f32::INFINITY, f32::NEG_INFINITY], |[low, high], x| [low.min(x), high.max(x)])
        };
        let [[left, right], [bottom, top]] = [range(0), range(1)];
        match left <= right {
            true => MapScale {
                middle: [(left + right) / 2.0, (bottom + top) / 2.0],
                span: (right - left).max(top - bottom).max(f32::MIN_POSITIVE),
            },
            false => MapScale { middle: [0.0; 2], span: 1.0 },
        }
    }

    fn point(&self, place: MapPlace) -> [u16; 2] {
        let scaled = |axis: usize| ((place[axis] - self.middle[axis]) / self.span + 0.5) * f32::from(u16::MAX);
        [0, 1].map(|axis| scaled(axis).round() as u16)
    }
}

/// A number from 0 to 1 as a byte.
fn as_byte(number: f32) -> u8 {
    (255.0 * number).round() as u8
}

/// Names of authors; many are cut, and `+12` says how many more there are.
fn authors(paper: &Paper) -> String {
    let all = paper.authors.len().max(paper.author_count.unwrap_or(0) as usize);
    let named = if all > NAMED_AUTHORS + 1 { NAMED_AUTHORS } else { all };
    let names = paper.authors.iter().take(named).map(|name| name.replace(';', ","));
    let more = all - named.min(paper.authors.len());
    names.chain((more > 0).then(|| format!("+{more}"))).collect::<Vec<String>>().join("; ")
}

/// The link, with [`ID_IN_LINK`] for the id.
fn link(paper: &Paper) -> String {
    paper.link().map(|link| visible(&link).replace(paper.id.as_str(), ID_IN_LINK)).unwrap_or_default()
}

/// The beginning of a text, up to the end of a word.
fn shortened(text: &str, characters: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(characters) else { return text.to_owned() };
    let start = &text[..end];
    format!("{}…", start.rsplit_once(' ').map_or(start, |(words, _)| words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_after_a_word() {
        assert_eq!(shortened("boats at dawn", 9), "boats at…");
        assert_eq!(shortened("boats at dawn", 13), "boats at dawn");
        assert_eq!(shortened("船船船船", 2), "船船…");
    }

    #[test]
    fn authors_are_cut_and_counted() {
        let paper = |authors: usize, count: Option<u32>| {
            let names: Vec<String> = (1..=authors).map(|number| format!("A{number}")).collect();
            let json = json!({"id": "x", "title": "t", "source": "s", "authors": names, "author_count": count});
            serde_json::from_value::<Paper>(json).unwrap()
        };
        let table = [(0, None, ""), (4, None, "A1; A2; A3; A4"), (9, None, "A1; A2; A3; +6"), (1, Some(12), "A1; +11")];
        for (authors_named, count, expected) in table {
            assert_eq!(authors(&paper(authors_named, count)), expected);
        }
    }
}
