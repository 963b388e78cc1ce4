//! What each format says of the works that a paper cites, and of those that cite it.

use std::io::Cursor;

use proptest::prelude::*;

use crate::formats::{ExportedPaper, InputFormat, ParquetWriter, read};
use crate::paper::{CitationLinks, PaperId, RawPaper, WorkName};

fn told(work: &WorkName) -> String {
    let WorkName { ids, title, author, year, citation } = work;
    if let Some(id) = ids.first() {
        return id.to_string();
    }
    if !citation.is_empty() {
        return citation.clone();
    }
    format!("{title} | {author} | {}", year.unwrap_or_default())
}

fn links(format: InputFormat, text: impl Into<Vec<u8>>) -> Vec<CitationLinks> {
    let records = read(Cursor::new(text.into()), "x", Some(format)).unwrap().records();
    records.map(|record| record.unwrap().links).collect()
}

#[test]
fn references_of_every_format() {
    let cr = "CR Oak A, 1999, LAMPS, V3, P12, DOI 10.5555/x\n   Elm B, 2001, J FERRIES &amp; FOG, V1, P2\n";
    let reference = |ids: &str| format!("<Reference><Citation>Oak A. Lamps. 1999.</Citation>{ids}</Reference>");
    let listed = "<ArticleIdList><ArticleId IdType='pubmed'>12</ArticleId><ArticleId IdType='pmc'>PMC1</ArticleId></ArticleIdList>";
    let nested = format!(
        "<ReferenceList><Title>R</Title>{}<ReferenceList>{}</ReferenceList></ReferenceList>",
        reference(listed),
        reference("")
    );
    for (format, text, references, citations) in [
        (InputFormat::Jsonl, r#"{"title": "T", "references": ["10.5555/A", {"title": "Old <i>lamps</i>", "authors": ["Ada Oak"], "year": 1999}], "citations": "2401.90001;W17"}"#.to_owned(),
            &["doi:10.5555/a", "Old lamps | Ada Oak | 1999"][..], &["2401.90001", "W17"][..]),
        (InputFormat::Jsonl, r#"{"title": "T", "references": 7, "citations": "12"}"#.to_owned(), &[], &[]),
        (InputFormat::Csv, "title,references,citations\nT,10.5555/A;2401.90001,3\n".to_owned(), &["doi:10.5555/a", "2401.90001"], &[]),
        (InputFormat::Csv, "AU,TI,PY,CR\n\"Oak, A\",T,2020,\"Oak A, 1999, LAMPS, V3; Elm B, 2001, FERRIES, DOI 10.5555/y\"\n".to_owned(),
            &["Oak A, 1999, LAMPS, V3", "doi:10.5555/y"], &[]),
        (InputFormat::SemanticScholar, r#"{"paperId": "p", "title": "T", "citationCount": 9, "citations": [{"paperId": "c1", "title": "C"}],
            "references": [{"paperId": "r1", "externalIds": {"DOI": "10.5555/A"}, "title": "R", "year": 2000, "authors": []},
                           {"paperId": null, "externalIds": null, "title": "Lamps of <i>old</i>", "authors": [{"name": "Ada Oak"}], "year": 1999}]}"#.replace('\n', ""),
            &["doi:10.5555/a", "Lamps of old | Ada Oak | 1999"], &["c1"]),
        (InputFormat::OpenAlex, r#"{"id": "https://openalex.org/W1", "title": "T", "referenced_works": ["https://openalex.org/W2"], "referenced_works_count": 1}"#.to_owned(),
            &["https://openalex.org/W2"], &[]),
        (InputFormat::Wos, format!("PT J\nTI T\n{cr}NR 2\nER\n"), &["doi:10.5555/x", "Elm B, 2001, J FERRIES & FOG, V1, P2"], &[]),
        (InputFormat::CslJson, r#"[{"type": "article-journal", "title": "T", "references-count": 2, "reference":
            [{"key": "1", "DOI": "10.5555/A"}, {"key": "2", "article-title": "Old lamps", "author": "Oak", "year": "1999"}]}]"#.to_owned(),
            &["doi:10.5555/a", "Old lamps | Oak | 1999"], &[]),
        (InputFormat::PubmedXml, format!("<PubmedArticle><MedlineCitation><Article><ArticleTitle>T</ArticleTitle></Article></MedlineCitation>\
            <PubmedData>{nested}</PubmedData></PubmedArticle>"), &["pmid:12", "Oak A. Lamps. 1999."], &[]),
        (InputFormat::Bibtex, "@article{a, title={T}, references={10.5555/A}}".to_owned(), &[], &[]),
    ] {
        let found = links(format, text.clone());
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].references.iter().map(told).collect::<Vec<_>>(), references, "{format}: {text}");
        assert_eq!(found[0].citations.iter().map(told).collect::<Vec<_>>(), citations, "{format}: {text}");
    }
}

fn work() -> impl Strategy<Value = WorkName> {
    let id = "[a-z0-9 ;{}.:/'\"-]{1,12}".prop_filter_map("an id", |text| {
        let work = WorkName::from_id(PaperId::parse(&text).ok()?);
        (!crate::paper::is_missing_word(&text)).then_some(work)
    });
    let titled = ("[A-Za-z ;é]{0,12}", "[A-Z][a-z]{0,5} [A-Z][a-z]{1,6}", prop::option::of(1900..2030i16));
    let titled = titled.prop_map(|(title, author, year)| WorkName { title, author, year, ..WorkName::default() });
    let printed =
        "[A-Za-z ]{1,12}".prop_map(|citation| WorkName { citation: citation + " 1999", ..WorkName::default() });
    prop_oneof![id, titled, printed].prop_filter_map("a work", WorkName::checked)
}

proptest! {
    #[test]
    fn references_that_are_written_are_read_again(references in prop::collection::vec(work(), 0..4)) {
        let paper = RawPaper { title: "A title".to_owned(), source: "test".to_owned(), ..RawPaper::default() };
        let row = ExportedPaper { references: references.clone(), ..ExportedPaper::from(paper.validate().unwrap()) };
        let mut bytes = Vec::new();
        let mut table = ParquetWriter::new(&mut bytes, None).unwrap();
        table.add(row.clone()).unwrap();
        table.finish().unwrap();
        for (format, written) in [(InputFormat::Jsonl, serde_json::to_vec(&row).unwrap()), (InputFormat::Parquet, bytes)] {
            let expected = CitationLinks { references: references.clone(), ..CitationLinks::default() };
            prop_assert_eq!(links(format, written), vec![expected], "{}", format);
        }
    }
}
