use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::index::flat;
use crate::index::tests::clustered;
use crate::index::{IndexDelta, IndexKind, RowFilter, SearchHit, VectorIndex};
use crate::vector::{EmbeddingMatrix, RowEncoder};

const ROWS: usize = 300;

fn frozen() -> HnswGraph {
    let keys: Vec<i64> = (0..ROWS as i64).map(|key| 3 * key + 1).collect();
    HnswGraph::build(&keys, &clustered(ROWS, 24, 9), [7; SOURCE_ID_LEN], &|_| ())
}

fn words(frozen: &HnswGraph) -> Vec<u64> {
    frozen.as_bytes().unwrap().as_chunks::<8>().0.iter().map(|word| u64::from_ne_bytes(*word)).collect()
}

fn read(words: &[u64]) -> Result<HnswGraph, IndexCorruption> {
    let bytes: &[u8] = bytemuck::cast_slice(words);
    let mut memory = ZeroedBuffer::zeros(bytes.len());
    memory.copy_from_slice(bytes);
    HnswGraph::from_bytes(memory)
}

/// What a sound graph answers to a few questions, by walk and by scan.
fn answers(frozen: &HnswGraph, keep: RowFilter<'_>) -> Result<Vec<Vec<SearchHit>>, IndexCorruption> {
    let queries = clustered(3, 24, 3);
    let walked = queries.rows().map(|query| frozen.nearest(query, 5, 40, keep));
    walked.chain(queries.rows().map(|query| flat::nearest(frozen, query, 5, keep))).collect()
}

#[test]
fn it_is_read_as_it_was_built() {
    let built = frozen();
    let again = read(&words(&built)).unwrap();
    assert_eq!((again.rows(), again.dimension(), again.source_id()), (ROWS, 24, &[7; SOURCE_ID_LEN]));
    assert_eq!(again.keys()[..3], [1, 4, 7]);
    assert!(again.recall() >= 0.99 && again.self_recall() == 1.0, "{again:?}");
    let vectors = clustered(ROWS, 24, 9);
    for row in 0..ROWS {
        assert_eq!(again.vector(RowId(row as u32)), Ok(vectors.row(row)));
        assert!(again.rows_of(again.node(RowId(row as u32))).any(|other| other.index() == row));
    }
    assert_eq!(answers(&again, None), answers(&built, None));
}

#[test]
fn without_links_it_is_scanned() {
    let vectors = clustered(ROWS, 24, 9);
    let keys: Vec<i64> = (0..ROWS as i64).collect();
    let parts = GraphParts::without_links(&keys, 24, RowEncoder::encode(24, vectors.rows()), [7; SOURCE_ID_LEN]);
    let scanned = read(&words(&parts.in_memory(&vectors))).unwrap();
    let graph = frozen();
    assert!(graph.has_links() && !scanned.has_links());
    assert!(scanned.size_bytes() + 4 * layout::LINKS.0 * graph.nodes() <= graph.size_bytes());
    for query in clustered(5, 24, 3).rows() {
        assert_eq!(flat::nearest(&scanned, query, 9, None), flat::nearest(&graph, query, 9, None));
    }
    let index = VectorIndex::new(Some(Arc::new(scanned)), IndexDelta::default(), IndexKind::Auto);
    assert_eq!(index.kind(), IndexKind::Exact);
    assert_eq!(index.nearest(vectors.row(3), 1, None).unwrap()[0].row, RowId(3));
}

