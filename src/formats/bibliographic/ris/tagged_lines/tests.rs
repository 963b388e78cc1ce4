use super::*;

fn check(text: &str, format: InputFormat, expect: &[&[(&str, &str)]]) {
    assert_eq!(detect(text), Some(format), "{text}");
    let (input, _) = InputReader::new(std::io::Cursor::new(text.to_owned()), "x").unwrap();
    let mut records = TaggedRecords::new(input, format);
    let mut found = Vec::new();
    while let Some(record) = records.record().unwrap() {
        let field = |TaggedField { tag, value }: TaggedField| {
            (String::from_utf8_lossy(&tag.0).trim_end().to_owned(), value.replace('\n', "|"))
        };
        found.push(record.fields.into_iter().map(field).collect::<Vec<_>>());
    }
    let found: Vec<Vec<(&str, &str)>> =
        found.iter().map(|record| record.iter().map(|(t, v)| (t.as_str(), v.as_str())).collect()).collect();
    assert_eq!(found, expect, "{text}");
}

#[test]
fn records() {
    check(
        "\r\nTY  - JOUR\r\nTI  - A\r\nKW  - b\r\nc - d\r\nER  - \r\n\r\nTY  - BOOK\r\nTI - E\r\nTY  - X\r\nER  -",
        InputFormat::Ris,
        &[&[("TY", "JOUR"), ("TI", "A"), ("KW", "b|c - d")], &[("TY", "BOOK"), ("TI", "E")], &[("TY", "X")]],
    );
    check(
        "PMID- 1\nTI  - A long\n      title\n\nPMID- 2\nTI  - B\n",
        InputFormat::Nbib,
        &[&[("PMID", "1"), ("TI", "A long|      title|")], &[("PMID", "2"), ("TI", "B")]],
    );
    check(
        "FN Invented\nVR 1.0\nPT J\nAU Lee, A\n   Chen, B\nER\n\nPT J\nTI C\nER\n\nEF",
        InputFormat::Wos,
        &[&[("PT", "J"), ("AU", "Lee, A|   Chen, B")], &[("PT", "J"), ("TI", "C")]],
    );
    check(
        "%0 Journal Article\n%T A long\ntitle\n%X 5%\n\n% of lamps\n\n%0 Book\n%T B",
        InputFormat::Enw,
        &[
            &[("%0", "Journal Article"), ("%T", "A long|title"), ("%X", "5%||% of lamps|")],
            &[("%0", "Book"), ("%T", "B")],
        ],
    );
    assert_eq!(detect("Dear PT J\nTY -x"), None);
    assert_eq!(detect("AU  - or not\nto be"), None);
    assert_eq!(detect("%A remark\n@book{k}"), None);
}

#[test]
fn records_without_their_first_tag() {
    let first: &[(&str, &str)] = &[("TY", "X"), ("TI", "A")];
    let second: &[(&str, &str)] = &[("TI", "C"), ("AU", "Oak, A")];
    let last: &[(&str, &str)] = &[("TY", "X"), ("TI", "B")];
    let (whole, bare) = ("TY  - X\nTI  - A\nER  - \n", "TI  - C\nAU  - Oak, A\nER  - \n");
    let after = "TY  - X\nTI  - B\nER  - ";
    check(&format!("{whole}\n{bare}\n{after}"), InputFormat::Ris, &[first, second, last]);
    check(&format!("{bare}\n{after}"), InputFormat::Ris, &[second, last]);
    check(&format!("{bare}{bare}{bare}{after}"), InputFormat::Ris, &[second, second, second, last]);
    let blank = "TY  - X\n\nTI  - A\n\nTI  - C\nER  - ";
    check(blank, InputFormat::Ris, &[&[("TY", "X|"), ("TI", "A|"), ("TI", "C")]]);
    check(
        "FN Invented\nVR 1.0\nTI A\nER\n\nAU Lee, A\nTI B\nER\nPT J\nTI C\nER\n\nEF",
        InputFormat::Wos,
        &[&[("TI", "A")], &[("AU", "Lee, A"), ("TI", "B")], &[("PT", "J"), ("TI", "C")]],
    );
    check(
        "PMID- 1\nTI  - A\n\nTI  - B\nAU  - Oak A\n\nPMID- 3\nOWN - N\n\nOWN - N\nTI  - C\n\nAB  - D",
        InputFormat::Nbib,
        &[
            &[("PMID", "1"), ("TI", "A|")],
            &[("TI", "B"), ("AU", "Oak A|")],
            &[("PMID", "3"), ("OWN", "N|")],
            &[("OWN", "N"), ("TI", "C|"), ("AB", "D")],
        ],
    );
}

#[test]
fn records_in_other_styles() {
    let expect: [&[(&str, &str)]; 2] = [&[("TY", "JOUR"), ("TI", "A")], &[("TY", "BOOK"), ("TI", "B")]];
    for text in [
        "  TY  - JOUR\n  TI  - A\n  ER  -\n  TY  - BOOK\n  TI  - B\n  ER  -",
        " TY  - JOUR\nTI  - A\nER  -\nTY  - BOOK\nTI  - B\nER  -",
        "ty  - JOUR\nti  - A\ner  -\nty  - BOOK\nti  - B\ner  -",
    ] {
        check(text, InputFormat::Ris, &expect);
    }
    let joined = "\u{feff}TY  - JOUR\nTI  - A\nER  -\n\u{feff}TY  - BOOK\nTI  - B\nER  -";
    check(joined, InputFormat::Ris, &[&[("TY", "JOUR"), ("TI", "A")], &[("TY", "BOOK"), ("TI", "B")]]);
    check(
        "%T A\n%A Ada Oak\n\n%A Bo Chen\n%T B\n",
        InputFormat::Enw,
        &[&[("%T", "A"), ("%A", "Ada Oak|")], &[("%A", "Bo Chen"), ("%T", "B")]],
    );
}
