//! Inputs that fuzzing found (`.ci/fuzz`), and the fixtures, read by the functions that fuzzing calls.

use std::fs;
use std::path::Path;

#[path = "../fuzz/targets.rs"]
mod targets;

#[test]
fn what_fuzzing_found_breaks_nothing() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for (name, target) in targets::TARGETS {
        let mut count = 0;
        for folder in [tests.join("fuzz/corpus").join(name), tests.join("fixtures")] {
            let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
            for file in files.filter(|path| path.is_file()) {
                let bytes = fs::read(&file).unwrap();
                // The first byte chooses the format.
                target(&bytes);
                target(&[&[u8::MAX], &bytes[..]].concat());
                count += 1;
            }
        }
        assert!(count > 0, "{name}");
    }
}
