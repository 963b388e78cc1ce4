//! What readers say of their records: where the fields come from, which cannot be used, and where a paper appeared.

use std::io::Cursor;

use crate::formats::input_format::InputFormat;
use crate::formats::read_references;
use crate::formats::reference::BibReference;

/// A record of a format, the paper's container, its origins, and its dropped fields.
type NotedRecord = (InputFormat, &'static str, &'static str, &'static str, &'static str);

const RECORDS: [NotedRecord; 17] = [
    (
        InputFormat::Ris,
        "TY  - JOUR\nTI  - A\nAU  - Oak, Ada\nPY  - 2015\nDA  - in press\nY2  - soon\nJO  - Lamps\nVL  - 7\nIS  - 2\nN2  - B\n",
        "Lamps 7 2",
        "title TI, abstract N2, authors AU, container JO, published DA",
        "Y2: `soon` is not a valid date",
    ),
    (
        InputFormat::Ris,
        "TY  - CHAP\nT1  - A\nDA  - soon\nT2  - A Book of Lamps\n",
        "A Book of Lamps",
        "title T1, container T2",
        "DA: `soon` is not a valid date",
    ),
    (
        InputFormat::Ris,
        "TY  - CONF\nTI  - A\nT2  - Lamp Notes\nC3  - LAMP 2020\n",
        "Lamp Notes",
        "title TI, container T2",
        "",
    ),
    (InputFormat::Ris, "TY  - CONF\nTI  - A\nC3  - LAMP 2020\n", "LAMP 2020", "title TI, container C3", ""),
    (
        InputFormat::Ris,
        "TY  - JOUR\nTI  - A\nPY  - 2019-02-30\n",
        "",
        "title TI, published PY",
        "PY: `2019-02-30` does not exist",
    ),
    (
        InputFormat::Bibtex,
        "@misc{k, title = {A}, date = {2019-13-45}}",
        "",
        "title title, published date",
        "date: `2019-13-45` does not exist",
    ),
    (
        InputFormat::CslJson,
        "[{\"type\": \"article\", \"title\": \"A\", \"issued\": {\"date-parts\": [[2019, 2, 31]]}}]",
        "",
        "title title, published issued",
        "issued: `2019 2 31` does not exist",
    ),
    (
        InputFormat::Nbib,
        "PMID- 1\nTI  - [Not Available].\nTT  - Lampen\nDP  - soon\nEDAT- 2020/01/02 10:00\nTA  - Lamps\nVI  - 7\n",
        "Lamps 7",
        "title TT, published EDAT, container TA",
        "DP: `soon` is not a valid date",
    ),
    (
        InputFormat::Wos,
        "PT J\nAU Oak, A\nTI A\nSO LAMPS\nVL 7\nIS 2\nEA MAR 2020\nER\n",
        "LAMPS 7 2",
        "title TI, authors AU, published EA, container SO",
        "",
    ),
    (
        InputFormat::Enw,
        "%0 Journal Article\n%T A\n%A Oak, Ada\n%J Lamps\n%V 7\n%D 2019\n%X B\n%[ soon\n",
        "Lamps 7",
        "title %T, abstract %X, authors %A, published %D, container %J",
        "%[: `soon` is not a valid date",
    ),
    (
        InputFormat::CslJson,
        "[{\"type\": \"article\", \"title\": 1, \"title-short\": \"A\", \"issued\": {\"literal\": \"soon\"}, \
         \"container-title\": [\"Lamps\"], \"volume\": 7, \"issue\": \"2\", \"author\": [{\"name\": \"Ada Oak\"}]}]",
        "Lamps 7 2",
        "title title-short, container container-title, authors author",
        "title: `1` is not a string; issued: `soon` is not a valid date",
    ),
    (
        InputFormat::EndnoteXml,
        "<xml><records><record><titles><title>A</title><secondary-title>Lamps</secondary-title></titles><volume>7</volume>\
         <number>2</number><dates><year>2015</year></dates><access-date>soon</access-date></record></records></xml>",
        "Lamps 7 2",
        "title titles/title, published dates/year, container titles/secondary-title",
        "access-date: `soon` is not a valid date",
    ),
    (
        InputFormat::ZoteroRdf,
        "<rdf:RDF xmlns:z='http://www.zotero.org/namespaces/export#'><bib:Article><dc:title>A</dc:title><dc:date>soon</dc:date>\
         <dcterms:isPartOf><bib:Journal><dc:title>Lamps</dc:title><prism:volume>7</prism:volume>\
         <prism:number>2</prism:number></bib:Journal></dcterms:isPartOf></bib:Article></rdf:RDF>",
        "Lamps 7 2",
        "title title, container isPartOf",
        "date: `soon` is not a valid date",
    ),
    (
        InputFormat::ZoteroRdf,
        "<rdf:RDF xmlns:z='http://www.zotero.org/namespaces/export#'><bib:Article><dc:title>A</dc:title>\
         <dcterms:isPartOf rdf:resource='#j'/></bib:Article><bib:Journal rdf:about='#j'><dc:title>Lamps</dc:title>\
         </bib:Journal></rdf:RDF>",
        "Lamps",
        "title title, container isPartOf",
        "",
    ),
    (
        InputFormat::PubmedXml,
        "<PubmedArticle><MedlineCitation><Article><Journal><JournalIssue><Volume>7</Volume><Issue>2</Issue></JournalIssue>\
         <Title>Lamps</Title></Journal><ArticleTitle>[Not Available].</ArticleTitle><VernacularTitle>Lampen\
         </VernacularTitle></Article></MedlineCitation></PubmedArticle>",
        "Lamps 7 2",
        "title VernacularTitle, container Journal/Title",
        "",
    ),
    (
        InputFormat::Feed,
        "<rss><item><title>A</title><link>https://example.org/1</link><description>B</description><pubDate>soon</pubDate>\
         <creator>Ada Oak</creator></item></rss>",
        "",
        "url link, abstract description, title title, authors author",
        "pubDate: `soon` is not a valid date",
    ),
    (
        InputFormat::JsonFeed,
        "{\"items\": [{\"title\": \"A\", \"url\": \"https://example.org/1\", \"date_published\": \"soon\"}]}",
        "",
        "url url, title title",
        "date_published: `soon` is not a valid date",
    ),
];

