//! Reads XML of PubMed: answers of its E-utilities, and the same papers as BioC, the format of text mining.

use crate::formats::common::dates::TypedDate;
use crate::formats::common::input::InputReader;
use crate::formats::common::xml::{self, XmlDialect, XmlElement};
use crate::formats::common::{dates, identifiers};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{BibReference, RecordIter, RecordNotes};
use crate::paper::{CitationLinks, PaperId, RawPaper, WorkName};

const ARTICLES: XmlDialect = XmlDialect {
    what: "PubMed's XML",
    expected: "a PubmedArticleSet",
    roots: &["PubmedArticleSet", "PubmedArticle"],
    records: &["PubmedArticle"],
    beside: &[],
};

const BIOC: XmlDialect = XmlDialect {
    what: "BioC",
    expected: "a collection of documents",
    roots: &["collection"],
    records: &["document"],
    beside: &[],
};

/// What stands in the place of a title that is not translated; the title itself is in another field.
const NOT_TRANSLATED: &str = "[Not Available]";

pub(crate) fn read(input: InputReader, format: InputFormat) -> RecordIter {
    let kind = if format == InputFormat::Bioc { BIOC } else { ARTICLES };
    let mut records = xml::XmlRecords::new(input, kind);
    Box::new(std::iter::from_fn(move || {
        let (record, position) = match records.record() {
            Ok(record) => record?,
            Err(error) => return Some(Err(error)),
        };
        let reference = record.map(|record| {
            let mut reference = if format == InputFormat::Bioc { passages(&record) } else { article(&record) };
            reference.raw_paper.source = format.source().to_owned();
            reference
        });
        Some(records.input().found_record(reference, position))
    }))
}

fn article(record: &XmlElement) -> BibReference {
    let Some(citation) = record.at(&["MedlineCitation"]) else { return BibReference::default() };
    let article = citation.at(&["Article"]);
    let text = |path: &[&str]| article.map(|article| article.text_at(path)).unwrap_or_default();
    let within =
        |path: &[&str]| article.and_then(|article| article.at(path)).into_iter().flat_map(XmlElement::children);
    let parts: Vec<String> =
        within(&["Abstract"]).filter(|part| part.name() == "AbstractText").map(XmlElement::text).collect();
    let mut notes = RecordNotes::default();
    let titles = ["ArticleTitle", "VernacularTitle"].map(|name| (name, text(&[name])));
    let titles = titles.into_iter().filter(|(_, title)| !title.trim().starts_with(NOT_TRANSLATED));
    let issue = |name| text(&["Journal", "JournalIssue", name]);
    let journals = [
        ("Journal/Title", text(&["Journal", "Title"])),
        ("Journal/ISOAbbreviation", text(&["Journal", "ISOAbbreviation"])),
    ];
    let day = ["ArticleDate", "Journal"].iter().find_map(|name| Some((*name, published(article?.at(&[name])?)?)));
    if let Some((name, day)) = day {
        notes.origin("published", name);
        if !day.exists {
            notes.drop(name, format!("its month or day does not exist: read as {}", day.date));
        }
    }
    let mut raw_paper = RawPaper {
        title: notes.first_text("title", titles),
        abstract_text: notes.first_text("abstract", [("Abstract", parts.join(" "))]),
        authors: notes.list("authors", "AuthorList", within(&["AuthorList"]).filter_map(author).collect()),
        published: day.map(|(_, day)| day.date),
        container: notes.container(journals, &issue("Volume"), &issue("Issue")),
        ..RawPaper::default()
    };
    let dois = article.into_iter().flat_map(|article| article.all("ELocationID"));
    let dois = dois.filter(|id| id.attribute("EIdType") == Some("doi"));
    let listed = record.at(&["PubmedData", "ArticleIdList"]).into_iter().flat_map(XmlElement::children);
    let dois = dois.chain(listed.filter(|id| id.attribute("IdType") == Some("doi")));
    let pmid = identifiers::pmid(&citation.text_at(&["PMID"]));
    let ids: Vec<String> = dois.filter_map(|id| identifiers::doi(&id.text())).chain(pmid).collect();
    identifiers::assign(&mut raw_paper, ids.iter().map(String::as_str));
    let keywords = citation.at(&["KeywordList"]).into_iter().flat_map(XmlElement::children).map(XmlElement::text);
    let headings = citation.at(&["MeshHeadingList"]).into_iter().flat_map(XmlElement::children);
    let tags = keywords.chain(headings.map(|heading| heading.text_at(&["DescriptorName"])));
    let tags = tags.map(|tag| tag.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|tag| !tag.is_empty());
    let mut references = Vec::new();
    record.at(&["PubmedData"]).into_iter().for_each(|data| add_references(data, &mut references));
    if !references.is_empty() {
        notes.origin("references", "ReferenceList");
    }
    let links = CitationLinks { references, ..CitationLinks::default() };
    BibReference { raw_paper, tags: tags.collect(), links, notes, ..BibReference::default() }
}

