//! Citation links: which works cite which, as the papers' sources say. A link is between works, so it stays when the
//! paper of one of them is added, merged or split.

use std::ops::AddAssign;

use serde::Serialize;

use super::Library;
use super::database::{self, OptionalRow, Row as SqlRow, Transaction, params};
use super::generation::{GenerationId, TransactionGeneration};
use super::stored_value::{MAX_GENERATION, damaged, key, optional, quoted};
use super::works::{find_paper, resolve, work_id};
use crate::error::Result;
use crate::paper::{PaperId, WorkName};

/// The key of the generation in which links were deleted last.
pub(super) const LAST_DELETION: &str = "links deleted";

/// What became of the citation links since a generation.
///
/// Works may be the same paper, which does not cite itself: a link between two of them is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkDelta {
    /// The generation that the changes lead to.
    pub generation: GenerationId,
    /// Whether this is all there is, not what changed.
    pub is_complete: bool,
    /// Works that are new or another paper now, each with the key of its paper, if it is in the library; ascending.
    pub works: Vec<(u32, Option<i64>)>,
    /// Links that were added: numbers of the citing and the cited work; ascending.
    pub links: Vec<(u32, u32)>,
}

/// What became of links that were to be added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LinkCounts {
    /// Links that were not there before.
    pub new: usize,
    /// Links that were there.
    pub known: usize,
    /// How many of all of them have an end that is no paper of the library yet.
    pub unresolved: usize,
}

/// The citation links of a library in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LinkSummary {
    /// Links between works, whether or not the library has their papers.
    pub links: u64,
    /// Papers that cite or are cited.
    pub papers: u64,
}

impl LinkCounts {
    /// Whether there were no links.
    pub fn is_empty(&self) -> bool {
        self.new + self.known == 0
    }
}

impl AddAssign for LinkCounts {
    fn add_assign(&mut self, other: LinkCounts) {
        self.new += other.new;
        self.known += other.known;
        self.unresolved += other.unresolved;
    }
}

