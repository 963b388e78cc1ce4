//! A tiny BERT with random weights, and stock candle's opinion of it.

use std::collections::HashMap;
use std::fs;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::pooling::Pooling;
use super::*;
use crate::random::SplitMix64;

const HIDDEN: usize = 12;
const WIDE: usize = 20;
const WORDS: [&str; 14] =
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "graph", "##s", "neural", "network", "of", "the", "light", "matter", "a", "B"];

/// The files of a model in a folder that goes away with it.
pub(super) struct Tiny {
    pub(super) folder: TempDir,
}

impl Tiny {
    pub(super) fn new() -> Tiny {
        let tiny = Tiny { folder: tempfile::tempdir().unwrap() };
        tiny.write_json(
            "config.json",
            &json!({
                "model_type": "bert", "vocab_size": WORDS.len(), "hidden_size": HIDDEN, "num_hidden_layers": 2,
                "num_attention_heads": 3, "intermediate_size": WIDE, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
                "max_position_embeddings": 24, "type_vocab_size": 2, "initializer_range": 0.02,
                "layer_norm_eps": 1e-12, "pad_token_id": 0,
            }),
        );
        let vocabulary: HashMap<_, _> = WORDS.iter().zip(0..).collect();
        let special = |content: &str, id: u32| {
            json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
                   "normalized": false, "special": true})
        };
        tiny.write_json(
            "tokenizer.json",
            &json!({
                "version": "1.0",
                "truncation": {"max_length": 3, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
                "padding": {"strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0,
                            "pad_type_id": 0, "pad_token": "[PAD]"},
                "added_tokens": [special("[CLS]", 2), special("[SEP]", 3)],
                "normalizer": null,
                "pre_tokenizer": {"type": "BertPreTokenizer"},
                "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
                "decoder": null,
                "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                          "max_input_chars_per_word": 100, "vocab": vocabulary},
            }),
        );
        tiny.write_modules(&[("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")]);
        tiny.write_json("1_Pooling/config.json", &json!({"pooling_mode_mean_tokens": true}));
        tiny.write_json("sentence_bert_config.json", &json!({"max_seq_length": 16, "do_lower_case": false}));
        tiny.write_weights(&tensors(""));
        tiny
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn choice(&self) -> ModelChoice {
        ModelChoice::Directory(self.path().to_path_buf())
    }

    pub(super) fn write_json(&self, name: &str, value: &Value) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, value.to_string()).unwrap();
    }

    pub(super) fn write_modules(&self, modules: &[(&str, &str)]) {
        let module =
            |(kind, path): &(&str, &str)| json!({"path": path, "type": format!("sentence_transformers.models.{kind}")});
        self.write_json("modules.json", &modules.iter().map(module).collect());
    }

    fn set(&self, file: &str, field: &str, value: Value) {
        let path = self.path().join(file);
        let mut fields: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        fields[field] = value;
        self.write_json(file, &fields);
    }

    fn write_weights(&self, tensors: &HashMap<String, Tensor>) {
        candle_core::safetensors::save(tensors, self.path().join("model.safetensors")).unwrap();
    }

    /// The last layer of candle's own `BertModel`, in rows.
    fn stock_rows(&self, ids: &[u32]) -> Vec<f32> {
        let file = |name: &str| fs::read(self.path().join(name)).unwrap();
        let config = String::from_utf8(file("config.json")).unwrap().replace("gelu_new", "geluapproximate");
        let config: Config = serde_json::from_str(&config).unwrap();
        let weights =
            VarBuilder::from_buffered_safetensors(file("model.safetensors"), DType::F32, &Device::Cpu).unwrap();
        let bert = BertModel::load(weights, &config).unwrap();
        let ids = Tensor::from_slice(ids, (1, ids.len()), &Device::Cpu).unwrap();
        let rows = bert.forward(&ids, &ids.zeros_like().unwrap(), None).unwrap();
        rows.flatten_all().unwrap().to_vec1().unwrap()
    }
}

/// Random parameters, the same in every run.
fn tensors(prefix: &str) -> HashMap<String, Tensor> {
    let mut numbers = SplitMix64::new(1);
    let mut random = |shape: &[usize]| {
        let numbers: Vec<f32> = (0..shape.iter().product()).map(|_| numbers.unit() as f32 - 0.5).collect();
        Tensor::from_vec(numbers, shape, &Device::Cpu).unwrap()
    };
    let mut tensors = HashMap::new();
    let mut add = |name: &str, shapes: &[(&str, &[usize])]| {
        for (part, shape) in shapes {
            tensors.insert(format!("{prefix}{name}.{part}"), random(shape));
        }
    };
    let (vector, wide): (&[usize], &[usize]) = (&[HIDDEN], &[WIDE]);
    add("embeddings.word_embeddings", &[("weight", &[WORDS.len(), HIDDEN])]);
    add("embeddings.position_embeddings", &[("weight", &[24, HIDDEN])]);
    add("embeddings.token_type_embeddings", &[("weight", &[2, HIDDEN])]);
    add("embeddings.LayerNorm", &[("weight", vector), ("bias", vector)]);
    for layer in 0..2 {
        for name in ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"] {
            add(&format!("encoder.layer.{layer}.{name}"), &[("weight", &[HIDDEN, HIDDEN]), ("bias", vector)]);
        }
        add(&format!("encoder.layer.{layer}.intermediate.dense"), &[("weight", &[WIDE, HIDDEN]), ("bias", wide)]);
        add(&format!("encoder.layer.{layer}.output.dense"), &[("weight", &[HIDDEN, WIDE]), ("bias", vector)]);
        for name in ["attention.output.LayerNorm", "output.LayerNorm"] {
            add(&format!("encoder.layer.{layer}.{name}"), &[("weight", vector), ("bias", vector)]);
        }
    }
    add("pooler.dense", &[("weight", &[HIDDEN, HIDDEN]), ("bias", vector)]);
    tensors
}

