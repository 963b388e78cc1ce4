//! Zotero's database, read from a copy: Zotero locks its own while it is open and must not be disturbed. What it has
//! not yet written to the database is in files beside it (a journal or a write-ahead log), which are copied too.

use std::cell::Cell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, Row};
use tempfile::TempDir;

use crate::error::{Error, Result};
use crate::formats::{self, BibReference, Expansion, InputFormat, zotero_item};

/// All items but attachments, notes and what was deleted.
const ITEMS: &str = "SELECT itemID, dateAdded FROM items JOIN itemTypes USING (itemTypeID) \
                     WHERE typeName NOT IN ('attachment', 'note', 'annotation') \
                       AND itemID NOT IN (SELECT itemID FROM deletedItems) \
                       AND itemID NOT IN (SELECT itemID FROM feedItems) ORDER BY itemID";
/// Creates the tables that older versions do not have, empty, in the copy.
const CREATE_NEW_TABLES: &str = "CREATE TABLE IF NOT EXISTS feedItems (itemID INTEGER PRIMARY KEY); \
                     CREATE TABLE IF NOT EXISTS deletedCollections (collectionID INTEGER PRIMARY KEY)";
const FIELDS: &str = "SELECT itemID, fieldName, value FROM itemData JOIN fields USING (fieldID) \
                      JOIN itemDataValues USING (valueID)";
/// Authors; of items without authors, all creators.
const CREATORS: &str = "SELECT itemID, coalesce(firstName, ''), coalesce(lastName, '') FROM itemCreators \
                        JOIN creators USING (creatorID) JOIN creatorTypes USING (creatorTypeID) \
                        WHERE creatorType = 'author' OR itemID NOT IN (SELECT itemID FROM itemCreators \
                            JOIN creatorTypes USING (creatorTypeID) WHERE creatorType = 'author') \
                        ORDER BY itemID, orderIndex";
const TAGS: &str = "SELECT itemID, name, '' FROM itemTags JOIN tags USING (tagID) ORDER BY itemID, name";
const COLLECTIONS: &str = "WITH RECURSIVE path (collectionID, name) AS ( \
        SELECT collectionID, collectionName FROM existing WHERE parentCollectionID IS NULL \
        UNION ALL SELECT child.collectionID, path.name || '/' || child.collectionName \
        FROM existing child JOIN path ON child.parentCollectionID = path.collectionID WHERE length(path.name) < 1000), \
    existing AS (SELECT * FROM collections WHERE collectionID NOT IN (SELECT collectionID FROM deletedCollections)) \
    SELECT itemID, name, '' FROM collectionItems JOIN path USING (collectionID) ORDER BY itemID, name";

/// The endings of the files that belong together: the database, its journal, its write-ahead log.
const ENDINGS: [&str; 3] = ["", "-journal", "-wal"];
/// How many times a copy is tried while Zotero writes.
const MAX_TRIES: usize = 10;
/// Instructions of SQLite's machine, in millions, that any database may take: some seconds; and how many each million bytes
/// may take beyond that. A generated database of 20,000 items took one for every ten bytes.
const FREE_WORK: u64 = 200;
const MAX_WORK_RATIO: u64 = 20;

/// The papers of a database, in the order in which they were entered, with their collections and tags.
///
/// # Errors
/// [`Error::Io`]; [`Error::BadFile`] when it is not a database of Zotero's.
pub(super) fn read(path: &Path) -> Result<Vec<BibReference>> {
    let folder = TempDir::new().map_err(Error::io(Path::new("the temporary directory"), "write"))?;
    let copy = copied(path, folder.path()).map_err(Error::io(path, "copy"))?;
    let size = fs::metadata(&copy).map_err(Error::io(&copy, "read"))?.len();
    references(&copy, size).map_err(|Unreadable(reason)| {
        let reason = format!("is not a readable Zotero database: {reason}");
        Error::BadFile { file: path.display().to_string(), reason }
    })
}

