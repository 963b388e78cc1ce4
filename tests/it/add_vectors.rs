//! `add --vectors`: embeddings that were computed elsewhere.

use std::fs::File;
use std::sync::Arc;

use arrow_array::builder::{FixedSizeListBuilder, Float32Builder, Float64Builder, ListBuilder};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};

use crate::support::answers::ids;
use crate::support::sandbox::{Sandbox, listing};

const DIMENSION: usize = 384;

/// A row of a file of papers with vectors.
#[derive(Clone)]
struct VectorPaper {
    id: String,
    title: String,
    abstract_text: String,
    vector: Option<Vec<f32>>,
    fingerprint: Option<String>,
}

/// The types that a column of vectors can have.
#[derive(Clone, Copy)]
enum VectorType {
    List32,
    List64,
    Fixed32,
}

fn vector_column(papers: &[VectorPaper], kind: VectorType) -> ArrayRef {
    let vectors = papers.iter().map(|paper| paper.vector.as_ref());
    match kind {
        VectorType::List32 => {
            let mut lists = ListBuilder::new(Float32Builder::new());
            vectors.for_each(|vector| lists.append_option(vector.map(|vector| vector.iter().copied().map(Some))));
            Arc::new(lists.finish())
        }
        VectorType::List64 => {
            let mut lists = ListBuilder::new(Float64Builder::new());
            vectors.for_each(|vector| {
                lists.append_option(vector.map(|vector| vector.iter().map(|x| Some(f64::from(*x)))))
            });
            Arc::new(lists.finish())
        }
        VectorType::Fixed32 => {
            let mut lists = FixedSizeListBuilder::new(Float32Builder::new(), DIMENSION as i32);
            for vector in vectors {
                lists.values().append_slice(vector.unwrap());
                lists.append(true);
            }
            Arc::new(lists.finish())
        }
    }
}

/// Writes papers with their vectors; with `metadata`, the fingerprint is there, and in no column.
fn write(sandbox: &Sandbox, papers: &[VectorPaper], kind: VectorType, metadata: Option<&str>) -> String {
    let texts = |text: fn(&VectorPaper) -> Option<&str>| -> ArrayRef {
        Arc::new(papers.iter().map(text).collect::<StringArray>())
    };
    let mut columns = vec![
        ("id", texts(|paper| Some(&paper.id)), false),
        ("title", texts(|paper| Some(&paper.title)), false),
        ("abstract", texts(|paper| Some(&paper.abstract_text)), false),
        ("vector", vector_column(papers, kind), true),
    ];
    if metadata.is_none() {
        columns.push(("fingerprint", texts(|paper| paper.fingerprint.as_deref()), true));
    }
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let metadata =
        metadata.map(|fingerprint| vec![KeyValue::new("paperkin.fingerprint".to_owned(), fingerprint.to_owned())]);
    let properties = WriterProperties::builder().set_key_value_metadata(metadata).build();
    let path = sandbox.file("vectors.parquet", "");
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    path
}

/// The papers of the examples with the vectors of `embed --stream`.
fn embedded(sandbox: &Sandbox) -> Vec<VectorPaper> {
    let papers = sandbox.folder.path().join("papers.jsonl");
    let papers = papers.to_str().unwrap();
    assert_eq!(sandbox.run(&["export", "--papers", "--out", papers]).code, 0);
    let lines = std::fs::read_to_string(papers).unwrap();
    let run = sandbox.run_with_input(&["embed", "--stream"], lines.clone());
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let paper = |(line, embedded): (&str, &str)| {
        let [row, embedded]: [Value; 2] = [line, embedded].map(|line| serde_json::from_str(line).unwrap());
        VectorPaper {
            id: text(&row, "id"),
            title: text(&row, "title"),
            abstract_text: text(&row, "abstract"),
            vector: serde_json::from_value(embedded["vector"].clone()).unwrap(),
            fingerprint: Some(text(&embedded, "fingerprint")),
        }
    };
    lines.lines().zip(run.out.lines()).map(paper).collect()
}

/// The embeddings of a library with the ids of the papers.
fn stored(sandbox: &Sandbox) -> Vec<(String, Vec<f32>)> {
    let run = sandbox.run(&["export", "--papers", "--embeddings"]);
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        (row["id"].as_str().unwrap().to_owned(), serde_json::from_value(row["embedding"].clone()).unwrap())
    };
    let mut rows: Vec<(String, Vec<f32>)> = run.out.lines().map(row).collect();
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    rows
}

