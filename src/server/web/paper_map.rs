//! A map of a paper and its neighbors. The paper is in the center, and how far a neighbor is from it is the distance of
//! their embeddings, exactly. In which direction a neighbor is, is chosen so that neighbors are as far from each other as
//! their embeddings are, as nearly as a plane allows: by least stress (Kruskal 1964).

use std::f32::consts::TAU;

/// Half the width and the height of the map.
const HALF_SIZE: f32 = 180.0;
/// Where the farthest neighbor is: there has to be room for its number.
const MAX_RADIUS: f32 = 150.0;
/// Radii of the dots of the paper and of its neighbors.
const CENTER_DOT: f32 = 7.0;
const DOT: f32 = 5.0;
/// Directions that are tried, and how often for each neighbor: enough for a dozen.
const DIRECTIONS: usize = 120;
const ROUNDS: usize = 12;
/// Similarities at which there are rings.
const RINGS: [f32; 9] = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1];
/// Least distance of two rings.
const RING_GAP: f32 = 14.0;
/// Rings that are shown.
const MAX_RINGS: usize = 3;
/// Size of a digit of a number, and of the text of a ring, in a font of 12.
const DIGIT: (f32, f32) = (7.5, 13.0);
/// Farther from its dot than this, a number has a line to it.
const MAX_WITHOUT_LINE: f32 = 14.0;

/// The map, in the coordinates of an SVG.
pub(super) struct PaperMap {
    pub size: f32,
    pub center: f32,
    pub rings: Vec<MapRing>,
    pub dots: Vec<MapDot>,
}

/// A circle of equal similarity with the paper.
pub(super) struct MapRing {
    pub radius: String,
    /// Where the middle of its text is.
    pub x: String,
    pub y: String,
    pub similarity: String,
}

/// A neighbor, with its number.
pub(super) struct MapDot {
    pub x: String,
    pub y: String,
    pub number: usize,
    /// Where the middle of the number is.
    pub label_x: String,
    pub label_y: String,
    pub has_line: bool,
}

/// A rectangle: its middle, and half its width and height.
#[derive(Debug, Clone, Copy)]
struct MapBox {
    middle: [f32; 2],
    half: [f32; 2],
}

impl MapBox {
    fn new(middle: [f32; 2], half: [f32; 2]) -> MapBox {
        MapBox { middle, half }
    }

    fn overlaps(&self, other: &MapBox) -> bool {
        (0..2).all(|axis| (self.middle[axis] - other.middle[axis]).abs() < self.half[axis] + other.half[axis])
    }

    fn is_inside(&self) -> bool {
        (0..2).all(|axis| self.middle[axis].abs() + self.half[axis] <= HALF_SIZE)
    }
}

impl PaperMap {
    /// The map of a paper, the first one, and its neighbors, of which the cosines are given. `None` without neighbors.
    pub(super) fn new(cosines: &[Vec<f32>]) -> Option<PaperMap> {
        let distances: Vec<Vec<f32>> =
            cosines.iter().map(|row| row.iter().map(|cosine| distance(*cosine)).collect()).collect();
        let neighbors = distances.first()?.get(1..).filter(|neighbors| !neighbors.is_empty())?;
        let scale = MAX_RADIUS / neighbors.iter().copied().fold(0.0, f32::max).max(1e-3);
        let places: Vec<[f32; 2]> = places(&distances).into_iter().map(|place| place.map(|x| x * scale)).collect();
        let rings = rings(scale);
        let mut taken: Vec<MapBox> = places[1..].iter().map(|place| MapBox::new(*place, [DOT + 1.0; 2])).collect();
        taken.push(MapBox::new([0.0; 2], [CENTER_DOT + 1.0; 2]));
        let free = free_direction(&places[1..]);
        let ring_text = |radius: f32| [radius * free[0], radius * free[1]];
        taken.extend(rings.iter().map(|(radius, _)| MapBox::new(ring_text(*radius), [1.5 * DIGIT.0, DIGIT.1 / 2.0])));
        let dot = |(place, number): (&[f32; 2], usize)| {
            let label = label_place(*place, number, &taken);
            let far = distance_of(*place, label.middle) > MAX_WITHOUT_LINE;
            taken.push(label);
            MapDot {
                x: coordinate(place[0]),
                y: coordinate(place[1]),
                number,
                label_x: coordinate(label.middle[0]),
                label_y: coordinate(label.middle[1]),
                has_line: far,
            }
        };
        let dots = places[1..].iter().zip(1..).map(dot).collect();
        let ring = |(radius, similarity): (f32, f32)| MapRing {
            radius: format!("{radius:.1}"),
            x: coordinate(ring_text(radius)[0]),
            y: coordinate(ring_text(radius)[1]),
            similarity: format!("{similarity:.1}"),
        };
        Some(PaperMap { size: 2.0 * HALF_SIZE, center: HALF_SIZE, rings: rings.into_iter().map(ring).collect(), dots })
    }
}

