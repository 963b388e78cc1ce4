//! Neighbors that a server finds, with pgvector.

use std::collections::HashMap;
use std::fmt::Write;

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
/// Statements differ in the number of rows that they ask for: these steps keep them few. A ranking of ten results asks for about
/// 100 papers near a paper, after it has asked for 30: one search finds both.
const LIMIT_STEP: usize = 150;
/// Tuples that pgvector visits for papers that pass a filter, at least (its default), and how many for each of them.
const MIN_SCAN_TUPLES: usize = 20_000;
const TUPLES_PER_MATCH: usize = 4;
/// Papers of the sample that recall is measured with, and the neighbors of each.
const RECALL_SAMPLE: usize = 50;
const RECALL_DEPTH: usize = 10;
/// Papers that all others are compared with at once: the server keeps this many distances for each.
const RECALL_QUERIES: usize = 10;
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
    /// An index that an administrator made, as for HNSW: where the embeddings are spread over servers, each has its own.
    External,
    /// No index: all papers are compared.
    None,
}

string_enum!(VectorIndexMethod, "a vector index", {
    Hnsw => "hnsw",
    Vchordrq => "vchordrq",
    Diskann => "diskann",
    External => "external",
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
            VectorIndexMethod::External | VectorIndexMethod::None => return None,
        })
    }

    /// The distance from the vector in a parameter, as the index has it.
    fn distance(self, dimension: usize, parameter: usize) -> String {
        match self {
            VectorIndexMethod::Hnsw | VectorIndexMethod::Vchordrq | VectorIndexMethod::External => {
                format!("(vector::halfvec({dimension})) <#> CAST(?{parameter} AS halfvec({dimension}))")
            }
            VectorIndexMethod::Diskann => {
                format!("(vector::vector({dimension})) <#> CAST(?{parameter} AS vector({dimension}))")
            }
            VectorIndexMethod::None => format!("vector <#> CAST(?{parameter} AS vector)"),
        }
    }
}

/// How a server finds neighbors of vectors of a model.
#[derive(Debug, Clone)]
pub struct ServerIndex {
    method: VectorIndexMethod,
    model: StoredModel,
}

/// A vector whose nearest papers are looked for, and how many of them.
#[derive(Debug, Clone, Copy)]
pub struct NearestQuery<'a> {
    /// A unit vector of the library's model.
    pub vector: &'a [f32],
    /// How many papers.
    pub k: usize,
}

impl ServerIndex {
    /// The statement for so many neighbors of each of some vectors, which are its first parameters; the last one is the list of
    /// keys, if the papers `have_keys`. Its rows are the place of a vector, and a key.
    fn select(&self, limits: &[usize], have_keys: bool) -> String {
        let (model, dimension) = (self.model.key, self.model.dimension);
        let keys = match have_keys {
            true => format!("AND row = ANY(CAST(?{} AS BIGINT[]))", limits.len() + 1),
            false => String::new(),
        };
        let papers = format!("FROM embedding WHERE model = {model} {keys}");
        // Where all are compared, they are read once for all vectors.
        let mut distances = String::new();
        let nearest = limits.iter().enumerate().map(|(place, limit)| {
            let distance = self.method.distance(dimension, place + 1);
            let ordered = match self.method {
                VectorIndexMethod::None => {
                    let _ = write!(distances, ", {distance} AS distance{place}");
                    format!("FROM compared ORDER BY distance{place}")
                }
                _ => format!("{papers} ORDER BY {distance}"),
            };
            format!("SELECT CAST({place} AS BIGINT), row FROM (SELECT row {ordered} LIMIT {limit}) AS nearest{place}")
        });
        let nearest = nearest.collect::<Vec<_>>().join(" UNION ALL ");
        match self.method {
            VectorIndexMethod::None => {
                format!("WITH compared AS MATERIALIZED (SELECT row{distances} {papers}) {nearest}")
            }
            _ => nearest,
        }
    }
}

