//! Lists of ids, addresses and titles, one a line.

use super::MAX_ITEMS;
use crate::formats::{BibReference, identifiers};
use crate::paper::RawPaper;

/// Reads a list; `None` if the text is something else.
pub(super) fn read(text: &str) -> Option<Vec<BibReference>> {
    let lines = text.split(['\n', '\r']).map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let is_list = !lines.is_empty() && lines.iter().all(|line| line.len() < 500 && !line.starts_with(['<', '{', '[']));
    let reference = |line: &&str| {
        let mut raw_paper = RawPaper { source: "list".to_owned(), ..RawPaper::default() };
        let line = markdown_address(line).unwrap_or(line);
        match line.contains(' ') {
            true => raw_paper.title = line.to_owned(),
            false => identifiers::assign(&mut raw_paper, [line]),
        }
        BibReference { raw_paper, ..BibReference::default() }
    };
    is_list.then(|| lines.iter().take(MAX_ITEMS + 1).map(reference).collect())
}

/// The address of a link in Markdown, `- [Title](<https://arxiv.org/abs/2401.00001>)`, as exports write it.
fn markdown_address(line: &str) -> Option<&str> {
    let (_, behind) = line.split_once("](")?;
    let address = behind.strip_prefix('<').unwrap_or(behind).split(['>', ')']).next()?;
    address.starts_with("http").then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_markdown_are_addresses() {
        let text = "- [On lamps](<https://arxiv.org/abs/2401.00001v2>), 2024\n- [On boats](https://doi.org/10.1000/x)\n* [Notes](other.md) on lamps\n";
        let read = read(text).unwrap();
        assert_eq!(read[0].raw_paper.id.as_deref(), Some("2401.00001"));
        assert_eq!(read[1].raw_paper.id.as_deref(), Some("doi:10.1000/x"));
        assert_eq!(read[2].raw_paper.title, "* [Notes](other.md) on lamps");
    }
}