impl Library {
    /// What changed since a generation: whoever knew the works and the links of then, and takes in these, has those of now.
    /// Gives the whole when it is asked for (`None`), when the generation is not known here, as in
    /// [`Library::embeddings_since`], and when links were deleted since.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn links_since(&self, then: Option<GenerationId>) -> Result<LinkDelta> {
        self.read_transaction(|| {
            let deleted = self.value(LAST_DELETION)?.map_or(Ok(0), |number| last_deletion(&number));
            let deleted = deleted.map_err(self.failed("read citation links"))?;
            let known = match then {
                Some(then) if then.generation as i64 >= deleted && self.knows(&then)? => Some(then.generation as i64),
                _ => None,
            };
            // SQLite would read all rows to have the few new ones in their order.
            let [works, links] = match known {
                Some(_) => ["INDEXED BY work_written", "INDEXED BY citation_written"],
                None => ["NOT INDEXED"; 2],
            };
            let generation = known.unwrap_or(-1);
            let works = format!("SELECT number, paper FROM work {works} WHERE written > ?");
            let links = format!("SELECT citing, cited FROM citation {links} WHERE written > ?");
            let mut works = self.link_rows(&works, generation, |row| Ok((work(row, 0)?, optional(row, 1, key)?)))?;
            let mut links = self.link_rows(&links, generation, |row| Ok((work(row, 0)?, work(row, 1)?)))?;
            works.sort_unstable();
            links.sort_unstable();
            Ok(LinkDelta { generation: self.generation_id()?, is_complete: known.is_none(), works, links })
        })
    }

    /// How many links there are.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn link_count(&self) -> Result<u64> {
        let count = "SELECT count(*) FROM citation";
        self.count(count)
    }

    /// Counts links, and papers that have some.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn link_summary(&self) -> Result<LinkSummary> {
        let count = "SELECT count(DISTINCT paper) FROM work WHERE paper IS NOT NULL";
        Ok(LinkSummary { links: self.link_count()?, papers: self.count(count)? })
    }

    fn count(&self, select: &str) -> Result<u64> {
        let count = self.db.query_row(select, [], |row| row.get::<i64>(0));
        count.map(|count| count as u64).map_err(self.failed("count the citation links"))
    }

    /// The numbers of the works that a paper is, ascending.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn works_of(&self, key: i64) -> Result<Vec<u32>> {
        self.link_rows("SELECT number FROM work WHERE paper = +? ORDER BY number", key, |row| work(row, 0))
    }

    /// What a paper cites, each once: by the id of its paper in the library, else by its own id; what has none has title,
    /// author and year, or the citation.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn references(&self, key: i64) -> Result<Vec<WorkName>> {
        self.linked_works("citing", "cited", key)
    }

    /// What cites a paper, each once, named as in [`Library::references`].
    ///
    /// ```
    /// use paperkin::PaperId;
    /// use paperkin::library::Library;
    ///
    /// let library = Library::in_memory().unwrap();
    /// assert!(library.citations(1).unwrap().is_empty(), "there is no such paper");
    /// ```
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn citations(&self, key: i64) -> Result<Vec<WorkName>> {
        self.linked_works("cited", "citing", key)
    }

    /// The works at the `other` end of the links whose `own` end is a paper: ends are columns of the table of links.
    fn linked_works(&self, own: &str, other: &str, key: i64) -> Result<Vec<WorkName>> {
        let select = format!(
            "SELECT coalesce(paper.id, work.id), work.text, work.author, work.year FROM work AS own \
             JOIN citation ON citation.{own} = own.number JOIN work ON work.number = citation.{other} \
             LEFT JOIN paper ON paper.row = work.paper \
             WHERE own.paper = +?1 AND work.paper IS DISTINCT FROM ?1 ORDER BY work.number"
        );
        let mut works = self.link_rows(&select, key, |row| {
            let Some(id) = work_id(row.get(0)?) else { return Ok(WorkName::default()) };
            let text: Option<String> = row.get(1)?;
            let (author, year) = (row.get::<Option<String>>(2)?.unwrap_or_default(), row.get(3)?);
            Ok(match text {
                Some(title) if id.is_of_title() => WorkName { title, author, year, ..WorkName::default() },
                Some(citation) if !id.is_of_source() => WorkName { citation, ..WorkName::default() },
                _ => WorkName::from_id(id),
            })
        })?;
        let mut seen = std::collections::HashSet::new();
        works.retain(|work| work.id().is_some_and(|id| seen.insert(id)));
        Ok(works)
    }

    /// Adds links, given by the works that cite and are cited. Links that are known stay as they are; a work never cites
    /// itself. If nothing is new, there is no new generation.
    ///
    /// ```
    /// use paperkin::PaperId;
    /// use paperkin::library::Library;
    /// use paperkin::paper::WorkName;
    ///
    /// let mut library = Library::in_memory().unwrap();
    /// let work = |id| WorkName::from_id(PaperId::parse(id).unwrap());
    /// let link = (work("10.5555/lamps"), work("2401.90001"));
    /// assert_eq!(library.write_links(&[link.clone()]).unwrap().new, 1);
    /// assert_eq!(library.write_links(&[link]).unwrap().known, 1);
    /// assert_eq!(library.link_count().unwrap(), 1);
    /// ```
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_links(&mut self, links: &[(WorkName, WorkName)]) -> Result<LinkCounts> {
        self.write_transaction("write citation links", |transaction| {
            put_links(transaction, links, &mut TransactionGeneration::default())
        })
    }

    /// What adding links would do to the library as it is: each is looked at on its own.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn plan_links(&self, links: &[(WorkName, WorkName)]) -> Result<LinkCounts> {
        let is_known = "SELECT 1 FROM citation WHERE citing = (SELECT number FROM work WHERE id = ?) \
                        AND cited = (SELECT number FROM work WHERE id = ?)";
        let count = || {
            let mut is_known = self.db.prepare(is_known)?;
            let mut counts = LinkCounts::default();
            for (citing, cited) in links {
                let (Some(citing_id), Some(cited_id)) = (citing.id(), cited.id()) else { continue };
                if citing_id == cited_id {
                    continue;
                }
                let is_known = is_known.exists([citing_id.as_str(), cited_id.as_str()])?;
                *(if is_known { &mut counts.known } else { &mut counts.new }) += 1;
                let is_there = find_paper(&self.db, citing)?.is_some() && find_paper(&self.db, cited)?.is_some();
                counts.unresolved += usize::from(!is_there);
            }
            Ok(counts)
        };
        count().map_err(self.failed("read citation links"))
    }

    fn link_rows<T>(
        &self,
        select: &str,
        value: i64,
        read: impl FnMut(database::Row<'_>) -> database::Result<T>,
    ) -> Result<Vec<T>> {
        let rows = || self.db.prepare(select)?.query_map([value], read)?.collect::<database::Result<Vec<T>>>();
        rows().map_err(self.failed("read citation links"))
    }
}

/// The number of a work.
fn work(row: SqlRow<'_>, column: usize) -> database::Result<u32> {
    key(row, column).map(|number| number as u32)
}

/// Reads the generation that is stored under [`LAST_DELETION`].
pub(super) fn last_deletion(value: &str) -> database::Result<i64> {
    let number = value.parse().ok().filter(|number| (0..=MAX_GENERATION).contains(number));
    number.ok_or_else(|| damaged(format!("{} is not the number of a generation", quoted(value))))
}

/// A work of the file: its number, and whether its paper is in the library.
type FoundWork = (i64, bool);