/// The fingerprint of the bundled model.
fn fingerprint(sandbox: &Sandbox) -> String {
    let run = sandbox.run_with_input(&["embed", "--stream"], "{\"text\": \"lamps\"}\n");
    serde_json::from_str::<Value>(&run.out).unwrap()["fingerprint"].as_str().unwrap().to_owned()
}

/// A vector of nothing but one number, which no text has.
fn axis(at: usize) -> Vec<f32> {
    (0..DIMENSION).map(|place| f32::from(u8::from(place == at))).collect()
}

fn paper(number: usize, fingerprint: &str) -> VectorPaper {
    VectorPaper {
        id: format!("p{number}"),
        title: format!("Lamps of harbor {number}"),
        abstract_text: String::new(),
        vector: Some(axis(number)),
        fingerprint: Some(fingerprint.to_owned()),
    }
}

#[test]
fn a_library_answers_as_if_it_had_computed_the_vectors() {
    let computed = Sandbox::new();
    assert_eq!(computed.run(&["add", listing()]).code, 0);
    let papers = embedded(&computed);
    let query = &["search", "language models that use tools", "--format", "json"];
    let expected = computed.json(query);
    let model = papers[0].fingerprint.clone().unwrap();
    for (kind, metadata) in
        [(VectorType::List32, None), (VectorType::List64, Some(model.as_str())), (VectorType::Fixed32, None)]
    {
        let sandbox = Sandbox::new();
        let file = write(&sandbox, &papers, kind, metadata);
        let run = sandbox.run(&["add", "--vectors", &file]);
        assert_eq!((run.code, run.err.as_str()), (0, ""));
        assert_eq!(run.out, "40 new, 0 updated, 0 unchanged: 40 papers in the library\n");
        assert!(stored(&sandbox) == stored(&computed), "the same bits");
        assert_eq!(ids(&sandbox.json(query)), ids(&expected));
        assert_eq!(sandbox.run(&["doctor"]).code, 0);
        // They are there: a second time nothing changes.
        let run = sandbox.run(&["add", "--vectors", &file]);
        assert_eq!(run.out, "0 new, 0 updated, 40 unchanged: 40 papers in the library\n");
    }
}

#[test]
fn an_exported_library_is_added_with_its_vectors() {
    let one = Sandbox::new();
    assert_eq!(one.run(&["add", listing()]).code, 0);
    let file = one.folder.path().join("all.parquet").to_str().unwrap().to_owned();
    assert_eq!(one.run(&["export", "--papers", "--embeddings", "--format", "parquet", "--out", &file]).code, 0);
    let other = Sandbox::new();
    let run = other.run(&["add", "--vectors", &file]);
    assert_eq!(run.out, "40 new, 0 updated, 0 unchanged: 40 papers in the library\n", "{}", run.err);
    assert!(stored(&other) == stored(&one), "the same bits");
    // Without embeddings there is nothing to take.
    assert_eq!(one.run(&["export", "--papers", "--format", "parquet", "--out", &file]).code, 0);
    let run = other.run(&["add", "--vectors", &file]);
    assert_eq!((run.code, run.err.lines().count()), (1, 1), "{}", run.err);
}

#[test]
fn vectors_are_taken_as_they_are() {
    let sandbox = Sandbox::new();
    let model = fingerprint(&sandbox);
    let papers: Vec<VectorPaper> = (0..300).map(|number| paper(number, &model)).collect();
    let file = write(&sandbox, &papers, VectorType::List32, None);
    assert_eq!(sandbox.run(&["add", "--vectors", &file]).code, 0);
    let expect = |number: usize| (format!("p{number}"), axis(number));
    let mut expected: Vec<(String, Vec<f32>)> = (0..300).map(expect).collect();
    expected.sort_by(|one, other| one.0.cmp(&other.0));
    assert!(stored(&sandbox) == expected, "no text was embedded");
    // Another text with another vector, and the same text with another vector, which stays as it is.
    let changed = VectorPaper { title: "Ferries at night".to_owned(), vector: Some(axis(350)), ..papers[7].clone() };
    let same = VectorPaper { vector: Some(axis(351)), ..papers[8].clone() };
    let file = write(&sandbox, &[changed, same], VectorType::List32, None);
    let run = sandbox.run(&["add", "--vectors", &file]);
    assert_eq!(run.out, "0 new, 1 updated, 1 unchanged: 300 papers in the library\n");
    let found = stored(&sandbox);
    let of = |id: &str| &found.iter().find(|(other, _)| other == id).unwrap().1;
    assert!(*of("p7") == axis(350) && *of("p8") == axis(8));
    // Without --vectors, the column is not looked at.
    let plain = Sandbox::new();
    let file = write(&plain, &papers[..2], VectorType::List32, None);
    assert_eq!(plain.run(&["add", &file]).code, 0);
    assert!(stored(&plain)[0].1 != axis(0));
}