const TEXTS: [&str; 7] = [
    "graphs of the neural network",
    "",
    "light matter",
    "matter light",
    "a graph of a graph of a graph of a graph of a graph of a graph",
    "zzz B b",
    "network network",
];

#[track_caller]
fn check_against_stock(tiny: &Tiny, pooling: Pooling) {
    let encoder = encoder(&tiny.choice());
    for (text, embedding) in TEXTS.iter().zip(encode(&encoder, &TEXTS)) {
        let rows = tiny.stock_rows(&encoder.token_ids(TextSide::Document, text).unwrap());
        let expect = Embedding::normalize(pooling.pool(&rows, HIDDEN, 0)).unwrap();
        for (got, expect) in embedding.as_slice().iter().zip(expect.as_slice()) {
            assert!((got - expect).abs() < 1e-5, "{text:?}: {got}, stock candle says {expect}");
        }
    }
}

#[test]
fn every_pooling_and_activation_is_stock_candles() {
    let tiny = Tiny::new();
    for (mode, pooling) in [("mean", Pooling::Mean), ("cls", Pooling::Cls), ("max", Pooling::Max)] {
        tiny.write_json("1_Pooling/config.json", &json!({"pooling_mode": mode}));
        check_against_stock(&tiny, pooling);
    }
    for activation in ["gelu_new", "relu"] {
        tiny.set("config.json", "hidden_act", activation.into());
        check_against_stock(&tiny, Pooling::Max);
    }
}

#[test]
fn names_with_and_without_prefix() {
    let tiny = Tiny::new();
    let plain = encode(&encoder(&tiny.choice()), &TEXTS);
    tiny.write_weights(&tensors("bert."));
    assert_eq!(encode(&encoder(&tiny.choice()), &TEXTS), plain);
}

#[test]
fn half_precision_is_read() {
    let tiny = Tiny::new();
    let full = encode(&encoder(&tiny.choice()), &TEXTS);
    for dtype in [DType::F16, DType::BF16] {
        let half = tensors("").into_iter().map(|(name, tensor)| (name, tensor.to_dtype(dtype).unwrap())).collect();
        tiny.write_weights(&half);
        let half = encode(&encoder(&tiny.choice()), &TEXTS);
        assert!(full.iter().zip(&half).all(|(a, b)| a != b && a.cosine(b) > 0.999), "{dtype:?}");
    }
}

#[test]
fn truncation_and_lower_case_are_the_models() {
    let tiny = Tiny::new();
    let check =
        |text: &str, ids: &[u32]| assert_eq!(encoder(&tiny.choice()).token_ids(TextSide::Document, text).unwrap(), ids);
    // The tokenizer's own truncation at 3 and padding to 9 are not used.
    check("graphs of B", &[2, 4, 5, 8, 13, 3]);
    tiny.write_json("sentence_bert_config.json", &json!({"max_seq_length": 5, "do_lower_case": true}));
    check("graphs of B", &[2, 4, 5, 8, 3]);
    check("B", &[2, 1, 3]);
    // Without a word about it, and whatever it says, as many as there are positions.
    for settings in [json!({}), json!({"max_seq_length": 512})] {
        tiny.write_json("sentence_bert_config.json", &settings);
        assert_eq!(encoder(&tiny.choice()).token_ids(TextSide::Document, &"a ".repeat(99)).unwrap().len(), 24);
    }
}

#[test]
fn fingerprint_is_of_all_that_matters() {
    let tiny = Tiny::new();
    let identity = || Model::open(&tiny.choice(), &HubOptions::default()).unwrap().identity().clone();
    let mut seen = vec![identity().fingerprint];
    assert_eq!(identity().fingerprint, seen[0]);
    let mut differs = |what: &str| {
        let fingerprint = identity().fingerprint;
        assert!(!seen.contains(&fingerprint), "{what}");
        seen.push(fingerprint);
    };
    tiny.write_json("1_Pooling/config.json", &json!({"pooling_mode": "cls"}));
    differs("pooling");
    tiny.write_json("sentence_bert_config.json", &json!({"max_seq_length": 12}));
    differs("truncation");
    tiny.set("config.json", "num_attention_heads", 4.into());
    differs("heads");
    let mut changed = tensors("");
    changed.insert("embeddings.LayerNorm.bias".into(), Tensor::zeros(HIDDEN, DType::F32, &Device::Cpu).unwrap());
    tiny.write_weights(&changed);
    differs("weights");
}

