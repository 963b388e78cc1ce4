//! The rules of `docs/architecture.md`, held by reading the sources.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

/// Crates that are named in one place only, or in two.
const HOMES: [(&str, &str); 20] = [
    ("arrow_array", "formats"),
    ("arrow_ipc", "formats"),
    ("candle_core", "encoder"),
    ("candle_nn", "encoder"),
    ("candle_transformers", "encoder"),
    ("tokenizers", "encoder"),
    ("hf_hub", "encoder"),
    ("hnsw_rs", "index/link_builder.rs"),
    ("memmap2", "file/"),
    ("rusqlite", "library import/zotero.rs"),
    ("ureq", "fetch"),
    ("axum", "server"),
    ("hyper", "server"),
    ("tokio", "mcp server"),
    ("rmcp", "mcp server/routes/mcp.rs"),
    ("postgres", "library"),
    ("clap", "cli"),
    ("indicatif", "cli"),
    ("parquet", "formats report"),
    ("single_clustering", "report"),
];

struct Source {
    path: PathBuf,
    /// The path below `src`, with `/`.
    name: String,
    /// Without tests.
    code: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    walk(&root().join("src"), &mut paths);
    let source = |path: PathBuf| {
        let name = path.strip_prefix(root().join("src")).unwrap().to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
        Source { path, name, code }
    };
    let is_code = |source: &Source| !source.name.ends_with("tests.rs") && !source.name.contains("/tests/");
    paths.into_iter().map(source).filter(is_code).collect()
}

/// The first part of `src/NAME`: the module of a file.
fn module(name: &str) -> &str {
    name.split(['/', '.']).next().unwrap()
}

/// Modules of the crate that a text names, in `use` lines and in paths.
fn named(code: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for (index, _) in line.match_indices("crate::") {
            if line[..index].ends_with('$') {
                continue;
            }
            let rest = &line[index + "crate::".len()..];
            let names = match rest.strip_prefix('{') {
                Some(list) => list.split('}').next().unwrap().split(',').collect(),
                None => vec![rest],
            };
            for name in names {
                let name: String = name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                modules.push(match name.as_str() {
                    "Error" | "Fault" | "Result" => "error".to_owned(),
                    "Paper" | "PaperId" => "paper".to_owned(),
                    "Embedding" => "vector".to_owned(),
                    "Engine" => "engine".to_owned(),
                    "Answer" | "Request" => "recommend".to_owned(),
                    _ => name,
                });
            }
        }
    }
    modules
}

/// The table of `docs/architecture.md`: which modules each module may name.
fn arrows() -> HashMap<String, Vec<String>> {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let (_, table) = text.split_once("| module | names |\n|---|---|\n").expect("a table of arrows");
    let row = |line: &str| {
        let (from, to) = line.trim_matches(['|', ' ']).split_once(" | ").expect("two columns");
        let to = to.split(", ").filter(|name| *name != "nothing").map(str::to_owned).collect();
        (from.trim_matches('`').to_owned(), to)
    };
    table.lines().take_while(|line| line.starts_with('|')).map(row).collect()
}

#[test]
fn arrows_are_those_of_the_architecture() {
    let allowed = arrows();
    let mut drawn: HashMap<String, BTreeSet<String>> = HashMap::new();
    for source in sources() {
        let from = module(&source.name);
        if ["lib", "main"].contains(&from) {
            continue;
        }
        let to = drawn.entry(from.to_owned()).or_default();
        to.extend(named(&source.code).into_iter().filter(|name| name != from));
    }
    let modules: BTreeSet<&String> = allowed.keys().collect();
    assert_eq!(modules, drawn.keys().collect(), "the modules of docs/architecture.md are those of src");
    for (from, to) in &drawn {
        let expected: BTreeSet<String> = allowed[from].iter().cloned().collect();
        assert_eq!(*to, expected, "docs/architecture.md: the row of `{from}`");
    }
}

#[test]
fn arrows_point_one_way() {
    let arrows = arrows();
    // Whatever names nothing that is left comes out first; a circle never does.
    let mut left: BTreeSet<&String> = arrows.keys().collect();
    while !left.is_empty() {
        let next = left.iter().find(|from| arrows[**from].iter().all(|to| !left.contains(to)));
        let next = *next.unwrap_or_else(|| panic!("a circle of modules within {left:?}"));
        left.remove(next);
    }
}

