//! Writes CSL-JSON.

use serde_json::{Value, json};

use crate::formats::common::authors::{self, NameParts};
use crate::formats::common::identifiers;
use crate::paper::Paper;

pub(crate) fn write(papers: &[Paper]) -> String {
    let items: Vec<Value> = papers.iter().map(item).collect();
    format!("{:#}\n", Value::from(items))
}

fn item(paper: &Paper) -> Value {
    let author = |author: &String| match authors::name_parts(author) {
        Some(NameParts { family, given, suffix: "" }) => json!({"family": family, "given": given}),
        Some(NameParts { family, given, suffix }) => json!({"family": family, "given": given, "suffix": suffix}),
        None => json!({"literal": author}),
    };
    let date = paper.published.or(paper.listed);
    let date = date.map(|date| json!({"date-parts": [[date.year(), date.month(), date.day()]]}));
    let mut item = json!({
        "id": paper.id,
        "type": "article",
        "title": paper.title,
        "author": paper.authors.iter().map(author).collect::<Vec<Value>>(),
        "issued": date,
        "abstract": paper.abstract_text,
        "DOI": identifiers::doi_of(paper),
        "archive": identifiers::arxiv_id_of(paper).map(|_| "arXiv"),
        "archive_location": identifiers::arxiv_id_of(paper),
        "URL": paper.link(),
        "keyword": paper.categories.join(", "),
    });
    let fields = item.as_object_mut().expect("an item is an object");
    fields.retain(|_, value| !(value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty)));
    item
}
