//! Colors that people with any kind of color vision can tell apart.

/// Paul Tol's muted scheme, and three of his bright one: of twelve groups, each has its own.
const COLORS: [&str; 12] = [
    "#332288", "#88ccee", "#44aa99", "#117733", "#999933", "#ddcc77", "#cc6677", "#882255", "#aa4499", "#4477aa",
    "#ee6677", "#66ccee",
];
/// Beyond these, groups are gray.
const OTHER: &str = "#bbbbbb";

/// The color of a group of the coarsest level.
pub(super) fn color(group: usize) -> &'static str {
    COLORS.get(group).copied().unwrap_or(OTHER)
}