#[test]
fn every_node_is_come_by() {
    // Two far groups, and many equal rows inserted first: what cuts graphs apart.
    let one = clustered(5, 24, 5).embedding(4);
    let mut vectors = EmbeddingMatrix::with_capacity(24, 1_000);
    vectors.push(&one);
    (0..100).for_each(|_| vectors.push(&one));
    clustered(900, 24, 2).rows().for_each(|row| assert!(vectors.push_unit(row)));
    let keys: Vec<i64> = (0..vectors.len() as i64).collect();
    let frozen = HnswGraph::build(&keys, &vectors, [0; SOURCE_ID_LEN], &|_| ());
    let mut reached = vec![false; frozen.nodes()];
    let mut stack = vec![0];
    while let Some(node) = stack.pop() {
        if !std::mem::replace(&mut reached[node as usize], true) {
            stack.extend(
                search::LinkedNodes::links(&frozen, node).unwrap().iter().take_while(|node| **node != layout::NONE),
            );
        }
    }
    assert!(reached.iter().all(|reached| *reached));
    assert_eq!(frozen.rows_of(frozen.node(RowId(50))).count(), 101);
    assert_eq!(frozen.nearest(one.as_slice(), 101, 32, None).unwrap().len(), 101);
}

#[test]
fn only_rows_that_are_kept_are_found() {
    let frozen = frozen();
    let keep = |row: RowId| row.0 % 7 == 2;
    for hits in answers(&frozen, Some(&keep)).unwrap() {
        assert_eq!(hits.len(), 5);
        assert!(hits.iter().all(|hit| keep(hit.row)), "{hits:?}");
    }
}

#[test]
fn a_file_that_is_cut_off_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("frozen");
    let bytes = frozen().as_bytes().unwrap().to_vec();
    for length in (0..bytes.len()).step_by(997).chain([bytes.len() - 1, bytes.len() + 1]) {
        let mut bytes = bytes.clone();
        bytes.resize(length, 0);
        std::fs::write(&path, bytes).unwrap();
        assert!(HnswGraph::open(File::open(&path).unwrap()).is_err(), "{length} bytes");
    }
    std::fs::write(&path, &bytes).unwrap();
    assert!(HnswGraph::open(File::open(&path).unwrap()).is_ok());
}

#[test]
fn a_file_that_is_cut_off_while_it_is_open_is_damaged() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("frozen");
    let built = frozen();
    std::fs::write(&path, built.as_bytes().unwrap()).unwrap();
    let opened = HnswGraph::open(File::open(&path).unwrap()).unwrap();
    let whole = HnswGraph::open(File::open(&path).unwrap()).unwrap();
    assert_eq!(answers(&whole, None), answers(&built, None));
    File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
    assert!(answers(&opened, None).is_err());
    assert_eq!(answers(&whole, None), answers(&built, None), "what was read stays");
}

/// How many inputs the tests below try: PROPTEST_CASES, if it is more than this.
fn config() -> ProptestConfig {
    ProptestConfig { cases: ProptestConfig::default().cases.max(4_000), ..ProptestConfig::default() }
}

thread_local! {
    static SOUND: (Vec<u64>, Vec<Vec<SearchHit>>) = {
        let frozen = frozen();
        (words(&frozen), answers(&frozen, None).unwrap())
    };
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_flipped_bit_is_seen_or_changes_nothing(at in any::<prop::sample::Index>(), bit in 0..64) {
        SOUND.with(|(sound, expected)| {
            let mut words = sound.clone();
            words[at.index(sound.len())] ^= 1u64 << bit;
            if let Ok(found) = read(&words).and_then(|frozen| answers(&frozen, None)) {
                assert_eq!(&found, expected);
            }
        });
    }

    #[test]
    fn bytes_that_someone_made_up_do_no_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u64>(), any::<bool>()), 1..6),
        length in any::<Option<prop::sample::Index>>(),
    ) {
        SOUND.with(|(sound, _)| {
            let mut words = sound.clone();
            for (at, value, in_header) in changes {
                let range = if in_header { 64 } else { words.len() };
                let at = at.index(range);
                // Small numbers are the ones that get furthest.
                words[at] = if value % 3 == 0 { value } else { value % 400 };
            }
            if let Some(length) = length {
                words.truncate(length.index(words.len()));
            }
            seal(&mut words);
            if let Ok(frozen) = read(&words) {
                let _ = answers(&frozen, Some(&|row| row.0 % 2 == 0));
            }
        });
    }
}

/// Makes all checksums right.
fn seal(words: &mut [u64]) {
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(words);
    layout::seal(bytes);
}
