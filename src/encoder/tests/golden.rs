//! Tiny models of each kind against the reference implementations of their kind: `tests/fixtures/encoders/make.py` wrote the
//! models and what these make of a few texts.

use std::path::PathBuf;

use candle_core::DType;
use serde::Deserialize;

use super::super::pooling::Pooling;
use super::device::on_device;
use super::*;

#[derive(Deserialize)]
struct ExpectedText {
    side: String,
    text: String,
    ids: Vec<u32>,
    embedding: Vec<f32>,
}

impl ExpectedText {
    fn side(&self) -> TextSide {
        if self.side == "query" { TextSide::Query } else { TextSide::Document }
    }
}

pub(super) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/encoders").join(name)
}

fn open(folder: &Path) -> Model {
    Model::open(&ModelChoice::Directory(folder.to_owned()), &HubOptions::default()).unwrap()
}

/// A copy of a model without one of its files.
fn without(name: &str, file: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder(name)).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() && entry.file_name() != file {
            fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
    }
    if file != "modules.json" {
        fs::create_dir(copy.path().join("1_Pooling")).unwrap();
        fs::copy(folder(name).join("1_Pooling/config.json"), copy.path().join("1_Pooling/config.json")).unwrap();
    }
    copy
}

/// By the kernels, and by candle's operations.
#[track_caller]
fn check(name: &str) {
    let choice = ModelChoice::Directory(folder(name));
    check_encoder(name, &encoder(&choice));
    check_encoder(name, &on_device(&choice, DType::F32));
}

#[track_caller]
fn check_encoder(name: &str, encoder: &Encoder) {
    let expected: Vec<ExpectedText> =
        serde_json::from_str(&fs::read_to_string(folder(name).join("expected.json")).unwrap()).unwrap();
    assert!(expected.len() > 3);
    for side in [TextSide::Query, TextSide::Document] {
        let expected: Vec<_> = expected.iter().filter(|expected| expected.side() == side).collect();
        let texts: Vec<&str> = expected.iter().map(|expected| &expected.text[..]).collect();
        let together = encoder.encode(side, &texts, &|_| ()).unwrap();
        for (expected, embedding) in expected.iter().zip(together) {
            let text = &expected.text;
            assert_eq!(encoder.token_ids(side, text).unwrap(), expected.ids, "{name}: {text:?}");
            assert_eq!(embedding.dimension(), expected.embedding.len());
            for (got, expect) in embedding.as_slice().iter().zip(&expected.embedding) {
                assert!((got - expect).abs() < 2e-5, "{name}: {text:?}: {got}, not {expect}");
            }
        }
    }
}

#[test]
fn prompts_are_left_out_of_the_pooling_where_the_model_says_so() {
    check("bert-prompts");
}

#[test]
fn prompts_are_read() {
    check("bert-prompt-cls");
}

#[test]
fn dense_modules_follow_the_pooling() {
    check("bert-dense");
}

#[test]
fn roberta_with_byte_pairs() {
    check("roberta");
}

#[test]
fn xlm_roberta_with_unigrams() {
    check("xlm-roberta");
}

#[test]
fn modern_bert_with_local_attention() {
    check("modernbert");
    check("modernbert-odd");
}

#[test]
fn model2vec_without_unknown_words() {
    check("model2vec");
}

#[test]
fn static_embedding_of_sentence_transformers() {
    check("static-embedding");
}

#[test]
fn a_table_of_words_has_an_embedding_for_every_text() {
    for name in ["model2vec", "static-embedding"] {
        let encoder = encoder(&ModelChoice::Directory(folder(name)));
        let embeddings = encode(&encoder, &["", "graph", "漢"]);
        assert_eq!(embeddings.len(), 3, "{name}");
        assert!(embeddings[0] != embeddings[1]);
    }
}

#[test]
fn a_library_from_before_the_prompts_goes_on_without_them() {
    let bare = without("bert-prompts", "config_sentence_transformers.json");
    let (old, new) = (open(bare.path()), open(&folder("bert-prompts")));
    assert_ne!(old.identity().fingerprint, new.identity().fingerprint);
    let as_before = open(&folder("bert-prompts")).matching(&old.identity().fingerprint);
    assert_eq!(as_before.identity().fingerprint, old.identity().fingerprint);
    let embedding = |model| {
        let encoder = Encoder::new(model, &EncoderOptions { device: DeviceChoice::Cpu, ..EncoderOptions::default() });
        encoder.unwrap().encode(TextSide::Query, &["graph"], &|_| ()).unwrap().remove(0)
    };
    assert_eq!(embedding(as_before), embedding(old));
    let unknown = open(&folder("bert-prompts")).matching("of another model");
    assert_eq!(unknown.identity(), new.identity());
}

#[test]
fn pooling_is_chosen_once_where_the_files_leave_it_open() {
    let bare = without("roberta", "modules.json");
    let chosen = open(bare.path()).with_pooling(Pooling::Cls).unwrap();
    let mean = open(bare.path());
    assert_ne!(chosen.identity(), mean.identity());
    assert_eq!(open(bare.path()).with_pooling(Pooling::Mean).unwrap().identity(), mean.identity());
    assert_eq!(mean.matching(&chosen.identity().fingerprint).identity(), chosen.identity());

    // A model whose files say what it was trained with.
    assert_eq!(
        open(&folder("roberta")).with_pooling(Pooling::Mean).unwrap().identity(),
        open(&folder("roberta")).identity()
    );
    for name in ["roberta", "model2vec"] {
        let message = open(&folder(name)).with_pooling(Pooling::Cls).err().unwrap().to_string();
        assert!(message.contains("it was trained with mean pooling, which cannot be replaced by cls"), "{message}");
    }
}

#[test]
fn only_a_bert_is_quantized() {
    let out = tempfile::tempdir().unwrap();
    for name in ["modernbert", "model2vec", "bert-dense"] {
        let message = quantize(&folder(name), out.path()).unwrap_err().to_string();
        assert!(message.contains("only a BERT or RoBERTa without Dense modules"), "{message}");
    }
    let identity = quantize(&folder("roberta"), out.path()).unwrap();
    assert_ne!(identity.fingerprint, open(&folder("roberta")).identity().fingerprint);
}
