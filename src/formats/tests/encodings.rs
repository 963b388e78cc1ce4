//! Encodings and line ends of texts, in every format that has them; files in which no record is found.

use std::io::Cursor;

use encoding_rs::Encoding;

use super::{fixture_bytes, summaries};
use crate::formats::common::encoding::NOT_UTF8;
use crate::formats::input_format::InputFormat;
use crate::formats::{ReadOptions, ReferenceReader, TextEncoding};

/// A file of each text format: its start, one record, its end. `TITLE` and `NAME` stand for words beyond ASCII.
const FILES: [(InputFormat, &str, &str, &str); 15] = [
    (InputFormat::Jsonl, "", "{\"title\": \"TITLE\", \"authors\": [\"NAME\"]}\n", ""),
    (InputFormat::Csv, "title,authors\n", "TITLE,NAME\n", ""),
    (InputFormat::Tsv, "title\tauthors\n", "TITLE\tNAME\n", ""),
    (InputFormat::Bibtex, "", "@article{k,\n title = {TITLE},\n author = {NAME}}\n", ""),
    (InputFormat::Ris, "", "TY  - JOUR\nTI  - TITLE\nAU  - NAME\nER  - \n", ""),
    (InputFormat::Nbib, "", "PMID- \nTI  - TITLE\nFAU - NAME\n", ""),
    (InputFormat::Wos, "", "PT J\nAU NAME\nTI TITLE\nER\n", ""),
    (InputFormat::Enw, "", "%0 Journal Article\n%T TITLE\n%A NAME\n\n", ""),
    (
        InputFormat::CslJson,
        "[",
        "{\"type\": \"book\", \"title\": \"TITLE\", \"author\": [{\"literal\": \"NAME\"}]},",
        "{\"type\": \"book\", \"title\": \"End\"}]",
    ),
    (InputFormat::JsonFeed, "{\"items\": [", "{\"title\": \"TITLE\", \"authors\": [{\"name\": \"NAME\"}]},", "{}]}"),
    (InputFormat::Feed, "<rss>", "<item><title>TITLE</title><creator>NAME</creator></item>", "</rss>"),
    (InputFormat::Feed, "<feed>", "<entry><title>TITLE</title><author><name>NAME</name></author></entry>", "</feed>"),
    (
        InputFormat::EndnoteXml,
        "<xml><records>",
        "<record><titles><title>TITLE</title></titles><contributors><authors><author>NAME</author></authors></contributors>\
         </record>",
        "</records></xml>",
    ),
    (
        InputFormat::ZoteroRdf,
        "<rdf:RDF>",
        "<bib:Article><dc:title>TITLE</dc:title><bib:authors><rdf:Seq><rdf:li><foaf:Person><foaf:surname>NAME\
         </foaf:surname></foaf:Person></rdf:li></rdf:Seq></bib:authors></bib:Article>",
        "</rdf:RDF>",
    ),
    (
        InputFormat::PubmedXml,
        "<PubmedArticleSet>",
        "<PubmedArticle><MedlineCitation><Article><ArticleTitle>TITLE</ArticleTitle><AuthorList><Author>\
         <LastName>NAME</LastName></Author></AuthorList></Article></MedlineCitation></PubmedArticle>",
        "</PubmedArticleSet>",
    ),
];

fn read(bytes: Vec<u8>, format: InputFormat, encoding: Option<&str>) -> Vec<String> {
    let encoding = encoding.map(|label| label.parse::<TextEncoding>().unwrap());
    let options = ReadOptions { format: Some(format), encoding, ..ReadOptions::default() };
    summaries(options.read(Cursor::new(bytes), "x").map(ReferenceReader::checked))
}

fn encoded(text: &str, label: &str) -> Vec<u8> {
    match label {
        "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "utf-16be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        _ => Encoding::for_label(label.as_bytes()).unwrap().encode(text).0.into_owned(),
    }
}

#[test]
fn encodings_of_all_formats() {
    for (label, title, name) in [
        ("windows-1252", "„Fähren“ – ein Überblick", "Zoë Ångström"),
        ("iso-8859-15", "Le cœur à 5 €", "Žofie Noël"),
        ("iso-8859-2", "Łódź i żaglówki", "Jiří Říha"),
        ("windows-1251", "Лампы на пароме", "Анна Ли"),
        ("koi8-r", "Лампы на пароме", "Анна Ли"),
        ("gb2312", "灯塔的推荐", "李安"),
        ("big5", "燈塔的推薦", "李安"),
        ("shift_jis", "提灯と渡し船", "山田花子"),
        ("euc-kr", "등불 검색", "김하나"),
        ("utf-16le", "Фähren 灯塔", "Zoë 李"),
        ("utf-16be", "Фähren 灯塔", "Zoë 李"),
    ] {
        for (format, start, record, end) in FILES {
            let text = format!("{start}{}{end}", record.replace("TITLE", title).replace("NAME", name));
            let expect = format!("title={title} | authors={name}");
            let read = |bytes: Vec<u8>, format, encoding| read(bytes, format, encoding).swap_remove(0);
            assert_eq!(read(encoded(&text, label), format, Some(label)), expect, "{label} {format}");
            if label.starts_with("utf-16") {
                let marked = encoded(&format!("\u{feff}{text}"), label);
                assert_eq!(read(marked.clone(), format, None), expect, "{label} {format}");
                assert_eq!(read(marked, format, Some("windows-1252")), expect, "a byte order mark counts");
            }
            if text.starts_with('<') {
                let declared = format!("<?xml version=\"1.0\" encoding=\"{label}\"?>\n{text}");
                assert_eq!(read(encoded(&declared, label), format, None), expect, "{label} {format}");
                let lies = format!("<?xml version=\"1.0\" encoding=\"utf-16\"?>\n{text}");
                assert_eq!(read(lies.into_bytes(), format, None), expect, "what is in ASCII is not UTF-16");
            }
        }
    }
}

