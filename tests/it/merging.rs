//! Records of one paper from several sources, and what parts them.

use std::collections::{HashMap, HashSet};

use paperkin::library::{Library, PaperChange, StoredModel};
use paperkin::paper::Paper;
use paperkin::{Embedding, PaperId, formats};

use crate::support::prerequisites::shared;
use crate::support::sandbox::Sandbox;

/// Papers of a file of the shared data; `None` where there is none.
fn papers(file: &str) -> Option<Vec<Paper>> {
    let read = formats::open(&shared(file)?, None).unwrap();
    Some(read.map(|paper| paper.unwrap()).collect())
}

/// Writes papers in steps, without a model.
fn add(library: &mut Library, papers: &[Paper]) {
    let model = StoredModel::new("made-up", &"5".repeat(64), 2);
    let embedding = Embedding::normalize(vec![1.0, 1.0]).unwrap();
    for papers in papers.chunks(2_000) {
        let change = |paper: &Paper| {
            let change = library.plan_upsert(paper.clone()).unwrap();
            let embedded = matches!(change, PaperChange::New(_) | PaperChange::Text(_)).then(|| embedding.clone());
            (change, embedded)
        };
        let changes: Vec<_> = papers.iter().map(change).collect();
        library.write(&model, &changes).unwrap();
    }
}

