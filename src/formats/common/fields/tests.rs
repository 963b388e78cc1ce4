use super::*;
use crate::paper::PaperId;
use serde_json::json;

/// Compares fields of the paper, and `dropped`, what is said of the fields that were dropped; or the reason why there
/// is no paper.
fn check(record: Value, expect: Value) {
    let Value::Object(fields) = record.clone() else { panic!("not an object: {record}") };
    let BibReference { raw_paper, notes, .. } = reference(fields, "test");
    let mut found = raw_paper.validate().map_or_else(Value::String, |paper| serde_json::to_value(paper).unwrap());
    if !notes.dropped.is_empty() && found.is_object() {
        let dropped = notes.dropped.iter().map(|dropped| format!("`{}`: {}", dropped.field, dropped.reason));
        found["dropped"] = dropped.collect();
    }
    match &expect {
        Value::Object(parts) => {
            let dropped = Some(("dropped", parts.get("dropped").unwrap_or(&Value::Null)));
            for (name, part) in parts.iter().map(|(name, part)| (name.as_str(), part)).chain(dropped) {
                assert_eq!(found.get(name).unwrap_or(&Value::Null), part, "{name} of {record}: {found}");
            }
        }
        whole => assert_eq!(&found, whole, "{record}"),
    }
}

#[test]
fn names_have_aliases_in_any_case() {
    check(json!({"Title": "t", "SUMMARY": "s"}), json!({"title": "t", "abstract": "s", "source": "test"}));
    check(json!({"title": "t", "Publication Date": "2024-01-02"}), json!({"published": "2024-01-02"}));
    check(json!({"title": "t", "publishedAt": "2024-01-02T03:04:05Z"}), json!({"published": "2024-01-02"}));
    check(json!({"title": "t", "num_comments": 3, "upvotes": 4}), json!({"comments": 3, "votes": 4}));
    check(
        json!({"title": "t", "n_authors": 7, "daily_date": "2024-01-02"}),
        json!({"author_count": 7, "listed": "2024-01-02"}),
    );
    check(json!({"title": "t", "source": "mine", "link": "u"}), json!({"source": "mine", "url": "u"}));
}

#[test]
fn the_preferred_name_with_a_value_counts() {
    check(json!({"title": "t", "doi": "10.1/X", "id": "mine"}), json!({"id": "mine"}));
    check(json!({"title": "t", "doi": "10.1/X", "id": " "}), json!({"id": "doi:10.1/x"}));
    check(json!({"title": "t", "doi": "10.1/X", "arxiv_id": null}), json!({"id": "doi:10.1/x"}));
    check(json!({"title": "t", "year": 2020, "date": "2021-05-06"}), json!({"published": "2021-05-06"}));
    check(json!({"title": "t", "text": "x", "abstract": "y"}), json!({"abstract": "y"}));
}

#[test]
fn ids() {
    check(json!({"title": "t", "corpusid": 123}), json!({"id": "CorpusId:123"}));
    check(json!({"title": "t", "id": "arXiv:2401.00001v3"}), json!({"id": "2401.00001"}));
    check(json!({"title": "t", "id": 12.0}), json!({"id": "12"}));
    for (id, reason) in [
        (json!(1.5), "`1.5` is not an id: expected a string or an integer"),
        (json!(true), "`true` is not an id: expected a string or an integer"),
        (json!({"$oid": "0a"}), "`{\"$oid\":\"0a\"}` is not an id: expected a string or an integer"),
        (json!("i".repeat(600)), "id longer than 512 characters"),
        (json!("a\u{0}b"), "id contains control characters"),
    ] {
        let dropped = json!([format!("`id`: {reason}")]);
        check(json!({"title": "t", "id": id}), json!({"id": PaperId::from_text("t"), "dropped": dropped}));
        check(json!({"title": "t", "id": id, "pmid": 7}), json!({"id": "pmid:7", "dropped": dropped}));
    }
    for word in ["N/A", "nan", "None", "NULL", "-", " "] {
        let record =
            json!({"title": "t", "id": word, "arxiv_id": word, "paperId": word, "doi": word, "corpusid": word});
        check(record, json!({"id": PaperId::from_text("t"), "aliases": null}));
    }
    let many: Vec<String> = (0..100_000).map(|n| format!("x{n}")).collect();
    check(json!({"title": "t", "id": "mine", "aliases": many}), json!({"id": "mine"}));
}

