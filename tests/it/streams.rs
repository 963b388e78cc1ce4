//! `embed --stream` and `neighbors --stream`: one row out for each row in, as Arrow and as JSON lines.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::process::Command;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float32Type;
use arrow_array::{
    ArrayRef, FixedSizeListArray, Float32Array, Float64Array, Int64Array, LargeStringArray, NullArray, RecordBatch,
    StringArray, StringViewArray,
};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::{DataType, Field};
use serde_json::{Value, json};

use crate::support::prerequisites::python;
use crate::support::sandbox::{Sandbox, listing};

/// What a run did with a stream.
struct StreamRun {
    code: i32,
    out: Vec<u8>,
    err: String,
}

fn run(sandbox: &Sandbox, args: &[&str], input: &[u8]) -> StreamRun {
    let output = sandbox.command(args).write_stdin(input).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    StreamRun { code: output.status.code().unwrap_or(-1), out: output.stdout, err }
}

impl StreamRun {
    /// The batches of a stream that was read to its end.
    fn batches(&self) -> Vec<RecordBatch> {
        assert_eq!((self.code, self.err.as_str()), (0, ""));
        StreamReader::try_new(Cursor::new(&self.out), None).unwrap().map(Result::unwrap).collect()
    }

    /// The objects of JSON lines.
    fn objects(&self) -> Vec<Value> {
        assert_eq!((self.code, self.err.as_str()), (0, ""));
        self.out
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect()
    }
}

fn batch(columns: &[(&str, ArrayRef)]) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.iter().map(|(name, column)| (*name, column.clone(), true)))
        .unwrap()
}

fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &batches[0].schema()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
    bytes
}

fn strings<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(texts.into_iter().collect::<StringArray>())
}

/// The vectors of a column of lists.
fn vectors(batch: &RecordBatch) -> Vec<Option<Vec<f32>>> {
    let lists = batch.column_by_name("vector").unwrap().as_list::<i32>();
    lists.iter().map(|list| Some(list?.as_primitive::<Float32Type>().values().to_vec())).collect()
}

fn texts_of(batch: &RecordBatch, column: &str) -> Vec<Option<String>> {
    batch.column_by_name(column).unwrap().as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
}

/// What `embed FILE` makes of texts.
fn embedded(sandbox: &Sandbox, texts: &[&str]) -> Vec<Vec<f32>> {
    let lines: String = texts.iter().map(|text| format!("{}\n", json!({ "text": text }))).collect();
    let file = sandbox.file("texts.jsonl", lines);
    let out = sandbox.folder.path().join("vectors.f32");
    assert_eq!(sandbox.run(&["embed", &file, "--out", out.to_str().unwrap()]).code, 0);
    let bytes = fs::read(out).unwrap();
    let numbers: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
    numbers.chunks(384).map(<[f32]>::to_vec).collect()
}

const TEXTS: [&str; 4] = ["Lamps that dim at dusk", "A ferry timetable", "Bread dough and yeast", "Owls at night"];

#[test]
fn texts_of_any_type_are_embedded_as_those_of_a_file() {
    let sandbox = Sandbox::new();
    let expected = embedded(&sandbox, &TEXTS);
    let some = TEXTS.map(Some);
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), None, Some(-1), Some(7)]));
    for texts in [
        strings(some),
        Arc::new(some.into_iter().collect::<LargeStringArray>()),
        Arc::new(some.into_iter().collect::<StringViewArray>()),
    ] {
        let run = run(&sandbox, &["embed", "--stream"], &stream(&[batch(&[("id", ids.clone()), ("text", texts)])]));
        let [batch] = &run.batches()[..] else { panic!("one batch for one batch") };
        let found: Vec<Vec<f32>> = vectors(batch).into_iter().flatten().collect();
        assert!(found == expected, "the same bits");
        assert_eq!(batch.column_by_name("id").unwrap().as_ref(), ids.as_ref());
        assert_eq!(texts_of(batch, "error"), [const { None }; 4]);
        let metadata = batch.schema_ref().metadata().clone();
        assert_eq!(metadata["paperkin.model"], "all-MiniLM-L6-v2");
        assert_eq!(metadata["paperkin.dimension"], "384");
        assert_eq!(texts_of(batch, "fingerprint"), vec![Some(metadata["paperkin.fingerprint"].clone()); 4]);
    }
}

