//! Papers and their embeddings: written together or not at all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::batch::{BATCH_ROWS, LISTED_KEYS, key_list};
use super::change::{MergedPaper, PaperChange};
use super::checksums::put_paper_checksums;
use super::citations::{LinkCounts, put_links};
use super::database::{self, OptionalRow, Transaction, params};
use super::embeddings::{model_key, put_embeddings};
use super::generation::next_generation;
use super::remove::remove;
use super::stored_paper::{COLUMNS, StoredPaper, row_of, stored};
use super::stored_value::damaged;
use super::term_index::{Facets, TermIndexChanges};
use super::title_ids::rename_title_ids;
use super::works::WorkChanges;
use super::{Library, StoredModel, open};
use crate::error::{Error, Result};
use crate::paper::{Paper, PaperId, WorkName, title_key};
use crate::vector::Embedding;

/// Papers of one title that are looked at, at most.
const MAX_PAPERS_OF_TITLE: usize = 1_000;
/// Papers of one title, at most, among which the one of a record is looked for.
const MAX_COPIES: usize = 64;

impl Library {
    /// Writes changes and the embeddings of those that need one (same order) in one transaction: all or nothing.
    /// The first call decides the library's model. Facts of a paper that was removed, or got another text, since they
    /// were compared are left out.
    ///
    /// # Errors
    /// [`Error::ModelMismatch`] when the library has another model by now; errors of the file.
    pub fn write(&mut self, model: &StoredModel, changes: &[(PaperChange, Option<Embedding>)]) -> Result<()> {
        self.write_with_links(model, changes, &[]).map(drop)
    }

    /// As [`Library::write`], with links of the papers, as [`Library::write_links`] adds them.
    ///
    /// # Errors
    /// As [`Library::write`].
    pub fn write_with_links(
        &mut self,
        model: &StoredModel,
        changes: &[(PaperChange, Option<Embedding>)],
        links: &[(WorkName, WorkName)],
    ) -> Result<LinkCounts> {
        let path = self.path.clone();
        let fail = |doing| open::database_error(&path, doing);
        let transaction = self.begin_write("write")?;
        let model_key = adopt(&transaction, model).map_err(fail("write the model"))??;
        let generation = next_generation(&transaction).map_err(fail("write"))?;
        let mut words = TermIndexChanges::default();
        let mut works = WorkChanges::begin(&transaction).map_err(fail("read citation links"))?;
        let (mut written, mut embeddings) = (BTreeSet::new(), BTreeMap::new());
        for (change, embedding) in changes {
            let (known, text_changed) = match change {
                PaperChange::Unchanged(_) => continue,
                PaperChange::New(known) | PaperChange::Text(known) => (known, true),
                PaperChange::Metadata(known) => {
                    match row_of(&transaction, &known.paper).map_err(fail("read a paper"))? {
                        Some(_) => (known, false),
                        None => continue,
                    }
                }
            };
            let paper = &known.paper;
            for id in known.duplicates.iter().chain([&paper.id]) {
                works.note(&transaction, id).map_err(fail("read citation links"))?;
            }
            for same in &known.duplicates {
                if let Some(key) = remove(&transaction, same, generation, &mut words).map_err(fail("remove a copy"))? {
                    embeddings.remove(&key);
                    written.remove(&key);
                }
            }
            let new_key = put(&transaction, INSERT, paper, generation).map_err(fail("write a paper"))?;
            let is_new = new_key.is_some();
            let key = match new_key {
                Some(key) => key,
                None => {
                    match text_changed {
                        true => words.remove_stored(&transaction, &paper.id),
                        false => words.replace_facets(&transaction, &paper.id, &Facets::of(paper)),
                    }
                    .map_err(fail("read a paper"))?;
                    put(&transaction, UPDATE, paper, generation).map_err(fail("write a paper"))?;
                    MergedPaper::forget(&transaction, &paper.id, text_changed).map_err(fail("write a paper"))?
                }
            };
            known.write(&transaction, key).map_err(fail("write a paper"))?;
            written.insert(key);
            embeddings.extend(embedding.iter().map(|embedding| (key, embedding)));
            works.note(&transaction, &paper.id).map_err(fail("read citation links"))?;
            if is_new {
                rename_title_ids(&transaction, paper).map_err(fail("write to a profile"))?;
            }
            if text_changed {
                words.add_text(key, &paper.title, &paper.abstract_text);
                words.add_facets(key, &Facets::of(paper));
            }
        }
        let written: Vec<i64> = written.into_iter().collect();
        put_paper_checksums(&transaction, &written).map_err(fail("write a paper"))?;
        put_embeddings(&transaction, model_key, generation, &embeddings).map_err(fail("write an embedding"))?;
        words.write(&transaction).map_err(fail("write terms"))?;
        works.write(&transaction, generation).map_err(fail("write citation links"))?;
        let counts = put_links(&transaction, links, &mut generation.into()).map_err(fail("write citation links"))?;
        transaction.commit().map_err(fail("write"))?;
        Ok(counts)
    }

