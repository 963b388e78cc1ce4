//! Works that cite and are cited, by what a source says of them.

use jiff::civil::Date;

use super::identity::tells_papers_apart;
use super::{Paper, PaperId, RawPaper, one_line, placeholder, title_key};

/// Ids kept of one work: sources give five at most.
const MAX_IDS: usize = 8;
/// Longest title or citation that is kept, in characters: what is longer is cut.
const MAX_TEXT: usize = 1_000;

/// What a source says of a work that cites or is cited: enough to find its paper, or to tell it from other works.
///
/// ```
/// use paperkin::PaperId;
/// use paperkin::paper::WorkName;
///
/// let ids = ["10.5555/LAMPS", "2401.90001"].iter().filter_map(|id| PaperId::parse(id).ok()).collect();
/// let work = WorkName { ids, ..WorkName::default() }.checked().unwrap();
/// assert_eq!(work.id().unwrap().as_str(), "2401.90001");
/// assert!(WorkName::default().checked().is_none());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkName {
    /// Its ids, the most widely known one first.
    pub ids: Vec<PaperId>,
    /// The title; may be empty.
    pub title: String,
    /// The first author; may be empty.
    pub author: String,
    /// The year of publication.
    pub year: Option<i16>,
    /// The citation as it is printed, where a source has only that; may be empty.
    pub citation: String,
}

/// The works that a paper cites, and those that cite it, as far as a source says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CitationLinks {
    /// What the paper cites.
    pub references: Vec<WorkName>,
    /// What cites the paper.
    pub citations: Vec<WorkName>,
}

impl WorkName {
    /// Returns the name of a work by its only id.
    pub fn from_id(id: PaperId) -> WorkName {
        WorkName { ids: vec![id], ..WorkName::default() }
    }

    /// Returns the name with its texts on one line and its ids in order; `None` if it names nothing.
    pub fn checked(mut self) -> Option<WorkName> {
        for text in [&mut self.title, &mut self.author, &mut self.citation] {
            *text = one_line(text);
            if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
                text.truncate(end);
            }
        }
        if placeholder::is_no_title(&self.title) {
            self.title.clear();
        }
        if placeholder::is_no_author(&self.author) {
            self.author.clear();
        }
        self.ids.retain(|id| !id.is_invisible());
        // The order of ids of one kind does not depend on the source.
        self.ids.sort_by(|one, other| (one.rank(), one).cmp(&(other.rank(), other)));
        self.ids.dedup();
        self.ids.truncate(MAX_IDS);
        self.id().is_some().then_some(self)
    }

    /// Returns the id by which the work is known: the first of its own or, if it has none, one made from its title, first
    /// author and year, or else from the citation. `None` if there is nothing to make one from.
    pub fn id(&self) -> Option<PaperId> {
        if let Some(id) = self.ids.first() {
            return Some(id.clone());
        }
        match (title_key(&self.title).is_empty(), title_key(&self.citation).is_empty()) {
            (false, _) => Some(PaperId::from_record(&RawPaper {
                title: self.title.clone(),
                authors: self.authors(),
                published: self.day(),
                ..RawPaper::default()
            })),
            (true, false) => Some(PaperId::from_citation(&self.citation)),
            (true, true) => None,
        }
    }

    /// Returns the key of the title if it can be found by its title: if it has an author, and few works share the title.
    pub(crate) fn identifying_title(&self) -> Option<String> {
        let title = title_key(&self.title);
        (tells_papers_apart(&title) && !self.author.is_empty()).then_some(title)
    }

    /// Whether it is this paper, which has the same title.
    pub(crate) fn is_titled_as(&self, paper: &Paper) -> bool {
        let (id, aliases) = match self.ids.split_first() {
            Some((id, aliases)) => (id.clone(), aliases.to_vec()),
            None => (PaperId::from_text(&self.title), Vec::new()),
        };
        paper.is_cited_as(&Paper {
            id,
            aliases,
            title: self.title.clone(),
            abstract_text: String::new(),
            authors: self.authors(),
            author_count: None,
            published: self.day(),
            listed: None,
            votes: None,
            comments: None,
            categories: Vec::new(),
            source: "citation".to_owned(),
            url: None,
        })
    }

    fn authors(&self) -> Vec<String> {
        Some(&self.author).filter(|author| !author.is_empty()).cloned().into_iter().collect()
    }

    /// The first day of the year.
    fn day(&self) -> Option<Date> {
        self.year.and_then(|year| Date::new(year, 1, 1).ok())
    }
}

