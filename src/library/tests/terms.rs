//! Terms: papers are found by them, and libraries of before get them.

use super::test_library;
use super::*;

pub(super) fn found(library: &Library, text: &str, known: Option<&[i64]>) -> Vec<i64> {
    let query = TermQuery::from_weighted([(&AnalyzedText::new(text.to_owned()), 1.0)], 100, |_| 1.0);
    let postings: Vec<_> = query.terms().map(|term| library.postings(term).unwrap()).collect();
    let scores = library.collection_stats(known).unwrap().score(&query, &postings);
    scores.best(10, |_| true)
}

fn titled(number: usize, title: &str) -> Paper {
    Paper { title: title.to_owned(), abstract_text: String::new(), ..paper(number, 0) }
}

#[test]
fn words_find_papers_as_they_are_now() {
    let mut library = test_library();
    let titles = ["Zebra-2 grazes", "Zebras and how they graze", "Grazing of lions", "A zebra 2 times, zebra2"];
    titles.iter().enumerate().for_each(|(number, title)| add(&mut library, titled(number, title)));
    assert_eq!(found(&library, "zebra-2", None), [4, 1, 2]);
    assert_eq!(found(&library, "Zébras", Some(&[1, 2])), [1, 2]);
    assert_eq!(found(&library, "of the and", None), [0i64; 0]);
    add(&mut library, titled(3, "Lions of lions"));
    library.remove(&[id(0)]).unwrap();
    assert_eq!(found(&library, "zebra-2", None), [2]);
    assert_eq!(found(&library, "lion", None), [4, 3]);
}

#[test]
fn a_library_of_format_2_gets_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let mut library = Library::create(folder.path()).unwrap();
    (0..3).for_each(|number| add(&mut library, paper(number, number)));
    library.remove(&[id(1)]).unwrap();
    let stamp = library.generation_id().unwrap();
    library
        .db
        .execute_batch(
            "DROP TABLE posting; DROP TABLE term_vector; DROP TABLE followed; DROP TABLE alias; DROP TABLE record; \
             DROP TABLE citation; DROP TABLE work_alias; DROP TABLE work; DROP TABLE not_same; DROP TABLE unresolved_paper; DROP TABLE key_value; DROP TABLE digest_entry; DROP TABLE import; DROP INDEX impression_paper; DROP INDEX paper_facts; \
             DROP TABLE paper_checksum; DROP TABLE embedding_checksum; \
             ALTER TABLE impression RENAME TO shown; ALTER TABLE paper DROP COLUMN aliases; \
             ALTER TABLE profile DROP COLUMN feed_token; \
             ALTER TABLE profile RENAME COLUMN last_seen_generation TO looked; \
             ALTER TABLE profile RENAME COLUMN previous_seen_generation TO looked_before; \
             ALTER TABLE profile RENAME COLUMN last_seen_on TO looked_on; PRAGMA user_version = 2",
        )
        .unwrap();
    drop(library);

    let library = Library::open(folder.path()).unwrap();
    assert_eq!(library.generation_id().unwrap(), stamp, "papers and embeddings are as they were");
    assert_eq!(library.count_term_lists().unwrap().1, 0);
    assert_eq!(found(&library, "distinctive", None), [1, 3]);
}

#[test]
fn terms_of_an_older_library_become_pairs_of_characters() {
    let folder = tempfile::tempdir().unwrap();
    let mut library = Library::create(folder.path()).unwrap();
    ["On lamps", "基于灯笼的渡轮推荐方法研究"]
        .iter()
        .zip(0..)
        .for_each(|(title, number)| add(&mut library, titled(number, title)));
    let damage = "DELETE FROM posting; DELETE FROM term_vector; DROP TABLE citation; DROP TABLE work_alias; DROP TABLE work; \
                  DROP TABLE digest_entry; DROP TABLE history; DROP TABLE unresolved_paper; DROP TABLE import; DROP INDEX paper_facts; \
                  DROP TABLE paper_checksum; DROP TABLE embedding_checksum; \
                  CREATE TABLE history (profile INTEGER, paper TEXT) STRICT; \
                  CREATE TABLE unresolved_paper (profile INTEGER, paper TEXT) STRICT; \
                  PRAGMA user_version = 7";
    library.db.execute_batch(damage).unwrap();
    drop(library);
    let library = Library::open(folder.path()).unwrap();
    assert_eq!(library.count_term_lists().unwrap().1, 0);
    assert_eq!((found(&library, "渡轮推荐", None), found(&library, "lamp", None)), (vec![2], vec![1]));
}

