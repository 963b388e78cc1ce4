//! Our own word pieces against those of the `tokenizers` crate.

use std::fs::File;
use std::io::{BufRead, BufReader};

use flate2::read::GzDecoder;
use proptest::prelude::*;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::prerequisites::shared;

const JSON: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/models/all-MiniLM-L6-v2/tokenizer.json"));

/// The same file, read by us and by the crate.
struct Both {
    ours: TextTokenizer,
    crates: TextTokenizer,
}

impl Both {
    fn new(json: &[u8], max_tokens: usize, lower_case: bool) -> Both {
        let ours = TextTokenizer::new("m", json, max_tokens, lower_case).unwrap();
        assert!(matches!(ours.splitter, TokenizerBackend::WordPiece(_)));
        let crates =
            TextTokenizer::truncated("m", TokenizerBackend::any(json).unwrap(), max_tokens, lower_case).unwrap();
        assert_eq!(ours.vocab_size(), crates.vocab_size());
        Both { ours, crates }
    }

    #[track_caller]
    fn check(&self, text: &str) {
        assert_eq!(self.ours.ids(text).unwrap(), self.crates.ids(text).unwrap(), "{text:?}");
    }
}

/// What words are made of, and what comes between them.
const PARTS: [&str; 40] = [
    " ", "\n", "\t", "\r", "\0", "\u{b}", "\u{c}", "\u{7f}", "\u{85}", "\u{a0}", "\u{ad}", "\u{200b}", "\u{2003}",
    "\u{2028}", "\u{fffd}", "\u{301}", "\u{344}", "\u{93f}", "[CLS]", "[SEP]", "[MASK]", "[UNK]", "[mask]", "[", "]",
    "##", "#", "un", "able", "GRAPH", "Über", "ß", "İ", "Σ", "—", "…", "日本", "が", "한국", "1000",
];

fn texts() -> impl Strategy<Value = String> {
    let parts = prop::collection::vec(prop::sample::select(&PARTS[..]), 0..40).prop_map(|parts| parts.concat());
    prop_oneof![parts, "[ -~\\t\\n]{0,200}", "[\\x00-\\x7f]{0,100}", "\\PC{0,100}", ".{0,100}"]
}

#[test]
fn texts_have_the_crates_ids() {
    let pairs = [(256, false), (8, false), (256, true)].map(|(most, lower_case)| Both::new(JSON, most, lower_case));
    proptest!(|(text in texts(), around in texts())| {
        for both in &pairs {
            both.check(&text);
            both.check(&format!("{around}{text}{around}"));
        }
    });
}

#[test]
fn every_character_has_the_crates_ids() {
    let both = Both::new(JSON, 512, false);
    // The planes beyond are empty or private, but for a few: some of each.
    let all = (0..0x3_2000).chain((0xe_0000..0x11_0000).step_by(97));
    let all: Vec<char> = all.filter_map(char::from_u32).collect();
    all.par_chunks(64).for_each(|some| {
        both.check(&some.iter().map(|c| format!("a{c}a {c}")).collect::<String>());
        both.check(&some.iter().map(|c| format!("{c}\u{301} ")).collect::<String>());
    });
}

#[test]
fn long_texts_have_the_crates_ids() {
    let pairs = [16, 256].map(|most| Both::new(JSON, most, false));
    for word in [
        "word ",
        "über\u{301} ",
        "日本語",
        "日本語ひらがな\u{3099}，",
        "[MASK]",
        "x",
        "é",
        "\u{301}",
        "\0",
        "#",
        "a\u{0}",
    ] {
        for count in [99, 100, 101, 500, 5000] {
            for both in &pairs {
                both.check(&word.repeat(count));
                both.check(&format!("{} {}!", "many words ".repeat(count / 10), word.repeat(count)));
            }
        }
    }
}

#[test]
fn abstracts_have_the_crates_ids() {
    #[derive(serde::Deserialize)]
    struct Paper {
        title: String,
        r#abstract: String,
    }

    let Some(path) = shared("data/hf_daily_papers/papers.jsonl.gz") else { return };
    let file = File::open(path).unwrap();
    let both = Both::new(JSON, 256, false);
    let lines: Vec<String> = BufReader::new(GzDecoder::new(file)).lines().map(|line| line.unwrap()).collect();
    lines.par_iter().for_each(|line| {
        let paper: Paper = serde_json::from_str(line).unwrap();
        both.check(&format!("{}. {}", paper.title, paper.r#abstract));
    });
    assert!(lines.len() > 10_000);
}

/// A recipe with few pieces, as fields to change.
fn small() -> Value {
    let words =
        ["[UNK]", "[CLS]", "[SEP]", "the", "graph", "##s", "Graph", "é", "e", "##é", "##e", "##", "#", "[", "[x]"];
    let added = |content: &str, id: usize| {
        json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
               "normalized": false, "special": true})
    };
    json!({
        "version": "1.0", "truncation": null, "padding": null, "decoder": null,
        "added_tokens": [added("[CLS]", 1), added("[SEP]", 2), added("[x]", 14)],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                       "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 6,
                  "vocab": words.iter().zip(0u32..).map(|(word, id)| (word.to_string(), json!(id))).collect::<Value>()},
    })
}

