//! The index on disk is never the only copy, never wrong, and comes back when it is lost.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use paperkin::evaluate::SplitMix64;
use paperkin::index::IndexKind;
use paperkin::library::{Library, PaperChange};
use paperkin::recommend::{RankingWeights, Strategy};
use paperkin::vector::dot;
use paperkin::{Engine, EngineOptions, LibraryLocation, PaperId, Request};

use crate::support::made_up::{self, short_papers};
use crate::support::sandbox::Sandbox;

/// Numbers of a made-up embedding.
const DIMENSION: usize = 24;

/// Writes papers whose vectors are made up: no encoder is needed to compare them.
fn write(library: &mut Library, names: impl Iterator<Item = String>, random: &mut SplitMix64) {
    let mut change = |name: String| {
        let paper = made_up::paper(&name, &name);
        (PaperChange::New(paper.into()), Some(made_up::embedding(random, DIMENSION)))
    };
    let changes: Vec<_> = names.map(&mut change).collect();
    library.write(&made_up::model(DIMENSION), &changes).unwrap();
}

/// A library of made-up papers, with an index built after the first `indexed` of them.
fn library(sandbox: &Sandbox, indexed: usize, more: usize) -> SplitMix64 {
    let mut random = SplitMix64::new(7);
    let mut library = Library::create(&sandbox.location()).unwrap();
    write(&mut library, (0..indexed).map(|n| format!("p{n}")), &mut random);
    engine(sandbox, IndexKind::Auto).rebuild_index(|_| |_| ()).unwrap().unwrap();
    write(&mut library, (indexed..indexed + more).map(|n| format!("p{n}")), &mut random);
    random
}

fn engine(sandbox: &Sandbox, index: IndexKind) -> Engine {
    // The truth knows vectors only.
    let weights = RankingWeights { words: 0.0, ..RankingWeights::default() };
    let mut options = EngineOptions::new(LibraryLocation::Existing(sandbox.location()));
    (options.index, options.weights) = (index, weights);
    Engine::open(options).unwrap()
}

fn file(sandbox: &Sandbox) -> std::path::PathBuf {
    sandbox.library().join("index/hnsw")
}

/// The cosines of all papers of the file of the library with one of them, which is left out.
fn cosines(library: &Library, id: &str) -> BTreeMap<String, f32> {
    let key = library.paper(&PaperId::parse(id).unwrap()).unwrap().unwrap().key;
    let all = library.embeddings_since(None).unwrap();
    let place = all.keys.binary_search(&key).unwrap();
    let cosine = |row: &[f32]| dot(all.vectors.row(place), row);
    let name = |key: i64| library.paper_at(key).unwrap().paper.id.to_string();
    let others = all.keys.iter().zip(all.vectors.rows()).filter(|(other, _)| **other != key);
    others.map(|(other, row)| (name(*other), cosine(row))).collect()
}

fn answer(engine: &Engine, id: &str) -> Vec<String> {
    let request = Request { strategy: Strategy::Nearest, ..Request::like(id.parse().unwrap()).limit(5) };
    let answer = engine.recommend(&request).unwrap();
    answer.results.into_iter().map(|result| result.paper.id.to_string()).collect()
}

/// Checks that an answer has the nearest papers, but for so many of them that a walk may miss.
fn assert_nearest(engine: &Engine, id: &str, missed: usize) {
    let cosines = cosines(engine.library(), id);
    let mut best: Vec<f32> = cosines.values().copied().collect();
    best.sort_by(|a, b| b.total_cmp(a));
    let found = answer(engine, id);
    assert_eq!(found.len(), 5.min(best.len()), "like {id}");
    for (name, best) in found.iter().zip(&best[missed.min(best.len() - found.len())..]) {
        assert!(cosines[name] > best - 1e-5, "like {id}: {found:?}");
    }
}

fn assert_right(engine: &Engine, id: &str) {
    assert_nearest(engine, id, 0);
}

