//! Papers by their ids: batch after batch, each a page with a checkpoint.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{FetchedPage, PageIter, load_checkpoint, paged, save_checkpoint};
use crate::error::Result;
use crate::paper::PaperId;

/// A run that has not come to its end.
#[derive(Default, Serialize, Deserialize)]
struct IdsCheckpoint {
    /// Tells its list of ids from others.
    list: String,
    /// How many of them were asked for.
    done: usize,
}

/// Returns a page for each batch of ids, from where a run with the same list was the last time.
pub(super) fn pages_of_ids<'c>(
    ids: Vec<PaperId>,
    batch_size: usize,
    memory: Option<&str>,
    mut fetch: impl FnMut(&[PaperId]) -> Result<FetchedPage> + 'c,
) -> PageIter<'c> {
    let memory: IdsCheckpoint = load_checkpoint(memory);
    let list = digest(&ids);
    let mut done = if memory.list == list { memory.done } else { 0 };
    paged(move || {
        let Some(batch) = ids.get(done..).filter(|rest| !rest.is_empty()) else { return Ok(None) };
        let batch = &batch[..batch.len().min(batch_size)];
        let mut page = fetch(batch)?;
        done += batch.len();
        // A list that is done begins anew.
        let left = IdsCheckpoint { list: list.clone(), done };
        page.checkpoint = save_checkpoint(&if done < ids.len() { left } else { IdsCheckpoint::default() });
        Ok(Some(page))
    })
}

fn digest(ids: &[PaperId]) -> String {
    let mut hash = Sha256::new();
    for id in ids {
        hash.update(id.as_str());
        hash.update("\n");
    }
    hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
