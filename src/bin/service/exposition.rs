//! The Prometheus text format, version 0.0.4.

use std::fmt::Write;

/// How a family's values are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, until the process restarts.
    Counter,
    /// A value of this moment.
    Gauge,
}

/// A page of families under construction. Every sample carries the `service` label.
pub struct Exposition {
    service: String,
    text: String,
}

impl Exposition {
    /// The content type the page is served with.
    pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

    /// An empty page.
    pub fn of(service: &str) -> Self {
        Self { service: service.to_owned(), text: String::new() }
    }

    /// Adds a family; one without samples leaves no trace.
    pub fn family<const N: usize>(
        &mut self,
        kind: Kind,
        name: &str,
        help: &str,
        labels: [&str; N],
        samples: impl IntoIterator<Item = ([String; N], f64)>,
    ) {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return;
        }
        let kind = if kind == Kind::Counter { "counter" } else { "gauge" };
        self.write(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        for (values, sample) in samples {
            self.write(format_args!("{name}{{service=\"{}\"", escape(&self.service.clone())));
            for (label, value) in labels.iter().zip(&values) {
                self.write(format_args!(",{label}=\"{}\"", escape(value)));
            }
            self.write(format_args!("}} {sample}\n"));
        }
    }

    /// The finished page.
    pub fn finish(self) -> String {
        self.text
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        self.text.write_fmt(text).expect("writing to memory does not fail");
    }
}

fn escape(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page() {
        let mut page = Exposition::of("billing");
        page.family(
            Kind::Counter,
            "a_total",
            "Things.",
            ["topic", "partition"],
            [(["orders".into(), "0".into()], 3.0), (["or\"d\\e\nrs".into(), "1".into()], 0.25)],
        );
        page.family(Kind::Gauge, "b", "Nothing yet.", ["topic"], []);
        page.family(Kind::Gauge, "c_seconds", "No labels of its own.", [], [([], 1.0e9)]);
        insta::assert_snapshot!(page.finish(), @r#"
        # HELP a_total Things.
        # TYPE a_total counter
        a_total{service="billing",topic="orders",partition="0"} 3
        a_total{service="billing",topic="or\"d\\e\nrs",partition="1"} 0.25
        # HELP c_seconds No labels of its own.
        # TYPE c_seconds gauge
        c_seconds{service="billing"} 1000000000
        "#);
    }
}
