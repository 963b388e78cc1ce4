//! Laws of the library's generations, and of what leaves it.

mod citations;
mod damage;
mod migration;
mod old_formats;
mod records;
mod terms;
mod title_ids;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

use super::open::{APPLICATION_ID, FILE_NAME, UPGRADES};
use super::{GenerationId, HistoryEntry, HistoryKind, Library, PaperChange, PaperFilter, StoredModel, StoredPaper};
use crate::error::Error;
use crate::lexical::{AnalyzedText, TermQuery};
use crate::paper::{Paper, PaperId};
use crate::vector::Embedding;

/// The variable with the address of a server of PostgreSQL, on which the laws are tested instead.
#[cfg(feature = "postgres")]
const SERVER: &str = "PAPERKIN_TEST_POSTGRES";

/// The variable with the addresses of three databases, by spaces, over which the embeddings are spread. The server has them as
/// foreign servers.
#[cfg(feature = "postgres")]
const PARTS: &str = "PAPERKIN_TEST_POSTGRES_PARTS";

/// An empty library: in memory, or on a server, in a schema of its own.
fn test_library() -> Library {
    match test_address() {
        Some(address) => Library::create(&address).unwrap(),
        None => Library::in_memory().unwrap(),
    }
}

/// Makes the tables of a library in a schema, and spreads its embeddings, if the tests ask for it.
#[cfg(feature = "postgres")]
fn spread(address: &Path, server: &mut postgres::Client, schema: &str) {
    let Ok(parts) = std::env::var(PARTS) else { return };
    for part in parts.split_whitespace() {
        let mut part = postgres::Client::connect(part, postgres::NoTls).unwrap();
        let tables = include_str!("../../../deploy/postgres/part.sql");
        part.batch_execute(&format!("CREATE SCHEMA {schema}; SET search_path = {schema}, public; {tables}")).unwrap();
    }
    Library::create(address).unwrap();
    let partitions = include_str!("../../../deploy/postgres/partitioned.sql");
    server.batch_execute(&format!("SET search_path = {schema}, public; {partitions}")).unwrap();
}

/// The address of an empty schema on the server; `None` when the tests are of SQLite.
fn test_address() -> Option<PathBuf> {
    #[cfg(feature = "postgres")]
    {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static SCHEMAS: AtomicUsize = AtomicUsize::new(0);
        let address = std::env::var(SERVER).ok()?;
        let schema = format!("test_{}_{}", std::process::id(), SCHEMAS.fetch_add(1, Ordering::Relaxed));
        let mut server = postgres::Client::connect(&address, postgres::NoTls).unwrap();
        server.batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
        let library = PathBuf::from(format!("{address}?options=-csearch_path%3D{schema},public"));
        spread(&library, &mut server, &schema);
        Some(library)
    }
    #[cfg(not(feature = "postgres"))]
    None
}

fn id(paper: usize) -> PaperId {
    PaperId::parse(&format!("paper {paper}")).unwrap()
}

fn paper(number: usize, text: usize) -> Paper {
    Paper {
        id: id(number),
        aliases: Vec::new(),
        title: format!("Distinctive title {number}"),
        abstract_text: format!("Text {text}"),
        authors: Vec::new(),
        author_count: None,
        published: None,
        listed: None,
        votes: None,
        comments: None,
        categories: Vec::new(),
        source: "test".to_owned(),
        url: None,
    }
}

fn model(number: usize) -> StoredModel {
    StoredModel::new("model", &format!("fingerprint {number}"), 3)
}

/// An embedding that no other text and no other model has.
fn embedding(paper: &Paper, model: &StoredModel) -> Embedding {
    let number = |text: &str| text.bytes().fold(1.0, |sum: f32, byte| (sum * 31.0 + f32::from(byte)) % 1_009.0);
    Embedding::normalize(vec![number(&paper.document()), number(&model.fingerprint), 500.0]).unwrap()
}

