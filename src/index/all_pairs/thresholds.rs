//! Which pairs may enter a list: every sum of a tile is compared with the thresholds of its row and its column.

use std::ops::Range;

use super::codes::RowCodes;
use crate::kernels::{OutputTile, PANEL, for_each_cpu};

/// The threshold of a row whose list has places left: below every product.
pub(super) const NO_THRESHOLD: i32 = i32::MIN / 4;
/// What brings a column that does not exist below [`NO_THRESHOLD`].
const NOWHERE: i32 = i32::MIN / 2;

/// The places of a pair that may enter a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) row: u32,
    pub(super) column: u32,
}

/// The thresholds of the rows on the left of a product.
#[derive(Default)]
pub(super) struct RowThresholds {
    thresholds: Vec<i32>,
    errors: Vec<i32>,
}

/// The thresholds of the columns, those of the last panel that do not exist among them.
#[derive(Default)]
pub(super) struct ColumnThresholds {
    thresholds: Vec<i32>,
    /// What is added to a product: the column's error less its offset.
    lifts: Vec<i32>,
}

impl RowThresholds {
    /// Takes over the thresholds of some places.
    pub(super) fn fill(&mut self, codes: &RowCodes, rows: Range<usize>, thresholds: &[i32]) {
        self.thresholds.clear();
        self.thresholds.extend_from_slice(thresholds);
        self.errors.clear();
        self.errors.extend(rows.map(|row| codes.error(row)));
    }
}

impl ColumnThresholds {
    /// Takes over the thresholds of some places.
    pub(super) fn fill(&mut self, codes: &RowCodes, rows: Range<usize>, thresholds: &[i32]) {
        let padded = rows.len().next_multiple_of(PANEL);
        self.thresholds.clear();
        self.thresholds.extend_from_slice(thresholds);
        self.thresholds.resize(padded, NO_THRESHOLD);
        self.lifts.clear();
        self.lifts.extend(rows.map(|row| codes.error(row) - codes.offset(row)));
        self.lifts.resize(padded, NOWHERE);
    }
}

for_each_cpu! {
    /// Appends the pairs of a tile that may enter the list of their row or of their column. `first` has the places of
    /// the product's first row and column.
    fn find_hits(
        tile: &OutputTile<'_>, columns: &ColumnThresholds, rows: &RowThresholds, first: (usize, usize), hits: &mut Vec<Hit>
    ) = hits_of_tile
}

#[inline(always)]
fn hits_of_tile(
    tile: &OutputTile<'_>,
    columns: &ColumnThresholds,
    rows: &RowThresholds,
    first: (usize, usize),
    hits: &mut Vec<Hit>,
) {
    // The compiler unrolls what it knows the length of.
    match tile.columns / PANEL {
        4 => hits_of_panels::<4>(tile, columns, rows, first, hits),
        2 => hits_of_panels::<2>(tile, columns, rows, first, hits),
        _ => hits_of_panels::<1>(tile, columns, rows, first, hits),
    }
}

#[inline(always)]
fn hits_of_panels<const PANELS: usize>(
    tile: &OutputTile<'_>,
    columns: &ColumnThresholds,
    rows: &RowThresholds,
    first: (usize, usize),
    hits: &mut Vec<Hit>,
) {
    let thresholds: &[[i32; PANEL]; PANELS] = panels(&columns.thresholds, tile.column);
    let lifts: &[[i32; PANEL]; PANELS] = panels(&columns.lifts, tile.column);
    let (tile_rows, _) = tile.words.as_chunks::<PANEL>().0.as_chunks::<PANELS>();
    for (at, words) in tile_rows.iter().take(tile.rows).enumerate() {
        let row = tile.row + at - first.0;
        let (row_threshold, error) = (rows.thresholds[row], rows.errors[row]);
        // How far a product is above the lower of both thresholds, less the row's error.
        let above = |panel: usize, lane: usize| {
            words[panel][lane].cast_signed() + lifts[panel][lane] - thresholds[panel][lane].min(row_threshold)
        };
        let mut highest = [i32::MIN; PANEL];
        for panel in 0..PANELS {
            for (lane, highest) in highest.iter_mut().enumerate() {
                *highest = (*highest).max(above(panel, lane));
            }
        }
        if !any(&highest, -error) {
            continue;
        }
        for panel in 0..PANELS {
            let mut reached = 0u32;
            for lane in 0..PANEL {
                reached |= u32::from(above(panel, lane) >= -error) << lane;
            }
            while reached != 0 {
                let column = tile.column + panel * PANEL + reached.trailing_zeros() as usize;
                hits.push(Hit { row: (first.0 + row) as u32, column: (first.1 + column) as u32 });
                reached &= reached - 1;
            }
        }
    }
}

/// Whether any of the numbers is as large as `least`.
#[inline(always)]
fn any(numbers: &[i32; PANEL], least: i32) -> bool {
    let mut any = false;
    for number in numbers {
        any |= *number >= least;
    }
    any
}

/// What belongs to the columns of a tile.
#[inline(always)]
fn panels<const PANELS: usize>(numbers: &[i32], column: usize) -> &[[i32; PANEL]; PANELS] {
    let (panels, _) = numbers[column..].as_chunks::<PANEL>();
    panels.first_chunk().expect("a tile of whole panels")
}
