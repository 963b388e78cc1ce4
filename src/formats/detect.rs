//! Detects the format of a file from its first bytes.

use crate::formats::bibliographic::{bibtex, csl_json, ris};
use crate::formats::common::input::InputHead;
use crate::formats::common::json_array;
use crate::formats::input_format::InputFormat;
use crate::formats::services::{hf_daily, hf_page, json_answers};
use crate::formats::tables::ColumnMap;
use crate::formats::tables::{csv, jsonl, parquet};

/// How many bytes of the first line are searched for bytes that text does not have. Later ones may be one damaged
/// record.
const BINARY_CHECK_BYTES: usize = 512;
/// How many of them text does not have, not even damaged text.
const MANY_NULS: usize = 4;

/// Returns the format of a file that begins with `head`; the extension of its name decides only between formats that
/// both fit.
/// The error is the reason, for a [`crate::Error::BadFile`].
pub(crate) fn detect(head: &InputHead, name: &str, columns: &ColumnMap) -> Result<InputFormat, String> {
    readable(head)?;
    if head.bytes.starts_with(&parquet::MAGIC) {
        return Ok(InputFormat::Parquet);
    }
    let start = first_line(&head.bytes);
    let nuls = start.iter().filter(|byte| **byte == 0).count();
    let strange = start.iter().filter(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace()).count();
    // One or two are damage, which costs no file.
    if nuls >= MANY_NULS || strange > 1 && strange > start.len() / 10 {
        return Err(format!("binary data in an unknown format; supported formats: {}", InputFormat::names()));
    }
    let text = &text(&head.bytes);
    match text.trim_start().chars().next() {
        Some('{' | '[') => json(head, text),
        Some('<') => markup(text.trim_start()),
        _ => plain(&head.bytes, text, name, columns),
    }
}

/// Refuses what is of no format at all: an archive, an encoding that is not known. Also where the format is given.
pub(crate) fn readable(head: &InputHead) -> Result<(), String> {
    const MAGIC: [(&[u8], &str); 11] = [
        (b"PK\x03\x04", "a zip archive, spreadsheet or document: extract it, or save it as CSV"),
        (b"PK\x05\x06", "an empty zip archive"),
        (b"PK\x07\x08", "a zip archive in several files: extract it"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive: extract it"),
        (b"Rar!\x1a\x07", "a RAR archive: extract it"),
        (b"\x04\x22\x4d\x18", "compressed with lz4: decompress it first; only gzip is supported"),
        (b"\x28\xb5\x2f\xfd", "compressed with zstd: decompress it first; only gzip is supported"),
        (b"BZh", "compressed with bzip2: decompress it first; only gzip is supported"),
        (b"\xfd7zXZ\0", "compressed with xz: decompress it first; only gzip is supported"),
        (b"%PDF", "a PDF: paperkin reads lists of papers, not papers"),
        (b"SQLite format 3\0", "an SQLite database, not a list of papers"),
    ];
    let bytes = &head.bytes;
    if head.complete && bytes.trim_ascii().is_empty() {
        return Err("the file is empty".to_owned());
    }
    if bytes.starts_with(&parquet::MAGIC) {
        return Ok(());
    }
    if let Some((_, reason)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err((*reason).to_owned());
    }
    let start = first_line(bytes);
    let nuls = start.iter().filter(|byte| **byte == 0).count();
    let of_one_parity = (0..2).any(|parity| start.iter().skip(parity).step_by(2).all(|byte| *byte != 0));
    if nuls > start.len() / 3 && of_one_parity {
        return Err("UTF-16 without a byte order mark: give --encoding utf-16le or utf-16be".to_owned());
    }
    Ok(())
}

/// What is searched for bytes that text does not have.
fn first_line(bytes: &[u8]) -> &[u8] {
    let start = &bytes.trim_ascii_start()[..bytes.trim_ascii_start().len().min(BINARY_CHECK_BYTES)];
    start.split(|byte| *byte == b'\n').next().unwrap_or_default()
}

/// The start as text, its lines ending with LF; a character cut at its end does not matter.
fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.into_owned() }
}