fn add(library: &mut Library, paper: Paper) {
    let model = library.model().unwrap().unwrap_or_else(|| model(0));
    let change = library.plan_upsert(paper.clone()).unwrap();
    let embedding = matches!(change, PaperChange::New(_) | PaperChange::Text(_)).then(|| embedding(&paper, &model));
    if !matches!(change, PaperChange::Unchanged(_)) {
        library.write(&model, &[(change, embedding)]).unwrap();
    }
}

/// The ids of all papers.
fn ids(library: &Library) -> Vec<String> {
    let mut ids = Vec::new();
    let take = |stored: StoredPaper| {
        ids.push(stored.paper.id.to_string());
        Ok(())
    };
    library.for_each_paper(take).unwrap();
    ids
}

/// A reader that knows the library as of one generation.
#[derive(Clone)]
struct Reader {
    stamp: GenerationId,
    vectors: BTreeMap<i64, Vec<f32>>,
}

impl Reader {
    /// What a reader knows now who knew that, and whether it had to read everything.
    fn read(library: &Library, before: Option<&Reader>) -> (Reader, bool) {
        let since = library.embeddings_since(before.map(|reader| reader.stamp)).unwrap();
        assert!(since.keys.is_sorted() && since.removed.is_sorted());
        assert_eq!(since.keys.len(), since.vectors.len());
        assert!(since.removed.iter().all(|key| !since.keys.contains(key)));
        let mut vectors =
            before.filter(|_| !since.is_complete).map(|reader| reader.vectors.clone()).unwrap_or_default();
        vectors.retain(|key, _| !since.removed.contains(key));
        vectors.extend(since.keys.into_iter().zip(since.vectors.rows().map(<[f32]>::to_vec)));
        (Reader { stamp: since.generation, vectors }, since.is_complete)
    }
}

#[derive(Debug, Clone)]
enum Step {
    Add { paper: usize, text: usize },
    Vote { paper: usize, votes: u32 },
    Remove(Vec<usize>),
    Reembed { model: usize, interrupted: bool },
    Compact,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..6usize, 0..3usize).prop_map(|(paper, text)| Step::Add { paper, text }),
        2 => (0..6usize, 0..3u32).prop_map(|(paper, votes)| Step::Vote { paper, votes }),
        4 => prop::collection::vec(0..6usize, 0..4).prop_map(Step::Remove),
        2 => (0..2usize, any::<bool>()).prop_map(|(model, interrupted)| Step::Reembed { model, interrupted }),
        1 => Just(Step::Compact),
    ]
}

