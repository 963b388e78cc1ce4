//! Tables of services in which the names of columns do not say what they hold, or say something else.

/// Web of Science, "Tab delimited file", and what is made of it in R: the tags of its tagged format. `ID` holds keywords,
/// and names no paper.
const WEB_OF_SCIENCE: [(&str, &str); 15] = [
    ("TI", "title"),
    ("AB", "abstract"),
    // Full names, and names with initials.
    ("AF", "authors"),
    ("AU", "author"),
    ("PY", "year"),
    ("PD", "month"),
    ("DI", "doi"),
    ("PM", "pmid"),
    ("UT", "paper_id"),
    ("SO", "journal"),
    ("VL", "volume"),
    ("IS", "issue"),
    ("DE", "keywords"),
    ("ID", ""),
    ("CR", "references"),
];
/// Publish or Perish: `Source` is the journal.
const PUBLISH_OR_PERISH: [(&str, &str); 1] = [("Source", "journal")];

/// Returns the names by which the columns of a table are read.
pub(crate) fn fields(names: &[String]) -> Vec<String> {
    let has = |name: &str| names.iter().any(|known| known == name);
    let tags = ["AU", "AF", "AB", "SO", "PY", "DI", "UT"].into_iter().filter(|tag| has(tag)).count();
    let table: &[(&str, &str)] = if has("TI") && tags > 1 {
        &WEB_OF_SCIENCE
    } else if has("CitesURL") || has("GSRank") {
        &PUBLISH_OR_PERISH
    } else {
        &[]
    };
    let field = |name: &String| table.iter().find(|(known, _)| known == name).map(|(_, field)| (*field).to_owned());
    names.iter().map(|name| field(name).unwrap_or_else(|| name.clone())).collect()
}

#[cfg(test)]
mod tests {
    use crate::formats::tests::reference_summaries;
    use crate::formats::{InputFormat, read_references};

    fn check(name: &str, format: InputFormat, text: &str, expect: &[&str]) {
        let references = read_references(std::io::Cursor::new(text.to_owned()), name, None).unwrap();
        assert_eq!(references.format(), format, "{name}");
        assert_eq!(reference_summaries(Ok(references)), expect, "{name}");
    }

    #[test]
    fn tables_of_reference_managers() {
        check(
            "zotero.csv",
            InputFormat::Csv,
            "\"Key\",\"Item Type\",\"Publication Year\",\"Author\",\"Title\",\"Publication Title\",\"DOI\",\"Url\",\
             \"Abstract Note\",\"Date\",\"Date Added\",\"Manual Tags\",\"Extra\"\n\
             \"A1\",\"journalArticle\",\"2018\",\"Oak, Ada; Elm, Ben\",\"Lamps\",\"J\",\"10.5555/Z.1\",\"\",\"We light.\",\
             \"Spring 2018\",\"2020-01-02 03:04:05\",\"lamp; ferry\",\"arXiv:2401.90001 [cs]\"\n\
             \"A2\",\"book\",\"\",\"Oak, Ada\",\"Ferries\",\"\",\"\",\"\",\"\",\"n.d.\",\"2023-01-06 03:04:05\",\"\",\"\"\n",
            &[
                "id=2401.90001 | also=doi:10.5555/z.1 | title=Lamps | abstract=We light. | authors=Oak, Ada; Elm, Ben | \
                 published=2018-01-01 | added=2020-01-02 | tags=lamp; ferry",
                "title=Ferries | authors=Oak, Ada | added=2023-01-06",
            ],
        );
        check(
            "rayyan.csv",
            InputFormat::Csv,
            "key,title,authors,journal,volume,issue,year,month,abstract,doi,keywords,notes\n\
             rayyan-1,Lamps,\"Oak, Ada and Elm, Ben\",J,3,1,2019,5,We light.,10.5555/r.1,lamp,\n",
            &[
                "id=doi:10.5555/r.1 | title=Lamps | abstract=We light. | authors=Oak, Ada; Elm, Ben | published=2019-05-01 | \
               tags=lamp",
            ],
        );
        check(
            "covidence.csv",
            InputFormat::Csv,
            "Title,Authors,Abstract,Published Year,Published Month,Journal,Volume,Issue,DOI,Covidence #,Tags\n\
             Lamps,\"Oak, A.; Elm, B.C.\",We light.,2019,5,J,3,1,10.5555/c.1,#7,included\n",
            &[
                "id=doi:10.5555/c.1 | title=Lamps | abstract=We light. | authors=Oak, A.; Elm, B.C. | published=2019-05-01 | \
               tags=included",
            ],
        );
        check(
            "asreview.csv",
            InputFormat::Csv,
            "record_id,primary_title,first_authors,notes_abstract,publication_year,keywords,included\n\
             0,Lamps,\"Oak, A., Elm, B.C.\",We light.,2014//,lamp;ferry,1\n",
            &[
                "title=Lamps | abstract=We light. | authors=Oak, A.; Elm, B.C. | published=2014-01-01 | tags=lamp; ferry",
            ],
        );
    }

