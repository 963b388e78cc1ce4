//! `paperkin neighbors --stream`

mod base;

use std::io;

use crate::cli::args::NeighborsArgs;
use crate::cli::outcome::CommandOutcome;
use crate::error::Result;
use crate::formats::FINGERPRINT_KEY;
use crate::formats::streams::{DIMENSION_KEY, NeighborsRow, RowCell, RowSlice, bad_stream, transform};
use crate::vector::EmbeddingMatrix;
use base::NeighborBase;

pub(in crate::cli) fn run(args: NeighborsArgs) -> Result<CommandOutcome> {
    let base = NeighborBase::read(&args.among)?;
    let mut metadata = vec![(DIMENSION_KEY, base.dimension().to_string())];
    metadata.extend(base.fingerprint().map(|fingerprint| (FINGERPRINT_KEY, fingerprint.to_owned())));
    transform(io::stdin(), io::stdout(), &metadata, |slice| {
        if let Some(fingerprint) = slice.metadata(FINGERPRINT_KEY) {
            base.check_fingerprint(fingerprint).map_err(bad_stream)?;
        }
        let mut queries = QueryRows::read(slice, &base).map_err(bad_stream)?;
        let mut found = base.neighbors(&queries.ids, &queries.vectors, args.limit as usize).into_iter();
        let row = |row: Result<(), String>| row.map(|()| NeighborsRow { neighbors: found.next() });
        Ok(queries.rows.drain(..).map(row).collect())
    })?;
    Ok(CommandOutcome::Complete)
}

/// The vectors of some rows.
struct QueryRows {
    /// Whether each row has a vector; or what is wrong with it.
    rows: Vec<Result<(), String>>,
    /// The ids of the rows that have one.
    ids: Vec<Option<String>>,
    /// Their vectors.
    vectors: EmbeddingMatrix,
}

impl QueryRows {
    /// Fails where a column is missing or of a wrong type.
    fn read(slice: &RowSlice, base: &NeighborBase) -> Result<QueryRows, String> {
        let (all_ids, all_vectors) = (slice.ids()?, slice.vectors("vector")?);
        let fingerprints = slice.texts("fingerprint")?.unwrap_or_else(|| vec![Ok(None); slice.len()]);
        let mut ids = Vec::new();
        let mut vectors = EmbeddingMatrix::with_capacity(base.dimension(), slice.len());
        let mut read = |id: RowCell<String>, vector: RowCell<Vec<f32>>, fingerprint: RowCell<String>| {
            let (id, vector) = (id?, vector?.ok_or("no vector")?);
            if let Some(fingerprint) = fingerprint? {
                base.check_fingerprint(&fingerprint)?;
            }
            base.check_vector(&vector)?;
            vectors.push_unit(&vector);
            ids.push(id);
            Ok(())
        };
        let rows = all_ids.into_iter().zip(all_vectors).zip(fingerprints);
        let rows = rows.map(|((id, vector), fingerprint)| read(id, vector, fingerprint)).collect();
        Ok(QueryRows { rows, ids, vectors })
    }
}