#[test]
fn a_bad_row_has_an_error_and_the_others_have_vectors() {
    let sandbox = Sandbox::new();
    let papers = [
        (Some(TEXTS[0]), Some(TEXTS[1]), None),
        (None, None, Some("no text")),
        (Some(TEXTS[0]), None, None),
        (Some(""), Some("  "), Some("no text")),
        (None, Some(TEXTS[1]), None),
    ];
    let ids = strings(["a", "b", "c", "d", "e"].map(Some));
    let batch = batch(&[
        ("id", ids),
        ("title", strings(papers.map(|row| row.0))),
        ("abstract", strings(papers.map(|row| row.1))),
    ]);
    let run = run(&sandbox, &["embed", "--stream"], &stream(&[batch]));
    let [batch] = &run.batches()[..] else { panic!("one batch for one batch") };
    let expected = embedded(&sandbox, &[&format!("{}. {}", TEXTS[0], TEXTS[1]), TEXTS[0], TEXTS[1]]);
    let mut expected = expected.into_iter();
    for (((_, _, problem), vector), error) in papers.iter().zip(vectors(batch)).zip(texts_of(batch, "error")) {
        assert_eq!(
            problem.is_some(),
            error.as_ref().is_some_and(|error| error.starts_with(problem.unwrap())),
            "{error:?}"
        );
        assert_eq!(vector, if problem.is_some() { None } else { expected.next() });
    }
    assert_eq!(texts_of(batch, "id").into_iter().flatten().collect::<String>(), "abcde");
}

#[test]
fn lines_come_back_in_their_order() {
    let sandbox = Sandbox::new();
    let lines = format!(
        "{}\n\n{}\nlamp\n{}\n{}\n{}",
        json!({"id": 17, "text": TEXTS[0]}),
        json!({"id": "b", "title": TEXTS[0], "abstract": TEXTS[1], "other": [1]}),
        json!({"text": 5}),
        json!({"id": {"a": 1}}),
        json!({"text": TEXTS[2]}),
    );
    let rows = run(&sandbox, &["embed", "--stream"], lines.as_bytes()).objects();
    let ids: Vec<&Value> = rows.iter().map(|row| &row["id"]).collect();
    assert_eq!(ids, [&json!(17), &json!("b"), &Value::Null, &Value::Null, &json!({"a": 1}), &Value::Null]);
    let errors: Vec<&str> = rows.iter().map(|row| row["error"].as_str().unwrap_or_default()).collect();
    assert!(errors[2].starts_with("line 4 is not a JSON object: "), "{}", errors[2]);
    let no_text = "no text: neither `text`, nor `title` and `abstract`";
    assert_eq!(
        [errors[0], errors[1], errors[3], errors[4], errors[5]],
        ["", "", "`text`: expected a text", no_text, ""]
    );
    let expected = embedded(&sandbox, &[TEXTS[0], &format!("{}. {}", TEXTS[0], TEXTS[1]), TEXTS[2]]);
    let vector = |row: usize| -> Vec<f32> { serde_json::from_value(rows[row]["vector"].clone()).unwrap() };
    assert!([0, 1, 5].map(vector) == expected[..], "the same bits");
    assert_eq!((&rows[2]["vector"], &rows[2]["fingerprint"]), (&Value::Null, &Value::Null));
    assert_eq!(rows[0]["fingerprint"].as_str().unwrap().len(), 64);
}

#[test]
fn a_stream_without_rows_has_none() {
    let sandbox = Sandbox::new();
    let empty = batch(&[("id", strings([])), ("text", strings([]))]);
    let one = batch(&[("id", strings([Some("a")])), ("text", strings([Some(TEXTS[0])]))]);
    for (batches, rows) in [(vec![empty.clone()], 0), (vec![empty.clone(), one, empty], 1)] {
        let run = run(&sandbox, &["embed", "--stream"], &stream(&batches));
        assert_eq!(run.batches().iter().map(RecordBatch::num_rows).sum::<usize>(), rows);
    }
    let nothing = run(&sandbox, &["embed", "--stream"], b"");
    assert_eq!((nothing.code, nothing.out.len(), nothing.err.as_str()), (0, 0, ""));
}