/// Settings of pgvector for so many neighbors among `papers`, of which some pass a filter.
fn scan_settings(limit: usize, papers: usize, passing: usize) -> String {
    let ef_search = limit.clamp(MIN_EF_SEARCH, MAX_EF_SEARCH);
    let tuples = (limit * papers / passing.max(1) * TUPLES_PER_MATCH).max(MIN_SCAN_TUPLES);
    format!(
        "SET LOCAL hnsw.iterative_scan = relaxed_order; SET LOCAL hnsw.ef_search = {ef_search}; \
         SET LOCAL hnsw.max_scan_tuples = {tuples}"
    )
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

    /// How the server finds neighbors now; `None` for a library without a model.
    ///
    /// # Errors
    /// When the server cannot be read.
    pub fn server_index(&self) -> Result<Option<ServerIndex>> {
        let Some(model) = self.model()? else { return Ok(None) };
        Ok(Some(ServerIndex { method: self.vector_index()?, model }))
    }

    /// For each query, the keys of the papers whose embeddings are nearest to it, as the server finds them; with `allowed`, of
    /// papers with these keys: the nearest about first, and maybe a few more than asked for. There are `papers` in all.
    ///
    /// Among few papers all are compared. Among many, the index is searched: it goes on until enough of the papers that are
    /// allowed are found, or very many others.
    ///
    /// # Errors
    /// [`Error::Library`], also for a library that is not on a server.
    pub fn nearest_keys(
        &self,
        index: &ServerIndex,
        queries: &[NearestQuery<'_>],
        allowed: Option<&[i64]>,
        papers: usize,
    ) -> Result<Vec<Vec<i64>>> {
        let passing = allowed.map_or(papers, <[i64]>::len);
        let method = if passing > MAX_COMPARED { index.method } else { VectorIndexMethod::None };
        let index = ServerIndex { method, model: index.model.clone() };
        self.nearest_by(&index, queries, allowed, papers)
    }

    /// As [`Library::nearest_keys`], however many papers there are.
    fn nearest_by(
        &self,
        index: &ServerIndex,
        queries: &[NearestQuery<'_>],
        allowed: Option<&[i64]>,
        papers: usize,
    ) -> Result<Vec<Vec<i64>>> {
        let limits: Vec<usize> = queries.iter().map(|query| query.k.next_multiple_of(LIMIT_STEP)).collect();
        let read = || -> database::Result<Vec<Vec<i64>>> {
            let is_filtered_search = allowed.is_some() && index.method != VectorIndexMethod::None;
            if index.method == VectorIndexMethod::Hnsw {
                let passing = allowed.map_or(papers, <[i64]>::len);
                self.db.execute_batch(&scan_settings(limits.iter().copied().max().unwrap_or(0), papers, passing))?;
            }
            if is_filtered_search {
                // The server takes a list for a short one: it would look each paper up, and sort them.
                self.db.execute_batch("SET LOCAL enable_sort = off")?;
            }
            let mut values: Vec<Value> = queries.iter().map(|query| float_bytes_of(query.vector).into()).collect();
            values.extend(
                allowed.map(|keys| Value::from(keys.iter().flat_map(|key| key.to_le_bytes()).collect::<Vec<u8>>())),
            );
            let mut found = vec![Vec::new(); queries.len()];
            let mut statement = self.db.prepare(&index.select(&limits, allowed.is_some()))?;
            let mut rows = statement.query(values)?;
            while let Some(row) = rows.next()? {
                found[row.get::<i64>(0)? as usize].push(row.get(1)?);
            }
            if is_filtered_search {
                self.db.execute_batch("SET LOCAL enable_sort = on")?;
            }
            Ok(found)
        };
        if queries.is_empty() { Ok(Vec::new()) } else { read().map_err(self.failed("find neighbors")) }
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
            let Some(index) = self.server_index()? else { return Ok(1.0) };
            let exact = ServerIndex { method: VectorIndexMethod::None, ..index.clone() };
            let keys = self.embedded_keys()?;
            let sample: Vec<i64> = keys.iter().copied().step_by(keys.len().div_ceil(RECALL_SAMPLE).max(1)).collect();
            let vectors = self.embeddings_at(&sample)?;
            let queries: Vec<NearestQuery<'_>> =
                vectors.rows().map(|vector| NearestQuery { vector, k: RECALL_DEPTH }).collect();
            let (mut found, mut wanted) = (0, 0);
            for queries in queries.chunks(RECALL_QUERIES) {
                let exact = self.nearest_by(&exact, queries, None, keys.len())?;
                let indexed = self.nearest_by(&index, queries, None, keys.len())?;
                for (mut expected, indexed) in exact.into_iter().zip(indexed) {
                    // Of the few more that the index gives, the nearest are taken: see `searcher::server_vectors`.
                    expected.truncate(RECALL_DEPTH);
                    found += expected.iter().filter(|key| indexed.contains(key)).count();
                    wanted += expected.len();
                }
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
        let Some(model) = self.model()?.filter(|model| method.definition(model.dimension).is_some()) else {
            return Ok(true);
        };
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
