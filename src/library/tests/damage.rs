//! What a check says of damage, and how damaged papers are taken out.

use super::test_library;
use super::*;
use crate::library::CheckFinding;

fn problems(library: &Library) -> Vec<CheckFinding> {
    let findings = library.check().unwrap();
    findings.into_iter().filter(|finding| finding.remedy.is_some()).collect()
}

#[test]
fn damaged_papers_are_named_and_can_be_removed() {
    let reasons = [
        ("published = '2026-13-45'", "`published`: `2026-13-45` is no date"),
        ("votes = -4", "`votes`: -4 is out of range"),
        ("authors = '[1]'", "`authors`: invalid JSON: invalid type: integer `1`, expected a string at line 1 column 2"),
        ("title = 'Another'", "its checksum differs: it was changed by another program, or damaged"),
    ];
    for (damage, reason) in reasons {
        let mut library = test_library();
        (0..3).for_each(|number| add(&mut library, paper(number, 0)));
        library.db.execute(&format!("UPDATE paper SET {damage} WHERE row = 2"), []).unwrap();
        let found = problems(&library);
        let paper = found.iter().find(|finding| finding.what == "papers").unwrap();
        assert_eq!(paper.found, format!("3 checked, 1 damaged: paper `paper 1`: {reason}"));
        if !damage.starts_with("title") {
            let error = library.paper_at(2).unwrap_err().one_line();
            let expected = format!("damaged: cannot read a paper: paper `paper 1`: {reason}: run `paperkin doctor`");
            assert!(error.ends_with(&expected), "{error}");
        }

        assert_eq!(library.remove(&[id(1)]).unwrap(), [id(1)]);
        library.compact().unwrap();
        add(&mut library, super::paper(1, 0));
        assert_eq!(problems(&library), [], "{damage}");
        assert_eq!(ids(&library).len(), 3);
    }
}

#[test]
fn a_finding_names_the_first_rows_and_counts_the_others() {
    let mut library = test_library();
    (0..9).for_each(|number| add(&mut library, paper(number, 0)));
    library.db.execute_batch("UPDATE paper SET comments = 1").unwrap();
    library.db.execute("UPDATE embedding SET vector = ?", [[2.0f32, 0.0, 0.0].map(f32::to_le_bytes).concat()]).unwrap();
    for CheckFinding { found, what, .. } in problems(&library) {
        let [start, end] = ["9 checked, 9 damaged: ", "; and 6 more"];
        assert!(found.starts_with(start) && found.ends_with(end), "{what}: {found}");
    }
    assert_eq!(problems(&library).len(), 2);
}

#[test]
fn a_text_of_a_damaged_file_sends_no_commands_to_a_terminal() {
    let mut library = test_library();
    add(&mut library, paper(0, 0));
    library.db.execute("UPDATE paper SET id = ?", ["\u{1b}[31m"]).unwrap();
    assert!(problems(&library).iter().all(|finding| !finding.found.contains(char::is_control)));
    let error = library.for_each_paper(|_| Ok(())).unwrap_err().one_line();
    assert!(!error.contains(char::is_control), "{error}");
}
