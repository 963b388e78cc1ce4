//! What is in a library: the groups of a report.

use serde::Serialize;

use super::answers::is_zero;
use crate::report::{StoredGroup, StoredReport};

/// Papers that stand for a group.
const TYPICAL_PAPERS: usize = 3;
/// Groups within a group that are named.
const NAMED_SUBGROUPS: usize = 6;

/// The coarsest groups of a collection, the largest first.
#[derive(Debug, Serialize)]
pub(super) struct CollectionOverview {
    papers: usize,
    groups: Vec<GroupOverview>,
    #[serde(skip_serializing_if = "is_zero")]
    smaller_groups: usize,
}

#[derive(Debug, Serialize)]
struct GroupOverview {
    name: String,
    papers: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    trend: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contains: Vec<String>,
    typical_papers: Vec<TypicalPaper>,
}

#[derive(Debug, Serialize)]
struct TypicalPaper {
    id: String,
    title: String,
}

impl CollectionOverview {
    /// At most so many groups of a report.
    pub(super) fn new(report: &StoredReport, most: usize) -> CollectionOverview {
        let mut groups: Vec<&StoredGroup> = report.levels.first().into_iter().flatten().collect();
        groups.sort_by_key(|group| (std::cmp::Reverse(group.papers), group.number));
        let smaller_groups = groups.len().saturating_sub(most);
        groups.truncate(most);
        let groups = groups.into_iter().map(|group| GroupOverview::new(report, group)).collect();
        CollectionOverview { papers: report.papers.len(), groups, smaller_groups }
    }
}

impl GroupOverview {
    fn new(report: &StoredReport, group: &StoredGroup) -> GroupOverview {
        let mut within: Vec<&StoredGroup> =
            report.levels.get(1).into_iter().flatten().filter(|inner| inner.parent == Some(group.number)).collect();
        within.sort_by_key(|inner| (std::cmp::Reverse(inner.papers), inner.number));
        let typical = report.typical_papers(0, group.number, TYPICAL_PAPERS).into_iter();
        GroupOverview {
            name: group.name.clone(),
            papers: group.papers,
            trend: group.trend.clone(),
            contains: within.into_iter().take(NAMED_SUBGROUPS).map(|inner| inner.name.clone()).collect(),
            typical_papers: typical
                .map(|paper| TypicalPaper { id: paper.id.to_string(), title: paper.title.clone() })
                .collect(),
        }
    }
}
