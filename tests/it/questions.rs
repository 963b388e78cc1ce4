//! What readers type, asked of a library of 13,610 daily papers: `.ci/full` builds it and names it in
//! `PAPERKIN_DAILY_PAPERS`. Each kind of question has an answer that can be told by its papers.

use serde_json::Value;

use crate::support::answers::{ids, results, titles};
use crate::support::prerequisites;
use crate::support::sandbox::Sandbox;

/// The library, and the program.
struct DailyPapers {
    sandbox: Sandbox,
    library: String,
}

impl DailyPapers {
    fn open() -> Option<DailyPapers> {
        let library = prerequisites::daily_papers()?.to_str().unwrap().to_owned();
        Some(DailyPapers { sandbox: Sandbox::new(), library })
    }

    fn ask(&self, args: &[&str]) -> Value {
        self.sandbox.json(&[args, &["--library", &self.library, "--format", "json"]].concat())
    }

    fn search(&self, text: &str) -> Value {
        self.sandbox.json(&["--library", &self.library, "search", "--format", "json", "--", text])
    }
}

/// Title and abstract of a result.
fn text_of(result: &Value) -> String {
    format!("{} {}", result["paper"]["title"].as_str().unwrap(), result["paper"]["abstract"].as_str().unwrap())
}

fn words_of(answer: &Value) -> Vec<&str> {
    results(answer).iter().map(|result| result["relevance"]["word"].as_str().unwrap()).collect()
}

#[test]
fn ids_titles_and_names_come_first() {
    let Some(daily) = DailyPapers::open() else { return };
    for text in ["2408.00714", "https://arxiv.org/abs/2408.00714v1", "hf.co/papers/2408.00714", "SAM 2"] {
        let answer = daily.search(text);
        assert_eq!(ids(&answer)[0], "2408.00714", "{text}");
        assert!(titles(&answer)[1..].iter().all(|title| title.contains("Any") || title.contains("SAM")), "{text}");
    }
    for name in ["Qwen3", "CogVideoX", "Wan"] {
        let first = titles(&daily.search(name)).remove(0);
        assert!(first.starts_with(&format!("{name}:")) || first == format!("{name} Technical Report"), "{first}");
    }
    // Papers about the system come before papers that use the word.
    for name in ["FLUX", "Wan"] {
        let answer = daily.search(name);
        let of_system = results(&answer).iter().filter(|result| text_of(result).contains(name)).count();
        assert_eq!(of_system, results(&answer).len(), "{name}: {:?}", titles(&answer));
    }
    // Whole titles, in lower case and without a word.
    let papers = daily.sandbox.run(&["--library", &daily.library, "list", "-n", "1000", "--format", "jsonl"]).out;
    let mut asked = 0;
    for line in papers.lines().step_by(100) {
        let paper: Value = serde_json::from_str(line).unwrap();
        let title = paper["title"].as_str().unwrap().to_lowercase();
        let words: Vec<&str> = title.split(' ').collect();
        let mut texts = vec![title.clone()];
        if words.len() >= 8 {
            texts.push([&words[..3], &words[4..]].concat().join(" "));
        }
        for text in texts {
            assert_eq!(ids(&daily.search(&text))[0], paper["id"].as_str().unwrap(), "{text}");
            asked += 1;
        }
    }
    assert!(asked > 10);
}

#[test]
fn authors_and_filters_are_as_typed() {
    let Some(daily) = DailyPapers::open() else { return };
    for text in ["Yann LeCun", "LeCun", "author:lecun"] {
        let answer = daily.sandbox.json(&["--library", &daily.library, "search", "-n", "13", "--format", "json", text]);
        let by = |result: &Value| result["paper"]["authors"].to_string().contains("LeCun");
        assert_eq!(results(&answer).iter().filter(|result| by(result)).count(), 13, "{text}");
    }
    let answer = daily.search("author:\"Tri Dao\" year:2024..");
    assert!(!results(&answer).is_empty());
    for result in results(&answer) {
        assert!(result["paper"]["authors"].to_string().contains("Tri Dao"), "{result}");
        assert!(result["paper"]["published"].as_str().unwrap() >= "2024", "{result}");
    }
    let without = daily.search("diffusion -image");
    assert_eq!(results(&without).len(), 10);
    let has_image = |result: &Value| {
        text_of(result).to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| word == "image")
    };
    assert!(!results(&without).iter().any(has_image), "{:?}", titles(&without));
}

#[test]
fn topics_and_questions_are_about_their_subject() {
    let Some(daily) = DailyPapers::open() else { return };
    let topic = daily.search("speculative decoding");
    assert_eq!(words_of(&topic), ["close"; 10]);
    assert!(
        results(&topic).iter().all(|result| text_of(result).to_lowercase().contains("speculati")),
        "{:?}",
        titles(&topic)
    );
    let question =
        daily.search("How do I reduce hallucinations when my chatbot answers questions from company documents?");
    let on_subject = results(&question).iter().filter(|result| text_of(result).to_lowercase().contains("hallucinat"));
    assert!(on_subject.count() >= 9, "{:?}", titles(&question));
    let misspelled = daily.search("difusion modles for vidoe generaton");
    assert!(misspelled["note"].as_str().unwrap().contains("showing results for “diffus"), "{}", misspelled["note"]);
    let about = |result: &Value| ["diffus", "video"].iter().all(|word| text_of(result).to_lowercase().contains(word));
    assert!(results(&misspelled).iter().filter(|result| about(result)).count() >= 9, "{:?}", titles(&misspelled));
}

#[test]
fn what_is_not_there_is_said() {
    let Some(daily) = DailyPapers::open() else { return };
    for text in ["recipe for apple pie", "asdfgh qwerty zxcv", "Bundesliga results"] {
        let answer = daily.search(text);
        assert_eq!((&answer["nothing_close"], words_of(&answer)), (&true.into(), vec!["far"; 3]), "{text}");
    }
    let german = daily.search("Wie kann man große Sprachmodelle auf dem Handy ausführen?");
    assert!(german["note"].as_str().unwrap().contains("the model reads English"), "{}", german["note"]);
    assert!(results(&german).len() <= 3);
}

#[test]
fn five_fields_have_their_share_of_ten_papers() {
    let Some(daily) = DailyPapers::open() else { return };
    let fields =
        ["weather forecasting", "music generation", "robot control", "3D Gaussian splatting", "theorem proving"];
    let liked: Vec<String> = fields.iter().map(|field| ids(&daily.search(field)).remove(0)).collect();
    let answer = daily.ask(&["recommend", "--like", &liked.join(",")]);
    let labels: std::collections::BTreeSet<&str> =
        results(&answer).iter().filter_map(|result| result["interest"]["label"].as_str()).collect();
    assert_eq!((results(&answer).len(), labels.len()), (10, 5), "{:?}", titles(&answer));
    assert!(words_of(&answer).iter().all(|word| *word != "far"));
}
