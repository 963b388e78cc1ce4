//! The networks by candle's operations.
//!
//! The word pieces of a batch go to the device in a few copies, of 64 KiB each for a full batch, and one vector for each text
//! comes back: memory that is pinned for the copies would gain nothing.

use candle_core::{DType, Device, Tensor};

use super::batch::PaddedBatch;
use super::bert::DeviceBert;
use super::linear::Placement;
use super::modern_bert::DeviceModernBert;
use crate::Result;
use crate::encoder::bert::BertWeights;
use crate::encoder::config::{BertConfig, ModernBertConfig};
use crate::encoder::failed;
use crate::encoder::modern_bert::ModernBertWeights;
use crate::encoder::network::check_ids;
use crate::encoder::pooling::Pooling;

/// A network on a device: on a GPU, or on a CPU for sizes that its kernels do not take.
pub(in crate::encoder) enum DeviceNetwork {
    Bert(DeviceBert),
    ModernBert(DeviceModernBert),
}

impl DeviceNetwork {
    /// Puts the parameters of a BERT on the device, as numbers of the type in which it computes.
    pub(in crate::encoder) fn bert(
        parameters: BertWeights,
        config: &BertConfig,
        device: &Device,
        dtype: DType,
    ) -> candle_core::Result<DeviceNetwork> {
        let bert = DeviceBert::new(parameters, config, &Placement { device, dtype })?;
        // The first use may be from another thread.
        device.synchronize()?;
        Ok(DeviceNetwork::Bert(bert))
    }

    /// The same for a ModernBERT.
    pub(in crate::encoder) fn modern_bert(
        parameters: ModernBertWeights,
        config: &ModernBertConfig,
        device: &Device,
        dtype: DType,
    ) -> candle_core::Result<DeviceNetwork> {
        let bert = DeviceModernBert::new(parameters, config, &Placement { device, dtype })?;
        device.synchronize()?;
        Ok(DeviceNetwork::ModernBert(bert))
    }

    /// The device that the network is on.
    pub(in crate::encoder) fn device(&self) -> &Device {
        self.words().device()
    }

    /// The type of the numbers that it computes with.
    pub(in crate::encoder) fn dtype(&self) -> DType {
        self.words().dtype()
    }

    /// A row for each word piece, and one of zeros for padding.
    fn words(&self) -> &Tensor {
        match self {
            DeviceNetwork::Bert(bert) => bert.words(),
            DeviceNetwork::ModernBert(bert) => bert.words(),
        }
    }

    /// One vector for each text, not normalized: `[texts, hidden]`, f32, on the device, which may still be computing it. A text has
    /// between 1 and as many word pieces as the network has positions; the first `left_out` have no part in the pooling.
    pub(in crate::encoder) fn forward(&self, texts: &[&[u32]], pooling: Pooling, left_out: usize) -> Result<Tensor> {
        let vocabulary = self.words().dims()[0] - 1;
        check_ids(texts, vocabulary)?;
        let run = || {
            let batch = PaddedBatch::new(texts, vocabulary as u32, left_out, self.device())?;
            let hidden = match self {
                DeviceNetwork::Bert(bert) => bert.forward(texts, &batch)?,
                DeviceNetwork::ModernBert(bert) => bert.forward(&batch)?,
            };
            batch.pooled(&hidden, pooling)
        };
        run().map_err(failed("run the model"))
    }
}
