//! A report that was written: its groups, and where its papers are in them.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::files::MANIFEST;
use super::{CollectionFilter, MapPlace};
use crate::error::{Error, Result};
use crate::paper::PaperId;
use crate::text::visible;

/// The groups and papers of a report that was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoredReport {
    /// What it is called.
    pub title: String,
    /// The model whose embeddings were compared.
    pub model: String,
    /// The generation of the library.
    pub generation: u64,
    /// The groups of each level, coarsest level first, as they are in the table.
    pub levels: Vec<Vec<StoredGroup>>,
    /// The papers, as they are in the table.
    pub papers: Vec<GroupedPaper>,
    by_id: FxHashMap<PaperId, u32>,
}

/// A group of a report that was written.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StoredGroup {
    /// The level, from 1.
    pub level: usize,
    /// Its number at this level.
    pub number: u32,
    /// The number of the group of the level above that it is part of.
    pub parent: Option<u32>,
    /// Its name; empty if its papers have no words.
    pub name: String,
    /// Phrases of its papers.
    pub labels: Vec<String>,
    /// How many papers it has.
    pub papers: u32,
    /// The ID of the paper nearest to its center.
    pub representative: PaperId,
    /// The name of its trend.
    pub trend: String,
}

/// A paper of a report that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupedPaper {
    /// Its ID.
    pub id: PaperId,
    /// Its title.
    pub title: String,
    /// The number of its group at each level, coarsest first; empty without an embedding.
    pub groups: Vec<u32>,
    /// Its cosine with the center of its group at each level.
    pub centralities: Vec<f32>,
    /// Its place on the map.
    pub place: Option<MapPlace>,
}

/// What the manifest of a report that was written says of its papers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StoredManifest {
    /// What the report is called.
    pub title: String,
    /// The model whose embeddings were compared.
    pub model: String,
    /// The generation of the library.
    pub generation: u64,
    /// How many papers there are.
    pub papers: usize,
    /// Which papers of the library they are.
    #[serde(default)]
    pub filter: CollectionFilter,
}

#[derive(Deserialize)]
struct PaperLine {
    id: PaperId,
    title: String,
    x: Option<f32>,
    y: Option<f32>,
    group_1: Option<u32>,
    group_2: Option<u32>,
    group_3: Option<u32>,
    group_4: Option<u32>,
    centrality_1: Option<f32>,
    centrality_2: Option<f32>,
    centrality_3: Option<f32>,
    centrality_4: Option<f32>,
}

impl StoredManifest {
    /// Reads the manifest of the report in a directory.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::BadFile`] when it is not that of a report.
    pub fn read(directory: &Path) -> Result<StoredManifest> {
        let path = directory.join(MANIFEST);
        let manifest = std::fs::read(&path).map_err(Error::io(&path, "read"))?;
        serde_json::from_slice(&manifest).map_err(|error| bad_file(&path, &error))
    }
}

impl GroupedPaper {
    /// The number of its group at the finest level.
    pub fn finest_group(&self) -> Option<u32> {
        self.groups.last().copied()
    }
}

impl StoredReport {
    /// Reads the report in a directory.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::BadFile`] when a file is not that of a report, [`Error::BadRequest`] when the report has no
    /// groups.
    pub fn read(directory: &Path) -> Result<StoredReport> {
        let StoredManifest { title, model, generation, papers: count, .. } = StoredManifest::read(directory)?;
        let mut report = StoredReport { title, model, generation, ..StoredReport::default() };
        let path = directory.join("groups.jsonl");
        if !path.exists() {
            let reason = format!("the report in `{}` has no groups", directory.display());
            return Err(Error::BadRequest { field: "base", reason });
        }
        for_each_line(&path, |mut group: StoredGroup| {
            group.name = visible(&group.name).into_owned();
            group.labels.iter_mut().for_each(|label| *label = visible(label).into_owned());
            // Levels follow one another.
            if group.level == report.levels.len() + 1 {
                report.levels.push(Vec::new());
            }
            let parent = group.level.checked_sub(2).zip(group.parent);
            let has_parent = parent.is_some_and(|(level, number)| report.group(level, number).is_some());
            let is_whole = group.level == report.levels.len() && (has_parent || group.level == 1);
            is_whole.then(|| report.levels[group.level - 1].push(group))
        })?;
        let path = directory.join("papers.jsonl");
        for_each_line(&path, |line: PaperLine| {
            let PaperLine { id, title, x, y, group_1, group_2, group_3, group_4, .. } = line;
            let groups: Vec<u32> = [group_1, group_2, group_3, group_4].into_iter().flatten().collect();
            let centralities = [line.centrality_1, line.centrality_2, line.centrality_3, line.centrality_4];
            let place = x.zip(y).map(|(x, y)| [x, y]);
            let paper =
                GroupedPaper { id, title, groups, centralities: centralities.into_iter().flatten().collect(), place };
            report.fits(&paper).then(|| {
                report.by_id.insert(paper.id.clone(), report.papers.len() as u32);
                report.papers.push(paper);
            })
        })?;
        match report.papers.len() == count {
            true => Ok(report),
            false => {
                Err(bad_file(&path, &format!("{} papers, where `manifest.json` has {count}", report.papers.len())))
            }
        }
    }

