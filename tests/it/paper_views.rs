//! Papers as they are: one with all that is known of it, the newest, and those of an author, a year or a category.

use crate::support::sandbox::Sandbox;

const PAPERS: &str = r#"{"id":"2401.00001","title":"Lanterns of $\\alpha$-glass","abstract":"We make lanterns of glass. They shine for a long time, longer than any lantern of paper. Code is at https://github.com/ada/lanterns.","authors":["Ada Oak","Ben Elm","Cy Ash","Di Fir","Eli Yew","Flo Bay","Gus Box","Hal Fig","Ida Nut","Jo Pine","Kim Plum","Lou Pear"],"published":"2024-01-05","listed":"2024-01-08","votes":12,"comments":1,"categories":["cs.CL","cs.LG"],"source":"hf-daily","aliases":["10.1000/Lanterns"]}
{"id":"10.1000/tin","title":"Robots of tin","authors":["Łukasz Ołów","Ada B. Oak"],"published":"2023-07-01","categories":["cs.RO"]}
{"id":"pearls","title":"Pearls and pearl divers, a survey","authors":["Oak, A."],"published":"2025-02-03","source":"arxiv","votes":3}
{"id":"undated","title":"A paper without a date","authors":["Zoe Oak"]}
"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let run = sandbox.run_with_input(&["add", "-"], PAPERS);
    assert_eq!(run.out, "4 new, 0 updated, 0 unchanged: 4 papers in the library\n", "{}", run.err);
    sandbox
}

fn check(sandbox: &Sandbox, args: &[&str], expected: &str) {
    let run = sandbox.run(args);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (0, expected, ""), "{args:?}");
}

#[test]
fn a_paper_is_shown_with_all_that_is_known() {
    let sandbox = sandbox();
    let shown = "\
Lanterns of α-glass
Ada Oak, Ben Elm, Cy Ash, Di Fir, Eli Yew, Flo Bay, Gus Box, Hal Fig, Ida Nut,
Jo Pine and 2 more

  published     2024-01-05
  listed        2024-01-08
  source        hf-daily
  categories    cs.CL, cs.LG
  votes         12
  comments      1
  ids           2401.00001, doi:10.1000/lanterns
  PDF           https://arxiv.org/pdf/2401.00001
  arXiv         https://arxiv.org/abs/2401.00001
  Hugging Face  https://huggingface.co/papers/2401.00001
  DOI           https://doi.org/10.1000/lanterns
  code          https://github.com/ada/lanterns

We make lanterns of glass. They shine for a long time, longer than any lantern
of paper. Code is at https://github.com/ada/lanterns.
";
    for name in [
        "2401.00001",
        "arXiv:2401.00001v2",
        "https://huggingface.co/papers/2401.00001",
        "https://doi.org/10.1000/LANTERNS",
        "lanterns of",
    ] {
        check(&sandbox, &["show", name], shown);
    }
    let all = shown.replace("Jo Pine and 2 more", "Jo Pine, Kim Plum, Lou Pear");
    check(&sandbox, &["show", "2401.00001", "--all-authors"], &all);
    let paper = sandbox.json(&["show", "2401.00001", "--format", "json"]);
    assert_eq!((paper["votes"].as_u64(), paper["authors"].as_array().unwrap().len()), (Some(12), 12));
    assert_eq!(paper["links"][0]["url"], "https://arxiv.org/pdf/2401.00001");
    let bibtex = sandbox.run(&["show", "2401.00001", "--format", "bibtex"]).out;
    assert!(bibtex.starts_with("@article{oak2024lanterns,\n"), "{bibtex}");
    let run = sandbox.run(&["show", "2401.00001", "--format", "xml"]);
    assert!(run.code == 2 && run.err.contains("use bibtex, ris, csl-json, jsonl, csv, md, table, json"), "{}", run.err);
}

