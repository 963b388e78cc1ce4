//! Lines of TREC's judgments and runs.

use std::fmt;

/// A judgment: how well a paper answers a query.
///
/// ```
/// use paperkin::evaluate::QrelsLine;
///
/// let line = QrelsLine::parse("q1 0 2401.00001 2").unwrap();
/// assert_eq!((line.query.as_str(), line.gain), ("q1", 2.0));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct QrelsLine {
    /// The query's id.
    pub query: String,
    /// The paper's id.
    pub paper: String,
    /// 0: not at all.
    pub gain: f64,
}

impl QrelsLine {
    /// Reads `QUERY ITERATION PAPER GAIN` as trec_eval does, or `QUERY PAPER GAIN`; with tabs, ids may have spaces.
    pub fn parse(line: &str) -> Result<QrelsLine, TrecError> {
        let columns: Vec<&str> =
            if line.contains('\t') { line.split('\t').collect() } else { line.split_whitespace().collect() };
        let (query, paper, gain) = match columns[..] {
            [query, paper, gain] | [query, _, paper, gain] => (query, paper, gain),
            _ => return Err(TrecError::Columns { found: columns.len(), expected: "3 or 4" }),
        };
        let gain = number(gain)?;
        Ok(QrelsLine { query: query.trim().to_owned(), paper: paper.trim().to_owned(), gain })
    }
}

/// One ranked paper.
///
/// ```
/// use paperkin::evaluate::RunLine;
///
/// let line = RunLine::parse("q1 Q0 2401.00001 1 0.93 paperkin").unwrap();
/// assert_eq!((line.query.as_str(), line.score), ("q1", 0.93));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RunLine {
    /// The query's id.
    pub query: String,
    /// The paper's id.
    pub paper: String,
    /// Higher is better.
    pub score: f64,
}

impl RunLine {
    /// Reads `QUERY Q0 PAPER RANK SCORE NAME`. The rank is not looked at: as in trec_eval, the score decides. `%20` in a
    /// paper's id is a space, as `paperkin rank` writes it.
    pub fn parse(line: &str) -> Result<RunLine, TrecError> {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [query, _, paper, _, score, ..] = columns[..] else {
            return Err(TrecError::Columns { found: columns.len(), expected: "6" });
        };
        Ok(RunLine { query: query.to_owned(), paper: paper.replace("%20", " "), score: number(score)? })
    }
}

fn number(text: &str) -> Result<f64, TrecError> {
    let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| TrecError::Number(text.trim().to_owned()))
}

/// Why a line is none.
#[derive(Debug, Clone, PartialEq)]
pub enum TrecError {
    /// Too many or too few columns.
    Columns {
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: &'static str,
    },
    /// The last column is no number: that of a header, if it is the first line.
    Number(String),
}

impl fmt::Display for TrecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrecError::Columns { found, expected } => write!(f, "expected {expected} columns, found {found}"),
            TrecError::Number(text) => write!(f, "`{text}` is not a number"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_judgment() {
        let judgment =
            |query: &str, paper: &str, gain| Ok(QrelsLine { query: query.to_owned(), paper: paper.to_owned(), gain });
        let table = [
            ("q1 0 2401.12345 2", judgment("q1", "2401.12345", 2.0)),
            ("q1\t0\t2401.12345\t-1", judgment("q1", "2401.12345", -1.0)),
            ("q1\tA title of words\t0.25", judgment("q1", "A title of words", 0.25)),
            ("q1 a 1", judgment("q1", "a", 1.0)),
            ("query\tpaper\tgain", Err(TrecError::Number("gain".to_owned()))),
            ("q1 0 a NaN", Err(TrecError::Number("NaN".to_owned()))),
            ("q1 a", Err(TrecError::Columns { found: 2, expected: "3 or 4" })),
        ];
        for (line, expected) in table {
            assert_eq!(QrelsLine::parse(line), expected, "{line}");
        }
    }

    #[test]
    fn a_line_of_a_run() {
        let ranked = RunLine::parse("q1 Q0 title:a%20b 1 0.75 paperkin").unwrap();
        assert_eq!((ranked.query.as_str(), ranked.paper.as_str(), ranked.score), ("q1", "title:a b", 0.75));
        assert_eq!(RunLine::parse("q1 Q0 a 1").unwrap_err().to_string(), "expected 6 columns, found 4");
        assert_eq!(RunLine::parse("q1 Q0 a 1 high run").unwrap_err().to_string(), "`high` is not a number");
    }
}