    /// The paper with this id or, if there is none, the one that has this name too.
    pub fn paper(&self, id: &PaperId) -> Result<Option<StoredPaper>> {
        let select = format!(
            "SELECT {COLUMNS} FROM paper WHERE row = coalesce((SELECT row FROM paper WHERE id = ?1), \
                                                              (SELECT paper FROM alias WHERE name = ?1))"
        );
        let mut statement = self.db.prepare(&select).map_err(self.failed("read a paper"))?;
        statement.query_row([id.as_str()], stored).optional().map_err(self.failed("read a paper"))
    }

    /// The key of the paper that [`Library::paper`] reads.
    pub fn key(&self, id: &PaperId) -> Result<Option<i64>> {
        let select =
            "SELECT coalesce((SELECT row FROM paper WHERE id = ?1), (SELECT paper FROM alias WHERE name = ?1))";
        self.db.query_row(select, [id.as_str()], |row| row.get(0)).map_err(self.failed("read a paper"))
    }

    /// Whether there is a paper with this id, which need not be readable.
    pub fn has_paper(&self, id: &PaperId) -> Result<bool> {
        let select = "SELECT EXISTS (SELECT 1 FROM paper WHERE id = ?)";
        self.db.query_row(select, [id.as_str()], |row| row.get(0)).map_err(self.failed("read a paper"))
    }

    /// The paper in this row of the file.
    pub fn paper_at(&self, key: i64) -> Result<StoredPaper> {
        let select = format!("SELECT {COLUMNS} FROM paper WHERE row = ?");
        let mut statement = self.db.prepare(&select).map_err(self.failed("read a paper"))?;
        let missing = || damaged(format!("there is no paper in row {key}"));
        let found = statement.query_row([key], stored).optional().and_then(|paper| paper.ok_or_else(missing));
        found.map_err(self.failed("read a paper"))
    }

    /// The papers in these rows of the file, in the order of the keys. No key is given twice.
    pub fn papers_at(&self, keys: &[i64]) -> Result<Vec<StoredPaper>> {
        let mut papers = Vec::with_capacity(keys.len());
        self.for_each_paper_at(keys, |paper| {
            papers.push(paper);
            Ok(())
        })?;
        Ok(papers)
    }

    /// Hands over the papers in these rows of the file one at a time, in the order of the keys. No key is given twice.
    pub fn for_each_paper_at(&self, keys: &[i64], mut take: impl FnMut(StoredPaper) -> Result<()>) -> Result<()> {
        let select = format!("SELECT {COLUMNS} FROM paper WHERE row IN ({LISTED_KEYS})");
        for keys in keys.chunks(BATCH_ROWS) {
            let papers = self.collect(&select, [key_list(keys)])?;
            let mut papers: HashMap<i64, StoredPaper> = papers.into_iter().map(|paper| (paper.key, paper)).collect();
            for key in keys {
                let missing = || damaged(format!("there is no paper in row {key}"));
                take(papers.remove(key).ok_or_else(missing).map_err(self.failed("read a paper"))?)?;
            }
        }
        Ok(())
    }

    /// Papers whose title is this one but for case, punctuation and white space, in the order of their addition; of very
    /// many the first.
    pub fn papers_titled(&self, title: &str) -> Result<Vec<StoredPaper>> {
        self.first_papers_titled(title, MAX_PAPERS_OF_TITLE)
    }

    /// As [`Library::papers_titled`], to find the paper that a record is of; none where so many papers have the title that
    /// it says nothing.
    pub(super) fn papers_titled_if_few(&self, title: &str) -> Result<Vec<StoredPaper>> {
        let papers = self.first_papers_titled(title, MAX_COPIES + 1)?;
        Ok(if papers.len() > MAX_COPIES { Vec::new() } else { papers })
    }

    fn first_papers_titled(&self, title: &str, limit: usize) -> Result<Vec<StoredPaper>> {
        // With a parameter for the limit, or without the plus, SQLite plans anew for every title.
        let select = format!("SELECT {COLUMNS} FROM paper WHERE title_key = +?1 ORDER BY row LIMIT {limit}");
        self.collect(&select, [title_key(title)])
    }

    /// Keys of the papers that [`Library::papers_titled`] reads, ascending.
    pub fn keys_titled(&self, title: &str) -> Result<Vec<i64>> {
        let select = format!("SELECT row FROM paper WHERE title_key = +?1 ORDER BY row LIMIT {MAX_PAPERS_OF_TITLE}");
        let read = || -> database::Result<Vec<i64>> {
            self.db.prepare(&select)?.query_map([title_key(title)], |row| row.get(0))?.collect()
        };
        read().map_err(self.failed("read the titles"))
    }

