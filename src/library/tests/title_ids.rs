//! Papers without ids of their own: those of one title stay apart, and those of older libraries are found.

use jiff::civil::date;

use super::test_library;
use super::{add, embedding, ids, model};
use crate::library::{HistoryEntry, HistoryKind, Library, PaperChange};
use crate::paper::{Paper, PaperId, RawPaper};

/// A record as a reader has it.
fn raw(title: &str, author: &str, year: i16) -> RawPaper {
    RawPaper {
        title: title.to_owned(),
        authors: Some(author).filter(|author| !author.is_empty()).map(str::to_owned).into_iter().collect(),
        published: (year > 0).then(|| date(year, 1, 1)),
        source: "bibtex".to_owned(),
        ..RawPaper::default()
    }
}

fn record(title: &str, author: &str, year: i16) -> Paper {
    raw(title, author, year).validate().unwrap()
}

fn with_container(raw_paper: RawPaper, container: &str) -> Paper {
    RawPaper { container: container.to_owned(), ..raw_paper }.validate().unwrap()
}

/// A record as older versions stored it: with an id of the title alone.
fn older(paper: Paper) -> Paper {
    Paper { id: PaperId::from_text(&paper.title), ..paper }
}

fn is_unchanged(library: &Library, record: &Paper) -> bool {
    matches!(library.plan_upsert(record.clone()).unwrap(), PaperChange::Unchanged(_))
}

/// All orders of a few records.
fn orders(records: &[Paper]) -> Vec<Vec<Paper>> {
    if records.len() < 2 {
        return vec![records.to_vec()];
    }
    let with_first = |at: usize| {
        let mut rest = records.to_vec();
        let first = rest.remove(at);
        orders(&rest).into_iter().map(move |rest| [vec![first.clone()], rest].concat())
    };
    (0..records.len()).flat_map(with_first).collect()
}

#[test]
fn a_title_alone_makes_no_two_records_one_paper() {
    let long = "Walking robots on soft ground";
    let abstracted = |title: &str, text: &str| Paper { abstract_text: text.to_owned(), ..record(title, "", 0) };
    let table: [(&str, Vec<Paper>, usize); 8] = [
        ("authors and years", vec![record("Editorial", "Ada Oak", 1999), record("Editorial", "Ben Elm", 2015)], 2),
        ("years", vec![record("Editorial", "Ada Oak", 1999), record("Editorial", "Ada Oak", 2015)], 2),
        ("authors", vec![record("Editorial", "Ada Oak", 0), record("Editorial", "Ben Elm", 0)], 2),
        ("a long title", vec![record(long, "Ada Oak", 1999), record(long, "Ben Elm", 2015)], 2),
        ("a copy", vec![record(long, "Ada Oak", 2023), record(long, "Oak, A.", 2024)], 1),
        (
            "issues of journals",
            ["Lamps 1 1", "Lamps 1 2", "Ferries 1 1"]
                .map(|issue| with_container(raw("Errata", "", 1999), issue))
                .into(),
            3,
        ),
        (
            "items of feeds",
            ["a", "b"]
                .map(|guid| RawPaper { guid: guid.into(), ..raw("Editorial", "", 2024) }.validate().unwrap())
                .into(),
            2,
        ),
        ("a title alone", vec![record("Editorial", "Ada Oak", 1999), abstracted("Editorial", "On ferries.")], 2),
    ];
    for (what, records, expected) in table {
        for records in orders(&records) {
            let mut library = test_library();
            records.iter().for_each(|record| add(&mut library, record.clone()));
            assert_eq!(ids(&library).len(), expected, "{what}: {records:?}");
            assert!(records.iter().all(|record| is_unchanged(&library, record)), "{what}: {records:?}");
        }
    }
}

#[test]
fn papers_of_older_libraries_keep_their_ids() {
    let title_id = PaperId::from_text("Editorial");
    let linked = |url: &str| RawPaper { url: Some(url.to_owned()), ..raw("Editorial", "", 0) }.validate().unwrap();
    let abstracted = |paper: Paper, text: &str| Paper { abstract_text: text.to_owned(), ..paper };
    let oak = || record("Editorial", "Ada Oak", 1999);
    // What is stored, what comes, and whether it is the same paper.
    let table = [
        (oak(), oak(), true),
        (oak(), record("Editorial", "Óak, A.", 1999), true),
        (oak(), record("Editorial", "", 1999), true),
        (oak(), with_container(raw("Editorial", "Ada Oak", 1999), "Lamps 1 1"), true),
        (oak(), record("Editorial", "Ada Oak", 2000), false),
        (oak(), record("Editorial", "Ben Elm", 1999), false),
        (linked("http://example.org/1"), linked("https://example.org/1/"), true),
        (linked("https://example.org/1"), linked("https://example.org/2"), false),
        (linked("a/1.html"), linked("https://example.org/a/1.html"), true),
        (record("Editorial", "", 0), oak(), true),
        (abstracted(record("Editorial", "", 0), "On lamps."), abstracted(oak(), "On lamps."), true),
        (abstracted(record("Editorial", "", 0), "On lamps."), abstracted(oak(), "On ferries."), false),
        (abstracted(oak(), "On lamps."), abstracted(oak(), "On old lamps."), true),
    ];
    for (stored, comes, same) in table {
        let mut library = test_library();
        add(&mut library, older(stored.clone()));
        add(&mut library, comes.clone());
        let expected = if same { vec![title_id.clone()] } else { vec![title_id.clone(), comes.id.clone()] };
        let expected: Vec<String> = expected.iter().map(PaperId::to_string).collect();
        assert_eq!(ids(&library), expected, "{stored:?}, {comes:?}");
        assert!(is_unchanged(&library, &comes), "{stored:?}, {comes:?}");
        assert!(library.split(&title_id).is_err(), "it is one record: {stored:?}, {comes:?}");
        let found = library.paper(&comes.id).unwrap().unwrap().paper;
        assert_eq!((found.published, found.abstract_text), (comes.published, comes.abstract_text));
        assert!(library.check().unwrap().iter().all(|finding| finding.remedy.is_none()));
    }
}

