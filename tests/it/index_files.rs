//! Files that are derived from a library, such as its vectors and its terms, change no answer: neither when they are there, nor when the
//! library has changed since, nor when they are damaged.

use std::fs;

use paperkin::evaluate::SplitMix64;
use paperkin::jiff::civil::date;
use paperkin::library::{Library, PaperChange};
use paperkin::recommend::HistoryItem;
use paperkin::{Engine, EngineOptions, LibraryLocation, Paper, PaperId, Request};

use crate::support::made_up;
use crate::support::sandbox::Sandbox;

const DIMENSION: usize = 24;
/// Enough for all files, and too few for a graph.
const PAPERS: usize = 1_500;
const WORDS: [&str; 9] = ["robot", "walk", "graph", "speech", "proof", "cell", "lemma", "motor", "drug"];

fn id(number: usize) -> PaperId {
    PaperId::parse(&format!("p{number}")).unwrap()
}

/// A paper of a few words, some of which other papers have.
fn paper(number: usize, random: &mut SplitMix64) -> Paper {
    let mut word = || WORDS[(random.unit() * random.unit() * WORDS.len() as f64) as usize];
    let title = format!("{} {} {} of paper{}", word(), word(), word(), number % 400);
    let listed = Some(date(2025, 1, 1 + (number % 28) as i8));
    Paper { listed, votes: Some((number * 7 % 50) as u32), ..made_up::paper(&format!("p{number}"), &title) }
}

fn write(
    library: &mut Library,
    numbers: impl Iterator<Item = usize>,
    random: &mut SplitMix64,
    change: fn(Paper) -> PaperChange,
) {
    let changes: Vec<_> =
        numbers.map(|number| (change(paper(number, random)), Some(made_up::embedding(random, DIMENSION)))).collect();
    library.write(&made_up::model(DIMENSION), &changes).unwrap();
}

fn engine(sandbox: &Sandbox) -> Engine {
    Engine::open(EngineOptions::new(LibraryLocation::Existing(sandbox.location()))).unwrap()
}

/// Ids and scores for one paper, some papers, and the papers of a day.
fn answers(sandbox: &Sandbox) -> Vec<Vec<(String, f32)>> {
    let engine = engine(sandbox);
    let liked = |numbers: &[usize]| numbers.iter().map(|number| HistoryItem::id(id(*number))).collect();
    let requests = [
        Request { positive: liked(&[3]), limit: Some(30), ..Request::default() },
        Request { positive: liked(&[700]), negative: liked(&[5]), limit: Some(30), ..Request::default() },
        Request { positive: liked(&[1, 2, 4, 8, 16, 32, 64, 128]), limit: Some(30), ..Request::default() },
        Request { positive: liked(&[3]), recency: 1.0, votes: 1.0, limit: Some(30), ..Request::default() },
    ];
    let answer = |request: &Request| {
        let results = engine.recommend(request).unwrap().results;
        assert!(results.len() > 10, "{results:?}");
        results.into_iter().map(|result| (result.paper.id.to_string(), result.score)).collect()
    };
    requests.iter().map(answer).collect()
}

const FILES: [&str; 4] = ["hnsw", "terms", "metadata", "background"];