#[test]
fn a_large_batch_is_sliced() {
    let sandbox = Sandbox::new();
    let ids: Vec<String> = (0..2_100).map(|number| format!("p{number}")).collect();
    // A text in a hundred: the others are quick.
    let texts = (0..2_100).map(|number| (number % 100 == 0).then_some(TEXTS[number / 100 % 4]));
    let large = batch(&[("id", strings(ids.iter().map(|id| Some(id.as_str())))), ("text", strings(texts))]);
    let run = run(&sandbox, &["embed", "--stream"], &stream(&[large]));
    let batches = run.batches();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [1_024, 1_024, 52]);
    let found: Vec<String> = batches.iter().flat_map(|batch| texts_of(batch, "id")).flatten().collect();
    assert_eq!(found, ids);
    let is_good: Vec<bool> =
        batches.iter().flat_map(|batch| texts_of(batch, "error")).map(|error| error.is_none()).collect();
    assert!(is_good.iter().enumerate().all(|(row, good)| *good == (row % 100 == 0)));
}

#[test]
fn a_broken_stream_is_one_line() {
    let sandbox = Sandbox::new();
    let (ids, texts) = (strings(["a", "b"].map(Some)), strings([TEXTS[0], TEXTS[1]].map(Some)));
    let good = batch(&[("id", ids.clone()), ("text", texts.clone())]);
    let whole = stream(&[good.clone(), good.clone()]);
    let numbers: ArrayRef = Arc::new(Float64Array::from(vec![0.6, 0.8]));
    let mut file = Vec::new();
    let mut writer = FileWriter::try_new(&mut file, &good.schema()).unwrap();
    writer.write(&good).unwrap();
    writer.finish().unwrap();
    drop(writer);
    let columns = |columns: &[(&str, ArrayRef)]| stream(&[batch(columns)]);
    let json = json!({"text": TEXTS[0]}).to_string();
    for (input, expected) in [
        (columns(&[("text", texts.clone())]), "no column `id`: the columns are `text`"),
        (columns(&[("id", ids.clone())]), "no column `text`: the columns are `id`, nor `title` and `abstract`"),
        (
            columns(&[("id", ids.clone()), ("title", texts.clone())]),
            "no column `abstract`: the columns are `id`, `title`",
        ),
        (columns(&[("id", ids.clone()), ("text", numbers)]), "column `text`: Float64: expected texts"),
        (whole[..whole.len() - 8].to_vec(), "the Arrow stream is cut off"),
        (whole[..whole.len() - 100].to_vec(), "the Arrow stream is cut off"),
        (whole[..100].to_vec(), "the Arrow stream is cut off"),
        (b"\xff\xff\xff\xff\x08\x00\x00\x00lamplamp".to_vec(), "damaged Arrow stream: "),
        (file, "an Arrow file: send an Arrow stream, as `pyarrow.ipc.new_stream` writes it"),
        (b"PAR1 and more".to_vec(), "neither an Arrow stream nor JSON lines: send one of these"),
        (format!("{json}\n{}", &json[..12]).into_bytes(), "cut off in line 2"),
        (format!("{json}\n{{\"text\": \"{}", "x".repeat(17 << 20)).into_bytes(), "line 2 is longer than 16 MB"),
    ] {
        let run = run(&sandbox, &["embed", "--stream"], &input);
        assert_eq!(run.code, 1, "{expected}: {}", run.err);
        assert!(run.err.starts_with(&format!("error: -: {expected}")), "{expected}: {}", run.err);
        assert_eq!(run.err.lines().count(), 1, "{}", run.err);
        // Whoever reads what came out sees that it is not all.
        let end = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
        assert!(!run.out.ends_with(&end), "{expected}");
    }
}

#[test]
fn damaged_streams_do_not_crash() {
    let sandbox = Sandbox::new();
    // No text is embedded, so each run is short.
    let texts: ArrayRef = Arc::new(NullArray::new(3));
    let whole = stream(&[batch(&[("id", strings([Some("a"), None, Some("c")])), ("text", texts)])]);
    for position in (4..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[position] ^= 0x55;
        let run = run(&sandbox, &["embed", "--stream"], &damaged);
        assert!(run.code == 0 || run.code == 1, "byte {position}: {} {}", run.code, run.err);
        assert!(run.err.lines().count() <= 1, "byte {position}: {}", run.err);
    }
}

