//! Laws of citation links: it does not matter what came first, and what changed since any generation leads to now.

use std::collections::{BTreeMap, BTreeSet};

use super::super::works::count_works;
use super::test_library;
use super::*;
use crate::library::{LinkCounts, LinkDelta};
use crate::paper::WorkName;

const PAPERS: usize = 5;

/// A record of a paper: under its id, under its DOI, or with both.
fn record(number: usize, form: usize) -> Paper {
    let doi = PaperId::parse(&format!("10.5555/{number}")).unwrap();
    let (id, aliases) = match form {
        0 => (id(number), Vec::new()),
        1 => (doi, Vec::new()),
        _ => (id(number), vec![doi]),
    };
    Paper {
        id,
        aliases,
        title: format!("Robots of the distinctive number {number}"),
        authors: vec![format!("Ada Oak{number}")],
        published: Some("2020-05-05".parse().unwrap()),
        source: format!("form {form}"),
        ..paper(number, 0)
    }
}

/// A name of the work that a paper is.
fn work(number: usize, form: usize) -> WorkName {
    let record = record(number, form % 3);
    match form {
        3 => {
            let (title, author) = (record.title, record.authors[0].clone());
            WorkName { title, author, year: Some(2021), ..WorkName::default() }.checked().unwrap()
        }
        4 => WorkName { citation: format!("Oak{number} A, 2020, ROBOTS"), ..WorkName::default() },
        _ => WorkName::from(&record),
    }
}

type Link = (usize, usize);

fn link(((one, of), (other, by)): (Link, Link)) -> (WorkName, WorkName) {
    (work(one, of), work(other, by))
}

/// Adds a record, whose text is that of its paper.
fn add_record(library: &mut Library, record: Paper) {
    let model = library.model().unwrap().unwrap_or_else(|| model(0));
    let change = library.plan_upsert(record.clone()).unwrap();
    if !matches!(change, PaperChange::Unchanged(_)) {
        library.write(&model, &[(change, Some(embedding(&record, &model)))]).unwrap();
    }
}

/// Each link by what its ends are: the title of the paper, or the id of the work.
fn view(library: &Library) -> BTreeSet<(String, String)> {
    let LinkDelta { works, links, .. } = library.links_since(None).unwrap();
    let name = |number: u32| match works.iter().find(|(work, _)| *work == number).unwrap().1 {
        Some(key) => library.paper_at(key).unwrap().paper.title,
        None => {
            let select = "SELECT id FROM work WHERE number = ?";
            library.db.query_row(select, [number], |row| row.get(0)).unwrap()
        }
    };
    let named = links.iter().map(|(citing, cited)| (name(*citing), name(*cited)));
    named.filter(|(citing, cited)| citing != cited).collect()
}

/// Works and links as a reader knows them.
type LinkMirror = (GenerationId, BTreeMap<u32, Option<i64>>, BTreeSet<(u32, u32)>);

fn read(library: &Library, before: Option<&LinkMirror>) -> LinkMirror {
    let since = library.links_since(before.map(|reader| reader.0)).unwrap();
    assert!(since.works.is_sorted() && since.links.is_sorted());
    let (mut works, mut links) = match before.filter(|_| !since.is_complete) {
        Some((_, works, links)) => (works.clone(), links.clone()),
        None => Default::default(),
    };
    works.extend(since.works);
    links.extend(since.links);
    (since.generation, works, links)
}

#[derive(Debug, Clone)]
enum LinkStep {
    Add(usize, usize),
    /// A record that says that two papers are one.
    Merge(usize, usize),
    Split(usize),
    Retitle(usize, usize),
    Link(Vec<(Link, Link)>),
    Remove(Vec<usize>),
    Compact,
}

fn links() -> impl Strategy<Value = Vec<(Link, Link)>> {
    let end = || (0..PAPERS, 0..5usize);
    prop::collection::vec((end(), end()), 1..4)
}