impl From<&Paper> for WorkName {
    fn from(paper: &Paper) -> WorkName {
        let ids = paper.all_ids().cloned().collect();
        WorkName { ids, ..WorkName::default() }.checked().expect("a paper has an id")
    }
}

impl CitationLinks {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.references.is_empty() && self.citations.is_empty()
    }

    /// Returns the links of a paper: pairs of what cites and what is cited.
    pub fn of_paper(self, paper: &Paper) -> Vec<(WorkName, WorkName)> {
        let own = WorkName::from(paper);
        let references = self.references.into_iter().map(|cited| (own.clone(), cited));
        let citations = self.citations.into_iter().map(|citing| (citing, own.clone()));
        references.chain(citations).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(ids: &[&str], title: &str, author: &str, year: Option<i16>, citation: &str) -> Option<WorkName> {
        let [title, author, citation] = [title, author, citation].map(str::to_owned);
        let ids = ids.iter().map(|id| PaperId::parse(id).unwrap()).collect();
        WorkName { ids, title, author, year, citation }.checked()
    }

    #[test]
    fn works_are_known_by_their_best_id() {
        let made = |title: &str, author: &str, year| {
            let published = Some(Date::constant(year, 1, 1));
            let (title, authors) = (title.to_owned(), vec![author.to_owned()]);
            PaperId::from_record(&RawPaper { title, authors, published, ..RawPaper::default() }).to_string()
        };
        for (work, id) in [
            (work(&["W12", "pmid:12", "10.5555/A", "2401.90001"], "Lamps", "", None, ""), "2401.90001"),
            (work(&["10.5555/B", "10.5555/a", "10.5555/A"], "", "", None, ""), "doi:10.5555/a"),
            (work(&[], " Soft\nlamps ", "Ada Oak", Some(1999), "x"), &made("Soft lamps", "Oak, A.", 1999)),
            (work(&[], "[No title available]", "", None, "Oak A, 1999, LAMPS"), "cr:1976bfe02002b5e7"),
        ] {
            let work = work.unwrap();
            assert_eq!(work.id().unwrap().as_str(), id, "{work:?}");
        }
        for nothing in [work(&[], " ", "Ada Oak", Some(1999), "..."), work(&[], "?", "", None, "")] {
            assert_eq!(nothing, None);
        }
        let long = work(&[], &"é".repeat(MAX_TEXT + 5), "", None, "").unwrap();
        assert_eq!(long.title.chars().count(), MAX_TEXT);
    }

    #[test]
    fn a_citation_is_the_same_in_any_spelling() {
        let id = |citation| work(&[], "", "", None, citation).unwrap().id();
        assert_eq!(id("Oak A, 1999, LAMPS, V3, P12"), id("oak a. 1999; Lamps, v3, p12"));
        assert_ne!(id("Oak A, 1999, LAMPS, V3, P12"), id("Oak A, 1999, LAMPS, V3, P13"));
    }

    #[test]
    fn a_work_is_a_paper_of_its_title() {
        let authors = vec!["Ben Elm".to_owned(), "Ada Oak".to_owned()];
        let raw = RawPaper {
            id: Some("2401.90001".to_owned()),
            title: "Soft robots walk on sand".to_owned(),
            authors,
            published: Some(Date::constant(2024, 1, 5)),
            source: "test".to_owned(),
            ..RawPaper::default()
        };
        let paper = raw.validate().unwrap();
        for (ids, author, year, expected) in [
            (&[][..], "Oak, A.", Some(2024), true),
            (&[], "A Oak", None, true),
            (&["10.5555/sand"], "Ben Elm", Some(2025), true),
            (&["2401.90002"], "Ben Elm", Some(2024), false),
            (&[], "Ben Elm", Some(2021), false),
            (&[], "Eva Ash", Some(2024), false),
            (&[], "", Some(2024), false),
        ] {
            let work = work(ids, &paper.title, author, year, "").unwrap();
            assert_eq!(work.is_titled_as(&paper), expected, "{work:?}");
        }
        let titles = [
            ("Soft robots walk on sand", "Oak", true),
            ("Editorial", "Oak", false),
            ("Soft robots walk on sand", "", false),
        ];
        for (title, author, expected) in titles {
            let found = work(&[], title, author, None, "").unwrap().identifying_title();
            assert_eq!(found.is_some(), expected, "{title} {author}");
        }
    }
}
