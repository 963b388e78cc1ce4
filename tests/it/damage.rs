//! A library that another program, or the disk, has changed: a check says so, or the answers are as before, and whatever
//! it is, nothing panics.

mod sql_damages;

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use paperkin::engine::{FeedMode, FeedOptions, TextEmbeddings};
use paperkin::evaluate::SplitMix64;
use paperkin::jiff::civil::{Date, date};
use paperkin::library::{CheckFinding, HistoryEntry, HistoryKind, Library, PaperChange};
use paperkin::paper::WorkName;
use paperkin::{Clock, Engine, EngineOptions, LibraryLocation, Paper, PaperId, Request, Result, TextSide};
use rusqlite::Connection;
use serde_json::json;

use crate::support::made_up;
use sql_damages::DAMAGES;

const DIMENSION: usize = 16;
const TODAY: Date = date(2026, 2, 1);
const FILE: &str = "library.sqlite3";
const QUERY: &str = "lanterns for harbors";

fn id(text: &str) -> PaperId {
    PaperId::parse(text).unwrap()
}

fn paper(value: serde_json::Value) -> Paper {
    serde_json::from_value(value).unwrap()
}

fn add(library: &mut Library, random: &mut SplitMix64, changes: Vec<PaperChange>) {
    let embedded = |change| (change, Some(made_up::embedding(random, DIMENSION)));
    let changes: Vec<_> = changes.into_iter().map(embedded).collect();
    library.write(&made_up::model(DIMENSION), &changes).unwrap();
}

/// Fills every table.
fn fill(library: &mut Library) {
    let mut random = SplitMix64::new(1);
    let records = [
        json!({"id": "2401.90001", "title": "Lanterns of old harbors", "abstract": "Oil lamps and their light.", "votes": 3,
               "authors": ["Ada Oak", "Ben Reed"], "published": "2026-01-05", "categories": ["cs.CL"], "source": "a"}),
        json!({"id": "10.5555/lanterns", "aliases": ["2401.90001"], "title": "Lanterns of old harbors", "comments": 2,
               "source": "b", "url": "https://example.org/1"}),
        json!({"id": "2401.90002", "title": "Harbors that answer storms", "abstract": "Gates close before the wind.",
               "authors": ["Cy Hill"], "author_count": 3, "published": "2026-01-20", "listed": "2026-01-21", "source": "a"}),
        json!({"id": "2401.90003", "title": "Kites above the sea", "abstract": "Strings, sails and lanterns.", "votes": 9,
               "authors": ["Dee Lake"], "listed": "2026-01-25", "categories": ["cs.LG", "cs.RO"], "source": "b"}),
        json!({"id": "one", "title": "Anchors", "abstract": "Iron.", "source": "c"}),
        json!({"id": "other", "aliases": ["one"], "title": "Anchors of iron", "source": "d"}),
        json!({"id": "gone", "title": "Removed later", "source": "c"}),
        json!({"id": "2401.90004", "title": "Bridges over lanterns", "abstract": "", "authors": ["Ada Oak"], "source": "a"}),
    ];
    for record in records {
        let change = library.plan_upsert(paper(record)).unwrap();
        add(library, &mut random, vec![change]);
    }
    let changes = library.split(&id("other")).unwrap();
    add(library, &mut random, changes);
    library.remove(&[id("gone")]).unwrap();

    let work = |id_text: &str| WorkName::from_id(id(id_text));
    let titled = WorkName {
        title: "Harbors that answer storms".to_owned(),
        author: "Cy Hill".to_owned(),
        year: Some(2026),
        ..WorkName::default()
    };
    let printed = WorkName { citation: "Fox, On ropes, 1901".to_owned(), ..WorkName::default() };
    let aliased = WorkName { ids: vec![id("10.5555/kites"), id("2401.90003")], ..WorkName::default() };
    let links = [
        (work("2401.90002"), work("2401.90001")),
        (aliased.checked().unwrap(), work("2401.90001")),
        (work("10.5555/unknown"), titled.checked().unwrap()),
        (work("2401.90004"), printed.checked().unwrap()),
    ];
    assert_eq!(library.write_links(&links).unwrap().new, 4);

    let entry = |text, kind| HistoryEntry::new(id(text), kind, date(2026, 1, 30));
    let lamps = Some("lamps".to_owned());
    let liked = HistoryEntry { interest: lamps, ..entry("2401.90001", HistoryKind::Like) };
    library.add_to_history("me", &[liked, entry("one", HistoryKind::Dislike)]).unwrap();
    let absent = paper(json!({"id": "2401.90009", "title": "Ropes", "source": "e"}));
    library
        .import_history("me", &[entry("2401.90009", HistoryKind::Save)], std::slice::from_ref(&absent), TODAY)
        .unwrap();
    library.follow("me", &["Dee Lake".to_owned()]).unwrap();
    let profile = library.profile("me").unwrap();
    let rope = made_up::embedding(&mut random, DIMENSION);
    library.store_unresolved_embeddings(&profile, &[(absent.id, rope)]).unwrap();
    library.mark_feed_seen(&profile, &[id("other")], 2, TODAY).unwrap();
    library.record_digest(&profile, &[id("2401.90004")], TODAY).unwrap();
    library.feed_token(&profile).unwrap();
    library.library_id().unwrap();
    library.set_value("fetch example", "page 3").unwrap();
    library.set_value("links deleted", "0").unwrap();
}

