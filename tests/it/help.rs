//! What the program says of itself: help, usage lines, and the first configuration.

use crate::support::sandbox::Sandbox;

const MODEL_OPTIONS: [&str; 6] = ["--model", "--pooling", "--device", "--precision", "--cpu", "--index"];

#[test]
fn options_of_the_model_are_on_one_page() {
    let sandbox = Sandbox::new();
    let page = sandbox.run(&["help", "options"]).out;
    assert_eq!(sandbox.run(&["options"]).out, page);
    for option in MODEL_OPTIONS.iter().chain(&["--library", "--verbose"]) {
        assert!(page.contains(&format!("{option} ")) || page.contains(&format!("{option}...")), "{option}: {page}");
    }
    assert!(page.contains("PAPERKIN_MODEL") && page.contains("PAPERKIN_CPU"), "{page}");
    for command in ["search", "profile", "add", "serve", "daily"] {
        for flag in ["-h", "--help"] {
            let help = sandbox.run(&[command, flag]).out;
            assert!(MODEL_OPTIONS.iter().all(|option| !help.contains(&format!("{option} <"))), "{command}: {help}");
            assert!(help.contains("--library <DIR>"), "{command}: {help}");
        }
    }
    // They are options of every command all the same.
    let run = sandbox.run(&["status", "--device", "abacus"]);
    assert!(run.code == 2 && run.err.contains("'--device <DEVICE>'"), "{}", run.err);
}

#[test]
fn a_command_shows_the_options_that_matter_to_it() {
    let sandbox = Sandbox::new();
    let help = |command: &str, flag: &str| sandbox.run(&[command, flag]).out;
    for (command, has_history) in [("search", false), ("similar", false), ("recommend", true), ("feed", true)] {
        let long = help(command, "--help");
        for option in ["--strategy", "--half-life"] {
            assert_eq!(long.contains(option), has_history, "{command} {option}");
        }
        let short = help(command, "-h");
        for option in ["--smoothing", "--dedup-threshold", "--min-score"] {
            assert!(long.contains(option) && !short.contains(option), "{command} {option}");
        }
        assert!(short.lines().count() <= 50, "{command}: {short}");
    }
}

#[test]
fn usage_lines_have_what_was_typed() {
    // The library is named by the environment here.
    let sandbox = Sandbox::new();
    for (args, usage) in [
        (&["similar"][..], "Usage: paperkin similar <ID_OR_TITLE>\n"),
        (&["rank", "requests.jsonl"], "Usage: paperkin rank --run <OUT.trec> <REQUESTS.jsonl>\n"),
        (&["report"], "Usage: paperkin report --out <DIR>\n"),
    ] {
        let run = sandbox.run(args);
        assert!(run.code == 2 && run.err.contains(usage), "{}", run.err);
    }
    // A value of the environment is checked as an option is.
    let run = sandbox.command(&["status"]).env("PAPERKIN_CPU", "abacus").output().unwrap();
    assert!(String::from_utf8(run.stderr).unwrap().contains("abacus"));
}

#[test]
fn a_configuration_for_one_reader() {
    let sandbox = Sandbox::new();
    let path = sandbox.folder.path().join("paperkin.toml");
    let path = path.to_str().unwrap();
    let args = ["--profile", "ada", "--category", "cs.CL", "--category", "cs.LG", "--mail", "ada@example.org"];
    let run = sandbox.run(&[&["init", "--config", path], &args[..]].concat());
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let text = std::fs::read_to_string(path).unwrap();
    for line in ["[profiles.ada]", "arxiv = [\"cs.CL\", \"cs.LG\"]", "mail = [\"ada@example.org\"]", "[mail]"] {
        assert!(text.lines().any(|other| other == line), "{line}: {text}");
    }
    for line in [
        format!("created {path}: set the mail server under [mail]"),
        format!("daily --config {path}\n"),
        format!("daily --config {path} --quiet"),
    ] {
        assert!(run.out.contains(&line), "{line}: {}", run.out);
    }
    let cron = run.out.lines().find(|line| line.starts_with("7 6 * * *  /")).unwrap();
    let unit = run.out.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    assert!(cron.ends_with(unit), "{cron} {unit}");
    assert!(run.out.contains("[Timer]\nOnCalendar=*-*-* 06:07\nPersistent=true\n"), "{}", run.out);
    let wrong = sandbox.run(&["init", "--config", "other.toml", "--mail", "ada"]);
    assert_eq!(wrong.err, "error: `mail`: `ada` is not an email address\n");
}

#[test]
fn few_picks_are_no_measurement() {
    let sandbox = Sandbox::with_papers();
    let ids = sandbox.json(&["list", "-n", "12", "--format", "json"]);
    let ids: Vec<&str> = ids.as_array().unwrap().iter().map(|paper| paper["id"].as_str().unwrap()).collect();
    sandbox.run(&[&["profile", "me", "like"], &ids[..]].concat());
    let run = sandbox.run(&["eval", "--profile", "me"]);
    assert!(run.err.contains("held-out papers: one more or less found changes the figures"), "{}{}", run.out, run.err);
}
