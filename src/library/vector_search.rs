//! Neighbors that a server finds, with pgvector.

use std::collections::HashMap;

use super::batch::{BATCH_ROWS, LISTED_KEYS, key_list};
use super::database::{self, Value, params};
use super::embeddings::{float_bytes_of, read_floats};
use super::stored_value::damaged;
use super::{Library, StoredModel};
use crate::error::{Error, Result};
use crate::string_enum::string_enum;
use crate::vector::EmbeddingMatrix;

/// Papers among which the server compares all, at most: an index would find some of the nearest, in about the same time.
const MAX_COMPARED: usize = 20_000;
/// Candidates that a search of an HNSW index keeps: as many as are asked for, within what pgvector allows.
const MIN_EF_SEARCH: usize = 100;
const MAX_EF_SEARCH: usize = 1_000;
/// Statements differ in the number of rows that they ask for: these steps keep them few.
const LIMIT_STEP: usize = 50;
/// Tuples that pgvector visits for papers that pass a filter, at least (its default), and how many for each of them.
const MIN_SCAN_TUPLES: usize = 20_000;
const TUPLES_PER_MATCH: usize = 4;
/// Papers of the sample that recall is measured with, and the neighbors of each.
const RECALL_SAMPLE: usize = 50;
const RECALL_DEPTH: usize = 10;
/// Bytes that a paper takes in a graph that is built: a half vector and the lists of its neighbors. Measured in
/// `docs/scale.md`.
const INDEX_BYTES_PER_PAPER: i64 = 1_600;
/// Megabytes in which an index is built.
const MIN_INDEX_MEMORY: i64 = 64;
const MAX_INDEX_MEMORY: i64 = 8_192;
/// The lock of the program that builds an index.
const BUILD_LOCK: &str = "build";
/// The key of the method that was chosen.
const METHOD_KEY: &str = "vector index";

/// How a server finds neighbors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum VectorIndexMethod {
    /// pgvector's HNSW index.
    #[default]
    Hnsw,
    /// VectorChord's index of quantized lists.
    Vchordrq,
    /// pgvectorscale's DiskANN index.
    Diskann,
    /// No index: all papers are compared.
    None,
}

string_enum!(VectorIndexMethod, "a vector index", {
    Hnsw => "hnsw",
    Vchordrq => "vchordrq",
    Diskann => "diskann",
    None => "none",
});

impl VectorIndexMethod {
    /// The end of the statement that creates the index, for vectors of this dimension.
    fn definition(self, dimension: usize) -> Option<String> {
        Some(match self {
            VectorIndexMethod::Hnsw => {
                format!("hnsw ((vector::halfvec({dimension})) halfvec_ip_ops) WITH (m = 16, ef_construction = 100)")
            }
            VectorIndexMethod::Vchordrq => format!("vchordrq ((vector::halfvec({dimension})) halfvec_ip_ops)"),
            VectorIndexMethod::Diskann => format!("diskann ((vector::vector({dimension})) vector_ip_ops)"),
            VectorIndexMethod::None => return None,
        })
    }

    /// What the index is searched by, for vectors of this dimension.
    fn expression(self, dimension: usize) -> String {
        match self {
            VectorIndexMethod::Hnsw | VectorIndexMethod::Vchordrq => {
                format!("(vector::halfvec({dimension})) <#> CAST(?1 AS halfvec({dimension}))")
            }
            VectorIndexMethod::Diskann => format!("(vector::vector({dimension})) <#> CAST(?1 AS vector({dimension}))"),
            VectorIndexMethod::None => exact_expression(),
        }
    }
}

/// An expression that no index is of.
fn exact_expression() -> String {
    "vector <#> CAST(?1 AS vector)".to_owned()
}

impl Library {
    /// Whether it is on a server, which can find neighbors.
    pub fn is_on_server(&self) -> bool {
        self.db.as_sqlite().is_none()
    }

