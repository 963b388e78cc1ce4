//! The network by candle's operations, as on a GPU, here on candle's CPU.

use std::sync::atomic::{AtomicUsize, Ordering};

use candle_core::{DType, Device};

use super::tiny::Tiny;
use super::*;

/// The encoder of a model with candle's operations, whatever kernels there are for its sizes.
pub(super) fn on_device(choice: &ModelChoice, dtype: DType) -> Encoder {
    let model = Model::open(choice, &HubOptions::default()).unwrap();
    Encoder {
        identity: model.identity,
        tokens: model.tokens,
        network: Network::on_device(model.network, &Device::Cpu, dtype).unwrap(),
        pooling: model.pooling,
        head: model.head,
        prompts: model.prompts,
        // A few texts at a time.
        device_batch: 1000,
        device_turn: Mutex::default(),
    }
}

/// The least cosine of two lists.
fn least_cosine(a: &[Embedding], b: &[Embedding]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a.cosine(b)).fold(1.0, f32::min)
}

#[test]
#[cfg(bundled_weights)]
fn padded_batches_give_what_the_kernels_give() {
    let long = "Graph neural networks pass messages along the edges of a graph. ".repeat(30);
    // Shorter and longer than the model reads, the longest alike, one empty: all in one batch.
    let texts: Vec<&str> = (0..20).map(|step| &long[..step * step * 5]).collect();
    let kernels = encode(&encoder_with(&ModelChoice::Bundled, Some(Precision::F32), None), &texts);
    let full = on_device(&ModelChoice::Bundled, DType::F32);
    assert_eq!(full.precision(), Precision::F32);
    let cosine = least_cosine(&kernels, &encode(&full, &texts));
    assert!(cosine > 0.999_99, "f32: {cosine}");
    let half = on_device(&ModelChoice::Bundled, DType::BF16);
    assert_eq!(half.precision(), Precision::Bf16);
    let cosine = least_cosine(&kernels, &encode(&half, &texts));
    // On a CPU, candle also sums the weights of attention in bf16; its kernels for GPUs sum in f32.
    assert!(cosine > 0.998, "bf16: {cosine}");
}

#[test]
fn padding_changes_nothing() {
    let tiny = Tiny::new();
    for mode in ["mean", "cls", "max"] {
        tiny.write_json("1_Pooling/config.json", &serde_json::json!({"pooling_mode": mode}));
        for (dtype, least) in [(DType::F32, 0.999_999), (DType::BF16, 0.999)] {
            let encoder = on_device(&tiny.choice(), dtype);
            let texts =
                ["graphs of the neural network", "", "light", "a graph of a graph of a graph of a graph", "B b"];
            let alone: Vec<Embedding> = texts.iter().flat_map(|text| encode(&encoder, &[text])).collect();
            let cosine = least_cosine(&alone, &encode(&encoder, &texts));
            assert!(cosine > least, "{mode} {dtype:?}: {cosine}");
        }
    }
}

#[test]
fn every_kind_of_network_gives_what_the_kernels_give() {
    let long = "Graph neural networks pass messages along the edges of a graph. ".repeat(30);
    let mut texts: Vec<&str> = (0..20).map(|step| &long[..step * step * 5]).collect();
    // What RoBERTa's positions do not count.
    texts.push("a <pad> graph <pad> of graphs");
    for name in ["bert-prompts", "bert-prompt-cls", "bert-dense", "roberta", "xlm-roberta", "modernbert"] {
        let choice = ModelChoice::Directory(golden::folder(name));
        let kernels = encoder_with(&choice, Some(Precision::F32), None);
        assert!(matches!(kernels.network, Network::Host(_)), "{name}");
        for (dtype, least) in [(DType::F32, 0.999_99), (DType::BF16, 0.99)] {
            let device = on_device(&choice, dtype);
            for side in [TextSide::Query, TextSide::Document] {
                let encode = |encoder: &Encoder| encoder.encode(side, &texts, &|_| {}).unwrap();
                let cosine = least_cosine(&encode(&kernels), &encode(&device));
                assert!(cosine > least, "{name} {dtype:?} {side:?}: {cosine}");
            }
        }
    }
}

#[test]
fn windows_come_back_in_order() {
    let tiny = Tiny::new();
    let encoder = on_device(&tiny.choice(), DType::F32);
    let words = ["graph", "light", "matter", "network", "of"];
    let texts: Vec<String> = (0..2 * WINDOW + 100)
        .map(|text| (0..text % 11).map(|word| words[(text / 11 + word) % words.len()]).collect::<Vec<_>>().join(" "))
        .collect();
    let told = AtomicUsize::new(0);
    let tell = |more: usize| {
        told.fetch_add(more, Ordering::Relaxed);
    };
    let embeddings = encoder.encode(TextSide::Document, &texts, &tell).unwrap();
    assert_eq!((embeddings.len(), told.into_inner()), (texts.len(), texts.len()));
    for text in (0..texts.len()).step_by(97) {
        let cosine = encode(&encoder, &[&texts[text]])[0].cosine(&embeddings[text]);
        assert!(cosine > 0.999_99, "{text}: {cosine}");
    }
}

#[test]
fn batches_are_bounded_and_complete() {
    let ids: Vec<Vec<u32>> = (0..500).map(|text| vec![0; 1 + text * 7 % 97]).collect();
    for (padded, most) in [(false, 300), (true, 300), (true, 1), (false, 1)] {
        let batches = batches(&ids, most, padded);
        let mut seen = vec![0; ids.len()];
        for batch in &batches {
            batch.iter().for_each(|text| seen[*text] += 1);
            let lengths: Vec<usize> = batch.iter().map(|text| ids[*text].len()).collect();
            let longest = lengths.iter().copied().max().unwrap();
            let size = if padded { longest * batch.len() } else { lengths.iter().sum() };
            assert!(size <= most || batch.len() == 1, "{size} word pieces, padded: {padded}");
        }
        assert!(seen.iter().all(|count| *count == 1));
    }
    assert_eq!(batches(&[], 300, true), Vec::<Vec<usize>>::new());
}