#[test]
fn several_ids() {
    let arxiv = "2401.90001";
    for (record, id, also) in [
        (json!({"doi": "10.5555/A", "arxiv_id": arxiv, "pmid": 7}), arxiv, json!(["doi:10.5555/a", "pmid:7"])),
        (json!({"doi": "10.5555/A 10.5555/B", "pmid": "7"}), "doi:10.5555/a", json!(["pmid:7"])),
        (json!({"id": "mine", "arxiv": arxiv}), "mine", json!([arxiv])),
        (
            json!({"paperId": "0a", "externalIds": {"ArXiv": arxiv, "CorpusId": 5, "MAG": "1"}}),
            arxiv,
            json!(["0a", "CorpusId:5"]),
        ),
        (
            json!({"paperId": "0a", "externalIds": {"ACL": "P1", "PubMed": "7"}}),
            "pmid:7",
            json!(["0a", "https://aclanthology.org/P1"]),
        ),
        (
            json!({"id": "https://openalex.org/W1", "ids": {"pmid": "https://pubmed.ncbi.nlm.nih.gov/7"}}),
            "pmid:7",
            json!(["https://openalex.org/W1"]),
        ),
        (
            json!({"id": "https://openalex.org/W1", "locations": [{"landing_page_url": "http://arxiv.org/abs/2401.90001"}]}),
            arxiv,
            json!(["https://openalex.org/W1"]),
        ),
        (json!({"url": "https://openreview.net/forum?id=x"}), "openreview:x", json!(null)),
        (json!({"doi": "10.5555/A [doi]"}), "doi:10.5555/a", json!(null)),
    ] {
        let mut fields = record;
        fields.as_object_mut().unwrap().insert("title".to_owned(), json!("t"));
        check(fields, json!({"id": id, "aliases": also}));
    }
    for (name, value, reason) in [
        ("doi", json!("none yet"), "`none yet` is not a DOI"),
        ("doi", json!("11.5555/abc"), "`11.5555/abc` is not a DOI"),
        ("doi", json!(5), "`5` is not a DOI"),
        ("pmid", json!("abc"), "`abc` is not a PubMed number"),
    ] {
        let dropped = json!([format!("`{name}`: {reason}")]);
        check(json!({"title": "t", "id": "mine", name: value}), json!({"id": "mine", "dropped": dropped}));
    }
    check(
        json!({"title": "t", "externalIds": 3, "aliases": "a"}),
        json!({"dropped": ["`externalIds`: `3` is not an object of ids", "`aliases`: `\"a\"` is not a list of ids"]}),
    );
}

#[test]
fn words_by_their_places() {
    let index = json!({"An": [0], "text": [2, 4], "invented": [1], "of": [3]});
    check(json!({"title": "t", "abstract_inverted_index": index}), json!({"abstract": "An invented text of text"}));
    check(
        json!({"title": "t", "abstract_inverted_index": {"a": 1}}),
        json!({"title": "t", "abstract": null, "dropped": ["`abstract_inverted_index`: `{\"a\":1}` is not a string"]}),
    );
    let index = json!({"long".repeat(1000): (0..5000).collect::<Vec<_>>()});
    check(
        json!({"title": "t", "abstract_inverted_index": index}),
        json!({"dropped": ["`abstract_inverted_index`: longer than 16 MB"]}),
    );
}