/// Copies a database with the files beside it, as they were at one moment.
fn copied(database: &Path, folder: &Path) -> io::Result<PathBuf> {
    let copy = folder.join("zotero.sqlite");
    let with = |path: &Path, ending: &str| {
        let mut path = OsString::from(path);
        path.push(ending);
        PathBuf::from(path)
    };
    for _ in 0..MAX_TRIES {
        let before = ENDINGS.map(|ending| state(&with(database, ending)));
        for ending in ENDINGS {
            match fs::copy(with(database, ending), with(&copy, ending)) {
                // One from the try before may be there.
                Err(error) if error.kind() == io::ErrorKind::NotFound && !ending.is_empty() => {
                    _ = fs::remove_file(with(&copy, ending));
                }
                copied => _ = copied?,
            }
        }
        if ENDINGS.map(|ending| state(&with(database, ending))) == before {
            return Ok(copy);
        }
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, "the database is changing: try again when Zotero is idle"))
}

/// Returns the size and time of a file, which change when it is written to.
fn state(path: &Path) -> Option<(u64, SystemTime)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

/// Why a database cannot be read.
struct Unreadable(String);

impl From<rusqlite::Error> for Unreadable {
    fn from(error: rusqlite::Error) -> Unreadable {
        match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => Unreadable("reading it takes too long for its size".to_owned()),
            _ => Unreadable(error.to_string()),
        }
    }
}

/// A database, and how much was read of it. Whoever made it may have put views in the place of tables, and made them large.
struct ZoteroDatabase {
    db: Connection,
    read: Cell<Expansion>,
}

impl ZoteroDatabase {
    /// Opens a copy of so many bytes.
    fn open(copy: &Path, size: u64) -> Result<ZoteroDatabase, Unreadable> {
        let mut db = Connection::open(copy)?;
        let (mut work, most) = (0, FREE_WORK + MAX_WORK_RATIO * (size >> 20));
        let is_too_much = move || {
            work += 1;
            work > most
        };
        db.progress_handler(1_000_000, Some(is_too_much))?;
        db.execute_batch(CREATE_NEW_TABLES)?;
        Ok(ZoteroDatabase { db, read: Cell::new(Expansion { packed: size, unpacked: 0 }) })
    }

    fn count(&self, bytes: usize) -> Result<(), Unreadable> {
        let Expansion { packed, unpacked } = self.read.get();
        let read = Expansion { packed, unpacked: unpacked + bytes as u64 };
        self.read.set(read);
        read.check().map_err(Unreadable)
    }

    fn triples(&self, select: &str) -> Result<Vec<(i64, String, String)>, Unreadable> {
        self.rows(select, |row| {
            let triple = (row.get(0)?, text(row, 1)?, text(row, 2)?);
            let bytes = size_of_val(&triple) + triple.1.len() + triple.2.len();
            Ok((triple, bytes))
        })
    }

    /// Items, and when each was added.
    fn items(&self) -> Result<Vec<(i64, Option<String>)>, Unreadable> {
        self.rows(ITEMS, |row| {
            let added: Option<String> = row.get(1)?;
            let bytes = size_of::<BibReference>() + added.as_ref().map_or(0, String::len);
            Ok(((row.get(0)?, added), bytes))
        })
    }

    /// Rows, of which `read` gives the values and how many bytes they take.
    fn rows<T>(
        &self,
        select: &str,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<(T, usize)>,
    ) -> Result<Vec<T>, Unreadable> {
        let mut statement = self.db.prepare(select)?;
        let (mut rows, mut all) = (statement.query([])?, Vec::new());
        while let Some(row) = rows.next()? {
            let (values, bytes) = read(row)?;
            self.count(bytes)?;
            all.push(values);
        }
        Ok(all)
    }
}

/// A value as text: it may be a number.
fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    Ok(match row.get_ref(column)? {
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        other => String::from_utf8_lossy(other.as_bytes().unwrap_or_default()).into_owned(),
    })
}

