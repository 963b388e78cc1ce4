//! Texts in cells that spreadsheets open: a cell that begins as a formula is one to Excel and LibreOffice, which run it.

use std::borrow::Cow;

/// What formulas begin with, also in its wide form, and what is skipped before them
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Returns a text as a cell: with an apostrophe before the start of a formula, which spreadsheets take for text. A text that
/// has one already gets another one, so that [`text_of_cell`] is the inverse. Not for numbers.
pub(crate) fn cell_of_text(text: &str) -> Cow<'_, str> {
    match begins_as_formula(text) {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

/// Returns the text in a cell, without the apostrophe before the start of a formula.
pub(crate) fn text_of_cell(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| begins_as_formula(text)).unwrap_or(cell)
}

fn begins_as_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA_STARTS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_texts() {
        for (text, cell) in [
            ("=HYPERLINK(\"http://example.org\")", "'=HYPERLINK(\"http://example.org\")"),
            ("+1", "'+1"),
            ("-lamps", "'-lamps"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("＝1", "'＝1"),
            ("'=1", "''=1"),
            ("'t Hooft", "'t Hooft"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!((cell_of_text(text).as_ref(), text_of_cell(cell)), (cell, text));
        }
    }

    proptest! {
        #[test]
        fn cells_are_read_as_they_were_written(text in "['=+a-]{0,6}") {
            let cell = cell_of_text(&text);
            prop_assert!(!cell.starts_with(FORMULA_STARTS));
            prop_assert_eq!(text_of_cell(&cell), text.as_str());
        }
    }
}
