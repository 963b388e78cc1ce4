//! A paper from the named fields of a record, under all the names that sources use for them.
//!
//! One rule for bad values: `null`, empty text and missing fields are fine; a value of the wrong type, a count that is
//! not a count and a date that does not exist make the whole record bad, and the error names field and value. To drop
//! the value silently would drop the paper from every list by date or votes, unnoticed.

use serde_json::{Map, Value};

use crate::formats::common::field_names::{FieldRole, NAMES};
use crate::formats::common::values::{
    abstract_text, address, categories, count, date, is_missing, source_name, split_list, text, truncated,
};
use crate::formats::common::{authors, id_fields};
use crate::formats::reference::BibReference;
use crate::paper::RawPaper;

/// Returns the paper of a record; `source` is its source unless the record names another. The error names field and
/// value.
pub(crate) fn raw_paper(record: Map<String, Value>, source: &str) -> Result<RawPaper, String> {
    from_chosen(ChosenFields::of(record), source)
}

/// Returns the reference of a row of a table, as reference managers write it.
pub(crate) fn reference(record: Map<String, Value>, source: &str) -> Result<BibReference, String> {
    let mut chosen = ChosenFields::of(record);
    let added = chosen.take(FieldRole::Added, date)?.flatten();
    let tags = chosen.take(FieldRole::Tags, text)?.unwrap_or_default();
    let raw_paper = from_chosen(chosen, source)?;
    Ok(BibReference { raw_paper, added, tags: split_list(&tags, &[';']), ..BibReference::default() })
}

fn from_chosen(mut chosen: ChosenFields, source: &str) -> Result<RawPaper, String> {
    let mut raw_paper = RawPaper {
        title: chosen.take(FieldRole::Title, text)?.unwrap_or_default(),
        abstract_text: chosen.take(FieldRole::Abstract, abstract_text)?.unwrap_or_default(),
        authors: chosen.take(FieldRole::Authors, authors::read)?.unwrap_or_default(),
        author_count: chosen.take(FieldRole::AuthorCount, count)?.flatten(),
        published: chosen.take(FieldRole::Published, date)?.flatten(),
        listed: chosen.take(FieldRole::Listed, date)?.flatten(),
        votes: chosen.take(FieldRole::Votes, count)?.flatten(),
        comments: chosen.take_comments()?,
        categories: chosen.take(FieldRole::Categories, categories)?.unwrap_or_default(),
        source: chosen.take(FieldRole::Source, source_name)?.flatten().unwrap_or_else(|| source.to_owned()),
        url: chosen.take(FieldRole::Url, address)?.flatten(),
        ..RawPaper::default()
    };
    id_fields::assign(&mut raw_paper, chosen.ids)?;
    Ok(raw_paper)
}

/// The fields that count.
struct ChosenFields {
    /// For each field the preferred name of those that have a value, with the value.
    fields: Vec<(FieldRole, usize, String, Value)>,
    /// All ids: the place of the name, the name, the value.
    ids: Vec<(usize, String, Value)>,
}

impl ChosenFields {
    fn of(record: Map<String, Value>) -> ChosenFields {
        let mut fields: Vec<(FieldRole, usize, String, Value)> = Vec::with_capacity(NAMES.len());
        let mut ids = Vec::new();
        for (name, value) in record.into_iter().filter(|(_, value)| !is_missing(value)) {
            let Some((field, rank)) = FieldRole::named(&name) else { continue };
            if field == FieldRole::Id {
                ids.push((rank, name, value));
                continue;
            }
            match fields.iter_mut().find(|other| other.0 == field) {
                None => fields.push((field, rank, name, value)),
                Some(other) if rank < other.1 => *other = (field, rank, name, value),
                Some(_) => {}
            }
        }
        ChosenFields { fields, ids }
    }

    /// The field's value as `read` understands it; `None` when there is none.
    fn take<T>(&mut self, field: FieldRole, read: fn(Value) -> Result<T, String>) -> Result<Option<T>, String> {
        let Some(at) = self.fields.iter().position(|other| other.0 == field) else { return Ok(None) };
        let (_, _, name, value) = self.fields.swap_remove(at);
        read(value).map(Some).map_err(|reason| format!("`{}`: {reason}", truncated(&name, 40)))
    }