#[test]
fn bad_vectors_are_refused_by_row() {
    let sandbox = Sandbox::new();
    let model = fingerprint(&sandbox);
    let good = paper(0, &model);
    let with = |vector: Option<Vec<f32>>| VectorPaper { vector, ..paper(1, &model) };
    let scaled = |factor: f32| axis(1).iter().map(|x| x * factor).collect::<Vec<_>>();
    let of =
        |fingerprint: Option<&str>| VectorPaper { fingerprint: fingerprint.map(str::to_owned), ..paper(1, &model) };
    for (bad, expected) in [
        (with(None), "no vector: `add` without --vectors computes it".to_owned()),
        (with(Some(axis(1)[..383].to_vec())), "the vector has 383 numbers, not 384".to_owned()),
        (with(Some(scaled(2.0))), "the vector has length 2.000, not 1".to_owned()),
        (with(Some(scaled(f32::NAN))), "the vector has a number that is not finite".to_owned()),
        (of(None), "no fingerprint of the model that made the vector".to_owned()),
        (of(Some("00")), format!("the vector is of the model `00`, and those of the library are of `{model}`")),
    ] {
        let sandbox = Sandbox::new();
        let file = write(&sandbox, &[good.clone(), bad, paper(2, &model)], VectorType::List32, None);
        let line = format!("error: {file}, record 2: {expected}\n");
        let preview = sandbox.json(&["add", "--vectors", "--dry-run", "--format", "json", &file]);
        assert_eq!(preview["files"][0]["problems"][0]["reason"], json!(expected));
        let strict = sandbox.run(&["add", "--vectors", "--strict", &file]);
        assert!(strict.code == 1 && strict.err.starts_with(&line), "{}", strict.err);
        assert!(!sandbox.library().exists(), "nothing is added");
        let run = sandbox.run(&["add", "--vectors", &file]);
        assert_eq!((run.code, run.err), (1, line));
        assert!(run.out.contains("2 new") && run.out.contains("1 rejected"), "{}", run.out);
        assert!(stored(&sandbox) == [("p0".to_owned(), axis(0)), ("p2".to_owned(), axis(2))]);
    }
}

#[test]
fn files_without_vectors_are_refused() {
    let sandbox = Sandbox::new();
    let lines = sandbox.file("papers.jsonl", json!({"id": "a", "title": "Lamps at sea"}).to_string());
    let titles: ArrayRef = Arc::new(StringArray::from(vec!["Lamps at sea"]));
    let vector = vector_column(&[paper(0, "x")], VectorType::List32);
    let parquet = |name: &str, columns: Vec<(&str, ArrayRef)>| {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let path = sandbox.file(name, "");
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        path
    };
    let bare = parquet("bare.parquet", vec![("title", titles.clone())]);
    let nameless = parquet("nameless.parquet", vec![("title", titles.clone()), ("vector", vector)]);
    let texts = parquet(
        "texts.parquet",
        vec![("title", titles.clone()), ("vector", titles.clone()), ("fingerprint", titles.clone())],
    );
    for (file, expected) in [
        (lines, ": vectors are read from Parquet, and this is jsonl"),
        (bare, ": no column `vector`: the columns are `title`"),
        (nameless, ": does not say which model made the vectors: neither a column `fingerprint`, nor"),
        (texts, ", record 1: `vector` is not a list of numbers"),
    ] {
        let run = sandbox.run(&["add", "--vectors", &file]);
        assert_eq!(run.code, 1);
        assert!(run.err.starts_with(&format!("error: {file}{expected}")), "{}", run.err);
        assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    }
}