fn references(copy: &Path, size: u64) -> Result<Vec<BibReference>, Unreadable> {
    let database = ZoteroDatabase::open(copy, size)?;
    let mut fields: HashMap<i64, HashMap<String, String>> = HashMap::new();
    for (item, field, value) in database.triples(FIELDS)? {
        fields.entry(item).or_default().insert(field, value);
    }
    let mut authors: HashMap<i64, Vec<String>> = HashMap::new();
    for (item, first, last) in database.triples(CREATORS)? {
        authors.entry(item).or_default().push(format!("{first} {last}").trim().to_owned());
    }
    let mut tags: HashMap<i64, Vec<String>> = HashMap::new();
    for (item, tag, _) in database.triples(COLLECTIONS)?.into_iter().chain(database.triples(TAGS)?) {
        tags.entry(item).or_default().push(tag);
    }
    let of_item = |(item, added): (i64, Option<String>)| {
        let mut reference = BibReference {
            added: added.and_then(|moment| zotero_item::day(&moment)),
            tags: tags.remove(&item).unwrap_or_default(),
            ..zotero_item::reference(
                &fields.remove(&item).unwrap_or_default(),
                authors.remove(&item).unwrap_or_default(),
            )
        };
        formats::clean(&mut reference, InputFormat::ZoteroRdf);
        reference
    };
    Ok(database.items()?.into_iter().map(of_item).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::RawPaper;
    use jiff::civil::Date;
    use proptest::prelude::*;
    use proptest::sample::Index;

    /// The tables that are read of Zotero's, with two papers, an attachment, a deleted one and one of a feed.
    const DATABASE: &str = "
        CREATE TABLE itemTypes (itemTypeID INTEGER PRIMARY KEY, typeName TEXT);
        INSERT INTO itemTypes VALUES (1, 'preprint'), (2, 'attachment');
        CREATE TABLE items (itemID INTEGER PRIMARY KEY, itemTypeID INT, dateAdded TEXT);
        INSERT INTO items VALUES (1, 1, '2024-02-03 10:00:00'), (2, 2, '2024-02-03 10:00:00'),
                                 (3, 1, '2024-03-04 10:00:00'), (4, 1, '2024-03-05 10:00:00'),
                                 (5, 1, '2024-03-06 10:00:00');
        CREATE TABLE feedItems (itemID INTEGER PRIMARY KEY);
        INSERT INTO feedItems VALUES (5);
        CREATE TABLE deletedItems (itemID INTEGER PRIMARY KEY);
        INSERT INTO deletedItems VALUES (4);
        CREATE TABLE fields (fieldID INTEGER PRIMARY KEY, fieldName TEXT);
        INSERT INTO fields VALUES (1, 'title'), (2, 'abstractNote'), (3, 'DOI'), (4, 'extra'), (5, 'date'), (6, 'url'),
            (7, 'publicationTitle'), (8, 'volume');
        CREATE TABLE itemDataValues (valueID INTEGER PRIMARY KEY, value);
        INSERT INTO itemDataValues VALUES (1, 'Walking <i>robots</i>'), (2, 'They walk &amp; sink.'), (3, '10.1000/X'),
            (4, 'arXiv: 2401.00001 [cs.RO]'), (5, '2024-01-00 January 2024'), (6, 'Sinking'),
            (7, 'https://openreview.net/forum?id=abc'), (8, 2023), (9, 'Robots &amp; Ground'), (10, 7);
        CREATE TABLE itemData (itemID INT, fieldID INT, valueID INT);
        INSERT INTO itemData VALUES (1, 1, 1), (1, 2, 2), (1, 3, 3), (1, 4, 4), (1, 5, 5), (1, 7, 9), (1, 8, 10), (3, 1, 6), (3, 6, 7), (3, 5, 8);
        CREATE TABLE creators (creatorID INTEGER PRIMARY KEY, firstName TEXT, lastName TEXT);
        INSERT INTO creators VALUES (1, 'Ada', 'Example'), (2, NULL, 'Team'), (3, 'Edi', 'Tor');
        CREATE TABLE creatorTypes (creatorTypeID INTEGER PRIMARY KEY, creatorType TEXT);
        INSERT INTO creatorTypes VALUES (1, 'author'), (2, 'editor');
        CREATE TABLE itemCreators (itemID INT, creatorID INT, creatorTypeID INT, orderIndex INT);
        INSERT INTO itemCreators VALUES (1, 2, 1, 1), (1, 3, 2, 2), (1, 1, 1, 0), (3, 3, 2, 0);
        CREATE TABLE tags (tagID INTEGER PRIMARY KEY, name TEXT);
        INSERT INTO tags VALUES (1, 'robots');
        CREATE TABLE itemTags (itemID INT, tagID INT);
        INSERT INTO itemTags VALUES (1, 1);
        CREATE TABLE collections (collectionID INTEGER PRIMARY KEY, collectionName TEXT, parentCollectionID INT);
        INSERT INTO collections VALUES (1, 'Reading', NULL), (2, 'RL', 1), (3, 'Thrown away', NULL), (4, 'Below', 3);
        CREATE TABLE deletedCollections (collectionID INTEGER PRIMARY KEY);
        INSERT INTO deletedCollections VALUES (3);
        CREATE TABLE collectionItems (collectionID INT, itemID INT);
        INSERT INTO collectionItems VALUES (2, 1), (1, 3), (3, 1), (4, 1);";

    #[test]
    fn a_database_with_its_collections() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("zotero.sqlite");
        Connection::open(&path).unwrap().execute_batch(DATABASE).unwrap();
        let read: Vec<String> = read(&path)
            .unwrap()
            .into_iter()
            .map(|BibReference { raw_paper, added, tags, .. }| {
                let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
                let id = raw_paper.id.unwrap_or_default();
                let (also, authors, published) =
                    (raw_paper.aliases.join(","), raw_paper.authors.join(","), day(raw_paper.published));
                format!("{id} [{also}] {} ({authors}, {published}) {} {}", raw_paper.title, day(added), tags.join(","))
            })
            .collect();
        let expected = [
            "2401.00001 [doi:10.1000/x] Walking robots (Ada Example,Team, 2024-01-01) 2024-02-03 Reading/RL,robots",
            "openreview:abc [] Sinking (Edi Tor, 2023-01-01) 2024-03-04 Reading",
        ];
        assert_eq!(read, expected);
        fs::write(&path, b"SQLite format 3\0 and no more").unwrap();
        assert!(super::read(&path).unwrap_err().one_line().contains("not a readable Zotero database"));
        fs::remove_file(&path).unwrap();
        assert!(matches!(super::read(&path), Err(Error::Io { .. })));
    }

    #[test]
    fn a_database_that_is_endless_is_refused() {
        for (condition, reason) in
            [("TRUE", "expands to more than 200 times"), ("x < 0", "takes too long for its size")]
        {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("zotero.sqlite");
            let view = format!(
                "DROP TABLE itemData; CREATE VIEW itemData AS \
                 WITH RECURSIVE endless (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM endless) \
                 SELECT 1 AS itemID, 1 AS fieldID, 1 AS valueID FROM endless WHERE {condition}"
            );
            Connection::open(&path).unwrap().execute_batch(&format!("{DATABASE} {view}")).unwrap();
            let error = read(&path).unwrap_err().one_line();
            assert!(error.contains(reason), "{condition}: {error}");
        }
    }

    #[test]
    fn texts_and_where_they_come_from() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("zotero.sqlite");
        Connection::open(&path).unwrap().execute_batch(DATABASE).unwrap();
        let BibReference { raw_paper, notes, .. } = read(&path).unwrap().swap_remove(0);
        let RawPaper { title, abstract_text, container, .. } = raw_paper;
        assert_eq!(
            (&*title, &*abstract_text, &*container),
            ("Walking robots", "They walk & sink.", "Robots & Ground 7")
        );
        let origins: Vec<&str> = notes.origins.iter().map(|origin| &*origin.from).collect();
        assert_eq!(origins, ["title", "abstractNote", "creators", "date", "publicationTitle"]);
    }

    #[test]
    fn what_zotero_writes_while_it_is_open() {
        for mode in ["wal", "delete"] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("zotero.sqlite");
            let zotero = Connection::open(&path).unwrap();
            zotero.execute_batch(DATABASE).unwrap();
            zotero.execute_batch(&format!("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = {mode}")).unwrap();
            zotero.execute_batch("INSERT INTO items VALUES (9, 1, '2024-04-01 10:00:00')").unwrap();
            assert_eq!(read(&path).unwrap().len(), 3, "{mode}: it is locked, and the newest item is there");
            // A transaction that is not committed yet.
            zotero.execute_batch("BEGIN; DELETE FROM items; PRAGMA cache_spill = 1").unwrap();
            assert_eq!(read(&path).unwrap().len(), 3, "{mode}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
        #[test]
        fn a_damaged_database_gives_what_is_left_or_an_error(changes in prop::collection::vec(any::<(Index, u8)>(), 1..20)) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("zotero.sqlite");
            Connection::open(&path).unwrap().execute_batch(DATABASE).unwrap();
            let mut bytes = fs::read(&path).unwrap();
            changes.iter().for_each(|(at, byte)| *at.get_mut(&mut bytes) = *byte);
            fs::write(&path, bytes).unwrap();
            if let Err(error) = read(&path) {
                prop_assert!(error.one_line().contains("zotero.sqlite"), "{}", error.one_line());
            }
        }
    }
}
