//! The networks that can be run, and the two ways to run them.

use candle_core::{DType, Device};

use super::bert::{BertWeights, PackedBert};
use super::config::{BertConfig, ModernBertConfig, NetworkConfig};
use super::device::{self, DeviceNetwork};
use super::kernels::{Cpu, PackedLayer, Precision};
use super::modern_bert::{ModernBertWeights, PackedModernBert};
use super::static_table::StaticTable;
use super::weights::TensorFile;
use super::{EncoderOptions, failed};
use crate::{Error, Result};

/// A network's parameters, read and checked, not yet on a device.
pub(super) enum NetworkWeights {
    Bert(BertConfig, BertWeights),
    ModernBert(ModernBertConfig, ModernBertWeights),
    Static(StaticTable),
}

impl NetworkWeights {
    /// Takes the tensors that `config` asks for out of the file.
    pub(super) fn read(weights: &TensorFile, config: NetworkConfig) -> Result<NetworkWeights> {
        Ok(match config {
            NetworkConfig::Bert(config) => {
                let weights = BertWeights::read(weights, &config)?;
                NetworkWeights::Bert(config, weights)
            }
            NetworkConfig::ModernBert(config) => {
                let weights = ModernBertWeights::read(weights, &config)?;
                NetworkWeights::ModernBert(config, weights)
            }
        })
    }
}

/// A network, ready to run.
pub(super) enum Network {
    /// Over the rows of all word pieces, in the memory of the program.
    Host(HostNetwork),
    /// By candle's operations, in padded batches.
    Device(DeviceNetwork),
}

/// A network for the kernels of a CPU.
pub(super) enum HostNetwork {
    Bert(PackedBert),
    ModernBert(PackedModernBert),
    Static(StaticTable),
}

impl Network {
    /// Puts the parameters on the device.
    pub(super) fn new(weights: NetworkWeights, options: &EncoderOptions) -> Result<Network> {
        let cpu = options.cpu.map_or_else(|| Ok(Cpu::detect()), Cpu::checked)?;
        let (device, precision) = (options.device.open(options.precision)?, options.precision);
        let has_kernels = |hidden: usize, wide: usize| device.is_cpu() && PackedLayer::takes(hidden, wide);
        let network = match weights {
            NetworkWeights::Bert(config, weights) if has_kernels(config.hidden_size, config.intermediate_size) => {
                HostNetwork::Bert(PackedBert::new(weights, &config, cpu, precision))
            }
            NetworkWeights::ModernBert(config, weights)
                if has_kernels(config.hidden_size, config.intermediate_size) =>
            {
                HostNetwork::ModernBert(PackedModernBert::new(weights, &config, cpu, precision))
            }
            weights => return Network::on_device(weights, &device, device::dtype(&device, precision)),
        };
        Ok(Network::Host(network))
    }

    /// Puts the parameters where candle's operations run. A table of words stays on the host: there is nothing to compute.
    pub(super) fn on_device(weights: NetworkWeights, device: &Device, dtype: DType) -> Result<Network> {
        let network = match weights {
            NetworkWeights::Bert(config, weights) => DeviceNetwork::bert(weights, &config, device, dtype),
            NetworkWeights::ModernBert(config, weights) => DeviceNetwork::modern_bert(weights, &config, device, dtype),
            NetworkWeights::Static(table) => return Ok(Network::Host(HostNetwork::Static(table))),
        };
        network.map(Network::Device).map_err(failed("put the model on the device"))
    }

    /// How precisely the network computes.
    pub(super) fn precision(&self) -> Precision {
        match self {
            Network::Host(HostNetwork::Bert(bert)) => bert.precision(),
            Network::Host(HostNetwork::ModernBert(bert)) => bert.precision(),
            Network::Device(network) if network.dtype() == DType::BF16 => Precision::Bf16,
            Network::Host(HostNetwork::Static(_)) | Network::Device(_) => Precision::F32,
        }
    }

    /// The device that the network is on.
    pub(super) fn device(&self) -> &Device {
        match self {
            Network::Host(_) => &Device::Cpu,
            Network::Device(network) => network.device(),
        }
    }
}

impl HostNetwork {
    /// Numbers in a row.
    pub(super) fn hidden_size(&self) -> usize {
        match self {
            HostNetwork::Bert(bert) => bert.hidden_size(),
            HostNetwork::ModernBert(bert) => bert.hidden_size(),
            HostNetwork::Static(table) => table.size(),
        }
    }

    /// The last layer's rows of all texts, one text after the other: `[word pieces of all texts, hidden]`. A text has between 1 and
    /// as many word pieces as the network has positions.
    pub(super) fn forward(&self, texts: &[&[u32]]) -> Result<Vec<f32>> {
        let vocabulary = match self {
            HostNetwork::Bert(bert) => bert.vocabulary(),
            HostNetwork::ModernBert(bert) => bert.vocabulary(),
            // And the id of their mean.
            HostNetwork::Static(table) => table.pieces() + 1,
        };
        check_ids(texts, vocabulary)?;
        Ok(match self {
            HostNetwork::Bert(bert) => bert.forward(texts),
            HostNetwork::ModernBert(bert) => bert.forward(texts),
            HostNetwork::Static(table) => table.rows(texts),
        })
    }
}

/// Fails if a text has a word piece that the vocabulary does not have.
pub(super) fn check_ids(texts: &[&[u32]], vocabulary: usize) -> Result<()> {
    match texts.iter().copied().flatten().find(|id| **id as usize >= vocabulary) {
        None => Ok(()),
        Some(id) => Err(Error::Encoder {
            doing: "look up a word piece",
            source: format!("it is {id} of a vocabulary of {vocabulary}").into(),
        }),
    }
}
