//! The networks that can be run, behind one face.

use candle_core::{Device, Result as CandleResult};

use super::bert::{BertModel, BertWeights};
use super::config::{BertConfig, ModernBertConfig, NetworkConfig};
use super::kernels::{Cpu, Precision};
use super::modern_bert::{ModernBertModel, ModernBertWeights};
use super::static_table::StaticTable;
use super::weights::TensorFile;
use crate::Result;

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

/// A network on a device.
pub(super) enum Network {
    Bert(BertModel),
    ModernBert(ModernBertModel),
    Static(StaticTable),
}

impl Network {
    /// Puts the parameters on the device. A table of words stays on the host: there is nothing to compute.
    pub(super) fn new(
        weights: NetworkWeights,
        device: Device,
        cpu: Cpu,
        precision: Option<Precision>,
    ) -> CandleResult<Network> {
        Ok(match weights {
            NetworkWeights::Bert(config, weights) => {
                Network::Bert(BertModel::new(weights, &config, device, cpu, precision)?)
            }
            NetworkWeights::ModernBert(config, weights) => {
                Network::ModernBert(ModernBertModel::new(weights, config, device, cpu, precision)?)
            }
            NetworkWeights::Static(table) => Network::Static(table),
        })
    }

    /// How precisely the network computes.
    pub(super) fn precision(&self) -> Precision {
        match self {
            Network::Bert(bert) => bert.precision(),
            Network::ModernBert(bert) => bert.precision(),
            Network::Static(_) => Precision::F32,
        }
    }

    /// The device that the network is on.
    pub(super) fn device(&self) -> &Device {
        match self {
            Network::Bert(bert) => bert.device(),
            Network::ModernBert(bert) => bert.device(),
            Network::Static(_) => &Device::Cpu,
        }
    }

    /// Numbers in a row.
    pub(super) fn hidden_size(&self) -> usize {
        match self {
            Network::Bert(bert) => bert.hidden_size(),
            Network::ModernBert(bert) => bert.hidden_size(),
            Network::Static(table) => table.size(),
        }
    }

    /// The last layer's rows of all texts, one text after the other, on the host: `[word pieces of all texts, hidden]`.
    /// A text has between 1 and as many word pieces as the network has positions.
    pub(super) fn forward(&self, texts: &[&[u32]]) -> CandleResult<Vec<f32>> {
        match self {
            Network::Bert(bert) => bert.forward(texts),
            Network::ModernBert(bert) => bert.forward(texts),
            Network::Static(table) => Ok(table.rows(texts)),
        }
    }
}
