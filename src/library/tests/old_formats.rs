//! Files of every earlier format, with rows in each table that it had: what they hold is there after they are opened.

use super::terms::found;
use super::test_library;
use super::*;
use crate::library::checksums;
use crate::library::database::{self, TransactionKind};
use rusqlite::{Connection, OpenFlags, params};

/// The generation that the files are in.
const GENERATION: u64 = 7;
const DAY: &str = "2025-01-02";
const TOKEN: &str = "00112233445566778899aabbccddeeff";
const NOT_IN_LIBRARY: &str = "2401.00009";
/// Tables have other names since.
const LAST_FORMAT_WITH_OLD_NAMES: usize = 6;

/// Papers with vectors, of which the first has another id from format 5 on.
fn papers(format: usize) -> [Paper; 2] {
    let mut papers = [0, 1].map(|number| Paper { categories: vec!["cs.CL".to_owned()], ..paper(number, number) });
    if format >= 5 {
        papers[0].aliases = vec![PaperId::parse("10.1000/first").unwrap()];
    }
    papers
}

fn unresolved() -> Paper {
    Paper { id: PaperId::parse(NOT_IN_LIBRARY).unwrap(), ..paper(9, 9) }
}

/// The history: kinds that each format knows, and an interest from format 6 on.
fn history(format: usize) -> Vec<HistoryEntry> {
    let kind = if format >= 4 { HistoryKind::Save } else { HistoryKind::Like };
    let at = DAY.parse().unwrap();
    let interest = (format >= 6).then(|| "robots".to_owned());
    let read = HistoryEntry { weight: 0.5, ..HistoryEntry::new(unresolved().id, HistoryKind::Read, at) };
    vec![read, HistoryEntry { interest, ..HistoryEntry::new(id(0), kind, at) }]
}

fn bytes(embedding: &Embedding) -> Vec<u8> {
    embedding.as_slice().iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Writes a file as the programs of that format did.
fn write(directory: &Path, format: usize) {
    let db = Connection::open(directory.join(FILE_NAME)).unwrap();
    let (before, after) = UPGRADES[..format].split_at(format.min(LAST_FORMAT_WITH_OLD_NAMES));
    before.iter().for_each(|upgrade| db.execute_batch(upgrade).unwrap());
    let pragmas = format!("PRAGMA user_version = {format}; PRAGMA application_id = {APPLICATION_ID}");
    db.execute_batch(&pragmas).unwrap();
    let model = model(0);
    db.execute("INSERT INTO model VALUES (1, ?, ?, 3)", (&model.name, &model.fingerprint)).unwrap();
    db.execute("UPDATE library SET model = 1", []).unwrap();
    match format {
        1 => db.execute("UPDATE library SET generation = ?", [GENERATION as i64]),
        _ => db.execute("UPDATE generation SET number = ?", [GENERATION as i64]),
    }
    .unwrap();
    for paper in papers(format) {
        let insert = "INSERT INTO paper (id, title, title_key, abstract, authors, categories, source, added) \
                      VALUES (?, ?, ?, ?, '[]', '[\"cs.CL\"]', 'test', ?)";
        let key = crate::paper::title_key(&paper.title);
        db.execute(insert, params![paper.id.as_str(), paper.title, key, paper.abstract_text, GENERATION as i64])
            .unwrap();
        let (row, vector) = (db.last_insert_rowid(), bytes(&embedding(&paper, &model)));
        match format {
            1 => db.execute("INSERT INTO embedding VALUES (?, 1, ?)", params![row, vector]),
            _ => db.execute("INSERT INTO embedding VALUES (?, 1, ?, ?)", params![row, GENERATION as i64, vector]),
        }
        .unwrap();
        for alias in &paper.aliases {
            db.execute("UPDATE paper SET also = ? WHERE row = ?", params![format!("[\"{alias}\"]"), row]).unwrap();
            db.execute("INSERT INTO name VALUES (?, ?)", params![alias.as_str(), row]).unwrap();
        }
    }
    write_profile(&db, format);
    if format >= 3 {
        write_words(&db, format);
    }
    if format >= 5 {
        db.execute("INSERT INTO note VALUES ('fetch test', 'page 3')", []).unwrap();
        let record = serde_json::to_string(&unresolved()).unwrap();
        db.execute("INSERT INTO wanted VALUES (1, ?, ?)", params![NOT_IN_LIBRARY, record]).unwrap();
    }
    after.iter().for_each(|upgrade| db.execute_batch(upgrade).unwrap());
    if format >= 13 {
        let db = database::Connection::open_sqlite(&directory.join(FILE_NAME), OpenFlags::default()).unwrap();
        let transaction = db.begin(TransactionKind::Write).unwrap();
        checksums::write_all(&transaction).unwrap();
        transaction.commit().unwrap();
    }
}

fn write_profile(db: &Connection, format: usize) {
    db.execute("INSERT INTO profile (key, name, looked, looked_before, looked_on) VALUES (1, 'me', 6, 5, ?)", [DAY])
        .unwrap();
    for entry in history(format) {
        let insert = "INSERT INTO history (profile, paper, kind, weight, at) VALUES (1, ?, ?, ?, ?)";
        let kind = entry.kind.to_string();
        db.execute(insert, params![entry.id.as_str(), kind, entry.weight, entry.at.to_string()]).unwrap();
        if let Some(interest) = entry.interest {
            db.execute("UPDATE history SET interest = ? WHERE paper = ?", [interest, entry.id.to_string()]).unwrap();
        }
    }
    db.execute("INSERT INTO shown VALUES (1, ?, ?)", [id(1).as_str(), DAY]).unwrap();
    if format >= 3 {
        db.execute("INSERT INTO followed VALUES (1, 'Ada Example')", []).unwrap();
    }
    if format >= 4 {
        db.execute("UPDATE profile SET feed_token = ?", [TOKEN]).unwrap();
    }
}

/// Copies the words of the papers from a new library: those of these papers have not changed since they came.
fn write_words(db: &Connection, format: usize) {
    let mut new = test_library();
    papers(format).into_iter().for_each(|paper| add(&mut new, paper));
    let mut words = new.db.prepare("SELECT block, term, papers FROM posting WHERE term NOT LIKE '#%'").unwrap();
    let mut rows = words.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (block, term, papers) =
            (row.get::<i64>(0).unwrap(), row.get::<String>(1).unwrap(), row.get::<Vec<u8>>(2).unwrap());
        db.execute("INSERT INTO word VALUES (?, ?, ?)", params![block, term, papers]).unwrap();
    }
    let mut bags = new.db.prepare("SELECT row, terms FROM term_vector").unwrap();
    let mut rows = bags.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (row, terms) = (row.get::<i64>(0).unwrap(), row.get::<Vec<u8>>(1).unwrap());
        db.execute("INSERT INTO bag VALUES (?, ?)", params![row, terms]).unwrap();
    }
}

