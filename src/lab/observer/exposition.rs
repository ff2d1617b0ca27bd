//! Prometheus' text exposition format, as far as exporters use it: comments, `name{label="value"}
//! number`, an optional timestamp, which is not honoured: the time of a sample is the time of its
//! scrape.

use crate::domain::telemetry::series::{Labels, NAME};

/// A line of an exposition that is not of the format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a sample")]
pub struct NotASample(String);

/// The samples of an exposition; the first malformed line when there is one.
pub fn parse(text: &str) -> Result<Vec<(Labels, f64)>, NotASample> {
    let lines = text.lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines.map(|line| sample(line).ok_or_else(|| NotASample(line.to_owned()))).collect()
}

fn sample(line: &str) -> Option<(Labels, f64)> {
    let name_end = line.find(['{', ' ']).filter(|end| *end > 0)?;
    let mut labels = Labels::default();
    labels.0.insert(NAME.to_owned(), line[..name_end].to_owned());
    let mut rest = &line[name_end..];
    if let Some(mut inside) = rest.strip_prefix('{') {
        loop {
            inside = inside.trim_start_matches([',', ' ']);
            if let Some(after) = inside.strip_prefix('}') {
                rest = after;
                break;
            }
            let (label, after) = inside.split_once("=\"")?;
            let (value, after) = quoted(after)?;
            labels.0.insert(label.to_owned(), value);
            inside = after;
        }
    }
    let number = rest.split_whitespace().next()?;
    Some((labels, number.parse().ok()?))
}

/// The text up to the closing quote, unescaped, and what comes after it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match characters.next()?.1 {
                'n' => '\n',
                other => other,
            }),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_with_labels_escapes_and_special_numbers() {
        let text = "# HELP up x\n# TYPE up gauge\nup 1\nm{a=\"x\",b=\"say \\\"hi\\\"\\n\\\\\"} 2.5e3 1700000000000\nn{} +Inf\nn{a=\"\",} NaN\n";
        let samples = parse(text).expect("well formed");
        let shown: Vec<_> = samples.iter().map(|(l, v)| format!("{l} {v}")).collect();
        assert_eq!(
            shown,
            ["up 1", "m{a=\"x\", b=\"say \\\"hi\\\"\\n\\\\\"} 2500", "n inf", "n{a=\"\"} NaN"]
        );
    }

    #[test]
    fn a_malformed_line_is_named() {
        for text in ["up", "up x", "up{a=b} 1", "up{a=\"b} 1", " 1", "{a=\"b\"} 1"] {
            assert_eq!(parse(text), Err(NotASample(text.to_owned())));
        }
    }
}
