//! Embeddings: what became of them since a generation, and another model's in place of them.

use std::collections::BTreeMap;

use super::batch::{BATCH_ROWS, LISTED_KEYS, key_list};
use super::checksums::{put_embedding_checksums, write_embeddings};
use super::database::{self, Transaction, params};
use super::generation::{GenerationId, next_generation};
use super::stored_paper::{COLUMNS, StoredPaper, row_of};
use super::stored_value::{damaged, key};
use super::{Library, StoredModel};
use crate::error::Result;
use crate::vector::{Embedding, EmbeddingMatrix, is_unit_vector};

/// What became of the embeddings of the library's model.
#[derive(Debug, Clone)]
pub struct EmbeddingDelta {
    /// The generation that the changes lead to.
    pub generation: GenerationId,
    /// Whether this is all there is, not what changed.
    pub is_complete: bool,
    /// Keys of the papers whose embedding is new or another one, ascending.
    pub keys: Vec<i64>,
    /// Their embeddings, in the same order.
    pub vectors: EmbeddingMatrix,
    /// Keys of the papers that were removed, ascending: none of them among `keys`, and none for the whole.
    pub removed: Vec<i64>,
}

/// The papers that changed since a generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedKeys {
    /// Keys of the papers whose text and embedding are new or others, ascending.
    pub written: Vec<i64>,
    /// Keys of the papers that were removed, ascending.
    pub removed: Vec<i64>,
}

impl Library {
    /// Which papers changed since a generation; `None` when it is not of this library, or of a time that
    /// [`Library::compact`] made it forget.
    pub fn keys_changed_since(&self, then: GenerationId) -> Result<Option<ChangedKeys>> {
        self.read_transaction(|| {
            let (Some(model), true) = (self.model()?, self.knows(&then)?) else { return Ok(None) };
            let written = self.keys_written_after(then.generation as i64, &model)?;
            Ok(Some(ChangedKeys { written, removed: self.removed_after(then.generation as i64)? }))
        })
    }

    /// What changed since a generation: whoever forgets the embeddings of `keys` and `removed`, and takes in `vectors`,
    /// has those of now. Gives the whole when it is asked for (`None`), and when the generation is not of this library,
    /// or of a time that [`Library::compact`] made it forget.
    ///
    /// After a change of models every embedding is a new one.
    ///
    /// # Errors
    /// [`Error::DamagedLibrary`](crate::Error::DamagedLibrary) when an embedding has another length or is no unit vector.
    pub fn embeddings_since(&self, then: Option<GenerationId>) -> Result<EmbeddingDelta> {
        self.read_transaction(|| {
            let known = match then {
                Some(then) if self.knows(&then)? => Some(then.generation as i64),
                _ => None,
            };
            let (keys, vectors) = match self.model()? {
                Some(model) => self.written_after(known.unwrap_or(0), &model)?,
                None => Default::default(),
            };
            let removed = known.map(|generation| self.removed_after(generation)).transpose()?.unwrap_or_default();
            Ok(EmbeddingDelta {
                generation: self.generation_id()?,
                is_complete: known.is_none(),
                keys,
                vectors,
                removed,
            })
        })
    }

    fn written_after(&self, generation: i64, model: &StoredModel) -> Result<(Vec<i64>, EmbeddingMatrix)> {
        let keys = self.keys_written_after(generation, model)?;
        let mut vectors = EmbeddingMatrix::with_capacity(model.dimension, 0);
        self.for_each_embedding(model, &keys, |_, vector| {
            // The dimension may be damaged: memory is taken when the first embedding has it.
            if vectors.len() == 1 {
                vectors.reserve(keys.len() - 1);
            }
            vectors.push_unit(vector);
            Ok(())
        })?;
        Ok((keys, vectors))
    }

    /// Hands over the embeddings of a model that have these keys (ascending), one at a time with its key, in their order. Keys
    /// without one are passed over.
    ///
    /// # Errors
    /// Those of `take`; [`Error::DamagedLibrary`](crate::Error::DamagedLibrary) when an embedding has another length or is no
    /// unit vector.
    pub fn for_each_embedding(
        &self,
        model: &StoredModel,
        keys: &[i64],
        mut take: impl FnMut(i64, &[f32]) -> Result<()>,
    ) -> Result<()> {
        let mut numbers = vec![0.0; model.dimension];
        let select =
            format!("SELECT row, vector FROM embedding WHERE row IN ({LISTED_KEYS}) AND model = ?2 ORDER BY row");
        // What `take` says stops the reading, and is no error of the file.
        let mut read = |keys: &[i64]| -> database::Result<Result<()>> {
            let mut statement = self.db.prepare(&select)?;
            let mut rows = statement.query(params![key_list(keys), model.key])?;
            while let Some(row) = rows.next()? {
                let (key, bytes) = (row.get::<i64>(0)?, row.get_ref(1)?.as_blob()?);
                if !(read_floats(bytes, &mut numbers) && is_unit_vector(&numbers)) {
                    let dimension = model.dimension;
                    let reason = format!("the embedding of row {key} is not a unit vector of {dimension} dimensions");
                    return Err(damaged(reason));
                }
                if let Err(error) = take(key, &numbers) {
                    return Ok(Err(error));
                }
            }
            Ok(Ok(()))
        };
        keys.chunks(BATCH_ROWS).try_for_each(|keys| read(keys).map_err(self.failed("read the embeddings"))?)
    }

