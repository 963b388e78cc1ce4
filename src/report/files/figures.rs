//! The map and the trends as SVG, for papers and slides.

use std::io::{self, Write};

use super::palette::color;
use crate::report::{MapPlace, PaperGroup, Report, ReportLevel};
use crate::text::visible;

/// The width of a figure, and the height of the map.
const WIDTH: f32 = 960.0;
const HEIGHT: f32 = 720.0;
const MARGIN: f32 = 40.0;
/// The size of labels, and about how wide a character is.
const FONT_SIZE: f32 = 14.0;
const CHARACTER_WIDTH: f32 = 7.0;
/// Groups in the figure of trends, and the height of each.
const CHARTS: usize = 12;
const CHART_HEIGHT: f32 = 64.0;
/// The share of the places at each side of the map that do not decide its scale: papers far away.
const TRIMMED: f32 = 0.001;

/// Writes the map: a dot for each paper, in the color of its coarsest group, and the names of the groups.
pub(super) fn write_map(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let places: Vec<MapPlace> = report.places.iter().filter_map(|place| place.place).collect();
    let view = MapView::new(&places);
    start(out, HEIGHT, "A map of the papers: papers on one subject are near each other")?;
    let level = report.levels.first();
    let groups = level.map_or(1, |level| level.groups.len());
    for group in 0..groups {
        writeln!(out, "<g fill=\"{}\" fill-opacity=\"0.6\">", color(group))?;
        let is_in = |paper: &usize| level.is_none_or(|level| level.of_paper[*paper] as usize == group);
        for place in (0..places.len()).filter(is_in).map(|paper| view.point(places[paper])) {
            writeln!(out, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"1.5\"/>", place[0], place[1])?;
        }
        writeln!(out, "</g>")?;
    }
    for (place, name) in level.map(|level| labels(level, &view)).unwrap_or_default() {
        write!(out, "<text class=\"label\" x=\"{:.1}\" y=\"{:.1}\">", place[0], place[1])?;
        write_escaped(out, name)?;
        writeln!(out, "</text>")?;
    }
    writeln!(out, "</svg>")
}

/// Where the names of groups are written: those of larger groups first, and none over another.
fn labels<'r>(level: &'r ReportLevel, view: &MapView) -> Vec<(MapPlace, &'r str)> {
    let mut boxes: Vec<[f32; 4]> = Vec::new();
    let mut labels = Vec::new();
    for group in &level.groups {
        let (Some(place), Some(name)) = (group.place, group.labels.first()) else { continue };
        let half = name.chars().count() as f32 * CHARACTER_WIDTH / 2.0;
        let [x, y] = view.point(place);
        let x = x.clamp(half, (WIDTH - half).max(half));
        let area = [x - half, y - FONT_SIZE, x + half, y + FONT_SIZE / 2.0];
        let overlaps =
            |other: &[f32; 4]| area[0] < other[2] && other[0] < area[2] && area[1] < other[3] && other[1] < area[3];
        if !boxes.iter().any(overlaps) {
            boxes.push(area);
            labels.push(([x, y], name.as_str()));
        }
    }
    labels
}

/// How places become points of the figure, with the same scale on both axes.
struct MapView {
    middle: MapPlace,
    scale: f32,
}

impl MapView {
    fn new(places: &[MapPlace]) -> MapView {
        let range = |axis: usize| {
            let mut values: Vec<f32> = places.iter().map(|place| place[axis]).collect();
            values.sort_by(f32::total_cmp);
            let trimmed = (values.len() as f32 * TRIMMED) as usize;
            let at = |index: usize| values.get(index).copied().unwrap_or(0.0);
            [at(trimmed), at(values.len().saturating_sub(1 + trimmed))]
        };
        let [x, y] = [range(0), range(1)];
        let fit = |range: [f32; 2], length: f32| (length - 2.0 * MARGIN) / (range[1] - range[0]).max(f32::MIN_POSITIVE);
        let scale = fit(x, WIDTH).min(fit(y, HEIGHT));
        MapView { middle: [(x[0] + x[1]) / 2.0, (y[0] + y[1]) / 2.0], scale: scale.min(WIDTH) }
    }

    /// The vertical axis of a figure points down.
    fn point(&self, place: MapPlace) -> MapPlace {
        let inside = |x: f32, length: f32| x.clamp(0.0, length);
        [
            inside(WIDTH / 2.0 + (place[0] - self.middle[0]) * self.scale, WIDTH),
            inside(HEIGHT / 2.0 - (place[1] - self.middle[1]) * self.scale, HEIGHT),
        ]
    }
}

/// Writes the share of the largest groups of the coarsest level by month, a chart below the other.
pub(super) fn write_trends(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let groups: Vec<&PaperGroup> = report.levels.iter().take(1).flat_map(|level| &level.groups).take(CHARTS).collect();
    start(out, groups.len() as f32 * CHART_HEIGHT + 2.0 * MARGIN, "The share of each group by month")?;
    let width = WIDTH - 2.0 * MARGIN;
    for (index, group) in groups.iter().enumerate() {
        let bottom = MARGIN + (index + 1) as f32 * CHART_HEIGHT;
        let shares: Vec<f32> =
            group.by_month.iter().zip(&report.by_month).map(|(own, all)| *own as f32 / (*all).max(1) as f32).collect();
        let most = shares.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        let step = width / (shares.len().max(2) - 1) as f32;
        let point = |(month, share): (usize, &f32)| {
            let height = share / most * (CHART_HEIGHT - 2.0 * FONT_SIZE);
            format!("{:.1},{:.1}", MARGIN + month as f32 * step, bottom - height)
        };
        let points: Vec<String> = shares.iter().enumerate().map(point).collect();
        write!(out, "<text class=\"name\" x=\"{MARGIN}\" y=\"{:.1}\">", bottom - CHART_HEIGHT + 1.5 * FONT_SIZE)?;
        write_escaped(out, &group.name)?;
        writeln!(out, " (up to {:.1}%)</text>", 100.0 * most)?;
        let (points, color) = (points.join(" "), color(index));
        writeln!(out, "<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" points=\"{points}\"/>")?;
    }
    let bottom = MARGIN * 1.6 + groups.len() as f32 * CHART_HEIGHT;
    if let (Some(first), Some(last)) = (report.months.first(), report.months.last()) {
        writeln!(out, "<text class=\"name\" x=\"{MARGIN}\" y=\"{bottom:.1}\">{}</text>", first.strftime("%Y-%m"))?;
        let end = WIDTH - MARGIN;
        let last = last.strftime("%Y-%m");
        writeln!(out, "<text class=\"name\" x=\"{end}\" y=\"{bottom:.1}\" text-anchor=\"end\">{last}</text>")?;
    }
    writeln!(out, "</svg>")
}

fn start(out: &mut impl Write, height: f32, title: &str) -> io::Result<()> {
    writeln!(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">")?;
    writeln!(out, "<title>{title}</title>")?;
    writeln!(
        out,
        "<style>text {{ font: {FONT_SIZE}px sans-serif; fill: #222 }} \
         .label {{ font-weight: 600; text-anchor: middle; paint-order: stroke; stroke: #fff; stroke-width: 3px }}</style>"
    )?;
    writeln!(out, "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>")
}

/// Writes text, escaped for XML.
fn write_escaped(out: &mut impl Write, text: &str) -> io::Result<()> {
    write!(out, "{}", quick_xml::escape::escape(visible(text).as_ref()))
}
