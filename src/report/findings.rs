//! The findings of a report in words.

use super::{CoverageState, DuplicateReason, PaperGroup, Report, ReportLevel, Trend};

/// Groups that a sentence names.
const NAMED_GROUPS: usize = 3;
/// New papers of a group that has grown, at least.
const MIN_GROWTH: u32 = 3;

/// A sentence for each finding.
pub(super) fn findings(report: &Report) -> Vec<String> {
    let mut sentences = vec![extent(report)];
    if report.manifest.without_embedding > 0 {
        let papers = counted(report.manifest.without_embedding, "paper");
        sentences.push(format!("In no group and not on the map, for want of an embedding: {papers}."));
    }
    sentences.extend(since_base(report));
    if let Some(level) = report.levels.first() {
        sentences.extend(largest(report, level));
    }
    sentences.extend(grown(report));
    // The second level has subjects, the first has fields.
    if let Some(level) = report.levels.get(1).or(report.levels.first()) {
        let table = [(Trend::Growing, "Growing"), (Trend::Shrinking, "Shrinking"), (Trend::New, "New")];
        sentences.extend(table.into_iter().filter_map(|(trend, word)| changed(level, trend, word)));
    }
    sentences.extend(coverage(report));
    sentences.extend(between(report));
    sentences.extend(duplicates(report));
    sentences.extend(apart(report));
    sentences
}

fn extent(report: &Report) -> String {
    let papers = counted(report.papers.len(), "paper");
    match (report.months.first(), report.months.last()) {
        (Some(first), Some(last)) if first != last => {
            format!("{papers}, from {} to {}.", first.strftime("%B %Y"), last.strftime("%B %Y"))
        }
        (Some(month), _) => format!("{papers} of {}.", month.strftime("%B %Y")),
        _ => format!("{papers}."),
    }
}

fn largest(report: &Report, level: &ReportLevel) -> Option<String> {
    if level.groups.len() < 2 {
        return None;
    }
    let named: Vec<String> = level.groups.iter().take(NAMED_GROUPS).map(|group| named(report, group)).collect();
    Some(format!("The largest of {} groups: {}.", level.groups.len(), named.join("; ")))
}

/// How many papers an earlier report does not have.
fn since_base(report: &Report) -> Option<String> {
    let new = counted(report.manifest.new_papers?, "paper");
    Some(format!("New since the earlier report: {new}."))
}

/// The groups with most new papers for their size, of the level of subjects.
fn grown(report: &Report) -> Option<String> {
    let level = report.levels.get(1).or(report.levels.first())?;
    let new = |group: &PaperGroup| group.new_papers.unwrap_or_default();
    let growth = |group: &PaperGroup| f64::from(new(group)) / f64::from((group.papers - new(group)).max(1));
    // As many as could be chance say nothing of a group.
    let mut groups: Vec<&PaperGroup> = level.groups.iter().filter(|group| new(group) >= MIN_GROWTH).collect();
    groups.sort_by(|one, other| growth(other).total_cmp(&growth(one)).then(one.number.cmp(&other.number)));
    let described = |group: &&PaperGroup| format!("{} ({} of {} are new)", group.name, new(group), group.papers);
    let described: Vec<String> = groups.iter().take(NAMED_GROUPS).map(described).collect();
    (!described.is_empty()).then(|| format!("Grown most since then: {}.", described.join("; ")))
}

/// A group with its share of the papers.
fn named(report: &Report, group: &PaperGroup) -> String {
    format!("{} ({})", group.name, percent(f64::from(group.papers) / report.places.len().max(1) as f64))
}

/// A count with its noun: `1 paper`, `13,610 papers`.
fn counted(count: usize, noun: &str) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    format!("{} {noun}{}", groups.join(","), if count == 1 { "" } else { "s" })
}

fn percent(share: f64) -> String {
    if share < 0.0995 { format!("{:.1}%", 100.0 * share) } else { format!("{:.0}%", 100.0 * share) }
}

fn changed(level: &ReportLevel, trend: Trend, word: &str) -> Option<String> {
    let described = |group: &&PaperGroup| match (trend, group.shares) {
        (Trend::Growing | Trend::Shrinking, Some([was, is])) => {
            format!("{} (from {} to {})", group.name, percent(was), percent(is))
        }
        _ => format!("{} ({})", group.name, counted(group.papers as usize, "paper")),
    };
    let groups: Vec<String> = level.groups_with(trend).iter().take(NAMED_GROUPS).map(described).collect();
    (!groups.is_empty()).then(|| format!("{word}: {}.", groups.join("; ")))
}

/// What the papers are beside another collection, and which of its groups got nothing.
fn coverage(report: &Report) -> Option<String> {
    let coverage = report.coverage.as_ref()?;
    let counts = CoverageState::ALL.map(|state| format!("{state}: {}", coverage.count(state)));
    let without: Vec<&str> =
        coverage.groups.iter().filter(|group| group.matched == 0).map(|group| group.name.as_str()).collect();
    let nothing = match without.is_empty() {
        true => String::new(),
        false => format!(" Nothing on: {}.", without.join("; ")),
    };
    Some(format!("Beside {}: {}.{nothing}", coverage.other, counts.join(", ")))
}

fn between(report: &Report) -> Option<String> {
    let between = report.places.iter().filter(|place| place.between.is_some()).count();
    let share = percent(between as f64 / report.places.len().max(1) as f64);
    (between > 0).then(|| format!("{share} of the papers are between two groups of the finest level."))
}

fn duplicates(report: &Report) -> Option<String> {
    let of_reason = |reason: DuplicateReason| {
        let count = report.duplicates.iter().filter(|group| group.reason() == reason).count();
        (count > 0).then(|| format!("{reason}: {count}"))
    };
    let reasons: Vec<String> = DuplicateReason::ALL.into_iter().filter_map(of_reason).collect();
    let groups = counted(report.duplicates.len(), "group");
    (!reasons.is_empty()).then(|| format!("Papers that may be the same: {groups} ({}).", reasons.join(", ")))
}

fn apart(report: &Report) -> Option<String> {
    let title = |paper: &u32| format!("“{}”", report.papers[*paper as usize].title);
    let outlier =
        report.outliers.first().map(|paper| format!("The paper farthest from all others is {}.", title(paper)));
    let novel = report.novel.first().map(|paper| format!("The least like anything earlier is {}.", title(paper)));
    let both: Vec<String> = outlier.into_iter().chain(novel).collect();
    (!both.is_empty()).then(|| both.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_commas() {
        let table = [
            (0, "0 papers"),
            (1, "1 paper"),
            (999, "999 papers"),
            (13_610, "13,610 papers"),
            (1_000_000, "1,000,000 papers"),
        ];
        for (count, expected) in table {
            assert_eq!(counted(count, "paper"), expected);
        }
    }
}
