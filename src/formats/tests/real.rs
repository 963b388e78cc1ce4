//! Real files: those beside the project, where they are, and the listing that comes with it.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::formats::reference::BibReference;
use crate::formats::{open, references};
use crate::paper::{Paper, PaperId};

#[test]
fn the_example_listing() {
    let (papers, errors) = all_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/daily-papers.txt"));
    assert_eq!(errors, [""; 0]);
    assert_eq!(papers.len(), 40);
    for paper in &papers {
        let words = paper.abstract_text.split_whitespace().count();
        assert!((90..=170).contains(&words), "{}: {words} words", paper.title);
        assert!(paper.author_count.is_some() && paper.published.is_some(), "{}", paper.title);
    }
    let ids: std::collections::BTreeSet<&PaperId> = papers.iter().map(|paper| &paper.id).collect();
    assert_eq!(ids.len(), 40);
}

/// A file of `../shared/data`, unless this clone stands alone.
pub(crate) fn shared(file: &str) -> Option<PathBuf> {
    crate::prerequisites::shared(&format!("data/{file}"))
}

/// The good papers of a file and the messages of its errors.
fn all_of(path: &Path) -> (Vec<Paper>, Vec<String>) {
    let papers = match open(path, None) {
        Ok(papers) => papers,
        Err(error) => return (Vec::new(), vec![error.to_string()]),
    };
    let (good, bad): (Vec<_>, Vec<_>) = papers.partition(Result::is_ok);
    let errors = bad.into_iter().filter_map(Result::err).map(|error| error.to_string());
    (good.into_iter().flatten().collect(), errors.collect())
}

fn check_counts(files: &[(&str, usize)]) {
    for (file, count) in files {
        let Some(path) = shared(file) else { return };
        let (papers, errors) = all_of(&path);
        assert_eq!(errors, [""; 0], "{file}");
        assert_eq!(papers.len(), *count, "{file}");
    }
}

#[test]
fn real_data_sets() {
    check_counts(&[
        ("arxiv_recent/papers.jsonl.gz", 165_737),
        ("hf_daily_papers/papers.jsonl.gz", 13_610),
        ("citeulike/docs.jsonl.gz", 1_934),
        ("systematic_reviews/records.jsonl.gz", 9_695),
        ("cacm/docs.jsonl", 3_204),
        ("cisi/docs.jsonl", 1_460),
        ("doris_mae_birco/docs.jsonl", 2_938),
        ("reviewer_goldstandard/docs.jsonl", 3_374),
        ("raw_formats/pubmed_1000_docs.tsv", 1_000),
    ]);
}

#[test]
fn a_real_page() {
    let Some(path) = shared("raw_formats/hf_papers_page.txt") else { return };
    let (papers, errors) = all_of(&path);
    assert_eq!(errors, [""; 0]);
    let authors = [11, 6, 6, 12, 8, 5, 3, 5, 4, 5, 3, 2, 1, 6, 7, 5, 10, 6, 4, 2, 5, 10, 5, 7, 6];
    assert_eq!(papers.iter().filter_map(|paper| paper.author_count).collect::<Vec<_>>(), authors);
    let dates = [
        "2024-12-19",
        "2022-11-24",
        "2023-08-16",
        "2024-12-26",
        "2023-04-09",
        "2024-07-16",
        "2023-10-05",
        "2024-09-27",
        "2022-10-07",
        "2023-09-28",
        "2025-07-15",
        "2023-05-02",
        "2025-04-11",
        "2022-04-15",
        "2023-10-04",
        "2024-08-04",
        "2024-08-05",
        "2025-06-21",
        "2024-05-22",
        "2023-10-01",
        "2023-10-02",
        "2025-08-27",
        "2023-08-11",
        "2023-05-17",
        "2024-03-29",
    ];
    let published = papers.iter().filter_map(|paper| paper.published).map(|date| date.to_string());
    assert_eq!(published.collect::<Vec<_>>(), dates);
    let comments = papers.iter().enumerate().filter_map(|(n, paper)| Some((n, paper.comments?)));
    assert_eq!(comments.collect::<Vec<_>>(), [(3, 2), (17, 1), (21, 3)]);
    for (n, title) in [
        (0, "TL-Training: A Task-Feature-Based Framework for Training Large Language Models in Tool Use"),
        (4, "OpenAGI: When LLM Meets Domain Experts"),
        (23, "Instruction Tuned Models are Quick Learners"),
        (24, "Can LLMs Learn from Previous Mistakes? Investigating LLMs' Errors to Boost for Reasoning"),
    ] {
        assert_eq!(papers[n].title, title);
    }
    assert!(papers.iter().all(|paper| (1_385..=1_900).contains(&paper.abstract_text.len())));
}

