//! Records of several sources: one paper, split permanently, histories that follow.

use super::test_library;
use super::{add, embedding, ids, model, paper};
use crate::library::{HistoryEntry, HistoryKind, PaperChange};
use crate::paper::{Paper, PaperId};

/// A record of a source.
fn record(id: &str, also: &[&str], source: &str, title: &str) -> Paper {
    let name = |name: &str| PaperId::parse(name).unwrap();
    Paper {
        id: name(id),
        aliases: also.iter().map(|other| name(other)).collect(),
        title: title.to_owned(),
        authors: vec!["Ada Example".to_owned()],
        source: source.to_owned(),
        ..paper(0, 0)
    }
}

#[test]
fn copies_are_one_paper() {
    let title = "Walking robots on soft ground";
    let table: [(&str, Vec<Paper>, &[&str]); 6] = [
        ("an id", vec![record("1", &[], "a", "Old"), record("1", &[], "b", "New")], &["1"]),
        ("a name", vec![record("1", &["10.1/x"], "a", "Old"), record("10.1/x", &[], "b", "New")], &["1"]),
        (
            "a name of the newer",
            vec![record("10.1/x", &[], "b", "Old"), record("1", &["10.1/x"], "a", "New")],
            &["doi:10.1/x"],
        ),
        ("a title", vec![record("2401.00001", &[], "a", title), record("10.1/x", &[], "b", title)], &["2401.00001"]),
        ("nothing", vec![record("1", &[], "a", "Old"), record("2", &[], "b", "New")], &["1", "2"]),
        (
            "a name with two papers",
            vec![record("1", &[], "a", "Old"), record("2", &[], "b", "New"), record("3", &["1", "2"], "c", "Both")],
            &["1"],
        ),
    ];
    for (in_common, records, expected) in table {
        let mut library = test_library();
        records.iter().for_each(|record| add(&mut library, record.clone()));
        assert_eq!(ids(&library), expected, "{in_common}");
        let generation = library.generation().unwrap();
        for record in &records {
            assert!(library.paper(&record.id).unwrap().is_some(), "{in_common}: {}", record.id);
            assert!(
                matches!(library.plan_upsert(record.clone()).unwrap(), PaperChange::Unchanged(_)),
                "{in_common}: {}",
                record.id
            );
        }
        assert_eq!(library.generation().unwrap(), generation);
        assert!(library.check().unwrap().iter().all(|finding| finding.remedy.is_none()), "{in_common}");
    }
}

#[test]
fn histories_follow_papers_that_become_one() {
    let mut library = test_library();
    let (one, two) = (record("1", &[], "a", "Old"), record("2", &[], "b", "New"));
    [&one, &two].into_iter().for_each(|record| add(&mut library, record.clone()));
    let at = "2025-01-02".parse().unwrap();
    let entry = |record: &Paper| HistoryEntry::new(record.id.clone(), HistoryKind::Like, at);
    library.add_to_history("both", &[entry(&one), entry(&two)]).unwrap();
    library.add_to_history("two", &[entry(&two)]).unwrap();
    add(&mut library, record("3", &["1", "2"], "c", "Both"));
    for name in ["both", "two"] {
        assert_eq!(library.profile(name).unwrap().history, [entry(&one)], "{name}");
    }
    // What somebody read under another name, before the paper came.
    let paper = record("2401.00001", &["10.1/x"], "a", "A paper");
    library.add_to_history("before", &[entry(&record("10.1/x", &[], "b", ""))]).unwrap();
    add(&mut library, paper.clone());
    assert_eq!(library.profile("before").unwrap().history, [entry(&paper)]);
}

#[test]
fn a_paper_is_split_for_good() {
    let (one, other) = (record("2401.00001", &["10.1/x"], "a", "One"), record("10.1/x", &[], "b", "Other"));
    let (third, model) = (record("2401.00001", &[], "c", "One"), model(0));
    for (id, expected) in [("10.1/x", "One"), ("2401.00001", "One")] {
        let mut library = test_library();
        [&one, &other, &third].into_iter().for_each(|record| add(&mut library, record.clone()));
        assert_eq!(ids(&library), ["2401.00001"]);
        let changes = library.split(&PaperId::parse(id).unwrap()).unwrap();
        let embedded: Vec<_> = changes.into_iter().map(|change| (change, Some(embedding(&one, &model)))).collect();
        library.write(&model, &embedded).unwrap();
        assert_eq!(ids(&library), ["2401.00001", "doi:10.1/x"], "{id}");
        let title = |id: &str| library.paper(&PaperId::parse(id).unwrap()).unwrap().unwrap().paper.title;
        assert_eq!((title("2401.00001"), title("10.1/x")), (expected.to_owned(), "Other".to_owned()));
        for record in [&one, &other, &third] {
            assert!(
                matches!(library.plan_upsert(record.clone()).unwrap(), PaperChange::Unchanged(_)),
                "{id}: {}",
                record.id
            );
        }
        assert!(library.split(&one.id).is_err(), "there is nothing more to split");
    }
    let mut library = test_library();
    assert!(library.split(&one.id).is_err(), "there is no such paper");
    add(&mut library, one);
    assert!(library.split(&PaperId::parse("10.1/x").unwrap()).is_err(), "a name only");
}
