//! What the papers of a search have in common: their years, categories, sources and authors, with counts. Each is a filter.

use std::collections::{BTreeMap, BTreeSet};

use super::search_form::SearchForm;
use crate::paper::Paper;
use crate::present::source_name;
use crate::recommend::Request;

/// Values that a facet shows.
const MAX_VALUES: usize = 8;

/// A property of papers, and its most frequent values.
pub(super) struct Facet {
    pub name: &'static str,
    pub values: Vec<FacetValue>,
}

/// A value of a facet, and the search for the papers that have it.
pub(super) struct FacetValue {
    pub label: String,
    pub count: usize,
    /// The address of the search with this filter, or without it when it is chosen.
    pub address: String,
    pub is_chosen: bool,
}

/// The facets of some papers. What the text of the search filters by has none: another author or category would add to
/// the papers, not narrow them.
pub(super) fn facets(form: &SearchForm, request: &Request, papers: &[&Paper]) -> Vec<Facet> {
    let mut facets = vec![facet(
        "Year",
        papers,
        // As the filter reads dates.
        |paper| paper.published.or(paper.listed).map(|date| date.year().to_string()).into_iter().collect(),
        |year| (year.to_owned(), form.year == year),
        |year| SearchForm { year, ..form.clone() },
    )];
    facets[0].values.sort_by(|one, other| other.label.cmp(&one.label));
    if request.categories.is_empty() || !form.category.is_empty() {
        facets.push(facet(
            "Category",
            papers,
            |paper| paper.categories.iter().cloned().collect(),
            |category| (category.to_owned(), form.category == category),
            |category| SearchForm { category, ..form.clone() },
        ));
    }
    facets.push(facet(
        "Source",
        papers,
        |paper| BTreeSet::from([paper.source.clone()]),
        |source| (source_name(source), form.source == source),
        |source| SearchForm { source, ..form.clone() },
    ));
    if request.by.is_empty() || !form.author.is_empty() {
        facets.push(facet(
            "Author",
            papers,
            |paper| paper.authors.iter().cloned().collect(),
            |author| (author.to_owned(), form.author == author),
            |author| SearchForm { author, ..form.clone() },
        ));
    }
    // Most papers have authors whom no other paper of the search has.
    if let Some(authors) = facets.last_mut().filter(|facet| facet.name == "Author") {
        authors.values.retain(|author| author.count > 1 || author.is_chosen);
    }
    facets.retain(|facet| !facet.values.is_empty());
    facets
}

/// Counts the values of papers. `describe` returns the label of a value and whether it is chosen, `choose` the search with
/// a value, which is empty for none.
fn facet(
    name: &'static str,
    papers: &[&Paper],
    values_of: impl Fn(&Paper) -> BTreeSet<String>,
    describe: impl Fn(&str) -> (String, bool),
    choose: impl Fn(String) -> SearchForm,
) -> Facet {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for value in papers.iter().flat_map(|paper| values_of(paper)) {
        *counts.entry(value).or_default() += 1;
    }
    let value = |(value, count): (String, usize)| {
        let (label, is_chosen) = describe(&value);
        let form = choose(if is_chosen { String::new() } else { value });
        FacetValue { label, count, address: form.address(), is_chosen }
    };
    let mut values: Vec<FacetValue> = counts.into_iter().map(value).collect();
    // The sort is stable: values that are equally frequent stay in alphabetical order.
    values.sort_by_key(|value| (!value.is_chosen, std::cmp::Reverse(value.count)));
    values.truncate(MAX_VALUES);
    Facet { name, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_and_lead_to_their_papers() {
        let paper = |json: &str| -> Paper { serde_json::from_str(json).unwrap() };
        let papers = [
            paper(
                r#"{"id":"a","title":"A","source":"arxiv","authors":["Ada","Bo"],"published":"2023-05-01","listed":"2024-01-01"}"#,
            ),
            paper(
                r#"{"id":"b","title":"B","source":"arxiv","authors":["Bo"],"published":"2024-05-01","categories":["cs.CL","cs.LG"]}"#,
            ),
            paper(r#"{"id":"c","title":"C","source":"hf-daily","listed":"2024-02-01","categories":["cs.LG"]}"#),
        ];
        let shown = |form: &SearchForm| -> Vec<String> {
            let request = form.request(9).unwrap().unwrap();
            let papers: Vec<&Paper> = papers.iter().collect();
            let facets = facets(form, &request, &papers);
            let values = |facet: &Facet| -> Vec<String> {
                facet.values.iter().map(|value| format!("{} {}", value.label, value.count)).collect()
            };
            facets.iter().map(|facet| format!("{}: {}", facet.name, values(facet).join(", "))).collect()
        };
        let form = SearchForm { q: "lamps".to_owned(), ..SearchForm::default() };
        assert_eq!(
            shown(&form),
            ["Year: 2024 2, 2023 1", "Category: cs.LG 2, cs.CL 1", "Source: arXiv 2, Hugging Face 1", "Author: Bo 2"]
        );
        let typed = SearchForm { q: "lamps author:bo category:cs.LG".to_owned(), ..SearchForm::default() };
        assert_eq!(shown(&typed).len(), 2);
    }

    #[test]
    fn a_chosen_value_leads_back() {
        let paper: Paper =
            serde_json::from_str(r#"{"id":"a","title":"A","source":"s","categories":["cs.CL"]}"#).unwrap();
        let category_of = |category: &str| {
            let form = SearchForm { q: "x".to_owned(), category: category.to_owned(), ..SearchForm::default() };
            let request = form.request(9).unwrap().unwrap();
            let mut facets = facets(&form, &request, &[&paper]);
            let FacetValue { address, is_chosen, .. } = facets[0].values.remove(0);
            (address, is_chosen)
        };
        assert_eq!(category_of(""), ("/search?q=x&category=cs%2ECL".to_owned(), false));
        assert_eq!(category_of("cs.CL"), ("/search?q=x".to_owned(), true));
    }
}
