use super::*;
use crate::library::GenerationId;
use proptest::prelude::*;

use crate::file::SOURCE_ID_LEN;

const SOURCE: [u8; SOURCE_ID_LEN] = [7; SOURCE_ID_LEN];

fn delta(works: &[(u32, Option<i64>)], links: &[(u32, u32)]) -> LinkDelta {
    let generation = GenerationId { generation: 1, nonce: [0; 16] };
    LinkDelta { generation, is_complete: true, works: works.to_vec(), links: links.to_vec() }
}

fn open(bytes: &[u8]) -> Result<CitationFile, GraphCorruption> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("citations");
    std::fs::write(&path, bytes).unwrap();
    CitationFile::open(std::fs::File::open(&path).unwrap())
}

/// All that a graph says of works below 40 and papers below 20.
fn everything(graph: &CitationGraph) -> Result<Vec<String>, GraphCorruption> {
    let list = |works: LinkedWorks<'_>| {
        let mut works: Vec<u32> = works.iter().collect();
        works.sort_unstable();
        works
    };
    let mut lines = vec![format!("{:?} {}", graph.citing_works()?, graph.links())];
    for work in 0..40 {
        let (references, citations) = (list(graph.references(work)?), list(graph.citations(work)?));
        lines.push(format!("{work}: {:?} {references:?} {citations:?}", graph.paper(work)?));
    }
    for paper in 0..20 {
        lines.push(format!("{paper}: {:?}", graph.works(paper)?));
    }
    Ok(lines)
}

#[test]
fn both_directions() {
    let graph = CitationGraph::new(None, delta(&[(1, Some(10)), (2, None), (3, Some(10))], &[(1, 2), (1, 5), (3, 2)]));
    assert_eq!(graph.references(1).unwrap().iter().collect::<Vec<_>>(), [2, 5]);
    assert_eq!(graph.citations(2).unwrap().iter().collect::<Vec<_>>(), [1, 3]);
    assert_eq!(graph.references(2).unwrap().len(), 0);
    assert_eq!((graph.paper(1).unwrap(), graph.paper(2).unwrap(), graph.paper(9).unwrap()), (Some(10), None, None));
    assert_eq!(graph.works(10).unwrap(), [1, 3]);
    assert_eq!((graph.links(), graph.citing_works().unwrap()), (3, vec![1, 3]));
}

proptest! {
    #[test]
    fn a_file_and_what_came_since_are_all_in_memory(
        papers in proptest::collection::btree_map(1u32..40, proptest::option::of(1i64..20), 0..30),
        moved in proptest::collection::btree_map(1u32..40, proptest::option::of(1i64..20), 0..6),
        links in proptest::collection::btree_set((1u32..40, 1u32..40), 0..120),
        stored in 0.0f64..1.0,
    ) {
        let links: Vec<(u32, u32)> = links.into_iter().collect();
        let (old, new) = links.split_at((links.len() as f64 * stored) as usize);
        let before: Vec<(u32, Option<i64>)> = papers.clone().into_iter().collect();
        let file = open(&CitationFile::bytes(&before, old, &SOURCE)).unwrap();
        prop_assert_eq!(file.source_id(), &SOURCE);
        prop_assert!(file.check().is_ok());
        let since: Vec<(u32, Option<i64>)> = moved.clone().into_iter().collect();
        let graph = CitationGraph::new(Some(Arc::new(file)), delta(&since, new));
        let mut now = papers;
        now.extend(moved);
        let whole = CitationGraph::new(None, delta(&now.into_iter().collect::<Vec<_>>(), &links));
        prop_assert_eq!(everything(&graph).unwrap(), everything(&whole).unwrap());
        prop_assert_eq!(graph.added_links(), new.len());
    }

    /// A damaged file says so, or everything that it says is right.
    #[test]
    fn damage_is_found(at in 0.0f64..1.0, bit in 0u32..8, cut in proptest::option::weighted(0.2, 0.0f64..1.0)) {
        let papers: Vec<(u32, Option<i64>)> = (1..30).map(|work| (work, (work % 3 > 0).then_some(i64::from(work / 2) + 1))).collect();
        let links: Vec<(u32, u32)> = (1..30).flat_map(|work| [(work, work % 7 + 1), (work, work % 11 + 3)]).collect();
        let links: Vec<(u32, u32)> = links.into_iter().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
        let bytes = CitationFile::bytes(&papers, &links, &SOURCE);
        let read = |bytes: &[u8]| {
            let graph = CitationGraph::new(Some(Arc::new(open(bytes)?)), delta(&[], &[]));
            everything(&graph)
        };
        let right = read(&bytes).unwrap();
        let mut damaged = bytes.clone();
        damaged[(bytes.len() as f64 * at) as usize] ^= 1 << bit;
        if let Some(cut) = cut {
            damaged.truncate((bytes.len() as f64 * cut) as usize);
        }
        if let Ok(said) = read(&damaged) {
            prop_assert_eq!(said, right);
        }
    }
}

#[test]
fn an_empty_graph() {
    let file = open(&CitationFile::bytes(&[], &[], &SOURCE)).unwrap();
    let graph = CitationGraph::new(Some(Arc::new(file)), delta(&[], &[]));
    assert_eq!(everything(&graph).unwrap(), everything(&CitationGraph::new(None, delta(&[], &[]))).unwrap());
}
