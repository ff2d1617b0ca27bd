//! The chart, drawn as inline SVG. Colours are the page's, so that it is readable by day, by night
//! and on paper.

use maud::{Markup, PreEscaped, html};

use super::chart::Chart;
use crate::domain::telemetry::series::UnixMs;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 330.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 84.0;
/// Distance of two command marks below which the later one moves to the next row.
const CROWDED: f64 = 15.0;
const ROWS: usize = 3;

/// The chart as SVG.
pub fn svg(chart: &Chart) -> Markup {
    let x = |at: UnixMs| {
        let share = (at - chart.span.from) as f64 / chart.span.length().max(1) as f64;
        LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    };
    let top = chart.top();
    let floor = HEIGHT - BOTTOM;
    let y = |value: f64| floor - (value / top).clamp(0.0, 1.0) * (floor - TOP);
    let path = |piece: &[(UnixMs, f64)]| {
        piece
            .iter()
            .map(|(at, value)| format!("{},{}", px(x(*at)), px(y(*value))))
            .collect::<Vec<_>>()
            .join(" ")
    };
    html! {
        svg class="chart" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-labelledby="chart-title" {
            title id="chart-title" { (chart.title) " over the run, with what happened when" }
            rect class="baseline" x=(px(x(chart.baseline.from))) y=(px(TOP)) width=(px(x(chart.baseline.to) - x(chart.baseline.from))) height=(px(floor - TOP)) {}
            text class="small" x=(px(x(chart.baseline.from) + 3.0)) y=(px(TOP + 12.0)) { "steady" }
            @if let Some(onset) = chart.onset {
                rect class="onset" x=(px(x(onset.from))) y=(px(TOP)) width=(px((x(onset.to) - x(onset.from)).max(2.0))) height=(px(floor - TOP)) {}
                text class="small" x=(px(x(onset.from))) y=(px(TOP - 4.0)) text-anchor="end" { "fault " }
            }
            @for value in [0.0, top / 2.0, top] {
                line class="grid" x1=(px(LEFT)) x2=(px(WIDTH - RIGHT)) y1=(px(y(value))) y2=(px(y(value))) {}
                text class="small" x=(px(LEFT - 6.0)) y=(px(y(value) + 4.0)) text-anchor="end" { (number(value)) }
            }
            @for (at, label) in chart.ticks() {
                line class="grid" x1=(px(x(at))) x2=(px(x(at))) y1=(px(floor)) y2=(px(floor + 5.0)) {}
                text class="small" x=(px(x(at))) y=(px(floor + 18.0)) text-anchor="middle" { (label) }
            }
            @if let Some(threshold) = chart.threshold {
                line class="threshold" x1=(px(LEFT)) x2=(px(WIDTH - RIGHT)) y1=(px(y(threshold))) y2=(px(y(threshold))) {}
            }
            @for (number, line) in chart.lines.iter().enumerate() {
                @for piece in line {
                    polyline class=(format!("line line-{number}")) points=(path(piece)) {}
                }
            }
            @for (at, label) in &chart.instants {
                line class="instant" x1=(px(x(*at))) x2=(px(x(*at))) y1=(px(TOP - 18.0)) y2=(px(floor)) {}
                // The page and the opening lie close together: their names stand on either side.
                @let (beside, anchor) = if *label == "open" { (3.0, "start") } else { (-3.0, "end") };
                text class="small" x=(px(x(*at) + beside)) y=(px(TOP - 12.0)) text-anchor=(anchor) { (label) }
            }
            (marks(chart, &x, floor + 30.0))
        }
    }
}

/// The learner's commands, numbered, in rows so that neighbours do not cover each other.
fn marks(chart: &Chart, x: &dyn Fn(UnixMs) -> f64, first_row: f64) -> Markup {
    let mut ends = [f64::MIN; ROWS];
    html! {
        @for (at, number, changed, line) in &chart.commands {
            @let place = x(*at);
            @let row = (0..ROWS).find(|row| place - ends[*row] >= CROWDED).unwrap_or(ROWS - 1);
            @let y = first_row + 17.0 * row as f64;
            ({ ends[row] = place; PreEscaped("") })
            g class=(if *changed { "mark changed" } else { "mark" }) {
                title { (number) ": " (line) }
                circle cx=(px(place)) cy=(px(y)) r="7" {}
                text x=(px(place)) y=(px(y + 3.0)) text-anchor="middle" { (number) }
            }
        }
    }
}

/// A coordinate, to a tenth of a pixel: the same bytes everywhere.
fn px(value: f64) -> String {
    let tenths = (value * 10.0).round() as i64;
    if tenths % 10 == 0 {
        format!("{}", tenths / 10)
    } else {
        format!("{}{}.{}", if tenths < 0 { "-" } else { "" }, tenths.abs() / 10, tenths.abs() % 10)
    }
}

fn number(value: f64) -> String {
    if value == 0.0 || (value.fract() == 0.0 && value.abs() < 100_000.0) {
        format!("{value}")
    } else if value.abs() < 0.01 || value.abs() >= 100_000.0 {
        format!("{value:e}")
    } else {
        format!("{value:.2}")
    }
}