    fn keys_written_after(&self, generation: i64, model: &StoredModel) -> Result<Vec<i64>> {
        let select = "SELECT row FROM embedding WHERE model = ? AND written > ? ORDER BY row";
        self.keys(select, [model.key, generation]).map_err(self.failed("read the embeddings"))
    }

    fn removed_after(&self, generation: i64) -> Result<Vec<i64>> {
        let select = "SELECT row FROM removed WHERE generation > ? ORDER BY row";
        self.keys(select, [generation]).map_err(self.failed("read removed papers"))
    }

    fn keys(&self, select: &str, params: impl database::Params) -> database::Result<Vec<i64>> {
        self.db.prepare(select)?.query_map(params, |row| key(row, 0))?.collect()
    }

    /// The keys of the papers that have an embedding of the library's model, ascending.
    pub fn embedded_keys(&self) -> Result<Vec<i64>> {
        let Some(model) = self.model()? else { return Ok(Vec::new()) };
        let select = "SELECT row FROM embedding WHERE model = ? ORDER BY row";
        self.keys(select, [model.key]).map_err(self.failed("read the embeddings"))
    }

    /// Up to `limit` papers that have no embedding of this model yet, and how many there are in all.
    pub fn without_embedding(&self, fingerprint: &str, limit: usize) -> Result<(Vec<StoredPaper>, usize)> {
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
    pub fn write_embeddings(&mut self, model: &StoredModel, embeddings: &[(StoredPaper, Embedding)]) -> Result<()> {
        self.write_transaction("write embeddings", |transaction| {
            let model_key = model_key(transaction, model)?;
            let generation = next_generation(transaction)?;
            let mut of_row = BTreeMap::new();
            for (StoredPaper { paper, .. }, embedding) in embeddings {
                if let Some(row) = row_of(transaction, paper)? {
                    of_row.insert(row, embedding);
                }
            }
            put_embeddings(transaction, model_key, generation, &of_row)
        })
    }

    /// Makes this the library's model if every paper has an embedding of it, and drops the embeddings of all others.
    /// Says whether it is the library's model now.
    pub fn switch_model(&mut self, model: &StoredModel) -> Result<bool> {
        self.write_transaction("change the model", |transaction| {
            let key = model_key(transaction, model)?;
            let complete = "SELECT NOT EXISTS (SELECT 1 FROM paper WHERE NOT EXISTS \
                            (SELECT 1 FROM embedding WHERE row = paper.row AND model = ?))";
            if !transaction.query_row(complete, [key], |row| row.get(0))? {
                return Ok(false);
            }
            let switched =
                transaction.execute("UPDATE library SET model = ?1 WHERE model IS DISTINCT FROM ?1", [key])? > 0;
            transaction.execute("DELETE FROM embedding WHERE model <> ?", [key])?;
            transaction.execute("DELETE FROM model WHERE key <> ?", [key])?;
            if switched {
                let generation = next_generation(transaction)?;
                transaction.execute("UPDATE embedding SET written = ?", [generation])?;
                write_embeddings(transaction)?;
            }
            Ok(true)
        })
    }
}

/// The key of a model, which is entered if it is new.
pub(super) fn model_key(transaction: &Transaction<'_>, model: &StoredModel) -> database::Result<i64> {
    transaction.execute(
        "INSERT INTO model (name, fingerprint, dimension) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        params![model.name, model.fingerprint, model.dimension as i64],
    )?;
    transaction.query_row("SELECT key FROM model WHERE fingerprint = ?", [&model.fingerprint], |row| row.get(0))
}

/// Writes embeddings of papers, by their keys, in the generation that the transaction makes.
pub(super) fn put_embeddings(
    transaction: &Transaction<'_>,
    model: i64,
    generation: i64,
    embeddings: &BTreeMap<i64, &Embedding>,
) -> database::Result<()> {
    if embeddings.is_empty() {
        return Ok(());
    }
    let keys: Vec<i64> = embeddings.keys().copied().collect();
    // On a server, the embeddings may be spread over others: such a table has no unique key, and takes no upserts.
    let mut delete =
        transaction.prepare(&format!("DELETE FROM embedding WHERE row IN ({LISTED_KEYS}) AND model = ?2"))?;
    for keys in keys.chunks(BATCH_ROWS) {
        delete.execute(params![key_list(keys), model])?;
    }
    let row = |(key, embedding): (&i64, &&Embedding)| {
        vec![(*key).into(), model.into(), generation.into(), float_bytes(embedding).into()]
    };
    let columns = ["row", "model", "written", "vector"].map(str::to_owned);
    transaction.insert_rows("embedding", &columns, &embeddings.iter().map(row).collect::<Vec<_>>())?;
    put_embedding_checksums(transaction, model, &keys)
}

/// The numbers of an embedding as little-endian floats.
pub(super) fn float_bytes(embedding: &Embedding) -> Vec<u8> {
    float_bytes_of(embedding.as_slice())
}

/// Numbers as little-endian floats.
pub(super) fn float_bytes_of(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Reads little-endian floats; `false` when there are not as many as expected.
pub(super) fn read_floats(bytes: &[u8], numbers: &mut [f32]) -> bool {
    let (chunks, rest) = bytes.as_chunks::<4>();
    if chunks.len() != numbers.len() || !rest.is_empty() {
        return false;
    }
    numbers.iter_mut().zip(chunks).for_each(|(number, chunk)| *number = f32::from_le_bytes(*chunk));
    true
}
