//! Neighbors of nodes in memory.

/// For each node that has neighbors, their sorted list: compressed sparse rows, without the rows that are empty.
#[derive(Debug, Default)]
pub(super) struct AdjacencyLists {
    /// Nodes with neighbors, ascending.
    nodes: Vec<u32>,
    /// Where the neighbors of each node begin in `neighbors`, and the end.
    starts: Vec<usize>,
    neighbors: Vec<u32>,
}

impl AdjacencyLists {
    /// The lists of some links: pairs of a node and its neighbor, in any order.
    pub(super) fn from_links(mut links: Vec<(u32, u32)>) -> AdjacencyLists {
        links.sort_unstable();
        links.dedup();
        let mut lists = AdjacencyLists::default();
        for (at, (node, neighbor)) in links.into_iter().enumerate() {
            if lists.nodes.last() != Some(&node) {
                lists.nodes.push(node);
                lists.starts.push(at);
            }
            lists.neighbors.push(neighbor);
        }
        lists.starts.push(lists.neighbors.len());
        lists
    }

    /// The neighbors of a node, ascending.
    pub(super) fn neighbors(&self, node: u32) -> &[u32] {
        match self.nodes.binary_search(&node) {
            Ok(at) => &self.neighbors[self.starts[at]..self.starts[at + 1]],
            Err(_) => &[],
        }
    }

    /// Nodes with neighbors, ascending.
    pub(super) fn nodes(&self) -> &[u32] {
        &self.nodes
    }

    /// How many links there are.
    pub(super) fn links(&self) -> usize {
        self.neighbors.len()
    }
}
