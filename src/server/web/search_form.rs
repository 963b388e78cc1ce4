//! What a search page is asked: the text, filters, the order, the page. It is an address, so that it can be kept.

use serde::Deserialize;

use super::paper_card::percent_encoded;
use crate::error::{Error, Result};
use crate::paper::{YearRange, parse_date};
use crate::recommend::Request;

/// The form, as it was sent. Empty fields ask for nothing.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct SearchForm {
    pub q: String,
    pub from: String,
    pub to: String,
    /// `2024`, `2024..2025`
    pub year: String,
    pub category: String,
    pub source: String,
    pub author: String,
    /// `date` for the newest first; anything else for the best first.
    pub sort: String,
    /// From 1.
    pub page: String,
    /// Whether to show papers that are far from the text too.
    pub far: String,
}

impl SearchForm {
    /// The request for so many papers; `None` for an empty form.
    pub(super) fn request(&self, limit: usize) -> Result<Option<Request>> {
        let list = |text: &str| -> Vec<String> {
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
        };
        let date = |field, text: &str| match text.trim() {
            "" => Ok(None),
            text => parse_date(text).map(Some).ok_or_else(|| Error::BadRequest {
                field,
                reason: format!("`{text}` is not a date such as 2025-01-31"),
            }),
        };
        if self.q.trim().is_empty() {
            return Ok(None);
        }
        let years = match self.year.trim() {
            "" => YearRange::default(),
            year => year.parse().map_err(|reason| Error::BadRequest { field: "year", reason })?,
        };
        let (from, to) = (date("from", &self.from)?, date("to", &self.to)?);
        let request = Request {
            limit: Some(limit),
            published_after: from.max(years.first),
            published_before: match (to, years.last) {
                (Some(to), Some(last)) => Some(to.min(last)),
                (to, last) => to.or(last),
            },
            categories: list(&self.category),
            sources: list(&self.source),
            // A name may have a comma.
            by: Some(self.author.trim().to_owned()).filter(|name| !name.is_empty()).into_iter().collect(),
            ..Request::default()
        };
        let request = request.and_search(&self.q)?;
        request.check()?;
        Ok(Some(request))
    }

    /// The number of the page.
    pub(super) fn page_number(&self) -> usize {
        self.page.parse().unwrap_or(1).max(1)
    }

    pub(super) fn is_by_date(&self) -> bool {
        self.sort == "date"
    }

    pub(super) fn shows_far(&self) -> bool {
        !self.far.is_empty()
    }

    /// The same search without filters.
    pub(super) fn without_filters(&self) -> SearchForm {
        SearchForm { q: self.q.clone(), sort: self.sort.clone(), ..SearchForm::default() }
    }

    pub(super) fn has_filter(&self) -> bool {
        self.without_filters() != SearchForm { page: String::new(), far: String::new(), ..self.clone() }
    }

    /// The address of the first page.
    pub(super) fn address(&self) -> String {
        self.address_of(1)
    }

    /// The address of a page.
    pub(super) fn address_of(&self, page: usize) -> String {
        let SearchForm { q, from, to, year, category, source, author, sort, page: _, far } = self;
        let page = if page > 1 { page.to_string() } else { String::new() };
        let fields = [
            ("q", q),
            ("from", from),
            ("to", to),
            ("year", year),
            ("category", category),
            ("source", source),
            ("author", author),
            ("sort", sort),
            ("far", far),
            ("page", &page),
        ];
        let fields = fields.iter().filter(|(_, value)| !value.is_empty());
        let fields: Vec<String> = fields.map(|(name, value)| format!("{name}={}", percent_encoded(value))).collect();
        format!("/search?{}", fields.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_what_was_asked() {
        let form =
            SearchForm { q: "a&b".to_owned(), year: "2024".to_owned(), page: "3".to_owned(), ..SearchForm::default() };
        assert_eq!(form.address(), "/search?q=a%26b&year=2024");
        assert_eq!(form.address_of(2), "/search?q=a%26b&year=2024&page=2");
        assert!(form.has_filter() && !form.without_filters().has_filter());
        assert_eq!((form.page_number(), SearchForm::default().page_number()), (3, 1));
    }

    #[test]
    fn filters_narrow_each_other() {
        let form = SearchForm {
            q: "lamps year:2023..2025".to_owned(),
            year: "2024..".to_owned(),
            from: "2024-06-01".to_owned(),
            author: "Oak, Ada".to_owned(),
            ..SearchForm::default()
        };
        let request = form.request(5).unwrap().unwrap();
        let days = (request.published_after.unwrap().to_string(), request.published_before.unwrap().to_string());
        assert_eq!(days, ("2024-06-01".to_owned(), "2025-12-31".to_owned()));
        assert_eq!((request.by, request.limit), (vec!["Oak, Ada".to_owned()], Some(5)));
        let soon = SearchForm { q: "a".to_owned(), year: "soon".to_owned(), ..SearchForm::default() };
        assert!(soon.request(5).unwrap_err().to_string().starts_with("`year`: not a year"));
        assert_eq!(SearchForm::default().request(5).unwrap(), None);
    }
}