#[test]
fn a_check_finds_damage_of_each_file() {
    let sandbox = Sandbox::new();
    let mut library = Library::create(&sandbox.location()).unwrap();
    write(&mut library, 0..PAPERS, &mut SplitMix64::new(7), |paper| PaperChange::New(paper.into()));
    engine(&sandbox).update_index(|_| |_| ()).unwrap();
    let problems = || {
        let findings = engine(&sandbox).check().unwrap().into_iter();
        // The model is made up.
        findings.filter(|finding| finding.remedy.is_some() && finding.what != "model").map(|finding| finding.what)
    };
    assert_eq!(problems().collect::<Vec<_>>(), [""; 0]);
    let names = ["file of vectors", "file of terms", "dates and votes", "background"];
    for (file, name) in FILES.map(|name| sandbox.library().join("index").join(name)).iter().zip(names) {
        let sound = fs::read(file).unwrap();
        let mut damaged = sound.clone();
        damaged[sound.len() / 2] ^= 1;
        for damaged in [&damaged[..], &sound[..sound.len() - 1], b""] {
            fs::write(file, damaged).unwrap();
            assert_eq!(problems().collect::<Vec<_>>(), [name], "{} bytes", damaged.len());
        }
        fs::write(file, sound).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link_in_place_of_a_file() {
    let sandbox = Sandbox::new();
    let mut library = Library::create(&sandbox.location()).unwrap();
    write(&mut library, 0..PAPERS, &mut SplitMix64::new(7), |paper| PaperChange::New(paper.into()));
    let without = answers(&sandbox);
    let index = sandbox.library().join("index");
    fs::create_dir(&index).unwrap();
    let other = sandbox.file("thesis.txt", "somebody's own");
    for name in FILES {
        std::os::unix::fs::symlink(&other, index.join(name)).unwrap();
    }
    engine(&sandbox).update_index(|_| |_| ()).unwrap();
    assert_eq!(fs::read_to_string(&other).unwrap(), "somebody's own");
    assert!(FILES.iter().all(|name| index.join(name).symlink_metadata().unwrap().is_file()));
    assert_eq!(answers(&sandbox), without);
}

#[test]
fn whoever_is_refused_changes_nothing() {
    let sandbox = Sandbox::new();
    let mut library = Library::create(&sandbox.location()).unwrap();
    write(&mut library, 0..PAPERS, &mut SplitMix64::new(7), |paper| PaperChange::New(paper.into()));
    engine(&sandbox).update_index(|_| |_| ()).unwrap();
    let index = sandbox.library().join("index");
    let files = || FILES.map(|name| fs::read(index.join(name)).unwrap());
    let before = files();
    let lock = fs::File::open(index.join("lock")).unwrap();
    lock.lock().unwrap();
    let run = sandbox.run(&["index", "rebuild"]);
    assert_eq!(run.code, 1);
    assert_eq!(run.err, "error: index not built: another process is building it: wait until that has finished\n");
    assert!(files() == before);
    drop(lock);
    assert_eq!(sandbox.run(&["index", "rebuild"]).code, 0);
    let empty = Sandbox::new();
    Library::create(&empty.location()).unwrap();
    let run = empty.run(&["index", "rebuild"]);
    assert_eq!(run.err, "error: index not built: the library is empty: add papers with `paperkin add FILE`\n");
}

#[test]
fn one_file_that_cannot_be_written_does_not_stop_the_others() {
    for blocked in FILES {
        let sandbox = Sandbox::new();
        let mut library = Library::create(&sandbox.location()).unwrap();
        write(&mut library, 0..PAPERS, &mut SplitMix64::new(7), |paper| PaperChange::New(paper.into()));
        let index = sandbox.library().join("index");
        fs::create_dir_all(index.join(blocked).join("somebody's own")).unwrap();
        let others = || FILES.iter().all(|name| *name == blocked || index.join(name).is_file());
        engine(&sandbox).update_index(|_| |_| ()).unwrap_err();
        assert!(others(), "{blocked}");
        for name in FILES.iter().filter(|name| **name != blocked) {
            fs::remove_file(index.join(name)).unwrap();
        }
        engine(&sandbox).rebuild_index(|_| |_| ()).unwrap_err();
        assert!(others(), "{blocked}");
    }
}

#[test]
fn files_of_the_index_change_no_answer() {
    let sandbox = Sandbox::new();
    let mut random = SplitMix64::new(7);
    let mut library = Library::create(&sandbox.location()).unwrap();
    write(&mut library, 0..PAPERS, &mut random, |paper| PaperChange::New(paper.into()));
    let without = answers(&sandbox);
    let files = FILES.map(|name| sandbox.library().join("index").join(name));
    assert!(files.iter().all(|file| !file.exists()));
    engine(&sandbox).update_index(|_| |_| ()).unwrap();
    let sound = files.each_ref().map(|file| fs::read(file).unwrap());
    assert_eq!(answers(&sandbox), without);

    // Papers that came, that have other texts, and that are gone are found beside the files.
    write(&mut library, PAPERS..PAPERS + 90, &mut random, |paper| PaperChange::New(paper.into()));
    write(&mut library, 20..60, &mut random, |paper| PaperChange::Text(paper.into()));
    library.remove(&(100..140).filter(|number| *number != 128).map(id).collect::<Vec<_>>()).unwrap();
    let beside = answers(&sandbox);
    assert_ne!(beside, without);
    files.iter().for_each(|file| fs::remove_file(file).unwrap());
    assert_eq!(answers(&sandbox), beside);

    // Files that are cut or damaged, or of another library, are not believed.
    for (file, sound) in files.iter().zip(&sound) {
        for damaged in [&sound[..sound.len() / 2], &[&sound[..400], &[0xff; 64], &sound[464..]].concat(), b"", b"x"] {
            fs::write(file, damaged).unwrap();
            assert_eq!(answers(&sandbox), beside, "{}", file.display());
            let _ = fs::remove_file(file);
        }
    }
    engine(&sandbox).update_index(|_| |_| ()).unwrap();
    let other = Sandbox::new();
    let mut library = Library::create(&other.location()).unwrap();
    write(&mut library, 0..PAPERS, &mut random, |paper| PaperChange::New(paper.into()));
    let without = answers(&other);
    fs::create_dir(other.library().join("index")).unwrap();
    for file in &files {
        let copy = other.library().join("index").join(file.file_name().unwrap());
        fs::copy(file, copy).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
    assert_eq!(answers(&other), without);
}