    /// Up to `limit` papers whose titles begin with these words, or else have them, in the order of their addition.
    pub fn papers_titled_like(&self, words: &str, limit: usize) -> Result<Vec<StoredPaper>> {
        let words = title_key(words);
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let select = format!(
            "SELECT {COLUMNS} FROM paper WHERE instr(title_key, ?1) > 0 ORDER BY instr(title_key, ?1) <> 1, row LIMIT ?2"
        );
        self.collect(&select, params![words, limit as i64])
    }

    /// Keys of the papers whose titles contain a text, but for case, punctuation and white space; ascending.
    pub fn keys_titled_with(&self, text: &str) -> Result<Vec<i64>> {
        let read = || -> database::Result<Vec<i64>> {
            // Sorted below: with ORDER BY, SQLite reads whole papers instead of the index of titles.
            let mut statement = self.db.prepare("SELECT row FROM paper WHERE instr(title_key, ?) > 0")?;
            statement.query_map([title_key(text)], |row| row.get(0))?.collect()
        };
        let mut keys = read().map_err(self.failed("read the titles"))?;
        keys.sort_unstable();
        Ok(keys)
    }

    /// The titles of all papers, reduced to what tells titles apart, with the papers' keys.
    pub fn titles(&self) -> Result<Vec<(i64, String)>> {
        let read = || -> database::Result<Vec<(i64, String)>> {
            let mut statement = self.db.prepare("SELECT row, title_key FROM paper")?;
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        read().map_err(self.failed("read the titles"))
    }

    pub(super) fn collect(&self, select: &str, params: impl database::Params) -> Result<Vec<StoredPaper>> {
        let read = || {
            let mut statement = self.db.prepare(select)?;
            statement.query_map(params, stored)?.collect::<database::Result<Vec<_>>>()
        };
        read().map_err(self.failed("read papers"))
    }

    /// Every paper in the order of addition, handed over one at a time.
    pub fn for_each_paper(&self, mut take: impl FnMut(StoredPaper) -> Result<()>) -> Result<()> {
        let select = format!("SELECT {COLUMNS} FROM paper WHERE row > ?1 ORDER BY row LIMIT ?2");
        let mut last = 0;
        loop {
            let papers = self.collect(&select, [last, BATCH_ROWS as i64])?;
            let Some(paper) = papers.last() else { return Ok(()) };
            last = paper.key;
            papers.into_iter().try_for_each(&mut take)?;
        }
    }
}

/// The key of the library's model; the library takes this one if it has none.
fn adopt(transaction: &Transaction<'_>, model: &StoredModel) -> database::Result<Result<i64>> {
    let select = "SELECT key, name, fingerprint FROM model JOIN library ON model.key = library.model";
    let stored = transaction
        .query_row(select, [], |row| {
            Ok((row.get(0)?, StoredModel::new(&row.get::<String>(1)?, &row.get::<String>(2)?, 1)))
        })
        .optional()?;
    match stored {
        Some((key, stored)) if stored.fingerprint == model.fingerprint => Ok(Ok(key)),
        Some((_, stored)) => Ok(Err(Error::ModelMismatch { stored: stored.label(), asked: model.label() })),
        None => {
            let key = model_key(transaction, model)?;
            transaction.execute("UPDATE library SET model = ?", [key])?;
            Ok(Ok(key))
        }
    }
}

/// Adds a paper or, if there is one of its id, nothing.
const INSERT: &str =
    "INSERT INTO paper (id, title, title_key, abstract, authors, author_count, published, listed, votes, \
                                         comments, categories, source, url, aliases, added)
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
                      ON CONFLICT (id) DO NOTHING RETURNING row";
/// Changes the paper of this id, by the values of [`INSERT`] but the last: the generation that added it stays.
const UPDATE: &str = "UPDATE paper SET title = ?2, title_key = ?3, abstract = ?4, authors = ?5, author_count = ?6, \
                             published = ?7, listed = ?8, votes = ?9, comments = ?10, categories = ?11, source = ?12, \
                             url = ?13, aliases = ?14
                      WHERE id = ?1 RETURNING row";

/// Writes a paper with one of these statements; gives its key if there was one to be written.
fn put(
    transaction: &Transaction<'_>,
    statement: &str,
    paper: &Paper,
    generation: i64,
) -> database::Result<Option<i64>> {
    let list = |texts: &[String]| serde_json::Value::from(texts).to_string();
    let also: Vec<String> = paper.aliases.iter().map(PaperId::to_string).collect();
    let values = params![
        paper.id.as_str(),
        paper.title,
        title_key(&paper.title),
        paper.abstract_text,
        list(&paper.authors),
        paper.author_count,
        paper.published.map(|date| date.to_string()),
        paper.listed.map(|date| date.to_string()),
        paper.votes,
        paper.comments,
        list(&paper.categories),
        paper.source,
        paper.url,
        (!also.is_empty()).then(|| list(&also)),
        generation,
    ];
    let values = if statement == UPDATE { &values[..values.len() - 1] } else { values };
    transaction.prepare(statement)?.query_row(values, |row| row.get(0)).optional()
}
