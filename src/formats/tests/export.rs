//! What is written, by example, and laws of hostile texts.

use proptest::prelude::*;

use crate::formats::ExportFormat;
use crate::paper::{Paper, RawPaper};

fn papers() -> Vec<Paper> {
    let raw_paper = |id: &str, title: &str, authors: &[&str]| RawPaper {
        id: Some(id.to_owned()),
        title: title.to_owned(),
        abstract_text: "Of 50% & more: $x_1$ is\n_new_ #1.".to_owned(),
        authors: authors.iter().map(|author| (*author).to_owned()).collect(),
        published: Some(jiff::civil::date(2025, 3, 4)),
        categories: vec!["cs.RO".to_owned(), "cs.CL".to_owned()],
        source: "test".to_owned(),
        ..RawPaper::default()
    };
    let first = RawPaper {
        aliases: vec!["10.1000/Some_Thing".to_owned()],
        ..raw_paper("2501.00001", "Walking [Robots] *Slowly* <b>", &["Ada Example", "von Other, Bo", "Consortium"])
    };
    let second = RawPaper {
        published: None,
        abstract_text: String::new(),
        ..raw_paper("mine", "A } brace \\", &["Team of A and B"])
    };
    [first, second].map(|raw_paper| raw_paper.validate().unwrap()).to_vec()
}

#[test]
fn by_example() {
    for format in ExportFormat::ALL {
        insta::assert_snapshot!(format.to_string(), format.write(&papers()).replace("\r\n", "\n"));
    }
}

#[test]
fn names_of_export_formats() {
    for format in ExportFormat::ALL {
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    assert!("bib".parse::<ExportFormat>().unwrap_err().contains("bibtex"));
}

#[test]
fn keys_are_used_once() {
    let text = ExportFormat::Bibtex.write(&[papers(), papers()].concat());
    let keys: Vec<&str> = text.lines().filter(|line| line.starts_with('@')).collect();
    assert_eq!(
        keys,
        ["@article{example2025walking,", "@misc{bbrace,", "@article{example2025walking-2,", "@misc{bbrace-2,"]
    );
}

#[test]
fn formulas_are_readable_for_people_only() {
    let title = "On $\\alpha^2$";
    let paper = RawPaper { title: title.to_owned(), ..RawPaper::default() }.validate().unwrap();
    for format in ExportFormat::ALL {
        let text = format.write(std::slice::from_ref(&paper)).replace("\\\\", "\\");
        let expect = if format == ExportFormat::Markdown { "On α²" } else { title };
        assert!(text.contains(expect), "{format}: {text}");
    }
}

proptest! {
    #[test]
    fn any_text_keeps_its_entry(title in "[a-z{}$%\\\\\"@,&#_ é\n-]{1,40}", author in "[A-Za-z{},. ]{1,20}") {
        let raw_paper = RawPaper { title, authors: vec![author], ..RawPaper::default() };
        if let Ok(paper) = raw_paper.validate() {
            let papers = [paper.clone(), paper];
            let bibtex = ExportFormat::Bibtex.write(&papers);
            let depth = bibtex.chars().fold(0i32, |depth, c| depth + i32::from(c == '{') - i32::from(c == '}'));
            prop_assert_eq!(depth, 0, "{}", bibtex);
            prop_assert_eq!(ExportFormat::Ris.write(&papers).matches("\r\nER  - \r\n").count(), 2);
            prop_assert_eq!(ExportFormat::Markdown.write(&papers).lines().count(), 2);
            let items: serde_json::Value = serde_json::from_str(&ExportFormat::CslJson.write(&papers)).unwrap();
            prop_assert_eq!(items.as_array().map(Vec::len), Some(2));
        }
    }
}
