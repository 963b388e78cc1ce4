//! Reads the text of a Hugging Face papers page, copied from the browser:
//!
//! ```text
//! Title
//!
//! Abstract
//!
//!   • 11 authors
//! ·
//! Dec 19, 2024 3
//! ```
//!
//! where the number after the date counts comments. Whatever stands between papers (the page's header, votes,
//! names of submitters) is summaries apart by its shape and by standing in front of a title.

mod line;

use std::collections::VecDeque;
use std::mem;

use crate::error::{RecordPosition, Result};
use crate::formats::common::arxiv_text;
use crate::formats::common::encoding::NOT_UTF8;
use crate::formats::common::input::{InputLine, InputReader};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{FoundRecord, RecordIter};
use crate::paper::RawPaper;

use line::{DateLine, author_line, date_line, is_page_line, is_separator};

/// A line of at least this many bytes is an abstract and not a part of the page.
/// The shortest abstract of 13,610 Daily Papers has 165; few of their titles are longer.
const MIN_ABSTRACT: usize = 160;
/// Longest title on a page, in bytes. The longest of 13,610 Daily Papers has 202.
const MAX_TITLE: usize = 600;
/// Most text that is held while looking for an author line, in bytes: an abstract and everything that may surround it.
const MAX_PENDING: usize = 1024 * 1024;

/// Whether some text has the line that each paper on a page has.
pub(crate) fn is_page(text: &str) -> bool {
    text.lines().any(|line| author_line(line).is_some())
}

pub(crate) fn read(input: InputReader) -> RecordIter {
    let mut page =
        HfPage { input, line: 0, pending: Vec::new(), size: 0, open: None, found: 0, ready: VecDeque::new() };
    let mut buffer = Vec::new();
    let mut ended = false;
    Box::new(std::iter::from_fn(move || {
        while page.ready.is_empty() && !ended {
            match page.input.line(&mut buffer) {
                Ok(InputLine::End) => {
                    ended = true;
                    page.end();
                }
                Ok(line) => page.take(line, &buffer),
                Err(error) => {
                    ended = true;
                    page.ready.push_back(Err(page.input.read_error(&error)));
                }
            }
        }
        page.ready.pop_front()
    }))
}

struct HfPage {
    input: InputReader,
    line: u64,
    /// The lines since the last paper that may belong to the next one.
    pending: Vec<PendingLine>,
    size: usize,
    /// A paper whose author line was read and whose date may follow.
    open: Option<(u64, RawPaper)>,
    /// How many papers were found, good and bad.
    found: u64,
    ready: VecDeque<Result<FoundRecord>>,
}

/// A line that may belong to a paper; an empty text for one that is blank.
struct PendingLine {
    line: u64,
    text: String,
}

impl HfPage {
    fn take(&mut self, line: InputLine, bytes: &[u8]) {
        self.line += 1;
        let text = match std::str::from_utf8(bytes) {
            Ok(text) if line == InputLine::Read => text.trim(),
            Ok(_) => return self.refuse(self.line, "a line too long for a papers page"),
            Err(_) => return self.refuse(self.line, NOT_UTF8),
        };
        if let Some((authors, rest)) = author_line(text) {
            self.close(None);
            self.start(Some(authors));
            if let Some(date) = date_line(rest) {
                self.close(Some(date));
            }
        } else if let Some(date) = date_line(text) {
            if self.open.is_none() && self.pending.iter().any(|line| line.text.len() >= MIN_ABSTRACT) {
                self.start(None);
            }
            self.close(Some(date));
            self.forget();
        } else if !is_separator(text) || text.is_empty() {
            if !text.is_empty() {
                self.close(None);
            }
            self.keep(text);
        }
    }

    fn keep(&mut self, text: &str) {
        let starts_block = self.pending.last().is_none_or(|last| last.text.is_empty());
        if starts_block && is_page_line(text) {
            return self.drop_pending();
        }
        if text.is_empty() && starts_block {
            return;
        }
        self.size += text.len() + 1;
        if self.size > MAX_PENDING {
            return self.refuse(self.line, "a megabyte of text without an author line such as `• 3 authors`");
        }
        self.pending.push(PendingLine { line: self.line, text: text.to_owned() });
    }