#[test]
fn what_changed_after_the_build_is_seen() {
    let sandbox = Sandbox::new();
    library(&sandbox, 300, 40);
    let mut changing = engine(&sandbox, IndexKind::Auto);
    let asking = engine(&sandbox, IndexKind::Hnsw);
    let status = asking.index_status().unwrap();
    assert_eq!(status.graph.map(|graph| (graph.papers, graph.changed)), Some((300, 40)));
    for id in ["p0", "p299", "p300", "p339"] {
        assert_right(&asking, id);
    }
    let nearest = answer(&asking, "p5").swap_remove(0);
    changing.remove(&[PaperId::parse(&nearest).unwrap()]).unwrap();
    assert!(answer(&asking, "p5").iter().all(|id| *id != nearest));
    assert_right(&asking, "p5");
    // Most of it changed: another one is due.
    assert!(changing.update_index(|_| |_| ()).unwrap().is_none());
    let ids: Vec<PaperId> = (50..150).map(|n| PaperId::parse(&format!("p{n}")).unwrap()).collect();
    changing.remove(&ids).unwrap();
    changing.update_index(|_| |_| ()).unwrap().unwrap();
    assert!(changing.update_index(|_| |_| ()).unwrap().is_none());
    assert_right(&asking, "p7");
    assert_right(&engine(&sandbox, IndexKind::Hnsw), "p7");
}

#[test]
fn any_flipped_bit_or_missing_byte_is_seen_and_answered_without() {
    let sandbox = Sandbox::new();
    let mut random = library(&sandbox, 120, 10);
    let path = file(&sandbox);
    let sound = fs::read(&path).unwrap();
    let expected = answer(&engine(&sandbox, IndexKind::Auto), "p33");
    let mut seen = 0;
    for round in 0..3_000 {
        let mut bytes = sound.clone();
        if round % 10 == 0 {
            bytes.truncate(random.below(sound.len()));
        } else {
            let bit = random.below(8 * sound.len());
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        fs::write(&path, bytes).unwrap();
        let engine = engine(&sandbox, IndexKind::Auto);
        assert_eq!(answer(&engine, "p33"), expected, "round {round}");
        seen += usize::from(engine.index_was_discarded());
    }
    // What lies in codes and links is looked at by walks only.
    assert!(seen > 1_000, "{seen}");
}

#[test]
fn an_index_that_is_cut_short_while_it_is_used_is_answered_without() {
    let sandbox = Sandbox::new();
    library(&sandbox, 6_000, 0);
    let engine = engine(&sandbox, IndexKind::Hnsw);
    assert_nearest(&engine, "p11", 2);
    // What the first answer needed was read; the rest is gone.
    fs::File::options().write(true).open(file(&sandbox)).unwrap().set_len(0).unwrap();
    for id in ["p11", "p12", "p3000", "p5999"] {
        assert_nearest(&engine, id, 2);
    }
    assert!(engine.index_was_discarded() && !file(&sandbox).exists());
}

#[test]
fn a_damaged_index_is_named_and_built_again() {
    let sandbox = Sandbox::with_papers();
    assert_eq!(sandbox.run(&["index", "rebuild"]).out, "indexed 40 papers, recall@10 1.000\n");
    let path = file(&sandbox);
    let question = ["similar", "Kitchen Hands", "--format", "csv"];
    let before = sandbox.run(&question);
    let sound = fs::read(&path).unwrap();
    let mut bytes = sound.clone();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4_000].fill(0xa5);
    fs::write(&path, &bytes).unwrap();
    let run = sandbox.run(&question);
    assert_eq!((run.code, &run.out), (0, &before.out), "{}", run.err);
    assert_eq!(run.err.matches("rebuilding it").count(), 1, "{}", run.err);
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    assert_eq!(fs::read(&path).unwrap(), sound);
    let run = sandbox.run(&question);
    assert_eq!((run.out, run.err), (before.out, String::new()));
}

#[test]
fn an_older_index_serves_and_a_foreign_one_does_not() {
    let sandbox = Sandbox::new();
    let mut random = library(&sandbox, 100, 0);
    let older = fs::read(file(&sandbox)).unwrap();
    let mut held = Library::open(&sandbox.location()).unwrap();
    write(&mut held, (100..150).map(|n| format!("p{n}")), &mut random);
    engine(&sandbox, IndexKind::Auto).rebuild_index(|_| |_| ()).unwrap().unwrap();
    let newer = fs::read(file(&sandbox)).unwrap();
    fs::write(file(&sandbox), &older).unwrap();
    let asking = engine(&sandbox, IndexKind::Hnsw);
    assert_eq!(asking.index_status().unwrap().graph.map(|graph| graph.changed), Some(50));
    assert_right(&asking, "p120");

    // Another library of as many papers, and the same one after a backup has undone its last changes.
    let other = Sandbox::new();
    library(&other, 150, 0);
    fs::write(file(&other), &newer).unwrap();
    let asking = engine(&other, IndexKind::Auto);
    assert_eq!(asking.index_status().unwrap().graph, None);
    assert_right(&asking, "p120");
    asking.update_index(|_| |_| ()).unwrap().unwrap();
}

