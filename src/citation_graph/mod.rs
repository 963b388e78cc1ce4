//! Which works cite which, as arrays that are looked up in microseconds.
//!
//! A [`CitationGraph`] is a [`CitationFile`], read and checked block by block, and what changed in the library since the
//! file was written. Without a file, all links are in memory. A *work* is a paper of the library, or something known
//! from lists of references only; works have the numbers that the library gave them.

mod adjacency;
mod file;

use std::sync::Arc;

use crate::library::LinkDelta;
use adjacency::AdjacencyLists;
pub(crate) use file::{CitationFile, GraphCorruption};

/// The citation links of one generation of a library.
pub(crate) struct CitationGraph {
    file: Option<Arc<CitationFile>>,
    /// Links that are not in the file, from citing to cited works and back.
    references: AdjacencyLists,
    citations: AdjacencyLists,
    /// Papers of the works that are new or another paper since the file was written; ascending by work.
    papers: Vec<(u32, Option<i64>)>,
    /// The same by paper: key and work, ascending.
    works: Vec<(i64, u32)>,
}

/// The works at the other ends of a work's links: those of the file, then those since.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LinkedWorks<'a> {
    stored: &'a [u32],
    added: &'a [u32],
}

impl<'a> LinkedWorks<'a> {
    pub(crate) fn len(self) -> usize {
        self.stored.len() + self.added.len()
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = u32> + use<'a> {
        self.stored.iter().chain(self.added).copied()
    }
}

impl CitationGraph {
    /// The links of a file and those since it was written; without a file, `delta` must be all there are.
    pub(crate) fn new(file: Option<Arc<CitationFile>>, delta: LinkDelta) -> CitationGraph {
        let LinkDelta { works: papers, links, .. } = delta;
        let reversed = links.iter().map(|(citing, cited)| (*cited, *citing)).collect();
        let mut works: Vec<(i64, u32)> =
            papers.iter().filter_map(|(work, paper)| paper.map(|paper| (paper, *work))).collect();
        works.sort_unstable();
        CitationGraph {
            file,
            references: AdjacencyLists::from_links(links),
            citations: AdjacencyLists::from_links(reversed),
            papers,
            works,
        }
    }

    /// How many links are not in the file.
    pub(crate) fn added_links(&self) -> usize {
        self.references.links()
    }

    /// How many links there are.
    pub(crate) fn links(&self) -> usize {
        self.file.as_ref().map_or(0, |file| file.links()) + self.references.links()
    }

    /// Works that a work cites.
    ///
    /// # Errors
    /// [`GraphCorruption`].
    pub(crate) fn references(&self, work: u32) -> Result<LinkedWorks<'_>, GraphCorruption> {
        let stored = self.file.as_ref().map_or(Ok(&[][..]), |file| file.references(work))?;
        Ok(LinkedWorks { stored, added: self.references.neighbors(work) })
    }

    /// Works that cite a work.
    ///
    /// # Errors
    /// [`GraphCorruption`].
    pub(crate) fn citations(&self, work: u32) -> Result<LinkedWorks<'_>, GraphCorruption> {
        let stored = self.file.as_ref().map_or(Ok(&[][..]), |file| file.citations(work))?;
        Ok(LinkedWorks { stored, added: self.citations.neighbors(work) })
    }

    /// The key of the paper that a work is; `None` for a work that is not in the library.
    ///
    /// # Errors
    /// [`GraphCorruption`].
    pub(crate) fn paper(&self, work: u32) -> Result<Option<i64>, GraphCorruption> {
        match (self.papers.binary_search_by_key(&work, |(work, _)| *work), &self.file) {
            (Ok(at), _) => Ok(self.papers[at].1),
            (Err(_), Some(file)) => file.paper(work),
            (Err(_), None) => Ok(None),
        }
    }

    /// The works that a paper is: one, or several where sources call it by different ids; ascending.
    ///
    /// # Errors
    /// [`GraphCorruption`].
    pub(crate) fn works(&self, paper: i64) -> Result<Vec<u32>, GraphCorruption> {
        let is_moved = |work: u32| self.papers.binary_search_by_key(&work, |(work, _)| *work).is_ok();
        let stored = self.file.as_ref().map_or(Ok(Vec::new()), |file| file.works(paper))?;
        let from = self.works.partition_point(|(key, _)| *key < paper);
        let added = self.works[from..].iter().take_while(|(key, _)| *key == paper).map(|(_, work)| *work);
        let mut works: Vec<u32> = stored.into_iter().filter(|work| !is_moved(*work)).chain(added).collect();
        works.sort_unstable();
        Ok(works)
    }

    /// The works that cite something, ascending.
    ///
    /// # Errors
    /// [`GraphCorruption`].
    pub(crate) fn citing_works(&self) -> Result<Vec<u32>, GraphCorruption> {
        let mut works = self.file.as_ref().map_or(Ok(Vec::new()), |file| file.citing_works())?;
        works.extend(self.references.nodes());
        works.sort_unstable();
        works.dedup();
        Ok(works)
    }
}

#[cfg(test)]
mod tests;
