//! Papers whose ids were made from their titles. Older versions made them from the title alone, which is not enough to
//! tell papers apart: such papers keep their ids, and the ids that their records have now become aliases.

use super::Library;
use super::database::{self, Connection};
use super::history::rename_in_histories;
use super::stored_paper::StoredPaper;
use crate::error::Result;
use crate::paper::{Paper, PaperId};

impl Library {
    /// The paper of a record under the other form of the record's id: that of the title alone, or one of the title and more.
    pub(super) fn paper_of_other_form(&self, record: &Paper) -> Result<Option<StoredPaper>> {
        match record.id.of_title_alone() {
            Some(title_id) => self.paper_of_older_form(record, &title_id),
            None if record.id.is_of_title() => self.paper_of_newer_form(record),
            None => Ok(None),
        }
    }

    /// Each record with an id of the title alone is taken by one newer form of it: the next one is another paper.
    fn paper_of_older_form(&self, record: &Paper, title_id: &PaperId) -> Result<Option<StoredPaper>> {
        let Some(stored) = self.paper(title_id)? else { return Ok(None) };
        let records = self.records(&stored)?;
        let older = records.iter().filter(|known| known.id == *title_id).count();
        let taken = stored.paper.all_ids().filter(|id| id.of_title_alone().as_ref() == Some(title_id)).count();
        Ok((taken < older && records.iter().any(|known| known.is_older_form_of(record))).then_some(stored))
    }

    /// A record with an id of the title alone is one that an older version exported, if something that both say agrees.
    fn paper_of_newer_form(&self, record: &Paper) -> Result<Option<StoredPaper>> {
        let has_newer_form = |paper: &Paper| paper.all_ids().any(|id| id.of_title_alone().as_ref() == Some(&record.id));
        let of_title = self.papers_titled_if_few(&record.title)?;
        let agrees = |stored: &StoredPaper| stored.paper.details_agree(record) == Some(true);
        Ok(of_title.into_iter().find(|stored| has_newer_form(&stored.paper) && agrees(stored)))
    }
}

/// Whether a record is a newer version of a known one: of the same source, and with the same id or its other form.
pub(super) fn is_newer_version(known: &Paper, record: &Paper) -> bool {
    let is_taken = || known.aliases.iter().any(|id| id.of_title_alone().as_ref() == Some(&known.id));
    let has_other_form = || {
        known.aliases.contains(&record.id)
            || known.is_older_form_of(record) && !is_taken()
            || known.id.of_title_alone().as_ref() == Some(&record.id) && known.details_agree(record) == Some(true)
    };
    known.source == record.source && (known.id == record.id || record.id.is_of_title() && has_other_form())
}

/// Histories that have a new paper under the id of its title alone have it under its own id from now on, unless what they
/// know of the paper tells the two apart.
pub(super) fn rename_title_ids(db: &Connection, paper: &Paper) -> database::Result<()> {
    for title_id in paper.all_ids().filter_map(PaperId::of_title_alone) {
        if !db.prepare("SELECT 1 FROM history WHERE paper = ?")?.exists([title_id.as_str()])? {
            continue;
        }
        let mut select = db.prepare("SELECT record FROM unresolved_paper WHERE paper = ?")?;
        let records = select.query_map([title_id.as_str()], |row| row.get::<String>(0))?;
        let records = records.collect::<database::Result<Vec<_>>>()?;
        let known = records.iter().filter_map(|record| serde_json::from_str::<Paper>(record).ok());
        if known.into_iter().all(|known| known.is_older_form_of(paper)) {
            rename_in_histories(db, &title_id, &paper.id)?;
        }
    }
    Ok(())
}