#[test]
fn dates_in_several_fields() {
    for (fields, day, dropped) in [
        (json!({"year": 2023, "month": 5, "day": 3}), "2023-05-03", json!(null)),
        (json!({"year": "2023.0", "month": "5.0", "day": "3.0"}), "2023-05-03", json!(null)),
        (json!({"year": 2023, "month": "MAY 12"}), "2023-05-12", json!(null)),
        (json!({"year": 2023, "day": 3}), "2023-01-01", json!(null)),
        (json!({"Publication Date": "MAY 12", "Publication Year": 2023}), "2023-05-12", json!(null)),
        (json!({"Publication Date": "MAY-JUN", "Publication Year": 2023}), "2023-05-01", json!(null)),
        (
            json!({"year": 2019, "month": 13}),
            "2019-01-01",
            json!(["`month`: `2019 13` does not exist: read as 2019-01-01"]),
        ),
        (
            json!({"year": 2019, "month": 2, "day": 30}),
            "2019-02-01",
            json!(["`month`: `2019 2 30` does not exist: read as 2019-02-01"]),
        ),
        (
            json!({"date": "2023 Feb 30"}),
            "2023-02-01",
            json!(["`date`: `2023 Feb 30` does not exist: read as 2023-02-01"]),
        ),
        (json!({"date": "2019-09-00"}), "2019-09-01", json!(null)),
    ] {
        let mut record = fields;
        record.as_object_mut().unwrap().insert("title".to_owned(), json!("t"));
        check(record, json!({"published": day, "dropped": dropped}));
    }
}

#[test]
fn missing_values_are_fine_and_wrong_ones_are_named() {
    let empty = json!({"title": "t", "abstract": null, "votes": null, "published": "", "authors": [], "url": null});
    check(empty, json!({"votes": null, "url": null}));
    check(json!({"abstract": "only"}), json!({"title": "", "abstract": "only"}));
    check(json!({"title": 5}), json!("no title and no abstract"));
    check(
        json!({"title": 5, "abstract": "a", "paper_title": "t"}),
        json!({"title": "t", "dropped": ["`title`: `5` is not a string"]}),
    );
    check(
        json!({"title": "t", "Summary": ["a"], "text": "b"}),
        json!({"abstract": "b", "dropped": ["`Summary`: `[\"a\"]` is not a string"]}),
    );
    check(json!({"title": "t", "url": 3}), json!({"url": null, "dropped": ["`url`: `3` is not a string"]}));
    check(json!({"title": null}), json!("no title and no abstract"));
}

#[test]
fn null_is_absent_wherever_it_is() {
    for (field, value) in [
        ("authors", json!([null, {"name": null}, {"author": null}, [null], {"given": null, "family": null}])),
        ("authors", json!({"name": null})),
        ("authorships", json!([{"author": {"id": null, "display_name": null}, "raw_author_name": null}])),
        ("categories", json!([null, {"category": null}, {"display_name": null}])),
        ("versions", json!([null, {"created": null}])),
        ("externalIds", json!({"DOI": null, "ArXiv": null})),
        ("aliases", json!([null])),
        ("locations", json!([null, {"landing_page_url": null}])),
        ("primary_location", json!({"landing_page_url": null})),
        ("abstract_inverted_index", json!({"a": null})),
        ("journal", json!({"name": null, "volume": null})),
        ("keywords", json!([null])),
    ] {
        let nothing = json!({"authors": null, "categories": null, "published": null, "aliases": null, "url": null});
        check(json!({"title": "t", field: value}), nothing);
    }
    check(json!({"title": "t", "aliases": [null, "b"], "id": "a"}), json!({"aliases": ["b"]}));
    check(json!({"title": "t", "versions": [null, {"created": "2020-05-06"}]}), json!({"published": "2020-05-06"}));
}