/// Records with a DOI or an address that is none, and what is dropped of each.
const UNREADABLE: [(InputFormat, &str, &str); 11] = [
    (InputFormat::Csv, "title,doi\nA,11.5555/abc\n", "doi `11.5555/abc` is not a DOI"),
    (InputFormat::Jsonl, "{\"title\": \"A\", \"doi\": \"garbage\"}\n", "doi `garbage` is not a DOI"),
    (InputFormat::Ris, "TY  - JOUR\nTI  - A\nDO  - garbage\n", "DO `garbage` is not a DOI"),
    (InputFormat::Wos, "PT J\nTI A\nDI garbage\nER\n", "DI `garbage` is not a DOI"),
    (
        InputFormat::CslJson,
        "[{\"type\": \"article\", \"title\": \"A\", \"DOI\": \"garbage\"}]",
        "DOI `garbage` is not a DOI",
    ),
    (InputFormat::Bibtex, "@misc{k, title = {A}, doi = {garbage}}", "doi `garbage` is not a DOI"),
    (InputFormat::Bibtex, "@misc{k, title = {A}, doi = {10.5555/abc [doi]}}", ""),
    (
        InputFormat::Bibtex,
        "@misc{k, title = {A}, url = {javascript:alert(1)}}",
        "url `javascript:alert(1)` is not an address of the web",
    ),
    (
        InputFormat::Jsonl,
        "{\"title\": \"A\", \"url\": \"javascript:alert(1)\"}\n",
        "url `javascript:alert(1)` is not an address of the web",
    ),
    (
        InputFormat::CslJson,
        "[{\"type\": \"article\", \"title\": \"A\", \"URL\": \"javascript:alert(1)\"}]",
        "URL `javascript:alert(1)` is not an address of the web",
    ),
    (
        InputFormat::Feed,
        "<rss><item><title>A</title><link>javascript:alert(1)</link></item></rss>",
        "link `javascript:alert(1)` is not an address of the web",
    ),
];

#[test]
fn unreadable_ids_and_addresses_are_dropped_with_a_note() {
    for (format, text, expect) in UNREADABLE {
        let mut references = read_references(Cursor::new(text), "x", Some(format)).unwrap();
        let BibReference { raw_paper, notes, .. } = references.next().unwrap().unwrap();
        assert_eq!(raw_paper.url.filter(|url| !url.is_empty()), None, "{format}: {text}");
        let dropped = notes.dropped;
        let found: Vec<String> = dropped.iter().map(|field| format!("{} {}", field.field, field.reason)).collect();
        assert_eq!(found.join("; "), expect, "{format}: {text}");
    }
}

#[test]
fn records_say_how_they_were_read() {
    let sorted = |parts: Vec<String>| {
        let mut parts = parts;
        parts.sort();
        parts
    };
    for (format, text, container, origins, dropped) in RECORDS {
        let mut references = read_references(Cursor::new(text), "x", Some(format)).unwrap();
        let BibReference { raw_paper, notes, .. } = references.next().unwrap().unwrap();
        assert_eq!(raw_paper.container, container, "{format}: {text}");
        let found = notes.origins.iter().map(|origin| format!("{} {}", origin.field, origin.from)).collect();
        assert_eq!(sorted(found), sorted(origins.split(", ").map(str::to_owned).collect()), "{format}: {text}");
        let start = |reason: &str| reason.split(": ").next().unwrap_or_default().to_owned();
        let found: Vec<String> =
            notes.dropped.iter().map(|dropped| format!("{}: {}", dropped.field, start(&dropped.reason))).collect();
        assert_eq!(found.join("; "), dropped, "{format}: {text}");
    }
}
