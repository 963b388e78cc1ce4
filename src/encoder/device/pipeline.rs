//! Many texts through a device: word pieces of the next texts are made, and its next batch is waiting, while it computes.

use std::sync::{PoisonError, mpsc};
use std::thread;

use candle_core::Tensor;

use super::DeviceNetwork;
use crate::encoder::{Encoder, TextSide, WINDOW, batches, failed};
use crate::{Embedding, Result};

/// Word pieces in one pass of the network, with padding: small products leave most of a GPU idle.
pub(in crate::encoder) const DEVICE_BATCH: usize = 16 * 1024;

impl Encoder {
    /// [`Encoder::encode`] where candle runs the network.
    pub(in crate::encoder) fn encode_on_device<T: AsRef<str> + Sync>(
        &self,
        network: &DeviceNetwork,
        side: TextSide,
        texts: &[T],
        left_out: usize,
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Embedding>> {
        if texts.len() <= WINDOW {
            return self.encode_window_on_device(network, &self.window_ids(side, texts)?, left_out, done);
        }
        // One window is with the device, one waits, and one is being made.
        let (sender, receiver) = mpsc::sync_channel::<Vec<Vec<u32>>>(1);
        thread::scope(|scope| {
            let device = scope.spawn(move || -> Result<Vec<Embedding>> {
                let mut embeddings = Vec::with_capacity(texts.len());
                for ids in receiver {
                    embeddings.extend(self.encode_window_on_device(network, &ids, left_out, done)?);
                }
                Ok(embeddings)
            });
            let sent = texts.chunks(WINDOW).try_for_each(|window| {
                // The device stops receiving when it fails; its error comes out below.
                sender.send(self.window_ids(side, window)?).or(Ok(()))
            });
            drop(sender);
            let embeddings = device.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            sent.and(embeddings)
        })
    }

    fn encode_window_on_device(
        &self,
        network: &DeviceNetwork,
        ids: &[Vec<u32>],
        left_out: usize,
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Embedding>> {
        // Threads in turn: a device runs one batch at a time anyway, and has memory for few. On a CPU candle's own threads could
        // wait for each other here, and there is memory.
        let _turn =
            (!network.device().is_cpu()).then(|| self.device_turn.lock().unwrap_or_else(PoisonError::into_inner));
        let mut embeddings: Vec<(usize, Embedding)> = Vec::with_capacity(ids.len());
        let mut finish = |(batch, pooled): (Vec<usize>, Tensor)| -> Result<()> {
            let rows = pooled.to_vec2::<f32>().map_err(failed("run the model"))?;
            for (text, row) in batch.iter().zip(rows) {
                embeddings.push((*text, self.finish(row)?));
            }
            done(batch.len());
            Ok(())
        };
        let mut running = None;
        for batch in batches(ids, self.device_batch, true) {
            let texts: Vec<&[u32]> = batch.iter().map(|text| &ids[*text][..]).collect();
            let pooled = network.forward(&texts, self.pooling.mode, left_out)?;
            if let Some(before) = running.replace((batch, pooled)) {
                finish(before)?;
            }
        }
        running.map(finish).transpose()?;
        embeddings.sort_unstable_by_key(|(text, _)| *text);
        Ok(embeddings.into_iter().map(|(_, embedding)| embedding).collect())
    }
}