#[test]
fn real_answers_of_daily_papers() {
    check_counts(&[
        ("raw_formats/hf_api_daily_2024-05-27.json", 13),
        ("raw_formats/hf_api_daily_2024-09-10.json", 12),
        ("raw_formats/hf_api_daily_2024-12-18.PYREPR_STRINGS.json", 11),
        ("raw_formats/hf_api_daily_2025-01-10.WRAPPED_PYREPR.json", 9),
        ("raw_formats/hf_api_daily_2025-05-06.json", 16),
        ("raw_formats/hf_api_daily_2026-03-10.json", 28),
        ("raw_formats/hf_api_daily_2026-08-20.json", 15),
    ]);
    for day in ["2024-05-27", "2024-09-10", "2025-05-06", "2026-03-10", "2026-08-20"] {
        let Some(path) = shared(&format!("raw_formats/hf_api_daily_{day}.json")) else { return };
        let (papers, _) = all_of(&path);
        let whole: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(papers.len(), whole.as_array().unwrap().len(), "{day}");
        for paper in papers {
            assert_eq!(paper.listed.map(|date| date.to_string()).as_deref(), Some(day), "{}", paper.id);
            assert!(paper.id.is_arxiv() && paper.votes.is_some() && !paper.authors.is_empty(), "{}", paper.id);
            assert!(paper.published <= paper.listed && paper.abstract_text.len() > 160, "{}", paper.id);
        }
    }
}

#[test]
fn real_answers_of_arxiv() {
    let Some(directory) = shared("raw_formats") else { return };
    let mut counts = Vec::new();
    for file in std::fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("arxiv_atom__") {
            continue;
        }
        let (papers, errors) = all_of(&path);
        let text = std::fs::read_to_string(&path).unwrap();
        if name.starts_with("arxiv_atom__400") {
            assert!(errors[0].ends_with(": arXiv returned an error: incorrect id format for abc"), "{errors:?}");
            assert_eq!((papers.len(), errors.len()), (0, 1));
            continue;
        }
        let count = text.matches("<entry>").count();
        assert_eq!(papers.len(), count, "{name}");
        assert_eq!(errors.len(), usize::from(count == 0), "{name}: {errors:?}");
        for paper in &papers {
            assert!(paper.id.is_arxiv() && !paper.authors.is_empty() && paper.published.is_some(), "{name}");
            assert!(!paper.categories.is_empty() && !paper.abstract_text.is_empty(), "{name}: {}", paper.id);
        }
        counts.push(papers.len());
    }
    assert_eq!((counts.len(), counts.iter().sum::<usize>()), (19, 221));
}

/// One line for each of the first 20 records of a file, without its texts: their lengths, the ids (what follows the hash
/// of a title is left out, as it says what the rest says), and the rest.
fn shapes(file: &Path) -> String {
    let shape = |reference: Result<BibReference>| match reference {
        Err(error) => error.to_string().rsplit('/').next().unwrap_or_default().to_owned(),
        Ok(BibReference { raw_paper, added, tags, .. }) => match raw_paper.validate() {
            Err(reason) => reason,
            Ok(paper) => {
                let aliases = paper.aliases.iter().map(PaperId::as_str).collect::<Vec<_>>().join(" ");
                let date = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string()).unwrap_or("-".into());
                format!(
                    "{} [{aliases}] title {} abstract {} authors {} published {} listed {} added {} votes {} tags {} categories {}",
                    paper.id.of_title_alone().unwrap_or(paper.id),
                    paper.title.len(),
                    paper.abstract_text.len(),
                    paper.authors.len(),
                    date(paper.published),
                    date(paper.listed),
                    date(added),
                    paper.votes.map_or("-".to_owned(), |votes| votes.to_string()),
                    tags.len(),
                    paper.categories.join(" "),
                )
            }
        },
    };
    let lines: Vec<String> = references(file, None).unwrap().take(20).map(shape).collect();
    lines.join("\n").trim_end().to_owned()
}