    /// In arXiv's own metadata `comments` is a remark of the authors (`12 pages, 3 figures`): no count, no error.
    fn take_comments(&mut self) -> Result<Option<u32>, String> {
        let remark = |(_, _, name, value): &(FieldRole, usize, String, Value)| {
            name.eq_ignore_ascii_case("comments")
                && value.as_str().is_some_and(|text| text.contains(char::is_alphabetic))
        };
        self.fields.retain(|entry| !remark(entry));
        Ok(self.take(FieldRole::Comments, count)?.flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(record: Value, expect: Value) {
        let Value::Object(fields) = record.clone() else { panic!("not an object: {record}") };
        let found = match raw_paper(fields, "test").and_then(RawPaper::validate) {
            Ok(paper) => serde_json::to_value(paper).unwrap(),
            Err(reason) => Value::String(reason),
        };
        match &expect {
            Value::Object(parts) => {
                for (name, part) in parts {
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
        check(json!({"title": "t", "id": 1.5}), json!("`id`: `1.5` is not an id: expected a string or an integer"));
        check(json!({"title": "t", "id": true}), json!("`id`: `true` is not an id: expected a string or an integer"));
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
            (json!({"doi": "none yet", "id": "mine"}), "mine", json!(null)),
        ] {
            let mut fields = record;
            fields.as_object_mut().unwrap().insert("title".to_owned(), json!("t"));
            check(fields, json!({"id": id, "aliases": also}));
        }
        check(json!({"title": "t", "externalIds": 3}), json!("`externalIds`: `3` is not an object of ids"));
    }

    #[test]
    fn words_by_their_places() {
        let index = json!({"An": [0], "text": [2, 4], "invented": [1], "of": [3]});
        check(json!({"title": "t", "abstract_inverted_index": index}), json!({"abstract": "An invented text of text"}));
        check(
            json!({"title": "t", "abstract_inverted_index": {"a": 1}}),
            json!("`abstract_inverted_index`: `{\"a\":1}` is not a string"),
        );
        let index = json!({"long".repeat(1000): (0..5000).collect::<Vec<_>>()});
        check(
            json!({"title": "t", "abstract_inverted_index": index}),
            json!("`abstract_inverted_index`: longer than 16 MB"),
        );
    }

    #[test]
    fn missing_values_are_fine_and_wrong_ones_are_named() {
        check(
            json!({"title": "t", "abstract": null, "votes": null, "published": "", "authors": [], "url": null}),
            json!({"votes": null, "url": null}),
        );
        check(json!({"abstract": "only"}), json!({"title": "", "abstract": "only"}));
        check(json!({"title": 5}), json!("`title`: `5` is not a string"));
        check(json!({"title": "t", "Summary": ["a"]}), json!("`Summary`: `[\"a\"]` is not a string"));
        check(json!({"title": null}), json!("no title and no abstract"));
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
            check(json!({"title": "t", "votes": value}), json!(reason));
        }
    }

    #[test]
    fn comments_may_be_a_remark() {
        check(json!({"title": "t", "comments": "12 pages, 3 figures"}), json!({"comments": null}));
        check(json!({"title": "t", "Comments": "Accepted at a workshop"}), json!({"comments": null}));
        check(json!({"title": "t", "comments": "12"}), json!({"comments": 12}));
        check(
            json!({"title": "t", "comments": -2}),
            json!("`comments`: `-2` is not a count: expected an integer of 0 or more"),
        );
        check(
            json!({"title": "t", "num_comments": "some"}),
            json!("`num_comments`: `\"some\"` is not a count: expected an integer of 0 or more"),
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
            (
                json!([{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}, {"version": "v2"}]),
                json!("2007-04-02"),
            ),
            (json!(["2016-06-01T01:50:11-0400", "2016-10-20T23:44:02-0400"]), json!("2016-06-01")),
        ] {
            check(json!({"title": "t", "published": value}), json!({"published": expect}));
        }
        for value in [json!("2024-02-30"), json!("soon"), json!(3), json!(true), json!([3]), json!({})] {
            let reason = format!("`published`: `{value}` is not a valid date: use the form 2024-12-19, or omit it");
            check(json!({"title": "t", "published": value}), json!(reason));
        }
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
        check(json!({"title": "t", "categories": 3}), json!("`categories`: `3` is not a list of categories"));
    }
}