#[test]
fn the_next_field_is_read_where_one_cannot_be() {
    let reason = |field: &str, value: Value| {
        json!([format!("`{field}`: `{value}` is not a valid date: use the form 2024-12-19, or omit it")])
    };
    for (date, year, expect) in [
        (
            json!("forthcoming"),
            json!(2005),
            json!({"published": "2005-01-01", "dropped": reason("Date", json!("forthcoming"))}),
        ),
        (json!("n.d."), json!(null), json!({"published": null, "dropped": reason("Date", json!("n.d."))})),
        (json!("nan"), json!("2005"), json!({"published": "2005-01-01"})),
        (json!("2018-03"), json!("2005"), json!({"published": "2018-03-01"})),
    ] {
        check(json!({"title": "t", "Date": date, "Publication Year": year}), expect);
    }
}

#[test]
fn authors_without_names_and_wrong_ones_cost_themselves() {
    let nameless = json!({"authors": [{"authorId": null, "name": null}, {"name": "Ada Oak"}, null, ""], "title": "t"});
    check(nameless, json!({"authors": ["Ada Oak"]}));
    check(
        json!({"title": "t", "authors": ["Ada Oak", 3, {"affiliation": "x"}]}),
        json!({
            "authors": ["Ada Oak"],
            "dropped": ["`authors`: `3` is not an author: expected a name, or an object with `name`"],
        }),
    );
    check(
        json!({"title": "t", "authors": 3, "author": "Ada Oak"}),
        json!({"authors": ["Ada Oak"], "dropped": ["`authors`: `3` is not a list of authors"]}),
    );
}

#[test]
fn origins() {
    let record = json!({"Title": "t", "DOI": "10.5555/a", "PMID": 7, "Year": 2020, "Date": "soon", "Journal": "J",
        "Volume": 3, "URL": "https://arxiv.org/abs/2401.90001", "x": 1});
    let Value::Object(fields) = record else { unreachable!() };
    let BibReference { raw_paper, notes, .. } = reference(fields, "test");
    let origins: Vec<String> = notes.origins.iter().map(|origin| format!("{}={}", origin.field, origin.from)).collect();
    assert_eq!(
        origins,
        [
            "title=Title",
            "published=Year",
            "url=URL",
            "container=Journal",
            "container=Volume",
            "aliases=DOI",
            "aliases=PMID",
            "id=URL"
        ]
    );
    assert_eq!((raw_paper.id.as_deref(), raw_paper.container.as_str()), (Some("2401.90001"), "J 3"));
}

#[test]
fn counts() {
    for (value, expect) in [
        (json!(0), json!(0)),
        (json!("12"), json!(12)),
        (json!(12.0), json!(12)),
        (json!("12.0"), json!(12)),
        (json!("nan"), json!(null)),
    ] {
        check(json!({"title": "t", "votes": value}), json!({"votes": expect}));
    }
    for value in [json!(-1), json!(1.5), json!("many"), json!([1]), json!(5_000_000_000_u64), json!(true)] {
        let reason = format!("`votes`: `{value}` is not a count: expected an integer of 0 or more");
        check(json!({"title": "t", "votes": value}), json!({"votes": null, "dropped": [reason]}));
    }
}

#[test]
fn comments_may_be_a_remark() {
    check(json!({"title": "t", "comments": "12 pages, 3 figures"}), json!({"comments": null}));
    check(json!({"title": "t", "Comments": "Accepted at a workshop"}), json!({"comments": null}));
    check(json!({"title": "t", "comments": "12"}), json!({"comments": 12}));
    check(
        json!({"title": "t", "comments": -2}),
        json!({"dropped": ["`comments`: `-2` is not a count: expected an integer of 0 or more"]}),
    );
    check(
        json!({"title": "t", "num_comments": "some"}),
        json!({"dropped": ["`num_comments`: `\"some\"` is not a count: expected an integer of 0 or more"]}),
    );
}