#[test]
fn a_declaration_that_was_left_does_not_count() {
    let text = "<?xml version='1.0' encoding='ISO-8859-1'?><rss><item><title>Fähren</title></item></rss>";
    assert_eq!(read(text.as_bytes().to_vec(), InputFormat::Feed, None), ["title=Fähren"]);
    let text = "% Encoding: Cp1252\n@article{k, title = {Fähren}}";
    assert_eq!(read(text.as_bytes().to_vec(), InputFormat::Bibtex, None), ["title=Fähren"]);
    assert_eq!(read(encoded(text, "windows-1252"), InputFormat::Bibtex, None), ["title=Fähren"]);
}

#[test]
fn bytes_that_are_not_text_cost_their_record() {
    for (format, start, record, end) in FILES {
        let record = |title: &str| encoded(&record.replace("TITLE", title).replace("NAME", "A"), "windows-1252");
        let records = [record("One"), record("Fähren"), record("Three")].concat();
        let found = read([start.as_bytes(), &records, end.as_bytes()].concat(), format, None);
        let wrong = found.iter().position(|line| line.contains(NOT_UTF8));
        let good = |at: usize, title: &str| found.get(at) == Some(&format!("title={title} | authors=A"));
        match format {
            // A JSON Feed is one object.
            InputFormat::JsonFeed => assert_eq!((wrong, found.len()), (Some(0), 1), "{found:?}"),
            _ => assert!(wrong == Some(1) && good(0, "One") && good(2, "Three"), "{format}: {found:?}"),
        }
    }
}

#[test]
fn lines_of_old_macs_and_mixed_lines() {
    for name in ["papers.ris", "papers.nbib", "papers.wos", "papers.bib", "papers.csv", "papers.jsonl", "feed.rss"] {
        let text = String::from_utf8(fixture_bytes(name)).unwrap().replace("\r\n", "\n");
        let whole = |text: String| {
            let mut found = summaries(crate::formats::read(Cursor::new(text), name, None));
            found.retain(|line| line.contains("title="));
            found
        };
        let expect = whole(text.clone());
        assert!(!expect.is_empty());
        assert_eq!(whole(text.replace('\n', "\r")), expect, "{name}");
        assert_eq!(whole(text.replace('\n', "\r\n")), expect, "{name}");
        let mut ends = ["\n", "\r", "\r\n"].iter().cycle();
        let mixed: String = text.split('\n').flat_map(|line| [line, ends.next().unwrap()]).collect();
        assert_eq!(whole(mixed), expect, "{name}");
    }
}

#[test]
fn files_without_records() {
    for format in InputFormat::ALL.into_iter().filter(|format| *format != InputFormat::Parquet) {
        let text = match format {
            InputFormat::Csv => "title,year\n",
            InputFormat::Tsv => "title\tyear\n",
            InputFormat::ArxivAtom => "<feed></feed>",
            InputFormat::Feed => "<rss><channel><title>Nothing new</title></channel></rss>",
            InputFormat::ZoteroRdf => "<rdf:RDF></rdf:RDF>",
            InputFormat::EndnoteXml => "<xml><records></records></xml>",
            InputFormat::PubmedXml => "<PubmedArticleSet></PubmedArticleSet>",
            InputFormat::Bioc => "<collection></collection>",
            InputFormat::JsonFeed => "{\"items\": []}",
            InputFormat::SemanticScholar => "{\"total\": 0, \"data\": []}",
            InputFormat::OpenAlex => "{\"results\": []}",
            InputFormat::HfDaily | InputFormat::CslJson | InputFormat::Jsonl | InputFormat::ArxivJson => "[]",
            InputFormat::HfHtml => "<html></html>",
            InputFormat::Enw => "TY  - JOUR\n",
            _ => "%0 Journal Article\n",
        };
        let read = |may_be_empty| {
            let options = ReadOptions { format: Some(format), may_be_empty, ..ReadOptions::default() };
            summaries(options.read(Cursor::new(text), "x").map(ReferenceReader::checked))
        };
        let found = read(false);
        let (what, expected) = format.looks_for();
        match format {
            InputFormat::HfHtml | InputFormat::HfPage => assert!(found.len() == 1 && found[0].starts_with("x: ")),
            _ => {
                assert_eq!(found, [format!("x: no record of {what} in it: expected {expected}")], "{format}");
                assert_eq!(read(true), [""; 0], "{format}");
            }
        }
    }
}

#[test]
fn a_nul_costs_no_file() {
    for format in [None, Some(InputFormat::Bibtex)] {
        let found = summaries(crate::formats::read(&b"@article{a,title={La\0mp}}"[..], "x.bib", format));
        assert!(found[0].contains("title=La"), "{found:?}");
    }
}
