//! XML of PubMed: what its E-utilities answer, and the same papers as BioC, the text miners' format.

use jiff::civil::Date;

use crate::paper::RawPaper;

use super::input::InputReader;
use super::xml::{self, XmlDialect, XmlElement};
use super::{BibReference, InputFormat, RecordIter, dates, names};

const ARTICLES: XmlDialect = XmlDialect {
    what: "PubMed's XML",
    expected: "a PubmedArticleSet",
    roots: &["PubmedArticleSet", "PubmedArticle"],
    records: &["PubmedArticle"],
};

const BIOC: XmlDialect =
    XmlDialect { what: "BioC", expected: "a collection of documents", roots: &["collection"], records: &["document"] };

pub(super) fn read(input: InputReader, format: InputFormat) -> RecordIter {
    let kind = if format == InputFormat::Bioc { BIOC } else { ARTICLES };
    let mut records = xml::XmlRecords::new(input, kind);
    Box::new(std::iter::from_fn(move || {
        let (record, place) = match records.record() {
            Ok(record) => record?,
            Err(error) => return Some(Err(error)),
        };
        let reference = record.map(|record| {
            let mut reference = if format == InputFormat::Bioc { passages(&record) } else { article(&record) };
            reference.draft.source = format.source().to_owned();
            reference
        });
        Some(records.input().found(reference, place))
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
    let mut draft = RawPaper {
        title: text(&["ArticleTitle"]),
        abstract_text: parts.join(" "),
        authors: within(&["AuthorList"]).filter_map(author).collect(),
        published: ["ArticleDate", "Journal"].iter().find_map(|name| published(article?.at(&[name])?)),
        ..RawPaper::default()
    };
    let dois = article.into_iter().flat_map(|article| article.all("ELocationID"));
    let dois = dois.filter(|id| id.attribute("EIdType") == Some("doi"));
    let listed = record.at(&["PubmedData", "ArticleIdList"]).into_iter().flat_map(XmlElement::children);
    let dois = dois.chain(listed.filter(|id| id.attribute("IdType") == Some("doi")));
    let pmid = names::pmid(&citation.text_at(&["PMID"]));
    let ids: Vec<String> = dois.filter_map(|id| names::doi(&id.text())).chain(pmid).collect();
    names::identify(&mut draft, ids.iter().map(String::as_str));
    let keywords = citation.at(&["KeywordList"]).into_iter().flat_map(XmlElement::children).map(XmlElement::text);
    let headings = citation.at(&["MeshHeadingList"]).into_iter().flat_map(XmlElement::children);
    let tags = keywords.chain(headings.map(|heading| heading.text_at(&["DescriptorName"])));
    let tags = tags.map(|tag| tag.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|tag| !tag.is_empty());
    BibReference { draft, added: None, tags: tags.collect() }
}

fn author(author: &XmlElement) -> Option<String> {
    let given = author.at(&["ForeName"]).or_else(|| author.at(&["Initials"]));
    let parts = [given, author.at(&["LastName"]), author.at(&["Suffix"]), author.at(&["CollectiveName"])];
    let name = parts.into_iter().flatten().map(XmlElement::text).collect::<Vec<_>>().join(" ");
    Some(name).filter(|name| !name.trim().is_empty())
}

/// The day of an `ArticleDate`, or that of a journal's issue.
fn published(date: &XmlElement) -> Option<Date> {
    let date = date.at(&["JournalIssue", "PubDate"]).unwrap_or(date);
    let part = |name| date.text_at(&[name]);
    dates::of_parts(&part("Year"), &part("Month"), &part("Day")).or_else(|| dates::of_text(&part("MedlineDate")))
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
    let mut draft = RawPaper {
        title: of_type(&["title", "front"]),
        abstract_text: of_type(&["abstract"]),
        published: dates::of_parts(&of_front("year"), "", ""),
        ..RawPaper::default()
    };
    let id = document.text_at(&["id"]).trim().to_owned();
    let own = names::pmid(&id).unwrap_or(id);
    let ids = [names::doi(&of_front("article-id_doi")), names::pmid(&of_front("article-id_pmid")), Some(own)];
    names::identify(&mut draft, ids.iter().flatten().map(String::as_str));
    draft.into()
}

#[cfg(test)]
mod tests {
    use crate::sources::tests::fixture_references;

    #[test]
    fn articles() {
        insta::assert_snapshot!(fixture_references("pubmed.xml").join("\n"));
        insta::assert_snapshot!(fixture_references("bioc.xml").join("\n"));
    }
}