#[test]
fn libraries_of_all_formats_are_brought_up() {
    for format in 1..UPGRADES.len() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), format);
        let mut library = Library::open(folder.path()).unwrap();
        let findings = library.check().unwrap();
        assert!(findings.iter().all(|finding| finding.remedy.is_none()), "format {format}: {findings:?}");

        let stored = [1, 2].map(|key| library.paper_at(key).unwrap().paper);
        assert_eq!(stored, papers(format), "format {format}");
        let vectors = library.embeddings_since(None).unwrap();
        assert_eq!((vectors.keys.as_slice(), vectors.generation.generation), (&[1, 2][..], GENERATION));
        for (paper, row) in stored.iter().zip(vectors.vectors.rows()) {
            assert_eq!(row, embedding(paper, &model(0)).as_slice(), "format {format}");
        }
        assert_eq!(found(&library, "distinctive title", None).len(), 2, "format {format}");
        let cs = PaperFilter { categories: vec!["cs".to_owned()], ..PaperFilter::default() };
        assert_eq!(library.matching_keys(&cs).unwrap().unwrap(), [1, 2], "format {format}");

        let profile = library.profile("me").unwrap();
        assert_eq!((profile.last_seen_generation, profile.previous_seen_generation), (6, 5), "format {format}");
        assert_eq!(profile.last_seen_on, DAY.parse().ok(), "format {format}");
        assert_eq!(profile.history, history(format), "format {format}");
        assert_eq!(library.impressions(&profile, None).unwrap(), [id(1)], "format {format}");
        let authors = if format >= 3 { vec!["Ada Example"] } else { Vec::new() };
        assert_eq!(profile.authors, authors, "format {format}");
        assert_eq!(profile.feed_token.as_deref(), (format >= 4).then_some(TOKEN), "format {format}");
        let (value, known) = (library.value("fetch test").unwrap(), library.unresolved_papers(&profile).unwrap());
        let expected = (format >= 5).then(|| ("page 3".to_owned(), vec![unresolved()])).unzip();
        assert_eq!((value, known), (expected.0, expected.1.unwrap_or_default()), "format {format}");
        if format >= 5 {
            let alias = PaperId::parse("10.1000/first").unwrap();
            assert_eq!(library.paper(&alias).unwrap().map(|stored| stored.key), Some(1), "format {format}");
        }

        // It is a library like any other from here on, and is brought up once.
        let before = library.generation_id().unwrap();
        add(&mut library, paper(2, 2));
        library.remove(&[id(0)]).unwrap();
        drop(library);
        let library = Library::open(folder.path()).unwrap();
        let since = library.embeddings_since(Some(before)).unwrap();
        assert_eq!((since.keys, since.removed), (vec![3], vec![1]), "format {format}");
    }
}

#[test]
fn a_preview_leaves_the_file_as_it_is() {
    for format in 1..UPGRADES.len() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), format);
        let before = std::fs::read(folder.path().join(FILE_NAME)).unwrap();
        let library = Library::preview(folder.path()).unwrap();
        for (paper, is_known) in [(papers(format)[1].clone(), true), (paper(5, 5), false)] {
            let change = library.plan_upsert(paper).unwrap();
            assert_eq!(!matches!(change, PaperChange::New(_)), is_known, "format {format}");
        }
        drop(library);
        assert_eq!(std::fs::read(folder.path().join(FILE_NAME)).unwrap(), before, "format {format}");
    }
}