fn json(head: &InputHead, text: &str) -> Result<InputFormat, String> {
    // These work even if the first element is longer than the head.
    let packed: String = text.chars().filter(|c| !c.is_whitespace()).take(64 * 1024).collect();
    let opens_entry = |text: &str| text.starts_with("{\"paper\":{") || text.starts_with("\"{'paper'");
    let opens = packed.trim_start_matches('[');
    let wraps = packed
        .split_once("\"data\":[")
        .is_some_and(|(before, data)| before.starts_with('{') && before.len() < 1000 && opens_entry(data));
    if opens_entry(opens) || wraps {
        return Ok(InputFormat::HfDaily);
    }
    let values = json_array::complete_elements(&head.bytes);
    if values.iter().any(hf_daily::is_entry) {
        return Ok(InputFormat::HfDaily);
    }
    if values.iter().any(csl_json::is_reference) {
        return Ok(InputFormat::CslJson);
    }
    if packed.chars().take(1000).collect::<String>().contains("jsonfeed.org/version/") {
        return Ok(InputFormat::JsonFeed);
    }
    if let Some(format) = json_answers::detect(&packed) {
        return Ok(format);
    }
    match values.first() {
        Some(first) if !first.is_object() && !values.iter().any(jsonl::has_text) => Err(jsonl::no_paper(first)),
        _ => Ok(InputFormat::Jsonl),
    }
}

