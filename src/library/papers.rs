//! Papers and their embeddings: written together or not at all.

use rusqlite::{Connection, OptionalExtension, Row as SqlRow, Transaction, TransactionBehavior, params};
use serde::Serialize;

use super::{Library, StoredModel, open};
use crate::error::{Error, Result};
use crate::paper::{Paper, PaperId, normal_title};
use crate::vector::{Embedding, Vectors};

/// What an addition will do to one paper.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Not in the library yet: it has to be embedded.
    New(Paper),
    /// Its text changed: it has to be embedded again.
    Text(Paper),
    /// Only facts changed, such as votes.
    Facts(Paper),
    /// As it was.
    None,
}

/// How many papers an addition changed, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Papers that were not there before.
    pub new: usize,
    /// Papers with another text or other facts.
    pub updated: usize,
    /// Papers that are as they were.
    pub unchanged: usize,
}

/// A paper with its place in the library's file.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// SQLite's row id: stable while the paper is there, and never given to another.
    pub key: i64,
    /// The paper.
    pub paper: Paper,
}

const COLUMNS: &str =
    "row, id, title, abstract, authors, author_count, published, listed, votes, comments, categories, source, url";

impl Library {
    /// What adding this paper would do: compares it with the stored one, field by field.
    pub fn change(&self, paper: Paper) -> Result<Change> {
        let Some(stored) = self.paper(&paper.id)? else { return Ok(Change::New(paper)) };
        let merged = stored.paper.clone().updated(paper);
        Ok(if merged.document() != stored.paper.document() {
            Change::Text(merged)
        } else if merged != stored.paper {
            Change::Facts(merged)
        } else {
            Change::None
        })
    }