/// Names of the types that are defined at the top level of a file, and whether they are public.
fn types(code: &str) -> Vec<(String, bool)> {
    let definition = |line: &str| {
        let public = line.starts_with("pub ");
        let line = line.strip_prefix("pub").map_or(line, |rest| rest.trim_start_matches(|c| c != ' ')).trim_start();
        let (kind, rest) = line.split_once(' ')?;
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        ["struct", "enum", "trait", "type"].contains(&kind).then_some((name, public))
    };
    code.lines().filter(|line| !line.starts_with(char::is_whitespace)).filter_map(definition).collect()
}

#[test]
fn no_two_public_types_share_a_name() {
    let mut homes: HashMap<String, String> = HashMap::new();
    for source in sources() {
        // One kernel for each instruction set has the same name everywhere.
        if source.name.starts_with("kernels/dot/") {
            continue;
        }
        for (name, _) in types(&source.code).into_iter().filter(|(_, public)| *public) {
            if let Some(other) = homes.insert(name.clone(), source.name.clone()) {
                panic!("`{name}` is a type of {} and of {other}", source.name);
            }
        }
    }
    assert!(homes.len() > 100, "{} public types: the search for them is wrong", homes.len());
}

/// Words that were names here once and are not the field's.
const RETIRED: [&str; 21] = [
    "AsIs",
    "Bag",
    "Because",
    "Compared",
    "Draft",
    "Facts",
    "Frozen",
    "Kept",
    "Matched",
    "Parts",
    "Past",
    "Pieces",
    "Place",
    "Post",
    "Quick",
    "Sparse",
    "Standing",
    "Standings",
    "Syndication",
    "Taste",
    "Usage",
];

#[test]
fn retired_names_do_not_come_back() {
    for source in sources() {
        for (name, _) in types(&source.code) {
            assert!(!RETIRED.contains(&name.as_str()), "{}: `{name}` is retired: see docs/glossary.md", source.name);
        }
    }
}

#[test]
fn the_engine_is_a_facade() {
    let blocks = sources().iter().filter(|source| source.code.lines().any(|line| line == "impl Engine {")).count();
    assert!(
        blocks <= 2,
        "{blocks} files with `impl Engine`: logic belongs to the searcher, the writer and maintenance"
    );
}

#[test]
fn files_are_short() {
    for source in sources() {
        let lines = source.code.lines().count();
        assert!(lines <= 450, "{}: {lines} lines: look for the second thing in it", source.name);
    }
}

#[test]
fn each_crate_underneath_has_one_home() {
    for source in sources() {
        for (vendor, home) in HOMES {
            let named = source.code.contains(&format!("{vendor}::"));
            let is_home = home.split(' ').any(|home| source.name.starts_with(home));
            assert!(!named || is_home, "{}: {vendor} belongs in {home}", source.name);
        }
    }
}

#[test]
fn unsafe_code_has_its_homes() {
    for source in sources() {
        let home = [
            "file/block_file.rs",
            "vector/dot.rs",
            "vector/code_dot.rs",
            "kernels/",
            "encoder/kernels/",
            "encoder/device/cuda.rs",
        ]
        .iter()
        .any(|home| source.name.starts_with(home));
        assert!(home || !source.code.contains("unsafe {"), "{}: unsafe code", source.name);
    }
}

#[test]
fn every_file_says_what_it_is() {
    for source in sources() {
        let first = source.code.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! "), "{}: begins with no `//!`", source.path.display());
    }
}

#[test]
fn the_middle_reads_no_clock_and_no_environment() {
    for source in sources() {
        let name = source.name.as_str();
        let edge = ["cli/", "main.rs"].iter().any(|edge| name.starts_with(edge));
        for call in ["std::env::var", "env::var(", "Timestamp::now", "Zoned::now", "SystemTime::now"] {
            let hub = name == "encoder/hub.rs" && source.code.contains("fn from_env");
            let clock = name == "engine/options.rs" && call == "Timestamp::now";
            assert!(edge || hub || clock || !source.code.contains(call), "{name}: {call}");
        }
    }
}

#[test]
fn the_checks_run_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let checks = fs::read_to_string(root().join(".ci/run")).unwrap();
    for command in readme.lines().filter(|line| line.starts_with("cargo ")).take(2) {
        assert!(checks.lines().any(|line| line == command), ".ci/run does not run `{command}`");
    }
}