/// The distance of two embeddings, which have the length 1, by their cosine.
fn distance(cosine: f32) -> f32 {
    (2.0 - 2.0 * cosine).max(0.0).sqrt()
}

fn distance_of(one: [f32; 2], other: [f32; 2]) -> f32 {
    (one[0] - other[0]).hypot(one[1] - other[1])
}

fn coordinate(x: f32) -> String {
    format!("{:.1}", HALF_SIZE + x)
}

/// Places papers around the first one.
fn places(distances: &[Vec<f32>]) -> Vec<[f32; 2]> {
    let radius = &distances[0];
    let at = |paper: usize, direction: usize| {
        let angle = TAU * direction as f32 / DIRECTIONS as f32;
        [radius[paper] * angle.sin(), -radius[paper] * angle.cos()]
    };
    // They begin on a spiral, so that no two are in the same direction.
    let spiral = |paper: usize| if paper == 0 { [0.0; 2] } else { at(paper, paper * 46 % DIRECTIONS) };
    let mut places: Vec<[f32; 2]> = (0..distances.len()).map(spiral).collect();
    for _ in 0..ROUNDS {
        for paper in 1..places.len() {
            let stress = |place: [f32; 2]| -> f32 {
                let others = (1..places.len()).filter(|other| *other != paper);
                others.map(|other| (distance_of(place, places[other]) - distances[paper][other]).powi(2)).sum()
            };
            let tried = (0..DIRECTIONS).map(|direction| at(paper, direction));
            let best = tried.min_by(|one, other| stress(*one).total_cmp(&stress(*other)));
            places[paper] = best.unwrap_or([0.0; 2]);
        }
    }
    places
}

/// Radii and similarities of rings that are within the map and not too close to each other.
fn rings(scale: f32) -> Vec<(f32, f32)> {
    let mut rings: Vec<(f32, f32)> = Vec::new();
    for similarity in RINGS {
        let radius = distance(similarity) * scale;
        let is_apart = rings.last().is_none_or(|(last, _)| radius - last >= RING_GAP);
        if (2.0 * RING_GAP..=MAX_RADIUS + RING_GAP).contains(&radius) && is_apart {
            rings.push((radius, similarity));
        }
    }
    // The outer ones say most.
    let inner = rings.len().saturating_sub(MAX_RINGS);
    rings.split_off(inner)
}

/// The direction in which the next dot is farthest: there is room for the texts of the rings.
fn free_direction(dots: &[[f32; 2]]) -> [f32; 2] {
    let along = |direction: [f32; 2], dot: &[f32; 2]| {
        let length = dot[0].hypot(dot[1]).max(1e-3);
        (direction[0] * dot[0] + direction[1] * dot[1]) / length
    };
    let nearest = |direction: &[f32; 2]| dots.iter().map(|dot| along(*direction, dot)).fold(-1.0, f32::max);
    let directions = (0..DIRECTIONS).map(|step| (TAU * step as f32 / DIRECTIONS as f32).sin_cos());
    let directions = directions.map(|(sine, cosine)| [sine, -cosine]);
    directions.min_by(|one, other| nearest(one).total_cmp(&nearest(other))).unwrap_or([0.0, -1.0])
}

