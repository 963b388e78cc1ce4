//! Damaged files of every format: none makes a reader panic, none makes it hold or return more than a multiple of what
//! it read, and an error that ends a file is the last item.
//!
//! The fixtures and the real files beside the project are damaged in all the ways below, `PROPTEST_CASES` times.

use std::io::Cursor;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;

use super::FIXTURES;
use super::fixture_bytes;
use super::laws::gzip;
use super::real::shared;
use crate::error::Error;
use crate::formats::input_format::InputFormat;
use crate::formats::read_references;
use crate::formats::reference::BibReference;

/// Longest piece of a file that is damaged, in bytes.
const LONGEST: usize = 100 * 1024;
/// Most bytes of text that may come of one byte.
const MOST: usize = 64;

/// Reads to the end whatever comes.
fn survive(bytes: &[u8], format: Option<InputFormat>) {
    let Ok(references) = read_references(Cursor::new(bytes.to_vec()), "x", format) else { return };
    // What is compressed may be a thousand times as long.
    let most = MOST * (bytes.len() + 1024) * if bytes.starts_with(b"\x1f\x8b") { 1024 } else { 1 };
    let (mut ended, mut given) = (false, 0);
    for reference in references {
        assert!(!ended, "nothing comes after the end");
        match reference {
            Ok(reference) => {
                given += 1 + length(&reference);
                if let Ok(paper) = reference.raw_paper.validate() {
                    assert!(!(paper.title.is_empty() && paper.abstract_text.is_empty()));
                }
            }
            Err(error) => {
                given += 1;
                ended = !matches!(error, Error::BadRecord { .. });
            }
        }
        assert!(given <= most, "{} bytes gave {given}", bytes.len());
    }
}

/// The bytes of text in a reference.
fn length(BibReference { raw_paper, tags, .. }: &BibReference) -> usize {
    let lists = [tags, &raw_paper.authors, &raw_paper.categories, &raw_paper.aliases].into_iter().flatten();
    let texts = lists.chain([&raw_paper.title, &raw_paper.abstract_text]).chain(&raw_paper.id).chain(&raw_paper.url);
    texts.map(String::len).sum()
}

/// A file that is damaged.
struct Seed {
    format: InputFormat,
    bytes: Vec<u8>,
}

/// What is done to a file.
#[derive(Debug, Clone)]
enum Damage {
    /// A piece is gone.
    Cut,
    /// Bits of a byte are others.
    Flip(u8),
    /// Other bytes stand in the place of a piece.
    Overwrite(Vec<u8>),
    /// A piece stands there more often.
    Repeat(usize),
    /// A piece of another file stands in it.
    Splice(Index, Index),
}

/// Where it is done, to a piece of which length, and what.
type Change = (Index, usize, Damage);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let damage = prop_oneof![
        Just(Damage::Cut),
        (1..=u8::MAX).prop_map(Damage::Flip),
        prop::collection::vec(any::<u8>(), 0..8).prop_map(Damage::Overwrite),
        (1..20_usize).prop_map(Damage::Repeat),
        any::<(Index, Index)>().prop_map(|(file, from)| Damage::Splice(file, from)),
    ];
    // Short pieces as often as long ones.
    let length = (any::<u16>(), 0..16_u32).prop_map(|(length, shift)| usize::from(length >> shift));
    prop::collection::vec((any::<Index>(), length, damage), 0..5)
}

fn damaged(mut bytes: Vec<u8>, changes: &[Change], seeds: &[Seed]) -> Vec<u8> {
    for (at, length, damage) in changes {
        let at = at.index(bytes.len() + 1);
        let end = (at + length).min(bytes.len());
        match damage {
            Damage::Cut => drop(bytes.drain(at..end)),
            Damage::Flip(bits) => bytes[at..end].iter_mut().take(1).for_each(|byte| *byte ^= bits),
            Damage::Overwrite(with) => drop(bytes.splice(at..end, with.iter().copied())),
            Damage::Repeat(times) => drop(bytes.splice(at..at, bytes[at..end].repeat(*times))),
            Damage::Splice(file, from) => {
                let other = &file.get(seeds).bytes;
                let from = from.index(other.len() + 1);
                let piece = &other[from..(from + length).min(other.len())];
                drop(bytes.splice(at..at, piece.iter().copied()));
            }
        }
        bytes.truncate(2 * LONGEST);
    }
    bytes
}

/// Damages one of the files, or a piece of it: its start or any other, shorter ones more often.
fn check(seeds: &[Seed]) {
    let piece = (any::<bool>(), any::<Index>(), 0..7_u32);
    proptest!(|(
        which in any::<Index>(),
        (from_start, from, shift) in piece,
        changes in changes(),
        compressed in prop::bool::weighted(0.1),
    )| {
        let Seed { format, bytes } = which.get(seeds);
        let most = (LONGEST >> shift).min(bytes.len());
        let from = if from_start { 0 } else { from.index(bytes.len() - most + 1) };
        let piece = bytes[from..from + most].to_vec();
        let bytes = damaged(if compressed { gzip(&piece) } else { piece }, &changes, seeds);
        survive(&bytes, None);
        survive(&bytes, Some(*format));
    });
}

#[test]
fn damaged_fixtures() {
    check(&FIXTURES.map(|(name, format)| Seed { format, bytes: fixture_bytes(name) }));
}

#[test]
fn damaged_real_files() {
    let Some(folder) = shared("raw_formats") else { return };
    let mut seeds = Vec::new();
    read_folder(&folder, &mut seeds);
    assert!(seeds.len() > 50, "{}", seeds.len());
    check(&seeds);
}

fn read_folder(folder: &Path, seeds: &mut Vec<Seed>) {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_folder(&path, seeds);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let format = read_references(Cursor::new(bytes.clone()), "-", None).map(|references| references.format());
        seeds.extend(format.ok().map(|format| Seed { format, bytes }));
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survive(&bytes, None);
        for format in InputFormat::ALL {
            survive(&bytes, Some(format));
        }
    }

    #[test]
    fn any_text(text in r#"[\[\]{}"'<>/&;:,\\a-c0-9 \n\tNé•-]{0,200}"#) {
        survive(text.as_bytes(), None);
        for format in InputFormat::ALL {
            survive(text.as_bytes(), Some(format));
        }
    }
}