#[test]
fn without_modules_the_mean_is_taken() {
    let tiny = Tiny::new();
    fs::remove_file(tiny.path().join("modules.json")).unwrap();
    tiny.write_json("1_Pooling/config.json", &json!({"pooling_mode": "cls"}));
    check_against_stock(&tiny, Pooling::Mean);
}

#[test]
fn what_is_wrong_is_named() {
    let check = |spoil: &dyn Fn(&Tiny), expect: &str| {
        let tiny = Tiny::new();
        spoil(&tiny);
        let message = Model::open(&tiny.choice(), &HubOptions::default()).err().map(|error| error.one_line());
        let message = message.unwrap_or_default();
        assert!(message.contains(expect), "{message:?} does not say {expect:?}");
    };
    let spoil_tensor = |name: &str, tensor: Option<Tensor>| {
        let mut tensors = tensors("");
        match tensor {
            Some(tensor) => tensors.insert(name.into(), tensor),
            None => tensors.remove(name),
        };
        tensors
    };
    let remove = |tiny: &Tiny, name: &str| fs::remove_file(tiny.path().join(name)).unwrap();
    for name in ["config.json", "tokenizer.json", "1_Pooling/config.json", "model.safetensors"] {
        check(&|tiny| remove(tiny, name), &format!("no {name}"));
    }
    check(
        &|tiny| fs::rename(tiny.path().join("model.safetensors"), tiny.path().join("pytorch_model.bin")).unwrap(),
        "no model.safetensors; pytorch_model.bin is not supported",
    );
    check(&|tiny| tiny.set("config.json", "model_type", "mpnet".into()), "unsupported model_type `mpnet`");
    check(&|tiny| tiny.write_modules(&[("Transformer", ""), ("Pooling", "1_Pooling"), ("LSTM", "2")]), "models.LSTM`");
    check(
        &|tiny| tiny.set("config.json", "vocab_size", 9.into()),
        "has 14 word pieces, but vocab_size in config.json is 9",
    );
    check(&|tiny| fs::write(tiny.path().join("model.safetensors"), "x").unwrap(), "model.safetensors: ");
    check(&|tiny| fs::write(tiny.path().join("tokenizer.json"), "{}").unwrap(), "tokenizer.json: ");
    check(&|tiny| tiny.write_json("sentence_bert_config.json", &json!({"max_seq_length": 2})), "leaves no room");

    let name = "encoder.layer.1.output.dense.bias";
    let vector = |numbers: &[f32]| Tensor::new(numbers, &Device::Cpu).unwrap();
    check(&|tiny| tiny.write_weights(&spoil_tensor(name, None)), &format!("tensor `{name}` is missing"));
    check(&|tiny| tiny.write_weights(&spoil_tensor(name, Some(vector(&[0.0; 5])))), &format!("`{name}` has shape [5]"));
    let mut numbers = [0.0; HIDDEN];
    for bad in [f32::NAN, f32::INFINITY] {
        numbers[3] = bad;
        check(
            &|tiny| tiny.write_weights(&spoil_tensor(name, Some(vector(&numbers)))),
            &format!("`{name}` contains {bad}"),
        );
    }
    let integers = Tensor::zeros(HIDDEN, DType::U8, &Device::Cpu).unwrap();
    check(
        &|tiny| tiny.write_weights(&spoil_tensor(name, Some(integers.clone()))),
        &format!("`{name}` has unsupported type U8"),
    );

    let message = Model::open(&ModelChoice::Directory("/no/such".into()), &HubOptions::default()).err().unwrap();
    assert_eq!(message.to_string(), "model `/no/such`: no such directory");
}

#[test]
fn quantized_is_near_and_reproducible() {
    let tiny = Tiny::new();
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let identity = quantize(tiny.path(), first.path()).unwrap();
    tiny.write_weights(&tensors("bert."));
    assert_eq!(quantize(tiny.path(), second.path()).unwrap().fingerprint, identity.fingerprint);
    let bytes = |folder: &TempDir| fs::read(folder.path().join("model.safetensors")).unwrap();
    assert_eq!(bytes(&first), bytes(&second));

    let small = ModelChoice::Directory(first.path().to_path_buf());
    let (full, small) = (encode(&encoder(&tiny.choice()), &TEXTS), encode(&encoder(&small), &TEXTS));
    assert!(full.iter().zip(&small).all(|(a, b)| a.cosine(b) > 0.999));
    assert_ne!(encoder(&tiny.choice()).identity().fingerprint, identity.fingerprint);

    let message = quantize(first.path(), second.path()).unwrap_err().to_string();
    assert!(message.contains("already quantized"), "{message}");
}
