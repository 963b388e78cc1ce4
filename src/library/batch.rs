//! Rows by keys, many at once: a server is asked once for a batch, not once for a row.

/// Rows that are asked for at once, at most.
pub(super) const BATCH_ROWS: usize = 1_000;
/// The keys of a [`key_list`], which is the only parameter or `?1`, for `IN`.
pub(super) const LISTED_KEYS: &str = "SELECT CAST(value AS BIGINT) FROM json_each(?1)";

/// Keys as the value of one parameter, however many there are.
pub(super) fn key_list(keys: &[i64]) -> String {
    serde_json::to_string(keys).expect("numbers are JSON")
}

/// The texts of a [`text_list`], which is the only parameter or `?1`, for `IN`.
pub(super) const LISTED_TEXTS: &str = "SELECT value FROM json_each(?1)";

/// Texts as the value of one parameter, however many there are.
pub(super) fn text_list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    serde_json::to_string(&texts.into_iter().collect::<Vec<_>>()).expect("texts are JSON")
}