#[test]
fn killed_at_any_write_nothing_is_lost() {
    let sandbox = Sandbox::new();
    let first = sandbox.file("first.jsonl", short_papers(0..60));
    assert_eq!(sandbox.run(&["add", &first]).code, 0);
    assert_eq!(sandbox.run(&["index", "rebuild"]).code, 0);
    let (mut papers, mut added, mut rebuilt) = (60, Vec::new(), Vec::new());
    // What is killed: opening the library, the log of an addition, each page that goes from the log into the file, and
    // the file of the index.
    for kib in (0..40).map(|step| 8 + 16 * step) {
        let more = sandbox.file("more.jsonl", short_papers(papers..papers + 3));
        for (args, finished) in [(&["add", &more][..], &mut added), (&["index", "rebuild"], &mut rebuilt)] {
            let has_finished = sandbox.run_with_file_limit(args, kib);
            finished.push(has_finished);
            let engine = engine(&sandbox, IndexKind::Auto);
            let now = engine.library().summary().unwrap().papers as usize;
            let is_addition = args[0] == "add";
            assert!(now == papers || is_addition && now == papers + 3, "{kib} KiB: {now} papers after {papers}");
            assert!(!is_addition || !has_finished || now == papers + 3, "{kib} KiB: an addition is lost");
            papers = now;
            assert_right(&engine, &format!("p{}", papers - 1));
            assert!(!engine.index_was_discarded(), "{kib} KiB: {args:?}");
        }
    }
    for finished in [added, rebuilt] {
        let killed = finished.iter().filter(|finished| !**finished).count();
        assert!(killed >= 8 && finished.last() == Some(&true), "{finished:?}");
    }
    assert_eq!(sandbox.run(&["doctor"]).code, 0);
}

#[test]
fn one_process_adds_while_another_asks() {
    const ADDITIONS: usize = 20;
    const QUESTIONS: usize = 10;
    let sandbox = Sandbox::new();
    let first = sandbox.file("first.jsonl", short_papers(0..50));
    assert_eq!(sandbox.run(&["add", &first]).code, 0);
    assert_eq!(sandbox.run(&["index", "rebuild"]).code, 0);
    let asking = engine(&sandbox, IndexKind::Hnsw);
    for papers in (60..).step_by(10).take(ADDITIONS) {
        let more = sandbox.file("more.jsonl", short_papers(papers - 10..papers));
        let mut child = sandbox.start(&["add", &more]);
        for _ in 0..QUESTIONS {
            assert_eq!(answer(&asking, "p7").len(), 5);
        }
        assert!(child.wait().unwrap().success());
        assert_eq!(asking.library().summary().unwrap().papers as usize, papers);
        // What was acknowledged is found at once.
        assert_nearest(&asking, &format!("p{}", papers - 1), 1);
    }
    assert!(engine(&sandbox, IndexKind::Auto).index_status().unwrap().graph.unwrap().papers > 50, "never built again");
}

#[test]
fn what_is_removed_leaves_the_index_when_the_library_is_compacted() {
    let sandbox = Sandbox::new();
    library(&sandbox, 80, 0);
    let mut engine = engine(&sandbox, IndexKind::Auto);
    let held = fs::read(file(&sandbox)).unwrap();
    let row = Library::open(&sandbox.location()).unwrap().embeddings_since(None).unwrap().vectors.row(12).to_vec();
    let bytes: Vec<u8> = row.iter().flat_map(|x| x.to_le_bytes()).collect();
    let has = |content: &[u8]| content.windows(bytes.len()).any(|window| window == bytes);
    assert!(has(&held));
    engine.remove(&[PaperId::parse("p12").unwrap()]).unwrap();
    engine.compact().unwrap();
    let everything = |folder: &Path| -> Vec<u8> {
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_file());
        files.flat_map(|path| fs::read(path).unwrap()).collect()
    };
    assert!(!has(&everything(&sandbox.library())) && !has(&everything(&sandbox.library().join("index"))));
    engine.update_index(|_| |_| ()).unwrap().unwrap();
    assert!(!has(&fs::read(file(&sandbox)).unwrap()));
    assert_right(&engine, "p11");
}