/// Takes the step, in the library and in what it should hold: texts by paper. Says whether anything changed.
fn take(step: Step, library: &mut Library, texts: &mut BTreeMap<usize, usize>) -> bool {
    match step {
        Step::Add { paper: number, text } => {
            add(library, Paper { votes: None, ..paper(number, text) });
            texts.insert(number, text) != Some(text)
        }
        Step::Vote { paper: number, votes } => {
            let Some(stored) = library.paper(&id(number)).unwrap() else { return false };
            let changed = stored.paper.votes != Some(votes);
            add(library, Paper { votes: Some(votes), ..stored.paper });
            changed
        }
        Step::Remove(papers) => {
            let ids: Vec<PaperId> = papers.iter().map(|paper| id(*paper)).collect();
            let gone: Vec<PaperId> =
                papers.iter().filter(|paper| texts.remove(paper).is_some()).map(|p| id(*p)).collect();
            assert_eq!(library.remove(&ids).unwrap(), gone);
            !gone.is_empty()
        }
        Step::Reembed { model: number, interrupted } => {
            let before = library.generation().unwrap();
            let model = model(number);
            let (papers, _) = library.without_embedding(&model.fingerprint, if interrupted { 2 } else { 100 }).unwrap();
            let pairs: Vec<_> =
                papers.into_iter().map(|stored| (stored.clone(), embedding(&stored.paper, &model))).collect();
            if !pairs.is_empty() {
                library.write_embeddings(&model, &pairs).unwrap();
            }
            if !interrupted {
                assert!(library.switch_model(&model).unwrap());
            }
            library.generation().unwrap() > before
        }
        Step::Compact => {
            library.compact().unwrap();
            true
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn changes_since_any_generation_lead_to_now(steps in prop::collection::vec(step(), 1..25)) {
        let mut library = test_library();
        let mut texts = BTreeMap::new();
        let mut readers = vec![Reader::read(&library, None).0];
        let mut forgotten = 0;
        for step in steps {
            let before = library.generation_id().unwrap();
            if matches!(step, Step::Compact) {
                forgotten = readers.len();
            }
            let changed = take(step, &mut library, &mut texts);
            prop_assert_eq!(library.generation_id().unwrap() != before, changed);
            prop_assert_eq!(library.generation().unwrap() > before.generation, changed);
            prop_assert_eq!(library.count_term_lists().unwrap().1, 0);

            let (now, _) = Reader::read(&library, None);
            let model = library.model().unwrap();
            let expected: BTreeMap<i64, Vec<f32>> = texts.iter().map(|(number, text)| {
                let key = library.paper(&id(*number)).unwrap().unwrap().key;
                (key, embedding(&paper(*number, *text), model.as_ref().unwrap()).as_slice().to_vec())
            }).collect();
            prop_assert_eq!(&now.vectors, &expected);
            for (number, reader) in readers.iter().enumerate() {
                let (read, whole) = Reader::read(&library, Some(reader));
                prop_assert_eq!(whole, number < forgotten);
                prop_assert_eq!(library.knows(&reader.stamp).unwrap(), !whole);
                prop_assert_eq!(read.stamp, now.stamp);
                prop_assert_eq!(&read.vectors, &expected);
            }
            if changed {
                readers.push(now);
            }
        }
        let findings = library.check().unwrap();
        prop_assert!(findings.iter().all(|finding| finding.remedy.is_none()), "{findings:?}");
    }
}

#[test]
fn what_did_not_change_is_not_read_again() {
    let mut library = test_library();
    (0..4).for_each(|number| add(&mut library, paper(number, 0)));
    let key = |library: &Library, number| library.paper(&id(number)).unwrap().unwrap().key;
    let then = library.generation_id().unwrap();
    let gone = key(&library, 0);
    let changed = key(&library, 2);
    library.remove(&[id(0)]).unwrap();
    add(&mut library, Paper { votes: Some(3), ..paper(1, 0) });
    add(&mut library, paper(2, 1));
    add(&mut library, paper(0, 0));
    let again = key(&library, 0);
    assert!(again > key(&library, 3), "a row is never given to another paper");
    let since = library.embeddings_since(Some(then)).unwrap();
    assert_eq!((since.keys, since.removed, since.is_complete), (vec![changed, again], vec![gone], false));
    // The same number with another stamp is another library's, or of another time.
    let foreign = GenerationId { nonce: [0; 16], ..then };
    assert!(library.embeddings_since(Some(foreign)).unwrap().is_complete);
    assert!(!library.knows(&test_library().generation_id().unwrap()).unwrap());
}

#[test]
fn a_restored_backup_does_not_know_what_it_undid() {
    let folder = tempfile::tempdir().unwrap();
    let (here, backup) = (folder.path().join("here"), folder.path().join("backup"));
    add(&mut Library::create(&here).unwrap(), paper(0, 0));
    std::fs::create_dir(&backup).unwrap();
    std::fs::copy(here.join(FILE_NAME), backup.join(FILE_NAME)).unwrap();
    let stamps = [here, backup].map(|directory| {
        let mut library = Library::open(&directory).unwrap();
        let before = library.generation_id().unwrap();
        add(&mut library, paper(1, 0));
        (before, library.generation_id().unwrap(), library)
    });
    let [(before, here, _), (_, there, restored)] = stamps;
    assert_eq!(here.generation, there.generation);
    assert!(restored.knows(&before).unwrap() && restored.knows(&there).unwrap());
    assert!(!restored.knows(&here).unwrap());
}

#[test]
fn nothing_of_the_file_is_mapped() {
    let folder = tempfile::tempdir().unwrap();
    let library = Library::create(folder.path()).unwrap();
    assert_eq!(library.db.query_row("PRAGMA mmap_size", [], |row| row.get::<i64>(0)).unwrap(), 0);
}

#[test]
fn a_backup_overwrites_only_backups() {
    let folder = tempfile::tempdir().unwrap();
    let library = Library::create(folder.path()).unwrap();
    let (notes, copy) = (folder.path().join("notes.txt"), folder.path().join("copy"));
    std::fs::write(&notes, "precious").unwrap();
    let refused = |path: &Path| library.back_up(path).unwrap_err().to_string();
    assert!(refused(&notes).ends_with("exists and is not a copy of a library: give another file"));
    assert!(refused(&folder.path().join(FILE_NAME)).ends_with("is the library itself: give another file"));
    assert!(refused(folder.path()).ends_with("is a directory: give a file"));
    assert_eq!(std::fs::read(&notes).unwrap(), b"precious");
    assert!((0..2).all(|_| library.back_up(&copy).is_ok()));
}

#[test]
fn a_library_of_format_1_is_brought_up() {
    let folder = tempfile::tempdir().unwrap();
    let (kept, other) = (model(0), model(1));
    let papers: Vec<Paper> = (0..3).map(|number| paper(number, 0)).collect();
    let db = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
    db.execute_batch(UPGRADES[0]).unwrap();
    db.execute_batch(&format!("PRAGMA user_version = 1; PRAGMA application_id = {APPLICATION_ID}")).unwrap();
    for (key, model) in [(1, &kept), (2, &other)] {
        db.execute("INSERT INTO model VALUES (?, ?, ?, 3)", (key, &model.name, &model.fingerprint)).unwrap();
    }
    db.execute("UPDATE library SET generation = 7, model = 1", []).unwrap();
    for paper in &papers {
        let insert = "INSERT INTO paper (id, title, title_key, abstract, authors, categories, source, added) \
                      VALUES (?, ?, '', ?, '[]', '[]', 'test', 7)";
        db.execute(insert, (paper.id.as_str(), &paper.title, &paper.abstract_text)).unwrap();
        let row = db.last_insert_rowid();
        for (key, model) in [(1, &kept), (2, &other)] {
            let bytes: Vec<u8> = embedding(paper, model).as_slice().iter().flat_map(|x| x.to_le_bytes()).collect();
            db.execute("INSERT INTO embedding (row, model, vector) VALUES (?, ?, ?)", (row, key, bytes)).unwrap();
        }
    }
    drop(db);

    let mut library = Library::open(folder.path()).unwrap();
    assert!(library.check().unwrap().iter().all(|finding| finding.remedy.is_none()));
    let (all, _) = Reader::read(&library, None);
    assert_eq!(all.stamp.generation, 7);
    let expected = papers.iter().zip(1..).map(|(paper, key)| (key, embedding(paper, &kept).as_slice().to_vec()));
    assert_eq!(all.vectors, expected.collect());
    assert!(library.embeddings_since(Some(all.stamp)).unwrap().keys.is_empty());
    add(&mut library, paper(3, 0));
    library.remove(&[id(1)]).unwrap();
    let since = library.embeddings_since(Some(all.stamp)).unwrap();
    assert_eq!((since.keys, since.removed, since.generation.generation), (vec![4], vec![2], 9));
    drop(library);
    let again = Library::open(folder.path()).unwrap().generation_id().unwrap();
    assert_eq!(again, since.generation, "brought up once");
}

/// The numbers of the papers that have words of the text, best first.
#[test]
fn a_profile_keeps_every_kind_and_its_token() {
    let mut library = test_library();
    let at = "2025-01-02".parse().unwrap();
    let entry = |(number, kind)| HistoryEntry { weight: 0.5, ..HistoryEntry::new(id(number), kind, at) };
    let history: Vec<HistoryEntry> = (0..).zip(HistoryKind::ALL).map(entry).collect();
    library.add_to_history("me", &history).unwrap();
    let profile = library.profile("me").unwrap();
    assert_eq!(profile.history, history);
    let token = library.feed_token(&profile).unwrap();
    assert_eq!((token.len(), library.feed_token(&profile).unwrap()), (32, token.clone()));
    let renewed = library.renew_feed_token(&profile).unwrap();
    assert!(renewed != token && library.feed_token(&profile).unwrap() == renewed);
}

#[test]
fn facts_do_not_bring_a_removed_paper_back() {
    let mut library = test_library();
    add(&mut library, paper(0, 0));
    let change = library.plan_upsert(Paper { votes: Some(5), ..paper(0, 0) }).unwrap();
    assert!(matches!(change, PaperChange::Metadata(_)));
    library.remove(&[id(0)]).unwrap();
    library.write(&model(0), &[(change, None)]).unwrap();
    assert_eq!(library.paper(&id(0)).unwrap(), None);
}

#[test]
fn one_moment_is_one_generation() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Library::create(folder.path()).unwrap();
    add(&mut writer, paper(0, 0));
    let reader = Library::open(folder.path()).unwrap();
    reader
        .read_transaction(|| {
            let before = reader.embeddings_since(None)?;
            writer.remove(&[id(0)])?;
            assert_eq!(reader.paper_at(before.keys[0])?.paper, paper(0, 0));
            assert_eq!(reader.generation_id()?, before.generation);
            Ok(())
        })
        .unwrap();
    assert_eq!(reader.paper(&id(0)).unwrap(), None);
}

fn is_on_disk(directory: &Path, bytes: &[u8]) -> bool {
    let mut files = std::fs::read_dir(directory).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    files.any(|content| content.windows(bytes.len()).any(|window| window == bytes))
}

#[test]
fn what_is_removed_leaves_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mut library = Library::create(folder.path()).unwrap();
    (0..200).for_each(|number| add(&mut library, paper(number, 0)));
    let gone: Vec<Paper> = (100..200).map(|number| paper(number, 0)).collect();
    library.remove(&gone.iter().map(|paper| paper.id.clone()).collect::<Vec<_>>()).unwrap();
    let then = library.generation_id().unwrap();
    assert!(is_on_disk(folder.path(), gone[0].title.as_bytes()));
    assert!(library.compact().unwrap() > 0);
    assert!(!library.knows(&then).unwrap());
    for paper in &gone {
        let vector: Vec<u8> = embedding(paper, &model(0)).as_slice().iter().flat_map(|x| x.to_le_bytes()).collect();
        for bytes in [paper.title.as_bytes(), paper.id.as_str().as_bytes(), &vector] {
            assert!(!is_on_disk(folder.path(), bytes), "{}", paper.id);
        }
    }
    assert!(is_on_disk(folder.path(), b"Distinctive title 99"));
    assert_eq!(library.embeddings_since(None).unwrap().keys.len(), 100);
    // The keys of removed papers stay theirs.
    add(&mut library, paper(200, 0));
    assert_eq!(library.paper(&id(200)).unwrap().unwrap().key, 201);
}

#[test]
fn a_reader_in_the_way_of_compacting_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut library = Library::create(folder.path()).unwrap();
    add(&mut library, paper(0, 0));
    library.db.set_busy_timeout(Duration::ZERO).unwrap();
    let reader = Library::open(folder.path()).unwrap();
    let failed = reader.read_transaction(|| {
        reader.generation_id()?;
        Ok(library.compact())
    });
    let error = failed.unwrap().unwrap_err();
    assert!(matches!(error, Error::Library { .. }));
    assert!(
        error.one_line().ends_with("cannot compact: another process is reading the library: try again later"),
        "{error}"
    );
    library.compact().unwrap();
}