#[test]
fn dates() {
    for (value, expect) in [
        (json!("Dec 19, 2024"), json!("2024-12-19")),
        (json!(2020), json!("2020-01-01")),
        (json!(20201103), json!("2020-11-03")),
        (json!(2020.0), json!("2020-01-01")),
        (json!("1999.0"), json!("1999-01-01")),
        (json!("NaT"), json!(null)),
        (json!("2014//"), json!("2014-01-01")),
        (json!("2006/05/"), json!("2006-05-01")),
        (json!("c2014"), json!("2014-01-01")),
        (json!("Spring 2018"), json!("2018-01-01")),
        (json!("15.03.2005"), json!("2005-03-15")),
        (json!("September 2005"), json!("2005-09-01")),
        (json!("1999-2000"), json!("1999-01-01")),
        (json!("2019-09-00"), json!("2019-09-01")),
        (json!("2019-00-00"), json!("2019-01-01")),
        (json!("2024-01-02/2024-01-05"), json!("2024-01-02")),
        (json!(1_577_836_800), json!("2020-01-01")),
        (json!(1_577_836_800_000_u64), json!("2020-01-01")),
        (json!(1_577_836_800.5), json!("2020-01-01")),
        (json!([{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}, {"version": "v2"}]), json!("2007-04-02")),
        (json!(["2016-06-01T01:50:11-0400", "2016-10-20T23:44:02-0400"]), json!("2016-06-01")),
    ] {
        check(json!({"title": "t", "published": value}), json!({"published": expect}));
    }
    for value in [
        json!("2024-02-30"),
        json!("2024-02-30T00:00:00Z"),
        json!("soon"),
        json!("n.d."),
        json!("45646"),
        json!("0000-00-00"),
        json!("0001-01-01"),
        json!(45646),
        json!(0),
        json!(9999),
        json!(-1),
        json!(3),
        json!(true),
        json!([3]),
        json!({}),
    ] {
        let reason = format!("`published`: `{value}` is not a valid date: use the form 2024-12-19, or omit it");
        check(json!({"title": "t", "published": value}), json!({"published": null, "dropped": [reason]}));
    }
}

#[test]
fn months_in_fields_of_their_own() {
    for (year, month, expect) in [
        (json!(2019), json!(5), "2019-05-01"),
        (json!("2019"), json!("05"), "2019-05-01"),
        (json!("2019.0"), json!("5.0"), "2019-05-01"),
        (json!("2019"), json!("May"), "2019-05-01"),
        (json!("2019"), json!("May 3"), "2019-05-03"),
        (json!("2019"), json!("soon"), "2019-01-01"),
        (json!("2019-06-07"), json!(5), "2019-06-07"),
        (json!("June 2019"), json!(5), "2019-06-01"),
    ] {
        check(json!({"title": "t", "year": year, "month": month}), json!({"published": expect}));
    }
    check(json!({"title": "t", "month": "May"}), json!({"published": null}));
    check(
        json!({"title": "t", "year": "soon", "month": "May"}),
        json!({"published": null, "dropped": [
            "`year`: `\"soon\"` is not a valid date: use the form 2024-12-19, or omit it"
        ]}),
    );
}

#[test]
fn categories_in_all_their_forms() {
    for value in [
        json!(["cs.CL", "cs.LG"]),
        json!("cs.CL cs.LG"),
        json!("cs.CL, cs.LG"),
        json!("cs.CL;cs.LG"),
        json!("['cs.CL', 'cs.LG']"),
        json!([{"category": "cs.CL", "source": "a"}, {"display_name": "cs.LG"}, "cs.CL"]),
    ] {
        check(json!({"title": "t", "categories": value}), json!({"categories": ["cs.CL", "cs.LG"]}));
    }
    check(json!({"title": "t", "fieldsOfStudy": null}), json!({"categories": null}));
    check(
        json!({"title": "t", "categories": 3, "topics": [3, {"x": 1}, "cs.CL"]}),
        json!({
            "categories": ["cs.CL"],
            "dropped": ["`categories`: `3` is not a list of categories", "`topics`: `3` is not a string"],
        }),
    );
}