/// A base of three papers of two numbers, in two shards, and the directory that has them.
fn small_base(sandbox: &Sandbox) -> String {
    let shards = sandbox.folder.path().join("shards");
    fs::create_dir_all(shards.join("_temporary")).unwrap();
    fs::write(shards.join("_temporary/part.parquet"), "unfinished").unwrap();
    fs::write(shards.join("_SUCCESS"), "").unwrap();
    let [first, second] = [[("b", [1.0, 0.0]), ("a", [1.0, 0.0])], [("c", [0.6, 0.8]), ("d", [0.0, 1.0])]];
    for (name, papers) in [("one.parquet", first), ("two.parquet", second)] {
        let ids = strings(papers.map(|(id, _)| Some(id)));
        write_parquet(&shards.join(name), &[("id", ids), ("vector", vector_column(&papers.map(|(_, vector)| vector)))]);
    }
    shards.to_str().unwrap().to_owned()
}

fn vector_column<const N: usize>(vectors: &[[f32; N]]) -> ArrayRef {
    let numbers = Arc::new(Float32Array::from(vectors.concat()));
    let element = Arc::new(Field::new("element", DataType::Float32, false));
    Arc::new(FixedSizeListArray::new(element, N as i32, numbers, None))
}

fn write_parquet(path: &std::path::Path, columns: &[(&str, ArrayRef)]) {
    let batch = batch(columns);
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn neighbors_are_the_nearest_others() {
    let sandbox = Sandbox::new();
    let base = small_base(&sandbox);
    let lines = [
        json!({"id": "a", "vector": [1.0, 0.0]}),
        json!({"id": "x", "vector": [0.0, 1.0]}),
        json!({"vector": [0.6, 0.8]}),
        json!({"id": "y", "vector": null}),
        json!({"id": "y", "vector": [0.6, 0.8, 0.0]}),
        json!({"id": "y", "vector": [0.6, 0.6]}),
        json!({"id": "y", "vector": [1e39, 0.6]}),
        json!({"id": "y", "vector": ["0.6", 0.6]}),
        json!({"id": "y", "vector": [0.6, 0.8], "fingerprint": "00"}),
    ];
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let args = ["neighbors", "--stream", "--among", &base, "--limit", "2"];
    let rows = run(&sandbox, &args, lines.as_bytes()).objects();
    let near = |id: &str, cosine: f64| json!({"id": id, "cosine": cosine});
    for (row, (neighbors, error)) in rows.iter().zip([
        (json!([near("b", 1.0), near("c", 0.6)]), ""),
        (json!([near("d", 1.0), near("c", 0.8)]), ""),
        (json!([near("c", 1.0), near("d", 0.8)]), ""),
        (Value::Null, "no vector"),
        (Value::Null, "the vector has 3 numbers, not 2"),
        (Value::Null, "the vector has length 0.849, not 1"),
        (Value::Null, "the vector has a number that is not finite"),
        (Value::Null, "`vector`: expected a list of numbers"),
        // The base does not say of which model it is.
        (json!([near("c", 1.0), near("d", 0.8)]), ""),
    ]) {
        assert_eq!(row["error"].as_str().unwrap_or_default(), error);
        assert_eq!(row["neighbors"], neighbors, "{row}");
    }
    // The same, with all of two files, and fewer papers than are asked for.
    let [one, two] = ["one.parquet", "two.parquet"].map(|name| format!("{base}/{name}"));
    let args = ["neighbors", "--stream", "--among", &two, "--among", &one, "-k", "9"];
    let rows = run(&sandbox, &args, lines.as_bytes()).objects();
    assert_eq!(rows[1]["neighbors"], json!([near("d", 1.0), near("c", 0.8), near("a", 0.0), near("b", 0.0)]));
}

#[test]
fn neighbors_are_those_of_a_report() {
    let sandbox = Sandbox::new();
    let papers = sandbox.folder.path().join("papers.jsonl");
    let run_report = |args: &[&str]| assert_eq!(sandbox.run(args).code, 0, "{args:?}");
    run_report(&["add", listing()]);
    run_report(&["export", "--papers", "--out", papers.to_str().unwrap()]);
    run_report(&["report", "--out", sandbox.folder.path().join("report").to_str().unwrap()]);
    let embedded = run(&sandbox, &["embed", "--stream"], &fs::read(&papers).unwrap()).objects();
    let ids = strings(embedded.iter().map(|row| row["id"].as_str()));
    let numbers: Vec<[f32; 384]> = embedded
        .iter()
        .map(|row| serde_json::from_value::<Vec<f32>>(row["vector"].clone()).unwrap().try_into().unwrap())
        .collect();
    let fingerprints = strings(embedded.iter().map(|row| row["fingerprint"].as_str()));
    let columns = [("id", ids), ("vector", vector_column(&numbers)), ("fingerprint", fingerprints)];
    let base = sandbox.folder.path().join("vectors.parquet");
    write_parquet(&base, &columns);

    let run = run(&sandbox, &["neighbors", "--stream", "--among", base.to_str().unwrap()], &stream(&[batch(&columns)]));
    let [found] = &run.batches()[..] else { panic!("one batch for one batch") };
    assert_eq!(found.schema_ref().metadata()["paperkin.fingerprint"], embedded[0]["fingerprint"].as_str().unwrap());
    let mut neighbors: BTreeMap<String, Vec<(String, f32)>> = BTreeMap::new();
    let lists = found.column_by_name("neighbors").unwrap().as_list::<i32>();
    for (id, list) in texts_of(found, "id").into_iter().flatten().zip(lists.iter().flatten()) {
        let list = list.as_struct();
        let near = list.column_by_name("id").unwrap().as_string::<i32>().iter().flatten().map(str::to_owned);
        let cosines = list.column_by_name("cosine").unwrap().as_primitive::<Float32Type>().values();
        neighbors.insert(id, near.zip(cosines.iter().copied()).collect());
    }
    let mut expected: BTreeMap<String, Vec<(String, f32)>> = BTreeMap::new();
    for line in fs::read_to_string(sandbox.folder.path().join("report/neighbors.jsonl")).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let near = (row["neighbor_id"].as_str().unwrap().to_owned(), row["similarity"].as_f64().unwrap() as f32);
        expected.entry(row["id"].as_str().unwrap().to_owned()).or_default().push(near);
    }
    assert_eq!(neighbors.len(), 40);
    for (id, expected) in &expected {
        for (found, expected) in neighbors[id].iter().zip(expected) {
            assert!(found.0 == expected.0 && (found.1 - expected.1).abs() < 1e-4, "{id}: {found:?} for {expected:?}");
        }
    }
}

