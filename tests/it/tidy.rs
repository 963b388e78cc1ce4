//! The rules of `docs/architecture.md`, held by reading the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// What each module may name of the crate, beside itself. The same table as in `docs/architecture.md`.
const ARROWS: [(&str, &[&str]); 20] = [
    ("error", &[]),
    ("file", &["error"]),
    ("lexical", &[]),
    ("paper", &["error"]),
    ("vector", &[]),
    ("encoder", &["error", "vector"]),
    ("index", &["file", "vector"]),
    ("library", &["error", "lexical", "paper", "vector"]),
    ("recommend", &["error", "lexical", "paper", "vector"]),
    ("report", &["error", "file", "paper"]),
    ("syndication", &["paper", "recommend"]),
    ("citation", &["paper"]),
    ("bibliography", &["error", "paper", "sources"]),
    ("digest", &["paper", "recommend"]),
    ("evaluate", &["lexical", "paper", "vector"]),
    ("sources", &["error", "paper"]),
    ("fetch", &["error", "paper", "sources"]),
    (
        "engine",
        &[
            "encoder",
            "error",
            "evaluate",
            "fetch",
            "file",
            "index",
            "lexical",
            "library",
            "paper",
            "recommend",
            "report",
            "vector",
        ],
    ),
    (
        "server",
        &[
            "bibliography",
            "citation",
            "encoder",
            "engine",
            "error",
            "library",
            "paper",
            "recommend",
            "sources",
            "syndication",
            "vector",
        ],
    ),
    (
        "cli",
        &[
            "bibliography",
            "citation",
            "digest",
            "encoder",
            "engine",
            "error",
            "evaluate",
            "fetch",
            "file",
            "index",
            "library",
            "paper",
            "recommend",
            "report",
            "server",
            "sources",
            "syndication",
            "vector",
        ],
    ),
];

/// Crates that are named in one place only, or in two.
const HOMES: [(&str, &str); 15] = [
    ("candle_core", "encoder"),
    ("candle_nn", "encoder"),
    ("candle_transformers", "encoder"),
    ("tokenizers", "encoder"),
    ("hf_hub", "encoder"),
    ("hnsw_rs", "index/hnsw.rs"),
    ("memmap2", "file.rs"),
    ("rusqlite", "library bibliography/zotero.rs"),
    ("ureq", "fetch"),
    ("axum", "server"),
    ("hyper", "server"),
    ("tokio", "server"),
    ("clap", "cli"),
    ("indicatif", "cli"),
    ("parquet", "citation sources"),
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
                    _ => name,
                });
            }
        }
    }
    modules
}

#[test]
fn arrows_point_one_way() {
    for source in sources() {
        let from = module(&source.name);
        if ["lib", "main"].contains(&from) {
            continue;
        }
        let allowed = ARROWS.iter().find(|(name, _)| *name == from);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("{}: a module without arrows", source.name));
        for to in named(&source.code) {
            assert!(to == from || allowed.contains(&to.as_str()), "{}: {from} may not name {to}", source.name);
        }
    }
}

#[test]
fn the_architecture_has_the_same_arrows() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    for (from, to) in ARROWS
        .iter()
        .filter(|(name, _)| root().join("src").join(name).exists() || root().join(format!("src/{name}.rs")).exists())
    {
        let to = if to.is_empty() { "nothing".to_owned() } else { to.join(", ") };
        let row = format!("| `{from}` | {to} |");
        assert!(text.contains(&row), "docs/architecture.md: no row {row}");
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
        let home = ["file.rs", "vector/simd.rs", "encoder/kernels/"].iter().any(|home| source.name.starts_with(home));
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
            assert!(edge || hub || !source.code.contains(call), "{name}: {call}");
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