    /// The embeddings of the papers in these rows of the library, in the order of the keys. No key is given twice.
    ///
    /// # Errors
    /// [`Error::DamagedLibrary`] when one is missing.
    pub fn embeddings_at(&self, keys: &[i64]) -> Result<EmbeddingMatrix> {
        let Some(model) = self.model()? else { return Ok(EmbeddingMatrix::with_capacity(0, 0)) };
        let fail = || self.failed("read the embeddings");
        let select = format!("SELECT row, vector FROM embedding WHERE row IN ({LISTED_KEYS}) AND model = ?2");
        let mut vectors = EmbeddingMatrix::with_capacity(model.dimension, keys.len());
        for keys in keys.chunks(BATCH_ROWS) {
            self.check_canceled()?;
            let read = || -> database::Result<HashMap<i64, Vec<u8>>> {
                let mut statement = self.db.prepare(&select)?;
                statement.query_map(params![key_list(keys), model.key], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            };
            let stored = read().map_err(fail())?;
            let mut numbers = vec![0.0; model.dimension];
            for key in keys {
                let is_sound = stored.get(key).is_some_and(|bytes| read_floats(bytes, &mut numbers));
                if !is_sound || !vectors.push_unit(&numbers) {
                    return Err(fail()(damaged(format!("the embedding of row {key} is missing or no unit vector"))));
                }
            }
        }
        Ok(vectors)
    }

    /// The keys of up to `k` papers whose embeddings are nearest to a vector, as the server finds them, or a few more; with
    /// `allowed`, of papers with these keys. There are `papers` in all.
    ///
    /// Among few papers all are compared. Among many, the index is searched: it goes on until enough of the papers that are
    /// allowed are found, or very many others.
    ///
    /// # Errors
    /// [`Error::Library`], also for a library that is not on a server.
    pub fn nearest_keys(&self, query: &[f32], k: usize, allowed: Option<&[i64]>, papers: usize) -> Result<Vec<i64>> {
        let Some(model) = self.model()? else { return Ok(Vec::new()) };
        let passing = allowed.map_or(papers, <[i64]>::len);
        let method = match passing > MAX_COMPARED {
            true => self.vector_index()?,
            false => VectorIndexMethod::None,
        };
        self.nearest_by(method, &model, query, k, allowed, papers)
    }

    /// As [`Library::nearest_keys`], by a method.
    fn nearest_by(
        &self,
        method: VectorIndexMethod,
        model: &StoredModel,
        query: &[f32],
        k: usize,
        allowed: Option<&[i64]>,
        papers: usize,
    ) -> Result<Vec<i64>> {
        let limit = k.next_multiple_of(LIMIT_STEP);
        let passing = allowed.map_or(papers, <[i64]>::len);
        let read = || -> database::Result<Vec<i64>> {
            if method == VectorIndexMethod::Hnsw {
                let ef_search = limit.clamp(MIN_EF_SEARCH, MAX_EF_SEARCH);
                let tuples = limit * papers / passing.max(1) * TUPLES_PER_MATCH;
                let settings = format!(
                    "SET LOCAL hnsw.iterative_scan = relaxed_order; SET LOCAL hnsw.ef_search = {ef_search}; \
                     SET LOCAL hnsw.max_scan_tuples = {}",
                    tuples.max(MIN_SCAN_TUPLES)
                );
                self.db.execute_batch(&settings)?;
            }
            let filter = if allowed.is_some() { "AND row = ANY(CAST(?2 AS BIGINT[]))" } else { "" };
            let order = method.expression(model.dimension);
            let select = format!(
                "SELECT row FROM embedding WHERE model = {} {filter} ORDER BY {order} LIMIT {limit}",
                model.key
            );
            let mut values: Vec<Value> = vec![float_bytes_of(query).into()];
            values.extend(
                allowed.map(|keys| Value::from(keys.iter().flat_map(|key| key.to_le_bytes()).collect::<Vec<u8>>())),
            );
            self.db.prepare(&select)?.query_map(values, |row| row.get(0))?.collect()
        };
        read().map_err(self.failed("find neighbors"))
    }

    /// How a library on a server finds neighbors.
    ///
    /// # Errors
    /// When the server cannot be read.
    pub fn vector_index(&self) -> Result<VectorIndexMethod> {
        Ok(self.value(METHOD_KEY)?.and_then(|method| method.parse().ok()).unwrap_or_default())
    }

    /// Chooses how a library on a server finds neighbors. [`Library::build_vector_index`] builds what that takes.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for a library that is not on a server; [`Error::Library`].
    pub fn set_vector_index(&mut self, method: VectorIndexMethod) -> Result<()> {
        if !self.is_on_server() {
            let reason = "the library is in a directory: only servers have indexes of several methods".to_owned();
            return Err(Error::BadRequest { field: "method", reason });
        }
        self.set_value(METHOD_KEY, method.name())
    }

    /// The share of the ten nearest papers that the index finds, over a sample of papers; 1 when all are compared.
    ///
    /// # Errors
    /// When the server cannot be read.
    pub fn vector_index_recall(&self) -> Result<f32> {
        self.read_transaction(|| {
            let (method, Some(model)) = (self.vector_index()?, self.model()?) else { return Ok(1.0) };
            let keys = self.embedded_keys()?;
            let sample: Vec<i64> = keys.iter().copied().step_by(keys.len().div_ceil(RECALL_SAMPLE).max(1)).collect();
            let queries = self.embeddings_at(&sample)?;
            let (mut found, mut wanted) = (0, 0);
            for place in 0..sample.len() {
                let query = queries.row(place);
                let nearest = |method| self.nearest_by(method, &model, query, RECALL_DEPTH, None, keys.len());
                // Of the few more that the index gives, the nearest are taken: see `searcher::server_vectors`.
                let (mut expected, indexed) = (nearest(VectorIndexMethod::None)?, nearest(method)?);
                expected.truncate(RECALL_DEPTH);
                found += expected.iter().filter(|key| indexed.contains(key)).count();
                wanted += expected.len();
            }
            Ok(if wanted == 0 { 1.0 } else { found as f32 / wanted as f32 })
        })
    }

    /// Whether the server has the index that it finds neighbors with.
    ///
    /// # Errors
    /// When the server cannot be read.
    pub fn has_vector_index(&self) -> Result<bool> {
        let method = self.vector_index()?;
        let Some(model) = self.model()?.filter(|_| method != VectorIndexMethod::None) else { return Ok(true) };
        let indexes = self.server_indexes().map_err(self.failed("read the indexes"))?;
        Ok(indexes.iter().any(|(name, is_valid)| *is_valid && *name == index_name(&model, method)))
    }

    /// Builds the index that the server finds neighbors with, anew if there is one, and drops those of other methods and
    /// models. The library can be used meanwhile. `false` when another program is building it.
    ///
    /// # Errors
    /// [`Error::Library`]: the server may lack the extension of the method.
    pub fn build_vector_index(&self) -> Result<bool> {
        if !self.db.try_lock(BUILD_LOCK).map_err(self.failed("build the index"))? {
            return Ok(false);
        }
        let built = self.build_locked();
        self.db.unlock(BUILD_LOCK).map_err(self.failed("build the index"))?;
        built.map(|()| true)
    }

    fn build_locked(&self) -> Result<()> {
        let method = self.vector_index()?;
        let Some(model) = self.model()? else { return Ok(()) };
        let name = index_name(&model, method);
        let memory = self.index_memory().map_err(self.failed("build the index"))?;
        let build = || -> database::Result<()> {
            let mut is_there = false;
            for (other, is_valid) in self.server_indexes()? {
                match other == name && is_valid {
                    true => is_there = true,
                    false => self.db.execute_batch(&format!("DROP INDEX CONCURRENTLY \"{other}\""))?,
                }
            }
            let Some(definition) = method.definition(model.dimension) else { return Ok(()) };
            self.db.execute_batch("SET statement_timeout = 0")?;
            self.db.execute_batch(&format!("SET maintenance_work_mem = '{memory}MB'"))?;
            self.db.execute_batch(&match is_there {
                true => format!("REINDEX INDEX CONCURRENTLY \"{name}\""),
                false => format!(
                    "CREATE INDEX CONCURRENTLY \"{name}\" ON embedding USING {definition} WHERE model = {}",
                    model.key
                ),
            })
        };
        let mut built = build();
        if built.is_err() {
            // Workers share memory, of which containers have little.
            let alone = self.db.execute_batch("SET max_parallel_maintenance_workers = 0");
            built = alone.and_then(|()| build());
        }
        let reset = self.db.reset_settings();
        built
            .and(reset)
            .and_then(|()| self.db.execute_batch("ANALYZE embedding"))
            .map_err(self.failed("build the index"))
    }

    /// The indexes over vectors, and whether each is whole: one whose build was stopped is not.
    fn server_indexes(&self) -> database::Result<Vec<(String, bool)>> {
        let select = "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid \
                      WHERE indrelid = to_regclass('embedding') AND starts_with(relname, 'vector_')";
        self.db.prepare(select)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    /// The megabytes in which a graph is built: one that does not fit is built many times more slowly.
    fn index_memory(&self) -> database::Result<i64> {
        let papers: i64 = self.db.query_row("SELECT count(*) FROM embedding", [], |row| row.get(0))?;
        Ok(((papers * INDEX_BYTES_PER_PAPER) >> 20).clamp(MIN_INDEX_MEMORY, MAX_INDEX_MEMORY))
    }
}

/// The name of the index of a model.
fn index_name(model: &StoredModel, method: VectorIndexMethod) -> String {
    format!("vector_{method}_{}", model.key)
}
