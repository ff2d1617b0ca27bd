//! Random expressions over the metrics of `series.txt`: well formed, of any depth, mostly sensible.
//! The same seed gives the same ones.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const METRICS: [&str; 14] = [
    "messages_total",
    "resets_total",
    "lag",
    "temperature",
    "odd",
    "up",
    "broker_info",
    "leader",
    "edge",
    "tie",
    "part",
    "left",
    "right",
    "nothing",
];
const MATCHERS: [&str; 10] = [
    "broker=\"1\"",
    "broker!=\"2\"",
    "topic=~\"ord.*\"",
    "partition!~\"1|2\"",
    "job=\"kafka\"",
    "id=\"2\"",
    "n=~\"[a-d]\"",
    "case!=\"both\"",
    "a=\"\"",
    "kind!=\"on\"",
];
const LABELS: [&str; 12] = [
    "broker",
    "topic",
    "partition",
    "group",
    "job",
    "instance",
    "id",
    "n",
    "case",
    "kind",
    "a",
    "b",
];
const DURATIONS: [&str; 7] = ["1ms", "10s", "30s", "1m", "2m30s", "5m", "10m"];
const NUMBERS: [&str; 12] =
    ["0", "1", "2", "3", "0.5", "-1", "10", "42", "100", "1e3", "Inf", "NaN"];
const RANGE_FUNCTIONS: [&str; 17] = [
    "rate",
    "increase",
    "irate",
    "delta",
    "idelta",
    "deriv",
    "changes",
    "resets",
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "sum_over_time",
    "count_over_time",
    "last_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "absent_over_time",
];
const FUNCTIONS: [&str; 9] =
    ["abs", "ceil", "floor", "round", "sort", "sort_desc", "timestamp", "absent", "-"];
const AGGREGATIONS: [&str; 8] = ["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"];
const ARITHMETIC: [&str; 5] = ["+", "-", "*", "/", "%"];
const COMPARISONS: [&str; 6] = ["==", "!=", ">", "<", ">=", "<="];

/// Makes expressions.
pub struct Expressions(ChaCha8Rng);

impl Expressions {
    /// The expressions of this seed.
    pub fn of_seed(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0.next_u32() as usize % limit
    }

    /// One of these.
    pub fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    /// The next expression, of at most this depth.
    pub fn next(&mut self, depth: usize) -> String {
        if self.below(8) == 0 { self.scalar(depth) } else { self.vector(depth) }
    }

    fn selector(&mut self, range: bool) -> String {
        let metric = self.one_of(&METRICS);
        let matchers: Vec<_> = (0..self.below(6) / 2).map(|_| self.one_of(&MATCHERS)).collect();
        let matchers =
            if matchers.is_empty() { String::new() } else { format!("{{{}}}", matchers.join(",")) };
        let range = if range { format!("[{}]", self.one_of(&DURATIONS)) } else { String::new() };
        let moment = match self.below(12) {
            0 => format!(" offset {}", self.one_of(&DURATIONS)),
            1 => format!(" offset -{}", self.one_of(&DURATIONS)),
            2 => format!(" @ {}", 1_700_000_000 + self.below(900)),
            3 => format!(" @ end() offset {}", self.one_of(&DURATIONS)),
            _ => String::new(),
        };
        format!("{metric}{matchers}{range}{moment}")
    }

    fn labels(&mut self) -> String {
        (0..self.below(4)).map(|_| self.one_of(&LABELS)).collect::<Vec<_>>().join(", ")
    }

    fn scalar(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 4 } else { 8 }) {
            0..=2 => self.one_of(&NUMBERS).to_owned(),
            3 => "(time() - 1700000000)".to_owned(),
            4 => format!("scalar({})", self.vector(depth - 1)),
            5 => format!("-({})", self.scalar(depth - 1)),
            6 => format!(
                "({} {} bool {})",
                self.scalar(depth - 1),
                self.one_of(&COMPARISONS),
                self.scalar(depth - 1)
            ),
            _ => format!(
                "({} {} {})",
                self.scalar(depth - 1),
                self.one_of(&ARITHMETIC),
                self.scalar(depth - 1)
            ),
        }
    }

    fn vector(&mut self, depth: usize) -> String {
        let Some(inner) = depth.checked_sub(1) else { return self.selector(false) };
        match self.below(16) {
            0 => self.selector(false),
            1..=3 => format!("{}({})", self.one_of(&RANGE_FUNCTIONS), self.selector(true)),
            4 => format!("quantile_over_time({}, {})", self.one_of(&NUMBERS), self.selector(true)),
            5 => format!("{}({})", self.one_of(&FUNCTIONS), self.vector(inner)),
            6 => match self.below(4) {
                0 => format!(
                    "clamp({}, {}, {})",
                    self.vector(inner),
                    self.scalar(inner),
                    self.scalar(inner)
                ),
                1 => format!("clamp_min({}, {})", self.vector(inner), self.scalar(inner)),
                2 => format!("vector({})", self.scalar(inner)),
                _ => format!(
                    "label_replace({}, \"{}\", \"$1\", \"{}\", \"(.).*\")",
                    self.vector(inner),
                    self.one_of(&LABELS),
                    self.one_of(&LABELS)
                ),
            },
            7 | 8 => format!(
                "{} {} ({})",
                self.one_of(&AGGREGATIONS),
                self.grouping(),
                self.vector(inner)
            ),
            9 => match self.below(3) {
                0 => format!(
                    "quantile {} ({}, {})",
                    self.grouping(),
                    self.one_of(&NUMBERS),
                    self.vector(inner)
                ),
                1 => format!(
                    "count_values {} (\"{}\", {})",
                    self.grouping(),
                    self.one_of(&LABELS),
                    self.vector(inner)
                ),
                _ => format!(
                    "{} {} ({}, {})",
                    self.one_of(&["topk", "bottomk"]),
                    self.grouping(),
                    self.below(4),
                    self.vector(inner)
                ),
            },
            10 | 11 => {
                let operands = match self.below(2) {
                    0 => (self.vector(inner), self.scalar(inner)),
                    _ => (self.scalar(inner), self.vector(inner)),
                };
                format!("({} {} {})", operands.0, self.operator(), operands.1)
            }
            12 | 13 => {
                let (left, operator, matching, right) =
                    (self.vector(inner), self.operator(), self.matching(true), self.vector(inner));
                format!("({left} {operator} {matching} {right})")
            }
            _ => {
                let (left, set, matching) = (
                    self.vector(inner),
                    self.one_of(&["and", "or", "unless"]),
                    self.matching(false),
                );
                format!("({left} {set} {matching} {})", self.vector(inner))
            }
        }
    }

    fn operator(&mut self) -> String {
        match self.below(3) {
            0 => self.one_of(&ARITHMETIC).to_owned(),
            1 => self.one_of(&COMPARISONS).to_owned(),
            _ => format!("{} bool", self.one_of(&COMPARISONS)),
        }
    }

    fn grouping(&mut self) -> String {
        match self.below(3) {
            0 => String::new(),
            1 => format!("by ({})", self.labels()),
            _ => format!("without ({})", self.labels()),
        }
    }

    fn matching(&mut self, may_group: bool) -> String {
        let labels = self.labels();
        let matching = match self.below(3) {
            0 => return String::new(),
            1 => format!("on ({labels})"),
            _ => format!("ignoring ({labels})"),
        };
        match self.below(4) {
            0 if may_group => format!("{matching} group_left ({})", self.labels()),
            1 if may_group => format!("{matching} group_right ({})", self.labels()),
            _ => matching,
        }
    }
}