#[test]
fn a_paper_of_an_older_library_is_taken_once() {
    // Nothing is known of the author and the year.
    let mut library = test_library();
    add(&mut library, older(record("Editorial", "", 0)));
    let issues: Vec<Paper> =
        ["Lamps 1 1", "Lamps 1 2"].map(|issue| with_container(raw("Editorial", "", 0), issue)).into();
    for _ in 0..2 {
        issues.iter().for_each(|record| add(&mut library, record.clone()));
        assert_eq!(ids(&library), [PaperId::from_text("Editorial").to_string(), issues[1].id.to_string()]);
    }
    // Each of the records that were merged is taken by one.
    let mut library = test_library();
    let of_source = |source: &str, issue| RawPaper {
        source: source.to_owned(),
        container: issue,
        ..raw("Editorial", "Ada Oak", 1999)
    };
    let sources = [("bibtex", "Lamps 1"), ("ris", "J. Lamps 1"), ("csv", "Journal of Lamps 1")];
    let records = sources.map(|(source, issue)| of_source(source, issue.to_owned()).validate().unwrap());
    records[..2].iter().for_each(|record| add(&mut library, older(record.clone())));
    for _ in 0..2 {
        records.iter().for_each(|record| add(&mut library, record.clone()));
        assert_eq!(ids(&library), [PaperId::from_text("Editorial").to_string(), records[2].id.to_string()]);
        assert!(records.iter().all(|record| is_unchanged(&library, record)));
    }
}

#[test]
fn an_older_export_finds_its_papers() {
    let mut library = test_library();
    let (oak, elm) = (record("Editorial", "Ada Oak", 1999), record("Editorial", "Ben Elm", 2015));
    [&oak, &elm].into_iter().for_each(|record| add(&mut library, record.clone()));
    add(&mut library, older(elm.clone()));
    assert_eq!(ids(&library), [oak.id.to_string(), elm.id.to_string()]);
    assert!(is_unchanged(&library, &older(elm.clone())) && is_unchanged(&library, &elm));
    // A title alone says nothing.
    let mut library = test_library();
    let title = record("Editorial", "", 0);
    [&oak, &elm, &title].into_iter().for_each(|record| add(&mut library, record.clone()));
    assert_eq!(ids(&library), [&oak, &elm, &title].map(|record| record.id.to_string()));
    assert!([&oak, &elm, &title].into_iter().all(|record| is_unchanged(&library, record)));
}

#[test]
fn histories_follow_an_id_of_the_title_alone() {
    let at = "2025-01-02".parse().unwrap();
    let entry = |id: &PaperId| HistoryEntry::new(id.clone(), HistoryKind::Like, at);
    let oak = record("Editorial", "Ada Oak", 1999);
    for (known, follows) in [
        (Some(oak.clone()), true),
        (Some(record("Editorial", "", 0)), true),
        (Some(record("Editorial", "Ben Elm", 2015)), false),
        (None, true),
    ] {
        let mut library = test_library();
        let title_id = PaperId::from_text("Editorial");
        let known: Vec<Paper> = known.into_iter().map(older).collect();
        library.import_history("me", &[entry(&title_id)], &known, jiff::civil::date(2025, 1, 2)).unwrap();
        add(&mut library, oak.clone());
        let expected = if follows { &oak.id } else { &title_id };
        assert_eq!(library.profile("me").unwrap().history, [entry(expected)], "{known:?}");
    }
}

#[test]
fn a_split_copy_stays_a_paper_of_its_own() {
    let title = "Walking robots on soft ground";
    let records = [record(title, "Ada Oak", 2023), record(title, "Ada Oak", 2024)];
    let mut library = test_library();
    records.iter().for_each(|record| add(&mut library, record.clone()));
    assert_eq!(ids(&library), [records[0].id.to_string()]);
    let changes = library.split(&records[1].id).unwrap();
    let embedded: Vec<_> =
        changes.into_iter().map(|change| (change, Some(embedding(&records[0], &model(0))))).collect();
    library.write(&model(0), &embedded).unwrap();
    for _ in 0..2 {
        records.iter().for_each(|record| add(&mut library, record.clone()));
        assert_eq!(ids(&library), records.clone().map(|record| record.id.to_string()));
    }
}