    /// Takes title and abstract from the pending lines: its author line was read.
    fn start(&mut self, author_count: Option<u32>) {
        let mut blocks = blocks(mem::take(&mut self.pending));
        self.size = 0;
        let Some(mut last) = blocks.pop() else {
            return self.refuse(self.line, "an author line without title and abstract before it");
        };
        let (title, abstract_text) = if ends_in_whole_abstract(&last) {
            let abstract_text = last.split_off(last.len() - 1);
            (last.split_off(last.len() - 1), abstract_text)
        } else if let Some(mut title) = blocks.pop() {
            // Where an abstract is on one line, so is a title, and what stands above it is the page's.
            let above = if last.len() == 1 { title.len() - 1 } else { 0 };
            (title.split_off(above), last)
        } else {
            let abstract_text = last.split_off(1);
            (last, abstract_text)
        };
        self.refuse_abstracts(&blocks);
        let position = title[0].line;
        let raw_paper = RawPaper {
            title: joined(&title),
            abstract_text: joined(&abstract_text),
            author_count,
            source: InputFormat::HfPage.source().to_owned(),
            ..RawPaper::default()
        };
        if raw_paper.title.len() > MAX_TITLE {
            return self.refuse(position, "an abstract without a title before it");
        }
        self.open = Some((position, raw_paper));
    }

    /// Ends the open paper, with its date and the number of its comments where there are such.
    fn close(&mut self, date: Option<DateLine>) {
        let Some((line, raw_paper)) = self.open.take() else { return };
        let raw_paper = match date {
            None => Ok(raw_paper),
            Some(DateLine { date: Some(date), comments, .. }) => {
                Ok(RawPaper { published: Some(date), comments, ..raw_paper })
            }
            Some(DateLine { text, .. }) => Err(format!("`{text}` is not a date that exists")),
        };
        self.found += 1;
        let raw_paper = raw_paper.map(arxiv_text::read_accents);
        self.ready.push_back(self.input.found_record(raw_paper, RecordPosition::Line(line)));
    }

    fn refuse(&mut self, line: u64, reason: &str) {
        self.close(None);
        self.found += 1;
        self.forget();
        self.ready.push_back(Err(self.input.bad_record(RecordPosition::Line(line), reason)));
    }

    fn forget(&mut self) {
        self.pending.clear();
        self.size = 0;
    }

    /// Drops what a line of the page follows, saying so where that was an abstract.
    fn drop_pending(&mut self) {
        let blocks = blocks(mem::take(&mut self.pending));
        self.size = 0;
        self.refuse_abstracts(&blocks);
    }

    fn refuse_abstracts(&mut self, blocks: &[Vec<PendingLine>]) {
        for line in blocks.iter().flatten().filter(|line| line.text.len() >= MIN_ABSTRACT) {
            let reason = "an abstract without an author line such as `• 3 authors` after it";
            self.found += 1;
            self.ready.push_back(Err(self.input.bad_record(RecordPosition::Line(line.line), reason)));
        }
    }

    fn end(&mut self) {
        self.close(None);
        if self.found == 0 {
            let reason = "no paper found: each has a title, an abstract, a line `• 3 authors` and a date line \
                          `Dec 19, 2024`";
            return self.ready.push_back(Err(self.input.bad_file(reason)));
        }
        self.drop_pending();
    }
}

/// Lines that stand together, the blank ones gone.
fn blocks(lines: Vec<PendingLine>) -> Vec<Vec<PendingLine>> {
    let mut blocks: Vec<Vec<PendingLine>> = Vec::new();
    let mut after_blank = true;
    for line in lines {
        let blank = line.text.is_empty();
        if !blank && after_blank {
            blocks.push(Vec::new());
        }
        if let (false, Some(block)) = (blank, blocks.last_mut()) {
            block.push(line);
        }
        after_blank = blank;
    }
    blocks
}

/// Whether the last of some lines is an abstract, below its title.
fn ends_in_whole_abstract(block: &[PendingLine]) -> bool {
    let long = block.iter().filter(|line| line.text.len() >= MIN_ABSTRACT).count();
    block.len() > 1 && long == 1 && block.last().is_some_and(|line| line.text.len() >= MIN_ABSTRACT)
}

