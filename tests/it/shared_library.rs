//! Engines that share a library, on several threads.

use paperkin::{Engine, EngineOptions, LibraryLocation, Paper, Request};

use crate::support::sandbox::{Sandbox, listing};

fn found(engine: &Engine, text: &str) -> Vec<String> {
    let request = Request { text: Some(text.to_owned()), ..Request::default() };
    let answer = engine.recommend(&request).unwrap();
    answer.results.iter().map(|result| format!("{} {}", result.paper.id, result.score)).collect()
}

#[test]
fn threads_find_what_one_finds_while_papers_come_and_go() {
    let sandbox = Sandbox::with_papers();
    let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Existing(sandbox.location()))).unwrap();
    let texts = ["walking robots", "instruction tuning", "speech", "what a graph is for"];
    let before: Vec<Vec<String>> = texts.iter().map(|text| found(&engine, text)).collect();
    let engines: Vec<Engine> = texts.iter().map(|_| engine.try_clone().unwrap()).collect();
    std::thread::scope(|scope| {
        let asked = engines.into_iter().zip(texts).map(|(engine, text)| {
            scope.spawn(move || {
                for _ in 0..30 {
                    assert!(!found(&engine, text).is_empty());
                }
                engine
            })
        });
        let asked: Vec<_> = asked.collect();
        for _ in 0..5 {
            let new = r#"{"id": "new", "title": "Walking robots that speak", "source": "test"}"#;
            engine.add([Ok(serde_json::from_str::<Paper>(new).unwrap())]).unwrap();
            engine.remove(&["new".parse().unwrap()]).unwrap();
        }
        for ((thread, text), before) in asked.into_iter().zip(texts).zip(&before) {
            assert_eq!(found(&thread.join().unwrap(), text), *before);
        }
    });
}

#[test]
fn a_library_in_memory_is_not_shared() {
    let mut engine = Engine::open(EngineOptions::new(LibraryLocation::Memory)).unwrap();
    engine.add(paperkin::formats::open(listing().as_ref(), None).unwrap()).unwrap();
    let error = engine.try_clone().map(drop).unwrap_err();
    assert_eq!(error.to_string(), "`library`: is in memory: only the engine that created it can read it");
}