#[test]
fn a_paper_that_is_not_there_can_be_fetched() {
    let sandbox = sandbox();
    for (args, name) in [
        (&["show", "2401.99999"][..], "2401.99999"),
        (&["similar", "https://arxiv.org/abs/2401.99999"], "2401.99999"),
        (&["profile", "me", "like", "10.1000/none"], "doi:10.1000/none"),
    ] {
        let run = sandbox.run(args);
        let asked = args.last().unwrap();
        let told = format!("error: no paper `{asked}` in the library: `paperkin add {name}` fetches it\n");
        assert_eq!((run.code, run.err), (1, told));
    }
    let run = sandbox.run(&["show", "nonsense"]);
    assert_eq!((run.code, run.err.as_str()), (1, "error: no paper `nonsense`: use `search` to search for a topic\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn the_first_link_is_opened_or_printed() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = sandbox();
    let (programs, opened) = (sandbox.folder.path().join("bin"), sandbox.folder.path().join("opened"));
    std::fs::create_dir(&programs).unwrap();
    let open = |id: &str| {
        let output = sandbox.command(&["show", id, "--open"]).env("PATH", &programs).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let url = "https://arxiv.org/pdf/2401.00001";
    let warning = "warning: found no program that opens addresses: open this one yourself\n";
    assert_eq!(open("2401.00001"), (Some(0), format!("{url}\n"), warning.to_owned()));

    let program = programs.join("xdg-open");
    std::fs::write(&program, format!("#!/bin/sh\necho \"$1\" > '{}'\n", opened.display())).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(open("2401.00001"), (Some(0), String::new(), format!("note: opening {url}\n")));
    assert_eq!(std::fs::read_to_string(&opened).unwrap(), format!("{url}\n"));
    assert_eq!(open("undated"), (Some(1), String::new(), "error: no address of `undated` is known\n".to_owned()));
}

const PEARLS: &str = "Pearls and pearl divers, a survey\n     Oak, A. · 2025-02-03 · 3 votes · pearls\n";
const LANTERNS: &str = "Lanterns of α-glass\n     Ada Oak, Ben Elm, Cy Ash and 9 more · 2024-01-05 · 12 votes · 1 comment ·\n     \
                        2401.00001 · https://arxiv.org/abs/2401.00001\n";
const TIN: &str = "Robots of tin\n     Łukasz Ołów, Ada B. Oak · 2023-07-01 · doi:10.1000/tin ·\n     \
                   https://doi.org/10.1000/tin\n";
const UNDATED: &str = "A paper without a date\n     Zoe Oak · undated\n";

fn numbered(papers: &[&str]) -> String {
    let lines: Vec<String> = (1..).zip(papers).map(|(number, paper)| format!("{number:>3}  {paper}")).collect();
    lines.join("\n")
}

#[test]
fn the_newest_papers_come_first() {
    let sandbox = sandbox();
    check(&sandbox, &["recent"], &numbered(&[PEARLS, LANTERNS, TIN, UNDATED]));
    check(&sandbox, &["recent", "-n", "2"], &numbered(&[PEARLS, LANTERNS]));
    let run = sandbox.run(&["recent", "--days", "3"]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (0, "", "note: no papers match the filters\n"));
    let paper = format!(r#"{{"id":"today","title":"Fresh","published":"{}"}}"#, jiff::Zoned::now().date());
    sandbox.run_with_input(&["add", "-"], paper);
    let recent = sandbox.json(&["recent", "--days", "3", "--format", "json"]);
    assert_eq!((recent.as_array().unwrap().len(), recent[0]["id"].as_str()), (1, Some("today")));
}

#[test]
fn papers_are_listed_by_author_year_category_and_source() {
    let sandbox = sandbox();
    for (filters, papers) in [
        (&["--author", "Oak"][..], &[PEARLS, LANTERNS, TIN, UNDATED][..]),
        (&["--author", "A. Oak"], &[PEARLS, LANTERNS, TIN]),
        (&["--author", "oak, ADA"], &[PEARLS, LANTERNS, TIN]),
        (&["--author", "Ada B. Oak", "-n", "1"], &[PEARLS]),
        (&["--author", "lukasz olow"], &[TIN]),
        (&["--author", "Elm", "--author", "Ołów"], &[LANTERNS, TIN]),
        (&["--year", "2024"], &[LANTERNS]),
        (&["--year", "2023..2024"], &[LANTERNS, TIN]),
        (&["--year", "2024.."], &[PEARLS, LANTERNS]),
        (&["--year", "..2023"], &[TIN]),
        (&["--category", "cs"], &[LANTERNS, TIN]),
        (&["--category", "cs.ro,cs.LG"], &[LANTERNS, TIN]),
        (&["--source", "arxiv"], &[PEARLS]),
        (&["--author", "Oak", "--year", "2023..2024", "--category", "cs.CL"], &[LANTERNS]),
    ] {
        check(&sandbox, &[&["list"], filters].concat(), &numbered(papers));
    }
    let run = sandbox.run(&["list", "--author", "B. Oak"]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (0, "", "note: no papers match the filters\n"));
    let run = sandbox.run(&["list", "--year", "24"]);
    assert!(run.code == 2 && run.err.contains("use the form 2024, 2024..2025, 2024.. or ..2025"), "{}", run.err);
    let table = sandbox.run(&["list", "--year", "2023", "--format", "csv"]).out;
    assert!(
        table.starts_with("id,title,authors,published,") && table.contains("\ndoi:10.1000/tin,Robots of tin,"),
        "{table}"
    );
}

#[test]
fn a_topic_needs_no_quotes_and_results_have_ids() {
    let sandbox = sandbox();
    let quoted = sandbox.run(&["search", "robots made of tin", "-n", "1"]);
    let bare = sandbox.run(&["search", "robots", "made", "of", "tin", "-n", "1"]);
    assert_eq!((bare.code, &bare.out, bare.err.as_str()), (0, &quoted.out, ""));
    assert!(bare.out.contains(" · doi:10.1000/tin ·\n"), "{}", bare.out);
    let similar = sandbox.run(&["similar", "10.1000/tin", "-n", "3"]).out;
    assert!(similar.contains(" 2401.00001 · https://arxiv.org/abs/2401.00001\n"), "{similar}");
}