fn joined(lines: &[PendingLine]) -> String {
    lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use crate::formats::tests::{fixture, summaries};
    use crate::formats::{InputFormat, read};

    const LONG: &str = "An invented abstract that goes on for as long as abstracts on a page do, which is a good deal longer \
                        than any title, so that nobody takes the one for the other, whatever stands around them.";

    fn check(text: &str, expect: &[&str]) {
        let text = text.replace("LONG", LONG);
        let found = summaries(read(std::io::Cursor::new(text.clone()), "page.txt", Some(InputFormat::HfPage)));
        let found: Vec<String> = found.iter().map(|line| line.replace(LONG, "LONG")).collect();
        assert_eq!(found, expect, "{text}");
    }

    /// How [`summaries`] shows a paper of a page.
    fn paper(title: &str, text: &str, authors: &str, published: &str, comments: &str) -> String {
        let parts = [("title", title), ("abstract", text), ("author_count", authors), ("published", published)];
        let parts = parts.into_iter().chain([("comments", comments)]).filter(|(_, value)| !value.is_empty());
        parts.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn a_page() {
        let papers = fixture("hf_page.txt");
        assert_eq!(papers.len(), 2);
        assert!(
            papers[0].starts_with("title=Paper Boats on a Sea of Tokens | abstract=We invent a fleet"),
            "{papers:?}"
        );
        assert!(papers[0].ends_with("| author_count=4 | published=2024-12-19"), "{papers:?}");
        assert!(papers[1].ends_with("| author_count=1 | published=2025-06-21 | comments=3"), "{papers:?}");
    }

    #[test]
    fn shapes_of_one_paper() {
        let plain = paper("A Title", "LONG", "11", "2024-12-19", "");
        for text in [
            "A Title\n\nLONG\n\n  • 11 authors\n·\nDec 19, 2024\n",
            "A Title\r\n\r\nLONG\r\n\r\n  • 11 authors\r\n·\r\nDec 19, 2024",
            "A Title\nLONG\n• 11 authors\n·\nDec 19, 2024",
            "\n\nA Title\n\n\n\nLONG\n\n\n - 11 authors\n\n·\n\nDecember 19, 2024\n\n\n",
            "123\n\nA Title\n\nLONG\n\n* 11 authors\n-\nDec 19, 2024\n",
            "1.2k\nA Title\nLONG\n11 authors\nDec 19, 2024\n",
            "Submitted by\n\nsomebody\n\n45\n\nA Title\n\nLONG\n\n· 11 authors\n·\nDec 19, 2024\n",
            "Daily Papers\n\nbyAK and the research community\n\nJan 8\n\nA Title\n\nLONG\n\n• 11 authors\n·\nDec 19, 2024",
            "Daily Papers\nJan 8\nA Title\nLONG\n• 11 authors · Dec 19, 2024",
            "somebody\nA Title\n\nLONG\n\n• 11 authors\n·\nDec 19, 2024\n\nSystem theme\n\nCompany\nTOS\nPrivacy\n",
        ] {
            check(text, &[&plain]);
        }
        check("A Title\n\nLONG\n\n• 1 author\n·\nJun 21, 2025 1", &[&paper("A Title", "LONG", "1", "2025-06-21", "1")]);
        check("A Title\n\nLONG\n\n• 1 authors\n", &[&paper("A Title", "LONG", "1", "", "")]);
        check("A Title\n\nLONG\n\n·\nJun 21, 2025", &[&paper("A Title", "LONG", "", "2025-06-21", "")]);
        check(
            "A Title\n\nShort.\n\n• 2 authors\n·\nJun 21, 2025",
            &[&paper("A Title", "Short.", "2", "2025-06-21", "")],
        );
        check("A Title\n\n• 2 authors\n·\nJun 21, 2025", &[&paper("A Title", "", "2", "2025-06-21", "")]);
        let wrapped = "A Title\n\nAn abstract\nover three\nlines.\n\n• 2 authors\n·\nJun 21, 2025";
        check(wrapped, &[&paper("A Title", "An abstract over three lines.", "2", "2025-06-21", "")]);
    }

    #[test]
    fn a_bad_paper_does_not_spoil_its_neighbors() {
        let good = paper("Good", "LONG", "2", "2025-01-02", "");
        let after = "\n\nGood\n\nLONG\n\n• 2 authors\n·\nJan 2, 2025\n";
        for (bad, error) in [
            ("Bad\n\nLONG\n\n• 3 authors\n·\nFeb 30, 2025", "line 1: `Feb 30, 2025` is not a date that exists"),
            ("• 3 authors\n·\nFeb 3, 2025", "line 1: an author line without title and abstract before it"),
            ("Bad\n\nLONG\n", "line 3: an abstract without an author line such as `• 3 authors` after it"),
            ("LONG LONG LONG LONG\n\n• 3 authors\n·\nFeb 3, 2025", "line 1: an abstract without a title before it"),
        ] {
            check(&format!("{bad}{after}"), &[&format!("page.txt, {error}"), &good]);
        }
        check(
            &format!("{}\n\nCut\n\nLONG\n", after.trim_start()),
            &[&good, "page.txt, line 12: an abstract without an author line such as `• 3 authors` after it"],
        );
    }

    #[test]
    fn a_text_that_is_no_page() {
        let reason = "page.txt: no paper found: each has a title, an abstract, a line `• 3 authors` and a date line \
                      `Dec 19, 2024`";
        check("Dear reader,\n\nthis is a letter.\n", &[reason]);
        check("Daily Papers\n\nJan 8\n", &[reason]);
    }

    #[test]
    fn bytes_that_are_no_text() {
        let mut bytes = b"Caf\xe9\n\n".to_vec();
        bytes.extend(format!("Good\n\n{LONG}\n\n\u{2022} 2 authors\n").into_bytes());
        let found = summaries(read(std::io::Cursor::new(bytes), "page.txt", Some(InputFormat::HfPage)));
        assert_eq!(found[0], "page.txt, line 1: not UTF-8: save the file as UTF-8, or give --encoding windows-1252");
        assert!(found[1].starts_with("title=Good"), "{found:?}");
    }
}