    #[test]
    fn tables_of_catalogs() {
        check(
            "scopus.csv",
            InputFormat::Csv,
            "\"Authors\",\"Author full names\",\"Title\",\"Year\",\"Source title\",\"Volume\",\"DOI\",\"Link\",\"Abstract\",\
             \"Author Keywords\",\"EID\"\n\
             \"Oak A.; Elm B.C.\",\"Oak, Ada (12); Elm, Ben C. (34)\",\"Lamps\",\"2023\",\"J\",\"3\",\"10.5555/s.1\",\
             \"https://example.org/1\",\"[No abstract available]\",\"lamp; ferry\",\"2-s2.0-1\"\n\
             \"[No author name available]\",\"\",\"Bells\",\"2020\",\"J\",\"3\",\"\",\"\",\"They ring.\",\"\",\"2-s2.0-4\"\n\
             \"Oak A., Elm B.C.\",\"\",\"Ferries\",\"2020\",\"J\",\"3\",\"\",\"\",\"They cross.\",\"\",\"2-s2.0-5\"\n",
            &[
                "id=doi:10.5555/s.1 | also=2-s2.0-1 | title=Lamps | authors=Oak A.; Elm B.C. | published=2023-01-01 | \
                 url=https://example.org/1 | tags=lamp; ferry",
                "id=2-s2.0-4 | title=Bells | abstract=They ring. | published=2020-01-01",
                "id=2-s2.0-5 | title=Ferries | abstract=They cross. | authors=Oak A.; Elm B.C. | published=2020-01-01",
            ],
        );
        check(
            "savedrecs.txt",
            InputFormat::Tsv,
            "PT\tAU\tTI\tSO\tPD\tPY\tUT\nJ\tOak, A\tLamps\tJ\tMAY 12\t2023\tWOS:0001\n\
             J\tOak, A\tBells\tJ\tMAY-JUN\t2023\tWOS:0002\n",
            &[
                "id=WOS:0001 | title=Lamps | authors=Oak, A | published=2023-05-12",
                "id=WOS:0002 | title=Bells | authors=Oak, A | published=2023-05-01",
            ],
        );
        let wos = "PT\tAU\tAF\tTI\tSO\tDE\tID\tAB\tPY\tVL\tIS\tDI\tUT\tPM\t\n\
                   J\tOak, A; Elm, BC\tOak, Ada; Elm, Ben C.\tLamps\tJ\tlamp; ferry\tLIGHT\tWe light.\t2019\t3\t1\t\
                   10.5555/w.1\tWOS:0001\t7\t\t\n\
                   J\t[Anonymous]\t\tBells\tJ\t\tSOUND\t\t2019\t3\t1\t\tWOS:0002\t\t\n";
        let found = [
            "id=doi:10.5555/w.1 | also=pmid:7 WOS:0001 | title=Lamps | abstract=We light. | authors=Oak, Ada; Elm, Ben C. | \
             published=2019-01-01 | tags=lamp; ferry",
            "id=WOS:0002 | title=Bells | published=2019-01-01",
        ];
        check("savedrecs.txt", InputFormat::Tsv, wos, &found);
        check("savedrecs.csv", InputFormat::Csv, &wos.replace('\t', "|"), &found);
        check(
            "savedrecs.csv",
            InputFormat::Csv,
            "Authors,Author Full Names,Article Title,Source Title,Author Keywords,Abstract,Publication Year,DOI,\
             UT (Unique WOS ID)\n\"Oak, A; Elm, BC\",\"\",Lamps,J,lamp,We light.,2019,,WOS:0001\n",
            &[
                "id=WOS:0001 | title=Lamps | abstract=We light. | authors=Oak, A; Elm, BC | published=2019-01-01 | tags=lamp",
            ],
        );
        check(
            "dimensions.csv",
            InputFormat::Csv,
            "\"About the data: Exported on Jan 1, 2025. Criteria: 'lamps' in title and abstract.\"\n\
             Rank,Publication ID,DOI,PMID,Title,Abstract,Source title,Publication Date,PubYear,Volume,Issue,Authors,\
             Dimensions URL\n\
             1,pub.11,10.5555/d.1,,Lamps,We light.,J,2019-05-06,2019,3,1,\"Oak, Ada; Elm, Ben\",https://example.org/11\n\
             1,pub.12,,,Bells,,J,,2019,3,1,\"Oak, Ada\",\n",
            &[
                "id=doi:10.5555/d.1 | also=pub.11 | title=Lamps | abstract=We light. | authors=Oak, Ada; Elm, Ben | \
                 published=2019-05-06 | url=https://example.org/11",
                "id=pub.12 | title=Bells | authors=Oak, Ada | published=2019-01-01",
            ],
        );
        check(
            "openalex.csv",
            InputFormat::Csv,
            "id,doi,title,publication_year,publication_date,authorships.author.display_name,ids.pmid,\
             primary_location.landing_page_url,abstract\n\
             https://openalex.org/W1,https://doi.org/10.5555/o.1,Lamps,2019,2019-05-06,Ada Oak|Ben Elm,\
             https://pubmed.ncbi.nlm.nih.gov/7,https://example.org/1,We light.\n",
            &["id=doi:10.5555/o.1 | also=pmid:7 https://openalex.org/W1 | title=Lamps | abstract=We light. | \
               authors=Ada Oak; Ben Elm | published=2019-05-06 | url=https://example.org/1"],
        );
        check(
            "lens.csv",
            InputFormat::Csv,
            "Lens ID,Title,Date Published,Publication Year,Source Title,Author/s,Abstract,Volume,Issue Number,\
             Fields of Study,Keywords,External URL,PMID,DOI\n\
             000-111-222-333-444,Lamps,2019-05-06,2019,J,Ada Oak; Ben Elm,We light.,3,1,Optics; Crafts,lamp,,7,\n",
            &["id=pmid:7 | also=000-111-222-333-444 | title=Lamps | abstract=We light. | authors=Ada Oak; Ben Elm | \
               published=2019-05-06 | categories=Optics Crafts | tags=lamp"],
        );
        check(
            "pubmed.csv",
            InputFormat::Csv,
            "PMID,Title,Authors,Citation,First Author,Journal/Book,Publication Year,Create Date,PMCID,NIHMS ID,DOI\n\
             7,Lamps.,\"Oak A, Elm BC.\",\"J. 2019 May;3(1):1.\",Oak A,J,2019,2019/05/06,,,10.5555/p.1\n\
             8,[Not Available].,Oak A.,J. 2019.,Oak A,J,2019,2019/05/06,,,\n",
            &["id=doi:10.5555/p.1 | also=pmid:7 | title=Lamps. | authors=Oak A; Elm BC. | published=2019-01-01", ""],
        );
        check(
            "ieee.csv",
            InputFormat::Csv,
            "\"Document Title\",Authors,\"Author Affiliations\",\"Publication Title\",Date Added To Xplore,\
             \"Publication Year\",\"Abstract\",\"DOI\",PDF Link,\"Author Keywords\"\n\
             Lamps,A. Oak; B. C. Elm,,J,6 May 2019,2019,We light.,10.5555/i.1,https://example.org/1,lamp;ferry\n",
            &[
                "id=doi:10.5555/i.1 | title=Lamps | abstract=We light. | authors=A. Oak; B. C. Elm | published=2019-01-01 | \
               url=https://example.org/1 | tags=lamp; ferry",
            ],
        );
        check(
            "acm.csv",
            InputFormat::Csv,
            "type,id,author,editor,title,pages,keywords,doi,journal,issue_date,volume,issue_no,month,year\n\
             article,77,Ada Oak and Ben Elm,,Lamps,1--2,lamp,10.5555/a.1,J,May 2019,3,1,May,2019\n",
            &["id=77 | also=doi:10.5555/a.1 | title=Lamps | authors=Ada Oak; Ben Elm | published=2019-05-01 | \
               url=https://doi.org/10.5555/a.1 | tags=lamp"],
        );
        check(
            "PoPCites.csv",
            InputFormat::Csv,
            "Cites,Authors,Title,Year,Source,Publisher,ArticleURL,CitesURL,GSRank,Type,DOI,AuthorCount,Abstract\n\
             3,\"A Oak, BC Elm, ...\",Lamps,2019,J,P,https://example.org/1,,1,,,3,We light …\n\
             3,A Oak,Bells,0,J,P,,,2,,,1,\n",
            &[
                "title=Lamps | abstract=We light … | authors=A Oak; BC Elm | author_count=3 | published=2019-01-01 | \
                 url=https://example.org/1",
                "title=Bells | authors=A Oak | author_count=1",
            ],
        );
        check(
            "citations.csv",
            InputFormat::Csv,
            "Authors,Title,Publication,Volume,Number,Pages,Year,Publisher\n\
             \"Oak, Ada; Elm, Ben; \",Lamps,J,3,1,1-2,2019,P\n",
            &["title=Lamps | authors=Oak, Ada; Elm, Ben | published=2019-01-01"],
        );
    }

    #[test]
    fn columns_of_two_letters_are_tags_only_together() {
        let text = "id,title,TI\nmine,Lamps,Other\n";
        check("x.csv", InputFormat::Csv, text, &["id=mine | title=Lamps"]);
    }
}