#[test]
fn a_base_that_cannot_be_used_is_one_line() {
    let sandbox = Sandbox::new();
    let folder = sandbox.folder.path().to_owned();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let base = small_base(&sandbox);
    fs::create_dir(folder.join("empty")).unwrap();
    fs::write(folder.join("text.parquet"), "lamp").unwrap();
    let (a, b) = (|| strings([Some("a")]), || strings([Some("a"), Some("b")]));
    let nothing = Arc::new(NullArray::new(1));
    for (name, columns) in [
        ("ids.parquet", vec![("id", a())]),
        ("texts.parquet", vec![("id", a()), ("vector", a())]),
        ("long.parquet", vec![("id", a()), ("vector", vector_column(&[[3.0, 4.0]]))]),
        ("nameless.parquet", vec![("id", strings([None])), ("vector", vector_column(&[[0.6, 0.8]]))]),
        ("none.parquet", vec![("id", a()), ("vector", nothing)]),
        ("three.parquet", vec![("id", a()), ("vector", vector_column(&[[0.0, 0.6, 0.8]]))]),
        (
            "models.parquet",
            vec![
                ("id", b()),
                ("vector", vector_column(&[[0.6, 0.8]; 2])),
                ("fingerprint", strings([Some("x"), Some("y")])),
            ],
        ),
        (
            "model.parquet",
            vec![("id", a()), ("vector", vector_column(&[[0.6, 0.8]])), ("fingerprint", strings([Some("x")]))],
        ),
    ] {
        write_parquet(&folder.join(name), &columns);
    }
    let other = "the vectors are of the model `y`, and those to be found of `x`: embed all with one model";
    for (among, expected) in [
        ("missing", "missing: cannot read: No such file or directory"),
        ("empty", "empty: no Parquet file in this directory"),
        ("text.parquet", "text.parquet: damaged Parquet: "),
        ("ids.parquet", "ids.parquet: no column `vector`: the columns are `id`"),
        ("texts.parquet", "texts.parquet: column `vector`: Utf8: expected lists of numbers of 32 or 64 bits"),
        ("long.parquet", "long.parquet, record 1: the vector has length 5.000, not 1"),
        ("nameless.parquet", "nameless.parquet, record 1: no id"),
        ("none.parquet", "none.parquet: contains no vectors"),
        ("models.parquet", &format!("models.parquet, record 2: {other}")),
    ] {
        let run = run(&sandbox, &["neighbors", "--stream", "--among", &path(among)], b"");
        assert_eq!(run.code, 1, "{among}: {}", run.err);
        assert!(run.err.starts_with(&format!("error: {}/{expected}", folder.display())), "{expected}: {}", run.err);
        assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    }
    let both = run(&sandbox, &["neighbors", "--stream", "--among", &base, "--among", &path("three.parquet")], b"");
    assert!(both.code == 1 && both.err.contains("record 1: the vector has 3 numbers, not 2"), "{}", both.err);
    // Rows of another model are known by their column, and a whole stream by its metadata.
    let model = path("model.parquet");
    let args = ["neighbors", "--stream", "--among", &model];
    let lines = [
        json!({"id": "b", "vector": null, "fingerprint": "x"}),
        json!({"id": "c", "vector": [0.6, 0.8], "fingerprint": "y"}),
    ];
    let lines = lines.map(|line| format!("{line}\n")).concat();
    assert_eq!(run(&sandbox, &args, lines.as_bytes()).objects()[1]["error"], other);
    let rows = batch(&[("id", a()), ("vector", vector_column(&[[0.6f32, 0.8]]))]);
    let metadata = std::collections::HashMap::from([("paperkin.fingerprint".to_owned(), "y".to_owned())]);
    let schema = Arc::new(rows.schema_ref().as_ref().clone().with_metadata(metadata));
    let mismatch = run(&sandbox, &args, &stream(&[rows.with_schema(schema).unwrap()]));
    assert_eq!((mismatch.code, mismatch.err), (1, format!("error: -: {other}\n")));
}

