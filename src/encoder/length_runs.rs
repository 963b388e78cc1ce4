//! Rows of texts of one length, which attention takes together.

/// Neighboring texts of one length.
pub(super) struct LengthRun {
    /// The first row.
    pub(super) start: usize,
    /// How many texts.
    pub(super) texts: usize,
    /// Word pieces of each.
    pub(super) length: usize,
}

impl LengthRun {
    /// The runs of texts whose rows lie one after the other, each of at most so many texts.
    pub(super) fn of(texts: &[&[u32]], most: usize) -> Vec<LengthRun> {
        let mut runs: Vec<LengthRun> = Vec::new();
        let mut start = 0;
        for ids in texts {
            match runs.last_mut() {
                Some(run) if run.length == ids.len() && run.texts < most => run.texts += 1,
                _ => runs.push(LengthRun { start, texts: 1, length: ids.len() }),
            }
            start += ids.len();
        }
        runs
    }

    /// How many rows.
    pub(super) fn rows(&self) -> usize {
        self.texts * self.length
    }
}
