//! A library is the same after it was copied into another database, and back.

use super::*;
use crate::cancellation::Cancellation;
use crate::library::{MigrationProgress, MigrationSummary};
use crate::paper::WorkName;

/// A library in a directory with all that a library keeps.
fn filled(directory: &Path) -> Library {
    let mut library = Library::create(directory).unwrap();
    (0..5).for_each(|number| add(&mut library, paper(number, number)));
    let links = [(0, 1), (1, 2)].map(|(citing, cited)| (WorkName::from_id(id(citing)), WorkName::from_id(id(cited))));
    library.write_links(&links).unwrap();
    library.remove(&[id(4)]).unwrap();
    let entries = [HistoryEntry::new(id(2), HistoryKind::Like, "2026-01-31".parse().unwrap())];
    library.add_to_history("reader", &entries).unwrap();
    library.set_value("a note", "is kept").unwrap();
    library
}

/// An empty place to copy into: on the server, or else a directory.
fn target(folder: &Path) -> PathBuf {
    test_address().unwrap_or_else(|| folder.join("target"))
}

fn migrate(source: &Library, target: &Path) -> Result<MigrationSummary, Error> {
    Library::migrate(source, target, |_| {})
}

#[test]
fn a_library_is_the_same_after_it_was_copied_there_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let source = filled(&folder.path().join("source"));
    let (there, back) = (target(folder.path()), folder.path().join("back"));
    let summary = migrate(&source, &there).unwrap();
    assert_eq!((summary.papers, summary.profiles, summary.resumed), (4, 1, 0));
    let mut copy = Library::open(&there).unwrap();
    assert_eq!(migrate(&copy, &back).unwrap(), summary);
    let mut copy_of_copy = Library::open(&back).unwrap();
    for copy in [&mut copy, &mut copy_of_copy] {
        assert!(copy.check().unwrap().iter().all(|finding| finding.remedy.is_none()), "{:?}", copy.check());
        assert_eq!(copy.generation_id().unwrap(), source.generation_id().unwrap());
        assert_eq!(copy.model().unwrap().map(|model| model.fingerprint), Some("fingerprint 0".to_owned()));
        assert_eq!(copy.value("a note").unwrap().as_deref(), Some("is kept"));
        assert_eq!(copy.profile("reader").unwrap(), source.profile("reader").unwrap());
        assert_eq!(copy.link_count().unwrap(), 2);
        let keys = |library: &Library| library.paper(&id(3)).unwrap();
        assert_eq!(keys(copy), keys(&source));
        // The key of the removed paper is not given to another.
        add(copy, paper(5, 5));
        assert_eq!(copy.paper(&id(5)).unwrap().unwrap().key, 6);
    }
}

#[test]
fn a_migration_that_was_stopped_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut source = filled(&folder.path().join("source"));
    let target = target(folder.path());
    let cancellation = Cancellation::default();
    source.set_cancellation(cancellation.clone());
    let stopped = Library::migrate(&source, &target, |progress| match progress {
        MigrationProgress::Started { .. } | MigrationProgress::Compared(_) => {}
        // After the papers.
        MigrationProgress::Copied(rows) if rows < 4 => {}
        MigrationProgress::Copied(_) => cancellation.cancel(),
    });
    assert!(matches!(stopped, Err(Error::Canceled)), "{stopped:?}");
    let refused = Library::open(&target).unwrap_err().one_line();
    assert!(refused.ends_with("a migration into it is not finished: run `paperkin migrate` again"), "{refused}");
    source.set_cancellation(Cancellation::default());
    let summary = migrate(&source, &target).unwrap();
    assert_eq!((summary.papers, summary.resumed), (4, 5), "a model and four papers");
    assert_eq!(Library::open(&target).unwrap().summary().unwrap().papers, 4);
}

#[test]
fn a_migration_begins_again_when_papers_have_changed() {
    let folder = tempfile::tempdir().unwrap();
    let mut source = filled(&folder.path().join("source"));
    let target = target(folder.path());
    let cancellation = Cancellation::default();
    source.set_cancellation(cancellation.clone());
    Library::migrate(&source, &target, |_| cancellation.cancel()).unwrap_err();
    source.set_cancellation(Cancellation::default());
    add(&mut source, paper(7, 7));
    let summary = migrate(&source, &target).unwrap();
    assert_eq!((summary.papers, summary.resumed), (5, 0));
}

#[test]
fn a_library_with_papers_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let source = filled(&folder.path().join("source"));
    let target = target(folder.path());
    migrate(&source, &target).unwrap();
    for target in [&target, &folder.path().join("source")] {
        let refused = migrate(&source, target).unwrap_err().one_line();
        assert!(refused.ends_with("has a library already: give an empty directory or database"), "{refused}");
    }
}

#[test]
fn every_table_is_copied() {
    let db = Library::in_memory().unwrap();
    let select = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite%'";
    let tables = db.db.prepare(select).unwrap().query_map([], |row| row.get::<String>(0)).unwrap().collect::<Vec<_>>();
    let mut tables: Vec<String> = tables.into_iter().map(Result::unwrap).collect();
    tables.sort_unstable();
    assert_eq!(tables, crate::library::migration::table_names());
}
