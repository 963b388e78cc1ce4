//! Reads lists of citation links: on each line the id of a paper that cites and that of one that is cited.

use crate::error::{RecordPosition, Result};
use crate::formats::common::encoding::NOT_UTF8;
use crate::formats::common::input::{InputLine, InputReader};
use crate::formats::common::values::truncated;
use crate::formats::reference::LinkIter;
use crate::paper::{PaperId, WorkName};

/// How many lines are searched for a link before a file is refused.
const MAX_TRIED_LINES: usize = 10;
/// What the columns are called.
pub(crate) const COLUMNS: [&str; 2] = ["citing", "cited"];

/// Reads lines of two ids, with or without a header.
pub(crate) fn read(mut input: InputReader) -> LinkIter {
    let mut buffer = Vec::new();
    let (mut number, mut tried) = (0, 0);
    let (mut is_swapped, mut found, mut ended) = (false, false, false);
    Box::new(std::iter::from_fn(move || {
        while !ended {
            number += 1;
            let position = RecordPosition::Line(number);
            let line = match input.line(&mut buffer) {
                Ok(InputLine::End) => return None,
                Ok(InputLine::Read) => std::str::from_utf8(&buffer).map_err(|_| NOT_UTF8.to_owned()),
                Ok(InputLine::TooLong) => Err("too long for two ids".to_owned()),
                Err(error) => {
                    ended = true;
                    return Some(Err(input.read_error(&error)));
                }
            };
            let line = line.map(str::trim);
            if line.as_ref().is_ok_and(|line| line.is_empty() || line.starts_with('#')) {
                continue;
            }
            let ends = line.and_then(ends);
            if let (Ok([first, second]), false) = (&ends, found)
                && let Some(swapped) = header(first, second)
            {
                (is_swapped, found) = (swapped, true);
                continue;
            }
            match ends.and_then(|[first, second]| if is_swapped { link(second, first) } else { link(first, second) }) {
                Ok(link) => {
                    found = true;
                    return Some(Ok(link));
                }
                Err(reason) if !found && tried == MAX_TRIED_LINES => {
                    ended = true;
                    return Some(Err(input.bad_file(format!("no citation links: {reason}"))));
                }
                Err(reason) => {
                    tried += 1;
                    return Some(Err(input.bad_record(position, reason)));
                }
            }
        }
        None
    }))
}

/// A link between works that are known by their ids.
pub(crate) fn link(citing: &str, cited: &str) -> Result<(WorkName, WorkName), String> {
    let work = |id: &str| {
        PaperId::parse(id).map(WorkName::from_id).map_err(|reason| format!("`{}`: {reason}", truncated(id, 40)))
    };
    Ok((work(citing)?, work(cited)?))
}

/// The two ids of a line. A DOI may have a comma within, and a tab or spaces count first.
fn ends(line: &str) -> Result<[&str; 2], String> {
    let parts: Vec<&str> = if line.contains('\t') {
        line.split('\t').collect()
    } else if line.contains(char::is_whitespace) {
        line.split_whitespace().filter(|part| *part != ",").collect()
    } else {
        line.split(',').collect()
    };
    match parts[..] {
        [first, second] => {
            Ok([first.trim().trim_end_matches(','), second.trim().trim_start_matches(',')].map(unquoted))
        }
        _ => Err(format!(
            "expected two ids, found `{}`: give the paper that cites and the one that is cited, separated by a tab, a comma \
             or spaces",
            truncated(line, 60)
        )),
    }
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// Whether the names of a header are in the other order; `None` if these are no names.
fn header(first: &str, second: &str) -> Option<bool> {
    let is =
        |name: &str, column: &str| name.get(..column.len()).is_some_and(|start| start.eq_ignore_ascii_case(column));
    let [citing, cited] = COLUMNS;
    if is(first, citing) && is(second, cited) {
        return Some(false);
    }
    (is(first, cited) && is(second, citing)).then_some(true)
}

#[cfg(test)]
mod tests {
    use crate::formats::ReadOptions;

    fn told(text: &[u8]) -> Vec<String> {
        let links = ReadOptions::default().read_links(std::io::Cursor::new(text.to_vec()), "x").unwrap();
        let told = links.map(|link| match link {
            Ok((citing, cited)) => format!("{} -> {}", citing.id().unwrap(), cited.id().unwrap()),
            Err(error) => error.to_string(),
        });
        told.collect()
    }

    #[test]
    fn two_ids_a_line() {
        let link = "2401.90001 -> doi:10.5555/a,b";
        for line in [
            "arXiv:2401.90001v2\thttps://doi.org/10.5555/A,B",
            "2401.90001 10.5555/A,B",
            "  2401.90001,   10.5555/A,B  ",
            "2401.90001 , 10.5555/A,B",
            "2401.90001 ,10.5555/A,B",
            "\"2401.90001\"\t\"10.5555/A,B\"",
        ] {
            assert_eq!(told(line.as_bytes()), [link], "{line}");
        }
        let expected = ["W1 -> W2", "W3 -> W4"];
        for text in [
            "W1,W2\nW3,W4",
            "# links\n\nciting,cited\r\nW1,W2\r\n#\nW3,W4\n",
            "\u{feff}\"citing\",\"cited\"\n\"W1\",\"W2\"\n\"W3\",\"W4\"\n",
            "Cited_ID\tciting_id\nW2\tW1\nW4\tW3\n",
        ] {
            assert_eq!(told(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(told(b"# none\n"), [""; 0]);
    }

    #[test]
    fn bad_lines() {
        let expected = "give the paper that cites and the one that is cited, separated by a tab, a comma or spaces";
        assert_eq!(
            told(b"W1 W2\nW3\nW4 W5 W6\n\xff W7\nW8\t\nW9,W10\n"),
            [
                "W1 -> W2",
                &format!("x, line 2: expected two ids, found `W3`: {expected}"),
                &format!("x, line 3: expected two ids, found `W4 W5 W6`: {expected}"),
                "x, line 4: not UTF-8: save the file as UTF-8, or give --encoding windows-1252",
                &format!("x, line 5: expected two ids, found `W8`: {expected}"),
                "W9 -> W10",
            ]
        );
        let found = told("{\"title\": \"no links at all\"}\n".repeat(100).as_bytes());
        assert_eq!(found.len(), super::MAX_TRIED_LINES + 1);
        assert!(found[10].starts_with("x: no citation links: expected two ids, found `{\"title\""), "{}", found[10]);
    }
}