    /// Whether a paper is new, its groups are within each other, and its place is one.
    fn fits(&self, GroupedPaper { id, groups, place, .. }: &GroupedPaper) -> bool {
        let parent = |level: usize, number: u32| self.group(level, number).map(|group| group.parent);
        let is_within = |(level, number): (usize, &u32)| match level.checked_sub(1) {
            None => parent(level, *number).is_some(),
            Some(above) => parent(level, *number) == Some(Some(groups[above])),
        };
        (groups.is_empty() || groups.len() == self.levels.len())
            && groups.iter().enumerate().all(is_within)
            && place.iter().flatten().all(|x| x.is_finite())
            && !self.by_id.contains_key(id)
    }

    /// The group of a level, counted from 0, with a number.
    pub fn group(&self, level: usize, number: u32) -> Option<&StoredGroup> {
        let groups = self.levels.get(level)?;
        // Most are where their numbers say.
        let guess = groups.get((number as usize).checked_sub(1)?).filter(|group| group.number == number);
        guess.or_else(|| groups.iter().find(|group| group.number == number))
    }

    /// The papers of a group of a level, counted from 0: the nearest to its center first.
    pub fn papers_of(&self, level: usize, number: u32) -> Vec<&GroupedPaper> {
        let of_group = |paper: &&GroupedPaper| paper.groups.get(level) == Some(&number);
        let mut papers: Vec<&GroupedPaper> = self.papers.iter().filter(of_group).collect();
        let centrality = |paper: &GroupedPaper| paper.centralities.get(level).copied().unwrap_or_default();
        papers.sort_by(|one, other| centrality(other).total_cmp(&centrality(one)).then(one.id.cmp(&other.id)));
        papers
    }

    /// Papers that stand for a group of a level, counted from 0, at most so many: its center, the centers of the groups
    /// within it, the largest first, and then those nearest to its center.
    pub fn typical_papers(&self, level: usize, number: u32, count: usize) -> Vec<&GroupedPaper> {
        let own = self.group(level, number).into_iter();
        let within = self.levels.get(level + 1).into_iter().flatten().filter(|group| group.parent == Some(number));
        let centers = own.chain(within).filter_map(|group| self.paper_by_id(&group.representative));
        let mut typical: Vec<&GroupedPaper> = Vec::new();
        for paper in centers.chain(self.papers_of(level, number)) {
            if typical.len() < count && !typical.iter().any(|other| other.id == paper.id) {
                typical.push(paper);
            }
        }
        typical
    }

    /// The paper with an ID.
    pub fn paper_by_id(&self, id: &PaperId) -> Option<&GroupedPaper> {
        self.by_id.get(id).map(|index| &self.papers[*index as usize])
    }
}

/// Hands over each line of a JSON lines file; `None` says that it makes no sense.
fn for_each_line<T: DeserializeOwned>(path: &Path, mut take: impl FnMut(T) -> Option<()>) -> Result<()> {
    let file = File::open(path).map_err(Error::io(path, "read"))?;
    for (number, line) in (1..).zip(BufReader::new(file).lines()) {
        let line = line.map_err(Error::io(path, "read"))?;
        let parsed = serde_json::from_str(&line).map_err(|error| bad_file(path, &format!("line {number}: {error}")))?;
        take(parsed).ok_or_else(|| bad_file(path, &format!("line {number} does not fit the others of the report")))?;
    }
    Ok(())
}

fn bad_file(path: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::BadFile { file: path.display().to_string(), reason: reason.to_string() }
}