/// The place nearest to a dot where its number overlaps nothing.
fn label_place(dot: [f32; 2], number: usize, taken: &[MapBox]) -> MapBox {
    let digits = number.to_string().len() as f32;
    let half = [digits * DIGIT.0 / 2.0 + 1.0, DIGIT.1 / 2.0];
    let around = |step: usize| {
        let radius = DOT + half[1] + 1.0 + 3.0 * (step / 16) as f32;
        let angle = TAU * (step % 16) as f32 / 16.0;
        MapBox::new([dot[0] + radius * angle.sin(), dot[1] - radius * angle.cos()], half)
    };
    let is_free = |place: &MapBox| place.is_inside() && !taken.iter().any(|other| place.overlaps(other));
    // So far out there is room in any case.
    (0..16 * 100).map(around).find(is_free).unwrap_or_else(|| around(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> f32 {
        text.parse().unwrap()
    }

    /// Cosines of papers that lie on a circle around the first one, in groups.
    fn cosines(count: usize) -> Vec<Vec<f32>> {
        let cosine = |one: usize, other: usize| match (one, other) {
            _ if one == other => 1.0,
            (0, other) | (other, 0) => 0.9 - 0.05 * (other % 8) as f32,
            _ if one % 3 == other % 3 => 0.8,
            _ => 0.3,
        };
        (0..count).map(|one| (0..count).map(|other| cosine(one, other)).collect()).collect()
    }

    #[test]
    fn distances_from_the_paper_are_those_of_the_embeddings() {
        let cosines = cosines(13);
        let map = PaperMap::new(&cosines).unwrap();
        let radius = |dot: &MapDot| distance_of([number(&dot.x), number(&dot.y)], [map.center; 2]);
        let unit = radius(&map.dots[0]) / distance(cosines[0][1]);
        for dot in &map.dots {
            assert!((radius(dot) - unit * distance(cosines[0][dot.number])).abs() < 0.2, "{}", dot.number);
        }
        for ring in &map.rings {
            assert!((number(&ring.radius) - unit * distance(number(&ring.similarity))).abs() < 0.5);
        }
        assert!(!map.rings.is_empty());
    }

    #[test]
    fn papers_that_are_alike_are_in_the_same_direction() {
        let map = PaperMap::new(&cosines(13)).unwrap();
        let place = |index: usize| [number(&map.dots[index].x), number(&map.dots[index].y)];
        let (mut alike, mut unlike) = (Vec::new(), Vec::new());
        for one in 0..12 {
            for other in 0..one {
                let distance = distance_of(place(one), place(other));
                if one % 3 == other % 3 { alike.push(distance) } else { unlike.push(distance) }
            }
        }
        let mean = |distances: &[f32]| distances.iter().sum::<f32>() / distances.len() as f32;
        assert!(1.5 * mean(&alike) < mean(&unlike), "{} {}", mean(&alike), mean(&unlike));
    }

    #[test]
    fn numbers_overlap_nothing() {
        // All neighbors in one place are the worst case.
        let same: Vec<Vec<f32>> =
            (0..13).map(|one| (0..13).map(|other| if one == 0 || other == 0 { 0.5 } else { 1.0 }).collect()).collect();
        for cosines in [cosines(13), cosines(2), same] {
            let map = PaperMap::new(&cosines).unwrap();
            let label = |dot: &MapDot| {
                let half = [DIGIT.0 * dot.number.to_string().len() as f32 / 2.0, DIGIT.1 / 2.0 - 0.1];
                MapBox::new([number(&dot.label_x) - HALF_SIZE, number(&dot.label_y) - HALF_SIZE], half)
            };
            for (index, dot) in map.dots.iter().enumerate() {
                assert!(label(dot).is_inside());
                for other in &map.dots[..index] {
                    assert!(!label(dot).overlaps(&label(other)), "{} and {}", dot.number, other.number);
                }
                for other in &map.dots {
                    let place = [number(&other.x) - HALF_SIZE, number(&other.y) - HALF_SIZE];
                    assert!(!label(dot).overlaps(&MapBox::new(place, [DOT; 2])), "{} on {}", dot.number, other.number);
                }
            }
        }
    }

    #[test]
    fn without_neighbors_there_is_no_map() {
        assert!(PaperMap::new(&[]).is_none() && PaperMap::new(&[vec![1.0]]).is_none());
    }
}
