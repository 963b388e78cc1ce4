//! Reads the fields of the tagged format of Web of Science.

use super::tagged_lines::TaggedRecord;
use crate::formats::common::{dates, identifiers, work_names};
use crate::formats::reference::{BibReference, RecordNotes};
use crate::paper::{CitationLinks, RawPaper, WorkName};
use crate::text::markup::MarkupRule;

/// Returns the reference of a record, and its ids.
pub(crate) fn reference(record: &TaggedRecord) -> (BibReference, Vec<String>) {
    let mut notes = RecordNotes::default();
    let pmid = record.lines(&["PM"]).filter_map(identifiers::pmid);
    let own = record.lines(&["UT"]).map(str::to_owned);
    let ids = record.dois(&["DI", "D2"], &mut notes).into_iter().chain(pmid).chain(own).collect();
    let day = record.text(&["PD"]);
    let in_issue =
        |year: &str| dates::from_parts(year, day.split_whitespace().next().unwrap_or_default(), day_of(&day));
    let issue = notes.first_date("published", record.texts(&["PY"]), in_issue);
    let (tag, authors) = record.people(&["AF", "AU", "BF", "BA", "CA"]);
    let journal = record.texts(&["SO", "J9", "JI", "SE"]);
    let raw_paper = RawPaper {
        title: notes.first_text("title", record.texts(&["TI"])),
        abstract_text: notes.first_text("abstract", record.texts(&["AB"])),
        authors: notes.list("authors", tag, authors),
        // Of what is not in an issue yet, the month of early access.
        published: issue.or_else(|| notes.first_date("published", record.texts(&["EA"]), dates::from_free_text)),
        container: notes.container(journal, &record.text(&["VL"]), &record.text(&["IS"])),
        ..RawPaper::default()
    };
    let keywords = [record.text(&["DE"]), record.text(&["ID"])].join(";").replace('\n', " ");
    let keywords = MarkupRule::Inline.text(&keywords);
    let keywords = keywords.split(';').map(|tag| tag.split_whitespace().collect::<Vec<_>>().join(" "));
    let tags = keywords.filter(|tag| !tag.is_empty()).collect();
    let references: Vec<WorkName> = record.lines(&["CR"]).filter_map(work_names::of_text).collect();
    if !references.is_empty() {
        notes.origin("references", "CR");
    }
    let links = CitationLinks { references, ..CitationLinks::default() };
    (BibReference { raw_paper, tags, links, notes, ..BibReference::default() }, ids)
}

/// The day of `MAR 5`.
fn day_of(day: &str) -> &str {
    day.split_whitespace().nth(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::formats::tests::reference_summaries;
    use crate::formats::{InputFormat, read_references};

    #[test]
    fn fields_of_web_of_science() {
        for (lines, expect) in [
            ("PM 12\nUT WOS:0001", "id=pmid:12 | also=WOS:0001 | title=A"),
            ("DI 10.5555/A\nD2 10.5555/B", "id=doi:10.5555/a | also=doi:10.5555/b | title=A"),
            ("AU Oak, A\n   Elm, B", "title=A | authors=A Oak; B Elm"),
            ("AU Oak, A\nAF Oak, Ada", "title=A | authors=Ada Oak"),
            ("AU [Anonymous]\nCA Lamp Grp", "title=A | authors=Lamp Grp"),
            ("PD MAR 5\nPY 2004", "title=A | published=2004-03-05"),
            ("PD MAR-APR\nPY 2004", "title=A | published=2004-03-01"),
            ("PD SPR\nPY 2004", "title=A | published=2004-01-01"),
            ("EA MAR 2020", "title=A | published=2020-03-01"),
            ("EA MAR 2020\nPY 2021", "title=A | published=2021-01-01"),
            ("AB One.\n   Two.", "title=A | abstract=One. Two."),
            ("DE lamps; R&amp;D\nID LIGHT; E.\n   COLI", "title=A | tags=lamps; R&D; LIGHT; E. COLI"),
        ] {
            let text = format!("PT J\nTI A\n{lines}\nER\n");
            let found = reference_summaries(read_references(std::io::Cursor::new(text), "x", Some(InputFormat::Wos)));
            assert_eq!(found, [expect], "{lines}");
        }
    }
}