#[test]
fn papers_of_two_sources_are_one_each_and_no_others() {
    let Some(daily) = papers("data/hf_daily_papers/papers.jsonl.gz") else { return };
    let arxiv = papers("data/arxiv_recent/papers.jsonl.gz").unwrap();
    let mut library = Library::in_memory().unwrap();
    add(&mut library, &daily);
    let ids: HashSet<&PaperId> = daily.iter().map(|paper| &paper.id).collect();
    let titles: HashSet<String> = daily.iter().map(|paper| paper.title.to_lowercase()).collect();
    // All that could be taken for one of the others.
    let (both, namesakes): (Vec<Paper>, Vec<Paper>) = arxiv
        .into_iter()
        .filter(|paper| ids.contains(&paper.id) || titles.contains(&paper.title.to_lowercase()))
        .partition(|paper| ids.contains(&paper.id));
    assert_eq!(both.len(), 8_007);
    add(&mut library, &both);
    add(&mut library, &namesakes);
    assert_eq!(library.summary().unwrap().papers as usize, ids.len() + namesakes.len());
    let known: HashMap<&PaperId, &Paper> = both.iter().map(|paper| (&paper.id, paper)).collect();
    let mut sample = 0;
    library
        .for_each_paper(|stored| {
            let paper = stored.paper;
            assert!(paper.aliases.is_empty(), "{} is no other paper too", paper.id);
            if let Some(record) = known.get(&paper.id) {
                let votes = daily.iter().find(|daily| daily.id == paper.id).filter(|_| sample % 100 == 0);
                assert_eq!(paper.categories, record.categories, "{}: what arXiv says", paper.id);
                assert!(votes.is_none_or(|daily| daily.votes == paper.votes), "{}: what is voted on", paper.id);
                sample += 1;
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(sample, both.len());
}

#[test]
fn copies_are_one_paper_until_they_are_split() {
    let sandbox = Sandbox::new();
    let record = |id: &str, source: &str, text: &str| {
        format!(
            "{{\"id\":\"{id}\",\"source\":\"{source}\",\"title\":\"Walking robots on soft ground\",\
             \"authors\":[\"Ada Example\"],\"abstract\":\"{text}\"}}\n"
        )
    };
    let lines = record("2401.00001", "arxiv", "Robots that walk.") + &record("10.1000/x", "press", "Robots that sink.");
    let file = sandbox.file("papers.jsonl", lines);
    let added = sandbox.run(&["add", &file]).out;
    assert!(added.ends_with(": 1 papers in the library\n"), "{added}");
    assert!(sandbox.run(&["add", &file]).out.starts_with("0 new, 0 updated, 2 unchanged"));
    let like = |id: &str| sandbox.run(&["profile", "me", "like", id]).code;
    assert_eq!((like("doi:10.1000/x"), like("2401.00001")), (0, 0), "both names find it");
    assert_eq!(sandbox.json(&["profile", "me", "show", "--format", "json"])["papers"].as_array().unwrap().len(), 1);
    let split = sandbox.run(&["split", "10.1000/x"]);
    assert_eq!((split.code, split.out.as_str()), (0, "split into 2401.00001 and doi:10.1000/x\n"));
    assert!(sandbox.run(&["add", &file]).out.starts_with("0 new, 0 updated, 2 unchanged"), "for good");
    let found = sandbox.json(&["search", "robots that sink", "--limit", "1", "--format", "json"]);
    assert_eq!(found["results"][0]["paper"]["id"], "doi:10.1000/x");
    let again = sandbox.run(&["split", "10.1000/x"]);
    assert_eq!((again.code, again.err.lines().count()), (1, 1), "{}", again.err);
}

/// Entries without ids: of each pair with the same title the second is another paper, but for the last, which is a copy.
const SAME_TITLES: &str = r"
@article{a, title={Editorial}, author={Bell, Ida}, year={1998}, journal={Lantern Letters}, abstract={On wicks.}}
@article{b, title={Editorial}, author={Crane, Tom}, year={2014}, journal={Mooring Notes}, abstract={On ropes.}}
@book{c, title={Wide Rivers}, author={Dale, Uma}, year={2016}}
@article{d, title={Wide Rivers}, author={Moss, Kit and Reed, Lea}, year={2006}}
@article{e, title={How harbors answer to storms}, author={Bell, Ida}, year={1998}}
@article{f, title={How harbors answer to storms}, author={Crane, Tom}, year={2014}}
@misc{g, title={What rope makers know of knots}, author={Reed, Lea}, year={2021}}
@article{h, title={What rope makers know of knots}, author={Lea Reed}, year={2022}}
";

const SAME_ITEMS: &str = r#"<?xml version="1.0"?><rss version="2.0"><channel><title>Letters</title>
<item><title>Editorial</title><link>https://example.org/24/1</link><description>On wicks.</description></item>
<item><title>Editorial</title><link>https://example.org/24/2</link><description>On ropes.</description></item>
</channel></rss>"#;

#[test]
fn papers_of_one_title_stay_apart_also_when_they_are_exported() {
    for (name, content, count) in [("papers.bib", SAME_TITLES, 7), ("feed.rss", SAME_ITEMS, 2)] {
        let sandbox = Sandbox::new();
        let file = sandbox.file(name, content);
        let added = sandbox.run(&["add", &file]);
        assert!(added.out.ends_with(&format!(": {count} papers in the library\n")), "{}", added.out);
        let again = sandbox.run(&["add", &file]).out;
        assert!(again.starts_with("0 new, 0 updated, "), "{again}");
        let ids = |sandbox: &Sandbox| -> HashSet<String> {
            let lines = sandbox.run(&["export", "--papers", "--format", "jsonl"]).out;
            let paper = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
            lines.lines().map(|line| paper(line)["id"].as_str().unwrap().to_owned()).collect()
        };
        let papers = ids(&sandbox);
        assert_eq!(papers.len(), count);
        for format in ["jsonl", "csv", "bibtex", "ris", "csl-json"] {
            let exported = sandbox.run(&["export", "--papers", "--format", format]).out;
            let exported = sandbox.file(&format!("exported.{format}"), exported);
            let input = sandbox.run(&["add", &exported, "--input", format]);
            assert_eq!((input.code, ids(&sandbox)), (0, papers.clone()), "{format}: {}", input.err);
            let other = Sandbox::new();
            assert_eq!(other.run(&["add", &exported, "--input", format]).code, 0, "{format}");
            assert_eq!(ids(&other), papers, "{format}");
        }
    }
}

#[test]
fn a_title_of_several_papers_names_none() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("papers.bib", SAME_TITLES);
    assert_eq!(sandbox.run(&["add", &file]).code, 0);
    let removed = sandbox.run(&["remove", "editorial"]);
    assert_eq!((removed.code, removed.out.as_str()), (1, "0 removed, 1 not found: 7 papers in the library\n"));
    let similar = sandbox.run(&["similar", "Editorial"]);
    assert!(similar.err.contains("several papers have this title: `title:"), "{}", similar.err);
    // An imported history is matched by authors and years.
    let history = "@article{x, title={Editorial}, author={Crane, T.}, year={2014}}\n@misc{y, title={Editorial}}";
    let history = sandbox.file("history.bib", history);
    let imported = sandbox.json(&["profile", "me", "import", &history, "--format", "json"]);
    assert_eq!(imported["me"]["matched"], 1, "{imported}");
    assert!(imported["me"]["unmatched"][0]["reason"].as_str().unwrap().starts_with("several papers have this title"));
    let again = sandbox.json(&["profile", "me", "import", &history, "--format", "json"]);
    assert_eq!(again["me"]["already_in_history"], 2, "{again}");
}