fn markup(text: &str) -> Result<InputFormat, String> {
    let start: String = text.chars().take(4096).collect::<String>().to_ascii_lowercase();
    let names = |element: &str| {
        let is_named = |tag: &str| {
            // `a:feed`, where the file's names have a prefix.
            let (prefix, local) = tag.split_once(':').unwrap_or_default();
            tag.starts_with(element) || is_name(prefix) && local.starts_with(element)
        };
        start.split('<').skip(1).any(is_named)
    };
    if names("opml") {
        return Err("OPML, a list of feeds: give the feeds themselves".to_owned());
    }
    if start.starts_with("<!doctype html") || start.contains("<html") || start.contains("<body") {
        if text.contains("data-props=") {
            return Ok(InputFormat::HfHtml);
        }
        Err("an HTML page: copy the page's text into a file (hf-page), or fetch the JSON of \
             https://huggingface.co/api/daily_papers (hf-daily)"
            .to_owned())
    } else if names("feed") && start.contains("arxiv.org/api") {
        Ok(InputFormat::ArxivAtom)
    } else if names("rdf") && start.contains("zotero.org/namespaces/export#") {
        Ok(InputFormat::ZoteroRdf)
    } else if names("rss") || names("feed") || names("rdf") {
        Ok(InputFormat::Feed)
    } else if names("pubmedarticle") {
        Ok(InputFormat::PubmedXml)
    } else if names("collection") && names("document") {
        Ok(InputFormat::Bioc)
    } else if names("records") && ["ref-type", "rec-number", "titles"].into_iter().any(names) {
        Ok(InputFormat::EndnoteXml)
    } else {
        Err(format!("markup in an unknown format; supported formats: {}", InputFormat::names()))
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn plain(bytes: &[u8], text: &str, name: &str, columns: &ColumnMap) -> Result<InputFormat, String> {
    let extension = name.strip_suffix(".gz").unwrap_or(name).rsplit_once('.').map(|(_, extension)| extension);
    let extension = extension.unwrap_or_default().to_ascii_lowercase();
    let hinted = match extension.as_str() {
        "tsv" | "tab" => Some(InputFormat::Tsv),
        "csv" => Some(InputFormat::Csv),
        "jsonl" | "ndjson" | "json" => Some(InputFormat::Jsonl),
        "bib" => Some(InputFormat::Bibtex),
        "ris" => Some(InputFormat::Ris),
        "nbib" => Some(InputFormat::Nbib),
        "enw" => Some(InputFormat::Enw),
        _ => None,
    };
    if bibtex::is_bibliography(text) {
        return Ok(InputFormat::Bibtex);
    }
    if let Some(format) = ris::detect(text) {
        return Ok(format);
    }
    if hf_page::is_page(text) && !hinted.is_some_and(|format| csv::is_table(bytes, format, columns)) {
        return Ok(InputFormat::HfPage);
    }
    let table = [InputFormat::Tsv, InputFormat::Csv].into_iter().find(|format| csv::is_table(bytes, *format, columns));
    let entries = || bibtex::has_entry_near_start(text).then_some(InputFormat::Bibtex);
    hinted.or(table).or_else(entries).ok_or_else(|| {
        let start: String = text.trim_start().chars().take(30).collect();
        format!("unknown format, beginning with `{}`; supported formats: {}", start.trim(), InputFormat::names())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: impl AsRef<[u8]>, name: &str, expect: Result<InputFormat, &str>) {
        let head = InputHead { bytes: text.as_ref().to_vec(), complete: true };
        let found = detect(&head, name, &ColumnMap::default());
        match (&found, expect) {
            (Err(found), Err(start)) => assert!(found.starts_with(start), "{name}: {found}"),
            _ => assert_eq!(found.as_ref().map_err(String::as_str), expect.as_ref().map_err(|e| *e), "{name}"),
        }
    }

    #[test]
    fn formats() {
        check("Daily Papers\n\nT\n\nA\n\n • 3 authors\n·\nDec 19, 2024", "-", Ok(InputFormat::HfPage));
        check("[{\"paper\": {\"id\": \"1\"}}]", "-", Ok(InputFormat::HfDaily));
        check("[ {\n \"paper\": {\"id\": \"1\", \"authors\": [", "-", Ok(InputFormat::HfDaily));
        check("[{\"title\": \"x\", \"paper\": {\"id\": \"1\"}}]", "-", Ok(InputFormat::HfDaily));
        check("[\"{'paper': {'id': '1'}}\"]", "-", Ok(InputFormat::HfDaily));
        check("{\"date\": \"2025-01-10\", \"data\": [\"{'paper': {", "-", Ok(InputFormat::HfDaily));
        check("<?xml version='1.0'?><feed><id>https://arxiv.org/api/x</id>", "-", Ok(InputFormat::ArxivAtom));
        check("{\"title\": \"x\"}\n", "-", Ok(InputFormat::Jsonl));
        check("[{\"title\": \"x\"}]", "x.txt", Ok(InputFormat::Jsonl));
        check("[]", "-", Ok(InputFormat::Jsonl));
        check("id,title\n1,a", "-", Ok(InputFormat::Csv));
        check("id;title\n1;a", "-", Ok(InputFormat::Csv));
        check("id\ttitle\n1\ta, b", "-", Ok(InputFormat::Tsv));
        check("user,score\n1,2", "x.csv.gz", Ok(InputFormat::Csv));
        check("words", "x.jsonl", Ok(InputFormat::Jsonl));
        for text in [
            "{\"total\": 2, \"data\": [{\"paperId\": \"0a\", \"title\": \"x\"}]}",
            "{\"data\": [{\"citingPaper\": {\"paperId\": \"0a\"}}]}",
            "[{\"paperId\": \"0a\"}]",
            "{\"corpusid\": 1, \"externalids\": {}}",
        ] {
            check(text, "x.json", Ok(InputFormat::SemanticScholar));
        }
        check("{\"id\": \"https://openalex.org/W1\", \"doi\": null}", "-", Ok(InputFormat::OpenAlex));
        check("{\"meta\": {}, \"results\": [{\"id\": \"https://openalex.org/W1\"}]}", "-", Ok(InputFormat::OpenAlex));
        check("{\"id\": \"1\", \"submitter\": \"x\", \"authors_parsed\": []}", "-", Ok(InputFormat::ArxivJson));
        check("[{\"paper_id\": \"1\", \"submitted_date_all\": []}]", "-", Ok(InputFormat::ArxivJson));
        check("<?xml version='1.0'?><rss>", "-", Ok(InputFormat::Feed));
        check("<feed><id>https://rss.arxiv.org/atom/cs.CL</id>", "-", Ok(InputFormat::Feed));
        check("<a:feed xmlns:a=\"http://www.w3.org/2005/Atom\"><a:entry>", "-", Ok(InputFormat::Feed));
        check(b"@article{a,title={La\0mp}}", "-", Ok(InputFormat::Bibtex));
        check("[{\"type\": \"book\", \"issued\": {\"raw\": \"2020\"}}]", "x.json", Ok(InputFormat::CslJson));
        check("{\"version\": \"https://jsonfeed.org/version/1\", \"items\": []}", "-", Ok(InputFormat::JsonFeed));
        check("<!DOCTYPE html><html><div data-props='{}'>", "-", Ok(InputFormat::HfHtml));
        check("<?xml version='1.0'?><!DOCTYPE PubmedArticleSet><PubmedArticleSet>", "-", Ok(InputFormat::PubmedXml));
        check("<?xml version='1.0'?>\n<collection>\n<document>", "-", Ok(InputFormat::Bioc));
        check("<rdf:RDF xmlns:z=\"http://www.zotero.org/namespaces/export#\">", "-", Ok(InputFormat::ZoteroRdf));
        check("<rdf:RDF xmlns=\"http://purl.org/rss/1.0/\">", "-", Ok(InputFormat::Feed));
        check("<?xml version='1.0'?><xml><records><record><ref-type>", "-", Ok(InputFormat::EndnoteXml));
        check("<records><record><titles>", "x.xml", Ok(InputFormat::EndnoteXml));
        check("% made by hand\n\n@article{key,\n", "-", Ok(InputFormat::Bibtex));
        check("My papers\n@article{key,\n", "x.bib", Ok(InputFormat::Bibtex));
        check("My papers\n@web_page{key,\n", "-", Ok(InputFormat::Bibtex));
        check("id,text\n1,\"see\n@article{key,\n\"", "x.csv", Ok(InputFormat::Csv));
        check("\nTY  - JOUR\nTI  - A", "-", Ok(InputFormat::Ris));
        check("\nPMID- 12\nTI  - A", "-", Ok(InputFormat::Nbib));
        check("%0 Journal Article\n%T A", "x.ris", Ok(InputFormat::Enw));
        check("\n  TY  - JOUR\r  TI  - A", "-", Ok(InputFormat::Ris));
        check("FN Invented\nVR 1.0\nPT J\n", "x.txt", Ok(InputFormat::Wos));
        check("[{\"type\": \"book\", \"issued\": {\"date-parts\": [[2020]]}}]", "x.json", Ok(InputFormat::CslJson));
    }

    #[test]
    fn refusals() {
        check("", "-", Err("the file is empty"));
        check(" \r\n\t", "x.jsonl", Err("the file is empty"));
        let chinese = "灯塔,title".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        check(chinese, "-", Err("UTF-16 without a byte order mark: give --encoding utf-16le or utf-16be"));
        check(b"PK\x03\x04rest", "x.xlsx", Err("a zip archive"));
        check(b"PK\x05\x06rest", "x.zip", Err("an empty zip archive"));
        check(b"7z\xbc\xaf\x27\x1crest", "x.7z", Err("a 7z archive"));
        check(
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0",
            "-",
            Err("binary data in an unknown format; supported formats: hf-page, hf-daily"),
        );
        check("<!DOCTYPE html>\n<html>", "-", Err("an HTML page: copy the page's text"));
        check("\n<HTML>", "-", Err("an HTML page: copy the page's text"));
        check("<records><record><leader>", "-", Err("markup in an unknown format"));
        check("<?xml version='1.0'?><opml><head/><body>", "-", Err("OPML, a list of feeds: give the feeds themselves"));
        check("<svg/>", "-", Err("markup in an unknown format"));
        check("[1, 2]", "-", Err("a number where papers are expected: give a JSON object with `title`"));
        check("Dear reader", "x.txt", Err("unknown format, beginning with `Dear reader`; supported formats: hf"));
    }
}