/// What a command answers, or why it does not.
type Answers = Vec<std::result::Result<String, String>>;

fn told<T: Debug>(result: Result<T>) -> std::result::Result<String, String> {
    result.map(|value| format!("{value:?}")).map_err(|error| error.one_line())
}

/// What `similar`, `search`, `feed`, `status`, `show` and `export` answer.
fn ask(engine: &mut Engine, embeddings: &TextEmbeddings) -> Answers {
    let timeless = |answer: Result<paperkin::Answer>| {
        told(answer.map(|answer| paperkin::Answer { took_ms: 0.0, generation: 0, ..answer }))
    };
    let many = |request: Request| request.limit(20).min_relevance(paperkin::recommend::RelevanceWord::Far);
    let mut answers = vec![
        timeless(engine.recommend(&many(Request::like(id("2401.90001")).and_like(id("10.5555/lanterns"))))),
        timeless(engine.recommend_with(&many(Request::text(QUERY)), embeddings)),
        timeless(engine.recommend_with(&many(Request::text("author:lake")), embeddings)),
    ];
    let recent = Request { recency: 0.5, votes: 0.5, categories: vec!["cs".to_owned()], ..Request::like(id("one")) };
    answers.push(timeless(engine.recommend(&many(recent))));
    for mode in [FeedMode::Peek, FeedMode::Last] {
        let options = FeedOptions { mode, request: many(Request::default()), ..FeedOptions::default() };
        answers.push(timeless(engine.feed_with("me", &options, embeddings)));
    }
    let status = engine.status().map(|status| {
        let summary = paperkin::library::LibrarySummary { bytes: 0, ..status.summary };
        let index = paperkin::engine::IndexStatus { bytes: 0, ..status.index };
        (status.model, index, summary, status.citations)
    });
    answers.push(told(status));
    answers.push(told(engine.history_papers("me")));
    answers.push(told(engine.profiles()));
    answers.push(told(engine.imports("me")));
    answers.push(told(engine.digest_papers("me")));
    for name in ["Kites above the sea", "10.5555/lanterns", "one"] {
        answers.push(told(engine.find(name).and_then(|stored| {
            let library = engine.library();
            Ok((library.references(stored.key)?, library.citations(stored.key)?, stored))
        })));
    }
    let mut exported = Vec::new();
    answers.push(told(engine.library().for_each_paper(|stored| {
        exported.push(stored);
        Ok(())
    })));
    answers.push(Ok(format!("{exported:?}")));
    answers
}

/// A sound library, and what is asked and found there.
struct Sound {
    folder: tempfile::TempDir,
    embeddings: TextEmbeddings,
    answers: Answers,
    findings: Vec<CheckFinding>,
}

/// What came of damage.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// A check found it, or the library cannot be opened.
    Found,
    /// The answers are as before.
    Harmless,
    /// Neither.
    Quiet(String),
}

impl Sound {
    fn new() -> Sound {
        // In memory, where there is such a folder: the disk would be waited for thousands of times.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let directory = folder.path().join("library");
        let mut library = Library::create(&directory).unwrap();
        fill(&mut library);
        drop(library);
        let numbers = made_up::embedding(&mut SplitMix64::new(7), DIMENSION);
        let embeddings = [QUERY, "lake", "author:lake"].map(|text| (TextSide::Query, text.to_owned(), numbers.clone()));
        let mut sound =
            Sound { folder, embeddings: embeddings.into_iter().collect(), answers: Vec::new(), findings: Vec::new() };
        let mut engine = sound.open().unwrap();
        sound.answers = ask(&mut engine, &sound.embeddings);
        sound.findings = engine.check().unwrap();
        drop(engine);
        sound
    }

