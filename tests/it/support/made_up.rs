//! Papers and embeddings that are made up, the same in every run: many of them, without the work of a model.

use paperkin::evaluate::SplitMix64;
use paperkin::library::StoredModel;
use paperkin::{Embedding, Paper};

/// Returns the model that made-up embeddings are said to be from.
pub(crate) fn model(dimension: usize) -> StoredModel {
    StoredModel::new("made-up", &"5".repeat(64), dimension)
}

/// Returns a paper with an id and a title, and nothing else.
pub(crate) fn paper(id: &str, title: &str) -> Paper {
    serde_json::from_value(serde_json::json!({"id": id, "title": title, "source": "jsonl"})).unwrap()
}

/// Returns an embedding in a random direction.
pub(crate) fn embedding(random: &mut SplitMix64, dimension: usize) -> Embedding {
    let numbers = (0..dimension).map(|_| random.unit() as f32 - 0.5).collect();
    Embedding::normalize(numbers).unwrap()
}

/// Returns JSON Lines of papers `p0`, `p1`, ... with short texts, so that little time goes into their embeddings.
pub(crate) fn short_papers(numbers: std::ops::Range<usize>) -> String {
    let line = |n| format!("{{\"id\":\"p{n}\",\"title\":\"Paper {n} on topic {}\"}}\n", n % 17);
    numbers.map(line).collect()
}