#[test]
fn known_recipes_are_ours_and_others_the_crates() {
    let changed = |place: &str, value: Value| {
        let mut json = small();
        *json.pointer_mut(place).unwrap() = value;
        json.to_string()
    };
    let ours = |place: &str, value: Value| {
        let both = Both::new(changed(place, value).as_bytes(), 20, false);
        for text in
            ["The graphs", "Graph graphé gráphs", "the##s [x]the[X]", "graphss graphsss", "é e\u{301} E ee##", ""]
        {
            both.check(text);
        }
    };
    ours("/version", json!("1.0"));
    ours("/normalizer/lowercase", json!(false));
    ours("/normalizer/strip_accents", json!(false));
    ours("/normalizer/strip_accents", json!(true));
    ours("/model/max_input_chars_per_word", json!(5));
    ours("/model/unk_token", json!("the"));
    ours(
        "/padding",
        json!({"strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0,
                            "pad_type_id": 0, "pad_token": "[UNK]"}),
    );
    let special = |id: &str| json!({"SpecialToken": {"id": id, "type_id": 0}});
    let text = json!({"Sequence": {"id": "A", "type_id": 0}});
    let template = |single: Value| {
        json!({"type": "TemplateProcessing", "single": single, "pair": [],
               "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]},
                                  "two": {"id": "two", "ids": [2, 3], "tokens": ["[SEP]", "the"]}}})
    };
    ours("/post_processor", template(json!([special("[CLS]"), text, special("two")])));

    let others = |place: &str, value: Value| {
        let json = changed(place, value);
        assert!(config::read(json.as_bytes()).is_none(), "{place}");
        let read =
            Tokenizer::from_bytes(&json).map(|_| ()).map_err(|error| format!("model `m`: tokenizer.json: {error}"));
        let ours = TextTokenizer::new("m", json.as_bytes(), 20, false).map(|_| ()).map_err(|error| error.to_string());
        assert!(ours == read || ours.is_err_and(|error| error.contains("no special tokens")), "{place}");
    };
    others("/version", json!("1.1"));
    others("/normalizer", json!(null));
    others("/normalizer", json!({"type": "Lowercase"}));
    others("/normalizer/clean_text", json!(false));
    others("/normalizer/handle_chinese_chars", json!(false));
    others("/pre_tokenizer", json!({"type": "Whitespace"}));
    others("/post_processor", json!(null));
    others("/post_processor", template(json!([text])));
    others("/post_processor", template(json!([special("[CLS]"), text, text])));
    others("/model/type", json!("WordLevel"));
    others("/model/continuing_subword_prefix", json!(""));
    others("/model/unk_token", json!("none"));
    others("/model/vocab", json!([]));
    others("/truncation", json!(7));
    others("/decoder", json!("none"));
    others("/added_tokens/0/normalized", json!(true));
    others("/added_tokens/0/single_word", json!(true));
    others("/added_tokens/0/lstrip", json!(true));
    others("/added_tokens/0/rstrip", json!(true));
    others("/added_tokens/0/content", json!("the"));
    others("/added_tokens/0/content", json!("[new]"));
    let twice = small().to_string().replacen("\"the\":3", "\"the\":3,\"the\":4", 1);
    assert!(config::read(small().to_string().as_bytes()).is_some() && config::read(twice.as_bytes()).is_none());
}

#[test]
fn a_first_look_sees_what_the_whole_would_give() {
    let tokens = TextTokenizer::new("m", JSON, 32, false).unwrap();
    let check = |text: &str| assert_eq!(tokens.ids(text).unwrap(), tokens.token_ids(text).unwrap(), "{:.50}", text);
    for word in ["word ", "über\u{301}\u{85}x ", "日本語", "unbelievable, ", "\u{200b} ", "  \n", &"x".repeat(150)]
    {
        check(&word.repeat(3));
        check(&word.repeat(3000));
        check(&format!("{}{}", "many words ".repeat(180), word.repeat(900)));
    }
    // Each one unknown word, and together more than one look.
    check(&format!("{} ", "y".repeat(400)).repeat(60));
}

#[test]
fn starts_end_at_blanks() {
    assert_eq!(start("ab cd", 5), "ab cd");
    assert_eq!(start("ab cd", 4), "ab");
    assert_eq!(start("ab\u{e9} cd", 4), "ab\u{e9} cd");
    assert_eq!(start("abcdef", 4), "abcdef");
    assert_eq!(start(" bcdef", 4), "");
}