fn link_step() -> impl Strategy<Value = LinkStep> {
    prop_oneof![
        6 => (0..PAPERS, 0..3usize).prop_map(|(number, form)| LinkStep::Add(number, form)),
        1 => (0..PAPERS, 0..PAPERS).prop_map(|(one, other)| LinkStep::Merge(one, other)),
        1 => (0..PAPERS).prop_map(LinkStep::Split),
        1 => (0..PAPERS, 0..PAPERS).prop_map(|(one, other)| LinkStep::Retitle(one, other)),
        6 => links().prop_map(LinkStep::Link),
        2 => prop::collection::vec(0..PAPERS, 0..3).prop_map(LinkStep::Remove),
        1 => Just(LinkStep::Compact),
    ]
}

fn take_step(library: &mut Library, step: LinkStep) {
    match step {
        LinkStep::Add(number, form) => add_record(library, record(number, form)),
        LinkStep::Merge(one, other) => {
            add_record(library, Paper { aliases: vec![id(other)], source: "merge".to_owned(), ..record(one, 0) });
        }
        LinkStep::Split(number) => {
            if let Ok(changes) = library.split(&id(number)) {
                let model = library.model().unwrap().unwrap();
                let vector = embedding(&record(number, 0), &model);
                let changes: Vec<_> = changes.into_iter().map(|change| (change, Some(vector.clone()))).collect();
                library.write(&model, &changes).unwrap();
            }
        }
        LinkStep::Retitle(one, other) => {
            add_record(library, Paper { id: id(one), aliases: Vec::new(), ..record(other, 2) });
        }
        LinkStep::Link(links) => {
            library.write_links(&links.into_iter().map(link).collect::<Vec<_>>()).unwrap();
        }
        LinkStep::Remove(numbers) => {
            library.remove(&numbers.into_iter().map(id).collect::<Vec<_>>()).unwrap();
        }
        LinkStep::Compact => {
            library.compact().unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    #[test]
    fn links_since_any_generation_lead_to_now(steps in prop::collection::vec(link_step(), 1..25)) {
        let mut library = test_library();
        let mut readers = vec![read(&library, None)];
        for step in steps {
            take_step(&mut library, step.clone());
            prop_assert_eq!(count_works(&library.db).unwrap().1, 0, "{:?}", step);
            let now = read(&library, None);
            let linked: BTreeSet<u32> = now.2.iter().flat_map(|(citing, cited)| [*citing, *cited]).collect();
            prop_assert_eq!(now.1.keys().copied().collect::<BTreeSet<_>>(), linked, "works are those with links");
            for reader in &readers {
                prop_assert_eq!(&read(&library, Some(reader)), &now, "{:?}", step);
            }
            for key in now.1.values().flatten() {
                let of_paper: Vec<u32> = library.works_of(*key).unwrap();
                let expected = now.1.iter().filter(|(_, paper)| **paper == Some(*key)).map(|(number, _)| *number);
                prop_assert_eq!(of_paper, expected.collect::<Vec<_>>());
            }
            readers.push(now);
        }
    }

    #[test]
    fn papers_and_links_in_any_order_are_the_same(
        records in prop::collection::vec((0..PAPERS, 0..3usize), 1..8),
        links in links(),
        links_after in 0..8usize,
    ) {
        let links: Vec<_> = links.into_iter().map(link).collect();
        let mut views = Vec::new();
        for after in [0, links_after.min(records.len()), records.len()] {
            let mut library = test_library();
            for (place, (number, form)) in records.iter().enumerate() {
                if place == after {
                    library.write_links(&links).unwrap();
                }
                add_record(&mut library, record(*number, *form));
            }
            library.write_links(&links).unwrap();
            let before = library.generation_id().unwrap();
            let again = library.write_links(&links).unwrap();
            prop_assert_eq!((again.new, library.generation_id().unwrap()), (0, before), "nothing is added twice");
            views.push(view(&library));
        }
        prop_assert_eq!(&views[0], &views[1]);
        prop_assert_eq!(&views[0], &views[2]);
    }
}

#[test]
fn links_are_counted_and_read() {
    let mut library = test_library();
    let other = WorkName { title: "A work of no id".to_owned(), ..WorkName::default() };
    let links = [
        (work(0, 0), work(1, 1)),
        (work(0, 0), work(1, 3)),
        (work(0, 0), work(1, 4)),
        (work(0, 2), other.clone()),
        (work(0, 0), WorkName::default()),
        (work(0, 0), work(0, 0)),
        (work(0, 0), work(0, 1)),
        (work(2, 0), work(0, 0)),
    ];
    add_record(&mut library, record(0, 2));
    add_record(&mut library, record(1, 2));
    let counts = library.write_links(&links).unwrap();
    assert_eq!(counts, LinkCounts { new: 6, known: 0, unresolved: 3 });
    assert_eq!(library.write_links(&links).unwrap(), LinkCounts { new: 0, known: 6, unresolved: 3 });
    assert_eq!(library.link_summary().unwrap(), crate::library::LinkSummary { links: 6, papers: 2 });
    let [first, second] = [0, 1].map(|number| library.paper(&id(number)).unwrap().unwrap().key);
    assert_eq!(library.references(first).unwrap(), [WorkName::from_id(id(1)), work(1, 4), other]);
    assert_eq!(library.references(second).unwrap(), []);
    assert_eq!(library.works_of(second).unwrap().len(), 2);
}

#[test]
fn a_removed_paper_takes_its_references_along() {
    let mut library = test_library();
    (0..3).for_each(|number| add_record(&mut library, record(number, 2)));
    let unknown = || work(4, 0);
    library.write_links(&[(work(0, 2), work(1, 2)), (work(2, 2), work(0, 2)), (work(0, 2), unknown())]).unwrap();
    let before = library.generation_id().unwrap();
    library.remove(&[id(0)]).unwrap();
    let since = library.links_since(Some(before)).unwrap();
    assert!(since.is_complete && since.links.len() == 1, "{since:?}");
    let key = library.paper(&id(2)).unwrap().unwrap().key;
    assert_eq!(library.references(key).unwrap(), [WorkName::from_id(work(0, 2).id().unwrap())]);
    // What has no links takes none along, and it is cited again when it comes back.
    let before = library.generation_id().unwrap();
    library.remove(&[id(1)]).unwrap();
    add_record(&mut library, record(0, 0));
    let since = library.links_since(Some(before)).unwrap();
    assert!(!since.is_complete && since.works.len() == 1 && since.links.is_empty(), "{since:?}");
    assert_eq!(library.references(key).unwrap(), [WorkName::from_id(id(0))]);
}

#[test]
fn a_title_of_many_papers_says_nothing() {
    let mut library = test_library();
    let of_title = |number: usize| Paper { id: id(number), source: format!("source {number}"), ..record(0, 0) };
    let link = (work(1, 1), work(0, 3));
    library.write_links(&[link]).unwrap();
    let is_found = |library: &Library| library.links_since(None).unwrap().works.iter().any(|work| work.1.is_some());
    let model = model(0);
    for number in 0..19 {
        let paper = of_title(number);
        library.write(&model, &[(PaperChange::New(paper.clone().into()), Some(embedding(&paper, &model)))]).unwrap();
        assert_eq!((is_found(&library), count_works(&library.db).unwrap().1), (number < 16, 0), "{number}");
    }
    for number in 0..19 {
        library.remove(&[id(number)]).unwrap();
        assert_eq!(
            (is_found(&library), count_works(&library.db).unwrap().1),
            ((2..18).contains(&number), 0),
            "{number}"
        );
    }
}

#[test]
fn works_of_wrong_papers_are_found_and_mended() {
    let mut library = test_library();
    (0..2).for_each(|number| add_record(&mut library, record(number, 0)));
    library.write_links(&[(work(0, 0), work(1, 0))]).unwrap();
    let remedies = |library: &Library| library.check().unwrap().iter().filter(|f| f.remedy.is_some()).count();
    for damage in ["UPDATE work SET paper = NULL", "UPDATE work SET paper = 2"] {
        library.db.execute_batch(damage).unwrap();
        assert_eq!(remedies(&library), 1, "{damage}");
        library.compact().unwrap();
        assert_eq!(remedies(&library), 0, "{damage}");
    }
}
