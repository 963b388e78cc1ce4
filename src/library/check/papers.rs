//! Checks papers, what each source said of them, their aliases, embeddings and terms.

use std::collections::HashSet;

use super::row_check::RowCheck;
use super::{ADD_AGAIN, COMPACT, CheckOutcome};
use crate::library::Library;
use crate::library::batch::BATCH_ROWS;
use crate::library::checksums::{wrong_embeddings, wrong_papers};
use crate::library::database::{OptionalRow, Result};
use crate::library::stored_paper::{COLUMNS, stored};
use crate::library::stored_value::{damaged, dimension, id, json, key, number, optional, value};
use crate::paper::{Paper, PaperId};
use crate::vector::is_unit_vector;

/// Says that a checksum differs.
const WAS_CHANGED: &str = "its checksum differs: it was changed by another program, or damaged";

impl Library {
    pub(super) fn check_papers(&self) -> Result<CheckOutcome> {
        let newest = self.newest_generation()?;
        let mut wrong = HashSet::new();
        for keys in self.db.keys("SELECT row FROM paper ORDER BY row", [])?.chunks(BATCH_ROWS) {
            wrong.extend(wrong_papers(&self.db, keys)?);
        }
        let mut papers = RowCheck::default();
        let select = format!("SELECT {COLUMNS}, added FROM paper ORDER BY row");
        papers.read_named(&self.db, ("paper", 1), &select, |row| {
            let stored = stored(row)?;
            number(row, row.column_count() - 1, 0, newest)?;
            if stored.paper.document().is_empty() {
                return Err(damaged("it has neither title nor abstract"));
            }
            if wrong.contains(&stored.key) { Err(damaged(WAS_CHANGED)) } else { Ok(()) }
        })?;
        Ok(papers.finding(ADD_AGAIN))
    }

    pub(super) fn check_records(&self) -> Result<CheckOutcome> {
        let mut records = RowCheck::default();
        let select = "SELECT paper.id, record.record FROM record JOIN paper ON paper.row = record.paper";
        records.read(&self.db, "record of", select, |row| json::<Paper>(row, 1).map(drop))?;
        let select = "SELECT alias.name, paper.aliases FROM alias JOIN paper ON paper.row = alias.paper";
        records.read(&self.db, "alias", select, |row| {
            let name = id(row, 0)?;
            let aliases: Vec<PaperId> = optional(row, 1, json)?.unwrap_or_default();
            if aliases.contains(&name) { Ok(()) } else { Err(damaged("its paper does not have it")) }
        })?;
        let select = "SELECT id, aliases FROM paper WHERE aliases IS NOT NULL";
        let mut is_found = self
            .db
            .prepare("SELECT 1 FROM alias WHERE name = ?1 UNION ALL SELECT 1 FROM paper WHERE id = ?1 LIMIT 1")?;
        records.read(&self.db, "aliases of", select, |row| {
            for name in json::<Vec<PaperId>>(row, 1)? {
                if is_found.query_row([name.as_str()], |_| Ok(())).optional()?.is_none() {
                    return Err(damaged(format!("`{name}` does not find it")));
                }
            }
            Ok(())
        })?;
        let select = "SELECT one, other, EXISTS (SELECT 1 FROM not_same AS back WHERE back.one = not_same.other \
                      AND back.other = not_same.one) FROM not_same";
        records.read(&self.db, "split of", select, |row| {
            id(row, 0)?;
            id(row, 1)?;
            if row.get(2)? { Ok(()) } else { Err(damaged("only one of the two papers knows it")) }
        })?;
        Ok(records.finding(ADD_AGAIN))
    }

    pub(super) fn check_missing(&self) -> Result<CheckOutcome> {
        let missing: i64 = self.db.query_row(
            "SELECT count(*) FROM paper WHERE NOT EXISTS (SELECT 1 FROM embedding JOIN library \
             ON embedding.model = library.model WHERE embedding.row = paper.row)",
            [],
            |row| row.get(0),
        )?;
        let remedy = (missing > 0).then_some("run `paperkin reembed`");
        Ok(CheckOutcome { found: missing.to_string(), remedy })
    }

    pub(super) fn check_embeddings(&self) -> Result<CheckOutcome> {
        let newest = self.newest_generation()?;
        let mut wrong = HashSet::new();
        for model in self.db.keys("SELECT key FROM model", [])? {
            let select = format!("SELECT row FROM embedding WHERE model = {model} ORDER BY row");
            for keys in self.db.keys(&select, [])?.chunks(BATCH_ROWS) {
                wrong.extend(wrong_embeddings(&self.db, model, keys)?.into_iter().map(|key| (key, model)));
            }
        }
        let mut embeddings = RowCheck::default();
        let select = "SELECT paper.id, embedding.row, embedding.model, written, vector, dimension FROM embedding \
                      LEFT JOIN paper ON paper.row = embedding.row LEFT JOIN model ON model.key = embedding.model \
                      ORDER BY embedding.row";
        embeddings.read(&self.db, "embedding of", select, |row| {
            let (paper, model) = (key(row, 1)?, value(row, 2)?);
            number(row, 3, 0, newest)?;
            let dimension = dimension(row, 5)?;
            let (numbers, rest) = row.get_ref(4)?.as_blob()?.as_chunks::<4>();
            let numbers: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            if numbers.len() != dimension || !rest.is_empty() {
                return Err(damaged(format!("it does not have {dimension} numbers")));
            }
            if !is_unit_vector(&numbers) {
                return Err(damaged("it is not normalized"));
            }
            if wrong.contains(&(paper, model)) { Err(damaged(WAS_CHANGED)) } else { Ok(()) }
        })?;
        Ok(embeddings.finding(ADD_AGAIN))
    }

    pub(super) fn check_terms(&self) -> Result<CheckOutcome> {
        let (kept, wrong) = self.count_term_lists()?;
        let found = format!("{kept} posting lists checked, {wrong} invalid");
        Ok(CheckOutcome { found, remedy: (wrong > 0).then_some(COMPACT) })
    }
}