/// Writes links within a transaction.
pub(super) fn put_links(
    transaction: &Transaction<'_>,
    links: &[(WorkName, WorkName)],
    generation: &mut TransactionGeneration,
) -> database::Result<LinkCounts> {
    let insert = "INSERT INTO citation (citing, cited, written) VALUES (?, ?, ?)";
    let mut insert = transaction.prepare(insert)?;
    let mut is_known = transaction.prepare("SELECT 1 FROM citation WHERE citing = ? AND cited = ?")?;
    let mut counts = LinkCounts::default();
    // The links of a paper follow each other.
    let mut last: [Option<(&WorkName, FoundWork)>; 2] = [None, None];
    for (citing, cited) in links {
        let (Some(citing_id), Some(cited_id)) = (citing.id(), cited.id()) else { continue };
        if citing_id == cited_id {
            continue;
        }
        let mut found = [(0, false); 2];
        for (end, (name, id)) in [(citing, citing_id), (cited, cited_id)].into_iter().enumerate() {
            let work = match last[end] {
                Some((known, work)) if known == name => work,
                _ => put_work(transaction, name, &id, generation)?,
            };
            last[end] = Some((name, work));
            found[end] = work;
        }
        let [(citing, citing_is_there), (cited, cited_is_there)] = found;
        if is_known.exists([citing, cited])? {
            counts.known += 1;
        } else {
            insert.execute([citing, cited, generation.get(transaction)?])?;
            counts.new += 1;
        }
        counts.unresolved += usize::from(!(citing_is_there && cited_is_there));
    }
    Ok(counts)
}

/// The work of this name, which is entered if it is new; what is new of a known one is added.
fn put_work(
    transaction: &Transaction<'_>,
    name: &WorkName,
    id: &PaperId,
    generation: &mut TransactionGeneration,
) -> database::Result<FoundWork> {
    let select = "SELECT number, paper IS NOT NULL, title_key IS NOT NULL FROM work WHERE id = ?";
    let found = transaction
        .prepare(select)?
        .query_row([id.as_str()], |row| Ok((row.get::<i64>(0)?, row.get::<bool>(1)?, row.get::<bool>(2)?)));
    let title_key = name.identifying_title();
    let (number, is_there, mut is_changed) = match found.optional()? {
        Some((number, is_there, has_title)) => {
            if !has_title && title_key.is_some() {
                let update = "UPDATE work SET title_key = ?2, author = ?3, year = ?4 WHERE number = ?1";
                transaction.prepare(update)?.execute(params![number, title_key, name.author, name.year])?;
            }
            (number, is_there, !has_title && title_key.is_some())
        }
        None => {
            let text = Some(if name.title.is_empty() { &name.citation } else { &name.title });
            let text = text.filter(|_| !id.is_of_source());
            let author = Some(&name.author).filter(|author| !author.is_empty());
            let insert = "INSERT INTO work (id, title_key, author, year, text, written) VALUES (?, ?, ?, ?, ?, ?) \
                          RETURNING number";
            let values = params![id.as_str(), title_key, author, name.year, text, generation.get(transaction)?];
            (transaction.query_row(insert, values, |row| row.get(0))?, false, true)
        }
    };
    let mut insert = transaction.prepare("INSERT INTO work_alias (name, work) VALUES (?, ?) ON CONFLICT DO NOTHING")?;
    for alias in name.ids.iter().filter(|alias| *alias != id) {
        is_changed |= insert.execute(params![alias.as_str(), number])? > 0;
    }
    let is_there = match is_changed {
        true => resolve(transaction, number, generation)?.is_some(),
        false => is_there,
    };
    Ok((number, is_there))
}

/// Deletes the links from the works that a paper is: what it cites is known of the paper alone. Works without a link
/// are deleted with it. Says which generation that is.
pub(super) fn delete_references(
    transaction: &Transaction<'_>,
    paper: &PaperId,
    generation: i64,
) -> database::Result<()> {
    let numbers = |select: &str, value: &dyn database::ToSql| {
        let mut select = transaction.prepare(select)?;
        select.query_map([value], |row| row.get(0))?.collect::<database::Result<Vec<i64>>>()
    };
    let of_paper = "SELECT number FROM work WHERE paper = (SELECT row FROM paper WHERE id = ?)";
    let mut works = numbers(of_paper, &paper.as_str())?;
    let mut deleted = 0;
    for number in works.clone() {
        works.extend(numbers("SELECT cited FROM citation WHERE citing = ?", &number)?);
        deleted += transaction.prepare("DELETE FROM citation WHERE citing = ?")?.execute([number])?;
    }
    if deleted == 0 {
        return Ok(());
    }
    let mut delete = transaction.prepare(
        "DELETE FROM work WHERE number = ?1 AND NOT EXISTS (SELECT 1 FROM citation WHERE citing = ?1) \
         AND NOT EXISTS (SELECT 1 FROM citation WHERE cited = ?1)",
    )?;
    works.into_iter().try_for_each(|number| delete.execute([number]).map(drop))?;
    let upsert = "INSERT INTO key_value (key, value) VALUES (?, ?) \
 ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    transaction.prepare(upsert)?.execute(params![LAST_DELETION, generation.to_string()])?;
    Ok(())
}
