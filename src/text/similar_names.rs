//! Names that a mistyped name may stand for.

/// Returns the names that are most similar to a name, best first: those that contain it, and then those that differ least.
pub(crate) fn similar_names<'n>(name: &str, known: impl IntoIterator<Item = &'n str>, most: usize) -> Vec<&'n str> {
    let name = name.to_lowercase();
    let distance = |known: &str| {
        let known = known.to_lowercase();
        if known.contains(&name) { 0 } else { strsim::osa_distance(&known, &name) }
    };
    let mut ranked: Vec<(usize, &str)> = known.into_iter().map(|known| (distance(known), known)).collect();
    ranked.sort();
    ranked.dedup();
    ranked.into_iter().take(most).map(|(_, known)| known).collect()
}

#[cfg(test)]
mod tests {
    use super::similar_names;

    #[test]
    fn the_nearest_names_come_first() {
        let known = ["Papers", "Reading/RL", "reading list", "Robots", "Robots"];
        assert_eq!(similar_names("Reading", known, 2), ["Reading/RL", "reading list"]);
        assert_eq!(similar_names("robot", known, 1), ["Robots"]);
        assert_eq!(similar_names("papres", known, 1), ["Papers"]);
        assert_eq!(similar_names("x", [], 3), [""; 0]);
    }
}