    fn directory(&self) -> std::path::PathBuf {
        self.folder.path().join("library")
    }

    fn file(&self) -> std::path::PathBuf {
        self.directory().join(FILE)
    }

    fn open(&self) -> Result<Engine> {
        let mut options = EngineOptions::new(LibraryLocation::Existing(self.directory()));
        options.clock = Clock::Fixed(TODAY);
        Engine::open(options)
    }

    /// Puts a file in the place of the library's.
    fn put(&self, bytes: &[u8]) {
        for name in ["library.sqlite3-wal", "library.sqlite3-shm"] {
            let _ = std::fs::remove_file(self.directory().join(name));
        }
        std::fs::write(self.file(), bytes).unwrap();
    }

    /// What comes of the library's file as it is now.
    fn outcome(&self) -> Outcome {
        let Ok(mut engine) = self.open() else { return Outcome::Found };
        let is_new = |finding: &CheckFinding| finding.remedy.is_some() && !self.findings.contains(finding);
        let is_found = |engine: &Engine| engine.check().map_or(true, |findings| findings.iter().any(is_new));
        let was_found = is_found(&engine);
        let before = ask(&mut engine, &self.embeddings);
        let compacted = engine.compact();
        let after = if was_found { Answers::new() } else { ask(&mut engine, &self.embeddings) };
        let different = [&before, &after].into_iter().flat_map(|answers| answers.iter().zip(&self.answers));
        let different: Vec<_> = different.filter(|(now, then)| now != then).collect();
        match different.first() {
            _ if was_found => Outcome::Found,
            Some((now, then)) => Outcome::Quiet(format!("{now:?}, not {then:?}")),
            None if compacted.is_err() => Outcome::Quiet(format!("{compacted:?}")),
            None => Outcome::Harmless,
        }
    }
}

/// How many damages are found and how many are harmless; each is one of both, unless it begins with one of `unknown`.
fn check(damages: Vec<(String, Vec<u8>)>, sound: &Sound, unknown: &[&str]) -> [usize; 2] {
    let mut quiet = Vec::new();
    let mut counts = [0, 0];
    for (damage, bytes) in damages {
        sound.put(&bytes);
        match catch_unwind(AssertUnwindSafe(|| sound.outcome())) {
            Ok(Outcome::Found) => counts[0] += 1,
            Ok(Outcome::Harmless) => counts[1] += 1,
            Ok(Outcome::Quiet(_)) if unknown.iter().any(|start| damage.starts_with(start)) => {}
            Ok(Outcome::Quiet(reason)) => quiet.push(format!("{damage}: {reason}")),
            Err(_) => quiet.push(format!("{damage}: panicked")),
        }
    }
    assert!(quiet.is_empty(), "{} damages:\n{}", quiet.len(), quiet.join("\n"));
    counts
}

/// The tables of the file as SQL, without what keeps values of the wrong types out, and as they are.
const RELAXED: &str = "
    PRAGMA writable_schema = ON;
    CREATE TEMP TABLE strict_schema AS SELECT name, sql FROM sqlite_schema WHERE type = 'table';
    UPDATE sqlite_schema SET sql = replace(replace(replace(sql, ') STRICT, ', ') '), ') STRICT', ')'), ' NOT NULL', '')
    WHERE type = 'table'";
const RESTORED: &str = "
    PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = (SELECT sql FROM strict_schema WHERE strict_schema.name = sqlite_schema.name)
    WHERE type = 'table'";
const ANY_VALUE: &str =
    "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA journal_mode = DELETE;";

/// The file after SQL; `None` if SQLite does not let it.
fn changed(sound: &[u8], folder: &Path, sql: &str) -> Option<Vec<u8>> {
    let path = folder.join("changed.sqlite3");
    std::fs::write(&path, sound).unwrap();
    let db = Connection::open(&path).unwrap();
    db.execute_batch(ANY_VALUE).unwrap();
    // Keys that are taken do not keep the damage away.
    let done = db.execute_batch(&sql.replace("UPDATE ", "UPDATE OR REPLACE "));
    drop(db);
    done.ok().map(|()| std::fs::read(&path).unwrap())
}

/// Values of profiles, which have no checksum, that any text or none may be: only their reader knows which is right.
const UNKNOWN: [&str; 8] = [
    "UPDATE profile SET name = ",
    "UPDATE profile SET last_seen_on = NULL",
    "UPDATE profile SET feed_token = NULL",
    "UPDATE followed SET author = ",
    "UPDATE history SET paper = ",
    "UPDATE history SET interest = ",
    "UPDATE impression SET paper = ",
    "UPDATE digest_entry SET paper = ",
];

