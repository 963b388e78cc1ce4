//! Words: for each term the papers that have it, and for each paper its terms, changed in the transaction that changes
//! the papers.

use std::collections::HashMap;

use rustc_hash::FxHashMap;

use super::Library;
use super::batch::{BATCH_ROWS, LISTED_KEYS, LISTED_TEXTS, key_list, text_list};
use super::database::{self, Connection, Row as SqlRow, Transaction, params};
use super::stored_value::{damaged, quoted};
use crate::error::{Error, Result};
use crate::lexical::postings::{self, BLOCK_KEYS, DOC_LENGTH_TERM};
use crate::lexical::{CollectionStats, PostingBlocks, TermVector, for_each_term};
use crate::paper::{Paper, PaperId, document, surname_key};

/// Characters of a last name or a category that tell terms apart: a row of an index on a server has 2,704 bytes at most.
const MAX_FACET_CHARS: usize = 200;

/// Changes, collected for one transaction.
#[derive(Default)]
pub(super) struct TermIndexChanges {
    /// The terms that occur, each with its place in `numbers`.
    terms: FxHashMap<String, u32>,
    /// What each term is in a [`TermVector`].
    term_ids: Vec<u32>,
    /// Which term, by its place, which row has it, and how often; the counts of a row add up.
    entries: Vec<(u32, i64, u32)>,
    /// Papers' terms as bytes.
    term_vectors: Vec<(i64, Vec<u8>)>,
}

/// A term with its changes in a block.
struct TermChanges<'a> {
    term: &'a str,
    changes: Vec<(u32, u32)>,
}

/// A block, a term, and its rows in the block with their counts.
type BlockUpdate<'a> = (i64, &'a str, &'a [(i64, u32)]);

