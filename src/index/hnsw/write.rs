//! Writing a graph: its parts, then its vectors, one after the other, so that they need not be in memory.

use std::io::{self, Cursor, Seek, SeekFrom, Write};

use super::HnswGraph;
use super::build::GraphParts;
use super::layout::{FileHeader, FileSection, IN_BLOCKS, SECTIONS};
use crate::file::{SectionWriter, ZeroedBuffer};
use crate::vector::EmbeddingMatrix;

/// Bytes of vectors that are written at once.
const BUFFER: usize = 1 << 18;

/// A graph that is written, but for its vectors.
pub(crate) struct GraphWriter<F> {
    file: F,
    header: FileHeader,
    sections: [SectionWriter; IN_BLOCKS],
    /// Vectors that are not written yet.
    buffer: Vec<u8>,
    /// Vectors that are still to come.
    missing: usize,
}

impl GraphParts {
    /// Writes all but the vectors.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write_to<F: Write + Seek>(self, mut file: F) -> io::Result<GraphWriter<F>> {
        let GraphParts { mut header, sections: parts } = self;
        let layout = header.block_layout().map_err(|corruption| io::Error::other(corruption.to_string()))?;
        let places = header.places().map(|(places, _)| places).unwrap_or_default();
        let mut sections = SectionWriter::of(&layout);
        for (index, (part, place)) in parts.into_iter().zip(places).enumerate() {
            match index.checked_sub(IN_BLOCKS) {
                None => sections[index].put(&mut file, &part)?,
                Some(at) => {
                    header.sums[at] = crc32fast::hash(&part);
                    file.seek(SeekFrom::Start(place.start as u64))?;
                    file.write_all(&part)?;
                }
            }
        }
        let missing = header.rows;
        Ok(GraphWriter { file, header, sections, buffer: Vec::with_capacity(BUFFER), missing })
    }

    /// The graph in memory.
    pub(super) fn in_memory(self, vectors: &EmbeddingMatrix) -> HnswGraph {
        let (_, length) = self.header.places().expect("counts of what is in memory");
        let mut bytes = ZeroedBuffer::zeros(length);
        let write = |bytes: &mut [u8]| {
            let mut writer = self.write_to(Cursor::new(bytes))?;
            vectors.rows().try_for_each(|vector| writer.push(vector))?;
            writer.finish()
        };
        write(&mut bytes).expect("there is room in memory");
        HnswGraph::from_bytes(bytes).expect("what was laid out can be read")
    }
}

impl<F: Write + Seek> GraphWriter<F> {
    /// Writes the vector of the next row.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn push(&mut self, vector: &[f32]) -> io::Result<()> {
        self.missing = self.missing.checked_sub(1).ok_or_else(|| io::Error::other("more vectors than rows"))?;
        self.buffer.extend_from_slice(bytemuck::cast_slice(vector));
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sections[FileSection::Vectors as usize].put(&mut self.file, &self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// Writes the checksums and the header.
    ///
    /// # Errors
    /// When the file cannot be written, or vectors are missing.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if self.missing > 0 {
            return Err(io::Error::other("fewer vectors than rows"));
        }
        self.flush()?;
        let GraphWriter { mut file, mut header, sections, .. } = self;
        let Some((places, length)) = header.places() else { return Err(io::Error::other("too many rows")) };
        let sums: Vec<u32> = sections.into_iter().flat_map(SectionWriter::finish).collect();
        let sums: &[u8] = bytemuck::cast_slice(&sums);
        let place = &places[FileSection::Sums as usize];
        file.seek(SeekFrom::Start(place.start as u64))?;
        file.write_all(sums)?;
        file.write_all(&vec![0; length - place.end])?;
        header.sums[SECTIONS.len() - IN_BLOCKS - 1] = crc32fast::hash(sums);
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&header.write())
    }
}