/// Adds the works of lists of references, which may be separated by headings.
fn add_references(data: &XmlElement, works: &mut Vec<WorkName>) {
    for list in data.all("ReferenceList") {
        for reference in list.all("Reference") {
            let ids = reference.at(&["ArticleIdList"]).into_iter().flat_map(XmlElement::children);
            let ids = ids.filter_map(|id| match id.attribute("IdType")? {
                "doi" => identifiers::doi(&id.text()),
                "pubmed" => identifiers::pmid(&id.text()),
                _ => None,
            });
            let ids = ids.filter_map(|id| PaperId::parse(&id).ok()).collect();
            works.push(WorkName { ids, citation: reference.text_at(&["Citation"]), ..WorkName::default() });
        }
        add_references(list, works);
    }
}

fn author(author: &XmlElement) -> Option<String> {
    let given = author.at(&["ForeName"]).or_else(|| author.at(&["Initials"]));
    let parts = [given, author.at(&["LastName"]), author.at(&["Suffix"]), author.at(&["CollectiveName"])];
    let name = parts.into_iter().flatten().map(XmlElement::text).collect::<Vec<_>>().join(" ");
    Some(name).filter(|name| !name.trim().is_empty())
}

/// The day of an `ArticleDate`, or that of a journal's issue.
fn published(date: &XmlElement) -> Option<TypedDate> {
    let date = date.at(&["JournalIssue", "PubDate"]).unwrap_or(date);
    let part = |name| date.text_at(&[name]);
    dates::from_parts(&part("Year"), &part("Month"), &part("Day"))
        .or_else(|| dates::from_free_text(&part("MedlineDate")))
}

fn passages(document: &XmlElement) -> BibReference {
    let infon = |passage: &XmlElement, key: &str| {
        let infon = passage.all("infon").find(|infon| infon.attribute("key") == Some(key));
        infon.map(|infon| infon.text().trim().to_owned()).unwrap_or_default()
    };
    let of_type = |kinds: &[&str]| {
        let fits = |passage: &&XmlElement| kinds.contains(&infon(passage, "type").to_lowercase().as_str());
        document.all("passage").filter(fits).map(|passage| passage.text_at(&["text"])).collect::<Vec<_>>().join(" ")
    };
    let front = document.at(&["passage"]);
    let of_front = |key: &str| front.map(|front| infon(front, key)).unwrap_or_default();
    let mut notes = RecordNotes::default();
    let read_year = |year: &str| dates::from_parts(year, "", "");
    let mut raw_paper = RawPaper {
        title: notes.first_text("title", [("title", of_type(&["title", "front"]))]),
        abstract_text: notes.first_text("abstract", [("abstract", of_type(&["abstract"]))]),
        published: notes.first_date("published", [("year", of_front("year"))], read_year),
        container: notes.container([("journal", of_front("journal"))], &of_front("volume"), &of_front("issue")),
        ..RawPaper::default()
    };
    let id = document.text_at(&["id"]).trim().to_owned();
    let own = identifiers::pmid(&id).unwrap_or(id);
    let ids =
        [identifiers::doi(&of_front("article-id_doi")), identifiers::pmid(&of_front("article-id_pmid")), Some(own)];
    identifiers::assign(&mut raw_paper, ids.iter().flatten().map(String::as_str));
    BibReference { raw_paper, notes, ..BibReference::default() }
}

#[cfg(test)]
mod tests {
    use crate::formats::tests::{fixture_references, summaries};
    use crate::formats::{InputFormat, read};

    #[test]
    fn articles() {
        insta::assert_snapshot!(fixture_references("pubmed.xml").join("\n"));
        insta::assert_snapshot!(fixture_references("bioc.xml").join("\n"));
    }

    #[test]
    fn formulas_and_markup() {
        let math = |attributes: &str, more: &str| {
            format!(
                "<mml:math{attributes}><mml:semantics><mml:mfrac><mml:mi>a</mml:mi><mml:mi>b</mml:mi></mml:mfrac>{more}\
                 </mml:semantics></mml:math>"
            )
        };
        let annotation = "<mml:annotation encoding='application/x-tex'>\\frac{a}{b}</mml:annotation>";
        for (title, expect) in [
            ("Lamps of <i>E. coli</i> in H<sub>2</sub>O".to_owned(), "Lamps of E. coli in H2O"),
            ("Lamps of &lt;i&gt;E. coli&lt;/i&gt; at p &lt; 1".to_owned(), "Lamps of E. coli at p < 1"),
            (format!("Of {}s", math("", "")), "Of a/bs"),
            (format!("Of {}s", math("", annotation)), "Of $\\frac{a}{b}$s"),
            (format!("Of {}s", math(" alttext='a_b'", "")), "Of $a_b$s"),
            (format!("<alternatives><tex-math>$n$</tex-math>{}</alternatives> lamps", math("", "")), "$n$ lamps"),
        ] {
            let text = format!(
                "<PubmedArticle><MedlineCitation><Article><ArticleTitle>{title}</ArticleTitle></Article></MedlineCitation>\
                 </PubmedArticle>"
            );
            let found = summaries(read(std::io::Cursor::new(text), "x", Some(InputFormat::PubmedXml)));
            assert_eq!(found, [format!("title={expect}")], "{title}");
        }
    }
}