#[test]
fn every_column_may_hold_anything() {
    let sound = Sound::new();
    let file = std::fs::read(sound.file()).unwrap();
    let db = Connection::open(sound.file()).unwrap();
    let mut select = db
        .prepare(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name <> 'sqlite_schema'",
        )
        .unwrap();
    let tables: Vec<String> = select.query_map([], |row| row.get(0)).unwrap().map(|name| name.unwrap()).collect();
    let mut damages = Vec::new();
    for table in tables {
        let rows: i64 = db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert!(rows > 0, "{table} is empty: fill it");
        let select = format!("SELECT name, pk FROM pragma_table_info('{table}')");
        let mut select = db.prepare(&select).unwrap();
        let columns = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let columns: Vec<(String, i64)> = columns.map(|column| column.unwrap()).collect();
        let mut keys: Vec<&str> = columns.iter().filter(|(_, key)| *key > 0).map(|(name, _)| name.as_str()).collect();
        if keys.is_empty() {
            keys = vec!["rowid"];
        }
        let keys = keys.join(", ");
        for (column, _) in &columns {
            for value in ["NULL", "x'00ff'", "'text'", "-1", "9223372036854775807", "1e308", "''"] {
                let update = format!(
                    "UPDATE {table} SET {column} = {value} WHERE ({keys}) = (SELECT {keys} FROM {table} LIMIT 1)"
                );
                damages.push(update);
            }
        }
    }
    drop(select);
    drop(db);
    let count = damages.len();
    let folder = sound.folder.path();
    let relaxed = |sql: &str| {
        let path = folder.join("relaxed.sqlite3");
        std::fs::write(&path, &file).unwrap();
        let db = Connection::open(&path).unwrap();
        db.execute_batch(ANY_VALUE).unwrap();
        db.execute_batch(RELAXED).unwrap();
        // The tables are read again by another connection.
        let other = Connection::open(&path).unwrap();
        other.execute_batch(ANY_VALUE).unwrap();
        let done = other.execute_batch(sql);
        drop(other);
        db.execute_batch(RESTORED).unwrap();
        drop(db);
        done.ok().map(|()| std::fs::read(&path).unwrap())
    };
    let damages: Vec<(String, Vec<u8>)> =
        damages.into_iter().filter_map(|sql| Some((sql.clone(), relaxed(&sql)?))).collect();
    assert!(damages.len() > count / 2, "{} of {count} can be written", damages.len());
    let [found, harmless] = check(damages, &sound, &UNKNOWN);
    assert!(found > 10 * harmless, "{found} found, {harmless} harmless");
}

#[test]
fn damages_are_found() {
    let sound = Sound::new();
    let file = std::fs::read(sound.file()).unwrap();
    let damage = |sql: &&str| {
        let bytes = changed(&file, sound.folder.path(), sql);
        ((*sql).to_owned(), bytes.unwrap_or_else(|| panic!("{sql}: SQLite does not let it")))
    };
    let [found, harmless] = check(DAMAGES.iter().map(damage).collect(), &sound, &[]);
    assert!(found >= DAMAGES.len() - 5, "{harmless} are harmless");
}

#[test]
fn any_byte_may_be_wrong() {
    let sound = Sound::new();
    let file = std::fs::read(sound.file()).unwrap();
    let mut random = SplitMix64::new(3);
    let damages = (0..300).map(|number| {
        let mut bytes = file.clone();
        let at = random.below(bytes.len());
        let end = bytes.len().min(at + 1 + random.below(64));
        let kind = match number % 4 {
            0 => {
                bytes[at] ^= 1 << random.below(8);
                "a bit"
            }
            1 => {
                bytes[at..end].fill(0);
                "zeros"
            }
            2 => {
                bytes[at..end].iter_mut().for_each(|byte| *byte = random.bits() as u8);
                "noise"
            }
            _ => {
                let page = at / 4096 * 4096;
                let other = random.below(file.len() / 4096) * 4096;
                bytes[page..page + 4096].copy_from_slice(&file[other..other + 4096]);
                "another page"
            }
        };
        (format!("{kind} at {at}"), bytes)
    });
    let [found, harmless] = check(damages.collect(), &sound, &[]);
    assert!(found > 0 && harmless > 0, "{found} found, {harmless} harmless");
}