/// Compares the hash of what [`shapes`] returns: the files are not in the repository, so neither is what is in them.
fn check_shapes(files: &[(&str, &str)]) {
    for (file, hash) in files {
        let Some(path) = shared(&format!("raw_formats/{file}")) else { return };
        let shapes = shapes(&path);
        let digest = Sha256::digest(shapes.as_bytes());
        let found: String = digest[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, *hash, "{file}:\n{shapes}");
    }
}

#[test]
fn real_bibliographies() {
    check_counts(&[
        ("raw_formats/citeulike_export.bib", 9),
        ("raw_formats/endnote_export.ris", 363),
        ("raw_formats/endnote_export_small.ris", 8),
        ("raw_formats/wos_export.ris", 2),
    ]);
    check_shapes(&[
        ("citeulike_export.bib", "4432aa47bc6a"),
        ("endnote_export.ris", "bc658dc6227f"),
        ("wos_export.ris", "15c924adaa13"),
    ]);
}

#[test]
fn real_answers_of_services() {
    check_counts(&[
        ("raw_formats/s2_api__get_author_papers_0.json", 100),
        ("raw_formats/s2_api__get_author_papers_1.json", 100),
        ("raw_formats/s2_api__get_paper_citations_0.json", 100),
        ("raw_formats/s2_api__get_paper_citations_1.json", 100),
        ("raw_formats/s2_api__search_paper_next_page_0.json", 100),
        ("raw_formats/s2_api__search_paper_publication_date_or_year_0.json", 77),
        ("raw_formats/s2_graph_paper.json", 1),
        ("raw_formats/arxiv_docmeta.json", 1),
        ("raw_formats/arxiv_docmeta_bulk.json", 2),
    ]);
    check_shapes(&[
        ("s2_api__get_paper_citations_0.json", "e1f03987852c"),
        ("s2_graph_paper.json", "e86a70f1ce0c"),
        ("arxiv_docmeta.json", "0da92d8c7d4e"),
        ("arxiv_docmeta_bulk.json", "dc7f7226381c"),
    ]);
}

#[test]
fn real_feeds_and_pages() {
    check_counts(&[
        ("raw_formats/hf_rss_daily.xml", 30),
        ("raw_formats/hf_rss_monthly.xml", 105),
        ("raw_formats/hf_atom.xml", 26),
        ("raw_formats/hf_jsonfeed.json", 26),
        ("raw_formats/hf_single_paper_page.html", 1),
        ("raw_formats/pubmed_bioc_xml/1285365.xml", 1),
    ]);
    check_shapes(&[
        ("hf_rss_daily.xml", "3c2058a87b26"),
        ("hf_rss_monthly.xml", "2164e8de8105"),
        ("hf_atom.xml", "2b8a9c5f266d"),
        ("hf_jsonfeed.json", "2b8a9c5f266d"),
        ("hf_single_paper_page.html", "c96847b97a88"),
        ("pubmed_bioc_xml/1285365.xml", "bfdc2ee72b3f"),
        ("pubmed_bioc_xml/1340921.xml", "da4a855e9233"),
        ("pubmed_bioc_xml/95800.xml", "0516e554be65"),
        ("pubmed_bioc_xml/95807.xml", "cbfc718a7c97"),
        ("pubmed_bioc_xml/95885.xml", "a2a4eb988dd0"),
        ("pubmed_1000_docs.tsv", "b66ded570547"),
    ]);
}

#[test]
fn other_real_files_are_refused_in_one_sentence() {
    for (file, reason) in [
        ("hf_daily_papers/submitter_histories.jsonl", "no title and no abstract: the fields are `history`"),
        ("citeulike/users.jsonl", "no title and no abstract: the fields are `library`, `user`"),
        ("cacm/related.tsv", "no title and no abstract: the fields are `doc_id`, `other_id`, `link_type`"),
    ] {
        let Some(path) = shared(file) else { return };
        let (papers, errors) = all_of(&path);
        assert_eq!((papers.len(), errors.len()), (0, 1), "{file}: {errors:?}");
        assert!(errors[0].contains(&format!(": {reason}")), "{file}: {errors:?}");
    }
}