    /// Writes changes and the embeddings of those that need one (same order) in one transaction: all or nothing.
    /// The first call decides the library's model.
    ///
    /// # Errors
    /// [`Error::ModelMismatch`] when the library has another model by now; errors of the file.
    pub fn write(&mut self, model: &StoredModel, changes: &[(Change, Option<Embedding>)]) -> Result<()> {
        let path = self.path.clone();
        let fail = |doing| open::failed(&path, doing);
        let transaction =
            self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail("write to it"))?;
        let model_key = adopt(&transaction, model).map_err(fail("write the model"))??;
        let generation = next_generation(&transaction).map_err(fail("write to it"))?;
        for (change, embedding) in changes {
            let (paper, text_changed) = match change {
                Change::None => continue,
                Change::New(paper) | Change::Text(paper) => (paper, true),
                Change::Facts(paper) => (paper, false),
            };
            let key = upsert(&transaction, paper, generation).map_err(fail("write a paper"))?;
            if text_changed {
                transaction.execute("DELETE FROM embedding WHERE row = ?", [key]).map_err(fail("write a paper"))?;
            }
            if let Some(embedding) = embedding {
                put_embedding(&transaction, key, model_key, embedding).map_err(fail("write an embedding"))?;
            }
        }
        transaction.commit().map_err(fail("write to it"))
    }

    /// The paper with this id.
    pub fn paper(&self, id: &PaperId) -> Result<Option<Stored>> {
        let select = format!("SELECT {COLUMNS} FROM paper WHERE id = ?");
        let mut statement = self.db.prepare_cached(&select).map_err(self.failed("read a paper"))?;
        statement.query_row([id.as_str()], stored).optional().map_err(self.failed("read a paper"))
    }

    /// The paper in this row of the file.
    pub fn paper_at(&self, key: i64) -> Result<Stored> {
        let select = format!("SELECT {COLUMNS} FROM paper WHERE row = ?");
        let mut statement = self.db.prepare_cached(&select).map_err(self.failed("read a paper"))?;
        statement.query_row([key], stored).map_err(self.failed("read a paper"))
    }

    /// Papers whose title is this one but for case, punctuation and white space, in the order of their addition.
    pub fn papers_titled(&self, title: &str) -> Result<Vec<Stored>> {
        let select = format!("SELECT {COLUMNS} FROM paper WHERE title_key = ? ORDER BY row");
        self.collect(&select, [normal_title(title)])
    }

    /// Up to `limit` papers whose titles begin with these words, or else have them, in the order of their addition.
    pub fn papers_titled_like(&self, words: &str, limit: usize) -> Result<Vec<Stored>> {
        let words = normal_title(words);
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let select = format!(
            "SELECT {COLUMNS} FROM paper WHERE instr(title_key, ?1) ORDER BY instr(title_key, ?1) <> 1, row LIMIT ?2"
        );
        self.collect(&select, params![words, limit as i64])
    }

    fn collect(&self, select: &str, params: impl rusqlite::Params) -> Result<Vec<Stored>> {
        let read = || {
            let mut statement = self.db.prepare_cached(select)?;
            statement.query_map(params, stored)?.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(self.failed("read papers"))
    }

    /// Every paper in the order of addition, handed over one at a time.
    pub fn for_each_paper(&self, mut take: impl FnMut(Stored) -> Result<()>) -> Result<()> {
        let select = format!("SELECT {COLUMNS} FROM paper ORDER BY row");
        let mut statement = self.db.prepare(&select).map_err(self.failed("read papers"))?;
        let mut rows = statement.query([]).map_err(self.failed("read papers"))?;
        while let Some(row) = rows.next().map_err(self.failed("read papers"))? {
            take(stored(row).map_err(self.failed("read papers"))?)?;
        }
        Ok(())
    }

    /// Keys and embeddings of the library's model, in the order of addition.
    ///
    /// # Errors
    /// [`Error::DamagedLibrary`] when an embedding has another length or is no unit vector.
    pub fn embeddings(&self) -> Result<(Vec<i64>, Vectors)> {
        let Some(model) = self.model()? else { return Ok((Vec::new(), Vectors::with_capacity(0, 0))) };
        let fail = || self.failed("read the embeddings");
        let count: i64 = self
            .db
            .query_row("SELECT count(*) FROM embedding WHERE model = ?", [model.key], |row| row.get(0))
            .map_err(fail())?;
        let mut keys = Vec::with_capacity(count as usize);
        let mut vectors = Vectors::with_capacity(model.dimension, count as usize);
        let select = "SELECT row, vector FROM embedding WHERE model = ? ORDER BY row";
        let mut statement = self.db.prepare(select).map_err(fail())?;
        let mut rows = statement.query([model.key]).map_err(fail())?;
        let mut numbers = vec![0.0; model.dimension];
        while let Some(row) = rows.next().map_err(fail())? {
            let key = row.get(0).map_err(fail())?;
            let bytes = row.get_ref(1).and_then(|value| Ok(value.as_blob()?)).map_err(fail())?;
            if !read_numbers(bytes, &mut numbers) || !vectors.push_unit(&numbers) {
                let path = self.path.clone();
                let reason = format!("the embedding of row {key} is no unit vector of {} numbers", model.dimension);
                return Err(Error::DamagedLibrary { path, reason });
            }
            keys.push(key);
        }
        Ok((keys, vectors))
    }

    /// Up to `limit` papers that have no embedding of this model yet, and how many there are in all.
    pub fn without_embedding(&self, fingerprint: &str, limit: usize) -> Result<(Vec<Stored>, usize)> {
        let missing = "NOT EXISTS (SELECT 1 FROM embedding JOIN model ON model.key = embedding.model \
                       WHERE embedding.row = paper.row AND model.fingerprint = ?1)";
        let select = format!("SELECT {COLUMNS} FROM paper WHERE {missing} ORDER BY row LIMIT ?2");
        let papers = self.collect(&select, params![fingerprint, limit as i64])?;
        let count = format!("SELECT count(*) FROM paper WHERE {missing}");
        let all: i64 =
            self.db.query_row(&count, [fingerprint], |row| row.get(0)).map_err(self.failed("count papers"))?;
        Ok((papers, all as usize))
    }

    /// Writes embeddings of a model that need not be the library's yet, for papers whose text is still the given one.
    pub fn write_embeddings(&mut self, model: &StoredModel, embeddings: &[(Stored, Embedding)]) -> Result<()> {
        let path = self.path.clone();
        let write = |db: &mut Connection| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let model_key = model_key(&transaction, model)?;
            for (Stored { key, paper }, embedding) in embeddings {
                let same = "SELECT 1 FROM paper WHERE row = ? AND title = ? AND abstract = ?";
                let params = params![key, paper.title, paper.abstract_text];
                if transaction.query_row(same, params, |_| Ok(())).optional()?.is_some() {
                    put_embedding(&transaction, *key, model_key, embedding)?;
                }
            }
            transaction.commit()
        };
        write(&mut self.db).map_err(open::failed(&path, "write embeddings"))
    }

    /// Makes this the library's model if every paper has an embedding of it, and drops the embeddings of all others.
    /// Says whether it did.
    pub fn switch_model(&mut self, model: &StoredModel) -> Result<bool> {
        let path = self.path.clone();
        let switch = |db: &mut Connection| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let key = model_key(&transaction, model)?;
            let complete = "SELECT NOT EXISTS (SELECT 1 FROM paper WHERE NOT EXISTS \
                            (SELECT 1 FROM embedding WHERE row = paper.row AND model = ?))";
            if !transaction.query_row(complete, [key], |row| row.get(0))? {
                return Ok(false);
            }
            transaction.execute("DELETE FROM embedding WHERE model <> ?", [key])?;
            transaction.execute("UPDATE library SET model = ?", [key])?;
            transaction.execute("DELETE FROM model WHERE key <> ?", [key])?;
            next_generation(&transaction)?;
            transaction.commit()?;
            Ok(true)
        };
        switch(&mut self.db).map_err(open::failed(&path, "switch the model"))
    }
}