impl TermIndexChanges {
    /// The paper in this row gets this text.
    pub(super) fn add_text(&mut self, row: i64, title: &str, abstract_text: &str) {
        let mut places = Vec::with_capacity(256);
        let words = for_each_term(&document(title, abstract_text), |term| places.push(self.term_index(term)));
        places.sort_unstable();
        let counts = places.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u32));
        self.entries.extend(counts.clone().map(|(place, count)| (place, row, count)));
        let bag = TermVector::from_counts(
            counts.map(|(place, count)| (self.term_ids[place as usize], count)).collect(),
            words,
        );
        self.term_vectors.push((row, bag.to_bytes()));
        // A paper without words is a paper still.
        let every = self.term_index(DOC_LENGTH_TERM);
        self.entries.push((every, row, words.max(1)));
    }

    /// The paper in this row gets these facets.
    pub(super) fn add_facets(&mut self, row: i64, facets: &Facets) {
        self.put_facets(row, facets, 1);
    }

    fn put_facets(&mut self, row: i64, facets: &Facets, count: u32) {
        facets.for_each_term(|term| {
            let place = self.term_index(&term);
            self.entries.push((place, row, count));
        });
    }

    /// The paper in this row had this text.
    fn remove_text(&mut self, row: i64, title: &str, abstract_text: &str) {
        let mut places = vec![self.term_index(DOC_LENGTH_TERM)];
        for_each_term(&document(title, abstract_text), |term| places.push(self.term_index(term)));
        self.entries.extend(places.into_iter().map(|place| (place, row, 0)));
    }

    /// The paper of this id, if there is one, loses the text and the facets that it has now.
    pub(super) fn remove_stored(&mut self, transaction: &Transaction<'_>, id: &PaperId) -> database::Result<()> {
        let mut select = transaction.prepare("SELECT row, title, abstract FROM paper WHERE id = ?")?;
        let mut rows = select.query([id.as_str()])?;
        while let Some(row) = rows.next()? {
            let key = row.get(0)?;
            self.term_vectors.retain(|(row, _)| *row != key);
            // A damaged paper can be removed. Which terms it had is not known then: a check finds them.
            let text = |column| Ok::<_, database::Error>(row.get_ref(column)?.as_str().unwrap_or_default());
            self.remove_text(key, text(1)?, text(2)?);
        }
        self.replace_facets(transaction, id, &Facets::default())
    }

    /// The paper of this id, if there is one and its facets change, gets these in place of those that it has now.
    pub(super) fn replace_facets(
        &mut self,
        transaction: &Transaction<'_>,
        id: &PaperId,
        facets: &Facets,
    ) -> database::Result<()> {
        let mut select = transaction.prepare("SELECT row, authors, categories FROM paper WHERE id = ?")?;
        let mut rows = select.query([id.as_str()])?;
        while let Some(row) = rows.next()? {
            let text = |column| Ok::<_, database::Error>(row.get_ref(column)?.as_str().unwrap_or_default());
            let (key, stored) = (row.get(0)?, Facets::stored(text(1)?, text(2)?));
            if stored != *facets {
                self.put_facets(key, &stored, 0);
                self.put_facets(key, facets, 1);
            }
        }
        Ok(())
    }

    fn term_index(&mut self, term: &str) -> u32 {
        // Most terms are there already: only a new one is copied.
        if let Some(place) = self.terms.get(term) {
            return *place;
        }
        let place = self.term_ids.len() as u32;
        self.term_ids.push(TermVector::term_id(term));
        self.terms.insert(term.to_owned(), place);
        place
    }

    /// The rows and counts of each term in the order in which they came, one term after the other by its place, and where
    /// those of each term end.
    fn by_place(&self) -> (Vec<(i64, u32)>, Vec<usize>) {
        // There are millions of entries: how many each term has says where they go, and nothing has to be compared.
        let mut ends = vec![0; self.term_ids.len()];
        self.entries.iter().for_each(|(place, ..)| ends[*place as usize] += 1);
        let mut before = 0;
        for end in &mut ends {
            before += std::mem::replace(end, before);
        }
        let mut rows = vec![(0, 0); self.entries.len()];
        for (place, row, count) in &self.entries {
            let end = &mut ends[*place as usize];
            rows[*end] = (*row, *count);
            *end += 1;
        }
        (rows, ends)
    }

    /// Hands over terms of each block with their changes, as [`postings::change`] takes them, so many at a time.
    fn for_each_batch(
        &self,
        mut take: impl FnMut(i64, &[TermChanges<'_>]) -> database::Result<()>,
    ) -> database::Result<()> {
        let (mut rows, ends) = self.by_place();
        let mut parts: Vec<BlockUpdate<'_>> = Vec::with_capacity(self.terms.len());
        let mut rest = rows.as_mut_slice();
        // Hash maps have no order: the terms by their places.
        let mut terms = vec![""; self.terms.len()];
        self.terms.iter().for_each(|(term, place)| terms[*place as usize] = term);
        let mut start = 0;
        for (term, end) in terms.into_iter().zip(ends) {
            let (of_term, others) = rest.split_at_mut(end - start);
            (rest, start) = (others, end);
            of_term.sort_by_key(|(row, _)| *row);
            parts.extend(
                of_term
                    .chunk_by(|a, b| a.0 / BLOCK_KEYS == b.0 / BLOCK_KEYS)
                    .map(|part| (part[0].0 / BLOCK_KEYS, term, part)),
            );
        }
        parts.sort_unstable_by_key(|(block, term, _)| (*block, *term));
        let of_row = |same: &[(i64, u32)]| ((same[0].0 % BLOCK_KEYS) as u32, same.iter().map(|(_, count)| count).sum());
        for block in parts.chunk_by(|a, b| a.0 == b.0) {
            for batch in block.chunks(BATCH_ROWS) {
                let changes = |rows: &[(i64, u32)]| rows.chunk_by(|a, b| a.0 == b.0).map(of_row).collect();
                let terms = batch.iter().map(|(_, term, rows)| TermChanges { term, changes: changes(rows) });
                take(block[0].0, &terms.collect::<Vec<_>>())?;
            }
        }
        Ok(())
    }

    /// Writes what was collected.
    pub(super) fn write(mut self, transaction: &Transaction<'_>) -> database::Result<()> {
        let rows = self.term_vectors.drain(..).map(|(row, terms)| vec![row.into(), terms.into()]);
        transaction.upsert_rows("term_vector", (&["row"], &["terms"]), rows.collect())?;
        let mut has_block = transaction.prepare("SELECT 1 FROM posting WHERE block = ?")?;
        let mut current = None;
        self.for_each_batch(|block, terms| {
            // In a new block there is nothing to look for.
            let is_new = match current {
                Some((same, is_new)) if same == block => is_new,
                _ => !has_block.exists([block])?,
            };
            current = Some((block, is_new));
            let before = if is_new { HashMap::new() } else { stored_postings(transaction, block, terms)? };
            let (mut changed, mut emptied) = (Vec::new(), Vec::new());
            for TermChanges { term, changes } in terms {
                let after = postings::change(before.get(*term).map_or(&[], Vec::as_slice), changes);
                match after.is_empty() {
                    true => emptied.push(*term),
                    false => changed.push(vec![block.into(), (*term).to_owned().into(), after.into()]),
                }
            }
            transaction.upsert_rows("posting", (&["block", "term"], &["papers"]), changed)?;
            if !emptied.is_empty() {
                let delete = format!("DELETE FROM posting WHERE block = ?2 AND term IN ({LISTED_TEXTS})");
                transaction.prepare(&delete)?.execute(params![text_list(emptied), block])?;
            }
            Ok(())
        })
    }
}

/// The stored postings of those terms of a block that have some.
fn stored_postings(
    db: &Connection,
    block: i64,
    terms: &[TermChanges<'_>],
) -> database::Result<HashMap<String, Vec<u8>>> {
    let select = format!("SELECT term, papers FROM posting WHERE block = ?2 AND term IN ({LISTED_TEXTS})");
    let terms = text_list(terms.iter().map(|changes| changes.term));
    db.prepare(&select)?.query_map(params![terms, block], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Whether these are the same terms: earlier versions wrote counts above 255 as they were.
fn are_same_terms(stored: &[u8], expected: &[u8]) -> bool {
    stored == expected || TermVector::from_bytes(stored).is_some_and(|stored| stored.to_bytes() == expected)
}

/// What papers are found by beside their texts. Each value is a term, which begins with a character that terms of texts do
/// not have.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Facets {
    authors: Vec<String>,
    categories: Vec<String>,
}

impl Facets {
    pub(super) fn of(paper: &Paper) -> Facets {
        Facets { authors: paper.authors.clone(), categories: paper.categories.clone() }
    }

    /// The facets in these columns.
    fn stored(authors: &str, categories: &str) -> Facets {
        let list = |json| serde_json::from_str(json).unwrap_or_default();
        Facets { authors: list(authors), categories: list(categories) }
    }

    fn for_each_term(&self, mut take: impl FnMut(String)) {
        self.authors.iter().for_each(|author| take(author_term(author)));
        for category in &self.categories {
            take(category_term(category));
            // `cs.CL` is also of `cs`.
            category.match_indices('.').for_each(|(end, _)| take(category_term(&category[..end])));
        }
    }
}

/// The term of all papers with an author of the same last name.
pub(super) fn author_term(author: &str) -> String {
    format!("@{}", facet_start(&surname_key(author)))
}

/// The term of all papers of a category, or of one of its parts.
pub(super) fn category_term(category: &str) -> String {
    format!("#{}", facet_start(&category.to_ascii_lowercase()))
}

/// As much of a value as its term has: papers of a longer one have to be compared.
pub(super) fn facet_start(value: &str) -> &str {
    let end = value.char_indices().nth(MAX_FACET_CHARS).map_or(value.len(), |(end, _)| end);
    &value[..end]
}

/// Writes the words of all papers anew.
pub(super) fn rebuild_all(transaction: &Transaction<'_>) -> database::Result<()> {
    transaction.execute_batch("DELETE FROM posting; DELETE FROM term_vector;")?;
    block_by_block(transaction, |changes| changes.write(transaction))
}

/// Hands over the words of all papers, one block after the other, so that memory stays bounded.
fn block_by_block(
    db: &Connection,
    mut take: impl FnMut(TermIndexChanges) -> database::Result<()>,
) -> database::Result<()> {
    let select = "SELECT row, title, abstract, authors, categories FROM paper WHERE row > ?1 ORDER BY row LIMIT ?2";
    let mut select = db.prepare(select)?;
    let mut changes = TermIndexChanges::default();
    let (mut last, mut block) = (0, 0);
    loop {
        let mut rows = select.query([last, BATCH_ROWS as i64])?;
        let before = last;
        while let Some(row) = rows.next()? {
            last = row.get(0)?;
            if last / BLOCK_KEYS > block {
                take(std::mem::take(&mut changes))?;
                block = last / BLOCK_KEYS;
            }
            changes.add_text(last, row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
            changes.add_facets(last, &Facets::stored(row.get_ref(3)?.as_str()?, row.get_ref(4)?.as_str()?));
        }
        if last == before {
            return take(changes);
        }
    }
}

impl Library {
    /// The papers that questions about words are about; with `known`, the keys of some of them in ascending order, as
    /// if there were no others.
    pub fn collection_stats(&self, known: Option<&[i64]>) -> Result<CollectionStats> {
        Ok(CollectionStats::new(&self.postings(DOC_LENGTH_TERM)?, known))
    }

    /// The terms of the papers in these rows of the file, in the order of the keys. No key is given twice.
    ///
    /// # Errors
    /// [`Error::DamagedLibrary`] when the terms of one are missing.
    pub fn term_vectors(&self, keys: &[i64]) -> Result<Vec<TermVector>> {
        let select = format!("SELECT row, terms FROM term_vector WHERE row IN ({LISTED_KEYS})");
        let read = |keys: &[i64]| -> database::Result<HashMap<i64, Option<TermVector>>> {
            let mut statement = self.db.prepare(&select)?;
            let read = |row: SqlRow<'_>| Ok((row.get(0)?, TermVector::from_bytes(row.get_ref(1)?.as_blob()?)));
            statement.query_map([key_list(keys)], read)?.collect()
        };
        let mut term_vectors = Vec::with_capacity(keys.len());
        for keys in keys.chunks(BATCH_ROWS) {
            self.check_canceled()?;
            let mut stored = read(keys).map_err(self.failed("read the terms of a paper"))?;
            for key in keys {
                term_vectors.push(stored.remove(key).flatten().ok_or_else(|| {
                    let reason =
                        format!("the terms of row {key} cannot be read: run `paperkin compact` to rebuild them");
                    Error::DamagedLibrary { path: self.path.clone(), reason }
                })?);
            }
        }
        Ok(term_vectors)
    }

    /// The papers that have a term.
    pub fn postings(&self, term: &str) -> Result<PostingBlocks> {
        // One block after the other, as they follow in the table of papers: keys may have gaps of many blocks.
        let select = format!(
            "WITH RECURSIVE used (block) AS ( \
                 SELECT (SELECT row / {BLOCK_KEYS} FROM paper ORDER BY row LIMIT 1) \
                 UNION ALL \
                 SELECT (SELECT row / {BLOCK_KEYS} FROM paper WHERE row >= (used.block + 1) * {BLOCK_KEYS} \
                         ORDER BY row LIMIT 1) \
                 FROM used WHERE used.block IS NOT NULL) \
             SELECT used.block, posting.papers FROM used JOIN posting ON posting.block = used.block AND posting.term = ? \
             ORDER BY used.block"
        );
        let read = || -> database::Result<PostingBlocks> {
            let mut statement = self.db.prepare(&select)?;
            let mut rows = statement.query([term])?;
            let mut blocks = PostingBlocks::new();
            while let Some(row) = rows.next()? {
                let (block, bytes): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
                if !postings::are_sound(&bytes) {
                    let reason = format!("block {block} of the term {} cannot be read", quoted(term));
                    return Err(damaged(format!("{reason}: run `paperkin compact` to rebuild it")));
                }
                blocks.push((block, bytes));
            }
            Ok(blocks)
        };
        read().map_err(self.failed("read the terms"))
    }

    /// How many terms are kept, and how many of them, and papers' terms, not as the papers have them, or are not kept at
    /// all.
    pub(super) fn count_term_lists(&self) -> database::Result<(i64, i64)> {
        let kept: i64 = self.db.query_row("SELECT count(*) FROM posting", [], |row| row.get(0))?;
        let select = format!("SELECT row, terms FROM term_vector WHERE row IN ({LISTED_KEYS})");
        let mut select = self.db.prepare(&select)?;
        let (mut found, mut wrong) = (0, 0);
        block_by_block(&self.db, |mut words| {
            let term_vectors: Vec<(i64, Vec<u8>)> = words.term_vectors.drain(..).collect();
            for expected in term_vectors.chunks(BATCH_ROWS) {
                let keys: Vec<i64> = expected.iter().map(|(row, _)| *row).collect();
                let stored = select.query_map([key_list(&keys)], |row| Ok((row.get(0)?, row.get(1)?)))?;
                let stored = stored.collect::<database::Result<HashMap<i64, Vec<u8>>>>()?;
                let is_sound = |(row, terms): &&(i64, Vec<u8>)| {
                    stored.get(row).is_some_and(|stored| are_same_terms(stored, terms))
                };
                wrong += expected.iter().filter(|paper| !is_sound(paper)).count() as i64;
            }
            words.for_each_batch(|block, terms| {
                let stored = stored_postings(&self.db, block, terms)?;
                found += stored.len() as i64;
                let differs = |of_term: &&TermChanges<'_>| {
                    stored.get(of_term.term) != Some(&postings::change(&[], &of_term.changes))
                };
                wrong += terms.iter().filter(differs).count() as i64;
                Ok(())
            })
        })?;
        Ok((kept, wrong + kept - found))
    }
}