#[test]
fn commands_say_how_they_are_called() {
    let sandbox = Sandbox::new();
    for (args, expected) in [
        (&["embed"][..], "--out <FILE>"),
        (&["embed", "--stream", "--out", "x"], "cannot be used with"),
        (&["neighbors", "--among", "x"], "--stream"),
        (&["neighbors", "--stream"], "--among <PATH>"),
        (&["neighbors", "--stream", "--among", "x", "--limit", "0"], "1..=10000"),
    ] {
        let run = sandbox.run(args);
        assert!(run.code == 2 && run.err.contains(expected), "{args:?}: {}", run.err);
    }
}

#[test]
fn pyarrow_reads_what_comes_out() {
    let Some(python) = python() else { return };
    const SCRIPT: &str = "
import subprocess, sys
import pyarrow as pa
table = pa.table({'id': [1, 2, 3], 'text': pa.array(['owls', None, 'lamps'], pa.string_view())})
sink = pa.BufferOutputStream()
with pa.ipc.new_stream(sink, table.schema) as writer:
    writer.write_table(table)
run = subprocess.run([sys.argv[1], 'embed', '--stream'], input=sink.getvalue().to_pybytes(), capture_output=True)
found = pa.ipc.open_stream(run.stdout).read_all()
found.validate(full=True)
print([(field.name, str(field.type)) for field in found.schema])
print(found['id'].to_pylist(), [vector and len(vector) for vector in found['vector'].to_pylist()])
";
    let output = Command::new(python).args(["-c", SCRIPT, env!("CARGO_BIN_EXE_paperkin")]).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        out,
        "[('id', 'int64'), ('vector', 'list<item: float>'), ('fingerprint', 'string'), ('error', 'string')]\n\
         [1, 2, 3] [384, None, 384]\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