#[test]
fn wrong_words_are_found_and_mended() {
    let mut library = test_library();
    (0..3).for_each(|number| add(&mut library, paper(number, 0)));
    let remedies = |library: &Library| library.check().unwrap().iter().filter(|f| f.remedy.is_some()).count();
    let damages = [
        "DELETE FROM posting WHERE term = 'text'",
        "UPDATE posting SET papers = {ffffffffff} WHERE term = ''",
        "DELETE FROM term_vector WHERE row = 2",
        "UPDATE term_vector SET terms = {0000}",
        "INSERT INTO posting VALUES (-5, 'text', {0101}), (70368744177664, 'text', {0101})",
    ];
    for damage in damages {
        let [before, after] = if library.db.as_sqlite().is_some() { ["x'", "'"] } else { ["'\\x", "'"] };
        library.db.execute_batch(&damage.replace('{', before).replace('}', after)).unwrap();
        assert_eq!(remedies(&library), 1, "{damage}");
        // A list that cannot be read is an error, not a shorter list.
        assert_eq!(library.postings("").is_err(), damage.contains("ffffffffff"), "{damage}");
        library.compact().unwrap();
        assert_eq!(remedies(&library), 0, "{damage}");
    }
}

#[test]
fn last_names_of_any_length_are_found() {
    let mut library = test_library();
    let authors = vec![format!("Ada {}", "x".repeat(20_000)), format!("Bo {}", "\u{71c8}".repeat(1_500))];
    add(&mut library, Paper { authors: authors.clone(), ..paper(0, 0) });
    for author in &authors {
        assert_eq!(library.keys_by_author(author).unwrap(), [1]);
    }
}

#[test]
fn categories_are_found_as_they_are_now() {
    let mut library = test_library();
    let long = ["x", "y"].map(|end| "a".repeat(250) + end);
    let of = |number: usize, categories: &[&str]| {
        let categories = categories.iter().map(|category| (*category).to_owned()).collect();
        Paper { categories, ..paper(number, number) }
    };
    let first = [of(0, &["cs.CL", "cs.LG"]), of(1, &["CS"]), of(2, &["csx.CL", &long[0]]), of(3, &["a.b.c"])];
    first.into_iter().for_each(|paper| add(&mut library, paper));
    let found = |library: &Library, wanted: &[&str]| {
        let categories: Vec<String> = wanted.iter().map(|category| (*category).to_owned()).collect();
        let keys = library.matching_keys(&PaperFilter { categories: categories.clone(), ..PaperFilter::default() });
        let keys = keys.unwrap().unwrap();
        let mut expected = Vec::new();
        let take = |stored: StoredPaper| {
            expected.extend(stored.paper.is_of_any(&categories).then_some(stored.key));
            Ok(())
        };
        library.for_each_paper(take).unwrap();
        assert_eq!(keys, expected, "{wanted:?}");
        keys
    };
    for (wanted, expected) in [
        (&["cs"][..], &[1, 2][..]),
        (&["Cs.cl"], &[1]),
        (&["cs.CL", "csx"], &[1, 3]),
        (&["cs.C"], &[]),
        (&["a"], &[4]),
        (&["a.b"], &[4]),
        (&[&long[0]], &[3]),
        (&[&long[1]], &[]),
    ] {
        assert_eq!(found(&library, wanted), expected, "{wanted:?}");
    }
    // Other categories with the same text; another text with the same categories; a paper less.
    add(&mut library, of(0, &["math.AG"]));
    add(&mut library, Paper { title: "Another title".to_owned(), ..of(1, &["CS"]) });
    library.remove(&[id(3)]).unwrap();
    for (wanted, expected) in [(&["cs"][..], &[2][..]), (&["math"], &[1]), (&["a"], &[])] {
        assert_eq!(found(&library, wanted), expected, "{wanted:?}");
    }
    assert_eq!(library.count_term_lists().unwrap().1, 0);
}