impl StoredModel {
    /// A model by what identifies it.
    pub fn new(name: &str, fingerprint: &str, dimension: usize) -> StoredModel {
        StoredModel { key: 0, name: name.to_owned(), fingerprint: fingerprint.to_owned(), dimension }
    }

    /// Name and the first digits of the fingerprint, for messages.
    pub fn label(&self) -> String {
        format!("{} ({})", self.name, self.fingerprint.get(..12).unwrap_or(&self.fingerprint))
    }
}

/// The key of the library's model; the library takes this one if it has none.
fn adopt(transaction: &Transaction<'_>, model: &StoredModel) -> rusqlite::Result<Result<i64>> {
    let select = "SELECT key, name, fingerprint FROM model JOIN library ON model.key = library.model";
    let stored = transaction
        .query_row(select, [], |row| {
            Ok((row.get(0)?, StoredModel::new(&row.get::<_, String>(1)?, &row.get::<_, String>(2)?, 1)))
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

/// The key of a model, which is entered if it is new.
fn model_key(transaction: &Transaction<'_>, model: &StoredModel) -> rusqlite::Result<i64> {
    transaction.execute(
        "INSERT INTO model (name, fingerprint, dimension) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        params![model.name, model.fingerprint, model.dimension as i64],
    )?;
    transaction.query_row("SELECT key FROM model WHERE fingerprint = ?", [&model.fingerprint], |row| row.get(0))
}

fn next_generation(transaction: &Transaction<'_>) -> rusqlite::Result<i64> {
    transaction.query_row("UPDATE library SET generation = generation + 1 RETURNING generation", [], |row| row.get(0))
}

fn upsert(transaction: &Transaction<'_>, paper: &Paper, generation: i64) -> rusqlite::Result<i64> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO paper (id, title, title_key, abstract, authors, author_count, published, listed, votes, comments, \
                            categories, source, url, added)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         ON CONFLICT (id) DO UPDATE SET title = ?2, title_key = ?3, abstract = ?4, authors = ?5, author_count = ?6, \
                            published = ?7, listed = ?8, votes = ?9, comments = ?10, categories = ?11, source = ?12, \
                            url = ?13
         RETURNING row",
    )?;
    let list = |texts: &[String]| serde_json::Value::from(texts).to_string();
    statement.query_row(
        params![
            paper.id.as_str(),
            paper.title,
            normal_title(&paper.title),
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
            generation,
        ],
        |row| row.get(0),
    )
}

fn put_embedding(
    transaction: &Transaction<'_>,
    row: i64,
    model: i64,
    embedding: &Embedding,
) -> rusqlite::Result<usize> {
    let bytes: Vec<u8> = embedding.as_slice().iter().flat_map(|x| x.to_le_bytes()).collect();
    transaction
        .prepare_cached("INSERT OR REPLACE INTO embedding (row, model, vector) VALUES (?, ?, ?)")?
        .execute(params![row, model, bytes])
}

/// Reads little-endian numbers; false when there are more or fewer bytes than needed.
fn read_numbers(bytes: &[u8], numbers: &mut [f32]) -> bool {
    let (chunks, rest) = bytes.as_chunks::<4>();
    if chunks.len() != numbers.len() || !rest.is_empty() {
        return false;
    }
    numbers.iter_mut().zip(chunks).for_each(|(number, chunk)| *number = f32::from_le_bytes(*chunk));
    true
}

fn stored(row: &SqlRow<'_>) -> rusqlite::Result<Stored> {
    let damaged = |column: usize, reason: String| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, reason.into())
    };
    let list = |column: usize| {
        let text: String = row.get(column)?;
        serde_json::from_str(&text).map_err(|error| damaged(column, error.to_string()))
    };
    let date = |column: usize| {
        let text: Option<String> = row.get(column)?;
        text.map(|text| text.parse().map_err(|_| damaged(column, format!("`{text}` is no date")))).transpose()
    };
    let id: String = row.get(1)?;
    let paper = Paper {
        id: PaperId::parse(&id).map_err(|reason| damaged(1, reason))?,
        title: row.get(2)?,
        abstract_text: row.get(3)?,
        authors: list(4)?,
        author_count: row.get(5)?,
        published: date(6)?,
        listed: date(7)?,
        votes: row.get(8)?,
        comments: row.get(9)?,
        categories: list(10)?,
        source: row.get(11)?,
        url: row.get(12)?,
    };
    Ok(Stored { key: row.get(0)?, paper })
}
